"""Which of many curves are straight lines, or parabolas."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

__all__ = ["Polynomials", "are_straight", "fit_polynomials"]

Array = np.ndarray
_SMALL = 1e-3


@dataclass(frozen=True)
class Polynomials:
    """Polynomials fitted to curves: coefficients of powers 0, 1, ..., and largest misses."""

    coefficients: Float[Array, "powers curves"]
    misses: Float[Array, " curves"]


def fit_polynomials(
    x: Float[Array, " points"], y: Float[Array, "points curves"], degree: int
) -> Polynomials:
    """Least-squares polynomials of one degree, all curves together.

    Examples
    --------
    >>> x = np.linspace(0.0, 1.0, 9)
    >>> fit_polynomials(x, np.stack([2 * x + 1, x * x], axis=1), 1).misses.round(3).tolist()
    [0.0, 0.146]
    """
    middle, half = (x[0] + x[-1]) / 2, (x[-1] - x[0]) / 2
    t = (x - middle) / half
    orthogonal, triangle = np.linalg.qr(np.vander(t, degree + 1, increasing=True))
    inner = orthogonal.T @ y
    misses = np.abs(y - orthogonal @ inner).max(axis=0)
    in_t = np.linalg.solve(triangle, inner)
    back = np.zeros((degree + 1, degree + 1))
    for power in range(degree + 1):
        row = np.polynomial.polynomial.polypow([-middle / half, 1.0 / half], power)
        back[: power + 1, power] = row
    return Polynomials(back @ in_t, misses)


def are_straight(
    fitted: Polynomials, heights: Float[Array, " curves"], spread: Array, tolerance: float
) -> Bool[Array, " curves"]:
    """Whether curves miss their line by no more than the tolerance.

    Parameters
    ----------
    fitted : the lines.
    heights : range of every curve.
    spread : range of the largest curve into the same target: the misses of a curve that is far
        smaller count over a thousandth of it.
    tolerance : relative.
    """
    return fitted.misses <= tolerance * np.maximum(heights, _SMALL * spread)
