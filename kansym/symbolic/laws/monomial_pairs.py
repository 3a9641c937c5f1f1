"""Laws that are sums of two monomials, of up to seven inputs, for a function of y; with noise."""

from collections.abc import Iterator
from functools import cache
from itertools import product

import numpy as np
import sympy
from jaxtyping import Float, Int

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import fitted, fresh_constants, length
from kansym.symbolic.laws.columns import Quantities, monomial
from kansym.symbolic.laws.expression_pairs import best_sums
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.noisy_pairings import BITS, STEPS
from kansym.symbolic.laws.targets import Target, targets_of

__all__ = ["MonomialPairs", "plain_exponents"]

_TARGETS = ("y", "y^2", "1/y", "1/y^2", "log y")
_MOST_INPUTS = 7
_POWERS, _MOST_POWERS, _MANY = (0, 1, -1, 2, -2), 6, 2500
"""Of an input, the largest sum of those of a monomial, and monomials that pairs are made of."""
_ROWS, _TRIED, _HANDED_ON = 400, 4, 3


class MonomialPairs:
    """Sums of two monomials, with a constant or without, for functions of the target."""

    name = "sum of two monomials"

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """The shortest descriptions of the rows."""
        if not 2 <= len(rows.names) <= _MOST_INPUTS or np.ptp(rows.y) == 0:
            return
        kept = np.random.default_rng(0).permutation(len(rows.y))[:_ROWS]
        few, y = Quantities.inputs(rows.X[kept], rows.names), rows.y[kept]
        found: dict[sympy.Expr, Law] = {}
        for target in targets_of(y, _TARGETS):
            for expr, start in _forms(few, y, target):
                if until.passed:
                    break
                source = f"{self.name} for {target.name}"
                law = fitted(expr, start, source, rows, until, STEPS)
                if law is not None:
                    found[expr] = law
        yield from sorted(found.values(), key=lambda law: length(law, rows))[:_HANDED_ON]


def _forms(
    few: Quantities, y: Float[np.ndarray, " rows"], target: Target
) -> Iterator[tuple[sympy.Expr, dict[sympy.Symbol, float]]]:
    """The best pairs for one function of the target, with a constant and without."""
    slope = np.abs(target.slope(y))
    if not (np.isfinite(slope).all() and (slope > 0).all()):
        return
    weight = np.median(slope) / slope  # errors of y are alike, so are those of g(y) / g'(y)
    z = target.forward(y) * weight
    exponents = plain_exponents(len(few))
    values = Quantities(few.values / few.sizes(), few.exprs).columns(exponents).T
    sound = np.isfinite(values).all(axis=1) & (np.ptp(values, axis=1) > 0)
    values, exponents = values[sound], exponents[sound]
    burden = 2.0 ** (2 * BITS * np.abs(exponents).sum(axis=1) / len(y))
    constants = fresh_constants(tuple(map(str, few.exprs)), 3)
    for pair in best_sums(values * weight, z, weight[:, None], _TRIED, burden):
        chosen = exponents[[pair.first, pair.second]]
        columns = np.column_stack([*few.columns(chosen).T, np.ones(len(y))]) * weight[:, None]
        terms = [*(monomial(few.exprs, powers) for powers in chosen), sympy.S.One]
        for count in (3, 2):
            weights = _fitted(columns[:, :count], z).tolist()
            total = sympy.Add(*(c * t for c, t in zip(constants, terms[:count], strict=False)))
            yield target.inverse(total), dict(zip(constants, weights, strict=False))


def _fitted(columns: Float[np.ndarray, "rows terms"], z: Float[np.ndarray, " rows"]) -> np.ndarray:
    """Coefficients of least squares, of columns of any size."""
    units = np.linalg.norm(columns, axis=0)
    return np.linalg.lstsq(columns / units, z, rcond=None)[0] / units


@cache
def plain_exponents(inputs: int) -> Int[np.ndarray, "monomials inputs"]:
    """Those of the plainest monomials, the constant left out."""
    sizes = ((row, sum(map(abs, row))) for row in product(_POWERS, repeat=inputs))
    found = np.array([row for row, size in sizes if 0 < size <= _MOST_POWERS])
    return found[np.argsort(np.abs(found).sum(axis=1), kind="stable")][:_MANY]
