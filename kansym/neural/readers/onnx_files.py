"""ONNX files of multilayer perceptrons: matrix products, sums, activations, skip connections.

References
----------
Operators as in https://onnx.ai/onnx/operators.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from kansym.network import activations as act
from kansym.network.stages import Function, Stage
from kansym.neural.models.loading import refuse_pickle
from kansym.neural.readers import operations as ops
from kansym.neural.readers.opened import Opened, Readable, ReadRows, check_width
from kansym.neural.readers.operations import Value
from kansym.neural.readers.own_answers import check_answers
from kansym.shared.errors import InputError, ModelFileError, UnsupportedModelError, require
from kansym.shared.printable_text import shortened

__all__ = ["load_onnx"]

Array = np.ndarray
_FLOATS = (1, 10, 11, 16)
"""FLOAT, FLOAT16, DOUBLE and BFLOAT16 in onnx.TensorProto."""


_FAILURES = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What onnx and numpy raise for graphs that say nothing sensible."""


def load_onnx(path: Path) -> Readable:
    """A network from an ONNX file."""
    onnx = require("onnx", "onnx")
    protobuf = require("google.protobuf.message", "onnx")
    if not path.is_file():
        raise ModelFileError(f"{path} does not exist: give the path of an ONNX file.")
    try:
        model = onnx.load(str(path))
        onnx.checker.check_model(model)
        return _OnnxModel(model)
    except (protobuf.DecodeError, onnx.checker.ValidationError, OSError, *_FAILURES) as error:
        refuse_pickle(path)
        raise ModelFileError(
            f"{path} is no valid ONNX file ({type(error).__name__}): export the model again."
        ) from error


class _OnnxModel(Readable):
    """A network that has been loaded."""

    def __init__(self, model: Any):
        onnx = require("onnx", "onnx")
        self.model, self.graph = model, model.graph
        self.constants: dict[str, Array] = {
            tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in self.graph.initializer
        }

    def open(self, reading: ReadRows) -> Opened:
        """The network as stages."""
        name = self._input().name
        found: dict[str, Value | None] = {
            "": None,
            name: reading.inputs,
            **self.constants,
        }
        for node in self.graph.node:
            found[node.output[0]] = _computed(node, found)
        stage = found[self.graph.output[0].name]
        if not isinstance(stage, Stage):
            raise UnsupportedModelError("The output of the ONNX network depends on no input.")
        numbers = [each for each in self.constants.values() if each.dtype.kind == "f"]
        opened = Opened.of(stage, f"ONNX {self.graph.name or 'network'}", numbers)
        own = self.asked()
        precision = max(opened.precision, float(np.finfo(self._kind()).eps))
        check_answers(stage, reading, own, opened.source, precision)
        return opened

    def asked(self) -> Callable[[Array], Array]:
        """Answers of ONNX's own evaluator; row by row, if the file fixes their number."""
        entrance, kind = self._input(), self._kind()
        evaluator = require("onnx.reference", "onnx").ReferenceEvaluator(self.model)
        shape = entrance.type.tensor_type.shape.dim
        single = not shape or bool(shape[0].dim_value)

        def own(rows: Array) -> Array:
            given = rows.astype(kind)
            parts = given[:, None] if single else given[None]
            try:
                found = [evaluator.run(None, {entrance.name: part})[0] for part in parts]
            except _FAILURES as error:
                raise UnsupportedModelError(
                    f"ONNX's own evaluator cannot compute the network "
                    f"({shortened(str(error), 200)}): export the model again."
                ) from error
            return np.concatenate(found).reshape(len(rows), -1)

        return own

    def _input(self) -> Any:
        """The input of the network."""
        inputs = [each for each in self.graph.input if each.name not in self.constants]
        if len(inputs) != 1 or len(self.graph.output) != 1:
            raise UnsupportedModelError(
                f"The ONNX network has {len(inputs)} inputs and {len(self.graph.output)} outputs: "
                "one of each is read."
            )
        return inputs[0]

    def _kind(self) -> Any:
        """The kind of its numbers."""
        onnx = require("onnx", "onnx")
        return onnx.helper.tensor_dtype_to_np_dtype(self._input().type.tensor_type.elem_type)


