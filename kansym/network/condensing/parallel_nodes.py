"""Nodes that compute the same up to scale and shift become one.

Two sum nodes are parallel if all their incoming curves are, with one factor for all. Drifted
copies are parallel within a tolerance; their node is then the mean of their directions.
"""

from collections.abc import Iterable

import networkx as nx
import numpy as np
from jaxtyping import Float

from kansym.network.condensing.unit_sums import UnitSum
from kansym.network.condensing.working_graph import WorkingGraph, WorkingNode

__all__ = ["Merger", "parallel_groups"]

Array = np.ndarray
_COARSE_POINTS = 16
_NEARLY_EXACT = 1e-7
_BLOCK = 256


class Merger:
    """A pass that merges parallel sum nodes, and remembers how many it merged and how closely.

    Attributes
    ----------
    merged : nodes that disappeared.
    worst : largest distance of a node from the direction that stands for it, relative.
    """

    def __init__(self) -> None:
        self.merged = 0
        self.worst = 0.0

    def __call__(self, graph: WorkingGraph, tolerance: float) -> bool:
        changed = False
        for group in self._groups(graph, tolerance):
            _merge(graph, group, self.worst > _NEARLY_EXACT)
            self.merged += len(group) - 1
            changed = True
        return changed

    def _groups(self, graph: WorkingGraph, tolerance: float) -> Iterable[list[int]]:
        """Groups of parallel nodes, layer by layer."""
        depth = graph.depths()
        layers: dict[int, list[int]] = {}
        for number in graph.hidden("sum"):
            layers.setdefault(depth[number], []).append(number)
        found = []
        for _, members in sorted(layers.items()):
            if len(members) > 1:
                features = _features(graph, members)
                groups, worst = parallel_groups(features, tolerance)
                self.worst = max(self.worst, worst)
                found += [[members[i] for i in group] for group in groups if len(group) > 1]
        return found


def parallel_groups(
    rows: Float[Array, "rows width"], tolerance: float
) -> tuple[list[list[int]], float]:
    """Group rows that are parallel or antiparallel, and the largest relative miss in a group.

    Rows belong together if one is a multiple of the other up to ``tolerance`` times its length,
    or if a chain of such rows leads from one to the other. Rows of zeros stay alone.

    Examples
    --------
    >>> parallel_groups(np.array([[1.0, 2.0], [3.0, 0.0], [-2.0, -4.0]]), 1e-9)[0]
    [[0, 2], [1]]
    """
    norms = np.linalg.norm(rows, axis=1)
    unit = rows / np.where(norms > 0, norms, 1.0)[:, None]
    graph = nx.Graph()
    graph.add_nodes_from(range(len(rows)))
    worst = 0.0
    for first, second in _near_pairs(unit, 1.0 - tolerance**2 - 1e-12):
        along = float(unit[first] @ unit[second])
        miss = float(np.linalg.norm(unit[second] - along * unit[first]))
        if miss <= tolerance and norms[first] > 0 and norms[second] > 0:
            graph.add_edge(int(first), int(second))
            worst = max(worst, miss)
    return sorted(sorted(group) for group in nx.connected_components(graph)), worst


def _near_pairs(unit: Float[Array, "rows width"], least: float) -> Iterable[tuple[int, int]]:
    """Pairs of rows whose cosine is large, block by block: all at once would fill the memory.

    1 - cos = angle^2 / 2, which rounding blurs below an angle of about 1e-8.
    """
    for start in range(0, len(unit), _BLOCK):
        cosine = np.abs(unit[start : start + _BLOCK] @ unit[start:].T)
        for first, second in np.argwhere(np.triu(cosine, 1) > least).tolist():
            yield start + first, start + second


def _features(graph: WorkingGraph, members: list[int]) -> Float[Array, "members features"]:
    """Every node's incoming curves without their means, one after the other.

    A coarse choice of points keeps wide layers in memory; curves of one model agree at every
    point if they agree at all of these.
    """
    place = {number: i for i, number in enumerate(members)}
    sources = dict.fromkeys(s for number in members for s in graph.nodes[number].incoming)
    total = sum(1 for _ in sources)
    features = np.zeros((len(members), total, _COARSE_POINTS))
    for column, source in enumerate(sources):
        drawn = graph.drawn(source)
        used = [i for i, target in enumerate(drawn.targets) if target in place]
        picked = np.linspace(0, len(drawn.x) - 1, _COARSE_POINTS).round().astype(int)
        y = drawn.y[:, used] - drawn.density @ drawn.y[:, used]
        rows = [place[drawn.targets[i]] for i in used]
        features[rows, column] = y[picked].T
    return features.reshape(len(members), -1)


def _merge(graph: WorkingGraph, group: list[int], average: bool) -> None:
    """Put one node in place of a group."""
    nodes = [graph.nodes[number] for number in group]
    first = nodes[0]
    aligned = first.values - first.values.mean()
    signs = [float(np.sign(node.values @ aligned)) for node in nodes]
    weights = [sign / float(node.values.std()) for sign, node in zip(signs, nodes, strict=True)]
    if not average:
        weights = [1.0] + [0.0] * (len(nodes) - 1)
    incoming: dict[int, UnitSum] = {}
    values, bias = np.zeros_like(first.values), 0.0
    for node, weight in zip(nodes, weights, strict=True):
        if weight == 0.0:
            continue
        values = values + weight * node.values
        bias += weight * node.bias
        for source, curve in node.incoming.items():
            old = incoming.get(source)
            scaled = curve.times(weight)
            incoming[source] = scaled if old is None else old.plus(scaled)
    leader = graph.add(WorkingNode("sum", values, bias, incoming))
    centred = values - values.mean()
    for number, node in zip(group, nodes, strict=True):
        slope = float((node.values - node.values.mean()) @ centred / (centred @ centred))
        shift = float(node.values.mean() - slope * values.mean())
        for target in list(graph.outgoing[number]):
            graph.join(leader, target, graph.cut(number, target).at(slope, shift))
        graph.remove(number)
