"""Smaller problems by trial, where a smooth fit is too poor for its gradient to show them.

A polynomial in many quantities misses much, and its derivatives more. In one quantity less it is
better if the law keeps its form there: every power of one quantity is tried as a factor, and every
short product of two in their place, and what held-out rows say decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from kansym.symbolic.laws.columns import Quantities, monomial
from kansym.symbolic.laws.reduced import Reduced
from kansym.symbolic.laws.smooth import Smooth

__all__ = ["by_trial"]

_POOR, _FEWEST = 1e-2, 3
"""Error of a smooth fit from which on its gradient says little, and quantities from which on."""
_POWERS = (1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0)
_PRODUCTS = (1.0, -1.0, 2.0, -2.0, 0.5, -0.5)
_BEST, _LONGER = 3, 0.1
"""Trials that are handed on, and the part of an error that a longer one must save."""


@dataclass(frozen=True)
class _Trial:
    """Over x_j^power, quantity i times x_j^other in the place of both; only over it if i is None.

    Attributes
    ----------
    length : how long it is to write.
    """

    j: int
    power: float
    i: int | None = None
    other: float = 0.0

    @property
    def length(self) -> float:
        return abs(self.power) + (0.0 if self.i is None else 1 + abs(self.other))

    def factor(self, x: np.ndarray) -> np.ndarray:
        """What the target is divided by."""
        return np.abs(x[:, self.j]) ** self.power

    def quantities(self, x: np.ndarray) -> np.ndarray:
        """Those that are left."""
        left = x.copy()
        if self.i is not None:
            left[:, self.i] *= np.abs(x[:, self.j]) ** self.other
        return np.delete(left, self.j, axis=1)

    def applied(self, state: Reduced) -> Reduced:
        """The smaller problem."""
        x, exprs = state.quantities.values, list(state.quantities.exprs)
        own = exprs[self.j] if x[0, self.j] > 0 else -exprs[self.j]
        if self.power:
            every = list(range(len(exprs)))
            state = state.divided(self.factor(x), monomial([own], [self.power]), every)
        if self.i is not None:
            exprs[self.i] *= monomial([own], [self.other])
        del exprs[self.j]
        left = Quantities(self.quantities(x), tuple(exprs))
        return state.in_terms_of(left, "in groups " + ", ".join(map(str, exprs)))


def by_trial(state: Reduced, fit: Smooth) -> Iterator[Reduced]:
    """The problems of one quantity less in which held-out rows are met best; the best first."""
    if fit.error < _POOR or len(state.quantities) < _FEWEST or state.carried is not None:
        return
    x, z = state.quantities.values, state.target
    found = []
    with np.errstate(all="ignore"):
        for trial in _trials(x):
            factor = trial.factor(x)
            error = fit.error_for(trial.quantities(x), z / factor, factor)
            if error < fit.error:
                found.append((error * (1 + _LONGER * trial.length), trial))
    for _, trial in sorted(found, key=lambda each: each[0])[:_BEST]:
        yield trial.applied(state)


def _trials(x: np.ndarray) -> Iterator[_Trial]:
    """Powers of quantities of one sign as factors, and products with them."""
    steady = np.flatnonzero((x > 0).all(axis=0) | (x < 0).all(axis=0)).tolist()
    for j, power in product(steady, _POWERS):
        yield _Trial(j, power)
    for (i, j), other in product(combinations(range(x.shape[1]), 2), _PRODUCTS):
        if j not in steady:
            i, j = j, i
        if j in steady:
            for power in (0.0, 1.0, -1.0) if abs(other) == 1 else (0.0,):
                yield _Trial(j, power, i, other)
