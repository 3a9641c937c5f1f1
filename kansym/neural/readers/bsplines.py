"""B-splines in numpy, for readers of KANs.

References
----------
C. de Boor, A Practical Guide to Splines, Springer 2001, chapter IX.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

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
        interval = np.minimum(inside.astype(int), self.grid - 1)
        lower = _pieces(inside - interval, self.degree - 1)
        local = _raised(lower, inside - interval, self.degree)
        slopes = np.zeros_like(local)
        slopes[:, 1:] += lower
        slopes[:, :-1] -= lower
        local += (position - inside)[:, None] * slopes
        found = np.zeros((len(x), self.grid + self.degree))
        columns = interval[:, None] + np.arange(self.degree + 1)
        np.put_along_axis(found, columns, local, axis=1)
        return found


def _pieces(t: Float[Array, " points"], degree: int) -> Float[Array, "points functions"]:
    """The degree + 1 pieces that are not zero in an interval, at t in [0, 1]."""
    found = np.ones((len(t), 1))
    for p in range(1, degree + 1):
        found = _raised(found, t, p)
    return found


def _raised(lower: Array, t: Array, p: int) -> Array:
    """Pieces of degree p from those of degree p - 1 (Cox and de Boor, uniform knots)."""
    found = np.zeros((len(t), p + 1))
    steps = np.arange(p)
    found[:, 1:] += (t[:, None] + p - 1 - steps) * lower / p
    found[:, :-1] += (1 - t[:, None] + steps) * lower / p
    return found


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
