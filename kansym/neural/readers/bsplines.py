"""B-splines in numpy, for readers of KANs.

References
----------
C. de Boor, A Practical Guide to Splines, Springer 2001, chapter IX.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.interpolate import BSpline

__all__ = ["KnotSplines", "UniformSplines"]

Array = np.ndarray


@dataclass(frozen=True)
class UniformSplines:
    """All B-splines of a uniform grid, going on as straight lines outside it.

    Examples
    --------
    >>> UniformSplines(0.0, 1.0, 2, 1)(np.array([0.25, 3.0])).tolist()
    [[0.5, 0.5, 0.0], [0.0, -4.0, 5.0]]
    """

    low: float
    high: float
    grid: int
    degree: int

    def __call__(self, x: Float[Array, " points"]) -> Float[Array, "points functions"]:
        position = (x - self.low) * (self.grid / (self.high - self.low))
        inside = np.clip(position, 0.0, self.grid)
        knots = np.arange(-self.degree, self.grid + self.degree + 1.0)
        splines = BSpline(knots, np.eye(self.grid + self.degree), self.degree)
        values, outside = splines(inside), position != inside
        if outside.any():
            beyond = (position - inside)[outside, None]
            values[outside] += beyond * splines(inside[outside], nu=1)
        return values


@dataclass(frozen=True)
class KnotSplines:
    """All B-splines of given knots; zero outside them, intervals closed on the left.

    Examples
    --------
    >>> KnotSplines((0.0, 1.0, 2.0), 1)(np.array([0.25, 3.0])).tolist()
    [[0.25], [0.0]]
    """

    knots: tuple[float, ...]
    degree: int

    def __call__(self, x: Float[Array, " points"]) -> Float[Array, "points functions"]:
        knots = np.array(self.knots)
        x = x[:, None]
        found = ((x >= knots[:-1]) & (x < knots[1:])).astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            for p in range(1, self.degree + 1):
                left = (x - knots[: -p - 1]) / (knots[p:-1] - knots[: -p - 1])
                right = (knots[p + 1 :] - x) / (knots[p + 1 :] - knots[1:-p])
                # Knots that coincide give 0/0, which counts as zero.
                found = np.nan_to_num(left * found[:, :-1] + right * found[:, 1:])
        return found
