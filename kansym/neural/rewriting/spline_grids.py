"""The grid that a curve of units was written on: where its pieces join."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from kansym.network.activations import HardTanh, LeakyReLU, MaxOfLines, PowerReLU, relu
from kansym.network.condensing.unit_sums import UnitSum

__all__ = ["UniformGrid", "joints", "uniform_grid"]

_SAME = 1e-9


@dataclass(frozen=True)
class UniformGrid:
    """Equal intervals between low and high."""

    low: float
    high: float
    intervals: int


def joints(curves: list[UnitSum]) -> tuple[Float[np.ndarray, " joints"], float] | None:
    """Where pieces of these curves may join, ascending, and the largest power in them.

    None if a curve does not consist of pieces of polynomials.
    """
    found: list[float] = []
    largest = 1.0
    for curve in curves:
        for _, units, factor, shift in curve.units():
            ends = _ends(units.function)
            if units.width > 1 or ends is None or factor == 0:
                return None
            found += [(end - shift) / factor for end in ends]
            if isinstance(units.function, PowerReLU):
                largest = max(largest, units.function.power)
    return np.unique(found), largest


def _ends(function: object) -> list[float] | None:
    """Arguments at which a function changes from one polynomial to another."""
    if function is relu or isinstance(function, LeakyReLU):
        return [0.0]
    if isinstance(function, PowerReLU):
        return [0.0] if np.isinf(function.cap) else [0.0, function.cap]
    if isinstance(function, HardTanh):
        return [end for end in (function.low, function.high) if np.isfinite(end)]
    if isinstance(function, MaxOfLines):
        return _crossings(function)
    return None


def _crossings(lines: MaxOfLines) -> list[float]:
    """Where the largest of some lines changes."""
    slopes, intercepts = np.array(lines.slopes), np.array(lines.intercepts)
    found = []
    for i in range(len(slopes)):
        for j in range(i):
            if slopes[i] != slopes[j]:
                x = (intercepts[j] - intercepts[i]) / (slopes[i] - slopes[j])
                y = slopes[i] * x + intercepts[i]
                highest = (slopes * x + intercepts).max()
                if y >= highest - _SAME * (1 + abs(highest)):
                    found.append(float(x))
    return found


def uniform_grid(
    found: Float[np.ndarray, " joints"], degree: int, width: float
) -> UniformGrid | None:
    """The uniform grid with these joints; None if they are not evenly spaced.

    Parameters
    ----------
    found : for degree 1 the inner knots; for more, the ends of the grid as well.
    degree : of the splines.
    width : of one interval, where the joints do not tell.

    Examples
    --------
    >>> uniform_grid(np.array([0.0, 1.0, 3.0]), 1, 1.0)
    UniformGrid(low=-1.0, high=4.0, intervals=5)
    """
    distinct = _distinct(found)
    if len(distinct) == 0:
        return UniformGrid(-width, width, 2)
    step = float(np.diff(distinct).min()) if len(distinct) > 1 else width
    places = (distinct - distinct[0]) / step
    if np.abs(places - places.round()).max() > 1e-6:
        return None
    intervals = round(float(places[-1]))
    low, high = float(distinct[0]), float(distinct[-1])
    if degree > 1 and intervals > 0:
        return UniformGrid(low, high, intervals)
    return UniformGrid(low - step, high + step, intervals + 2)


def _distinct(found: np.ndarray) -> np.ndarray:
    """Joints that are not the same up to rounding."""
    if len(found) < 2:
        return found
    resolution = _SAME * max(float(np.ptp(found)), _SAME)
    return found[np.concatenate([[True], np.diff(found) > resolution])]
