"""Charts of rows: data with a formula, values against one another, and what a formula misses.

Every chart takes the axes of matplotlib to draw on, by default new ones, and returns them.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kansym.documents.charts import LEARNED, SYMBOL
from kansym.documents.pictures import INK, new_axes, shown_name, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["curve_plot", "parity_plot", "residual_plot"]

Array = NDArray[np.float64]
EDGE_OF_DOTS = "#5b7fa6"
"""Colour of the rims of dots and of error bars: the colour of the dots, darker."""
MANY = 300
"""Dots from which on they are small, so that they can be told apart."""


@styled()
def curve_plot(
    x: Array,
    y: Array,
    curve: tuple[Array, Array],
    names: tuple[str, str],
    *,
    sigma: Array | None = None,
    stderr: Array | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Measured rows as dots, with a formula of one input as a line through them.

    Parameters
    ----------
    x, y : the rows, shape (rows,).
    curve : arguments and values of the formula, shape (points,); arguments ascend.
    names : of the input and of the output.
    sigma : standard errors of y, shape (rows,), drawn as bars.
    stderr : standard errors of the values of the formula, shape (points,), drawn as a band of 95 %.
    ax : to draw on.
    """
    ax = ax or new_axes(580, 300, left=66, right=18, below=42, top=16)
    across, up = curve
    _dots(ax, x, y, sigma)
    if stderr is not None:
        reach = 1.96 * stderr  # the normal distribution holds 95 % within it
        look = {"color": SYMBOL, "alpha": 0.15, "linewidth": 0}
        ax.fill_between(across, up - reach, up + reach, **look)
    ax.plot(across, np.where(np.isfinite(up), up, np.nan), color=SYMBOL, linewidth=1.2, zorder=3)
    ax.set_xlabel(shown_name(names[0]))
    ax.set_ylabel(shown_name(names[1]))
    return ax


@styled()
def parity_plot(
    measured: Array,
    predicted: Array,
    name: str,
    *,
    sigma: Array | None = None,
    judge: str = "data",
    ax: "Axes | None" = None,
) -> "Axes":
    """Values of the formula against the data, with the line on which they are equal.

    Parameters
    ----------
    measured, predicted : the data and the formula at the same rows, shape (rows,).
    name : of the output.
    sigma : standard errors of the data, shape (rows,), drawn as bars.
    judge : what the formula is held against, in a word.
    ax : to draw on; new axes are square.
    """
    ax = ax or new_axes(330, 330, left=70, right=16, below=46, top=16)
    good = np.isfinite(predicted)
    measured, predicted = measured[good], predicted[good]
    _dots(ax, predicted, measured, None if sigma is None else sigma[good])
    both = np.concatenate([measured, predicted])
    if len(both):
        ends = [float(both.min()), float(both.max())]
        ax.plot(ends, ends, color=SYMBOL, linewidth=1.0, zorder=1.5)
    ax.set_xlabel(f"{shown_name(name)}, formula")
    ax.set_ylabel(f"{shown_name(name)}, {judge}")
    return ax


@styled()
def residual_plot(
    across: Array,
    missed: Array,
    name: str,
    *,
    words: str = "formula − network",
    sigma: Array | None = None,
    scale: float | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """What a formula misses, row by row, against an input, the output or the order of the rows.

    Parameters
    ----------
    across : where the rows stand, shape (rows,).
    missed : what is missed, shape (rows,); rows without a value are left out.
    name : of what stands across.
    words : what is missed, to stand beside the axis.
    sigma : standard errors, shape (rows,), drawn as bars.
    scale : size of the output, below whose rounding nothing is shown; that of ``across`` unless
        given.
    ax : to draw on.
    """
    ax = ax or new_axes(580, 202, left=74, right=18, below=42, top=16)
    good = np.isfinite(missed) & np.isfinite(across)
    across, missed = across[good], missed[good]
    bars = None if sigma is None else sigma[good]
    if scale is None:
        scale = float(np.max(np.abs(across), initial=0.0))
    # At least as high as rounding, so that an exact formula shows a line of dots at zero.
    reach = max(float(np.max(np.abs(missed), initial=0.0)), 1e-16 * scale, 1e-290)
    if bars is not None:
        reach = max(reach, float(np.max(np.abs(missed) + bars, initial=0.0)))
    ax.axhline(0, color=INK, linewidth=0.6)
    _dots(ax, across, missed, bars)
    ax.set_ylim(-1.15 * reach, 1.15 * reach)
    ax.set_xlabel(shown_name(name))
    ax.set_ylabel(words)
    return ax


def _dots(ax: "Axes", x: Array, y: Array, sigma: Array | None) -> None:
    """A dot per row, with its error if there is one."""
    if sigma is not None:
        look = {"ecolor": EDGE_OF_DOTS, "elinewidth": 0.7, "capsize": 1.5, "capthick": 0.7}
        ax.errorbar(x, y, yerr=sigma, fmt="none", zorder=2, **look)
    size, rim = (1.6, 0.0) if len(x) > MANY else (3.4, 0.5)
    ax.plot(
        x, y, "o", color=LEARNED, markeredgecolor=EDGE_OF_DOTS, markeredgewidth=rim,
        markersize=size, zorder=2,
    )  # fmt: skip
