"""Steps to a smaller problem that the gradient of a smooth fit suggests, or trials beside it.

Every step takes at least one quantity away: one that does not matter, a scaling or translation
under which the law keeps its form, a factor or a term of one quantity. It is confirmed by a smooth
fit to the smaller problem, which must be about as good.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count, islice

import numpy as np

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.reduced import Reduced
from kansym.symbolic.laws.separable import (
    without_factors,
    without_monomial_terms,
    without_product_terms,
    without_terms,
)
from kansym.symbolic.laws.slopes import Slope, bent
from kansym.symbolic.laws.smooth import Smooth, smooth
from kansym.symbolic.laws.symmetries import (
    in_groups,
    in_pairs,
    in_sums,
    in_sums_of_monomials,
    in_translations,
)
from kansym.symbolic.laws.targets import targets_of
from kansym.symbolic.laws.trial_groups import by_trial

__all__ = ["Exploration", "Step", "steps_from"]

_KEPT = 2.0
"""How much worse the smooth fit of a smaller problem may be: it is as a rule better."""
_VARIES, _SMALL = 5.0, 1e-3
"""How much small errors of right fits vary: they are those of a few rows in corners."""
_FLOOR = 5e-5
_ROUNDING, _QUANTITY = 1e-13, 1.5
"""Least error of a fit, and decades by which one in a quantity less is better of itself."""
_WITHIN, _NO_WORSE, _NOISY = 1.3, 1.1, 8.0
"""Error over a known noise, or over that of the fit before, up to which a smaller problem is
believed, and how much more a decade counts then."""
_OUTER = (
    "1/y", "y^2", "-y^2", "1/y^2", "log y", "log -y", "sqrt y", "exp y", "sin y", "cos y", "tan y",
)  # fmt: skip
"""Functions of the target under which terms are sought."""
_OF_PRODUCTS = ("log y", "log -y", "exp y", "sin y", "cos y", "tan y")
"""Those under which factors and scalings are sought too, log y for f(u)^v; those of y are of its
powers as well."""


@dataclass(frozen=True, eq=False)
class Step:
    """A smaller problem, its smooth fit, and the noise of y over its spread."""

    state: Reduced
    fit: Smooth
    noise: float = 0.0

    @property
    def cost(self) -> float:
        """How far it seems from a law: decades of the error, and more for every quantity."""
        decades = float(np.log10(max(self.fit.error, self.noise, _ROUNDING)))
        return decades * (_NOISY if self.noise else 1.0) + _QUANTITY * len(self.state.quantities)

    def smaller(self, state: Reduced) -> "Step | None":
        """The step to a state if a smooth fit to it leaves about as little, or noise."""
        if not len(state.quantities) or not np.isfinite(state.rest).all():
            return None
        # Of noisy rows the error is that of y.
        fit = smooth(state.quantities.values, state.rest, state.scale if self.noise else None)
        before = self.fit.error
        if self.noise:
            limit = max(_WITHIN * self.noise, _NO_WORSE * before)
        else:
            limit = max(_KEPT * before, min(_VARIES * before, _SMALL), _FLOOR)
        return Step(state, fit, self.noise) if fit is not None and fit.error <= limit else None


class Exploration:
    """Smaller and smaller problems, the likeliest first, each once.

    Parameters
    ----------
    noise : of y over its spread; terms of unknown coefficients are carried in exact rows alone.
    """

    def __init__(self, noise: float = 0.0) -> None:
        self.noise, self.met = noise, set[tuple[str, ...]]()

    def steps(self, root: Step, most: int, until: Deadline) -> Iterator[Step]:
        """The root and up to so many smaller problems in all."""
        waiting, order = [(root.cost, 0, root)], count(1)
        for _ in range(most):
            if not waiting or until.passed:
                return
            step = heappop(waiting)[-1]
            yield step
            for state in steps_from(step.state, step.fit):
                if until.passed:
                    break
                smaller = self._confirmed(state, step)
                if smaller is not None:
                    heappush(waiting, (smaller.cost, next(order), smaller))

    def _confirmed(self, state: Reduced, step: Step) -> Step | None:
        """The step, unless the state was met before or its fit is worse.

        Terms that may be taken off as they are carried no more: functions of the rest can be tried.
        """
        for each in (state.settled(), state):
            if each is None or (self.noise and each.carried is not None):
                continue
            columns = [each.target, *(() if each.carried is None else each.carried.values.T)]
            key = (*map(_told, columns), *sorted(map(_told, each.quantities.values.T)))
            if key in self.met:
                return None
            self.met.add(key)
            found = step.smaller(each)
            if found is not None:
                return found
        return None


def _told(column: np.ndarray) -> str:
    """A few of its values: expressions of one problem may differ."""
    return " ".join(f"{value:.8g}" for value in column[:_TOLD])


_TOLD = 3
"""Rows by which columns are told apart."""


def steps_from(state: Reduced, fit: Smooth) -> Iterator[Reduced]:
    """Smaller problems that the gradient and trials suggest, not confirmed yet."""
    slope = Slope.of(state, fit)
    tried = by_trial(state, fit)
    yield from islice(tried, 1)
    yield from _without_idle(state, slope)
    if state.carried is None:
        for steps in (in_groups, in_pairs, in_sums, in_sums_of_monomials, in_translations):
            yield from steps(state, slope)
    yield from tried
    yield from without_factors(state, slope)
    yield from without_terms(state, slope)
    yield from without_product_terms(state, slope)
    yield from without_monomial_terms(state, slope)
    if state.carried is None:
        for target in targets_of(state.target, _OUTER):
            under = state.under(target)
            outer = Slope.of(under, bent(fit, target, state.target))
            yield from without_terms(under, outer)
            if target.name in _OF_PRODUCTS:
                # Groups of the target itself are those under any function of it.
                groups = in_groups(under, outer)
                yield from (each for each in groups if each.target is not under.target)
                yield from without_factors(under, outer)


def _without_idle(state: Reduced, slope: Slope) -> Iterator[Reduced]:
    """Without quantities that do not matter."""
    spread = slope.x.std(axis=0) * np.sqrt(np.mean(slope.gradient**2, axis=0))
    idle = spread <= max(slope.error, 1e-9) * np.std(slope.z)
    if idle.any() and not idle.all():
        kept = [int(k) for k in np.flatnonzero(~idle)]
        yield state.in_terms_of(state.quantities.take(kept), "")
