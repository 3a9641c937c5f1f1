"""Residual Jacobians of networks, row by row, from the layers' own linearity.

A layer is linear in its coefficients: with delta the sensitivity of an output to the layer's
result, d out / d c[j, i, k] = delta_j B_k(x_i). One backward pass per output gives all rows.
"""

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from kansym.neural.models.kan import KAN, EdgeKind, KANLayer, SymbolEdge
from kansym.neural.models.mlp import Sine
from kansym.neural.models.splines import basis_with_slopes
from kansym.neural.models.torch_functions import TORCH
from kansym.programs.program import evaluate

__all__ = ["FreeParameters", "RowJacobian", "row_jacobian_of"]

ELEMENTWISE = (
    nn.ReLU, nn.LeakyReLU, nn.Tanh, nn.SiLU, nn.GELU, nn.Sigmoid, nn.Softplus, nn.ELU,
    nn.Identity, nn.Hardtanh, Sine,
)  # fmt: skip


class FreeParameters:
    """The numbers of a model that training may change, as one vector.

    Absent edges, frozen edges and constants that splines already contain stay out of it.

    Examples
    --------
    >>> len(FreeParameters.of(KAN([2, 1], grid=5, degree=3)))
    16
    """

    def __init__(self, parts: list[tuple[nn.Parameter, Bool[Tensor, "..."]]]):
        self.parts = parts
        self.sizes = [int(mask.sum()) for _, mask in parts]
        self._whole = [bool(mask.all()) for _, mask in parts]

    @classmethod
    def of(cls, model: nn.Module) -> "FreeParameters":
        """All free parameters, in the order of the Jacobian's columns."""
        parts: list[tuple[nn.Parameter, Tensor]] = []
        if isinstance(model, KAN):
            layers = model.kan_layers
            for layer in layers:
                parts += _layer_parts(layer, last=layer is layers[-1])
        else:
            for parameter in model.parameters():
                mask = torch.full_like(parameter, parameter.requires_grad, dtype=torch.bool)
                parts.append((parameter, mask))
        return cls(parts)

    def __len__(self) -> int:
        return sum(self.sizes)

    @torch.no_grad()
    def get(self) -> Float[Tensor, " parameters"]:
        """The current values."""
        return torch.cat([parameter[mask] for parameter, mask in self.parts])

    @torch.no_grad()
    def set(self, values: Float[Tensor, " parameters"]) -> None:
        """Write values back into the model."""
        parts = zip(self.parts, self._whole, values.split(self.sizes), strict=True)
        for (parameter, mask), whole, part in parts:
            if whole:
                parameter.copy_(part.view(parameter.shape))
            elif len(part):
                parameter[mask] = part.to(parameter.dtype)

    def mask_gradients(self) -> None:
        """Zero the gradients of everything that is not free."""
        for parameter, mask in self.parts:
            if parameter.grad is not None:
                parameter.grad.mul_(mask)


def free_splines(layer: KANLayer) -> Bool[Tensor, "n_out n_in"]:
    """Spline edges that training may change."""
    return (layer.kind == EdgeKind.SPLINE) & ~layer.frozen


def _layer_parts(layer: KANLayer, last: bool) -> list[tuple[nn.Parameter, Tensor]]:
    """Coefficients, slopes, biases and constants of symbols that are free in one layer."""
    splines = free_splines(layer)
    straight = (layer.kind == EdgeKind.STRAIGHT) & ~layer.frozen
    # A spline contains every constant, so a bias beside one would only be a null direction.
    bias = ~splines.any(1)
    bias[layer.n_sum :] = last
    bias &= ~layer.frozen_bias
    parts: list[tuple[nn.Parameter, Tensor]] = [
        (layer.coef, splines[..., None].expand(layer.coef.shape)),
        (layer.slope, straight),
        (layer.bias, bias),
    ]
    for target, source, edge in layer.symbol_edges():
        free = torch.tensor(edge.free, device=edge.constants.device)
        parts.append((edge.constants, free & ~layer.frozen[target, source]))
    return parts


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
        tapes = []
        for layer in self.passes:
            tape, x = layer.forward(x)
            tapes.append(tape)
        sizes = [layer.size for layer in self.passes]
        rows = x.new_empty(len(x), x.shape[1], sum(sizes))
        for output in range(x.shape[1]):
            delta = torch.zeros_like(x)
            delta[:, output] = 1.0
            blocks = rows[:, output].split(sizes, dim=1)
            for layer, tape, block in zip(
                self.passes[::-1], tapes[::-1], blocks[::-1], strict=True
            ):
                delta = layer.backward(tape, delta, block)
        return x, rows


