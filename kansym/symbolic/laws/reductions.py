"""Steps to a smaller problem that the gradient of a smooth fit suggests, or trials beside it.

Every step takes at least one quantity away: one that does not matter, a scaling or translation
under which the law keeps its form, a factor or a term of one quantity. It is confirmed by a smooth
fit to the smaller problem, which must be about as good.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

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

__all__ = ["Step", "steps_from"]

_KEPT = 2.0
"""How much worse the smooth fit of a smaller problem may be: it is as a rule better."""
_VARIES, _SMALL = 5.0, 1e-3
"""How much small errors of right fits vary: they are those of a few rows in corners."""
_FLOOR = 5e-5
_ROUNDING, _QUANTITY = 1e-13, 1.5
"""Least error of a fit, and decades by which one in a quantity less is better of itself."""
_OUTER = (
    "1/y", "y^2", "-y^2", "1/y^2", "log y", "log -y", "sqrt y", "exp y", "sin y", "cos y", "tan y",
)  # fmt: skip
"""Functions of the target under which terms are sought."""
_OF_PRODUCTS = ("log y", "log -y", "exp y", "sin y", "cos y", "tan y")
"""Those under which factors and scalings are sought too, log y for f(u)^v; those of y are of its
powers as well."""


@dataclass(frozen=True, eq=False)
class Step:
    """A smaller problem, its smooth fit, and the error of it."""

    state: Reduced
    fit: Smooth

    @property
    def cost(self) -> float:
        """How far it seems from a law: decades of the error, and more for every quantity."""
        return float(np.log10(max(self.fit.error, _ROUNDING))) + _QUANTITY * len(
            self.state.quantities
        )

    @classmethod
    def confirmed(cls, state: Reduced, before: Smooth, noise: float = 0.0) -> "Step | None":
        """The step to a state if a smooth fit to it leaves about as little as before, or noise."""
        if not len(state.quantities) or not np.isfinite(state.rest).all():
            return None
        fit = smooth(state.quantities.values, state.rest)
        limit = max(_KEPT * max(before.error, noise), min(_VARIES * before.error, _SMALL), _FLOOR)
        return cls(state, fit) if fit is not None and fit.error <= limit else None


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
