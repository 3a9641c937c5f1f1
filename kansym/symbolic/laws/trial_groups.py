"""Smaller problems by trial, where a smooth fit is too poor for its gradient to show them.

A polynomial in many quantities misses much, and its derivatives more. In one quantity less it is
better if the law keeps its form there: every power of one quantity is tried as a factor, and as a
factor of the others, every sum of two in their place; what held-out rows say decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from kansym.symbolic.laws.columns import Quantities, monomial
from kansym.symbolic.laws.reduced import Reduced
from kansym.symbolic.laws.smooth import Smooth

__all__ = ["by_trial"]

_POOR, _FEWEST = 3e-4, 3
"""Error of a smooth fit from which on its gradient says little, and quantities from which on."""
_POWERS = (1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0)
_IN_PAIRS = (2.0, -2.0, 0.5, -0.5)
_FEW = 4
"""Quantities up to which any of them may be multiplied by a common one."""
_BEST, _LONGER = 3, 0.1
"""Trials that are handed on, and the part of an error that a longer one must save."""


@dataclass(frozen=True)
class _Scaling:
    """Over x_j^power, in the other quantities times powers of x_j.

    Attributes
    ----------
    into : powers of x_j in every quantity, that of itself 0.
    """

    j: int
    power: float
    into: tuple[float, ...]

    @property
    def length(self) -> float:
        """How long it is to write."""
        return abs(self.power) + sum(1 + abs(each) for each in self.into if each)

    def factor(self, x: np.ndarray) -> np.ndarray:
        """What the target is divided by."""
        return np.abs(x[:, self.j]) ** self.power

    def quantities(self, x: np.ndarray) -> np.ndarray:
        """Those that are left."""
        left = x * np.abs(x[:, [self.j]]) ** np.array(self.into)
        return np.delete(left, self.j, axis=1)

    def applied(self, state: Reduced) -> Reduced:
        """The smaller problem."""
        x, exprs = state.quantities.values, list(state.quantities.exprs)
        own = state.quantities.magnitude(self.j)
        if self.power:
            every = list(range(len(exprs)))
            state = state.divided(self.factor(x), monomial([own], [self.power]), every)
        left = [e * monomial([own], [p]) for e, p in zip(exprs, self.into, strict=True)]
        del left[self.j]
        groups = Quantities(self.quantities(x), tuple(left))
        return state.in_terms_of(groups, "in groups " + ", ".join(map(str, left)))


@dataclass(frozen=True)
class _Sum:
    """In x_i^power + sign x_j^power in the place of both."""

    i: int
    j: int
    sign: int
    power: int

    @property
    def length(self) -> float:
        """How long it is to write."""
        return 2.0 * self.power

    def factor(self, x: np.ndarray) -> np.ndarray:
        """What the target is divided by."""
        return np.ones(len(x))

    def quantities(self, x: np.ndarray) -> np.ndarray:
        """Those that are left."""
        left = x.copy()
        left[:, self.i] = x[:, self.i] ** self.power + self.sign * x[:, self.j] ** self.power
        return np.delete(left, self.j, axis=1)

    def applied(self, state: Reduced) -> Reduced:
        """The smaller problem."""
        exprs = list(state.quantities.exprs)
        exprs[self.i] = exprs[self.i] ** self.power + self.sign * exprs[self.j] ** self.power
        named = exprs[self.i]
        del exprs[self.j]
        left = Quantities(self.quantities(state.quantities.values), tuple(exprs))
        return state.in_terms_of(left, f"in {named}")


def by_trial(state: Reduced, fit: Smooth) -> Iterator[Reduced]:
    """The problems of one quantity less in which held-out rows are met best; the best first."""
    if fit.error < _POOR or len(state.quantities) < _FEWEST or state.carried is not None:
        return
    x, z = state.quantities.values, state.target
    found = []
    with np.errstate(all="ignore"):
        before = max(fit.error, fit.error_for(x, z, np.ones(len(z))))
        for trial in _trials(state.quantities):
            factor = trial.factor(x)
            error = fit.error_for(trial.quantities(x), z / factor, factor)
            if error < before:
                found.append((error * (1 + _LONGER * trial.length), trial))
    for _, trial in sorted(found, key=lambda each: each[0])[:_BEST]:
        yield trial.applied(state)


def _trials(quantities: Quantities) -> Iterator[_Scaling | _Sum]:
    """Powers of quantities of one sign as factors, products with them, and sums of two."""
    count = len(quantities)
    for (i, j), sign, power in product(combinations(range(count), 2), (1, -1), (1, 2)):
        yield _Sum(i, j, sign, power)
    alone = (0.0,) * count
    for j in np.flatnonzero(quantities.steady).tolist():
        yield from (_Scaling(j, power, alone) for power in _POWERS)
        others = [k for k in range(count) if k != j]
        for into in product((0.0, 1.0, -1.0), repeat=len(others)):
            together = sum(map(bool, into))
            if together == 1 or (together > 1 and count <= _FEW):
                powers = (*into[:j], 0.0, *into[j:])
                yield from (_Scaling(j, power, powers) for power in (0.0, 1.0, -1.0))
        for k, power in product(others, _IN_PAIRS):
            yield _Scaling(j, 0.0, tuple(power if place == k else 0.0 for place in range(count)))
