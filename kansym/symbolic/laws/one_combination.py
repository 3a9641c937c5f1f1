"""Laws y = M h(P) of one combination: monomials, or P a sum of two, found without a fit.

For every pair the rows of y / M are sorted by P; if y / M is a function of P alone, neighbours lie
on a line. Oscillations do not matter as long as neighbours are close; no gradient is needed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, islice, product

import numpy as np
import sympy
from jaxtyping import Float

from kansym.programs.program import evaluate
from kansym.shared.neighbours import off_neighbours
from kansym.symbolic.formulas.sympy_programs import from_sympy
from kansym.symbolic.laws.columns import Quantities, monomial
from kansym.symbolic.laws.reduced import Reduced

__all__ = ["monomial_factors", "one_combination", "over_monomial", "roughness"]

_POWERS = (0, 1, -1, 2, -2)
_FACTOR_POWERS = (0, 1, -1, 2, -2, 3, -3, 0.5, -0.5)
_MOST_INPUTS = 5
_MOST_COMBINATIONS, _MOST_FACTORS, _TERM = 400, 150, 2
"""Monomials and sums of two of them, factors, and powers in a term of such a sum."""
_ROWS, _SCREENED, _LIKELY = 600, 150, 80
"""Rows that are looked at; fewer for all combinations, of which so many are looked at closely."""
_SMOOTH = 2e-2
"""Squared distance from the line through neighbours over the variance, at most."""
_CLEAN, _BESIDE_NOISE = 1e-4, 0.1
"""Roughness below which rows have little noise, and what a bit of length counts where they have."""
_FOLLOWED = 4
_OFF_ENDS = 4
"""Rows at each end, where neighbours are far, that are not counted."""
_LEAST_ROWS = 2 * _OFF_ENDS + 3


@dataclass(frozen=True, eq=False)
class _Combination:
    """A quantity that the law may be a function of: a monomial, or one plus or minus another."""

    terms: tuple[tuple[int, tuple[int, ...]], ...]
    values: Float[np.ndarray, " rows"]
    length: float

    def expr(self, exprs: Sequence[sympy.Expr]) -> sympy.Expr:
        """It in these quantities."""
        return sympy.Add(*(sign * monomial(exprs, powers) for sign, powers in self.terms))


def one_combination(state: Reduced) -> Iterator[Reduced]:
    """The problem as a function of one quantity, times a monomial; the smoothest first."""
    if not 2 <= len(state.quantities) <= _MOST_INPUTS or len(state.target) < _LEAST_ROWS:
        return
    x, y = state.quantities.values[:_ROWS], state.target[:_ROWS]
    factors, powers = monomial_factors(x)
    with np.errstate(all="ignore"):
        factors /= np.sqrt(np.mean(factors**2, axis=0))
        z = y[:, None] / (factors * max(float(np.std(y)), 1e-300))
    usable = np.isfinite(z).all(axis=0) & np.isfinite(factors).all(axis=0)
    powers, factors = powers[usable], factors[:, usable].astype(np.float32)
    z = (z[:, usable] - np.median(z[:, usable], axis=0)).astype(np.float32)
    lengths, every = np.abs(powers).sum(axis=1), _combinations(x)
    if not every:
        return
    few = slice(None, _SCREENED)
    likely = [_rough(each, z[few], factors[few]).min() for each in every]
    combinations = [every[k] for k in np.argsort(likely, kind="stable")[:_LIKELY]]
    rough = np.array([_rough(each, z, factors) for each in combinations])
    # Bits of length count beside noise, which is as large in every right combination, but little.
    each = 1.0 if rough.min() < _CLEAN else _BESIDE_NOISE
    length = lengths + np.array([[combination.length] for combination in combinations])
    scores = np.where(rough < _SMOOTH, rough * 2.0 ** (each * length), np.inf)
    best = scores.argmin(axis=1)
    for row in np.argsort(scores.min(axis=1))[:_FOLLOWED]:
        if np.isfinite(scores[row, best[row]]):
            within = combinations[row].expr(state.quantities.exprs)
            reduced = over_monomial(state, powers[best[row]], (within,))
            if reduced is not None:
                yield reduced


def monomial_factors(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Monomials that y may be divided by, the short first, and their powers."""
    steady = np.asarray((x > 0).all(axis=0) | (x < 0).all(axis=0))
    choices = [_FACTOR_POWERS if good else (0,) for good in steady]
    powers = np.array(_plainest(tuple(choices)), dtype=float)
    with np.errstate(all="ignore"):
        return np.exp(np.log(np.abs(x) + (x == 0)) @ powers.T), powers


