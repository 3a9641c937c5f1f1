"""The charts of a report: an edge with its function, the Pareto front, a training.

Every chart takes the axes of matplotlib to draw on, by default new ones, and returns them.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kansym.documents.pictures import GREY, INK, new_axes, shown_name, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LEARNED", "SYMBOL", "draw_edge", "edge_plot", "front_plot", "history_plot"]

LEARNED = "#8fb7dd"
"""Colour of what the network learned: broad and light, so that the function is seen on top."""
SYMBOL = "#a3182b"
"""Colour of the fitted function: thin and dark."""

Array = NDArray[np.float64]
_SMALLEST, _LARGEST = 1e-17, 1e30
"""Where errors stand on a logarithmic axis at least and at most: 0 a little below rounding."""
_ROOM_FOR_NAME = 0.16
"""Part of an axis that the name of a phase of training takes; nearer ones are not named."""
_WINDOW = 5
"""Points over which the density of the rows is averaged before it is drawn."""


def draw_edge(ax: "Axes", x: Array, y: Array, fitted: Array | None, scale: float = 1.0) -> None:
    """The learned curve of an edge and its function; the curve sets the limits.

    Parameters
    ----------
    ax : to draw on.
    x, y : the curve, shape (points,).
    fitted : values of the function at x; None if there is none.
    scale : of the strokes.
    """
    ax.margins(0.03, 0.13)
    ax.plot(x, y, color=LEARNED, linewidth=3.6 * scale)
    ax.autoscale_view()
    ax.autoscale(False)
    if fitted is not None:
        ax.plot(x, fitted, color=SYMBOL, linewidth=1.1 * scale)


@styled()
def edge_plot(
    x: Array,
    y: Array,
    density: Array,
    fitted: Array | None,
    source: str,
    ax: "Axes | None" = None,
) -> "Axes":
    """The learned curve of an edge, its function laid over it, and where the rows lie.

    Parameters
    ----------
    x, y : the curve, shape (points,).
    density : share of the rows per point, shape (points,); drawn as grey hills at the bottom.
    fitted : values of the fitted function at x; None if there is none.
    source : name of the node that the edge leaves, written on the x axis.
    ax : to draw on.
    """
    ax = ax or new_axes(250, 172, left=46, right=12, below=36, top=16)
    draw_edge(ax, x, y, fitted)
    top = float(np.max(density, initial=0.0))
    if len(x) >= _WINDOW and top > 0:
        hills = np.convolve(density, np.full(_WINDOW, 1 / _WINDOW), "same")
        # In the units of the frame: at most a fifth of it high, whatever the curve does.
        look = {"color": "#e6e8ec", "linewidth": 0.6, "zorder": 0.5}
        up = 0.2 * hills / hills.max()
        ax.fill_between(x, up, transform=ax.get_xaxis_transform(), **look)
    ax.locator_params(nbins=4)
    ax.set_xlabel(shown_name(source))
    return ax


@styled()
def front_plot(
    complexity: Sequence[float],
    error: Sequence[float],
    selected: int,
    ax: "Axes | None" = None,
) -> "Axes":
    """The Pareto front: error (logarithmic) against complexity in bits, the choice filled.

    Parameters
    ----------
    complexity : bits per formula, ascending.
    error : relative error per formula; 0 is drawn at the lower edge.
    selected : position of the formula that was chosen.
    ax : to draw on.
    """
    ax = ax or new_axes(580, 272, left=62, right=18, below=42, top=10)
    up = np.clip(np.asarray(error, float), _SMALLEST, _LARGEST)
    ax.semilogy(complexity, up, color=GREY, linewidth=0.8, drawstyle="steps-post")
    ax.plot(complexity, up, "o", color=INK, markerfacecolor="white", markersize=6, clip_on=False)
    ax.plot(complexity[selected], up[selected], "o", color=SYMBOL, markersize=8, clip_on=False)
    ax.annotate(
        "selected", (complexity[selected], up[selected]), (0, 7),
        textcoords="offset points", color=SYMBOL, ha="center",
    )  # fmt: skip
    for place, point in enumerate(zip(complexity, up, strict=True)):
        ax.annotate(str(place), point, (0, -14), textcoords="offset points", ha="center")
    ax.margins(0.08, 0.16)
    ax.set_xlabel("complexity (bits)")
    ax.set_ylabel("relative error")
    return ax


@styled()
def history_plot(
    phases: Sequence[str], errors: Array, held_out: Array, ax: "Axes | None" = None
) -> "Axes":
    """Errors of a training step by step, both axes of the same steps, with its phases.

    Parameters
    ----------
    phases : what each step belonged to, in order.
    errors, held_out : relative errors on the rows trained on and on those held out, (steps,).
    ax : to draw on.
    """
    ax = ax or new_axes(580, 272, left=62, right=18, below=42, top=22)
    steps = np.arange(1, len(phases) + 1)
    for values, colour, label in ((errors, LEARNED, "trained on"), (held_out, SYMBOL, "held out")):
        shown = np.where(np.isfinite(values), np.clip(values, _SMALLEST, _LARGEST), np.nan)
        ax.semilogy(steps, shown, color=colour, linewidth=1.3, label=f"rows {label}")
    written = -np.inf
    for i in (i for i, phase in enumerate(phases) if i == 0 or phase != phases[i - 1]):
        ax.axvline(steps[i], color="#c3c7ce", linewidth=0.7, linestyle="--", zorder=0.5)
        if i - written >= _ROOM_FOR_NAME * len(phases):
            look = {"xycoords": ("data", "axes fraction"), "fontsize": 7, "color": GREY}
            ax.annotate(phases[i], (steps[i], 1.01), **look)
            written = i
    ax.set_xlabel("step")
    ax.set_ylabel("relative error")
    ax.legend(loc="upper right")
    return ax
