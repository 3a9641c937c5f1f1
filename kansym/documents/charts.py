"""The plots of a report: an edge with its symbol, the Pareto front, formula against network."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kansym.documents.axes import GREY, INK, Axis, Frame, limits
from kansym.documents.pictures import Circle, Label, Path, Picture, Shape
from kansym.shared.symbol_names import name_of

__all__ = ["LEARNED", "SYMBOL", "edge_plot", "front_plot", "residual_plot", "strokes"]

LEARNED = "#8fb7dd"
"""Colour of what the network learned: broad and light, so that the symbol is seen on top."""
SYMBOL = "#a3182b"
"""Colour of the fitted symbol: thin and dark."""

Array = NDArray[np.float64]
_SMALLEST = 1e-17
_WINDOW = 5


def strokes(
    frame: Frame, x: ArrayLike, y: ArrayLike, colour: str, width: float, dashed: bool = False
) -> tuple[Shape, ...]:
    """A curve inside a frame."""
    return tuple(Path(points, colour, width, dashed=dashed) for points in frame.curve(x, y))


def edge_plot(
    x: Array,
    y: Array,
    density: Array,
    symbol: Array | None,
    source: str,
) -> Picture:
    """The learned curve of an edge, its symbol laid over it, and where the rows lie.

    Parameters
    ----------
    x, y : the curve, shape (points,).
    density : share of the rows per point, shape (points,); drawn as grey hills at the bottom.
    symbol : values of the fitted function at x; None if there is none.
    source : name of the node that the edge leaves, written on the x axis.
    """
    frame = Frame(Axis(*limits(x, 0.02)), Axis(*limits(y, 0.12)), 46, 8, 196, 118)
    shapes: list[Shape] = [frame.box(), *frame.grid(4, 3), *_hills(frame, x, density)]
    shapes += strokes(frame, x, y, LEARNED, 5.0)
    if symbol is not None:
        shapes += strokes(frame, x, symbol, SYMBOL, 1.4)
    shapes.append(_axis_name((frame.left + frame.width / 2, 155), source))
    return Picture(250, 162, tuple(shapes))


def _hills(frame: Frame, x: Array, density: Array) -> tuple[Shape, ...]:
    """The density of the rows as a grey area, at most a fifth of the frame high."""
    if len(x) < _WINDOW:
        return ()
    density = np.convolve(density, np.full(_WINDOW, 1 / _WINDOW), "same")
    top = float(np.max(density, initial=0.0))
    if top <= 0:
        return ()
    bottom = frame.top + frame.height
    across = [frame.left + frame.width * frame.x.fraction(float(value)) for value in x]
    up = [bottom - 0.2 * frame.height * float(value) / top for value in density]
    outline = [(across[0], bottom), *zip(across, up, strict=True), (across[-1], bottom)]
    return (Path(tuple(outline), "#d3d7dd", 0.8, fill="#e9ebef"),)


def _axis_name(at: tuple[float, float], text: str, turned: bool = False) -> Label:
    """Name of an axis, typeset as a symbol where it is one."""
    name = name_of(text)
    return Label(
        at, name.base, 11, colour=INK, italic=name.italic, subscript=name.subscript, turned=turned
    )


def front_plot(complexity: Sequence[float], error: Sequence[float], selected: int) -> Picture:
    """The Pareto front: error (logarithmic) against complexity in bits, the choice filled.

    Parameters
    ----------
    complexity : bits per formula.
    error : relative error per formula; 0 is drawn at the lower edge.
    selected : position of the formula that was chosen.
    """
    up = np.maximum(np.asarray(error, float), _SMALLEST)
    low, high = float(up.min()) / 3, float(up.max()) * 3
    frame = Frame(
        Axis(*limits(complexity, 0.08)), Axis(low, max(high, 10.5 * low), True), 62, 10, 500, 220
    )
    points = [frame.place(float(x), float(y)) for x, y in zip(complexity, up, strict=True)]
    shapes: list[Shape] = [frame.box(), *frame.grid(8, 6, 10)]
    order = sorted(range(len(points)), key=lambda i: points[i])
    shapes.append(Path(_stairs([points[i] for i in order]), GREY, 1.0))
    for i, point in enumerate(points):
        chosen = i == selected
        fill, radius = (SYMBOL, 5.5) if chosen else ("#ffffff", 4.0)
        shapes.append(Circle(point, radius, SYMBOL if chosen else INK, fill, 1.2))
    shapes.append(_beside(points[selected], frame, "selected"))
    middle = frame.left + frame.width / 2
    shapes.append(Label((middle, frame.top + frame.height + 32), "complexity (bits)", 11))
    shapes.append(Label((14, frame.top + frame.height / 2), "relative error", 11, turned=True))
    return Picture(580, 272, tuple(shapes))


def _stairs(points: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """The edge of the front: each formula is the best until the next more complex one."""
    path: list[tuple[float, float]] = []
    for x, y in points:
        if path:
            path.append((x, path[-1][1]))
        path.append((x, y))
    return tuple(path)


def _beside(point: tuple[float, float], frame: Frame, text: str) -> Label:
    """A label next to a point, on the side where there is room."""
    x, y = point
    up = y - 9 if y > frame.top + 22 else y + 18
    if x > frame.left + frame.width - 70:
        return Label((x - 8, up), text, 11, "end", SYMBOL)
    return Label((x + 8, up), text, 11, "start", SYMBOL)


def residual_plot(network: Array, formula: Array, name: str) -> Picture:
    """What the formula misses: formula minus network against the network's output.

    Parameters
    ----------
    network, formula : outputs for the same rows, shape (rows,).
    name : of the output.
    """
    missed = formula - network
    good = np.isfinite(missed)
    network, missed = network[good], missed[good]
    rounding = 1e-16 * float(np.max(np.abs(network), initial=0.0))
    reach = max(float(np.max(np.abs(missed), initial=0.0)), rounding, 1e-290)
    frame = Frame(Axis(*limits(network)), Axis(-1.15 * reach, 1.15 * reach), 74, 10, 488, 150)
    shapes: list[Shape] = [frame.box(), *frame.grid(6, 4, 10)]
    zero = frame.place(frame.x.low, 0.0)[1]
    shapes.append(Path(((frame.left, zero), (frame.left + frame.width, zero)), INK, 0.8))
    for x, y in zip(network, missed, strict=True):
        shapes.append(Circle(frame.place(float(x), float(y)), 2.0, "#5b7fa6", LEARNED, 0.6))
    shapes.append(_axis_name((frame.left + frame.width / 2, 194), name))
    middle = frame.top + frame.height / 2
    shapes.append(Label((14, middle), "formula − network", 11, turned=True))
    return Picture(580, 202, tuple(shapes))
