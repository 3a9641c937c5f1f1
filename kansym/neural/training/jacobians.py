"""Residual Jacobians of networks, row by row, from the layers' own linearity.

A layer is linear in its coefficients: with delta the sensitivity of an output to the layer's
result, d out / d c[j, i, k] = delta_j B_k(x_i). One backward pass per output gives all rows.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from kansym.neural.models.kan import KAN, EdgeKind, KANLayer, SymbolEdge
from kansym.neural.models.mlp import Sine
from kansym.neural.models.splines import basis_with_slopes
from kansym.neural.models.torch_functions import TORCH
from kansym.neural.training.free_parameters import free_parts, free_splines
from kansym.programs.program import evaluate

__all__ = ["RowJacobian", "row_jacobian_of"]

ELEMENTWISE = (
    nn.ReLU, nn.LeakyReLU, nn.Tanh, nn.SiLU, nn.GELU, nn.Sigmoid, nn.Softplus, nn.ELU,
    nn.Identity, nn.Hardtanh, Sine,
)  # fmt: skip
"""Activations that act on every value for itself."""


@runtime_checkable
class RowJacobian(Protocol):
    """Outputs of a model and their derivatives by its free parameters, for given rows."""

    def __call__(
        self, x: Float[Tensor, "rows inputs"]
    ) -> tuple[Float[Tensor, "rows outputs"], Float[Tensor, "rows outputs parameters"]]: ...


def row_jacobian_of(model: nn.Module) -> RowJacobian | None:
    """The analytic Jacobian of a KAN or of an MLP; None for other modules.

    Examples
    --------
    >>> model = KAN([2, 3, 1], grid=2)
    >>> outputs, jacobian = row_jacobian_of(model)(torch.zeros(4, 2, dtype=torch.float64))
    >>> jacobian.shape
    torch.Size([4, 1, 45])
    """
    if isinstance(model, KAN):
        return KANJacobian(model)
    if isinstance(model, nn.Sequential):
        known = all(isinstance(module, (nn.Linear, *ELEMENTWISE)) for module in model)
        linear = [id(module) for module in model if isinstance(module, nn.Linear)]
        # A layer that is used twice has one set of columns for two places.
        return MLPJacobian(model) if known and len(set(linear)) == len(linear) else None
    return None


class KANJacobian:
    """Analytic Jacobian of a KAN whose edges stay of their kinds while it is in use."""

    def __init__(self, model: KAN):
        layers = model.kan_layers
        self.passes = [
            _LayerPass(layer, first=layer is layers[0], last=layer is layers[-1])
            for layer in layers
        ]

    @torch.no_grad()
    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        stored = []
        for layer in self.passes:
            values, x = layer.forward(x)
            stored.append(values)
        sizes = [layer.size for layer in self.passes]
        rows = x.new_empty(len(x), x.shape[1], sum(sizes))
        for output in range(x.shape[1]):
            delta = torch.zeros_like(x)
            delta[:, output] = 1.0
            blocks = rows[:, output].split(sizes, dim=1)
            for layer, values, block in zip(
                self.passes[::-1], stored[::-1], blocks[::-1], strict=True
            ):
                delta = layer.backward(values, delta, block)
        return x, rows


@dataclass(frozen=True)
class _Values:
    """What one layer's forward pass leaves for its backward pass."""

    x: Tensor
    basis: Tensor
    edges: Tensor | None
    slopes: Tensor | None
    symbols: list[Tensor]


