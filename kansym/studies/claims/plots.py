"""Plots of a claim: every run as a dot, and errors against parameters with their slopes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kansym.documents.axes import GREY, GRID, INK, Axis, Frame
from kansym.documents.charts import SYMBOL
from kansym.documents.pictures import Circle, Label, Path, Picture, Shape

__all__ = ["MLP_COLOUR", "Series", "Strip", "curves_plot", "strips_plot"]

MLP_COLOUR = "#1f4e79"
"""Colour of multilayer perceptrons; KANs have that of symbols."""

Point = tuple[float, float]
_SMALLEST, _LARGEST = 1e-17, 1e17
_STRIP, _HEAD, _DOT = 24.0, 22.0, 2.8


@dataclass(frozen=True)
class Strip:
    """All runs of one kind of network.

    Attributes
    ----------
    name : the kind.
    values : one positive number per run.
    kan : whether it is a KAN, for the colour.
    """

    name: str
    values: Sequence[float]
    kan: bool


@dataclass(frozen=True)
class Series:
    """Errors of one kind of network by size.

    Attributes
    ----------
    name, note : the kind, and what to say about it below its name.
    points : (size, error) of every run.
    kan : whether it is a KAN, for the colour.
    open : whether its dots are drawn as rings, and its line dashed.
    """

    name: str
    note: str
    points: Sequence[Point]
    kan: bool
    open: bool = False


def _colour(kan: bool) -> str:
    return SYMBOL if kan else MLP_COLOUR


def _shown(values: Sequence[float]) -> np.ndarray:
    """Numbers that a logarithmic axis can show; what overflowed stands at its end."""
    array = np.nan_to_num(np.asarray(values, dtype=float), nan=_LARGEST, posinf=_LARGEST)
    return np.clip(array, _SMALLEST, _LARGEST)


def _around(values: np.ndarray, margin: float) -> Axis:
    """A logarithmic axis around positive numbers."""
    low, high = float(values.min()) / margin, float(values.max()) * margin
    return Axis(low, max(high, 1.5 * low), True)


def strips_plot(
    groups: Sequence[tuple[str, Sequence[Strip]]], name: str, mark: float | None = None
) -> Picture:
    """A dot per run on a logarithmic axis, one strip per kind, a bar at the geometric mean.

    Parameters
    ----------
    groups : headings with their strips, from the top down.
    name : of the axis.
    mark : where a dashed line stands, if anywhere.

    Examples
    --------
    >>> strips = [Strip("KAN", [0.01, 0.02], True), Strip("MLP", [0.1], False)]
    >>> len([s for s in strips_plot([("Adam", strips)], "error").shapes if type(s) is Circle])
    3
    """
    everything = np.concatenate([_shown(s.values) for _, strips in groups for s in strips])
    marks = [] if mark is None else [mark]
    height = sum(_HEAD + _STRIP * len(strips) for _, strips in groups)
    frame = Frame(_around(np.append(everything, marks), 1.6), Axis(0, 1), 168, 6, 400, height)
    shapes: list[Shape] = [frame.box(), *_upright(frame.grid(8, 1, 10), frame)]
    if mark is not None:
        at = frame.place(mark, 0)[0]
        shapes.append(Path(((at, frame.top), (at, frame.top + height)), GREY, 1.0, dashed=True))
    top = frame.top
    for heading, strips in groups:
        if top > frame.top:
            shapes.append(Path(((6, top), (frame.left + frame.width, top)), GRID, 0.8))
        shapes.append(Label((6, top + 15), heading, 11, "start", INK, italic=True))
        top += _HEAD
        for strip in strips:
            shapes += _strip(frame, top + _STRIP / 2, strip)
            top += _STRIP
    shapes.append(Label((frame.left + frame.width / 2, frame.top + height + 32), name, 11))
    return Picture(580, height + 46, tuple(shapes))


def _upright(grid: Sequence[Shape], frame: Frame) -> list[Shape]:
    """The grid without the horizontal lines and their numbers: the strips have names there."""
    return [
        shape
        for shape in grid
        if not (isinstance(shape, Label) and shape.at[0] < frame.left)
        and not (isinstance(shape, Path) and shape.points[0][1] == shape.points[1][1])
    ]


def _strip(frame: Frame, middle: float, strip: Strip) -> list[Shape]:
    """The name, the dots and the bar of one kind."""
    colour = _colour(strip.kan)
    shown = np.sort(_shown(strip.values))
    shapes: list[Shape] = [Label((frame.left - 8, middle + 4), strip.name, 11, "end", colour)]
    mean = frame.place(float(10 ** np.log10(shown).mean()), 0)[0]
    shapes.append(Path(((mean, middle - 9), (mean, middle + 9)), colour, 2.0))
    across = [frame.place(float(value), 0)[0] for value in shown]
    for x, offset in zip(across, _swarm(across), strict=True):
        shapes.append(Circle((x, middle + offset), _DOT, "#ffffff", colour, 0.5))
    return shapes


def _swarm(across: Sequence[float]) -> list[float]:
    """Offsets that keep dots in ascending order apart where there is room."""
    choices = [0.0, 3.0, -3.0, 6.0, -6.0, 8.5, -8.5]
    placed: list[Point] = []
    for x in across:
        near = [(u, v) for u, v in placed if x - u < 2 * _DOT]
        gaps = [min((np.hypot(x - u, y - v) for u, v in near), default=np.inf) for y in choices]
        free = [y for y, gap in zip(choices, gaps, strict=True) if gap >= 2 * _DOT]
        placed.append((x, free[0] if free else choices[int(np.argmax(gaps))]))
    return [y for _, y in placed]


def curves_plot(series: Sequence[Series], across: str, up: str) -> Picture:
    """Every run as a dot on two logarithmic axes, with the line of least squares per series.

    Parameters
    ----------
    series : kinds of networks; the names stand on the right.
    across, up : names of the axes.

    Examples
    --------
    >>> points = [(10.0, 1e-1), (100.0, 1e-3)]
    >>> picture = curves_plot([Series("KAN", "slope -2", points, True)], "parameters", "error")
    >>> any(isinstance(shape, Label) and shape.text == "KAN" for shape in picture.shapes)
    True
    """
    sizes = np.array([size for one in series for size, _ in one.points])
    errors = _shown([error for one in series for _, error in one.points])
    frame = Frame(_around(sizes, 1.15), _around(errors, 2.0), 66, 8, 318, 236)
    shapes: list[Shape] = [frame.box(), *frame.grid(6, 7, 10)]
    for place, one in enumerate(series):
        shapes += _series(frame, one)
        shapes += _legend(one, (frame.left + frame.width + 14, frame.top + 18 + 42.0 * place))
    middle = frame.left + frame.width / 2
    shapes.append(Label((middle, frame.top + frame.height + 32), across, 11))
    shapes.append(Label((14, frame.top + frame.height / 2), up, 11, turned=True))
    return Picture(580, 292, tuple(shapes))


def _series(frame: Frame, one: Series) -> list[Shape]:
    """Dots and the fitted line."""
    colour = _colour(one.kan)
    sizes, errors = np.array([size for size, _ in one.points]), _shown([e for _, e in one.points])
    shapes: list[Shape] = []
    if len(np.unique(sizes)) > 1:
        fitted = np.polynomial.Polynomial.fit(np.log10(sizes), np.log10(errors), 1)
        x = np.geomspace(sizes.min(), sizes.max(), 60)
        shapes += [
            Path(part, colour, 1.4, dashed=one.open)
            for part in frame.curve(x, 10 ** fitted(np.log10(x)))
        ]
    fill = "#ffffff" if one.open else colour
    for size, error in zip(sizes, errors, strict=True):
        shapes.append(Circle(frame.place(float(size), float(error)), 2.6, colour, fill, 0.9))
    return shapes


def _legend(one: Series, at: Point) -> list[Shape]:
    """The sign of a series, its name and its note."""
    colour, (left, top) = _colour(one.kan), at
    fill = "#ffffff" if one.open else colour
    return [
        Path(((left, top - 4), (left + 22, top - 4)), colour, 1.4, dashed=one.open),
        Circle((left + 11, top - 4), 2.6, colour, fill, 0.9),
        Label((left + 28, top), one.name, 11, "start", colour),
        Label((left + 28, top + 14), one.note, 10, "start", "#555555"),
    ]
