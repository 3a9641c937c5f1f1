"""A KAN as an MLP that computes the same function.

An edge of degree 1 is a line plus shifted ReLUs. With a grid shared by all edges that leave one
node, k pieces need k units: one faces left of the first inner knot, the others face right of
every inner knot. Layer = expand, shift, ReLU, Linear; joined from Linear to Linear the stack is
an ordinary MLP. An edge of degree p uses truncated powers ``min(relu(x - t), cap) ** p``; outside
the grid it goes on as a straight line, by a plain ReLU on either side. A product node is a
difference of squares, xy = ((x + y)^2 - (x - y)^2) / 4.
"""

import itertools
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from kansym.neural.models.kan import KAN, EdgeKind, KANLayer
from kansym.neural.rewriting.products_by_squares import multiply, rows_about, samples
from kansym.neural.rewriting.stack import LayerUnits, Stack, check_kan, numbers

__all__ = ["to_mlp"]


@torch.no_grad()
def to_mlp(model: KAN) -> nn.Sequential:
    """Rewrite a KAN as a multilayer perceptron that computes the same function everywhere.

    For degree 1 and sum nodes the result is ``Linear, ReLU, Linear, ReLU, ..., Linear``; a layer of
    n inputs, m outputs and k pieces has n m k weights after its ReLUs, as many as the KAN. Higher
    degrees use `kansym.neural.models.mlp.PowerReLU`, product nodes add one layer of squares per
    halving.

    Parameters
    ----------
    model : any KAN; edges fixed to a function keep it as the activation of their unit.

    Returns
    -------
    A plain ``torch.nn.Sequential`` with copies of the numbers, in the model's precision.

    Examples
    --------
    >>> kan = KAN([2, 3, 1], grid=4, degree=1, seed=0)
    >>> mlp, x = to_mlp(kan), 10 * torch.randn(50, 2, dtype=torch.float64)
    >>> [type(module).__name__ for module in mlp]
    ['Linear', 'ReLU', 'Linear', 'ReLU', 'Linear']
    >>> bool((mlp(x) - kan(x)).abs().max() < 1e-12 * kan(x).abs().max())
    True

    References
    ----------
    Piecewise-linear functions as ReLU networks: R. Arora et al., 2018, arXiv:1611.01491.
    """
    check_kan(model)
    stack = Stack(model.kan_layers[0].n_in, model.kan_layers[0].coef)
    near, far = (model.layer_inputs(rows_about(model, reach)) for reach in (1.0, 10.0))
    for layer, *entering in zip(model.kan_layers, near, far, strict=True):
        edges = _Edges(layer)
        stack.activate(edges.units)
        groups, readout, shift = _factors(layer, edges)
        stack.read(readout, shift)
        multiply(stack, groups, layer.bias, samples(layer, entering))
    return stack.finished()


# -- one layer: units, and how every edge is read off them ------------------------------------


class _Edges:
    """The edges of a layer as sums of units: weights (n_out, n_in, units), constants."""

    def __init__(self, layer: KANLayer):
        self.units = LayerUnits(layer.n_in, layer.coef)
        self.constants = torch.zeros_like(layer.slope)
        columns: list[Tensor] = []

        def add(source: int, factor: float, shift: float, weights: Tensor, *shape: float) -> None:
            """A unit of one input, with its weights in the edges to all targets."""
            self.units.add({source: factor}, shift, *shape)
            columns.append(weights)

        pieces = _linear_pieces if layer.degree == 1 else _powers
        for source in range(layer.n_in):
            kinds = layer.kind[:, source]
            if bool((kinds == EdgeKind.SPLINE).any() | (kinds == EdgeKind.STRAIGHT).any()):
                self.constants[:, source] = pieces(layer, source, add)
        for target, source, edge in layer.symbol_edges():
            a, b, c, d = edge.constants.tolist()
            self.units.add({source: a}, b, program=edge.program)
            columns.append(c * torch.eye(layer.n_out)[target].to(layer.coef))
            self.constants[target, source] = d
        if not columns:  # a layer of constants still needs one unit to be a layer
            add(0, 0.0, 0.0, torch.zeros(layer.n_out).to(layer.coef))
        self.weights = torch.zeros(layer.n_out, layer.n_in, len(columns)).to(layer.coef)
        for unit, (row, column) in enumerate(zip(self.units.rows, columns, strict=True)):
            self.weights[:, next(iter(row)), unit] = column


