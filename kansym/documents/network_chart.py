"""A network as a drawing: layers from left to right, with a curve on every edge."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kansym.documents.charts import SYMBOL, draw_edge
from kansym.documents.layout import NODE_COLUMN, PANEL, Arrangement, Point, arrange
from kansym.documents.pictures import INK, add_note, new_axes, shown_name, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["DrawnEdge", "DrawnNode", "network_chart"]

_LINE, _FRAME, _OPEN = "#6b7685", "#9aa3af", "#b45309"
"""Colours of lines, of the frames of curves, and of what stays without a function."""
_RADIUS = 11.0
_LONGEST_NAME = 22

Array = NDArray[np.float64]


@dataclass(frozen=True)
class DrawnNode:
    """A node: its kind is ``"input"``, ``"sum"``, ``"product"``, or ``"any"`` if left open."""

    name: str
    kind: str
    output: bool = False


@dataclass(frozen=True, eq=False)
class DrawnEdge:
    """An edge with its curve.

    Attributes
    ----------
    source, target : names of nodes.
    x, y : the curve, shape (points,).
    importance : 0 to 1, the thickness of the line.
    fitted : values of the function at x; None if there is none.
    label : words below the curve.
    open : whether a function was sought and none found.
    """

    source: str
    target: str
    x: Array
    y: Array
    importance: float
    fitted: Array | None = None
    label: str = ""
    open: bool = False


@styled()
def network_chart(
    nodes: Sequence[DrawnNode],
    edges: Sequence[DrawnEdge],
    layer: Mapping[str, int],
    ax: "Axes | None" = None,
) -> "Axes":
    """Layers from left to right; thickness of a line shows the importance of its edge.

    Parameters
    ----------
    nodes : from top to bottom within a layer; those without an edge are left out.
    edges : to draw.
    layer : column of every node.
    ax : to draw on; one unit of its data is a pixel of the page.
    """
    by_name = {node.name: node for node in nodes}
    pairs = [(edge.source, edge.target) for edge in edges]
    inputs = [node.name for node in nodes if node.kind == "input"]
    outputs = [node.name for node in nodes if node.output]
    margins = (_name_width(inputs), _name_width(outputs))
    placed = _upright(arrange(pairs, list(by_name), layer, margins))
    ax = ax or new_axes(placed.width, placed.height)
    ax.set(xlim=(0, placed.width), ylim=(-placed.height, 0), aspect="equal")
    ax.axis("off")
    for i, edge in enumerate(edges):
        _draw_line(ax, placed, i, edge.importance)
        _draw_panel(ax, edge, placed.panels[i])
    for name, point in placed.nodes.items():
        _draw_node(ax, by_name[name], point)
    return ax


def _upright(placed: Arrangement) -> Arrangement:
    """The arrangement on axes that point up, where a page begins at height 0."""

    def turned(points: Iterable[Point]) -> tuple[Point, ...]:
        return tuple((x, -y) for x, y in points)

    nodes = dict(zip(placed.nodes, turned(placed.nodes.values()), strict=True))
    routes = tuple(turned(route) for route in placed.routes)
    return replace(placed, nodes=nodes, panels=turned(placed.panels), routes=routes)


def _name_width(names: Sequence[str]) -> float:
    """Room for the longest name, in pixels."""
    longest = max((len(_short(name)) for name in names), default=1)
    return 22.0 + 7.2 * longest


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"


def _draw_line(ax: "Axes", placed: Arrangement, i: int, importance: float) -> None:
    """The line of an edge: source, ways between columns, plot, target."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    *ways, target = placed.routes[i]
    panel = placed.panels[i]
    points: list[Point] = []
    for start, end in pairwise([*ways, panel, target]):
        left = start[0] + (PANEL[0] / 2 if start == panel else 0)
        right = end[0] - (PANEL[0] / 2 if end == panel else 0)
        middle = (left + right) / 2
        points += [(left, start[1]), (middle, start[1]), (middle, end[1]), (right, end[1])]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3] * (len(points) // 4)
    width = 0.7 + 2.7 * float(np.clip(np.nan_to_num(importance), 0, 1))
    look = {"edgecolor": _LINE, "facecolor": "none", "linewidth": width, "alpha": 0.75}
    ax.add_patch(PathPatch(Path(points, codes), zorder=1, **look))


def _draw_panel(ax: "Axes", edge: DrawnEdge, centre: Point) -> None:
    """The small plot of an edge, with its words below."""
    (x, y), (width, height) = centre, PANEL
    panel = ax.inset_axes((x - width / 2, y - height / 2, width, height), transform=ax.transData)
    panel.set(xticks=[], yticks=[], facecolor="white")
    draw_edge(panel, edge.x, edge.y, edge.fitted, 0.9)
    for line in (panel.axvline, panel.axhline):
        line(0, color="#e3e6ea", linewidth=0.6, zorder=1)
    for side in panel.spines.values():
        side.set(color=_OPEN if edge.open else _FRAME, linestyle=(0, (4, 3)) if edge.open else "-")
    said = f": {edge.label}," if edge.label else ":"
    add_note(panel.patch, f"{edge.source} → {edge.target}{said} importance {edge.importance:.2g}")
    below = (x, y - height / 2 - 11)
    ax.text(*below, edge.label, fontsize=7.5, ha="center", color=_OPEN if edge.open else SYMBOL)


def _draw_node(ax: "Axes", node: DrawnNode, centre: Point) -> None:
    """A node: a dot for an input, a circled sum or product sign otherwise, and its name."""
    from matplotlib.patches import Circle

    (x, y), name = centre, shown_name(_short(node.name))
    if node.kind == "input":
        dot = Circle((x + NODE_COLUMN / 2 - 13, y), 4, color=INK)
        ax.text(x - 4, y - 4.5, name, fontsize=10.5, ha="right")
    else:
        dot = Circle(centre, _RADIUS, facecolor="white", edgecolor=INK, linewidth=0.9, zorder=3)
        sign = {"product": "Π", "any": "F"}.get(node.kind, "Σ")
        ax.text(x, y - 4.6, sign, fontsize=9.8, ha="center", zorder=4)
        if node.output:
            ax.text(x + _RADIUS + 8, y - 4.5, name, fontsize=10.5)
        else:
            ax.text(x, y - _RADIUS - 12, name, fontsize=7.5, ha="center", color=_LINE)
    add_note(dot, node.name)
    ax.add_patch(dot)
