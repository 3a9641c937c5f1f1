"""Torch modules: checked, then read layer by layer."""

import numpy as np
import torch
from torch import nn
from torch.nn.parameter import is_lazy

from kansym.network.stages import Stage
from kansym.neural.models.kan import KAN
from kansym.neural.models.mlp import MLP
from kansym.neural.models.parameter_counts import parameter_counts
from kansym.neural.readers.kan_layers import as_numpy, read_kan
from kansym.neural.readers.opened import Opened, ReadRows
from kansym.neural.readers.own_answers import check_answers
from kansym.neural.readers.pykan_models import read_pykan
from kansym.neural.readers.pykan_objects import is_pykan, pykan_model
from kansym.neural.readers.registry import registered_reader
from kansym.neural.readers.torch_copies import TorchCopy
from kansym.neural.readers.torch_layers import layer_reader, runs_as
from kansym.neural.readers.torch_unknown import read_unknown
from kansym.shared.errors import InputError

__all__ = ["memory", "open_module", "read_module"]

_MODE_MATTERS = (nn.modules.dropout._DropoutNd, nn.modules.batchnorm._NormBase)


def memory(model: nn.Module) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """The training rows that a model of kansym remembers, if any, and the names of its inputs."""
    if not isinstance(model, KAN | MLP):
        return None, ()
    rows = as_numpy(model.sample) if len(model.sample) else None
    return rows, tuple(model.input_names)


def open_module(model: nn.Module, reading: ReadRows) -> Opened:
    """A torch module as stages."""
    _check(model)
    stage = read_module(model, reading.inputs, reading)
    names = tuple(model.output_names) if isinstance(model, KAN | MLP) else ()
    name, counts = _name(model), parameter_counts(model)
    if registered_reader(model) is None:
        own = TorchCopy(model, reading.probes[:2])
        check_answers(stage, reading, own, name, torch.finfo(own.dtype).eps)
    return Opened(stage, name, (counts.stored, counts.distinct), _precision(model), names)


def read_module(module: nn.Module, stage: Stage, reading: ReadRows) -> Stage:
    """The stage that leaves a module when another enters it."""
    if type(module).__name__ == "OptimizedModule":  # what torch.compile returns
        return read_module(module.get_submodule("_orig_mod"), stage, reading)
    if (registered := registered_reader(module)) is not None:
        return registered(module, stage)
    if isinstance(module, KAN) and runs_as(module, KAN):
        return read_kan(module, stage)
    if is_pykan(module):
        return read_pykan(pykan_model(module), stage)
    if (known := layer_reader(module)) is not None:
        return known(module, stage)
    if isinstance(module, nn.Sequential) and runs_as(module, nn.Sequential):
        for layer in module:
            stage = read_module(layer, stage, reading)
        return stage
    return read_unknown(module, stage, reading, read_module)


def _name(model: nn.Module) -> str:
    """What a model is, in a few words."""
    if isinstance(model, KAN):
        return f"KAN {list(model.widths)}"
    if isinstance(model, MLP):
        return f"MLP {list(model.widths)}, {model.activation}"
    if is_pykan(model):
        return f"pykan KAN {[list(pair) for pair in pykan_model(model).width]}"
    linear = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    widths = [layer.in_features for layer in linear] + [layer.out_features for layer in linear[-1:]]
    return f"{type(model).__name__} {widths}" if widths else type(model).__name__


def _precision(model: nn.Module) -> float:
    """Coarsest spacing at 1 of the model's numbers."""
    kinds = {parameter.dtype for parameter in model.parameters()} or {torch.float64}
    return max(torch.finfo(kind).eps for kind in kinds)


def _check(model: nn.Module) -> None:
    """Refuse what would be read wrongly."""
    for name, tensor in model.named_parameters():
        _check_numbers(f"parameter {name}", tensor)
    for name, tensor in model.named_buffers():
        if name.rpartition(".")[2] in ("running_mean", "running_var"):
            _check_numbers(f"buffer {name}", tensor)
    for name, module in model.named_modules():
        _check_layer(f"{type(module).__name__}" + (f" ({name})" if name else ""), module)


def _check_layer(where: str, module: nn.Module) -> None:
    """Refuse a layer that may compute something else than its class and its numbers say."""
    if ".quantized." in type(module).__module__:
        raise InputError(
            f"{where} holds quantized weights, expected floating-point numbers: give the model "
            "as it was before it was quantized."
        )
    if module._forward_hooks or module._forward_pre_hooks:
        raise InputError(
            f"{where} has forward hooks, which may change what it computes: remove them "
            "(the handle that register_forward_hook returned has remove())."
        )
    # Dropout that drops nothing is the same in both modes.
    matters = isinstance(module, _MODE_MATTERS) and getattr(module, "p", 1.0) > 0
    if module.training and matters:
        raise InputError(
            f"{where} is in training mode, where it computes something else than in use: "
            "call model.eval() first."
        )


def _check_numbers(where: str, tensor: torch.Tensor) -> None:
    """Refuse weights that are no finite floating-point numbers."""
    if is_lazy(tensor):
        fault = "has no shape yet: run the model once on some rows, then train it"
    elif tensor.is_meta:
        fault = "is on the device 'meta' and holds no numbers: load the weights first"
    elif not tensor.dtype.is_floating_point:
        fault = f"has the type {tensor.dtype}: convert the model to floating point (model.float())"
    elif bad := int((~torch.isfinite(tensor.detach())).sum()):
        raise InputError(
            f"{bad} of the {tensor.numel()} numbers in the {where} are not finite: the training "
            "has failed; train again with smaller steps."
        )
    else:
        return
    raise InputError(f"The {where} {fault}.")
