"""ONNX files of multilayer perceptrons: matrix products, sums, activations, skip connections.

References
----------
Operators as in https://onnx.ai/onnx/operators.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import erf

from kansym.network import activations as act
from kansym.network.stages import Add, Concatenate, Function, Stage
from kansym.neural.models.loading import refuse_pickle
from kansym.neural.readers.opened import Opened, Readable, Reading, check_width
from kansym.shared.errors import InputError, ModelFileError, UnsupportedModelError, require

__all__ = ["load_onnx"]

Array = np.ndarray
Value = Stage | Array


def load_onnx(path: Path) -> Readable:
    """A network from an ONNX file.

    Raises
    ------
    ModelFileError
        For a file that is absent or damaged.
    MissingPackageError
        If the package onnx is not installed.
    """
    onnx = require("onnx", "onnx")
    protobuf = require("google.protobuf.message", "onnx")
    if not path.is_file():
        raise ModelFileError(f"{path} does not exist: give the path of an ONNX file.")
    try:
        model = onnx.load(str(path))
        onnx.checker.check_model(model)
    except (protobuf.DecodeError, onnx.checker.ValidationError, OSError, ValueError) as error:
        refuse_pickle(path)
        raise ModelFileError(
            f"{path} is no valid ONNX file ({type(error).__name__}): export the model again."
        ) from error
    return _OnnxModel(model)


class _OnnxModel(Readable):
    """A network that has been loaded."""

    def __init__(self, model: Any):
        self.graph = model.graph
        onnx = require("onnx", "onnx")
        self.constants: dict[str, Array] = {
            tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in self.graph.initializer
        }

    def open(self, reading: Reading) -> Opened:
        """The network as stages."""
        inputs = [each.name for each in self.graph.input if each.name not in self.constants]
        if len(inputs) != 1 or len(self.graph.output) != 1:
            raise UnsupportedModelError(
                f"The ONNX network has {len(inputs)} inputs and {len(self.graph.output)} outputs: "
                "one of each is read."
            )
        numbers = [each for each in self.constants.values() if each.dtype.kind == "f"]
        if not all(np.isfinite(each).all() for each in numbers):
            raise InputError("The ONNX network has weights that are not finite: train it again.")
        found: dict[str, Value] = {inputs[0]: reading.inputs, **self.constants}
        for node in self.graph.node:
            found[node.output[0]] = _computed(node, found)
        stage = found[self.graph.output[0].name]
        if not isinstance(stage, Stage):
            raise UnsupportedModelError("The output of the ONNX network depends on no input.")
        stored = sum(each.size for each in numbers)
        distinct = sum(len(np.unique(each[each != 0])) for each in numbers)
        precision = max((float(np.finfo(each.dtype).eps) for each in numbers), default=1e-15)
        name = self.graph.name or "network"
        return Opened(stage, f"ONNX {name}", (stored, distinct), precision)


def _computed(node: Any, found: dict[str, Value]) -> Value:
    """The first output of a node of the graph."""
    onnx = require("onnx", "onnx")
    given = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
    if node.op_type == "Constant":
        return onnx.numpy_helper.to_array(given["value"])
    values = [found[name] for name in node.input if name]
    if node.op_type not in _OPERATORS:
        raise UnsupportedModelError(
            f"The ONNX operator {node.op_type} is not known: known are "
            f"{', '.join(sorted(_OPERATORS))} and Constant."
        )
    return _OPERATORS[node.op_type](given, *values)


# -- operators -----------------------------------------------------------------------------------


def _gemm(given: dict[str, Any], a: Value, b: Value, c: Value | None = None) -> Value:
    if not isinstance(a, Stage) or isinstance(b, Stage) or given.get("transA", 0):
        raise UnsupportedModelError(
            "Gemm is read with the layer's values first and weights second."
        )
    weight = (b if given.get("transB", 0) else b.T) * given.get("alpha", 1.0)
    check_width(a, weight.shape[1], f"Gemm of {weight.shape[1]} inputs")
    bias = np.zeros(len(weight)) if c is None else np.asarray(c, float) * given.get("beta", 1.0)
    return a.dense(weight, np.broadcast_to(bias.reshape(-1), (len(weight),)))


def _matmul(given: dict[str, Any], a: Value, b: Value) -> Value:
    return _gemm(given, a, b)


def _row(value: Value) -> Array:
    """A constant as one number per unit."""
    array = np.asarray(value, dtype=np.float64)
    if array.size > 1 and array.size != array.shape[-1]:
        raise UnsupportedModelError(f"A constant of shape {array.shape} is not one per unit.")
    return array.reshape(-1) if array.size > 1 else array.reshape(())


def _add(given: dict[str, Any], a: Value, b: Value) -> Value:
    del given
    if isinstance(a, Stage):
        return Add(a, b) if isinstance(b, Stage) else a.scale(1.0, _row(b))
    return b.scale(1.0, _row(a)) if isinstance(b, Stage) else a + b


def _subtract(given: dict[str, Any], a: Value, b: Value) -> Value:
    return _add(given, a, b.scale(-1.0) if isinstance(b, Stage) else -b)


def _multiply(given: dict[str, Any], a: Value, b: Value) -> Value:
    del given
    if isinstance(a, Stage) and isinstance(b, Stage):
        return Concatenate((a, b)).multiply([(i, a.width + i) for i in range(a.width)])
    if isinstance(a, Stage):
        return a.scale(_row(b))
    return b.scale(_row(a)) if isinstance(b, Stage) else a * b


def _divide(given: dict[str, Any], a: Value, b: Value) -> Value:
    if isinstance(b, Stage):
        return _multiply(given, a, b.elementwise(np.reciprocal))
    return _multiply(given, a, 1.0 / b)


def _power(given: dict[str, Any], a: Value, b: Value) -> Value:
    del given
    if isinstance(b, Stage):
        raise UnsupportedModelError("A power with a variable exponent is not known.")
    exponent = float(np.asarray(b).reshape(()))
    return _mapped(a, lambda x: np.power(x, exponent))


def _clip(given: dict[str, Any], a: Value, *limits: Value) -> Value:
    ends = [float(np.asarray(limit).reshape(())) for limit in limits]
    low = ends[0] if ends else given.get("min", -np.inf)
    high = ends[1] if len(ends) > 1 else given.get("max", np.inf)
    return _mapped(a, act.HardTanh(low, high))


def _prelu(given: dict[str, Any], a: Value, slope: Value) -> Value:
    del given
    assert isinstance(a, Stage)
    slopes = np.broadcast_to(_row(slope), (a.width,)).tolist()
    return a.elementwise(*(act.LeakyReLU(each) for each in slopes))


def _batch_norm(
    given: dict[str, Any], a: Value, scale: Array, shift: Array, mean: Array, variance: Array
) -> Value:
    assert isinstance(a, Stage)
    factor = np.asarray(scale, float) / np.sqrt(
        np.asarray(variance, float) + given.get("epsilon", 1e-5)
    )
    return a.scale(factor, shift - mean * factor)


def _same(given: dict[str, Any], a: Value, *others: Value) -> Value:
    del given, others
    return a


def _concatenate(given: dict[str, Any], *parts: Value) -> Value:
    stages = [part for part in parts if isinstance(part, Stage)]
    if len(stages) < len(parts) or given.get("axis") not in (1, -1):
        raise UnsupportedModelError("Concat is read for layers, along the units.")
    return Concatenate(tuple(stages))


def _mapped(a: Value, function: Function) -> Value:
    return a.elementwise(function) if isinstance(a, Stage) else function(a)


def _by(function: Function) -> Callable[..., Value]:
    return lambda given, a: _mapped(a, function)


_OPERATORS: dict[str, Callable[..., Value]] = {
    "Abs": _by(np.abs),
    "Add": _add,
    "BatchNormalization": _batch_norm,
    "Cast": _same,
    "Celu": lambda given, a: _mapped(a, act.CELU(given.get("alpha", 1.0))),
    "Clip": _clip,
    "Concat": _concatenate,
    "Cos": _by(np.cos),
    "Div": _divide,
    "Dropout": _same,
    "Elu": lambda given, a: _mapped(a, act.ELU(given.get("alpha", 1.0))),
    "Erf": _by(erf),
    "Exp": _by(np.exp),
    "Flatten": _same,
    "Gelu": lambda given, a: _mapped(a, act.GELU(given.get("approximate", b"none") == b"tanh")),
    "Gemm": _gemm,
    "HardSwish": _by(act.hard_swish),
    "Identity": _same,
    "LeakyRelu": lambda given, a: _mapped(a, act.LeakyReLU(given.get("alpha", 0.01))),
    "Log": _by(np.log),
    "MatMul": _matmul,
    "Mish": _by(act.mish),
    "Mul": _multiply,
    "Neg": lambda given, a: a.scale(-1.0) if isinstance(a, Stage) else -a,
    "PRelu": _prelu,
    "Pow": _power,
    "Relu": _by(act.relu),
    "Selu": _by(act.selu),
    "Sigmoid": _by(act.sigmoid),
    "Sin": _by(np.sin),
    "Softplus": _by(act.Softplus(1.0, np.inf)),
    "Softsign": _by(act.softsign),
    "Sqrt": _by(np.sqrt),
    "Sub": _subtract,
    "Tanh": _by(np.tanh),
}
