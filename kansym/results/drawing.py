"""The network as a drawing: a curve on every edge, and the fitted symbol laid over it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from kansym.documents.charts import SYMBOL, draw_edge
from kansym.documents.layout import NODE_COLUMN, PANEL, Arrangement, Point, arrange, layers_of
from kansym.documents.names import function_label
from kansym.documents.pictures import INK, add_note, new_axes, shown_name, styled
from kansym.network.network import Network, Node
from kansym.results.parts import EdgeReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MOST_EDGES", "drawn_edges", "network_plot"]

MOST_EDGES = 32
"""Edges that are drawn at most; the most important ones if there are more."""
_LINE, _FRAME, _OPEN = "#6b7685", "#9aa3af", "#b45309"
"""Colours of lines, of the frames of curves, and of what stays without a function."""
_RADIUS = 11.0
_LONGEST_NAME = 22


def drawn_edges(reports: Sequence[EdgeReport], most: int = MOST_EDGES) -> tuple[EdgeReport, ...]:
    """The edges to draw, in their own order: all, or those on the strongest ways.

    The strength of a way from an input to an output is the product of the importances along it;
    an edge counts as much as the strongest way through it, so the edges that are left hang
    together.
    """
    if len(reports) <= most:
        return tuple(reports)
    strength = _strengths(reports)
    ranked = sorted(range(len(reports)), key=lambda i: -strength[i])
    return tuple(reports[i] for i in sorted(ranked[:most]))


def _strengths(reports: Sequence[EdgeReport]) -> list[float]:
    """Strength of the strongest way through every edge."""
    pairs = [(report.edge.source, report.edge.target) for report in reports]
    weight = [float(np.nan_to_num(report.edge.importance)) for report in reports]
    layer = layers_of(pairs, ())
    order = sorted(range(len(pairs)), key=lambda i: layer[pairs[i][1]])
    before: dict[str, float] = {}
    after: dict[str, float] = {}
    for i in order:
        source, target = pairs[i]
        before[target] = max(before.get(target, 0.0), before.get(source, 1.0) * weight[i])
    for i in sorted(order, key=lambda i: -layer[pairs[i][0]]):
        source, target = pairs[i]
        after[source] = max(after.get(source, 0.0), after.get(target, 1.0) * weight[i])
    return [
        before.get(source, 1.0) * weight[i] * after.get(target, 1.0)
        for i, (source, target) in enumerate(pairs)
    ]


@styled()
def network_plot(
    network: Network, reports: Sequence[EdgeReport], ax: "Axes | None" = None
) -> "Axes":
    """Layers from left to right; thickness of a line shows the importance of its edge.

    Parameters
    ----------
    network : gives the nodes and their order.
    reports : the edges to draw, with their fits.
    ax : to draw on; one unit of its data is a pixel of the page.
    """
    nodes = {node.name: node for node in network.nodes}
    pairs = [(report.edge.source, report.edge.target) for report in reports]
    margins = (_name_width(network.inputs), _name_width(network.outputs))
    layer = layers_of([(edge.source, edge.target) for edge in network.edges], network.outputs)
    placed = _upright(arrange(pairs, _order(network, nodes), layer, margins))
    ax = ax or new_axes(placed.width, placed.height)
    ax.set(xlim=(0, placed.width), ylim=(-placed.height, 0), aspect="equal")
    ax.axis("off")
    for i, report in enumerate(reports):
        _draw_line(ax, placed, i, report.edge.importance)
        _draw_panel(ax, report, placed.panels[i])
    for name, point in placed.nodes.items():
        _draw_node(ax, nodes[name], point, network)
    return ax


def _upright(placed: Arrangement) -> Arrangement:
    """The arrangement on axes that point up, where a page begins at height 0."""

    def turned(points: Iterable[Point]) -> tuple[Point, ...]:
        return tuple((x, -y) for x, y in points)

    nodes = dict(zip(placed.nodes, turned(placed.nodes.values()), strict=True))
    routes = tuple(turned(route) for route in placed.routes)
    return replace(placed, nodes=nodes, panels=turned(placed.panels), routes=routes)


def _order(network: Network, nodes: dict[str, Node]) -> list[str]:
    """Inputs and outputs in the order of the data, hidden nodes in between."""
    ends = {*network.inputs, *network.outputs}
    hidden = [name for name in nodes if name not in ends]
    return [*network.inputs, *hidden, *network.outputs]


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


def _draw_panel(ax: "Axes", report: EdgeReport, centre: Point) -> None:
    """The small plot of an edge, with the name of its function below."""
    edge, fit = report.edge, report.fit
    (x, y), (width, height) = centre, PANEL
    panel = ax.inset_axes((x - width / 2, y - height / 2, width, height), transform=ax.transData)
    panel.set(xticks=[], yticks=[], facecolor="white")
    draw_edge(panel, edge.x, edge.y, None if fit is None else np.asarray(fit(edge.x), float), 0.9)
    for line in (panel.axvline, panel.axhline):
        line(0, color="#e3e6ea", linewidth=0.6, zorder=1)
    text = function_label(fit.candidate.name) if fit is not None else "no symbol"
    for side in panel.spines.values():
        side.set(color=_FRAME if fit else _OPEN, linestyle="-" if fit else (0, (4, 3)))
    note = f"{edge.source} → {edge.target}: {text}, importance {edge.importance:.2g}"
    add_note(panel.patch, note)
    below = (x, y - height / 2 - 11)
    ax.text(*below, text, fontsize=7.5, ha="center", color=SYMBOL if fit else _OPEN)


def _draw_node(ax: "Axes", node: Node, centre: Point, network: Network) -> None:
    """A node: a dot for an input, a circled sum or product sign otherwise, and its name."""
    from matplotlib.patches import Circle

    (x, y), name = centre, shown_name(_short(node.name))
    if node.kind == "input":
        dot = Circle((x + NODE_COLUMN / 2 - 13, y), 4, color=INK)
        ax.text(x - 4, y - 4.5, name, fontsize=10.5, ha="right")
    else:
        dot = Circle(centre, _RADIUS, facecolor="white", edgecolor=INK, linewidth=0.9, zorder=3)
        sign = "Π" if node.kind == "product" else "Σ"
        ax.text(x, y - 4.6, sign, fontsize=9.8, ha="center", zorder=4)
        if node.name in network.outputs:
            ax.text(x + _RADIUS + 8, y - 4.5, name, fontsize=10.5)
        else:
            ax.text(x, y - _RADIUS - 12, name, fontsize=7.5, ha="center", color=_LINE)
    add_note(dot, node.name)
    ax.add_patch(dot)
