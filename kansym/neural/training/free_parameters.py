"""The numbers of a model that training may change."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from kansym.neural.models.kan import KAN, EdgeKind, KANLayer

__all__ = ["FreeParameters", "free_parts", "free_splines"]


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
                parts += free_parts(layer, last=layer is layers[-1])
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


def free_parts(layer: KANLayer, last: bool) -> list[tuple[nn.Parameter, Tensor]]:
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
