"""Nonlinear least squares in a trust region, for models with exact derivatives.

The steps are Levenberg and Marquardt's in Moré's form: columns scaled by their largest norm so
far, the step limited by a radius that follows how well the linear model predicted. Singular values
instead of normal equations keep ill-conditioned problems solvable to the last digits.

References
----------
J. J. Moré, The Levenberg-Marquardt algorithm, doi:10.1007/BFb0067700.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kansym.shared.deadline import Deadline

__all__ = ["Solution", "minimise"]

Point = tuple[np.ndarray, np.ndarray]
Model = Callable[[np.ndarray], np.ndarray]

_FIRST_RADIUS = 100.0
_ACCEPTED = 1e-4
_ORTHOGONAL = 1e-10
_SMALL_STEP = 1e-13
_SMALLEST_RADIUS = 1e-15


@dataclass(frozen=True)
class Solution:
    """Where the search ended.

    Attributes
    ----------
    x : the parameters, shape (parameters,).
    cost : half the sum of squares.
    converged : whether the residuals are orthogonal to the columns of the Jacobian, or the
        steps have become smaller than rounding.
    steps : number of trial steps.
    """

    x: np.ndarray
    cost: float
    converged: bool
    steps: int


def minimise(
    residuals: Model,
    jacobian: Model,
    start: np.ndarray,
    *,
    max_steps: int = 200,
    floor: float = 0.0,
    deadline: Deadline | None = None,
    first_radius: float = _FIRST_RADIUS,
    enough: float = 0.0,
) -> Solution:
    """Find the parameters with the smallest sum of squared residuals.

    Parameters
    ----------
    residuals : from parameters (p,) to residuals (n,); not finite where undefined.
    jacobian : from parameters to derivatives (n, p); asked only where the residuals are finite,
        right after :func:`residuals` at the same place or the last accepted one.
    start : parameters to begin with.
    max_steps : trial steps.
    floor : a sum of squares below which nothing is left to gain.
    deadline : when to stop with what there is.
    first_radius : length of the first step, relative to the scaled start.
    enough : share of the cost below which a further decrease is not worth a step.

    Examples
    --------
    >>> rosenbrock = lambda x: np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])
    >>> slopes = lambda x: np.array([[-20 * x[0], 10.0], [-1.0, 0.0]])
    >>> minimise(rosenbrock, slopes, np.array([-1.2, 1.0])).x.round(9).tolist()
    [1.0, 1.0]
    """
    x = np.asarray(start, dtype=float)
    r = residuals(x)
    cost = _cost(r)
    if not np.isfinite(cost) or x.size == 0:
        return Solution(x, cost, x.size == 0, 0)
    scale = np.zeros_like(x)
    radius, steps = -1.0, 0
    while steps < max_steps and not (deadline and deadline.passed):
        j = jacobian(x)
        if not np.isfinite(j).all():
            return Solution(x, cost, False, steps)
        norms = np.linalg.norm(j, axis=0)
        scale = np.maximum(scale, np.where(norms > 0, norms, np.where(scale > 0, scale, 1e-300)))
        if radius < 0:
            radius = first_radius * (float(np.linalg.norm(scale * x)) or 1.0)
        factors = _decomposed(j / scale, r)
        if _finished(factors, r, cost, floor):
            return Solution(x, cost, True, steps)
        moved = False
        while not moved and steps < max_steps:
            steps += 1
            step, length = _step(factors, radius)
            trial = x + step / scale
            predicted = _predicted(factors, step)
            if 0 <= predicted < enough * cost:
                return Solution(x, cost, True, steps)
            r_new = residuals(trial)
            new = _cost(r_new)
            gain = (cost - new) / predicted if np.isfinite(new) and predicted > 0 else -1.0
            radius = _radius(gain, length, radius)
            if gain > _ACCEPTED or (new <= cost and predicted > 0):
                moved = True
                tiny = length <= _SMALL_STEP * np.linalg.norm(scale * trial)
                x, r, cost = trial, r_new, new
                if tiny:
                    return Solution(x, cost, True, steps)
            elif length <= _SMALLEST_RADIUS * np.linalg.norm(scale * x) or length == 0:
                return Solution(x, cost, _nearly(factors, r), steps)
            elif predicted <= 1e-15 * cost:
                return Solution(x, cost, True, steps)
    return Solution(x, cost, False, steps)


def _cost(r: np.ndarray) -> float:
    with np.errstate(all="ignore"):
        return float(0.5 * np.dot(r, r))


Factors = tuple[np.ndarray, np.ndarray, np.ndarray]


def _decomposed(j: np.ndarray, r: np.ndarray) -> Factors:
    """Singular values, right vectors, and the residuals' components along the left ones."""
    if len(j) > 4 * j.shape[1]:
        # The residuals ride along as one more column: no need for the orthogonal factor.
        triangle = np.asarray(np.linalg.qr(np.column_stack([j, r]), mode="r"))
        j, r = triangle[:-1, :-1], triangle[:-1, -1]
    u, s, vt = np.linalg.svd(j, full_matrices=False)
    return s, vt, u.T @ r


def _finished(factors: Factors, r: np.ndarray, cost: float, floor: float) -> bool:
    return bool(2 * cost <= floor or np.linalg.norm(factors[2]) <= _ORTHOGONAL * np.linalg.norm(r))


def _nearly(factors: Factors, r: np.ndarray) -> bool:
    return bool(np.linalg.norm(factors[2]) <= 1e-5 * np.linalg.norm(r))


def _step(factors: Factors, radius: float) -> tuple[np.ndarray, float]:
    """The step of the linear model, no longer than the radius."""
    s, vt, along = factors
    alive = s > 1e-15 * s[0]
    s, along = s[alive], along[alive]
    plain = along / s
    if np.linalg.norm(plain) <= 1.1 * radius:
        return -vt[alive].T @ plain, float(np.linalg.norm(plain))
    damping = float(s[0] * np.linalg.norm(along) / radius) * 1e-3
    for _ in range(30):
        weights = s * along / (s**2 + damping)
        length = np.linalg.norm(weights)
        if abs(length - radius) <= 0.1 * radius:
            break
        slope = -np.sum(weights**2 / (s**2 + damping)) / length
        damping = max(damping - length / radius * (length - radius) / slope, damping * 1e-3)
    weights = s * along / (s**2 + damping)
    return -vt[alive].T @ weights, float(np.linalg.norm(weights))


def _predicted(factors: Factors, step: np.ndarray) -> float:
    """Decrease of the cost that the linear model promises."""
    s, vt, along = factors
    image = s * (vt @ step)
    return float(-np.dot(along, image) - 0.5 * np.dot(image, image))


def _radius(gain: float, length: float, radius: float) -> float:
    if gain < 0.25:
        return 0.25 * min(radius, length)
    return max(radius, 2.0 * length) if gain > 0.75 else radius
