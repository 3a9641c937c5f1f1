"""Plots of a claim: every run as a dot, and errors against parameters with their slopes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kansym.documents.charts import SYMBOL
from kansym.documents.pictures import GREY, new_axes, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MLP_COLOUR", "Series", "Strip", "curves_plot", "strips_plot"]

MLP_COLOUR = "#1f4e79"
"""Colour of multilayer perceptrons; KANs have that of symbols."""

Point = tuple[float, float]
_SMALLEST, _LARGEST = 1e-17, 1e17
"""Between them a logarithmic axis shows numbers; what overflowed stands at its end."""
_STRIP, _ACROSS, _LEFT, _DOT = 24.0, 400.0, 168.0, 2.8
"""Pixels: height of a strip, width of the plot, room for names, radius of a dot."""


@dataclass(frozen=True)
class Strip:
    """One positive number for each run of a kind of network; KANs have a colour of their own."""

    name: str
    values: Sequence[float]
    kan: bool


@dataclass(frozen=True)
class Series:
    """(size, error) of each run of a kind of network, with a note to stand below its name.

    Dots of an open series are rings, and its line is dashed.
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


@styled()
def strips_plot(
    groups: Sequence[tuple[str, Sequence[Strip]]], name: str, mark: float | None = None
) -> "Axes":
    """A dot per run on a logarithmic axis, one strip per kind, a bar at the geometric mean.

    The groups are headings with their strips, from the top down; a dashed line is the mark.

    Examples
    --------
    >>> strips = [Strip("KAN", [0.01, 0.02], True), Strip("MLP", [0.1], False)]
    >>> [text.get_text() for text in strips_plot([("Adam", strips)], "error").get_yticklabels()]
    ['KAN', 'MLP']
    """
    everything = np.concatenate([_shown(s.values) for _, strips in groups for s in strips])
    everything = np.append(everything, [] if mark is None else [mark])
    rows = sum(1 + len(strips) for _, strips in groups)
    ax = new_axes(_LEFT + _ACROSS + 12, _STRIP * rows + 50, _LEFT, 12, 44, 6)
    ax.set(xscale="log", xlim=(everything.min() / 1.6, everything.max() * 1.6), xlabel=name)
    ax.set_ylim(rows, 0)
    ax.grid(visible=False, axis="y")
    if mark is not None:
        ax.axvline(mark, color=GREY, linewidth=0.8, linestyle="--")
    named: list[tuple[int, Strip]] = []
    row = 0
    for heading, strips in groups:
        place = {"xy": (0, row + 0.5), "xycoords": ("axes fraction", "data"), "va": "center"}
        offset = {"xytext": (-0.73 * _LEFT, 0), "textcoords": "offset points"}
        ax.annotate(heading, **place, **offset, style="italic")
        ax.axhline(row, -_LEFT / _ACROSS, 1, color="#e6e8ec", linewidth=0.6, clip_on=False)
        named += [(row + 1 + i, strip) for i, strip in enumerate(strips)]
        row += 1 + len(strips)
    for row, strip in named:
        _draw_strip(ax, row + 0.5, strip)
    ax.set_yticks([row + 0.5 for row, _ in named], [strip.name for _, strip in named])
    for label, (_, strip) in zip(ax.get_yticklabels(), named, strict=True):
        label.set(color=_colour(strip.kan), fontsize=8.5)
    return ax


def _draw_strip(ax: "Axes", middle: float, strip: Strip) -> None:
    """The dots and the bar of one kind."""
    colour, shown = _colour(strip.kan), np.sort(_shown(strip.values))
    mean = 10 ** np.log10(shown).mean()
    ax.plot([mean, mean], [middle - 0.38, middle + 0.38], color=colour, linewidth=1.5)
    low, high = np.log10(ax.get_xlim())
    offsets = _swarm((_ACROSS * (np.log10(shown) - low) / (high - low)).tolist())
    look = {"markersize": 1.5 * _DOT, "markeredgecolor": "white", "markeredgewidth": 0.4}
    ax.plot(shown, middle + np.array(offsets) / _STRIP, "o", color=colour, **look)


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


@styled()
def curves_plot(series: Sequence[Series], across: str, up: str) -> "Axes":
    """Every run as a dot on two logarithmic axes, with the line of least squares per series.

    Examples
    --------
    >>> points = [(10.0, 1e-1), (100.0, 1e-3)]
    >>> axes = curves_plot([Series("KAN", "slope -2", points, True)], "parameters", "error")
    >>> axes.get_legend().get_texts()[0].get_text().splitlines()
    ['KAN', 'slope -2']
    """
    from matplotlib.ticker import LogFormatter

    ax = new_axes(580, 292, left=66, right=196, below=42, top=8)
    ax.set(xscale="log", yscale="log", xlabel=across, ylabel=up)
    for one in series:
        colour = _colour(one.kan)
        look = {"color": colour, "linestyle": "--" if one.open else "-", "linewidth": 1.1}
        dots = {"marker": "o", "markersize": 4, "markeredgewidth": 0.7}
        dots["markerfacecolor"] = "white" if one.open else colour
        sizes = np.array([size for size, _ in one.points])
        errors = _shown([error for _, error in one.points])
        ax.plot(sizes, errors, color=colour, linestyle="none", **dots)
        if len(np.unique(sizes)) > 1:
            fitted = np.polynomial.Polynomial.fit(np.log10(sizes), np.log10(errors), 1)
            ends = np.geomspace(sizes.min(), sizes.max(), 2)
            ax.plot(ends, 10 ** fitted(np.log10(ends)), **look)
        ax.plot([], [], label=f"{one.name}\n{one.note}", **look, **dots)
    ax.margins(0.05, 0.08)
    colours = [_colour(one.kan) for one in series]
    ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1), labelcolor=colours)
    ax.xaxis.set(major_formatter=LogFormatter(), minor_formatter=LogFormatter())
    return ax