def _computed(node: Any, found: dict[str, Value | None]) -> Value:
    """The first output of a node of the graph."""
    onnx = require("onnx", "onnx")
    given = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
    if node.op_type == "Constant":
        return onnx.numpy_helper.to_array(given["value"])
    missing = [name for name in node.input if name not in found]
    if missing:
        raise UnsupportedModelError(
            f"A node {node.op_type} of the ONNX network takes {shortened(missing[0])!r}, which no "
            "node before it gives: export the model again."
        )
    values = [found[name] for name in node.input]
    if node.op_type not in _OPERATORS:
        raise UnsupportedModelError(
            f"The ONNX operator {node.op_type} is not known: known are "
            f"{', '.join(sorted(_OPERATORS))} and Constant."
        )
    try:
        return _OPERATORS[node.op_type](given, *values)
    except InputError:
        raise
    except _FAILURES as error:
        raise UnsupportedModelError(
            f"A node {node.op_type} of the ONNX network cannot be read: "
            f"{shortened(str(error), 200)}."
        ) from error


# -- operators -----------------------------------------------------------------------------------


def _gemm(given: dict[str, Any], a: Value, b: Value, c: Value | None = None) -> Value:
    if not isinstance(a, Stage) or not isinstance(b, np.ndarray) or given.get("transA", 0):
        raise UnsupportedModelError("the layer's values must come first, its weights second")
    weight = (b if given.get("transB", 0) else b.T) * given.get("alpha", 1.0)
    check_width(a, weight.shape[1], f"Gemm of {weight.shape[1]} inputs")
    bias = np.zeros(len(weight)) if c is None else np.asarray(c, float) * given.get("beta", 1.0)
    return a.dense(weight, np.broadcast_to(bias.reshape(-1), (len(weight),)))


def _clip(
    given: dict[str, Any], a: Value, low: Value | None = None, high: Value | None = None
) -> Value:
    # Before opset 11 the limits are attributes.
    lowest = given.get("min", -np.inf) if low is None else ops.number(low)
    highest = given.get("max", np.inf) if high is None else ops.number(high)
    return ops.map_by(act.HardTanh(lowest, highest))(a)


def _cast(given: dict[str, Any], a: Value) -> Value:
    if given["to"] not in _FLOATS:
        raise UnsupportedModelError("a cast to whole numbers or truth values rounds")
    return a


def _flatten(given: dict[str, Any], a: Value) -> Value:
    if given.get("axis", 1) not in (1, -1):
        raise UnsupportedModelError("it joins the rows: known is axis=1")
    return a


def _batch_norm(
    given: dict[str, Any], a: Stage, weight: Array, bias: Array, mean: Array, variance: Array
) -> Value:
    if given.get("training_mode", 0):
        raise UnsupportedModelError("it is in training mode: export the model for inference")
    return ops.batch_norm(a, mean, variance, given.get("epsilon", 1e-5), weight, bias)


def _plain(function: Callable[..., Value]) -> Callable[..., Value]:
    """An operator without attributes."""
    return lambda given, *values: function(*values)


def _with_alpha(kind: Callable[[float], Function], alpha: float) -> Callable[..., Value]:
    """An activation with one constant, the attribute alpha."""
    return lambda given, a: ops.map_by(kind(given.get("alpha", alpha)))(a)


_OPERATORS: dict[str, Callable[..., Value]] = {
    **{
        name: _plain(ops.map_by(ops.FUNCTIONS[name.lower()]))
        for name in (
            "Abs", "Cos", "Erf", "Exp", "HardSwish", "Log", "Mish", "Relu", "Selu", "Sigmoid",
            "Sin", "Softsign", "Sqrt", "Tanh",
        )
    },
    **{name: _plain(ops.same) for name in ("Dropout", "Identity")},
    "Add": _plain(ops.add),
    "BatchNormalization": _batch_norm,
    "Cast": _cast,
    "Celu": _with_alpha(act.CELU, 1.0),
    "Clip": _clip,
    "Concat": lambda given, *parts: ops.concatenate(parts, given.get("axis")),
    "Div": _plain(ops.divide),
    "Elu": _with_alpha(act.ELU, 1.0),
    "Flatten": _flatten,
    "Gelu": lambda given, a: ops.map_by(act.GELU(given.get("approximate") == b"tanh"))(a),
    "Gemm": _gemm,
    "LeakyRelu": _with_alpha(act.LeakyReLU, 0.01),
    "MatMul": _gemm,
    "Mul": _plain(ops.multiply),
    "Neg": _plain(ops.negate),
    "PRelu": _plain(ops.prelu),
    "Pow": _plain(ops.power),
    "Softplus": _plain(ops.map_by(act.Softplus(1.0, np.inf))),
    "Sub": _plain(ops.subtract),
}  # fmt: skip
