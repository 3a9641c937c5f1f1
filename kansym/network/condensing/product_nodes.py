"""Product nodes: found in differences of squares, joined, and brought to one form.

P^2 - M^2 = (P + M)(P - M). Where two nodes enter a third by opposite parabolas and their sum and
difference depend on one node each, the three are one product node.
"""

import numpy as np

from kansym.network.condensing.folding import spreads, straight_curves
from kansym.network.condensing.straight_lines import fit_polynomials
from kansym.network.condensing.unit_sums import UnitSum
from kansym.network.condensing.working_graph import WorkingGraph, WorkingNode

__all__ = ["find_products", "flatten_products", "merge_products", "simplify_products"]

Parabola = tuple[float, float, float]
"""Curvature q, shift b and constant c of q (u + b)^2 + c."""


def find_products(graph: WorkingGraph, tolerance: float) -> bool:
    """Put product nodes in place of differences of squares."""
    into = _parabolas(graph, tolerance)
    found: dict[tuple[float, ...], int] = {}
    changed = False
    for target, parabolas in into.items():
        rising = [number for number, (q, _, _) in parabolas.items() if q > 0]
        falling = [number for number, (q, _, _) in parabolas.items() if q < 0]
        for p in rising:
            for m in falling:
                factors = _factors(graph, p, m, parabolas[p], parabolas[m], tolerance)
                if factors is not None:
                    _rebuild(graph, target, p, m, (parabolas[p], parabolas[m]), factors, found)
                    falling.remove(m)
                    changed = True
                    break
    return changed


def _parabolas(graph: WorkingGraph, tolerance: float) -> dict[int, dict[int, Parabola]]:
    """Parabolas from hidden sum nodes of at most two sources into sum nodes, by target."""
    largest = spreads(graph)
    into: dict[int, dict[int, Parabola]] = {}
    for number in graph.hidden("sum"):
        if not 1 <= len(graph.nodes[number].incoming) <= 2:
            continue
        drawn = graph.drawn(number)
        fitted = fit_polynomials(drawn.x, drawn.y, 2)
        heights = np.ptp(drawn.y, axis=0)
        half = (drawn.x[-1] - drawn.x[0]) / 2
        for column, target in enumerate(drawn.targets):
            c, b, q = fitted.coefficients[:, column].tolist()
            size = max(heights[column], 1e-3 * largest[target])
            bent = abs(q) * half**2 > 1e-4 * heights[column]
            into_sum = graph.nodes[target].kind == "sum"
            if bent and into_sum and fitted.misses[column] <= tolerance * size:
                shift = b / (2 * q)
                into.setdefault(target, {})[number] = (q, shift, c - q * shift**2)
    return into


def _factors(
    graph: WorkingGraph, p: int, m: int, of_p: Parabola, of_m: Parabola, tolerance: float
) -> tuple[tuple[int, UnitSum], tuple[int, UnitSum]] | None:
    """The factors P + M and P - M as curves of one node each, or None if they are not."""
    into_p, into_m = graph.nodes[p].incoming, graph.nodes[m].incoming
    sources = list(dict.fromkeys([*into_p, *into_m]))
    if len(sources) > 2:
        return None
    size_p, size_m = float(np.sqrt(of_p[0])), float(np.sqrt(-of_m[0]))
    offset_p = size_p * (graph.nodes[p].bias + of_p[1])
    offset_m = size_m * (graph.nodes[m].bias + of_m[1])
    factors = []
    for sign in (1.0, -1.0):
        curves: list[tuple[int, UnitSum]] = []
        constant = offset_p + sign * offset_m
        for source in sources:
            own = into_p.get(source, UnitSum()).times(size_p)
            other = into_m.get(source, UnitSum()).times(sign * size_m)
            both, x = own.plus(other), graph.points(source)[0]
            y = both(x)
            if np.ptp(y) <= tolerance * max(np.ptp(own(x)), np.ptp(other(x))):
                constant += float(y.mean())
            else:
                curves.append((source, both))
        if len(curves) != 1:
            return None
        source, curve = curves[0]
        factors.append((source, curve.plus(constant)))
    return factors[0], factors[1]


def _rebuild(
    graph: WorkingGraph,
    target: int,
    p: int,
    m: int,
    parabolas: tuple[Parabola, Parabola],
    factors: tuple[tuple[int, UnitSum], tuple[int, UnitSum]],
    found: dict[tuple[float, ...], int],
) -> None:
    """Cut two parabolas and join their product instead."""
    (q_p, shift_p, c_p), (q_m, shift_m, c_m) = parabolas
    graph.cut(p, target)
    graph.cut(m, target)
    graph.nodes[target].bias += c_p + c_m
    key = (p, m, round(q_p / q_m, 6), round(shift_p, 6), round(shift_m, 6))
    if key not in found:
        values = [curve(graph.nodes[source].values) for source, curve in factors]
        node = WorkingNode("product", values[0] * values[1])
        found[key] = graph.add(node)
        for source, curve in factors:
            graph.join(source, found[key], curve.times(1.0 / np.sqrt(q_p)))
        node.values = node.values / q_p
    graph.join(found[key], target, UnitSum(slope=q_p))


def simplify_products(graph: WorkingGraph, tolerance: float) -> bool:
    """Turn products of one factor into sums."""
    del tolerance
    changed = False
    for number, node in graph.nodes.items():
        if node.kind == "product" and len(node.incoming) == 1:
            node.kind = "sum"
            changed = True
            graph.forget(number)
    return changed


def flatten_products(graph: WorkingGraph, tolerance: float) -> bool:
    """Let the factors of a product that is itself a factor, and nothing else, enter directly."""
    largest = spreads(graph)
    changed = False
    for number in graph.hidden("product"):
        if len(graph.outgoing[number]) != 1:
            continue
        (target,) = graph.outgoing[number]
        if graph.nodes[target].kind != "product":
            continue
        line = straight_curves(graph, number, largest, tolerance).get(target)
        node = graph.nodes[number]
        size = float(np.abs(node.values).max())
        if line is None:
            continue
        if abs(line.constant + line.slope * node.bias) > tolerance * abs(line.slope) * size:
            continue
        incoming = dict(node.incoming)
        graph.remove(number)
        factor = line.slope
        for source, curve in incoming.items():
            graph.join(source, target, curve.times(factor))
            factor = 1.0
        changed = True
    return changed


def merge_products(graph: WorkingGraph, tolerance: float) -> bool:
    """Merge product nodes whose factors are the same up to scale."""
    seen: dict[tuple[int, ...], list[int]] = {}
    changed = False
    for number in graph.hidden("product"):
        key = tuple(sorted(graph.nodes[number].incoming))
        for other in seen.setdefault(key, []):
            scale = _common_scale(graph, number, other, tolerance)
            if scale is not None:
                shift = graph.nodes[number].bias - scale * graph.nodes[other].bias
                for target in list(graph.outgoing[number]):
                    curve = graph.cut(number, target)
                    graph.join(other, target, curve.at(scale, shift))
                graph.remove(number)
                changed = True
                break
        else:
            seen[key].append(number)
    return changed


def _common_scale(graph: WorkingGraph, number: int, other: int, tolerance: float) -> float | None:
    """The factor between two product nodes, if every pair of factors is proportional."""
    scale = 1.0
    for source, curve in graph.nodes[number].incoming.items():
        x = graph.points(source)[0]
        y, z = curve(x), graph.nodes[other].incoming[source](x)
        ratio = float(y @ z / (z @ z))
        if np.abs(y - ratio * z).max() > tolerance * np.abs(y).max():
            return None
        scale *= ratio
    return scale