@dataclass(frozen=True)
class _Tape:
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
        parts = _layer_parts(layer, last)
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

    def forward(self, x: Tensor) -> tuple[_Tape, Tensor]:
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
            return _Tape(x, basis, None, slopes, []), values
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
        return _Tape(x, basis, edges, slopes, symbols), layer.combine(edges)

    def _weight(self) -> Tensor:
        """Spline coefficients, zero where the edge is no spline."""
        return self.layer.coef if self.mask is None else self.layer.coef * self.mask

    def _basis(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Basis and its derivative; nothing asks for that of the first layer."""
        layer = self.layer
        if self.first:
            return layer.basis(x), None
        return basis_with_slopes(x, layer.low, layer.high, layer.grid, layer.degree)

    def backward(self, tape: _Tape, delta: Tensor, block: Tensor) -> Tensor:
        """Fill the columns of the layer's free parameters; the sensitivity to its inputs."""
        sensitivity = self._sensitivities(tape, delta)
        splines, straight, bias, *symbols = block.split(self.sizes, dim=1)
        if self.splines is None:
            at_edges, basis = sensitivity[..., None], tape.basis[:, None]
        else:
            target, source = self.splines
            at_edges, basis = sensitivity[:, target, source, None], tape.basis[:, source]
        torch.mul(at_edges, basis, out=splines.unflatten(1, self.columns))
        if straight.shape[1]:
            target, source = self.straight
            torch.mul(sensitivity[:, target, source], tape.x[:, source], out=straight)
        if bias.shape[1]:
            bias.copy_(delta[:, self.bias])
        edges = zip(self.symbols, symbols, tape.symbols, self.free, strict=True)
        for (target, source, _), columns, derivatives, free in edges:
            torch.mul(sensitivity[:, target, source, None], derivatives[:, free], out=columns)
        return delta if tape.slopes is None else (sensitivity * tape.slopes).sum(1)

    def _sensitivities(self, tape: _Tape, delta: Tensor) -> Tensor:
        """Derivative of the output by every edge, (rows, n_out, n_in)."""
        layer = self.layer
        sums = delta[:, : layer.n_sum, None].expand(-1, -1, layer.n_in)
        if not layer.n_product or tape.edges is None:
            return sums
        factors = tape.edges[:, layer.n_sum :]
        one = torch.ones_like(factors[..., :1])
        before = torch.cat([one, factors[..., :-1]], dim=-1).cumprod(-1)
        after = torch.cat([one, factors.flip(-1)[..., :-1]], dim=-1).cumprod(-1).flip(-1)
        return torch.cat([sums, delta[:, layer.n_sum :, None] * before * after], dim=1)


def _symbol_derivatives(edge: SymbolEdge, x: Tensor) -> tuple[Tensor, Tensor]:
    """Derivatives of c f(a x + b) + d by its four constants (rows, 4) and by x (rows,)."""
    a, b, c, _ = edge.constants.detach()
    with torch.enable_grad():
        inner = (a * x + b).detach().requires_grad_()
        value = torch.as_tensor(evaluate(edge.program, {"x": inner}, TORCH)).to(x) + 0.0 * inner
        (slope,) = torch.autograd.grad(value.sum(), inner)
    by_b = c * slope
    return torch.stack([by_b * x, by_b, value.detach(), torch.ones_like(x)], dim=1), by_b * a


@dataclass(frozen=True)
class MLPJacobian:
    """Analytic Jacobian of a stack of Linear layers and elementwise activations."""

    model: nn.Sequential

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        tape: list[tuple[nn.Module, Tensor]] = []
        for module in self.model:
            if isinstance(module, nn.Linear):
                tape.append((module, x))
                x = module(x).detach()
            else:
                x, slope = _activation(module, x)
                tape.append((module, slope))
        rows = []
        for output in range(x.shape[1]):
            delta = torch.zeros_like(x)
            delta[:, output] = 1.0
            rows.append(torch.cat(_mlp_columns(tape, delta), dim=1))
        return x, torch.stack(rows, dim=1)


def _activation(module: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """Value and derivative of an elementwise activation."""
    with torch.enable_grad():
        entering = x.detach().requires_grad_()
        value = module(entering.clone())  # an in-place activation must not touch the leaf
        (slope,) = torch.autograd.grad(value.sum(), entering)
    return value.detach(), slope


@torch.no_grad()
def _mlp_columns(tape: list[tuple[nn.Module, Tensor]], delta: Tensor) -> list[Tensor]:
    """Columns of every Linear layer's free weights, first layer first."""
    blocks: list[Tensor] = []
    for module, stored in reversed(tape):
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
