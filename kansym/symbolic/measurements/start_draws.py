"""Where constants may begin: random draws of the sizes that the inputs suggest."""

from collections.abc import Iterator, Mapping

import numpy as np

from kansym.symbolic.measurements.given_formula import GivenFormula

__all__ = ["screened", "start_draws"]

_NEGATIVE = 0.3
"""Share of negative draws: most rates, lengths and powers are positive."""
_DECADES = 0.5
"""Spread of a draw around the size suggested, in powers of ten."""


def start_draws(
    formula: GivenFormula, given: Mapping[str, float], count: int, seed: int
) -> Iterator[np.ndarray]:
    """Values of the free constants to begin with; those that are given stay.

    A constant beside an input has its size or one over it (a centre, a rate), else about one.

    Parameters
    ----------
    formula : with the rows.
    given : values of some of the constants.
    count : number of draws; the first is one for all that is not given.
    seed : of the draws.
    """
    rng = np.random.default_rng(seed)
    sizes = _sizes(formula.X)
    first = np.array([given.get(name, 1.0) for name in formula.free])
    known = np.array([name in given for name in formula.free], dtype=bool)
    yield first
    for _ in range(count - 1):
        size = rng.choice(sizes, len(first)) * 10.0 ** rng.normal(0.0, _DECADES, len(first))
        sign = np.where(rng.random(len(first)) < _NEGATIVE, -1.0, 1.0)
        yield np.where(known, first, sign * size)


def _sizes(X: np.ndarray) -> np.ndarray:
    """Typical sizes of the inputs and their spreads, one over them, and one, twice as often."""
    with np.errstate(all="ignore"):
        every = np.concatenate([np.median(np.abs(X), axis=0), np.std(X, axis=0)])
        every = np.concatenate([every, 1.0 / every])
    every = every[np.isfinite(every) & (every > 0)]
    return np.concatenate([every, np.ones(max(1, len(every) // 2))])


def screened(costs: np.ndarray, draws: list[np.ndarray], most: int) -> list[np.ndarray]:
    """The draws of least cost, the first one always among them."""
    order = np.argsort(costs, kind="stable")
    best = [draws[i] for i in order[:most] if np.isfinite(costs[i])]
    first = draws[0]
    return best if any(draw is first for draw in best) else [*best, first]
