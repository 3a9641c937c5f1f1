"""Torch modules as functions of rows in numpy."""

import copy

import numpy as np
import torch
from torch import nn

__all__ = ["FORWARD_ERRORS", "TorchCopy"]

FORWARD_ERRORS = (
    RuntimeError, TypeError, ValueError, IndexError, AssertionError, NotImplementedError,
)  # fmt: skip
"""What the forward pass of a module raises on rows that it is not made for."""


class TorchCopy:
    """A copy of a module, in evaluation mode and double precision if it can be.

    Parameters
    ----------
    module : whatever its forward pass raises on the rows is raised here.
    rows : some rows of its inputs.
    """

    def __init__(self, module: nn.Module, rows: np.ndarray):
        self.module, self.dtype = copy.deepcopy(module).eval().cpu().double(), torch.float64
        try:
            self(rows)
        except RuntimeError:
            # Some layers make float32 tensors inside: they run in their own precision only.
            first = next((p.dtype for p in module.parameters()), torch.float32)
            self.module, self.dtype = copy.deepcopy(module).eval().cpu(), first
            self(rows)

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            found = self.module(torch.tensor(rows, dtype=self.dtype))
        if not isinstance(found, torch.Tensor):
            raise TypeError(f"it returns a {type(found).__name__}, not a tensor")
        return found.reshape(len(rows), -1).double().numpy()
