"""One form for all networks of the same function: scale, sign, order and names of nodes.

Every curve into a sum has mean 0 on the sample, so that the node's bias is its mean. A hidden sum
node gets mean 0 and standard deviation 1; the factors of a product get root mean square 1. Signs,
and the order of the nodes within a layer, follow from statistics of the function on the sample,
never from the order or the scale of the units that it was made of.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from jaxtyping import Float

from kansym.network.condensing.folding import spreads
from kansym.network.condensing.straight_lines import are_straight, fit_polynomials
from kansym.network.condensing.unit_sums import evaluate_together
from kansym.network.condensing.working_graph import WorkingGraph
from kansym.network.network import Edge, Node

__all__ = ["canonical_names", "drawn_parts", "fix_scales", "promote_products"]

Array = np.ndarray
_CLEAR = 0.05
"""A statistic that decides a sign must exceed this share of its largest possible value."""


def promote_products(graph: WorkingGraph, tolerance: float) -> None:
    """Let an output that is nothing but a product node be that product."""
    for position, number in enumerate(graph.outputs):
        node = graph.nodes[number]
        if len(node.incoming) != 1:
            continue
        (source,) = node.incoming
        product = graph.nodes[source]
        if product.kind != "product" or len(graph.outgoing[source]) != 1:
            continue
        drawn = graph.drawn(source)
        fitted = fit_polynomials(drawn.x, drawn.y, 1)
        if fitted.misses[0] > tolerance * np.ptp(drawn.y):
            continue
        constant, slope = fitted.coefficients[:, 0].tolist()
        bias = node.bias + constant + slope * product.bias
        graph.cut(source, number)
        first, curve = next(iter(product.incoming.items()))
        graph.replace(first, source, curve.times(slope))
        product.values, product.bias = node.values, bias
        graph.outputs[position] = source
        graph.remove(number)


def fix_scales(graph: WorkingGraph) -> list[int]:
    """Bring scales and signs to their one form; returns the numbers in their final order."""
    depth = graph.depths()
    order = [number for number, node in graph.nodes.items() if node.kind == "input"]
    place = {number: i for i, number in enumerate(order)}
    hidden = graph.hidden()
    for layer in sorted({depth[number] for number in hidden}):
        members = [number for number in hidden if depth[number] == layer]
        keys = _normalise(graph, members, place)
        members.sort(key=lambda number: keys[number])
        place |= {number: len(place) + i for i, number in enumerate(members)}
        order += members
    _normalise(graph, graph.outputs, place, keep_scale=True)
    return order + graph.outputs


@dataclass
class _Arrival:
    """Statistics of the curves into one node on the sample, sources in their final order."""

    values: Float[Array, " rows"]
    """Sum of the curves, each without its mean."""
    means: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    rising: float = 0.0
    total: float = 0.0

    def add(self, mean: float, norm: float, rising: float, place: int) -> None:
        """Count one more curve; earlier ones count more."""
        weight = 1.0 / (1.0 + 0.37 * len(self.means))
        self.means.append(mean)
        self.norms.append(norm)
        self.places.append(place)
        self.rising += weight * rising
        self.total += weight * norm

    def middle(self, *, product: bool) -> float:
        """Mean place of the sources, weighted by the variance that comes from each.

        The scale of one factor of a product means nothing: its variance counts relatively.
        """
        shares = np.square(self.norms)
        if product:
            squares = shares + len(self.values) * np.square(self.means)
            shares = shares / np.maximum(squares, 1e-300)
        return float(shares @ self.places / max(float(shares.sum()), 1e-300))


def _normalise(
    graph: WorkingGraph, members: Sequence[int], place: dict[int, int], *, keep_scale: bool = False
) -> dict[int, tuple[float, float]]:
    """Give the nodes of a layer their form; where each belongs in the layer."""
    keys = {}
    for number in members:
        incoming = graph.nodes[number].incoming
        ordered = sorted(incoming.items(), key=lambda item: place[item[0]])
        graph.nodes[number].incoming = dict(ordered)
    arrivals = _arrivals(graph, members, place)
    for number in members:
        node, arrival = graph.nodes[number], arrivals[number]
        product = node.kind == "product"
        if product:
            _normalise_product(graph, number, keep_scale)
        else:
            _normalise_sum(graph, number, arrival, keep_scale)
        projected = float(node.values @ _projection(len(node.values))) / len(node.values)
        keys[number] = (round(arrival.middle(product=product), 6), -projected)
    return keys


def _arrivals(
    graph: WorkingGraph, members: Sequence[int], place: dict[int, int]
) -> dict[int, _Arrival]:
    """Statistics of all curves into some nodes, source by source."""
    totals = np.zeros((len(graph.nodes[0].values), len(members)))
    columns = {number: column for column, number in enumerate(members)}
    arrivals = {number: _Arrival(totals[:, column]) for number, column in columns.items()}
    sources = {source for number in members for source in graph.nodes[number].incoming}
    for source in sorted(sources, key=place.__getitem__):
        targets = [number for number in graph.outgoing[source] if number in arrivals]
        u = graph.nodes[source].values
        y = evaluate_together([graph.nodes[t].incoming[source] for t in targets], u)
        means = y.mean(axis=0)
        y -= means
        centred = (u - u.mean()) / max(float(np.linalg.norm(u - u.mean())), 1e-300)
        figures = zip(means.tolist(), np.linalg.norm(y, axis=0).tolist(), centred @ y, strict=True)
        if targets == list(members):
            totals += y
        else:
            totals[:, [columns[number] for number in targets]] += y
        for number, (mean, norm, rising) in zip(targets, figures, strict=True):
            arrivals[number].add(mean, norm, float(rising), place[source])
    return arrivals


def _normalise_sum(graph: WorkingGraph, number: int, arrival: _Arrival, keep_scale: bool) -> None:
    """Curves of mean 0; standard deviation 1 and a sign that belongs to the function."""
    node = graph.nodes[number]
    bias = node.bias + sum(arrival.means)
    scale = 1.0
    if not keep_scale:
        std = float(arrival.values.std())
        scale = std * _sign(arrival.rising, arrival.total, arrival.values / std)
    curves = zip(node.incoming.items(), arrival.means, strict=True)
    node.incoming = {s: curve.affine(1 / scale, -mean / scale) for (s, curve), mean in curves}
    if keep_scale:
        node.bias = bias
        graph.forget(number)
        return
    graph.reparametrise(number, scale, bias)
    node.bias, node.values = 0.0, arrival.values / scale


def _normalise_product(graph: WorkingGraph, number: int, keep_scale: bool) -> None:
    """Factors of root mean square 1 and definite sign; a common factor goes on to what follows."""
    node = graph.nodes[number]
    common = 1.0
    for source, curve in node.incoming.items():
        u = graph.nodes[source].values
        values = curve(u)
        size, mean = float(np.sqrt(np.mean(values**2))), float(values.mean())
        if abs(mean) > 0.5 * size:
            sign = float(np.sign(mean))
        else:
            rest, centred = values - mean, u - u.mean()
            rising = float(centred @ rest) / max(float(np.linalg.norm(centred)), 1e-300)
            sign = _sign(rising, float(np.linalg.norm(rest)), rest)
        common *= sign * size
        node.incoming[source] = curve.times(sign / size)
    if not keep_scale:
        node.values = (node.values - node.bias) / common
        graph.reparametrise(number, common, node.bias)
        node.bias = 0.0
        return
    share = abs(common) ** (1.0 / len(node.incoming))
    for source, curve in node.incoming.items():
        sign, common = np.sign(common), abs(common)
        node.incoming[source] = curve.times(float(sign) * share)
    graph.forget(number)


def _sign(rising: float, total: float, values: Float[Array, " rows"]) -> float:
    """A sign that is the same for all ways to write a function.

    The first of these that is clear: whether its curves rise with their sources; whether its
    values are skewed to the right; a fixed projection of the values.
    """
    if abs(rising) > _CLEAR * total:
        return float(np.sign(rising))
    skew = float(np.mean(values**3)) / max(float(np.mean(values**2)) ** 1.5, 1e-300)
    if abs(skew) > _CLEAR:
        return float(np.sign(skew))
    return 1.0 if float(values @ _projection(len(values))) >= 0 else -1.0


@cache
def _projection(rows: int) -> Float[Array, " rows"]:
    """A fixed direction without symmetry."""
    return np.cos(np.arange(rows) * 2.399963229728653 + 0.5)


# -- the finished parts ----------------------------------------------------------------------


def canonical_names(
    graph: WorkingGraph, order: Sequence[int], inputs: Sequence[str], outputs: Sequence[str]
) -> dict[int, str]:
    """Names of all nodes: columns, outputs, and ``h<layer>.<position>`` in between."""
    depth = graph.depths()
    numbers = [number for number, node in graph.nodes.items() if node.kind == "input"]
    names = dict(zip(numbers, inputs, strict=True)) | dict(zip(graph.outputs, outputs, strict=True))
    taken = set(names.values())
    counts: dict[int, int] = {}
    for number in order:
        if number not in names:
            layer = depth[number]
            counts[layer] = counts.get(layer, 0) + 1
            name = f"h{layer}.{counts[layer]}"
            while name in taken:
                name = f"_{name}"
            names[number] = name
            taken.add(name)
    return names


def drawn_parts(
    graph: WorkingGraph, order: Sequence[int], names: dict[int, str], tolerance: float
) -> tuple[list[Node], list[Edge]]:
    """Nodes and edges in topological order, curves drawn."""
    nodes = [Node(names[n], graph.nodes[n].kind, float(graph.nodes[n].bias)) for n in order]
    largest = spreads(graph)
    place = {number: i for i, number in enumerate(order)}
    found: list[tuple[int, int, Edge]] = []
    importances = _importances(graph)
    for source in order:
        drawn = graph.drawn(source)
        if not drawn.targets:
            continue
        scale = np.array([largest[target] for target in drawn.targets])
        fitted = fit_polynomials(drawn.x, drawn.y, 1)
        straight = are_straight(fitted, np.ptp(drawn.y, axis=0), scale, tolerance)
        columns = np.ascontiguousarray(drawn.y.T)
        for column, target in enumerate(drawn.targets):
            curve = graph.nodes[target].incoming[source]
            edge = Edge(
                source=names[source],
                target=names[target],
                function=curve,
                x=drawn.x,
                y=columns[column],
                density=drawn.density,
                importance=importances[source, target],
                straight=bool(straight[column]),
                fixed=curve.program,
            )
            found.append((place[target], place[source], edge))
    found.sort(key=lambda item: item[:2])
    return nodes, [edge for _, _, edge in found]


def _importances(graph: WorkingGraph) -> dict[tuple[int, int], float]:
    """Share of every curve in the variance that enters a node; of a product, relative variance."""
    found: dict[tuple[int, int], float] = {}
    totals = dict.fromkeys(graph.nodes, 0.0)
    for source in graph.nodes:
        drawn = graph.drawn(source)
        variance = drawn.density @ (drawn.y - drawn.density @ drawn.y) ** 2
        square = np.maximum(drawn.density @ drawn.y**2, 1e-300)
        for column, target in enumerate(drawn.targets):
            relative = graph.nodes[target].kind == "product"
            value = float(variance[column] / square[column] if relative else variance[column])
            found[source, target] = value
            totals[target] += value
    return {ends: value / max(totals[ends[1]], 1e-300) for ends, value in found.items()}
