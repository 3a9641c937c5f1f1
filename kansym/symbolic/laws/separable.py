"""Smaller problems by separation: without a factor or a term that is a function of one quantity."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from kansym.symbolic.laws.columns import Quantities, monomial
from kansym.symbolic.laws.named_functions import (
    FACTORS,
    PARTNERS,
    PLAIN_TERMS,
    TERMS,
    slopes_at,
    values_at,
)
from kansym.symbolic.laws.reduced import Reduced
from kansym.symbolic.laws.slopes import Slope, explained, near_fraction, shares, shares_of_two

__all__ = ["without_factors", "without_monomial_terms", "without_product_terms", "without_terms"]

_ALIKE = 2.0
"""What a function leaves of a slope over the least, up to which noise or a polynomial may have
chosen between the two; functions stand in their lists from the plain to the strange."""


def without_factors(state: Reduced, slope: Slope) -> Iterator[Reduced]:
    """Over x^p f(x)^q for a function of one quantity: dz/dx = z (p/x + q f'(x)/f(x))."""
    found: list[tuple[float, int, int, tuple[float, float]]] = []
    with np.errstate(all="ignore"):
        for k, x in enumerate(slope.x.T):
            basis = slope.z[:, None] * slopes_at(FACTORS, x) / values_at(FACTORS, x)
            alone, one = shares(slope.gradient[:, k], basis)
            beside, both = shares_of_two(slope.gradient[:, k], basis, slope.z / x)
            both[0] = np.nan  # a power beside a power
            weights = np.concatenate([np.column_stack([one, np.zeros_like(one)]), both])
            left = np.concatenate([alone, beside])
            for place in np.flatnonzero(left < slope.loose).tolist():
                p, q = (near_fraction(float(weight)) for weight in weights[place])
                if p and not np.isnan(p + q):
                    found.append((float(left[place]), k, place, (p, q)))
    for _, k, place, powers in _best_of_each(found):
        function = FACTORS[place % len(FACTORS)]
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
            left, weights = shares(slope.gradient[:, k], slopes_at(TERMS, slope.x[:, k]))
            near = np.flatnonzero((left < slope.loose) & (weights != 0)).tolist()
            found += [(float(left[n]), k, n, float(weights[n])) for n in near]
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
            own = slopes_at(PLAIN_TERMS, slope.x[:, k])
            for j in (j for j in range(count) if j != k):
                other = values_at(PARTNERS, slope.x[:, j])
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
        own = slopes_at(PLAIN_TERMS, slope.x[:, k])
        with np.errstate(all="ignore"):
            size = np.log(np.abs(slope.gradient[:, k, None] / own))
        sound = np.flatnonzero(np.isfinite(size).all(axis=0))
        weights = np.linalg.lstsq(logs, size[:, sound], rcond=None)[0][1:]
        for number, row in zip(sound.tolist(), weights.T, strict=True):
            powers = [near_fraction(float(weight)) for weight in row]
            if np.isnan(powers).any():
                continue
            product = np.prod(np.abs(slope.x[:, others]) ** powers, axis=1)
            score, weight = explained(slope.gradient[:, k], own[:, number] * product)
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
    along = (own * slope[:, None]).T @ other
    size = (own**2).T @ other**2
    weights = along / size
    left = np.maximum(1 - weights * along / max(float(slope @ slope), 1e-300), 0.0)
    return np.nan_to_num(np.sqrt(left), nan=np.inf), weights


def _best_of_each(found: list[tuple[float, int, int, Any]]) -> list[tuple[float, int, int, Any]]:
    """For each quantity the plainest of those that do about as well, and the best."""
    chosen: list[tuple[float, int, int, Any]] = []
    for k in sorted({each[1] for each in found}):
        own = sorted(each for each in found if each[1] == k)
        plainest = min((e for e in own if e[0] <= _ALIKE * own[0][0]), key=lambda e: e[2])
        chosen += [plainest] if plainest is own[0] else [plainest, own[0]]
    return chosen
