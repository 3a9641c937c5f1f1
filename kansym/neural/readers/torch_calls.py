"""Modules that call known layers and functions in an order of their own, skip connections included.

The order is found by torch.fx, which runs ``forward`` with placeholders in place of numbers.
"""

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import fx, nn
from torch.fx.node import map_arg
from torch.fx.proxy import TraceError
from torch.nn import functional
from torch.utils._pytree import tree_leaves

from kansym.network.stages import Stage
from kansym.neural.readers import operations as ops
from kansym.neural.readers.kan_layers import as_numpy
from kansym.neural.readers.opened import ReadRows
from kansym.neural.readers.operations import Value
from kansym.neural.readers.registry import registered_reader
from kansym.neural.readers.torch_layers import ACTIVATIONS, layer_reader
from kansym.shared.errors import UnsupportedModelError

__all__ = ["read_calls"]

ReadModule = Callable[[nn.Module, Stage, ReadRows], Stage]
_TRACE_ERRORS = (TraceError, TypeError, ValueError, RuntimeError, AttributeError, AssertionError)


class _Tracer(fx.Tracer):
    """Goes into modules that only call others; leaves layers with numbers of their own closed."""

    def __init__(self, outermost: nn.Module):
        super().__init__()
        self._outermost = outermost

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        del module_qualified_name
        if m is self._outermost:
            return False
        own = [*m.parameters(recurse=False), *m.buffers(recurse=False)]
        return bool(own) or layer_reader(m) is not None or registered_reader(m) is not None


def read_calls(
    module: nn.Module, stage: Stage, reading: ReadRows, read_module: ReadModule
) -> Stage:
    """The stage that leaves a module, by following its calls; names one that cannot be followed."""
    name = type(module).__name__
    try:
        calls = _Tracer(module).trace(module)
    except _TRACE_ERRORS as error:
        raise UnsupportedModelError(f"the calls of {name} cannot be followed ({error})") from error
    found: dict[fx.Node, Any] = {}
    for node in calls.nodes:
        args, kwargs = map_arg((node.args, node.kwargs), lambda used: found[used])
        if node.op == "placeholder":
            if found and not args:
                raise UnsupportedModelError(f"{name} takes more than one input")
            found[node] = args[0] if found else stage
        elif node.op == "get_attr":
            found[node] = operator.attrgetter(str(node.target))(module)
        elif node.op == "call_module":
            found[node] = read_module(module.get_submodule(str(node.target)), args[0], reading)
        elif node.op == "output" and isinstance(args[0], Stage):
            return args[0]
        elif node.op == "output":
            raise UnsupportedModelError(f"{name} returns {type(args[0]).__name__}, not one tensor")
        else:
            found[node] = _called(node, args, kwargs)
    raise UnsupportedModelError(f"{name} returns nothing")


def _called(node: fx.Node, args: Any, kwargs: Any) -> Any:
    """What the call of a function or method makes of its arguments."""
    if not any(isinstance(value, Stage) for value in tree_leaves((args, kwargs))):
        if callable(node.target):
            return node.target(*args, **kwargs)
        return getattr(args[0], str(node.target))(*args[1:], **kwargs)
    reader = (_METHODS if node.op == "call_method" else _FUNCTIONS).get(node.target)
    if reader is None:
        called = node.target if isinstance(node.target, str) else node.target.__name__
        raise UnsupportedModelError(f"the call of {called} is not known")
    return reader(*args, **kwargs)


# -- what calls mean ---------------------------------------------------------------------------


def _constant(value: Any) -> Any:
    """A tensor of the module as an array; a stage or a number as it is."""
    return as_numpy(value) if isinstance(value, torch.Tensor) else value


def _of_two(operation: Callable[[Value, Value], Value]) -> Callable[..., Value]:
    """An operation on two values; of a sum or difference, the second may be multiplied."""

    def called(a: Any, b: Any, *, alpha: float = 1.0) -> Value:
        second = _constant(b)
        return operation(_constant(a), second if alpha == 1 else ops.multiply(second, alpha))

    return called


def _linear(stage: Stage, weight: torch.Tensor, bias: torch.Tensor | None = None) -> Stage:
    return stage.dense(as_numpy(weight), None if bias is None else as_numpy(bias))


def _matmul(stage: Stage, weight: torch.Tensor) -> Stage:
    return stage.dense(as_numpy(weight).T)


def _part(stage: Stage, index: Any) -> Stage:
    """``x[:, columns]`` with a slice or a list of columns."""
    rows, columns = index if isinstance(index, tuple) and len(index) == 2 else (None, None)
    if rows not in (slice(None), Ellipsis) or not isinstance(columns, slice | list):
        raise UnsupportedModelError("only x[:, start:stop] and x[:, [columns]] are known")
    return stage.dense(np.eye(stage.width)[columns])


def _dropout(stage: Stage, p: float = 0.5, training: bool = True, inplace: bool = False) -> Stage:
    del inplace
    if training and p > 0:
        raise UnsupportedModelError("dropout is on: pass training=self.training to it")
    return stage


def _activation(kind: type[nn.Module]) -> Callable[..., Stage]:
    """A call of an activation; its constants are those of the layer of that name."""

    def called(stage: Stage, *constants: Any, **named: Any) -> Stage:
        layer = kind(*constants, **named)
        read = layer_reader(layer)
        assert read is not None
        return read(layer, stage)

    return called


def _activations() -> Iterator[tuple[str, Callable[..., Stage]]]:
    """Calls of torch's activations by name, such as relu or leaky_relu."""
    for kind in ACTIVATIONS:
        name = kind.__name__.lower()
        yield {"leakyrelu": "leaky_relu"}.get(name, name), _activation(kind)


_PLAIN = ("relu", "tanh", "sigmoid", "sin", "cos", "exp", "log", "sqrt", "abs", "square")
_OF_TWO = {
    "add": _of_two(ops.add),
    "sub": _of_two(ops.subtract),
    "mul": _of_two(ops.multiply),
    "div": _of_two(ops.divide),
    "truediv": _of_two(ops.divide),
    "pow": _of_two(ops.power),
}
_METHODS: dict[Any, Callable[..., Value]] = {
    **{name: ops.map_by(ops.FUNCTIONS[name]) for name in _PLAIN},
    **dict.fromkeys(("flatten", "squeeze", "contiguous", "float", "double", "detach"), ops.same),
    **_OF_TWO,
    "neg": ops.negate,
}
_FUNCTIONS: dict[Any, Callable[..., Value]] = {
    **{getattr(torch, name): called for name, called in _METHODS.items() if hasattr(torch, name)},
    **{getattr(operator, name): called for name, called in _OF_TWO.items() if name != "div"},
    **{getattr(functional, name): call for name, call in _activations() if name in dir(functional)},
    operator.neg: ops.negate,
    operator.matmul: _matmul,
    operator.getitem: _part,
    torch.matmul: _matmul,
    torch.cat: lambda parts, dim=0: ops.concatenate(parts, dim),
    functional.linear: _linear,
    functional.dropout: _dropout,
}
