"""Nonlinear least squares of one dense problem: Levenberg-Marquardt, as in MINPACK.

The steps are Moré's, through scipy: columns scaled, the step limited by a radius. What is added is
how a search ends early, at a deadline or at an error that is small enough, and that a model may be
undefined at a trial point. Many problems at once: `kansym.symbolic.fitting.levenberg_marquardt`.

References
----------
J. J. Moré, The Levenberg-Marquardt algorithm, doi:10.1007/BFb0067700.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import leastsq

from kansym.shared.deadline import Deadline

__all__ = ["Solution", "minimise"]

Model = Callable[[np.ndarray], np.ndarray]

# Cosine between residuals and columns, and relative length of a step, that are rounding errors.
_ORTHOGONAL, _SMALL_STEP = 1e-10, 1e-13
# A residual in place of one that is undefined: its square is finite, and no step leads there.
_UNDEFINED = 1e150
# Rows times squared columns that MINPACK's factorisation, which is not interrupted, does a second.
_PACE = 1e9
# MINPACK's codes for a search that has run out of evaluations, and for wrong arguments.
_FAILED = (0, 5)


@dataclass(frozen=True)
class Solution:
    """Where the search ended.

    Attributes
    ----------
    x : the parameters, shape (parameters,).
    cost : half the sum of squares.
    converged : whether the residuals are orthogonal to the columns of the Jacobian, or no step
        leads to anything better.
    steps : number of trial steps.
    """

    x: np.ndarray
    cost: float
    converged: bool
    steps: int


def minimise(  # noqa: PLR0913 - a model, and when to stop
    residuals: Model,
    jacobian: Model,
    start: np.ndarray,
    *,
    max_steps: int = 200,
    floor: float = 0.0,
    deadline: Deadline | None = None,
    first_radius: float = 100.0,
    enough: float = 0.0,
    hopeless: Callable[[float], bool] | None = None,
) -> Solution:
    """Find the parameters with the smallest sum of squared residuals.

    Parameters
    ----------
    residuals : from parameters (p,) to residuals (n,); not finite where undefined.
    jacobian : from parameters to derivatives (n, p); asked only where the residuals are finite,
        right after :func:`residuals` at the same place.
    start : parameters to begin with.
    max_steps : trial steps.
    floor : a sum of squares below which nothing is left to gain.
    deadline : when to stop with what there is.
    first_radius : length of the first step, relative to the scaled start, 0.1 to 100.
    enough : relative decrease of the sum of squares that is no longer worth a step.
    hopeless : asked with half the sum of squares before every step; if true, the search ends.

    Examples
    --------
    >>> rosenbrock = lambda x: np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])
    >>> slopes = lambda x: np.array([[-20 * x[0], 10.0], [-1.0, 0.0]])
    >>> minimise(rosenbrock, slopes, np.array([-1.2, 1.0])).x.round(9).tolist()
    [1.0, 1.0]
    """
    start = np.asarray(start, dtype=float)
    problem = _Watched(residuals, jacobian, start, floor, deadline, hopeless)
    if not np.isfinite(problem.cost) or start.size == 0 or max_steps == 0:
        return Solution(start, problem.cost, start.size == 0, 0)
    try:
        *_, code = leastsq(
            _remembered(problem.residual), start, Dfun=_remembered(problem.slopes),
            full_output=True, maxfev=max_steps, factor=first_radius,
            ftol=max(enough, 1e-15), xtol=_SMALL_STEP, gtol=_ORTHOGONAL,
        )  # fmt: skip
        converged = code not in _FAILED
    except _EndedError:
        converged = 2 * problem.cost <= floor
    return Solution(problem.best, problem.cost, converged, problem.steps)


class _EndedError(Exception):
    """Nothing is left to gain, or no time."""


class _Watched:
    """A problem as MINPACK wants it, which remembers its best point and ends the search early."""

    def __init__(
        self,
        residuals: Model,
        jacobian: Model,
        start: np.ndarray,
        floor: float,
        deadline: Deadline | None,
        hopeless: Callable[[float], bool] | None,
    ) -> None:
        self.model, self.jacobian = residuals, jacobian
        self.floor, self.deadline, self.hopeless = floor, deadline, hopeless
        first = residuals(start)
        self.best, self.cost, self.steps = start, _cost(first), 0
        # A row for every parameter, at least.
        self.missing = max(0, start.size - first.size)
        self.seconds = max(first.size, start.size) * start.size**2 / _PACE

    def residual(self, x: np.ndarray) -> np.ndarray:
        """Finite residuals."""
        self.steps += 1
        r = self.model(x)
        cost = _cost(r)
        if cost < self.cost:
            self.best, self.cost = x.copy(), cost
        if 2 * self.cost <= self.floor or (self.deadline and self.deadline.passed):
            raise _EndedError
        if not np.isfinite(cost):
            r = np.full(r.shape, _UNDEFINED)
        return np.pad(r, (0, self.missing))

    def slopes(self, x: np.ndarray) -> np.ndarray:
        """Derivatives of the residuals."""
        late = self.deadline is not None and self.deadline.left() < self.seconds
        if late or (self.hopeless is not None and self.hopeless(self.cost)):
            raise _EndedError
        j = self.jacobian(x)
        if not np.isfinite(j).all():
            raise _EndedError
        return np.pad(j, ((0, self.missing), (0, 0)))


def _remembered(model: Model) -> Model:
    """A model that is not computed again where it was computed last: scipy asks thrice at first."""
    last: list[np.ndarray] = []

    def found(x: np.ndarray) -> np.ndarray:
        if not last or not np.array_equal(last[0], x):
            last[:] = [x.copy(), model(x)]
        return last[1]

    return found


def _cost(r: np.ndarray) -> float:
    with np.errstate(all="ignore"):
        return float(0.5 * np.dot(r, r))
