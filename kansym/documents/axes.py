"""Axes for small plots: where the ticks stand, and how data become points of the page."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from kansym.documents.names import split_float
from kansym.documents.pictures import Label, Path, Rectangle, Shape

__all__ = ["Axis", "Frame", "limits"]

GREY = "#8a8f98"
INK = "#222222"
GRID = "#e6e8ec"


@dataclass(frozen=True)
class Axis:
    """A range of numbers, on a straight or a logarithmic scale.

    Examples
    --------
    >>> Axis(0.0, 1.0).ticks(5)
    (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    >>> Axis(1e-6, 1.0, logarithmic=True).ticks(3)
    (1e-06, 0.001, 1.0)
    >>> Axis(30.0, 300.0, logarithmic=True).ticks(4)
    (50.0, 100.0, 200.0)
    """

    low: float
    high: float
    logarithmic: bool = False

    def fraction(self, value: float) -> float:
        """Place along the axis, 0 at the low and 1 at the high end."""
        if self.logarithmic:
            low, high = math.log10(self.low), math.log10(self.high)
            return (math.log10(value) - low) / (high - low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self, about: int) -> tuple[float, ...]:
        """Round numbers inside the range, about so many."""
        if self.logarithmic:
            first, last = self._powers()
            if last <= first:
                return self._within_a_decade()
            step = max(1, math.ceil((last - first + 1) / about))
            return tuple(10.0**power for power in range(first, last + 1, step))
        step = _round_step((self.high - self.low) / about)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        decimals = max(0, -math.floor(math.log10(step)) + 1)
        return tuple(round(i * step, decimals) for i in range(first, last + 1))

    def _powers(self) -> tuple[int, int]:
        """Lowest and highest power of ten inside."""
        return math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)

    @property
    def in_powers(self) -> bool:
        """Whether the ticks are powers of ten."""
        return self.logarithmic and self._powers()[0] < self._powers()[1]

    def _within_a_decade(self) -> tuple[float, ...]:
        """Ticks where fewer than two powers of ten lie inside: 1, 2 and 5 times them."""
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        values = (float(f"{factor}e{power}") for power in powers for factor in (1, 2, 5))
        return tuple(value for value in values if self.low <= value <= self.high)


def _round_step(step: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    scale = 10.0 ** math.floor(math.log10(step))
    return next(factor * scale for factor in (1, 2, 5, 10) if factor * scale >= step * (1 - 1e-9))


def limits(values: ArrayLike, margin: float = 0.06) -> tuple[float, float]:
    """Range of the finite values with a margin; a range of its own for a constant.

    Examples
    --------
    >>> limits([0.0, float("nan"), 10.0], margin=0.1)
    (-1.0, 11.0)
    >>> limits([2.0])
    (1.8, 2.2)
    """
    array = np.asarray(values, dtype=float).ravel()
    array = array[np.isfinite(array)]
    if not array.size:
        return 0.0, 1.0
    low, high = float(array.min()), float(array.max())
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        slack = abs(high) * 0.1 or 1.0
        return low - slack, high + slack
    return low - margin * (high - low), high + margin * (high - low)


@dataclass(frozen=True)
class Frame:
    """A box on the page with a horizontal and a vertical axis."""

    x: Axis
    y: Axis
    left: float
    top: float
    width: float
    height: float

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Point of the page for a pair of numbers."""
        across = self.left + self.width * self.x.fraction(x)
        return across, self.top + self.height * (1 - self.y.fraction(y))

    def curve(self, x: ArrayLike, y: ArrayLike) -> tuple[tuple[tuple[float, float], ...], ...]:
        """Stretches of a curve as points of the page, cut where it is undefined or leaves."""
        stretches: list[list[tuple[float, float]]] = [[]]
        for across, up in zip(np.asarray(x, float), np.asarray(y, float), strict=True):
            if math.isfinite(up) and self.y.low <= up <= self.y.high:
                stretches[-1].append(self.place(float(across), float(up)))
            elif stretches[-1]:
                stretches.append([])
        return tuple(tuple(stretch) for stretch in stretches if len(stretch) > 1)

    def box(self) -> Shape:
        """The outline."""
        return Rectangle((self.left, self.top), (self.width, self.height), "#c3c7ce", width=0.8)

    def grid(self, across: int = 4, up: int = 4, size: float = 9.0) -> tuple[Shape, ...]:
        """Ticks with numbers and faint lines."""
        shapes: list[Shape] = []
        right, bottom = self.left + self.width, self.top + self.height
        for value in self.x.ticks(across):
            at = self.left + self.width * self.x.fraction(value)
            shapes.append(Path(((at, self.top), (at, bottom)), GRID, 0.7))
            shapes.append(_tick((at, bottom + size + 3), value, self.x, size, "middle"))
        for value in self.y.ticks(up):
            at = self.top + self.height * (1 - self.y.fraction(value))
            shapes.append(Path(((self.left, at), (right, at)), GRID, 0.7))
            shapes.append(_tick((self.left - 5, at + size * 0.35), value, self.y, size, "end"))
        return tuple(shapes)


def _tick(at: tuple[float, float], value: float, axis: Axis, size: float, anchor: str) -> Label:
    """The number at a tick; powers of ten on a logarithmic scale."""
    end = "end" if anchor == "end" else "middle"
    if axis.in_powers:
        power = str(round(math.log10(value))).replace("-", "−")
        return Label(at, "10", size, end, "#555555", superscript=power)
    shown = split_float(value, 4)
    if shown.exponent is None:
        return Label(at, shown.mantissa, size, end, "#555555")
    power = str(shown.exponent).replace("-", "−")
    head = "10" if shown.mantissa == "1" else f"{shown.mantissa}×10"
    return Label(at, head, size, end, "#555555", superscript=power)
