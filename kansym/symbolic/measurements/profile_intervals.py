"""Intervals of constants by profile likelihood: no straight line is assumed.

A constant is moved away from its best value, the others are fitted again, and the interval ends
where the misfit has grown by what the level allows; beside a bound it has one side.

References
----------
D. M. Bates, D. G. Watts, Nonlinear Regression Analysis and Its Applications, chapter 6,
doi:10.1002/9780470316757.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from kansym.symbolic.measurements.misfit import Misfit
from kansym.symbolic.measurements.search import Bounds, Pinned, cost, local_minimum

__all__ = ["Profile"]

_DOUBLINGS = 25
_REFIT_STEPS = 60
_DIGITS = 1e-4
"""Relative accuracy of the ends of an interval: more digits than it is printed with."""


@dataclass(frozen=True, eq=False)
class Profile:
    """A minimum whose surroundings are to be explored.

    Attributes
    ----------
    misfit : with all constants.
    best : the constants at the minimum.
    bounds : of the constants.
    variance : of the residuals in units of their errors, 1 if the errors are absolute.
    freedom : degrees of freedom of that variance, infinite if it is known.
    """

    misfit: Misfit
    best: np.ndarray
    bounds: Bounds
    variance: float
    freedom: float

    def interval(self, index: int, step: float, level: float) -> tuple[float, float]:
        """Both ends for one constant; an end is infinite if the misfit never grows that much.

        Parameters
        ----------
        index : of the constant.
        step : about a standard error.
        level : such as 0.95; all of it lies on one side if the constant is at a bound.
        """
        at_low = self.best[index] <= self.bounds.low[index]
        at_high = self.best[index] >= self.bounds.high[index]
        share = level if at_low or at_high else 0.5 + level / 2
        known = math.isinf(self.freedom)
        wanted = float(special.ndtri(share) if known else special.stdtrit(self.freedom, share))
        low = self.best[index] if at_low else self._end(index, -step, wanted)
        high = self.best[index] if at_high else self._end(index, step, wanted)
        return float(low), float(high)

    def _end(self, index: int, step: float, wanted: float) -> float:
        """Where the signed root of the growth passes the quantile."""
        bound = self.bounds.high[index] if step > 0 else self.bounds.low[index]
        least = cost(self.misfit, self.best)
        others = np.delete(np.arange(len(self.best)), index)
        state = {"start": self.best[others]}

        def beyond(away: float) -> float:
            whole = self.best.copy()
            whole[index] += away
            pinned = Pinned(self.misfit, whole, others)
            now = np.inf
            if len(others):
                found = local_minimum(
                    pinned, state["start"], self.bounds.but(index), max_steps=_REFIT_STEPS
                )
                now = cost(pinned, found.constants)
                if np.isfinite(now):
                    state["start"] = found.constants
            else:
                now = cost(self.misfit, whole)
            grown = max(now - least, 0.0) / self.variance
            return min(math.sqrt(grown), 1e9) - wanted

        inside, outside = 0.0, step * wanted
        for _ in range(_DOUBLINGS):
            if abs(outside) >= abs(bound - self.best[index]):
                outside = bound - self.best[index]
                if beyond(outside) <= 0:
                    return float(bound)
                break
            if beyond(outside) > 0:
                break
            inside, outside = outside, 2 * outside
        else:
            return math.copysign(math.inf, step)
        root = optimize.brentq(beyond, inside, outside, rtol=_DIGITS, xtol=_DIGITS * abs(step))
        return float(self.best[index] + root)
