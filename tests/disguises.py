"""Ways to write an MLP differently that leave its function as it is."""

from itertools import pairwise

import numpy as np
import torch
from torch import nn

from kansym.neural.models.mlp import PerUnit, PowerReLU


def disguised(mlp: nn.Sequential, seed: int) -> nn.Sequential:
    """Hidden units shuffled, and rescaled or turned round as far as the activation allows."""
    rng = np.random.default_rng(seed)
    modules = [*mlp]
    linear = [i for i, module in enumerate(modules) if isinstance(module, nn.Linear)]
    weights = {i: _copy(modules[i]) for i in linear}
    with torch.no_grad():
        for first, second in pairwise(linear):
            (between,) = modules[first + 1 : second]
            n_units = len(weights[first][1])
            order = _order(between, n_units, rng)
            before, after = _factors(between, n_units, rng)
            weight, bias = weights[first]
            weights[first] = ((weight * before[:, None])[order], (bias * before)[order])
            weight, bias = weights[second]
            weights[second] = ((weight * after)[:, order], bias)
            modules[first + 1] = _changed(between, before, order)
        for i in linear:
            modules[i] = _linear(*weights[i])
    return nn.Sequential(*modules)


def _copy(linear: nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
    assert isinstance(linear, nn.Linear)
    return linear.weight.detach().clone(), linear.bias.detach().clone()


def _linear(weight: torch.Tensor, bias: torch.Tensor) -> nn.Module:
    n_out, n_in = weight.shape
    linear = torch.nn.utils.skip_init(nn.Linear, n_in, n_out, dtype=weight.dtype)
    linear.weight.copy_(weight)
    linear.bias.copy_(bias)
    return linear


def _order(between: nn.Module, n_units: int, rng: np.random.Generator) -> torch.Tensor:
    """A permutation; within blocks where activations differ by block."""
    widths = between.widths if isinstance(between, PerUnit) else (n_units,)
    parts, start = [], 0
    for width in widths:
        parts.append(start + rng.permutation(width))
        start += width
    return torch.tensor(np.concatenate(parts))


def _factors(
    between: nn.Module, n_units: int, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Factors for the incoming and the outgoing weights of every unit."""
    scale = torch.tensor(np.exp(rng.normal(size=n_units)))
    if isinstance(between, nn.ReLU | nn.LeakyReLU):
        return scale, 1 / scale
    if isinstance(between, PowerReLU):
        return scale, scale**-between.power
    sign = torch.tensor(rng.choice([-1.0, 1.0], n_units))
    if isinstance(between, nn.Tanh | nn.Softsign):
        return sign, sign
    return torch.ones(n_units), torch.ones(n_units)


def _changed(between: nn.Module, before: torch.Tensor, order: torch.Tensor) -> nn.Module:
    """The activation of the changed units."""
    if isinstance(between, PowerReLU):
        return PowerReLU(between.power[order], (between.cap * before)[order])
    if isinstance(between, PerUnit):
        blocks, start = [], 0
        for block, width in zip(between.blocks, between.widths, strict=True):
            here = slice(start, start + width)
            blocks.append(_changed(block, before[here], order[here] - start))
            start += width
        return PerUnit(blocks, between.widths)
    return between
