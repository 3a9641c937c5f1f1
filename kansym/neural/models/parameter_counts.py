"""How many numbers a model has."""

from dataclasses import dataclass

import torch
from torch import nn

from kansym.neural.models.kan import KAN

__all__ = ["ParameterCounts", "parameter_counts"]


@dataclass(frozen=True)
class ParameterCounts:
    """Numbers in a model: stored, different from zero, and distinct within each tensor.

    Examples
    --------
    >>> parameter_counts(nn.Linear(2, 3, bias=False)).stored
    6
    """

    stored: int
    nonzero: int
    distinct: int

    def __str__(self) -> str:
        return f"{self.stored} parameters ({self.nonzero} not zero, {self.distinct} distinct)"


@torch.no_grad()
def parameter_counts(model: nn.Module) -> ParameterCounts:
    """Count the parameters of a module; absent edges of a KAN do not count.

    Examples
    --------
    >>> from kansym.neural.rewriting.kan_as_mlp import to_mlp
    >>> kan = KAN([2, 3, 1], grid=4, degree=1)
    >>> print(parameter_counts(to_mlp(kan)))
    145 parameters (135 not zero, 77 distinct)
    """
    if isinstance(model, KAN):
        total = model.n_parameters()
        return ParameterCounts(total, total, total)
    stored = nonzero = distinct = 0
    for parameter in model.parameters():
        used = parameter[parameter != 0]
        stored += parameter.numel()
        nonzero += used.numel()
        distinct += len(torch.unique(used))
    return ParameterCounts(stored, nonzero, distinct)
