"""Residual Jacobians of networks, row by row, from the layers' own linearity.

A layer is linear in its coefficients: with delta the sensitivity of an output to the layer's
result, d out / d c[j, i, k] = delta_j B_k(x_i). One backward pass per output gives all rows.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from kansym.kan import KAN, EdgeKind, KANLayer, SymbolEdge
from kansym.mlp import Sine
from kansym.program import evaluate
from kansym.splines import basis_with_slopes
from kansym.torch_functions import TORCH

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
        for (parameter, mask), part in zip(self.parts, values.split(self.sizes), strict=True):
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


@dataclass(frozen=True)
class _Tape:
    """What one layer's forward pass leaves for its backward pass."""

    layer: KANLayer
    x: Tensor
    basis: Tensor
    edges: Tensor | None
    slopes: Tensor
    symbols: dict[tuple[int, int], Tensor]


@dataclass(frozen=True)
class KANJacobian:
    """Analytic Jacobian of a KAN."""

    model: KAN

    @torch.no_grad()
    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        tapes = []
        for layer in self.model.kan_layers:
            tape, x = _forward(layer, x)
            tapes.append(tape)
        rows = []
        for output in range(x.shape[1]):
            delta = torch.zeros_like(x)
            delta[:, output] = 1.0
            blocks: list[Tensor] = []
            for tape in reversed(tapes):
                block, delta = _backward(tape, delta, last=tape is tapes[-1])
                blocks.append(block)
            rows.append(torch.cat(blocks[::-1], dim=1))
        return x, torch.stack(rows, dim=1)


def _forward(layer: KANLayer, x: Tensor) -> tuple[_Tape, Tensor]:
    """Values of one layer with all that its derivatives need."""
    basis, derivative = basis_with_slopes(x, layer.low, layer.high, layer.grid, layer.degree)
    weight, straight = layer.weight(), layer.straight()
    # Edge by edge as one matrix product per source: (in, rows, k) @ (in, k, out).
    per_source = weight.permute(1, 2, 0)
    slopes = torch.bmm(derivative.transpose(0, 1), per_source).permute(1, 2, 0) + straight
    symbols: dict[tuple[int, int], Tensor] = {}
    if not layer.n_product and not len(layer.symbols):
        values = torch.addmm(layer.bias, basis.flatten(1), weight.flatten(1).T) + x @ straight.T
        return _Tape(layer, x, basis, None, slopes, symbols), values
    edges = torch.bmm(basis.transpose(0, 1), per_source).permute(1, 2, 0)
    edges = edges + x[:, None, :] * straight
    for target, source, edge in layer.symbol_edges():
        by_constants, by_x = _symbol_derivatives(edge, x[:, source])
        symbols[target, source] = by_constants
        slopes[:, target, source] = by_x
        edges[:, target, source] = edge(x[:, source])
    absent = layer.kind[layer.n_sum :] == EdgeKind.ABSENT
    edges[:, layer.n_sum :].masked_fill_(absent, 1.0)
    return _Tape(layer, x, basis, edges, slopes, symbols), layer.combine(edges)


def _symbol_derivatives(edge: SymbolEdge, x: Tensor) -> tuple[Tensor, Tensor]:
    """Derivatives of c f(a x + b) + d by its four constants (rows, 4) and by x (rows,)."""
    a, b, c, _ = edge.constants.detach()
    with torch.enable_grad():
        inner = (a * x + b).detach().requires_grad_()
        value = torch.as_tensor(evaluate(edge.program, {"x": inner}, TORCH)).to(x) + 0.0 * inner
        (slope,) = torch.autograd.grad(value.sum(), inner)
    by_b = c * slope
    return torch.stack([by_b * x, by_b, value.detach(), torch.ones_like(x)], dim=1), by_b * a


def _sensitivities(tape: _Tape, delta: Tensor) -> Tensor:
    """Derivative of the output by every edge, (rows, n_out, n_in)."""
    layer = tape.layer
    sums = delta[:, : layer.n_sum, None].expand(-1, -1, layer.n_in)
    if not layer.n_product or tape.edges is None:
        return sums
    factors = tape.edges[:, layer.n_sum :]
    one = torch.ones_like(factors[..., :1])
    before = torch.cat([one, factors[..., :-1]], dim=-1).cumprod(-1)
    after = torch.cat([one, factors.flip(-1)[..., :-1]], dim=-1).cumprod(-1).flip(-1)
    return torch.cat([sums, delta[:, layer.n_sum :, None] * before * after], dim=1)


def _backward(tape: _Tape, delta: Tensor, last: bool) -> tuple[Tensor, Tensor]:
    """Columns of one layer's free parameters, and the sensitivity to its inputs."""
    layer = tape.layer
    sensitivity = _sensitivities(tape, delta)
    target, source = free_splines(layer).nonzero(as_tuple=True)
    blocks = [(sensitivity[:, target, source, None] * tape.basis[:, source]).flatten(1)]
    (_, _), (_, straight), (_, bias), *symbols = _layer_parts(layer, last)
    target, source = straight.nonzero(as_tuple=True)
    blocks += [sensitivity[:, target, source] * tape.x[:, source], delta[:, bias]]
    for (position, derivatives), (_, free) in zip(tape.symbols.items(), symbols, strict=True):
        blocks.append(sensitivity[:, position[0], position[1], None] * derivatives[:, free])
    present = layer.kind != EdgeKind.ABSENT
    return torch.cat(blocks, dim=1), (sensitivity * tape.slopes * present).sum(1)


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
