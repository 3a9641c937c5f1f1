"""Laws y = M g(P, Q) of two monomials, found without a fit, however quickly g turns.

For every pair each row is beside its nearest one in the plane of P and Q; if y / M is a function of
the two alone, their values are alike. No gradient is needed, so that waves do not matter as long as
neighbours are close.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import cKDTree
from scipy.stats import rankdata

from kansym.symbolic.laws.columns import monomial
from kansym.symbolic.laws.one_combination import monomial_factors, over_monomial
from kansym.symbolic.laws.reduced import Reduced

__all__ = ["two_combinations"]

Array = np.ndarray

_FEWEST, _MOST = 3, 5
"""Inputs: a law of two is one of two monomials."""
_LEAST_ROWS, _ROWS, _MANY_ROWS = 100, 400, 2000
"""Fewest rows, those that all pairs are looked at with, and the best of them."""
_MONOMIALS, _LONGEST, _FACTORS = 40, 3, 60
"""Monomials that are paired, the sum of their powers, and those that y may be divided by."""
_ALIKE = 0.3
"""Squared difference of neighbours over that of any two rows, at most."""
_A_BIT = 0.25
"""Bits that a unit of length must save: neighbours differ by chance."""
_LOOKED_AT, _FOLLOWED = 24, 3
"""Pairs that are looked at once more, and handed on."""


def two_combinations(state: Reduced) -> Iterator[Reduced]:
    """The problem as a function of two monomials, times a monomial; the surest first."""
    if not _FEWEST <= len(state.quantities) <= _MOST or len(state.target) < _LEAST_ROWS:
        return
    exponents = _exponents(len(state.quantities))[:_MONOMIALS]
    pairs = list(combinations(range(len(exponents)), 2))
    for rows, kept in ((_ROWS, _LOOKED_AT), (_MANY_ROWS, _FOLLOWED)):
        found = _Plane.of(state, exponents, rows).scored(pairs)
        pairs = [pair for _, pair, _ in found[:kept]]
    for _, pair, powers in found[:_FOLLOWED]:
        groups = tuple(monomial(state.quantities.exprs, exponents[k]) for k in pair)
        reduced = over_monomial(state, powers, groups)
        if reduced is not None:
            yield reduced


@dataclass(frozen=True, eq=False)
class _Plane:
    """Some rows, their places along every monomial, and what y may be divided by.

    Attributes
    ----------
    places : from 0 to 1 in the order of a monomial's values (rows, monomials).
    y : (rows,).
    factors, powers : (rows, factors), (quantities, factors).
    lengths : of the monomials.
    """

    places: Float[Array, "rows monomials"]
    y: Float[Array, " rows"]
    factors: Float[Array, "rows factors"]
    powers: Float[Array, "quantities factors"]
    lengths: Int[Array, " monomials"]

    @classmethod
    def of(cls, state: Reduced, exponents: list[tuple[int, ...]], rows: int) -> "_Plane":
        """The first rows of a problem."""
        x, y = state.quantities.values[:rows], state.target[:rows]
        with np.errstate(all="ignore"):
            values = [np.prod(x ** np.array(row, dtype=float), axis=1) for row in exponents]
        places = rankdata(np.nan_to_num(np.stack(values, axis=1)), axis=0) / len(y)
        factors, powers = monomial_factors(x)
        usable = np.isfinite(factors).all(axis=0) & (factors > 0).all(axis=0)
        factors, powers = factors[:, usable][:, :_FACTORS], powers[usable][:_FACTORS].T
        return cls(places, y, factors, powers, np.abs(exponents).sum(axis=1))

    def scored(self, pairs: list[tuple[int, int]]) -> list[tuple[float, tuple[int, int], Array]]:
        """Pairs whose neighbours are alike, each with the powers of its factor; the best first."""
        spread, sizes = float(np.var(self.y)) or 1.0, np.abs(self.powers).sum(axis=0)
        found = []
        for pair in pairs:
            plane = self.places[:, pair]
            beside = cKDTree(plane).query(plane, k=2)[1][:, 1]
            unlike = self.unlike(beside) / spread
            scores = unlike * 2.0 ** (_A_BIT * (sizes + self.lengths[[*pair]].sum()))
            best = int(scores.argmin())
            if unlike[best] < _ALIKE:
                found.append((float(scores[best]), pair, self.powers[:, best]))
        return sorted(found, key=lambda each: each[:2])

    def unlike(self, beside: Int[Array, " rows"]) -> Float[Array, " factors"]:
        """Mean squared distance of y / factor at neighbours, in errors which are alike in y."""
        other = self.factors[beside]
        across = self.y[:, None] * other - self.y[beside, None] * self.factors
        return np.mean(across**2 / (self.factors**2 + other**2), axis=0)


def _exponents(quantities: int) -> list[tuple[int, ...]]:
    """Those of short monomials of which none is a power of another one."""
    rows = product(range(1 - _LONGEST, _LONGEST), repeat=quantities)
    short = [row for row in rows if 0 < sum(map(abs, row)) <= _LONGEST]
    first = [row for row in short if next(p for p in row if p) > 0 and np.gcd.reduce(row) == 1]
    return sorted(first, key=lambda row: sum(map(abs, row)))
