"""Smaller problems by symmetries: groups that a scaling or a translation leaves alone."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float

from kansym.network.structure.null_spaces import echelon_form, null_directions
from kansym.symbolic.laws.columns import Quantities, as_rational, monomial
from kansym.symbolic.laws.reduced import Reduced
from kansym.symbolic.laws.slopes import Slope, explained, near_fraction

__all__ = ["in_groups", "in_pairs", "in_sums"]


def _steady(values: Float[np.ndarray, "rows quantities"]) -> Bool[np.ndarray, " quantities"]:
    """Quantities of one sign, whose real powers are defined."""
    return np.asarray((values > 0).all(axis=0) | (values < 0).all(axis=0))


def in_groups(state: Reduced, slope: Slope) -> Iterator[Reduced]:
    """In groups that scalings leave alone: z(s^w x) = s^p z(x)."""
    steady = _steady(state.quantities.values)
    columns = np.column_stack([slope.x * slope.gradient, -slope.z])
    for weights in _null_bases(columns, steady, slope.loose):
        found = _grouped(state, weights, steady)
        if found is not None:
            yield found


def in_pairs(state: Reduced, slope: Slope) -> Iterator[Reduced]:
    """In a product of powers of two quantities, the surest pair first."""
    found: list[tuple[float, int, int, float]] = []
    steady = _steady(state.quantities.values)
    for i in range(len(steady)):
        for j in range(len(steady)):
            if i != j and steady[i] and steady[j]:
                basis = slope.x[:, j] * slope.gradient[:, j]
                score, weight = explained(slope.x[:, i] * slope.gradient[:, i], basis)
                power = near_fraction(weight)
                if score < slope.loose and power and not np.isnan(power) and abs(power) >= 1:
                    found.append((score, i, j, power))
    for _, i, j, power in sorted(found)[:2]:
        weights = np.zeros((1, len(steady) + 1))
        weights[0, i], weights[0, j] = 1.0, -power
        grouped = _grouped(state, weights, steady)
        if grouped is not None:
            yield grouped


def _null_bases(columns: np.ndarray, steady: np.ndarray, loose: float) -> Iterator[np.ndarray]:
    """Bases of what nearly vanishes on all rows, the largest first.

    They consist of small fractions, and only steady quantities have pivots, the target none.
    """
    sizes = np.sqrt(np.mean(columns**2, axis=0))
    if not (np.isfinite(sizes).all() and (sizes > 0).all()):
        return
    directions, left = null_directions(columns)
    for count in range(int((left < loose * left[-1]).sum()), 0, -1):
        basis = echelon_form(directions[:count], np.append(steady, False))
        if basis is not None:
            rounded = np.vectorize(near_fraction)(basis)
            if not np.isnan(rounded).any():
                yield rounded


def _grouped(state: Reduced, weights: np.ndarray, steady: np.ndarray) -> Reduced | None:
    """The problem in quantities over powers of the pivots, and the target over such powers.

    Pivots have one sign, so that their real powers are defined; the others may have both.
    """
    pivots = []
    for row in weights:
        ones = [k for k in np.flatnonzero(row[:-1] == 1) if (weights[:, k] != 0).sum() == 1]
        ones = [k for k in ones if k not in pivots and steady[k]]
        if not ones:
            return None
        pivots.append(ones[0])
    rest = [k for k in range(len(state.quantities)) if k not in pivots]
    if not rest:
        return None
    x, exprs = np.abs(state.quantities.values), state.quantities.exprs
    signs = np.sign(state.quantities.values[0])
    base = [exprs[k] if signs[k] > 0 else -exprs[k] for k in pivots]
    powers = weights[:, -1]
    factor_values = np.prod(x[:, pivots] ** powers, axis=1)
    factor = monomial(base, powers)
    columns, names = [], []
    for k in rest:
        columns.append(
            state.quantities.values[:, k] / np.prod(x[:, pivots] ** weights[:, k], axis=1)
        )
        names.append(exprs[k] / monomial(base, weights[:, k]))
    groups = Quantities(np.column_stack(columns), tuple(names))
    if not (np.isfinite(factor_values).all() and np.isfinite(groups.values).all()):
        return None
    found = (
        state if not powers.any() else state.divided(factor_values, factor, list(range(len(exprs))))
    )
    return found.in_terms_of(groups, "in groups " + ", ".join(map(str, names)))


_POWERS = (1.0, 2.0, -1.0, 0.5, 3.0, -2.0, 4.0)


def in_sums(state: Reduced, slope: Slope) -> Iterator[Reduced]:
    """In a x_i^p + x_j^q: the derivatives have the ratio a p x_i^(p-1) / (q x_j^(q-1))."""
    found: list[tuple[float, int, int, float, float, float]] = []
    with np.errstate(all="ignore"):
        for i in range(len(state.quantities)):
            for j in range(i):
                for p in _POWERS:
                    for q in _POWERS:
                        left = slope.gradient[:, i] * q * slope.x[:, j] ** (q - 1)
                        right = slope.gradient[:, j] * p * slope.x[:, i] ** (p - 1)
                        score, factor = explained(left, right)
                        near = near_fraction(factor)
                        if score < slope.loose and near and not np.isnan(near):
                            found.append((score * (1 + (p != q)), i, j, p, q, near))
    for _, i, j, p, q, factor in sorted(found)[:_MOST_SUMS]:
        yield from _with_sum(state, i, j, p, q, factor)


_MOST_SUMS = 3


def _with_sum(
    state: Reduced, i: int, j: int, p: float, q: float, factor: float
) -> Iterator[Reduced]:
    """With factor x_i^p + x_j^q in the place of two quantities."""
    exprs, values = state.quantities.exprs, state.quantities.values
    expr = monomial([exprs[j]], [q]) + as_rational(factor) * monomial([exprs[i]], [p])
    with np.errstate(all="ignore"):
        one = values[:, j] ** q + factor * values[:, i] ** p
    if np.isfinite(one).all():
        rest = state.quantities.take(k for k in range(len(exprs)) if k not in (i, j))
        yield state.in_terms_of(Quantities(one[:, None], (expr,)).with_more(rest), f"in {expr}")
