"""Smaller problems by symmetries: groups that a scaling or a translation leaves alone."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np
import sympy

from kansym.network.structure.null_spaces import echelon_form, null_directions
from kansym.symbolic.laws.columns import Quantities, as_rational, monomial
from kansym.symbolic.laws.reduced import Reduced
from kansym.symbolic.laws.slopes import Slope, explained, near_fraction, shares_of_two

__all__ = ["in_groups", "in_pairs", "in_sums", "in_sums_of_monomials", "in_translations"]


def in_groups(state: Reduced, slope: Slope) -> Iterator[Reduced]:
    """In groups that scalings leave alone: z(s^w x) = s^p z(x)."""
    steady = state.quantities.steady
    columns = np.column_stack([slope.x * slope.gradient, -slope.z])
    for weights in _null_bases(columns, steady, slope.loose):
        found = _grouped(state, weights, steady)
        if found is not None:
            yield found


def in_pairs(state: Reduced, slope: Slope) -> Iterator[Reduced]:
    """In a product of powers of two quantities, the surest pair first."""
    found: list[tuple[float, int, int, float]] = []
    steady = state.quantities.steady
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


def _pivots(weights: np.ndarray, leading: np.ndarray) -> list[int] | None:
    """For every vector a quantity with a one that all others do not have."""
    pivots = list[int]()
    for row in weights:
        ones = [int(k) for k in np.flatnonzero(row[:-1] == 1) if (weights[:, k] != 0).sum() == 1]
        ones = [k for k in ones if k not in pivots and leading[k]]
        if not ones:
            return None
        pivots.append(ones[0])
    return pivots


def _grouped(state: Reduced, weights: np.ndarray, steady: np.ndarray) -> Reduced | None:
    """The problem in quantities over powers of the pivots, and the target over such powers.

    Pivots have one sign, so that their real powers are defined; the others may have both.
    """
    pivots = _pivots(weights, steady)
    if pivots is None:
        return None
    rest = [k for k in range(len(state.quantities)) if k not in pivots]
    if not rest:
        return None
    x, exprs = np.abs(state.quantities.values), state.quantities.exprs
    base = [state.quantities.magnitude(k) for k in pivots]
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


def in_translations(state: Reduced, slope: Slope) -> Iterator[Reduced]:
    """In differences that translations leave alone: z(x + s w) = z(x) + s p."""
    columns = np.column_stack([slope.gradient, -np.ones(len(slope.z))])
    every = np.ones(len(state.quantities), dtype=bool)
    for weights in _null_bases(columns, every, slope.loose):
        pivots = _pivots(weights, every)
        rest = [k for k in range(len(state.quantities)) if k not in (pivots or ())]
        if not pivots or not rest or not weights[:, rest].any():
            continue
        x, exprs = state.quantities.values, state.quantities.exprs
        shift = [as_rational(p) for p in weights[:, -1]]
        moved = x[:, rest] - x[:, pivots] @ weights[:, rest]
        names = [
            exprs[k]
            - sympy.Add(*(as_rational(w) * exprs[p] for w, p in zip(column, pivots, strict=True)))
            for k, column in zip(rest, weights[:, rest].T, strict=True)
        ]
        found = state.in_terms_of(
            Quantities(moved, tuple(names)), "in differences " + ", ".join(map(str, names))
        )
        term = sympy.Add(*(p * exprs[k] for p, k in zip(shift, pivots, strict=True)))
        if term != 0:
            values = x[:, pivots] @ weights[:, -1]
            found = found.less(Quantities(values[:, None], (term,)), (1.0,), list(range(len(rest))))
        yield found


_POWERS = (1.0, 2.0, -1.0, 0.5, 3.0, -2.0, 4.0)


@dataclass(frozen=True, order=True)
class _Sum:
    """x_owner^m F(x_j^q + factor x_i^p), and the part of a derivative that it leaves."""

    left: float
    i: int
    j: int
    p: float
    q: float
    factor: float
    owner: int
    m: float = 0.0


def in_sums(state: Reduced, slope: Slope) -> Iterator[Reduced]:
    """In factor x_i^p + x_j^q, maybe over a power of one of them.

    The derivatives of F(x_j^q + a x_i^p) have the ratio a p x_i^(p-1) / (q x_j^(q-1)).
    """
    found, steady = list[_Sum](), state.quantities.steady
    with np.errstate(all="ignore"):
        for i, j in combinations(range(len(state.quantities))[::-1], 2):
            for p, q in product(_POWERS, repeat=2):
                one = _sum(steady, slope, i, j, p, q)
                if one is not None and one.left < slope.loose:
                    found.append(replace(one, left=one.left * (1 + (p != q))))
    plain = [one for one in found if not one.m]
    for one in [*sorted(plain)[:_MOST_SUMS], *sorted(set(found) - set(plain))[:_MOST_SUMS]]:
        over = state
        if one.m:
            own = state.quantities.magnitude(one.owner)
            values = np.abs(state.quantities.values[:, one.owner]) ** one.m
            over = state.divided(values, monomial([own], [one.m]), list(range(len(slope.x.T))))
        yield from _with_sum(over, one)


def _sum(steady: np.ndarray, slope: Slope, i: int, j: int, p: float, q: float) -> _Sum | None:
    """The sum of these powers that explains a derivative best, over nothing if that will do."""
    x, z, gradient = slope.x, slope.z, slope.gradient
    inner, other = p * x[:, i] ** (p - 1), q * x[:, j] ** (q - 1)
    left, right = gradient[:, i] * other, gradient[:, j] * inner
    score, factor = explained(left, right)
    near = near_fraction(factor)
    if score < slope.loose:
        return _Sum(score, i, j, p, q, near, i) if near and not np.isnan(near) else None
    best = None
    for owner, beside in ((i, z / x[:, i] * other), (j, -z / x[:, j] * inner)):
        if not steady[owner]:
            continue
        scores, weights = shares_of_two(left, right[:, None], beside)
        score, (factor, more) = float(scores[0]), weights[0].tolist()
        m = near_fraction(more if owner == i else more / factor) if factor else np.nan
        near = near_fraction(factor)
        if m and near and not np.isnan(m + near) and (best is None or score < best.left):
            best = _Sum(score, i, j, p, q, near, owner, m)
    return best


_MOST_SUMS = 3


def in_sums_of_monomials(state: Reduced, slope: Slope) -> Iterator[Reduced]:
    """In x_j^q + a M x_i^p with a monomial M of the others, if x_i and x_j are nowhere else.

    The logarithm of the ratio of their derivatives is linear in those of all quantities.
    """
    count = len(state.quantities)
    if count < _FEWEST_OF_MONOMIALS or not state.quantities.steady.all():
        return
    x = np.abs(slope.x)
    logs = np.column_stack([np.ones(len(x)), np.log(x)])
    found = list[tuple[float, int, int, list[float], float]]()
    for i, j in combinations(range(count)[::-1], 2):
        one, other = np.abs(slope.gradient[:, i]), np.abs(slope.gradient[:, j])
        weight = np.sqrt(one * other) / max(float(np.max(one * other)) ** 0.5, 1e-300)
        sound = weight > _NOTHING
        ratio = np.log(one[sound] / other[sound])
        scaled = weight[sound, None] * logs[sound]
        powers = np.linalg.lstsq(scaled, weight[sound] * ratio, rcond=None)[0][1:]
        powers[i] += 1
        powers[j] = 1 - powers[j]
        near = [near_fraction(float(power)) for power in powers]
        others = [k for k in range(count) if k not in (i, j)]
        if np.isnan(near).any() or not near[i] or not near[j] or not any(near[k] for k in others):
            continue
        with np.errstate(all="ignore"):
            beside = np.prod(x[:, others] ** [near[k] for k in others], axis=1)
            inner = near[i] * x[:, i] ** (near[i] - 1) * beside * np.sign(slope.x[0, i])
            outer = near[j] * x[:, j] ** (near[j] - 1) * np.sign(slope.x[0, j])
        left, factor = explained(slope.gradient[:, i] * outer, slope.gradient[:, j] * inner)
        factor = near_fraction(factor)
        if left < slope.loose and factor and not np.isnan(factor):
            found.append((left, i, j, near, factor))
    for _, i, j, near, factor in sorted(found)[:_MOST_SUMS]:
        sizes = [state.quantities.magnitude(k) for k in range(count)]
        first = [0.0 if k == j else near[k] for k in range(count)]
        expr = monomial([sizes[j]], [near[j]]) + as_rational(factor) * monomial(sizes, first)
        every = np.abs(state.quantities.values)
        with np.errstate(all="ignore"):
            total = every[:, j] ** near[j] + factor * np.prod(every**first, axis=1)
        if np.isfinite(total).all():
            rest = state.quantities.take(k for k in range(count) if k not in (i, j))
            joined = Quantities(total[:, None], (expr,)).with_more(rest)
            yield state.in_terms_of(joined, f"in {expr}")


_FEWEST_OF_MONOMIALS = 3
_NOTHING = 1e-3
"""Over the largest, where a derivative says nothing of powers."""


def _with_sum(state: Reduced, one: _Sum) -> Iterator[Reduced]:
    """With the sum in the place of two quantities."""
    exprs, values = state.quantities.exprs, state.quantities.values
    powers = monomial([exprs[one.i]], [one.p]), monomial([exprs[one.j]], [one.q])
    expr = powers[1] + as_rational(one.factor) * powers[0]
    with np.errstate(all="ignore"):
        total = values[:, one.j] ** one.q + one.factor * values[:, one.i] ** one.p
    if np.isfinite(total).all() and np.isfinite(state.rest).all():
        rest = state.quantities.take(k for k in range(len(exprs)) if k not in (one.i, one.j))
        yield state.in_terms_of(Quantities(total[:, None], (expr,)).with_more(rest), f"in {expr}")
