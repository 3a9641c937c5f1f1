"""The network as a drawing: a curve on every edge, and the fitted symbol laid over it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kansym.documents.layout import layers_of
from kansym.documents.names import function_label
from kansym.documents.network_chart import DrawnEdge, DrawnNode, network_chart
from kansym.network.network import Network
from kansym.results.parts import EdgeReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MOST_EDGES", "drawn_edges", "network_plot"]

MOST_EDGES = 32
"""Edges that are drawn at most; the most important ones if there are more."""


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
    ends = {*network.inputs, *network.outputs}
    kinds = {node.name: node.kind for node in network.nodes}
    hidden = [name for name in kinds if name not in ends]
    nodes = [
        DrawnNode(name, kinds[name], name in network.outputs)
        for name in (*network.inputs, *hidden, *network.outputs)
    ]
    layer = layers_of([(edge.source, edge.target) for edge in network.edges], network.outputs)
    return network_chart(nodes, [_drawn(report) for report in reports], layer, ax)


def _drawn(report: EdgeReport) -> DrawnEdge:
    """An edge with its function."""
    edge, fit = report.edge, report.fit
    fitted = None if fit is None else np.asarray(fit(edge.x), float)
    label = "no symbol" if fit is None else function_label(fit.candidate.name)
    return DrawnEdge(
        edge.source, edge.target, edge.x, edge.y, edge.importance, fitted, label, fit is None
    )
