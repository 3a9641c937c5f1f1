"""Stages become a working graph: parallel rows of a weight matrix share one node from the start.

Going through the stages, every value is kept as a weighted sum of units, each a function of one
node. Where a function is applied to such sums, those that are parallel become one node.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from kansym.network.condensing.parallel_nodes import parallel_groups
from kansym.network.condensing.unit_sums import Bank, UnitSum
from kansym.network.condensing.working_graph import WorkingGraph, WorkingNode
from kansym.network.stages import Add, Concatenate, Dense, Expand, Inputs, Multiply, Stage, Units

__all__ = ["build_graph"]

Array = np.ndarray
_CONSTANT = 1e-13


@dataclass(frozen=True, eq=False)
class _Layer:
    """Units that exist side by side, each a function of one node, with values on the sample."""

    nodes: tuple[int, ...]
    banks: tuple[Bank | None, ...]
    values: Float[Array, "rows units"]

    @property
    def spans(self) -> list[tuple[int, Bank | None, slice]]:
        """Node, bank (None for the node itself) and columns of every group of units."""
        found, start = [], 0
        for node, bank in zip(self.nodes, self.banks, strict=True):
            width = 1 if bank is None else bank.width
            found.append((node, bank, slice(start, start + width)))
            start += width
        return found


@dataclass(frozen=True, eq=False)
class _Form:
    """Values as weighted sums of the units of several layers, plus constants."""

    parts: tuple[tuple[_Layer, Float[Array, "width units"]], ...]
    bias: Float[Array, " width"]

    def dense(self, weight: Array, bias: Array) -> "_Form":
        """An affine map of the values."""
        parts = tuple((layer, weight @ own) for layer, own in self.parts)
        return _Form(parts, weight @ self.bias + bias)

    def rows(self, chosen: Sequence[int]) -> "_Form":
        """Some of the values."""
        picked = list(chosen)
        return _Form(tuple((layer, own[picked]) for layer, own in self.parts), self.bias[picked])

    def beside(self, other: "_Form") -> "_Form":
        """The values of both, one after the other."""
        parts = [(layer, np.pad(own, ((0, len(other.bias)), (0, 0)))) for layer, own in self.parts]
        parts += [(layer, np.pad(own, ((len(self.bias), 0), (0, 0)))) for layer, own in other.parts]
        return _joined(parts, np.concatenate([self.bias, other.bias]))

    def plus(self, other: "_Form") -> "_Form":
        """Sums of the values of both."""
        return _joined([*self.parts, *other.parts], self.bias + other.bias)

    def curves(self, row: int) -> dict[int, UnitSum]:
        """One value as a sum of curves, by node."""
        found: dict[int, UnitSum] = {}
        for layer, own in self.parts:
            for node, bank, span in layer.spans:
                weights = own[row, span]
                if weights.any():
                    line = bank is None
                    curve = UnitSum(slope=float(weights[0])) if line else UnitSum.of(bank, weights)
                    found[node] = found[node].plus(curve) if node in found else curve
        return found


def _joined(parts: Sequence[tuple[_Layer, Array]], bias: Array) -> _Form:
    """A form with the weights on each layer added."""
    total: dict[int, tuple[_Layer, Array]] = {}
    for layer, own in parts:
        old = total.get(id(layer))
        total[id(layer)] = (layer, own if old is None else old[1] + own)
    return _Form(tuple(total.values()), bias)


def _nodes_themselves(graph: WorkingGraph, numbers: Sequence[int]) -> _Form:
    """The values of nodes, as a form."""
    values = [graph.nodes[number].values for number in numbers]
    rows = np.stack(values, axis=1) if values else np.zeros((0, 0))
    layer = _Layer(tuple(numbers), (None,) * len(numbers), rows)
    return _Form(((layer, np.eye(len(numbers))),), np.zeros(len(numbers)))


def build_graph(
    stage: Stage, sample: Float[Array, "rows inputs"], tolerance: float
) -> WorkingGraph:
    """The working graph of a stage and all below it.

    Parameters
    ----------
    stage : what the model computes.
    sample : rows of inputs.
    tolerance : relative distance within which two rows of weights are parallel.
    """
    graph = WorkingGraph(sample)
    forms: dict[int, _Form] = {}
    for each in stage.in_order():
        below = [forms[id(source)] for source in each.sources]
        forms[id(each)] = _form(graph, each, below, tolerance)
    final = forms[id(stage)]
    for row in range(stage.width):
        values = final.bias[row] + sum(layer.values @ own[row] for layer, own in final.parts)
        values = np.broadcast_to(values, (len(sample),))
        node = WorkingNode("sum", values, float(final.bias[row]), final.curves(row))
        graph.outputs.append(graph.add(node))
    return graph


def _form(graph: WorkingGraph, stage: Stage, below: list[_Form], tolerance: float) -> _Form:
    """What one stage makes of the forms below it."""
    match stage:
        case Inputs():
            return _nodes_themselves(graph, range(stage.width))
        case Dense():
            return below[0].dense(stage.weight, stage.bias)
        case Add():
            return below[0].plus(below[1])
        case Concatenate():
            total = below[0]
            for other in below[1:]:
                total = total.beside(other)
            return total
        case Expand():
            return _expand(graph, below[0], stage.units, tolerance)
        case Multiply():
            return _multiply(graph, below[0], stage.groups, tolerance)
    raise AssertionError(stage)


@dataclass(frozen=True)
class _Place:
    """A value as factor * node + shift; node None for a constant."""

    node: int | None
    factor: float
    shift: float


def _expand(graph: WorkingGraph, form: _Form, units: Sequence[Units], tolerance: float) -> _Form:
    """Functions of single values: each value finds its node, each node gets a bank."""
    used = sorted({each.row for each in units})
    places = dict(zip(used, _places(graph, form.rows(used), tolerance), strict=True))
    members: dict[int, list[tuple[int, Units]]] = {}
    bias = np.zeros(sum(each.width for each in units))
    starts = np.cumsum([0, *(each.width for each in units)]).tolist()
    for start, each in zip(starts, units, strict=False):
        place = places[each.row]
        if place.node is None:
            bias[start : start + each.width] = each(np.array([place.shift]))[0]
        else:
            members.setdefault(place.node, []).append((start, each))
    banks, values, columns = [], [], []
    for node, own in members.items():
        own.sort(key=lambda item: item[1].width)
        at = [places[each.row] for _, each in own]
        bank = Bank(
            tuple(replace(each, row=0) for _, each in own),
            tuple(place.factor for place in at),
            tuple(place.shift for place in at),
        )
        banks.append(bank)
        values.append(bank(graph.nodes[node].values))
        columns += [start + k for start, each in own for k in range(each.width)]
    weight = np.zeros((len(bias), len(columns)))
    weight[columns, np.arange(len(columns))] = 1.0
    if not banks:
        return _Form((), bias)
    layer = _Layer(tuple(members), tuple(banks), np.concatenate(values, axis=1))
    return _Form(((layer, weight),), bias)


def _multiply(
    graph: WorkingGraph, form: _Form, groups: Sequence[Sequence[int]], tolerance: float
) -> _Form:
    """Product nodes for groups of several values; single values pass."""
    products = [position for position, group in enumerate(groups) if len(group) > 1]
    single = [position for position in range(len(groups)) if position not in set(products)]
    numbers = [_product(graph, form.rows(groups[position]), tolerance) for position in products]
    passed = form.rows([groups[position][0] for position in single])
    both = passed.beside(_nodes_themselves(graph, numbers)) if numbers else passed
    order = np.argsort([*single, *products])
    return both.rows(order.tolist())


def _product(graph: WorkingGraph, factors: _Form, tolerance: float) -> int:
    """A product node of several values."""
    n_rows = len(graph.nodes[0].values)
    node = WorkingNode("product", np.ones(n_rows))
    number = graph.add(node)
    constant = 1.0
    for row in range(len(factors.bias)):
        curves = factors.curves(row)
        if not curves:
            constant *= float(factors.bias[row])
        elif len(curves) == 1:
            ((source, curve),) = curves.items()
            curve = curve.plus(float(factors.bias[row]))
            node.values = node.values * curve(graph.nodes[source].values)
            graph.join(source, number, curve)
        else:
            (place,) = _places(graph, factors.rows([row]), tolerance)
            if place.node is None:
                constant *= place.shift
                continue
            node.values = node.values * (
                place.factor * graph.nodes[place.node].values + place.shift
            )
            graph.join(place.node, number, UnitSum(slope=place.factor, constant=place.shift))
    if not node.incoming:
        node.kind, node.bias, node.values = "sum", constant, np.full(n_rows, constant)
    elif constant != 1.0:
        source, curve = next(iter(node.incoming.items()))
        graph.replace(source, number, curve.times(constant))
        node.values = node.values * constant
    return number


# -- which node a value belongs to -----------------------------------------------------------


def _places(graph: WorkingGraph, form: _Form, tolerance: float) -> list[_Place]:
    """The node of every value of a form; new nodes where needed."""
    if not form.parts:
        return [_Place(None, 0.0, float(bias)) for bias in form.bias]
    units = np.concatenate([layer.values for layer, _ in form.parts], axis=1)
    weights = np.concatenate([own for _, own in form.parts], axis=1)
    spread = units.std(axis=0)
    scaled = weights * np.where(spread > 0, spread, 0.0)
    sums = units @ weights.T
    places: list[_Place | None] = [_known_place(form, row) for row in range(len(weights))]
    groups, _ = parallel_groups(scaled, min(tolerance, 1e-6))
    for group in groups:
        if places[group[0]] is not None:
            continue
        first = sums[:, group[0]]
        mean, std = float(first.mean()), float(first.std())
        largest = float(np.abs(scaled[group[0]]).sum())
        if std <= _CONSTANT * (largest + abs(mean)):
            for row in group:
                value = float(sums[:, row].mean() + form.bias[row])
                places[row] = _Place(None, 0.0, value)
            continue
        number = _new_node(graph, form, group[0], first, mean, std)
        own = scaled[group[0]] / std
        for row in group:
            factor = float(scaled[row] @ own / (own @ own))
            shift = float(sums[:, row].mean() + form.bias[row])
            places[row] = _Place(number, factor, shift)
    return [place for place in places if place is not None]


def _known_place(form: _Form, row: int) -> _Place | None:
    """The place of a value that is one node times a number, or constant."""
    live = [(layer, np.flatnonzero(own[row])) for layer, own in form.parts]
    live = [(layer, columns) for layer, columns in live if len(columns)]
    if not live:
        return _Place(None, 0.0, float(form.bias[row]))
    if len(live) > 1 or len(live[0][1]) > 1:
        return None
    layer, (column,) = live[0]
    for node, bank, span in layer.spans:
        if bank is None and span.start == column:
            own = next(own for other, own in form.parts if other is layer)
            return _Place(node, float(own[row, column]), float(form.bias[row]))
    return None


def _new_node(
    graph: WorkingGraph, form: _Form, row: int, sums: Array, mean: float, std: float
) -> int:
    """A sum node for one row, with mean 0 and standard deviation 1."""
    incoming = {node: curve.times(1.0 / std) for node, curve in form.curves(row).items()}
    return graph.add(WorkingNode("sum", (sums - mean) / std, -mean / std, incoming))
