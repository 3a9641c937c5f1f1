"""Quotients of polynomials of a simple function of x, under a simple function.

P(u) = z Q(u) is linear in the coefficients of P and Q: the last singular vector of its columns
solves it, for u = x, sqrt(x), log(x), ... and z = y, y**2, exp(y), ... one after the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.polynomial import chebyshev

from kansym.programs.program import NUMPY, Program, evaluate
from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.curve import Curve
from kansym.symbolic.laws.form import Form

__all__ = ["exact_quotients", "quotients_of_functions"]

_ROWS = 128
_SIZES = 10
"""Most degrees of numerator and denominator together; a polynomial may have them all."""
_DENOMINATOR = 4
_SUDDEN = 1e-4
"""Error over that of one degree less, below which a quotient is the law and no approximation."""
_NEGLIGIBLE = 1e-9
"""Share of the largest term below which a coefficient of an exact quotient is 0."""
_LARGEST = 1e25
"""Size of a function up to which its powers can be computed."""
_APPROXIMATE = 2
"""Quotients that are handed on where none is exact."""
_FALL, _PLATEAU, _PLAIN = 0.05, 0.5, 4
"""Error over that of one degree less, and least error of two degrees more over it, at which so
plain a quotient is the law of a curve with noise."""

_INPUTS: tuple[Program, ...] = (
    "x", ("sqrt", "x"), ("exp", "x"), ("log", "x"), ("sin", "x"), ("cos", "x"), ("tan", "x"),
    ("exp", ("div", 1.0, "x")), ("pow", "x", 1 / 3),
)  # fmt: skip

_OUTER: tuple[tuple[str, str], ...] = (
    ("", ""), ("sqrt", "square"), ("log", "exp"), ("exp", "log"), ("asin", "sin"), ("atan", "tan"),
)  # fmt: skip
"""A function around the quotient, and what undoes it."""


@dataclass(frozen=True, eq=False)
class _Quotient:
    """Chebyshev coefficients of numerator and denominator in t = (u - middle)/half."""

    above: np.ndarray
    below: np.ndarray
    middle: float
    half: float
    error: float

    @property
    def size(self) -> int:
        """Degrees together."""
        return len(self.above) + len(self.below) - 2


def exact_quotients(curve: Curve, until: Deadline) -> Iterator[Form]:
    """The quotient of polynomials in x that holds exactly, if there is one."""
    few = curve.thinned(_ROWS)
    for quotient in _exact(list(_quotients(few.x, few.y, few)), few):
        yield _form(quotient, "x", "", few).fitted(curve, until)


def quotients_of_functions(curve: Curve, until: Deadline) -> Iterator[Form]:
    """Quotients in functions of x, or within a function; of x alone those that come near."""
    few = curve.thinned(_ROWS)
    for outer, inverse in _OUTER:
        z = _undone(inverse, few.y)
        if z is None:
            continue
        for inner in _INPUTS:
            if until.passed:
                return
            u = np.broadcast_to(evaluate(inner, {"x": few.x}), few.x.shape)
            if not np.abs(u).max() < _LARGEST or np.ptp(u) == 0:
                continue
            quotients = list(_quotients(u, z, few))
            chosen = _exact(quotients, few)
            is_approximation = not chosen
            if not chosen:
                chosen = _at_plateau(quotients)
            if not chosen and inner == "x" and not outer:
                lengths = [few.length(q.error, q.size + 1, 2.0 * q.size) for q in quotients]
                chosen = [quotients[i] for i in np.argsort(lengths)[:_APPROXIMATE]]
            for quotient in chosen:
                form = _form(quotient, inner, outer, few).fitted(curve, until)
                yield replace(form, is_approximation=is_approximation)


def _undone(inverse: str, y: np.ndarray) -> np.ndarray | None:
    """What an outer function was applied to, if it can have been."""
    with np.errstate(all="ignore"):
        z = y if not inverse else y * y if inverse == "square" else NUMPY[inverse](y)
    one_sign = inverse not in ("square", "log") or y.min() >= 0
    inside = inverse not in ("sin", "tan") or np.abs(y).max() < np.pi / 2
    return z if one_sign and inside and np.isfinite(z).all() and np.ptp(z) > 0 else None


def _quotients(u: np.ndarray, z: np.ndarray, curve: Curve) -> Iterator[_Quotient]:
    """The best quotient of every pair of degrees, by size."""
    middle, half = 0.5 * (u.max() + u.min()), 0.5 * np.ptp(u)
    t = (u - middle) / half
    scale = float(np.abs(z).max())
    columns = chebyshev.chebvander(t, _SIZES)
    for size in range(1, _SIZES + 1):
        for below in range(min(_DENOMINATOR, size) + 1):
            above = size - below
            if 2 * size + 2 > len(u) and size + 1 >= min(len(u), curve.rows):
                return
            design = np.hstack(
                [columns[:, : above + 1], -(z / scale)[:, None] * columns[:, : below + 1]]
            )
            norms = np.linalg.norm(design, axis=0)
            norms[norms == 0] = 1.0
            _, _, vt = np.linalg.svd(design / norms, full_matrices=False)
            found = vt[-1] / norms
            p, q = found[: above + 1] * scale, found[above + 1 :]
            bottom = chebyshev.chebval(t, q)
            if not p.any() or np.abs(bottom).min() == 0 or np.ptp(np.sign(bottom)) > 0:
                continue
            error = np.linalg.norm((chebyshev.chebval(t, p) / bottom - z) * curve.root)
            spread = np.sqrt(np.sum((curve.root * (z - curve.root**2 @ z)) ** 2))
            yield _Quotient(p, q, middle, half, float(error / spread))


def _monomials(coefficients: np.ndarray, middle: float, half: float) -> np.ndarray:
    """Coefficients in powers of u of a Chebyshev series in (u - middle)/half."""
    whole = np.polynomial.Polynomial(chebyshev.cheb2poly(coefficients))
    line = np.polynomial.Polynomial([-middle / half, 1 / half])
    found = np.zeros(len(coefficients))
    powers = whole(line).coef
    found[: len(powers)] = powers
    return found


def _exact(quotients: list[_Quotient], curve: Curve) -> list[_Quotient]:
    """The first quotient that is exact all of a sudden."""
    least = {0: 1.0}
    for quotient in quotients:
        size = quotient.size
        before = least.get(size - 1, 1.0)
        if quotient.error < 1e3 * curve.exact and quotient.error < _SUDDEN * before:
            return [quotient]
        least[size] = min(least.get(size, before), quotient.error)
    return []


def _at_plateau(quotients: list[_Quotient]) -> list[_Quotient]:
    """The plain quotient from which on the error falls no further: that is noise."""
    best: dict[int, _Quotient] = {}
    for quotient in quotients:
        rival = best.get(quotient.size)
        if rival is None or quotient.error < rival.error:
            best[quotient.size] = quotient
    for size in range(2, _PLAIN + 1):
        if not {size - 1, size, size + 1} <= best.keys():
            continue
        error = best[size].error
        later = min(best[more].error for more in (size + 1, size + 2) if more in best)
        if error < _FALL * best[size - 1].error and later > _PLATEAU * error:
            return [best[size]]
    return []


def _form(quotient: _Quotient, inner: Program, outer: str, curve: Curve) -> Form:
    """The quotient in powers of u, without terms that are nothing but rounding."""
    reach = float(np.abs(evaluate(inner, {"x": curve.x})).max())
    above, below = (
        _kept(_monomials(part, quotient.middle, quotient.half), reach)
        for part in (quotient.above, quotient.below)
    )
    lead = max(below, key=lambda power: abs(below[power]) * reach**power)
    unit = below[lead]
    start: dict[str, float] = {}
    top = _sum({power: value / unit for power, value in above.items()}, inner, "a", start)
    if len(below) == 1:
        program = top if lead == 0 else ("div", top, _power(inner, lead))
    else:
        rest = {power: value / unit for power, value in below.items() if power != lead}
        program = ("div", top, ("add", _power(inner, lead), _sum(rest, inner, "b", start)))
    source = "polynomial" if len(below) == 1 else "quotient of polynomials"
    return Form((outer, program) if outer else program, start, source)


def _kept(coefficients: np.ndarray, reach: float) -> dict[int, float]:
    """Coefficients by power, those left out whose terms are nothing but rounding."""
    sizes = np.abs(coefficients) * reach ** np.arange(len(coefficients))
    kept = np.flatnonzero(sizes > _NEGLIGIBLE * sizes.max())
    return {int(power): float(coefficients[power]) for power in kept}


def _sum(terms: dict[int, float], inner: Program, letter: str, start: dict[str, float]) -> Program:
    """Terms with constants of their own, which are put down with their values."""
    parts: list[Program] = []
    for power, value in terms.items():
        name = f"{letter}{power}"
        start[name] = value
        parts.append(name if power == 0 else ("mul", name, _power(inner, power)))
    return parts[0] if len(parts) == 1 else ("add", *parts)


def _power(inner: Program, power: int) -> Program:
    return 1.0 if power == 0 else inner if power == 1 else ("pow", inner, float(power))
