"""The picture of a comparison: a figure of every kind of network, with its interval."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kansym.documents.charts import LEARNED, SYMBOL
from kansym.documents.pictures import GREY, INK, new_axes, styled
from kansym.studies.intervals import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["intervals_plot", "two_readings_plot"]

_APART = 0.26
"""Of a row: how far apart the dots of a kind stand."""


@styled()
def intervals_plot(
    found: Sequence[tuple[str, Interval]],
    logarithmic: bool,
    words: str,
    ax: "Axes | None" = None,
) -> "Axes":
    """A row per kind: its value as a dot on its interval.

    Parameters
    ----------
    found : kinds with their figures, from the top down.
    logarithmic : whether figures are shown on a logarithmic axis; else it begins at 0.
    words : what the figures are.
    ax : to draw on.
    """
    ax = ax or new_axes(570, 26 * len(found) + 52, left=118, right=30, below=44, top=8)
    for place, (kind, interval) in enumerate(found):
        kan = kind.startswith("kan")
        ends = (interval.low, interval.high)
        ax.plot(ends, [place, place], color=LEARNED if kan else GREY, linewidth=2.2)
        ax.plot(interval.value, place, "o", color=SYMBOL if kan else INK, markersize=6)
    if logarithmic:
        ax.set_xscale("log")
    else:
        ax.set_xlim(0, max(1.0, ax.get_xlim()[1]))
    ax.set_yticks(range(len(found)), [kind for kind, _ in found])
    ax.set(ylim=(len(found) - 0.5, -0.5), xlabel=words)
    ax.grid(visible=False, axis="y")
    return ax


@styled()
def two_readings_plot(
    kinds: Sequence[str],
    found: Mapping[str, Mapping[str, Interval]],
    words: str,
) -> "Axes":
    """A row per kind with a dot on its interval for each reading.

    Parameters
    ----------
    kinds : from the top down.
    found : per reading, the figures of kinds that have one.
    words : what the figures are.
    """
    ax = new_axes(620, 34 * len(kinds) + 64, left=118, right=30, below=44, top=28)
    colours = (LEARNED, SYMBOL, GREY)
    for number, (reading, intervals) in enumerate(found.items()):
        colour, places = colours[number % len(colours)], []
        for place, kind in enumerate(kinds):
            beside = [other for other, own in found.items() if kind in own]
            if kind in intervals:
                places.append(place + _APART * (beside.index(reading) - (len(beside) - 1) / 2))
        own = [intervals[kind] for kind in kinds if kind in intervals]
        ax.hlines(places, [i.low for i in own], [i.high for i in own], color=colour, linewidth=2.2)
        ax.plot(
            [i.value for i in own], places, "o", color=colour, markersize=6, label=f"by {reading}"
        )
    ax.set_yticks(range(len(kinds)), list(kinds))
    ax.set(xlim=(0, 1), ylim=(len(kinds) - 0.5, -0.5), xlabel=words)
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=len(found), fontsize=8)
    ax.grid(visible=False, axis="y")
    return ax