def _linear_pieces(layer: KANLayer, source: int, add: Callable[..., None]) -> Tensor:
    """Units of piecewise-linear edges; returns the edges' constants."""
    knots = layer.knots(source)
    values = layer.weight()[:, source]
    slopes = torch.diff(values, dim=1) / (knots[1] - knots[0])
    slopes = slopes + layer.straight()[:, source, None]
    anchor = min(1, layer.grid - 1)
    # With one piece only there is no inner knot: the two units share the left end of the grid.
    add(source, -1.0, knots[anchor], -slopes[:, 0])
    right = slopes[:, anchor]
    for piece in range(max(anchor, 1) if layer.grid > 1 else 0, layer.grid):
        add(source, 1.0, -knots[piece], right)
        if piece + 1 < layer.grid:
            right = slopes[:, piece + 1] - slopes[:, piece]
    return values[:, anchor] + layer.straight()[:, source] * knots[anchor]


def _powers(layer: KANLayer, source: int, add: Callable[..., None]) -> Tensor:
    """Units of edges of degree 2 and more; returns the edges' constants."""
    knots, p = layer.knots(source), layer.degree
    low, high = knots[0], knots[-1]
    middles = [(a + b) / 2 for a, b in itertools.pairwise(knots)]
    at = numbers([*middles, low, high], layer.coef)
    weight, straight = layer.weight()[:, source], layer.straight()[:, source]

    def derivative(order: int) -> Tensor:
        x = at[:, None].expand(-1, layer.n_in)
        return weight @ layer.basis(x, order)[:, source].T

    value, slope = derivative(0), derivative(1) + straight[:, None]
    add(source, -1.0, low, -slope[:, -2])
    add(source, 1.0, -high, slope[:, -1])
    add(source, 1.0, -low, slope[:, -2], 1.0, high - low)
    # Taylor coefficients at the left end, the p-th constant within each interval.
    highest = derivative(p)[:, : layer.grid] / math.factorial(p)
    taylor = _taylor_at_low(derivative, p, low, middles[0])
    for power in range(2, p):
        add(source, 1.0, -low, taylor[power], float(power), high - low)
    add(source, 1.0, -low, highest[:, 0], float(p), high - low)
    for piece in range(1, layer.grid):
        jump = highest[:, piece] - highest[:, piece - 1]
        add(source, 1.0, -knots[piece], jump, float(p), high - knots[piece])
    return value[:, -2] + straight * low


def _taylor_at_low(derivative, degree: int, low: float, middle: float) -> dict[int, Tensor]:
    """Taylor coefficients of order 2 to degree - 1 at the left end, from the first interval."""
    at_middle = {order: derivative(order)[:, 0] for order in range(2, degree + 1)}
    step = low - middle
    result = {}
    for order in range(2, degree):
        total = torch.zeros_like(at_middle[degree])
        for higher in range(order, degree + 1):
            total = total + at_middle[higher] * step ** (higher - order) / math.factorial(
                higher - order
            )
        result[order] = total / math.factorial(order)
    return result


def _factors(layer: KANLayer, edges: _Edges) -> tuple[list[list[int]], Tensor, Tensor]:
    """Values before multiplication: one per sum node, one per factor of a product node."""
    groups: list[list[int]] = []
    readout, shift = [], []
    for target in range(layer.n_out):
        present = (layer.kind[target] != EdgeKind.ABSENT).nonzero().flatten().tolist()
        if target < layer.n_sum:
            groups.append([len(readout)])
            readout.append(edges.weights[target].sum(0))
            shift.append(edges.constants[target].sum())
            continue
        groups.append(list(range(len(readout), len(readout) + max(1, len(present)))))
        for source in present:
            readout.append(edges.weights[target, source])
            shift.append(edges.constants[target, source])
        if not present:
            readout.append(torch.zeros_like(edges.weights[target, 0]))
            shift.append(torch.ones_like(edges.constants[target, 0]))
    return groups, torch.stack(readout), torch.stack(shift)
