"""The network as a drawing: a curve on every edge, and the fitted symbol laid over it."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from kansym.documents.axes import INK, Axis, Frame, limits
from kansym.documents.charts import LEARNED, SYMBOL, strokes
from kansym.documents.layout import NODE_COLUMN, PANEL, Arrangement, arrange, layers_of
from kansym.documents.names import function_label
from kansym.documents.pictures import Circle, Curve, Group, Label, Path, Picture, Rectangle, Shape
from kansym.network.network import Network, Node
from kansym.results.parts import EdgeReport
from kansym.shared.symbol_names import name_of

__all__ = ["MOST_EDGES", "drawn_edges", "network_picture"]

MOST_EDGES = 32
"""Edges that are drawn at most; the most important ones if there are more."""
_LINE = "#6b7685"
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


def network_picture(network: Network, reports: Sequence[EdgeReport]) -> Picture:
    """Layers from left to right; thickness of a line shows the importance of its edge.

    Parameters
    ----------
    network : gives the nodes and their order.
    reports : the edges to draw, with their fits.
    """
    nodes = {node.name: node for node in network.nodes}
    pairs = [(report.edge.source, report.edge.target) for report in reports]
    margins = (_name_width(network.inputs), _name_width(network.outputs))
    layer = layers_of([(edge.source, edge.target) for edge in network.edges], network.outputs)
    placed = arrange(pairs, _order(network, nodes), layer, margins)
    shapes: list[Shape] = []
    for i, report in enumerate(reports):
        shapes += _line(placed, i, report.edge.importance)
    for i, report in enumerate(reports):
        shapes.append(_panel(report, placed.panels[i]))
    for name, point in placed.nodes.items():
        shapes += _node(nodes[name], point, network)
    return Picture(placed.width, placed.height, tuple(shapes))


def _order(network: Network, nodes: dict[str, Node]) -> list[str]:
    """Inputs and outputs in the order of the data, hidden nodes in between."""
    ends = {*network.inputs, *network.outputs}
    hidden = [name for name in nodes if name not in ends]
    return [*network.inputs, *hidden, *network.outputs]


def _name_width(names: Sequence[str]) -> float:
    """Room for the longest name, in points."""
    longest = max((len(_short(name)) for name in names), default=1)
    return 22.0 + 7.2 * longest


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"


def _line(placed: Arrangement, i: int, importance: float) -> list[Shape]:
    """The line of an edge: source, ways between columns, plot, target."""
    width = 0.9 + 3.6 * float(np.clip(np.nan_to_num(importance), 0, 1))
    *ways, target = placed.routes[i]
    x, y = placed.panels[i]
    stops = [*ways, (x, y), target]
    shapes: list[Shape] = []
    for j, (start, end) in enumerate(pairwise(stops)):
        left = start[0] + (PANEL[0] / 2 if start == (x, y) else 0)
        right = end[0] - (PANEL[0] / 2 if end == (x, y) else 0)
        bend_from = left + (_RADIUS if j == 0 else 0)
        shapes.append(Curve((bend_from, start[1]), (right, end[1]), _LINE, width, 0.75))
    return shapes


def _panel(report: EdgeReport, centre: tuple[float, float]) -> Group:
    """The small plot of an edge, with the name of its function below."""
    edge, fit = report.edge, report.fit
    left, top = centre[0] - PANEL[0] / 2, centre[1] - PANEL[1] / 2
    frame = Frame(
        Axis(*limits(edge.x, 0.03)), Axis(*limits(edge.y, 0.14)), left, top, PANEL[0], PANEL[1]
    )
    explained = fit is not None
    shapes: list[Shape] = [
        Rectangle(
            (left, top), PANEL, "#9aa3af" if explained else "#b45309", "#ffffff", 0.9, not explained
        )
    ]
    shapes += _zero_lines(frame)
    shapes += strokes(frame, edge.x, edge.y, LEARNED, 4.2)
    if fit is not None:
        shapes += strokes(frame, edge.x, fit(edge.x), SYMBOL, 1.3)
    text = function_label(fit.candidate.name) if fit is not None else "no symbol"
    colour = SYMBOL if explained else "#b45309"
    shapes.append(Label((centre[0], top + PANEL[1] + 11), text, 10, colour=colour))
    note = f"{edge.source} → {edge.target}: {text}, importance {edge.importance:.2g}"
    return Group(tuple(shapes), note)


def _zero_lines(frame: Frame) -> list[Shape]:
    """Faint lines where x or y is zero."""
    shapes: list[Shape] = []
    if frame.x.low < 0 < frame.x.high:
        ends = frame.place(0.0, frame.y.low), frame.place(0.0, frame.y.high)
        shapes.append(Path(ends, "#e3e6ea", 0.8))
    if frame.y.low < 0 < frame.y.high:
        ends = frame.place(frame.x.low, 0.0), frame.place(frame.x.high, 0.0)
        shapes.append(Path(ends, "#e3e6ea", 0.8))
    return shapes


def _node(node: Node, centre: tuple[float, float], network: Network) -> list[Shape]:
    """A node: a dot for an input, a circled sum or product sign otherwise, and its name."""
    x, y = centre
    name = name_of(_short(node.name))
    if node.kind == "input":
        label = Label(
            (x - 4, y + 4.5), name.base, 14, "end", INK, name.italic, subscript=name.subscript
        )
        return [Group((Circle((x + NODE_COLUMN / 2 - 13, y), 4, INK, INK), label), node.name)]
    sign = "Π" if node.kind == "product" else "Σ"
    shapes: list[Shape] = [
        Circle(centre, _RADIUS, INK, "#ffffff", 1.2),
        Label((x, y + 4.6), sign, 13, colour=INK),
    ]
    if node.name in network.outputs:
        at = (x + _RADIUS + 8, y + 4.5)
        shapes.append(Label(at, name.base, 14, "start", INK, name.italic, name.subscript))
    else:
        at = (x, y + _RADIUS + 12)
        shapes.append(Label(at, name.base, 10, "middle", _LINE, name.italic, name.subscript))
    return [Group(tuple(shapes), node.name)]
