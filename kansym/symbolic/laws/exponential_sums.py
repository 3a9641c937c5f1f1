"""Sums of exponentials, of sines and of damped sines, by the matrix pencil.

On evenly spaced points a sum of M exponentials exp(s x) satisfies a linear recurrence, so that the
shifts of its Hankel matrix have the factors exp(s h) as eigenvalues. Complex rates s come in pairs,
which are damped sines; no frequency lies above Nyquist's. A rate that occurs twice stands for
(a + b x) exp(s x), as at resonance; the eigenvalues are then a little apart. Rows that are not
evenly spaced are interpolated for this, and the rates refined on the rows themselves.

References
----------
Hua and Sarkar, IEEE Trans. Acoust. Speech Signal Process. 38, 814 (1990), doi:10.1109/29.56027.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.interpolate import CubicSpline

from kansym.programs.program import Program
from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.curve import Curve
from kansym.symbolic.laws.form import Form

__all__ = ["exponential_sums", "powers_times_exponential_sums"]

_POINTS, _FEWEST = 256, 8
"""Points of the even grid, at most and at least."""
_ORDERS = (2, 3, 4, 5, 6, 7, 8, 10)
"""Numbers of exponentials that are tried; a sine has two."""
_STEADY = 1.0
"""Power of e by which an amplitude changes over the range, below which it is tried as constant."""
_POWERS, _NEAR_ZERO = (1.0, 2.0, 3.0, -1.0, 0.5), 1e-4
"""Powers of x beside a sum, and share of the largest factor below which rows do not count."""
_NEARLY, _SUDDEN = 1e-7, 1e-4
"""Error of a sum that is exact or else a good approximation, and its error over that of a shorter
one, below which it is exact."""
_SMALL = 1e-6
"""Share of the largest term below which a term is left out."""
_ONE = 3e-2
"""Difference of rates over the range, in powers of e or radians, below which they may be one."""
_Term = tuple[str, float, float, int]
"""``exp``, ``sin`` or ``cos``, damping, angular frequency, and power of x."""


def exponential_sums(curve: Curve, until: Deadline) -> Iterator[Form]:
    """Sums with more and more terms, until one is exact."""
    grid = _even(curve.x, curve.y)
    if grid is None:
        return
    before = 1.0
    for rates in _growing(*grid, curve, until):
        best = np.inf
        alone, together = [(rate, 1) for rate in rates], _as_one(rates, curve)
        ways = [(together, True)] if len(together) < len(rates) else []
        for counted, steady in (*ways, (alone, True), (alone, False)):
            form = _form(counted, curve, np.ones_like(curve.x), steady)
            if form is None or best <= curve.exact:
                continue
            form = _merged(form.fitted(curve, until), curve, until)
            if form.cancels(curve):
                continue
            yield replace(form, is_approximation=form.error > _SUDDEN * before)
            best = min(best, form.error)
        if best < _NEARLY:
            return
        before = min(before, best)


def powers_times_exponential_sums(curve: Curve, until: Deadline) -> Iterator[Form]:
    """Exact products of a power of x and a sum of exponentials."""
    for power in _POWERS:
        with np.errstate(all="ignore"):
            factor = curve.x**power
        if not np.isfinite(factor).all():
            continue
        kept = np.abs(factor) > _NEAR_ZERO * np.abs(factor).max()
        grid = _even(curve.x[kept], curve.y[kept] / factor[kept])
        before = 1.0
        for rates in () if grid is None else _growing(*grid, curve, until):
            form = _form([(rate, 1) for rate in rates], curve, factor, steady=True)
            if form is None:
                continue
            program: Program = ("mul", ("pow", "x", power), form.program)
            form = replace(form, program=program).fitted(curve, until)
            if form.error <= min(curve.exact, _SUDDEN * before):
                yield form
                return
            before = min(before, form.error)


def _growing(x: np.ndarray, y: np.ndarray, curve: Curve, until: Deadline) -> Iterator[np.ndarray]:
    """Complex rates of more and more exponentials."""
    for order in _ORDERS:
        if until.passed or 2 * order >= min(len(x), curve.rows) - 1:
            return
        yield _rates(y - y.mean(), order) / (x[1] - x[0])


def _even(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """A curve on evenly spaced points."""
    x, first = np.unique(x, return_index=True)
    if len(x) < _FEWEST:
        return None
    even = np.linspace(x[0], x[-1], min(len(x), _POINTS))
    if len(x) == len(even) and np.abs(x - even).max() < 1e-6 * (x[1] - x[0]):
        return even, y[first]
    return even, CubicSpline(x, y[first])(even)


def _rates(y: np.ndarray, order: int) -> np.ndarray:
    """Complex rates of growth per point of the exponentials that y is best made of."""
    length = len(y) // 2
    hankel = np.lib.stride_tricks.sliding_window_view(y, length)
    _, _, vt = np.linalg.svd(hankel, full_matrices=False)
    basis = vt[:order].T
    factors = np.linalg.eigvals(np.linalg.lstsq(basis[:-1], basis[1:])[0])
    return np.log(factors[np.abs(factors) > 1e-12].astype(complex))


def _form(
    counted: list[tuple[complex, int]], curve: Curve, factor: np.ndarray, steady: bool
) -> Form | None:
    """The sum with rates that occur so often, beside a factor.

    ``steady``: undamped where hardly damped.
    """
    extent = curve.high - curve.low
    terms: list[_Term] = []
    for rate, count in counted:
        damping, wave = float(rate.real), float(rate.imag)
        if steady and abs(damping) * extent < _STEADY:
            damping = 0.0
        if wave < -1e-9 or abs(damping) * extent > 300:
            continue
        for power in range(count):
            if wave < 1e-9 and (damping or power):
                terms.append(("exp", damping, 0.0, power))
            elif wave >= 1e-9:
                terms += [("sin", damping, wave, power), ("cos", damping, wave, power)]
    kept = _large(terms, curve, factor)
    return _sum(kept) if kept else None


def _merged(form: Form, curve: Curve, until: Deadline) -> Form:
    """With one rate where two have come together, if that explains the curve."""
    rates, start = list[complex](), form.start
    for number in range(len(start)):
        rate = complex(start.get(f"d{number}", 0.0), start.get(f"w{number}", 0.0))
        rates += [rate, rate.conjugate()] if rate.imag else [rate] if rate else []
    together = _as_one(np.array(rates), curve)
    other = _form(together, curve, np.ones_like(curve.x), steady=False)
    if len(together) == len(rates) or other is None:
        return form
    other = other.fitted(curve, until)
    return other if other.error <= max(curve.exact, form.error) else form


def _as_one(rates: np.ndarray, curve: Curve) -> list[tuple[complex, int]]:
    """The means of rates that are nearly one, and how many each stands for."""
    groups, near = list[list[complex]](), _ONE / (curve.high - curve.low)
    for rate in sorted(map(complex, rates), key=lambda rate: (rate.imag, rate.real)):
        own = next((g for g in groups if abs(np.mean(g) - rate) < near), None)
        if own is None:
            groups.append([rate])
        else:
            own.append(rate)
    return [(complex(np.mean(group)), len(group)) for group in groups]


def _large(terms: list[_Term], curve: Curve, factor: np.ndarray) -> list[_Term]:
    """Terms that are no rounding beside the others."""
    if not terms or len(terms) + 1 >= curve.rows:
        return []
    columns = [np.ones_like(curve.x), *(_values(term, curve.x) for term in terms)]
    design = np.stack(columns, axis=1) * (curve.root * factor)[:, None]
    target = curve.y * curve.root
    if not np.isfinite(design).all():
        return []
    factors = np.linalg.lstsq(design, target)[0]
    sizes = np.abs(factors[1:]) * np.linalg.norm(design[:, 1:], axis=0)
    return [term for term, size in zip(terms, sizes, strict=True) if size > _SMALL * sizes.max()]


def _values(term: _Term, x: np.ndarray) -> np.ndarray:
    kind, damping, wave, power = term
    envelope = x**power * np.exp(np.clip(damping * x, -700, 700))
    if kind == "exp":
        return envelope
    return envelope * (np.sin(wave * x) if kind == "sin" else np.cos(wave * x))


def _sum(terms: list[_Term]) -> Form:
    """Terms with factors of their own; the sine and the cosine of one wave share its constants."""
    start: dict[str, float] = {}
    parts: list[Program] = []
    names: dict[tuple[float, float], int] = {}
    for number, (kind, damping, wave, power) in enumerate(terms):
        which = names.setdefault((damping, wave), len(names))
        factors: list[Program] = [f"k{number}", *(["x"] * power)]
        if damping:
            start[f"d{which}"] = damping
            factors.append(("exp", ("mul", f"d{which}", "x")))
        if wave:
            start[f"w{which}"] = wave
            factors.append((kind, ("mul", f"w{which}", "x")))
        parts.append(("mul", *factors))
    linear = {f"k{number}": 1.0 for number in range(len(terms))}
    return Form(("add", *parts, "c"), {**start, **linear, "c": 0.0}, "sum of exponentials")