@cache
def _plainest(choices: tuple[tuple[float, ...], ...]) -> list[tuple[float, ...]]:
    """The monomials of fewest and smallest powers."""
    return sorted(product(*choices), key=_length)[:_MOST_FACTORS]


def _length(powers: tuple[float, ...]) -> float:
    """How strange a monomial is: the sum of its powers, roots on top."""
    return sum(abs(power) + 2.0 * (power != int(power)) for power in powers)


def _combinations(x: np.ndarray) -> list[_Combination]:
    """Monomials up to a power, and sums and differences of two plain ones."""
    rows = sorted(product(_POWERS, repeat=x.shape[1]), key=lambda row: sum(map(abs, row)))[1:]

    def alone(row: tuple[int, ...]) -> _Combination:
        values = np.prod(x ** np.array(row, dtype=float), axis=1)
        return _Combination(((1, row),), values, sum(map(abs, row)))

    with np.errstate(all="ignore"):
        found = [alone(row) for row in islice(filter(_is_first_power, rows), _MOST_COMBINATIONS)]
        terms = {row: alone(row) for row in rows if sum(map(abs, row)) <= _TERM}
        # Two powers of one quantity are a function of it, which it is a combination for itself.
        pairs = [
            (terms[one], terms[other])
            for one, other in combinations(terms, 2)
            if np.count_nonzero(np.abs(one) + np.abs(other)) > 1
        ]
        pairs.sort(key=lambda pair: pair[0].length + pair[1].length)
        for (a, b), sign in product(pairs[:_MOST_COMBINATIONS], (1, -1)):
            both, size = (a.terms[0], (sign, b.terms[0][1])), a.length + b.length
            found.append(_Combination(both, a.values + sign * b.values, size))
    return [each for each in found if np.isfinite(each.values).all()]


def _is_first_power(row: tuple[int, ...]) -> bool:
    """Whether a monomial is no power of another one: its functions are functions of that."""
    return next(p for p in row if p) > 0 and np.gcd.reduce(np.abs(row)) == 1


def _rough(each: _Combination, z: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Mean roughness along a combination for every factor."""
    return roughness(each.values[: len(z)], z, factors).mean(axis=0)


def roughness(
    p: Float[np.ndarray, " rows"],
    z: Float[np.ndarray, "rows factors"],
    factors: Float[np.ndarray, "rows factors"] | None = None,
) -> Float[np.ndarray, "inner factors"]:
    """Squared distances from the line through both neighbours, along growing p, without the ends.

    With factors it is that of z in errors which are alike in factors times z: all ways to write
    one law are then as rough as its noise is.
    """
    off, share = off_neighbours(p, z)
    off *= off
    if factors is not None:
        inverse = 1 / np.square(factors[np.argsort(p)])
        off /= inverse[1:-1] + (1 - share) ** 2 * inverse[:-2] + share**2 * inverse[2:]
    return off[_OFF_ENDS:-_OFF_ENDS]


def over_monomial(
    state: Reduced, powers: Float[np.ndarray, " quantities"], groups: tuple[sympy.Expr, ...]
) -> Reduced | None:
    """The problem in some groups of quantities, the target divided by a monomial."""
    x, exprs = state.quantities.values, state.quantities.exprs
    base = [e if x[0, k] > 0 else -e for k, e in enumerate(exprs)]
    with np.errstate(all="ignore"):
        factor = np.prod(np.abs(x) ** powers, axis=1)
        values = np.column_stack([_values(group, state.quantities) for group in groups])
    if not (np.isfinite(factor).all() and (factor != 0).all() and np.isfinite(values).all()):
        return None
    every = list(range(len(exprs)))
    divided = state.divided(factor, monomial(base, powers), every) if powers.any() else state
    named = ", ".join(map(str, groups))
    return divided.in_terms_of(Quantities(values, groups), f"in {named}")


def _values(expr: sympy.Expr, quantities: Quantities) -> np.ndarray:
    """An expression in the quantities on all rows."""
    marks = [sympy.Symbol(f"q{k}") for k in range(len(quantities))]
    marked = expr.xreplace(dict(zip(quantities.exprs, marks, strict=True)))
    known = {f"q{k}": quantities.values[:, k] for k in range(len(quantities))}
    return np.asarray(evaluate(from_sympy(marked), known), dtype=float)