class _LayerPass:
    """One layer's forward and backward pass, with all that its kinds of edges decide found once."""

    def __init__(self, layer: KANLayer, *, first: bool, last: bool):
        self.layer, self.first = layer, first
        parts = free_parts(layer, last)
        splines = free_splines(layer)
        self.splines = None if bool(splines.all()) else splines.nonzero(as_tuple=True)
        self.straight = parts[1][1].nonzero(as_tuple=True)
        self.bias = parts[2][1].nonzero()[:, 0]
        self.symbols = layer.symbol_edges()
        self.free = [mask.nonzero()[:, 0] for _, mask in parts[3:]]
        self.has_lines = bool((layer.kind == EdgeKind.STRAIGHT).any())
        self.only_sums = not layer.n_product and not self.symbols
        self.absent = layer.kind[layer.n_sum :] == EdgeKind.ABSENT
        kept = layer.kind == EdgeKind.SPLINE
        self.mask = None if bool(kept.all()) else kept[..., None]
        # Of the columns of splines: every edge by target and source, or one axis of some edges.
        edges = kept.shape if self.splines is None else self.splines[0].shape
        self.columns = (*edges, layer.grid + layer.degree)
        of_symbols = [len(free) for free in self.free]
        sizes = [len(self.straight[0]), len(self.bias), *of_symbols]
        self.sizes = [math.prod(self.columns), *sizes]
        self.size = sum(self.sizes)

    def forward(self, x: Tensor) -> tuple[_Values, Tensor]:
        """Values of the layer with all that its derivatives need."""
        layer = self.layer
        basis, derivative = self._basis(x)
        weight, straight = self._weight(), layer.straight()
        # Edge by edge as one matrix product per source: (in, rows, k) @ (in, k, out).
        per_source = weight.permute(1, 2, 0)
        slopes = None
        if derivative is not None:
            slopes = torch.bmm(derivative.transpose(0, 1), per_source).permute(1, 2, 0)
            slopes = slopes + straight if self.has_lines else slopes
        if self.only_sums:
            values = torch.addmm(layer.bias, basis.flatten(1), weight.flatten(1).T)
            values = torch.addmm(values, x, straight.T) if self.has_lines else values
            return _Values(x, basis, None, slopes, []), values
        edges = torch.bmm(basis.transpose(0, 1), per_source).permute(1, 2, 0)
        edges = edges + x[:, None, :] * straight
        symbols: list[Tensor] = []
        for target, source, edge in self.symbols:
            by_constants, by_x = _symbol_derivatives(edge, x[:, source])
            symbols.append(by_constants)
            if slopes is not None:
                slopes[:, target, source] = by_x
            edges[:, target, source] = edge(x[:, source])
        edges[:, layer.n_sum :].masked_fill_(self.absent, 1.0)
        return _Values(x, basis, edges, slopes, symbols), layer.combine(edges)

    def _weight(self) -> Tensor:
        """Spline coefficients, zero where the edge is no spline."""
        return self.layer.coef if self.mask is None else self.layer.coef * self.mask

    def _basis(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Basis and its derivative; nothing asks for that of the first layer."""
        layer = self.layer
        if self.first:
            return layer.basis(x), None
        return basis_with_slopes(x, layer.low, layer.high, layer.grid, layer.degree)

    def backward(self, values: _Values, delta: Tensor, block: Tensor) -> Tensor:
        """Fill the columns of the layer's free parameters; the sensitivity to its inputs."""
        sensitivity = self._sensitivities(values, delta)
        splines, straight, bias, *symbols = block.split(self.sizes, dim=1)
        if self.splines is None:
            at_edges, basis = sensitivity[..., None], values.basis[:, None]
        else:
            target, source = self.splines
            at_edges, basis = sensitivity[:, target, source, None], values.basis[:, source]
        torch.mul(at_edges, basis, out=splines.unflatten(1, self.columns))
        if straight.shape[1]:
            target, source = self.straight
            torch.mul(sensitivity[:, target, source], values.x[:, source], out=straight)
        if bias.shape[1]:
            bias.copy_(delta[:, self.bias])
        edges = zip(self.symbols, symbols, values.symbols, self.free, strict=True)
        for (target, source, _), columns, derivatives, free in edges:
            torch.mul(sensitivity[:, target, source, None], derivatives[:, free], out=columns)
        return delta if values.slopes is None else (sensitivity * values.slopes).sum(1)

    def _sensitivities(self, values: _Values, delta: Tensor) -> Tensor:
        """Derivative of the output by every edge, (rows, n_out, n_in)."""
        layer = self.layer
        sums = delta[:, : layer.n_sum, None].expand(-1, -1, layer.n_in)
        if not layer.n_product or values.edges is None:
            return sums
        factors = values.edges[:, layer.n_sum :]
        one = torch.ones_like(factors[..., :1])
        before = torch.cat([one, factors[..., :-1]], dim=-1).cumprod(-1)
        after = torch.cat([one, factors.flip(-1)[..., :-1]], dim=-1).cumprod(-1).flip(-1)
        return torch.cat([sums, delta[:, layer.n_sum :, None] * before * after], dim=1)


def _symbol_derivatives(edge: SymbolEdge, x: Tensor) -> tuple[Tensor, Tensor]:
    """Derivatives of c f(a x + b) + d by its four constants (rows, 4) and by x (rows,)."""
    a, b, c, _ = edge.constants.detach()
    value, slope = _with_slope(
        # A program may be a constant; its gradient is then that of the second term.
        lambda u: torch.as_tensor(evaluate(edge.program, {"x": u}, TORCH)).to(u) + 0.0 * u,
        a * x + b,
    )
    by_b = c * slope
    return torch.stack([by_b * x, by_b, value, torch.ones_like(x)], dim=1), by_b * a


def _with_slope(function: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """Value and derivative of an elementwise function."""
    with torch.enable_grad():
        entering = x.detach().requires_grad_()
        value = function(entering.clone())  # an in-place activation must not touch the leaf
        (slope,) = torch.autograd.grad(value.sum(), entering)
    return value.detach(), slope


@dataclass(frozen=True)
class MLPJacobian:
    """Analytic Jacobian of a stack of Linear layers and elementwise activations."""

    model: nn.Sequential

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        values: list[tuple[nn.Module, Tensor]] = []
        for module in self.model:
            if isinstance(module, nn.Linear):
                values.append((module, x))
                x = module(x).detach()
            else:
                x, slope = _with_slope(module, x)
                values.append((module, slope))
        rows = []
        for output in range(x.shape[1]):
            delta = torch.zeros_like(x)
            delta[:, output] = 1.0
            rows.append(torch.cat(_mlp_columns(values, delta), dim=1))
        return x, torch.stack(rows, dim=1)


@torch.no_grad()
def _mlp_columns(values: list[tuple[nn.Module, Tensor]], delta: Tensor) -> list[Tensor]:
    """Columns of every Linear layer's free weights, first layer first."""
    blocks: list[Tensor] = []
    for module, stored in reversed(values):
        if not isinstance(module, nn.Linear):
            delta = delta * stored
            continue
        columns = []
        if module.weight.requires_grad:
            columns.append((delta[:, :, None] * stored[:, None, :]).flatten(1))
        if module.bias is not None and module.bias.requires_grad:
            columns.append(delta)
        blocks = columns + blocks
        delta = delta @ module.weight
    return blocks
