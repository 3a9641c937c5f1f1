"""The KAN of kansym: splines, straight edges, fixed functions, sum and product nodes."""

from dataclasses import dataclass

import numpy as np
import torch

from kansym.network.activations import identity
from kansym.network.stages import Stage, Units
from kansym.neural.models.kan import KAN, EdgeKind, KANLayer
from kansym.neural.readers.bsplines import UniformSplines
from kansym.neural.readers.opened import check_width
from kansym.programs.program import Program, evaluate

__all__ = ["ProgramFunction", "as_numpy", "known_program", "nodes_of", "read_kan", "spread_out"]

Array = np.ndarray


@dataclass(frozen=True)
class ProgramFunction:
    """A program of ``"x"`` at a * x + b, elementwise."""

    program: Program
    a: float = 1.0
    b: float = 0.0

    def __call__(self, x: Array) -> Array:
        value = evaluate(self.program, {"x": self.a * x + self.b})
        return np.broadcast_to(np.asarray(value, dtype=np.float64), np.shape(x))


def as_numpy(tensor: torch.Tensor) -> Array:
    """A copy in float64."""
    return tensor.detach().cpu().double().numpy()


def known_program(program: Program) -> Program | None:
    """A program worth knowing beforehand: a straight line is seen anyway."""
    return None if program == "x" else program


def read_kan(model: KAN, stage: Stage) -> Stage:
    """The stages of a KAN, layer by layer."""
    check_width(stage, model.kan_layers[0].n_in, repr(model).split(":")[0])
    for layer in model.kan_layers:
        edges = _Edges(layer)
        present = edges.kind != EdgeKind.ABSENT
        expanded = stage.expand(edges.units)
        is_product = np.arange(layer.n_out) >= layer.n_sum
        bias = as_numpy(layer.bias)
        stage = nodes_of(expanded, edges.weight, edges.constant, present, is_product, bias)
    return stage


def nodes_of(
    expanded: Stage, weight: Array, constant: Array, present: Array, is_product: Array, bias: Array
) -> Stage:
    """Sum and product nodes of edges that are weighted units.

    Every edge has weights (n_out, n_in, units) and a constant (n_out, n_in); absent ones are no
    factor of a product. The bias of a node is added to its sum or product.
    """
    rows, shifts, groups = [], [], []
    for target, product in enumerate(is_product):
        start = len(rows)
        if not product:
            rows.append(weight[target].sum(axis=0))
            shifts.append(constant[target].sum() + bias[target])
        else:
            factors = np.flatnonzero(present[target])
            rows += list(weight[target, factors])
            shifts += list(constant[target, factors])
            if not len(factors):
                rows.append(np.zeros(weight.shape[2]))
                shifts.append(1.0)
        groups.append(range(start, len(rows)))
    values = expanded.dense(np.array(rows), np.array(shifts))
    if not np.any(is_product):
        return values
    after = np.where(is_product, bias, 0.0)
    return values.multiply(groups).scale(1.0, after)


class _Edges:
    """Units of all inputs of a layer, and every edge as weights on them."""

    def __init__(self, layer: KANLayer):
        self.kind = layer.kind.cpu().numpy()
        self.units: list[Units] = []
        self.constant = np.zeros((layer.n_out, layer.n_in))
        columns: list[tuple[int, Array]] = []
        low, high = as_numpy(layer.low), as_numpy(layer.high)
        splines, straight = as_numpy(layer.weight()), as_numpy(layer.straight())
        for source in range(layer.n_in):
            if (self.kind[:, source] == EdgeKind.SPLINE).any():
                ends = float(low[source]), float(high[source])
                function = UniformSplines(*ends, layer.grid, layer.degree)
                self.units.append(Units(source, function, layer.grid + layer.degree))
                columns.append((source, splines[:, source]))
            if (self.kind[:, source] == EdgeKind.STRAIGHT).any():
                self.units.append(Units(source, identity))
                columns.append((source, straight[:, source, None]))
        for target, source, edge in layer.symbol_edges():
            a, b, c, d = edge.constants.tolist()
            function = ProgramFunction(edge.program, a, b)
            self.units.append(Units(source, function, 1, known_program(edge.program)))
            own = np.zeros((layer.n_out, 1))
            own[target] = c
            columns.append((source, own))
            self.constant[target, source] = d
        self.weight = spread_out(columns, layer.n_out, layer.n_in)


def spread_out(columns: list[tuple[int, Array]], n_out: int, n_in: int) -> Array:
    """Weights (n_out, n_in, units) from those of every group of units, (n_out, width)."""
    weight = np.zeros((n_out, n_in, sum(own.shape[1] for _, own in columns)))
    start = 0
    for source, own in columns:
        stop = start + own.shape[1]
        weight[:, source, start:stop] = own
        start = stop
    return weight
