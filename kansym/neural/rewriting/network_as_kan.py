"""Any network as a KAN of kansym that computes the same function.

Nodes of the condensed network are nodes of the KAN; an edge that passes a layer does so through
straight edges. Curves that are splines on one uniform grid become splines; others become edges
fixed to their function, so that a dense MLP is a KAN of ridge edges.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from kansym.network.condensing.unit_sums import UnitSum
from kansym.network.network import Edge
from kansym.network.structure.layered_graph import Layer, layered
from kansym.neural.models.kan import KAN, EdgeKind
from kansym.neural.models.splines import spline_basis, spline_coefficients
from kansym.neural.readers.tracing import trace
from kansym.neural.rewriting.activation_programs import curve_program
from kansym.neural.rewriting.spline_grids import UniformGrid, joints, uniform_grid
from kansym.shared.errors import UnsupportedModelError

__all__ = ["to_kan"]

_EXACT = 1e-9


def to_kan(model: Any, X: Any = None, *, tolerance: float | None = None) -> KAN:
    """Rewrite a network as a KAN that computes the same function.

    Parameters
    ----------
    model : anything that `trace` opens: an MLP, a Maxout network, a scikit-learn perceptron; a
        KAN is copied.
    X : rows (rows, inputs) on which it is traced; not needed for models of kansym that are trained.
    tolerance : as in `trace`; units that are parallel within it share a node.

    Returns
    -------
    A `KAN` in double precision. What was folded or dropped on the rows stays so elsewhere.

    Raises
    ------
    UnsupportedModelError
        If a curve is neither a spline on a uniform grid nor a sum of known functions, such as an
        edge of a foreign KAN.

    Examples
    --------
    >>> from kansym.neural.rewriting.kan_as_mlp import to_mlp
    >>> kan = KAN([2, 3, 1], grid=4, degree=1, seed=0)
    >>> x = 2 * torch.rand(200, 2, dtype=torch.float64) - 1
    >>> back = to_kan(to_mlp(kan), x)
    >>> back
    KAN([2, 3, 1], grid=4, degree=1): 9 edges, 49 parameters
    >>> bool((back(x) - kan(x)).abs().max() < 1e-12)
    True
    """
    if isinstance(model, KAN):
        return copy.deepcopy(model)
    network = trace(model, X, tolerance=tolerance)
    nodes = {node.name: node for node in network.nodes}
    entering: dict[str, list[Edge]] = {name: [] for name in nodes}
    for edge in network.edges:
        entering[edge.target].append(edge)
    layers = layered(
        network.inputs,
        network.outputs,
        sources=lambda name: [edge.source for edge in entering[name]],
        multiplies=lambda name: nodes[name].kind == "product",
    )
    own = [[*layer.sums, *layer.products] for layer in layers]
    edges = [[edge for name in names for edge in entering[name]] for names in own]
    plans = [_plan(each) for each in edges]
    degree = max((plan.degree for plan in plans), default=1)
    low, high = network.sample.min(axis=0), network.sample.max(axis=0)
    domain = np.stack([low, np.where(high > low, high, low + 1.0)], axis=1)
    widths = [len(network.inputs), *(layer.width for layer in layers)]
    kan = KAN(widths, degree=degree, domain=torch.tensor(domain))
    kan.input_names, kan.output_names = network.inputs, network.outputs
    kan.sample = torch.tensor(network.sample)
    for position, (layer, plan) in enumerate(zip(layers, plans, strict=True)):
        biases = {name: nodes[name].bias for name in own[position]}
        _fill(kan, position, layer, plan, biases, edges[position])
    return kan


# -- curves into splines or functions --------------------------------------------------------------


@dataclass(frozen=True)
class _Plan:
    """Grids of a layer's sources, if its curves are splines."""

    degree: int
    intervals: int
    grids: dict[str, UniformGrid]


def _curve(edge: Edge) -> UnitSum:
    """The curve of a traced edge."""
    assert isinstance(edge.function, UnitSum)
    return edge.function


def _plan(entering: list[Edge]) -> _Plan:
    """The degree and grids on which most of a layer's curves are splines."""
    found: dict[str, tuple[np.ndarray, float, float]] = {}
    curved = [edge for edge in entering if _line(edge) is None]
    for source in dict.fromkeys(edge.source for edge in curved):
        edges = [edge for edge in curved if edge.source == source]
        pieces = joints([_curve(edge) for edge in edges])
        if pieces is not None:
            found[source] = (*pieces, float(np.ptp(edges[0].x)) / 2)
    degree = round(max((power for _, power, _ in found.values()), default=1.0))
    grids = {}
    for source, (places, _, width) in found.items():
        grid = uniform_grid(places, degree, width)
        if grid is not None and grid.intervals <= 200:
            grids[source] = grid
    intervals = max((grid.intervals for grid in grids.values()), default=1)
    if degree == 1:
        grids = {source: _widened(grid, intervals) for source, grid in grids.items()}
    return _Plan(degree, intervals, {s: g for s, g in grids.items() if g.intervals == intervals})


