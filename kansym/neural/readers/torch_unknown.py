"""Torch modules of no known kind: probed as a layer of edges, or followed call by call."""

import copy
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from kansym.network.stages import Stage
from kansym.neural.readers.additive import Interaction, additive_stage, strongest_interaction
from kansym.neural.readers.opened import Reading, check_width
from kansym.neural.readers.torch_calls import read_calls
from kansym.shared.errors import InputError, UnsupportedModelError

__all__ = ["read_unknown"]

ReadModule = Callable[[nn.Module, Stage, Reading], Stage]
_TOLERANCE = {True: 1e-9, False: 2e-5}
"""Largest miss of a sum of probes over the spread, in double and in single precision."""
_MOST_WIDTHS = 30
_FORWARD_ERRORS = (
    RuntimeError,
    TypeError,
    ValueError,
    IndexError,
    AssertionError,
    NotImplementedError,
)


class _Probed:
    """A copy of a module, in evaluation mode and double precision if it can be, in numpy."""

    def __init__(self, module: nn.Module):
        self.module = copy.deepcopy(module).eval()
        self.dtype = torch.float64

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            found = self.module(torch.as_tensor(rows, dtype=self.dtype))
        if not isinstance(found, torch.Tensor):
            raise TypeError(f"it returns a {type(found).__name__}, not a tensor")
        return found.reshape(len(rows), -1).double().numpy()

    @classmethod
    def of(cls, module: nn.Module, rows: np.ndarray) -> "_Probed":
        """The copy, once it has been seen to run on some rows; errors are those of its forward."""
        probed = cls(module)
        probed.module.cpu()
        kinds = {parameter.dtype for parameter in module.parameters()}
        try:
            probed.module.double()
            probed(rows)
        except RuntimeError:
            # Some layers make float32 tensors inside: they run in their own precision only.
            probed = cls(module)
            probed.module.cpu()
            probed.dtype = next(iter(kinds), torch.float32)
            probed(rows)
        return probed


def read_unknown(
    module: nn.Module, stage: Stage, reading: Reading, read_module: ReadModule
) -> Stage:
    """The stage that leaves a module of no known kind.

    A module with numbers of its own is taken for a layer of edges and probed; others, and layers
    that are not additive, are followed call by call. What is read must agree with the module's
    own forward pass.

    Raises
    ------
    UnsupportedModelError
        Naming the module, why it cannot be read, and how to register a reader.
    """
    values = reading.values(stage)
    own = any(True for _ in module.parameters(recurse=False))
    try:
        probed = _Probed.of(module, values[:2])
    except _FORWARD_ERRORS as error:
        if (expected := _width_that_runs(module, stage.width)) is not None:
            check_width(stage, expected, type(module).__name__)
        reason = f"its forward pass fails on rows of {stage.width} values ({error})"
        raise _error(module, reason) from error
    _check_rows(module, probed, values[:4])
    if own and (read := _probe(probed, stage, values)) is not None:
        return read
    try:
        read = read_calls(module, stage, reading, read_module)
    except UnsupportedModelError as error:
        return _last_resort(module, probed, stage, values, own, error)
    _compare(module, probed, reading, read, values)
    return read


def _width_that_runs(module: nn.Module, given: int) -> int | None:
    """A number of inputs with which a module runs, among the sizes of its parameters."""
    sizes = {size for parameter in module.parameters() for size in parameter.shape}
    # A single column often runs by broadcasting, so it comes last.
    for size in sorted(sizes - {given}, key=lambda size: (size == 1, size))[:_MOST_WIDTHS]:
        try:
            _Probed.of(module, np.zeros((3, size)))
        except _FORWARD_ERRORS:
            continue
        return size
    return None


def _check_rows(module: nn.Module, probed: _Probed, rows: np.ndarray) -> None:
    """Refuse a module whose values for a row depend on the other rows, or on the mode it is in."""
    together = probed(rows)
    apart = np.concatenate([probed(rows[i : i + 1]) for i in range(len(rows))])
    size = 1e-4 * max(float(np.abs(together).max()), 1e-300)
    if together.shape != apart.shape or np.abs(together - apart).max() > size:
        raise _error(module, "what it computes for a row depends on the rows beside it")
    if not module.training:
        return
    probed.module.train()
    in_training = probed(rows)
    probed.module.eval()
    if np.abs(in_training - together).max() > size:
        raise InputError(
            f"{type(module).__name__} is in training mode, where it computes something else than "
            "in use: call model.eval() first."
        )


def _probe(probed: _Probed, stage: Stage, values: np.ndarray) -> Stage | None:
    """The module as a layer of edges, if it is additive."""
    return additive_stage(probed, stage, values, _TOLERANCE[probed.dtype == torch.float64])


def _last_resort(
    module: nn.Module,
    probed: _Probed,
    stage: Stage,
    values: np.ndarray,
    own: bool,
    error: UnsupportedModelError,
) -> Stage:
    """Probe a module that could not be followed; say why if that fails too."""
    read = None if own else _probe(probed, stage, values)
    if read is not None:
        return read
    nested = str(error)
    if "kansym.register_reader" in nested:
        raise error
    pair: Interaction | None = strongest_interaction(probed, values)
    detail = f"; it is no sum of functions of single inputs either, {pair}" if pair else ""
    raise _error(module, nested + detail) from error


def _compare(
    module: nn.Module, probed: _Probed, reading: Reading, read: Stage, values: np.ndarray
) -> None:
    """Refuse stages that compute something else than the module."""
    exact, found = probed(values), reading.values(read)
    size = max(float(np.abs(exact).max()), 1e-300)
    if exact.shape != found.shape or np.abs(exact - found).max() > 1e-4 * size:
        raise _error(module, "what was read differs from its own forward pass")


def _error(module: nn.Module, reason: str) -> UnsupportedModelError:
    """What cannot be read, why, and what to do."""
    name = type(module).__name__
    return UnsupportedModelError(
        f"No reader opens the module {name}: {reason}; register one with "
        f"@kansym.register_reader({name}) on a function from (layer, stage) to a stage, such as "
        "stage.dense(weight, bias).elementwise(np.tanh)."
    )
