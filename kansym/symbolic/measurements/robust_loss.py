"""Huber's loss: rows far from the formula count by their distance, not by its square.

References
----------
P. J. Huber, Robust Statistics, chapters 6 and 7, doi:10.1002/0471725250.
"""

import numpy as np

from kansym.symbolic.measurements.misfit import DownWeighted, Misfit
from kansym.symbolic.measurements.search import Bounds, LocalMinimum, local_minimum

__all__ = ["huber_fit", "huber_variance", "huber_weights"]

_TURN = 1.345
"""Standard errors from which on a row counts less: 95 % efficient if the noise is normal."""
_MEDIAN = 0.6744897501960817
"""Median of the size of a normal variable of variance 1."""
_ROUNDS = 100
_SAME = 1e-10


def huber_weights(residuals: np.ndarray, scale: float) -> np.ndarray:
    """Weight of each row, 1 within the turning point.

    Examples
    --------
    >>> huber_weights(np.array([0.5, -13.45]), 1.0)
    array([1. , 0.1])
    """
    return np.minimum(1.0, _TURN * scale / np.maximum(np.abs(residuals), 1e-300))


def robust_scale(residuals: np.ndarray, constants: int) -> float:
    """Spread of the residuals that outliers do not widen, constants counted."""
    n = len(residuals)
    # The median of the n - p largest: p residuals may be zero because they were fitted.
    sizes = np.sort(np.abs(residuals))[min(constants, max(n - 1, 0)) :]
    return float(np.median(sizes)) / _MEDIAN if len(sizes) else 0.0


def huber_fit(
    misfit: Misfit, found: LocalMinimum, bounds: Bounds, *, absolute: bool
) -> tuple[LocalMinimum, np.ndarray, float]:
    """From the least squares to the least Huber loss, by weights that follow the residuals.

    Returns
    -------
    The minimum, the weight of each row, and the scale of the residuals.
    """
    roots = np.ones(len(misfit.residuals(found.constants)))
    scale = 1.0
    for _ in range(_ROUNDS):
        residuals = misfit.residuals(found.constants)
        scale = 1.0 if absolute else robust_scale(residuals, len(found.constants))
        if scale == 0:
            break
        roots = np.sqrt(huber_weights(residuals, scale))
        before = found.constants
        found = local_minimum(DownWeighted(misfit, roots), before, bounds)
        if np.all(np.abs(found.constants - before) <= _SAME * np.abs(before)):
            break
    return found, roots**2, scale


def huber_variance(residuals: np.ndarray, scale: float, freedom: int) -> float:
    """Factor of the inverse curvature that gives the covariance of the constants.

    Huber's estimate, with his correction for the number of constants.
    """
    u = residuals / scale if scale > 0 else residuals
    inside = np.abs(u) <= _TURN
    psi = np.clip(u, -_TURN, _TURN)
    n = len(u)
    share = max(float(inside.mean()), 1.0 / n)
    correction = 1 + (n - freedom) / n * (1 - share) / share
    return float((correction * scale / share) ** 2 * np.dot(psi, psi) / max(freedom, 1))