def _widened(grid: UniformGrid, intervals: int) -> UniformGrid:
    """The same grid with more intervals above; a piecewise line does not mind."""
    step = (grid.high - grid.low) / grid.intervals
    return UniformGrid(grid.low, grid.low + intervals * step, intervals)


@torch.no_grad()
def _fill(
    kan: KAN,
    position: int,
    layer: Layer[str],
    plan: _Plan,
    biases: dict[str, float],
    edges: list[Edge],
) -> None:
    """Set the edges, biases and grids of one layer."""
    here = kan.kan_layers[position]
    target_of = {name: i for i, name in enumerate(layer.nodes)}
    source_of = {name: i for i, name in enumerate(layer.sources)}
    here.regrid(here.low.clone(), here.high.clone(), plan.intervals)
    for source, grid in plan.grids.items():
        here.low[source_of[source]], here.high[source_of[source]] = grid.low, grid.high
    here.coef.zero_()
    here.keep_relays(layer)
    for name, bias in biases.items():
        here.bias[target_of[name]] = bias
    for edge in edges:
        place = (position, target_of[edge.target], source_of[edge.source])
        _set(kan, place, edge, plan, edge.target in layer.products)


def _set(
    kan: KAN, place: tuple[int, int, int], edge: Edge, plan: _Plan, into_product: bool
) -> None:
    """One edge: straight, a spline, or a fixed function."""
    position, target, source = place
    here = kan.kan_layers[position]
    curve = _curve(edge)
    if (line := _line(edge)) is not None:
        slope, constant = line
        if not into_product:
            kan.set_edge(*place, EdgeKind.STRAIGHT, slope)
            here.bias[target] += constant
            return
        kan.fix_edge(*place, "x", (1.0, 0.0, slope, constant))
        return
    if edge.source in plan.grids and plan.degree == kan.degree:
        coef = _spline(curve, plan.grids[edge.source], kan.degree)
        if coef is not None:
            kan.set_edge(*place, EdgeKind.SPLINE)
            here.coef[target, source] = coef
            return
    program = curve_program(curve)
    if program is None:
        raise UnsupportedModelError(
            f"The edge {edge.source} -> {edge.target} is neither a spline on a uniform grid nor a "
            "sum of known functions: train a KAN on values of the model instead."
        )
    kan.fix_edge(*place, program)


def _line(edge: Edge) -> tuple[float, float] | None:
    """Slope and constant of an edge that is straight far beyond the sample too."""
    curve = _curve(edge)
    if not edge.straight or not curve.terms:
        return (curve.slope, curve.constant) if not curve.terms else None
    wide = edge.x[0] + np.ptp(edge.x) * np.linspace(-20.0, 21.0, 83)
    y = curve(wide)
    slope = float((y[-1] - y[0]) / (wide[-1] - wide[0]))
    constant = float(y[0] - slope * wide[0])
    straight = np.abs(y - slope * wide - constant).max() <= _EXACT * np.ptp(y)
    return (slope, constant) if straight else None


def _spline(curve: UnitSum, grid: UniformGrid, degree: int) -> torch.Tensor | None:
    """Coefficients of a curve on a grid; None if it is no spline on it."""
    n_points = 4 * (grid.intervals + degree) + 1
    low, high = _numbers([grid.low]), _numbers([grid.high])
    inside = np.linspace(grid.low, grid.high, n_points)
    values = _numbers(curve(inside))
    coef = spline_coefficients(
        _numbers(inside)[None], values[None, None], low, high, grid.intervals, degree
    )[0, 0]
    width = grid.high - grid.low
    checked = np.linspace(grid.low - width, grid.high + width, 6 * n_points)
    basis = spline_basis(_numbers(checked)[:, None], low, high, grid.intervals, degree)[:, 0]
    exact = curve(checked)
    miss = np.abs((basis @ coef).numpy() - exact).max()
    return coef if miss <= _EXACT * max(float(np.ptp(exact)), 1e-300) else None


def _numbers(values: Sequence[float] | np.ndarray) -> torch.Tensor:
    return torch.as_tensor(np.asarray(values, dtype=np.float64))
