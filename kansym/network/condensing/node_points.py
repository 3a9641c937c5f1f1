"""A node's values on the sample, compressed to a fixed number of weighted points."""

import numpy as np
from jaxtyping import Float

__all__ = ["POINTS", "compress"]

POINTS = 128
"""Points per node."""
_MOST_DISTINCT = 64
_ROUNDING = 1024 * np.finfo(np.float64).eps


def compress(
    values: Float[np.ndarray, " rows"],
) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points"]]:
    """Points over the range of the values, ascending, and the share of the values at each.

    Half of the points are quantiles (or all distinct values, if they are few), the others are
    even over the range. A value between two points is shared between them linearly, so that sums
    and means are kept.

    Examples
    --------
    >>> points, density = compress(np.array([1.0, 2.0, 2.0, 4.0]))
    >>> len(points), density[points == 2.0].tolist(), float(points @ density)
    (128, [0.5], 2.25)
    """
    low, high = float(values.min()), float(values.max())
    # Values that differ by rounding alone leave no room for points between them.
    if not high - low > _ROUNDING * max(abs(low), abs(high)):
        points = low + np.linspace(0.0, 1.0, POINTS) * max(abs(low), 1.0) * 1e-9
        return points, np.full(POINTS, 1.0 / POINTS)
    points = _points(values, low, high)
    place = np.clip(np.searchsorted(points, values, side="right") - 1, 0, POINTS - 2)
    share = np.clip((values - points[place]) / np.diff(points)[place], 0.0, 1.0)
    density = np.bincount(place, 1.0 - share, POINTS) + np.bincount(place + 1, share, POINTS)
    return points, density / len(values)


def _points(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Distinct points, ends included."""
    own = _distinct(values, (high - low) * 1e-9)
    if len(own) > _MOST_DISTINCT:
        own = np.quantile(values, np.linspace(0.0, 1.0, _MOST_DISTINCT))
    even = np.linspace(low, high, POINTS - len(own) + 2)[1:-1]
    points = _distinct(np.concatenate([own, even]), (high - low) * 1e-9)
    while len(points) < POINTS:
        # Rounded, so that of equally wide gaps the first is taken whatever the last digits.
        gap = int(np.argmax(np.round(np.diff(points) / (high - low), 9)))
        points = np.insert(points, gap + 1, (points[gap] + points[gap + 1]) / 2)
    return points


def _distinct(values: np.ndarray, resolution: float) -> np.ndarray:
    """Sorted values without those closer than the resolution to the one before."""
    ordered = np.sort(values)
    found = ordered[np.concatenate([[True], np.diff(ordered) > resolution])]
    found[-1] = ordered[-1]
    return found
