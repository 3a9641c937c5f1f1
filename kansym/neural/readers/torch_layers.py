"""Layers of torch and of kansym.neural.models.mlp that every reader of torch modules knows."""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import nn

from kansym.network import activations as act
from kansym.network.stages import Concatenate, Function, Stage, Units
from kansym.neural.models.mlp import Maxout, PerUnit, PowerReLU, ProgramActivation, Sine
from kansym.neural.readers.kan_layers import ProgramFunction, as_numpy, known_program
from kansym.neural.readers.opened import check_width
from kansym.neural.readers.operations import FUNCTIONS, batch_norm, prelu
from kansym.shared.errors import InputError

__all__ = ["ACTIVATIONS", "layer_reader", "runs_as"]

Read = Callable[[Any, Stage], Stage]


def runs_as(module: nn.Module, kind: type[nn.Module]) -> bool:
    """Whether a module has the forward pass of a class, neither overridden nor replaced."""
    return type(module).forward is kind.forward and "forward" not in vars(module)


def layer_reader(module: nn.Module) -> Read | None:
    """How to read a layer, or None if it is of no known kind."""
    for kind in type(module).__mro__:
        if kind not in _LAYERS and kind not in ACTIVATIONS:
            continue
        if not runs_as(module, kind):
            return None
        if kind in _LAYERS:
            return _LAYERS[kind]
        function = ACTIVATIONS[kind](module)
        return lambda _, stage: stage.elementwise(function)
    return None


def _linear(layer: nn.Linear, stage: Stage) -> Stage:
    check_width(stage, layer.in_features, f"Linear({layer.in_features}, {layer.out_features})")
    bias = None if layer.bias is None else as_numpy(layer.bias)
    return stage.dense(as_numpy(layer.weight), bias)


def _batch_norm(layer: nn.BatchNorm1d, stage: Stage) -> Stage:
    check_width(stage, layer.num_features, f"BatchNorm1d({layer.num_features})")
    if layer.running_mean is None or layer.running_var is None:
        raise InputError(
            f"BatchNorm1d({layer.num_features}) keeps no running statistics, so that what it "
            "computes for a row depends on the rows beside it: train it with "
            "track_running_stats=True."
        )
    weight, bias = (as_numpy(layer.weight), as_numpy(layer.bias)) if layer.affine else (1.0, 0.0)
    mean, variance = as_numpy(layer.running_mean), as_numpy(layer.running_var)
    return batch_norm(stage, mean, variance, layer.eps, weight, bias)


def _power_relu(layer: PowerReLU, stage: Stage) -> Stage:
    power, cap = as_numpy(layer.power).tolist(), as_numpy(layer.cap).tolist()
    check_width(stage, len(power), f"PowerReLU of {len(power)} units")
    return stage.elementwise(*(act.PowerReLU(p, c) for p, c in zip(power, cap, strict=True)))


def _program(layer: ProgramActivation, stage: Stage) -> Stage:
    function = ProgramFunction(layer.program)
    known = known_program(layer.program)
    return stage.expand(Units(row, function, 1, known) for row in range(stage.width))


def _per_unit(layer: PerUnit, stage: Stage) -> Stage:
    check_width(stage, sum(layer.widths), f"PerUnit of {sum(layer.widths)} units")
    parts, start = [], 0
    for module, width in zip(layer.blocks, layer.widths, strict=True):
        block = stage.dense(np.eye(stage.width)[start : start + width])
        reader = layer_reader(module)
        assert reader is not None, "PerUnit holds activations"
        parts.append(reader(module, block))
        start += width
    return Concatenate(tuple(parts))


def _maxout(layer: Maxout, stage: Stage) -> Stage:
    check_width(stage, layer.weight.shape[-1], f"Maxout of {layer.weight.shape[-1]} inputs")
    return stage.maxout(as_numpy(layer.weight), as_numpy(layer.bias))


_LAYERS: dict[type, Read] = {
    nn.Linear: _linear,
    nn.BatchNorm1d: _batch_norm,
    nn.PReLU: lambda layer, stage: prelu(stage, as_numpy(layer.weight)),
    **dict.fromkeys((nn.Identity, nn.Dropout, nn.AlphaDropout, nn.Flatten), lambda _, stage: stage),
    PowerReLU: _power_relu,
    ProgramActivation: _program,
    PerUnit: _per_unit,
    Maxout: _maxout,
}


def _plain(kind: type) -> Callable[[Any], Function]:
    """An activation without constants, under the name of its class."""
    function = FUNCTIONS[kind.__name__.lower()]
    return lambda _: function


ACTIVATIONS: dict[type, Callable[[Any], Function]] = {
    **{kind: _plain(kind) for kind in (
        nn.ReLU, nn.Tanh, nn.SiLU, nn.Sigmoid, nn.LogSigmoid, nn.SELU, nn.Mish, nn.Softsign,
        nn.Hardsigmoid, nn.Hardswish,
    )},
    Sine: lambda _: np.sin,
    nn.LeakyReLU: lambda layer: act.LeakyReLU(layer.negative_slope),
    nn.Hardtanh: lambda layer: act.HardTanh(layer.min_val, layer.max_val),
    nn.GELU: lambda layer: act.GELU(layer.approximate == "tanh"),
    nn.Softplus: lambda layer: act.Softplus(layer.beta, layer.threshold),
    nn.ELU: lambda layer: act.ELU(layer.alpha),
    nn.CELU: lambda layer: act.CELU(layer.alpha),
}  # fmt: skip
