"""Exact changes of units: fold a linear map of the inputs or outputs into a model."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from kansym.neural.models.kan import KAN, EdgeKind, KANLayer
from kansym.shared.errors import InputError

__all__ = ["scale_inputs", "scale_outputs"]


@torch.no_grad()
def scale_outputs(
    model: nn.Module,
    factor: Float[np.ndarray, " outputs"],
    shift: Float[np.ndarray, " outputs"],
) -> None:
    """Turn f(x) into factor * f(x) + shift, in place.

    Examples
    --------
    >>> model, x = KAN([1, 1]), torch.rand(5, 1).double()
    >>> before = model(x)
    >>> scale_outputs(model, np.array([2.0]), np.array([1.0]))
    >>> bool(torch.allclose(model(x), 2 * before + 1))
    True
    """
    if isinstance(model, KAN):
        last = model.kan_layers[-1]
        by = torch.as_tensor(factor).to(last.bias)
        add = torch.as_tensor(shift).to(last.bias)
        last.bias.mul_(by).add_(add)
        _scale_edges(last, by)
        return
    linear = [module for module in model.modules() if isinstance(module, nn.Linear)][-1]
    by = torch.as_tensor(factor).to(linear.weight)
    if linear.bias is None:
        raise InputError(
            "The last Linear layer has no bias: give it one, so that units can change."
        )
    linear.weight.mul_(by[:, None])
    linear.bias.mul_(by).add_(torch.as_tensor(shift).to(linear.weight))


def _scale_edges(layer: KANLayer, by: Tensor) -> None:
    """Multiply every sum node's edges, and one factor of every product node."""
    chosen = layer.kind != EdgeKind.ABSENT
    first = chosen & (chosen.cumsum(1) == 1)
    chosen[layer.n_sum :] = first[layer.n_sum :]
    factors = torch.where(chosen, by[:, None], torch.ones_like(layer.slope))
    layer.coef.mul_(factors[..., None])
    layer.slope.mul_(factors)
    for target, source, edge in layer.symbol_edges():
        edge.constants[2:] *= factors[target, source]
    # A product of nothing is 1, which only the bias can scale.
    empty = ~first[layer.n_sum :].any(1)
    layer.bias[layer.n_sum :] += (by[layer.n_sum :] - 1) * empty


@torch.no_grad()
def scale_inputs(
    model: nn.Sequential,
    factor: Float[np.ndarray, " inputs"],
    shift: Float[np.ndarray, " inputs"],
) -> None:
    """Turn f(x) into f(factor * x + shift), in place, for a network that starts with Linear.

    Examples
    --------
    >>> model, x = nn.Sequential(nn.Linear(1, 1)).double(), torch.rand(5, 1).double()
    >>> expected = model(2 * x + 1)
    >>> scale_inputs(model, np.array([2.0]), np.array([1.0]))
    >>> bool(torch.allclose(model(x), expected))
    True
    """
    first = next(module for module in model.modules() if isinstance(module, nn.Linear))
    weight = first.weight
    first.bias.add_(weight @ torch.as_tensor(shift).to(weight))
    weight.mul_(torch.as_tensor(factor).to(weight))
