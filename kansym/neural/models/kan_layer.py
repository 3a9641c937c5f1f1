"""One layer of a Kolmogorov-Arnold network: the kinds of its edges, its splines and its nodes."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from kansym.network.structure.layered_graph import Layer
from kansym.neural.models.splines import greville_abscissae, spline_basis, spline_coefficients
from kansym.neural.models.torch_functions import TORCH
from kansym.programs.program import Program, evaluate

__all__ = ["ConstantPlace", "EdgeKind", "HasProgram", "KANLayer", "SymbolEdge", "Width"]

Width = int | tuple[int, int]
"""Nodes of a layer: a number of sum nodes, or a pair (sum nodes, product nodes)."""


class EdgeKind(IntEnum):
    """What an edge of a KAN computes."""

    ABSENT = 0
    SPLINE = 1
    STRAIGHT = 2
    SYMBOL = 3


@runtime_checkable
class HasProgram(Protocol):
    """Anything that carries its function as data, such as a library candidate."""

    @property
    def program(self) -> Program: ...


class SymbolEdge(nn.Module):
    """An edge fixed to a known function, y = c f(a x + b) + d, with trainable constants.

    Parameters
    ----------
    program : the function f, in the variable ``"x"``.
    constants : a, b, c, d.
    free : which of them training may change.

    Examples
    --------
    >>> edge = SymbolEdge(("sin", "x"), (2.0, 0.0, 3.0, 1.0))
    >>> edge(torch.zeros(1, dtype=torch.float64)).tolist()
    [1.0]
    """

    def __init__(
        self,
        program: Program,
        constants: Sequence[float],
        *,
        free: Sequence[bool] = (True, True, True, True),
        dtype: torch.dtype = torch.float64,
        device: torch.device | str | None = None,
    ):
        super().__init__()
        self.program = program
        self.free = tuple(bool(one) for one in free)
        self.constants = nn.Parameter(torch.tensor(constants, dtype=dtype, device=device))

    def forward(self, x: Float[Tensor, " batch"]) -> Float[Tensor, " batch"]:
        a, b, c, d = self.constants
        value = evaluate(self.program, {"x": a * x + b}, TORCH)
        value = torch.as_tensor(value, dtype=x.dtype, device=x.device)
        return (c * value + d).expand_as(x)


class KANLayer(nn.Module):
    """One layer of edges and the nodes that they enter; sum nodes come first.

    A sum node adds its edges and its bias; a product node multiplies its present edges and adds
    its bias:  ``layer(x) == layer.combine(layer.edges(x))``.

    Parameters
    ----------
    n_in : incoming values.
    n_sum, n_product : nodes of either kind.
    grid : intervals of every spline.
    degree : degree of every spline.
    """

    low: Tensor
    high: Tensor
    kind: Tensor
    frozen: Tensor
    frozen_bias: Tensor

    def __init__(
        self,
        n_in: int,
        n_sum: int,
        n_product: int = 0,
        *,
        grid: int = 5,
        degree: int = 3,
        dtype: torch.dtype = torch.float64,
        device: torch.device | str | None = None,
    ):
        super().__init__()
        n_out = n_sum + n_product
        self.n_in, self.n_out = n_in, n_out
        self.n_sum, self.n_product = n_sum, n_product
        self.grid, self.degree = grid, degree
        at = {"dtype": dtype, "device": device}
        self.register_buffer("low", -torch.ones(n_in, **at))
        self.register_buffer("high", torch.ones(n_in, **at))
        self.register_buffer(
            "kind", torch.full((n_out, n_in), EdgeKind.SPLINE, dtype=torch.int8, device=device)
        )
        self.register_buffer("frozen", torch.zeros(n_out, n_in, dtype=torch.bool, device=device))
        held = torch.zeros(n_out, dtype=torch.bool, device=device)
        self.register_buffer("frozen_bias", held, persistent=False)
        self.coef = nn.Parameter(torch.zeros(n_out, n_in, grid + degree, **at))
        self.slope = nn.Parameter(torch.zeros(n_out, n_in, **at))
        self.bias = nn.Parameter(torch.zeros(n_out, **at))
        self.symbols = nn.ModuleDict()

    def reset(self, generator: torch.Generator, noise: float = 0.1) -> None:
        """Random straight lines plus small noise; the factors of a product stay near 1."""
        with torch.no_grad():
            at = {"generator": generator, "dtype": torch.float64}
            where = greville_abscissae(self.low, self.high, self.grid, self.degree)
            middle = (where - where.mean(1, keepdim=True)) / (self.high - self.low)[:, None]
            lines = torch.randn(self.n_out, self.n_in, 1, **at).to(middle) * 2 / self.n_in**0.5
            bumps = torch.randn(self.coef.shape, **at).to(middle) * noise / self.n_in**0.5
            coef = lines * middle + bumps
            coef[self.n_sum :] = 1 + 0.5 * coef[self.n_sum :]
            coef = coef * (self.kind == EdgeKind.SPLINE)[..., None]
            self.coef.copy_(torch.where(self.frozen[..., None], self.coef, coef))
            slope = torch.randn(self.n_out, self.n_in, **at).to(middle) / self.n_in**0.5
            slope = slope / (self.high - self.low) * (self.kind == EdgeKind.STRAIGHT)
            self.slope.copy_(torch.where(self.frozen, self.slope, slope))
            self.bias.mul_(self.frozen_bias)

    def weight(self) -> Float[Tensor, "n_out n_in coefficients"]:
        """Spline coefficients, zero where the edge is no spline."""
        if bool((self.kind == EdgeKind.SPLINE).all()):
            return self.coef
        return self.coef * (self.kind == EdgeKind.SPLINE)[..., None]

    def straight(self) -> Float[Tensor, "n_out n_in"]:
        """Slopes of the straight edges, zero elsewhere."""
        return self.slope * (self.kind == EdgeKind.STRAIGHT)

    def symbol_edges(self) -> list[tuple[int, int, SymbolEdge]]:
        """The edges fixed to a function, as (target, source, edge)."""
        found = []
        for key, edge in self.symbols.items():
            target, source = key.split("_")
            assert isinstance(edge, SymbolEdge)
            found.append((int(target), int(source), edge))
        return found

    def knots(self, source: int) -> list[float]:
        """Ends of the intervals of one input's grid."""
        low, high = float(self.low[source]), float(self.high[source])
        return [low + (high - low) * step / self.grid for step in range(self.grid + 1)]

    def basis(
        self, x: Float[Tensor, "batch n_in"], order: int = 0
    ) -> Float[Tensor, "batch n_in coefficients"]:
        """B-splines of every input, or their derivatives."""
        return spline_basis(x, self.low, self.high, self.grid, self.degree, order)

    def edges(self, x: Float[Tensor, "batch n_in"]) -> Float[Tensor, "batch n_out n_in"]:
        """Value of every edge: 0 for an absent edge into a sum, 1 for one into a product."""
        values = x[:, None, :] * self.straight()
        if self._splines_count():
            values = values + torch.einsum("bik,oik->boi", self.basis(x), self.weight())
        for target, source, edge in self.symbol_edges():
            column = torch.zeros_like(self.slope, dtype=torch.bool)
            column[target, source] = True
            values = torch.where(column, edge(x[:, source])[:, None, None], values)
        absent = self.kind[self.n_sum :] == EdgeKind.ABSENT
        products = torch.where(
            absent, torch.ones_like(values[:, self.n_sum :]), values[:, self.n_sum :]
        )
        return torch.cat([values[:, : self.n_sum], products], dim=1)

    def combine(self, edges: Float[Tensor, "batch n_out n_in"]) -> Float[Tensor, "batch n_out"]:
        """Values of the nodes: sums and products of their edges, plus the bias."""
        sums = edges[:, : self.n_sum].sum(-1)
        products = edges[:, self.n_sum :].prod(-1)
        return torch.cat([sums, products], dim=1) + self.bias

    def forward(self, x: Float[Tensor, "batch n_in"]) -> Float[Tensor, "batch n_out"]:
        if self.n_product or len(self.symbols):
            return self.combine(self.edges(x))
        values = x.new_zeros(len(x), 1) + self.bias
        if self._splines_count():
            values = nn.functional.linear(
                self.basis(x).flatten(1), self.weight().flatten(1), self.bias
            )
        if bool((self.kind == EdgeKind.STRAIGHT).any()):
            values = values + x @ self.straight().T
        return values

    def _splines_count(self) -> bool:
        """Whether splines have a say; a law drawn as a KAN of a thousand inputs has none of them.

        With gradients they always have one, so that a parameter's gradient is 0 and not missing.
        """
        return torch.is_grad_enabled() or bool((self.kind == EdgeKind.SPLINE).any())

    @torch.no_grad()
    def keep_relays(self, layer: Layer) -> None:
        """Make all edges absent and biases 0, but relays straight of slope 1."""
        self.kind.fill_(EdgeKind.ABSENT)
        self.slope.zero_()
        self.bias.zero_()
        for node in layer.relays:
            place = layer.nodes.index(node), layer.sources.index(node)
            self.kind[place], self.slope[place] = EdgeKind.STRAIGHT, 1.0

    @torch.no_grad()
    def regrid(self, low: Tensor, high: Tensor, grid: int) -> None:
        """Move every spline to a new grid by least squares; exact for refinement in place."""
        n_points = 4 * (max(grid, self.grid) + self.degree) + 1
        steps = torch.linspace(0, 1, n_points, dtype=low.dtype, device=low.device)
        points = low[:, None] + (high - low)[:, None] * steps
        basis = self.basis(points.T)
        values = torch.einsum("pik,oik->oip", basis, self.coef)
        coef = spline_coefficients(points, values, low, high, grid, self.degree)
        self.low.copy_(low)
        self.high.copy_(high)
        self.grid = grid
        self.coef = nn.Parameter(coef, requires_grad=self.coef.requires_grad)


@dataclass(frozen=True)
class ConstantPlace:
    """Where the number stands that holds a named constant of a known start.

    Attributes
    ----------
    layer, target : the node, as in `KAN.set_edge`.
    source : the other end of the edge; None for the bias of the node.
    slot : ``"slope"`` or ``"bias"``, or which of a, b, c, d of a fixed edge.
    program : the constant as a function of that number, in the variable ``"x"``.
    """

    layer: int
    target: int
    source: int | None
    slot: str
    program: Program = "x"

    def number(self, layer: KANLayer) -> float:
        """The number that stands there."""
        if self.slot == "bias":
            return layer.bias[self.target].item()
        if self.slot == "slope":
            return layer.slope[self.target, self.source].item()  # pyright: ignore[reportReturnType]
        edge = layer.symbols[f"{self.target}_{self.source}"]
        assert isinstance(edge, SymbolEdge)
        return edge.constants["abcd".index(self.slot)].item()
