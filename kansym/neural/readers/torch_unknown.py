"""Torch modules of no known kind: probed as a layer of edges, or followed call by call."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from kansym.network.stages import Stage
from kansym.neural.readers.additive import additive_stage, strongest_interaction
from kansym.neural.readers.opened import ReadRows, check_width
from kansym.neural.readers.torch_calls import read_calls
from kansym.neural.readers.torch_copies import FORWARD_ERRORS, TorchCopy
from kansym.shared.errors import InputError, UnsupportedModelError
from kansym.shared.printable_text import shortened

__all__ = ["read_unknown"]

ReadModule = Callable[[nn.Module, Stage, ReadRows], Stage]
_TOLERANCE = {True: 1e-9, False: 2e-5}
"""Largest miss of a sum of probes over the spread, in double and in single precision."""
_MOST_WIDTHS = 30


def read_unknown(
    module: nn.Module, stage: Stage, reading: ReadRows, read_module: ReadModule
) -> Stage:
    """The stage that leaves a module of no known kind.

    A module with numbers of its own is taken for a layer of edges and probed; others, and layers
    that are not additive, are followed call by call. What is read must agree with the module's
    own forward pass.
    """
    values = reading.values(stage)
    own = any(True for _ in module.parameters(recurse=False))
    try:
        probed = TorchCopy(module, values[:2])
    except FORWARD_ERRORS as error:
        if (expected := _width_that_runs(module, stage.width)) is not None:
            check_width(stage, expected, type(module).__name__)
        reason = f"its forward pass fails on rows of {stage.width} values ({error})"
        raise _error(module, reason) from error
    _check_rows(module, probed, values[:4])
    tolerance = _TOLERANCE[probed.dtype == torch.float64]
    if own and (read := additive_stage(probed, stage, values, tolerance)) is not None:
        return read
    try:
        read = read_calls(module, stage, reading, read_module)
    except UnsupportedModelError as error:
        # The last resort of a module that could not be followed.
        if not own and (read := additive_stage(probed, stage, values, tolerance)) is not None:
            return read
        if "kansym.register_reader" in str(error):
            raise
        pair = strongest_interaction(probed, values)
        other = f"; it is no sum of functions of single inputs either, {pair}" if pair else ""
        raise _error(module, f"{error}{other}") from error
    _compare(module, probed, reading, read, values)
    return read


def _width_that_runs(module: nn.Module, given: int) -> int | None:
    """A number of inputs with which a module runs, among the sizes of its parameters."""
    sizes = {size for parameter in module.parameters() for size in parameter.shape}
    # A single column often runs by broadcasting, so it comes last.
    for size in sorted(sizes - {given}, key=lambda size: (size == 1, size))[:_MOST_WIDTHS]:
        try:
            TorchCopy(module, np.zeros((3, size)))
        except FORWARD_ERRORS:
            continue
        return size
    return None


def _check_rows(module: nn.Module, probed: TorchCopy, rows: np.ndarray) -> None:
    """Refuse a module whose values for a row depend on the other rows, or on the mode it is in."""
    try:
        together = probed(rows)
        apart = np.concatenate([probed(rows[i : i + 1]) for i in range(len(rows))])
    except FORWARD_ERRORS as error:
        raise _error(module, f"it fails on rows of X ({shortened(str(error), 120)})") from error
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


def _compare(
    module: nn.Module, probed: TorchCopy, reading: ReadRows, read: Stage, values: np.ndarray
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
