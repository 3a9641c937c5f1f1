"""Smaller problems by separation: without a factor or a term that is a function of one quantity."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from kansym.symbolic.laws.columns import Quantities, monomial
from kansym.symbolic.laws.named_functions import FACTORS, PARTNERS, PLAIN_TERMS, TERMS
from kansym.symbolic.laws.reduced import Reduced
from kansym.symbolic.laws.slopes import Slope, combined, explained, near_fraction

__all__ = ["without_factors", "without_monomial_terms", "without_product_terms", "without_terms"]

_BEST = 2
"""Functions of one quantity that are followed."""


def without_factors(state: Reduced, slope: Slope) -> Iterator[Reduced]:
    """Over x^p f(x)^q for a function of one quantity: dz/dx = z (p/x + q f'(x)/f(x))."""
    found: list[tuple[float, int, int, tuple[float, float]]] = []
    with np.errstate(all="ignore"):
        for k in range(len(state.quantities)):
            power = slope.z / slope.x[:, k]
            for number, function in enumerate(FACTORS):
                basis = slope.z * function.slope(slope.x[:, k]) / function.value(slope.x[:, k])
                columns = [basis] if number == 0 else [basis, power]
                for count in range(1, len(columns) + 1):
                    score, weights = combined(slope.gradient[:, k], columns[:count])
                    near = tuple(near_fraction(float(w)) for w in weights)
                    if score < slope.loose and near[0] and not np.isnan(near).any():
                        found.append((score, k, number, (near[0], near[1] if count == 2 else 0.0)))
    for _, k, number, powers in _best_of_each(found):
        function = FACTORS[number]
        kept = [other for other in range(len(state.quantities)) if other != k]
        x = state.quantities.values[:, k]
        with np.errstate(all="ignore"):
            values = function.value(x) ** powers[0] * x ** powers[1]
        if kept and np.isfinite(values).all() and (values != 0).all():
            own = state.quantities.exprs[k]
            yield state.divided(values, monomial([function.of(own), own], powers), kept)


def without_terms(state: Reduced, slope: Slope) -> Iterator[Reduced]:
    """Less a multiple of a function of one quantity: dz/dx = c f'(x)."""
    found: list[tuple[float, int, int, Any]] = []
    with np.errstate(all="ignore"):
        for k in range(len(state.quantities)):
            for number, function in enumerate(TERMS):
                score, weight = explained(slope.gradient[:, k], function.slope(slope.x[:, k]))
                if score < slope.loose and weight:
                    found.append((score, k, number, weight))
    for _, k, number, weight in _best_of_each(found):
        function = TERMS[number]
        kept = [other for other in range(len(state.quantities)) if other != k]
        with np.errstate(all="ignore"):
            values = function.value(state.quantities.values[:, k])
        if kept and np.isfinite(values).all():
            term = Quantities(values[:, None], (function.of(state.quantities.exprs[k]),))
            yield state.less(term, (weight,), kept)


def without_product_terms(state: Reduced, slope: Slope) -> Iterator[Reduced]:
    """Less a multiple of a product of functions of two quantities: dz/dx = c f'(x) h(u)."""
    found: list[tuple[float, int, int, Any]] = []
    count = len(state.quantities)
    with np.errstate(all="ignore"):
        for k in range(count):
            own = np.stack([f.slope(slope.x[:, k]) for f in PLAIN_TERMS], axis=1)
            for j in (j for j in range(count) if j != k):
                other = np.stack([h.value(slope.x[:, j]) for h in PARTNERS], axis=1)
                scores, weights = _of_products(slope.gradient[:, k], own, other)
                a, b = np.unravel_index(int(np.argmin(scores)), scores.shape)
                if scores[a, b] < slope.loose:
                    found.append((float(scores[a, b]), k, j, (a, b, float(weights[a, b]))))
    for _, k, j, (a, b, weight) in _best_of_each(found):
        x, exprs = state.quantities.values, state.quantities.exprs
        with np.errstate(all="ignore"):
            values = TERMS[a].value(x[:, k]) * PARTNERS[b].value(x[:, j])
        if np.isfinite(values).all():
            expr = TERMS[a].of(exprs[k]) * PARTNERS[b].of(exprs[j])
            kept = [other for other in range(count) if other != k]
            yield state.less(Quantities(values[:, None], (expr,)), (weight,), kept)


def without_monomial_terms(state: Reduced, slope: Slope) -> Iterator[Reduced]:
    """Less a multiple of a function of one quantity times powers of others: dz/dx = c f'(x) M."""
    count = len(state.quantities)
    steady = np.flatnonzero(state.quantities.steady).tolist()
    found: list[tuple[float, int, int, Any]] = []
    for k in range(count):
        others = [j for j in steady if j != k]
        if len(others) < 2:
            continue
        logs = np.column_stack([np.ones(len(slope.x)), np.log(np.abs(slope.x[:, others]))])
        for number, function in enumerate(PLAIN_TERMS):
            with np.errstate(all="ignore"):
                own = function.slope(slope.x[:, k])
                size = np.log(np.abs(slope.gradient[:, k] / own))
            if not np.isfinite(size).all():
                continue
            weights = np.linalg.lstsq(logs, size, rcond=None)[0][1:]
            powers = [near_fraction(float(weight)) for weight in weights]
            if np.isnan(powers).any():
                continue
            product = np.prod(np.abs(slope.x[:, others]) ** powers, axis=1)
            score, weight = explained(slope.gradient[:, k], own * product)
            if score < slope.loose and weight:
                found.append((score, k, number, (others, powers, weight)))
    for _, k, number, (others, powers, weight) in _best_of_each(found):
        x, exprs = state.quantities.values, state.quantities.exprs
        factor = np.prod(np.abs(x[:, others]) ** powers, axis=1)
        with np.errstate(all="ignore"):
            values = TERMS[number].value(x[:, k]) * factor
        if np.isfinite(values).all():
            product = monomial([state.quantities.magnitude(j) for j in others], powers)
            term = Quantities(values[:, None], (TERMS[number].of(exprs[k]) * product,))
            yield state.less(term, (weight,), [j for j in range(count) if j != k])


def _of_products(
    slope: np.ndarray, own: np.ndarray, other: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Part of a derivative that a multiple of each product leaves, and the multiple."""
    own, other = (np.where(np.isfinite(part), part, np.nan) for part in (own, other))
    along = (own * slope[:, None]).T @ other
    size = (own**2).T @ other**2
    weights = along / size
    left = np.maximum(1 - weights * along / max(float(slope @ slope), 1e-300), 0.0)
    return np.nan_to_num(np.sqrt(left), nan=np.inf), weights


def _best_of_each(found: list[tuple[float, int, int, Any]]) -> list[tuple[float, int, int, Any]]:
    """For each quantity the best few."""
    chosen: list[tuple[float, int, int, Any]] = []
    for each in sorted(found):
        if sum(other[1] == each[1] for other in chosen) < _BEST:
            chosen.append(each)
    return chosen
