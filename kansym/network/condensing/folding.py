"""Passes that make a network smaller without changing what it computes on the sample."""

import numpy as np

from kansym.network.condensing.straight_lines import Polynomials, are_straight, fit_polynomials
from kansym.network.condensing.unit_sums import UnitSum
from kansym.network.condensing.working_graph import WorkingGraph

__all__ = ["drop_dead", "fold_relays", "fold_straight_ways", "spreads", "straight_curves"]

_ROUNDING = 64 * np.finfo(np.float64).eps


def spreads(graph: WorkingGraph) -> dict[int, float]:
    """Per node, the range of the largest curve into it."""
    found = dict.fromkeys(graph.nodes, 0.0)
    for source in filter(graph.outgoing.get, graph.nodes):
        drawn = graph.drawn(source)
        for target, height in zip(drawn.targets, np.ptp(drawn.y, axis=0).tolist(), strict=True):
            found[target] = max(found[target], height)
    return found


def drop_dead(graph: WorkingGraph, tolerance: float) -> bool:
    """Remove curves that are constant on the sample, and nodes that are constant or unused."""
    dropped = _drop_constant_curves(graph, tolerance)
    constants = _fold_constant_nodes(graph)
    unused = _drop_unused(graph)
    return dropped or constants or unused


def _drop_constant_curves(graph: WorkingGraph, tolerance: float) -> bool:
    """Move the value of a constant curve into its target."""
    largest = spreads(graph)
    changed = False
    for source in list(graph.nodes):
        drawn = graph.drawn(source)
        if not drawn.targets:
            continue
        heights, sizes = np.ptp(drawn.y, axis=0), np.abs(drawn.y).max(axis=0)
        values = drawn.density @ drawn.y
        for target, height, size, value in zip(drawn.targets, heights, sizes, values, strict=True):
            node = graph.nodes[target]
            if node.kind == "sum":
                dead = height <= tolerance * largest[target] + _ROUNDING * (size + abs(node.bias))
            else:
                dead = height <= max(tolerance, _ROUNDING) * size
            if dead:
                graph.cut(source, target)
                _add_constant(graph, target, float(value))
                changed = True
    return changed


def _add_constant(graph: WorkingGraph, target: int, value: float) -> None:
    """Let a constant term or factor enter a node."""
    node = graph.nodes[target]
    if node.kind == "sum":
        node.bias += value
    elif node.incoming:
        source, curve = next(iter(node.incoming.items()))
        graph.replace(source, target, curve.times(value))
    else:
        node.kind, node.bias = "sum", node.bias + value


def _fold_constant_nodes(graph: WorkingGraph) -> bool:
    """Remove hidden nodes that nothing enters."""
    changed = False
    for number in graph.hidden():
        node = graph.nodes[number]
        if node.incoming:
            continue
        for target in list(graph.outgoing[number]):
            curve = graph.cut(number, target)
            _add_constant(graph, target, float(curve(np.array(node.bias))))
        graph.remove(number)
        changed = True
    return changed


def _drop_unused(graph: WorkingGraph) -> bool:
    """Remove hidden nodes that nothing leaves."""
    unused = [number for number in graph.hidden() if not graph.outgoing[number]]
    changed = bool(unused)
    while unused:
        number = unused.pop()
        sources = list(graph.nodes[number].incoming)
        graph.remove(number)
        hidden = set(graph.hidden())
        unused += [source for source in sources if source in hidden and not graph.outgoing[source]]
    return changed


# -- straight lines --------------------------------------------------------------------------


def straight_curves(
    graph: WorkingGraph, source: int, largest: dict[int, float], tolerance: float
) -> dict[int, UnitSum]:
    """The curves that leave a node and are straight lines, as such, by target."""
    drawn = graph.drawn(source)
    if not drawn.targets:
        return {}
    fitted: Polynomials = fit_polynomials(drawn.x, drawn.y, 1)
    scale = np.array([largest[target] for target in drawn.targets])
    straight = are_straight(fitted, np.ptp(drawn.y, axis=0), scale, tolerance)
    found = {}
    for column in np.flatnonzero(straight):
        target = drawn.targets[column]
        exact = graph.nodes[target].incoming[source]
        if exact.terms:
            constant, slope = fitted.coefficients[:, column].tolist()
            exact = UnitSum(slope=slope, constant=constant)
        found[target] = exact
    return found


def fold_relays(graph: WorkingGraph, tolerance: float) -> bool:
    """Remove sum nodes that only pass one other node on, by a straight line."""
    largest = spreads(graph)
    changed = False
    for number in graph.hidden("sum"):
        node = graph.nodes[number]
        if len(node.incoming) != 1:
            continue
        (source,) = node.incoming
        line = straight_curves(graph, source, largest, tolerance).get(number)
        if line is None:
            continue
        for target in list(graph.outgoing[number]):
            curve = graph.cut(number, target)
            graph.join(source, target, curve.at(line.slope, line.constant + node.bias))
        graph.remove(number)
        changed = True
    return changed


def fold_straight_ways(graph: WorkingGraph, tolerance: float) -> bool:
    """Remove sum nodes whose curves go on by straight lines only, if that adds no edges.

    A node whose incoming curves are straight as well is an affine map followed by another, and is
    always removed.
    """
    largest = spreads(graph)
    lines: dict[int, dict[int, UnitSum]] = {}

    def out_of(source: int) -> dict[int, UnitSum]:
        if source not in lines:
            lines[source] = straight_curves(graph, source, largest, tolerance)
        return lines[source]

    changed = False
    for number in graph.hidden("sum"):
        ways = out_of(number)
        if not ways or len(ways) < len(graph.outgoing[number]):
            continue
        incoming = graph.nodes[number].incoming
        few = (len(incoming) - 1) * (len(ways) - 1) <= 1
        into_product = any(graph.nodes[target].kind == "product" for target in ways)
        if into_product and len(incoming) > 1:
            continue
        if few or all(number in out_of(source) for source in incoming):
            for source in incoming:
                lines.pop(source, None)
            _bypass(graph, number, ways)
            changed = True
    return changed


def _bypass(graph: WorkingGraph, number: int, ways: dict[int, UnitSum]) -> None:
    """Let all curves into a node end at its targets instead."""
    node = graph.nodes[number]
    incoming = dict(node.incoming)
    graph.remove(number)
    for target, line in ways.items():
        offset = line.constant + line.slope * node.bias
        if graph.nodes[target].kind == "product":
            ((source, curve),) = incoming.items()
            graph.join(source, target, curve.times(line.slope).plus(offset))
            continue
        graph.nodes[target].bias += offset
        for source, curve in incoming.items():
            graph.join(source, target, curve.times(line.slope))
