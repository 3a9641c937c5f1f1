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

from kansym.network import activations as act
from kansym.network.stages import Add, Concatenate, Stage
from kansym.neural.readers.kan_layers import as_numpy
from kansym.neural.readers.opened import Reading
from kansym.neural.readers.registry import registered_reader
from kansym.neural.readers.torch_layers import layer_reader
from kansym.shared.errors import UnsupportedModelError

__all__ = ["read_calls"]

ReadModule = Callable[[nn.Module, Stage, Reading], Stage]
_TRACE_ERRORS = (
    TraceError,
    TypeError,
    ValueError,
    RuntimeError,
    AttributeError,
    AssertionError,
)


class _Tracer(fx.Tracer):
    """Goes into modules that only call others; leaves layers with numbers of their own closed."""

    def __init__(self, outermost: nn.Module):
        super().__init__()
        self._outermost = outermost

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        del module_qualified_name
        own = any(True for _ in m.parameters(recurse=False)) or any(
            True for _ in m.buffers(recurse=False)
        )
        known = layer_reader(m) is not None or registered_reader(m) is not None
        return m is not self._outermost and (own or known)


def read_calls(module: nn.Module, stage: Stage, reading: Reading, read_module: ReadModule) -> Stage:
    """The stage that leaves a module, by following its calls.

    Raises
    ------
    UnsupportedModelError
        Naming the call that cannot be followed.
    """
    name = type(module).__name__
    try:
        calls = _Tracer(module).trace(module)
    except _TRACE_ERRORS as error:
        raise UnsupportedModelError(f"the calls of {name} cannot be followed ({error})") from error
    found: dict[fx.Node, Any] = {}
    for node in calls.nodes:
        if node.op == "placeholder":
            if any(isinstance(value, Stage) for value in found.values()):
                if not node.args:
                    raise UnsupportedModelError(f"{name} takes more than one input")
                found[node] = node.args[0]
            else:
                found[node] = stage
            continue
        args = map_arg(node.args, lambda used: found[used])
        kwargs = map_arg(node.kwargs, lambda used: found[used])
        if node.op == "output":
            return _finished(args[0], name)
        found[node] = _called(module, node, args, kwargs, lambda m, s: read_module(m, s, reading))
    raise UnsupportedModelError(f"{name} returns nothing")


def _finished(value: Any, name: str) -> Stage:
    """The value that is returned, if it is one stage."""
    if isinstance(value, Stage):
        return value
    raise UnsupportedModelError(f"{name} returns {type(value).__name__}, not one tensor")


def _called(
    module: nn.Module,
    node: fx.Node,
    args: Any,
    kwargs: Any,
    read: Callable[[nn.Module, Stage], Stage],
) -> Any:
    """What one call of the graph makes of its arguments."""
    if node.op == "get_attr":
        return operator.attrgetter(str(node.target))(module)
    if node.op == "call_module":
        return read(module.get_submodule(str(node.target)), args[0])
    stages = [value for value in _flat((args, kwargs)) if isinstance(value, Stage)]
    known = _METHODS if node.op == "call_method" else _FUNCTIONS
    reader = known.get(node.target)
    if not stages:
        if callable(node.target):
            return node.target(*args, **kwargs)
        return getattr(args[0], str(node.target))(*args[1:], **kwargs)
    if reader is None:
        called = node.target if isinstance(node.target, str) else node.target.__name__
        raise UnsupportedModelError(f"the call of {called} is not known")
    return reader(*args, **kwargs)


def _flat(values: Any) -> Iterator[Any]:
    if isinstance(values, tuple | list):
        for value in values:
            yield from _flat(value)
    elif isinstance(values, dict):
        yield from _flat(list(values.values()))
    else:
        yield values


# -- what calls mean ---------------------------------------------------------------------------


def _number(value: Any) -> np.ndarray:
    """A number, or one per value, from a Python number or a tensor."""
    array = as_numpy(value) if isinstance(value, torch.Tensor) else np.asarray(float(value))
    if array.ndim > 1 and array.size != array.shape[-1]:
        raise UnsupportedModelError(f"a constant of shape {array.shape} is not one per unit")
    return array.reshape(-1) if array.ndim else array


def _add(a: Any, b: Any, *, alpha: float = 1.0) -> Stage:
    if isinstance(a, Stage) and isinstance(b, Stage):
        return Add(a, b if alpha == 1 else b.scale(alpha))
    stage, other = (a, alpha * _number(b)) if isinstance(a, Stage) else (b, _number(a))
    factor = alpha if stage is b else 1.0
    return stage.scale(factor, other)


def _subtract(a: Any, b: Any, *, alpha: float = 1.0) -> Stage:
    return _add(a, b, alpha=-alpha)


def _multiply(a: Any, b: Any) -> Stage:
    if isinstance(a, Stage) and isinstance(b, Stage):
        n = max(a.width, b.width)
        both = Concatenate((a, b))
        second = range(a.width, a.width + b.width)
        first = range(a.width)
        pairs = [(first[i % a.width], second[i % b.width]) for i in range(n)]
        return both.multiply(pairs)
    stage, other = (a, b) if isinstance(a, Stage) else (b, a)
    return stage.scale(_number(other))


def _divide(a: Any, b: Any) -> Stage:
    if isinstance(b, Stage):
        return _multiply(b.elementwise(np.reciprocal), a)
    return a.scale(1.0 / _number(b))


def _power(a: Any, b: Any) -> Stage:
    if isinstance(b, Stage):
        raise UnsupportedModelError("a power with a variable exponent is not known")
    exponent = float(b)
    return a.elementwise(lambda x: np.power(x, exponent))


def _linear(stage: Stage, weight: torch.Tensor, bias: torch.Tensor | None = None) -> Stage:
    return stage.dense(as_numpy(weight), None if bias is None else as_numpy(bias))


def _matmul(stage: Stage, weight: torch.Tensor) -> Stage:
    return stage.dense(as_numpy(weight).T)


def _concatenate(parts: list[Stage], dim: int = 0) -> Stage:
    if dim not in (1, -1):
        raise UnsupportedModelError(f"joining along dimension {dim} is not known")
    return Concatenate(tuple(parts))


def _part(stage: Stage, index: Any) -> Stage:
    """``x[:, columns]`` with a slice or a list of columns."""
    rows, columns = index if isinstance(index, tuple) and len(index) == 2 else (None, None)
    if rows not in (slice(None), Ellipsis) or not isinstance(columns, slice | list):
        raise UnsupportedModelError("only x[:, start:stop] and x[:, [columns]] are known")
    return stage.dense(np.eye(stage.width)[columns])


def _same(stage: Stage, *_: Any, **__: Any) -> Stage:
    return stage


def _dropout(stage: Stage, p: float = 0.5, training: bool = True, inplace: bool = False) -> Stage:
    del inplace
    if training and p > 0:
        raise UnsupportedModelError("dropout is on: pass training=self.training to it")
    return stage


def _by(function: Callable[[np.ndarray], np.ndarray]) -> Callable[..., Stage]:
    """A call of an activation without constants."""
    return lambda stage, inplace=False: stage.elementwise(function)


_BY_NAME: dict[str, Callable[..., Stage]] = {
    "relu": _by(act.relu),
    "tanh": _by(np.tanh),
    "sigmoid": _by(act.sigmoid),
    "sin": _by(np.sin),
    "cos": _by(np.cos),
    "exp": _by(np.exp),
    "log": _by(np.log),
    "sqrt": _by(np.sqrt),
    "abs": _by(np.abs),
    "square": _by(np.square),
    "neg": lambda stage: stage.scale(-1.0),
    "add": _add,
    "sub": _subtract,
    "mul": _multiply,
    "div": _divide,
    "pow": _power,
    "flatten": _same,
    "squeeze": _same,
    "contiguous": _same,
    "float": _same,
    "double": _same,
    "detach": _same,
}
_METHODS: dict[Any, Callable[..., Stage]] = _BY_NAME
_FUNCTIONS: dict[Any, Callable[..., Stage]] = {
    **{getattr(torch, name): f for name, f in _BY_NAME.items() if name in dir(torch)},
    operator.add: _add,
    operator.sub: _subtract,
    operator.mul: _multiply,
    operator.truediv: _divide,
    operator.pow: _power,
    operator.neg: lambda stage: stage.scale(-1.0),
    operator.matmul: _matmul,
    operator.getitem: _part,
    torch.matmul: _matmul,
    torch.cat: _concatenate,
    functional.linear: _linear,
    functional.relu: _by(act.relu),
    functional.tanh: _by(np.tanh),
    functional.sigmoid: _by(act.sigmoid),
    functional.silu: _by(act.silu),
    functional.mish: _by(act.mish),
    functional.softsign: _by(act.softsign),
    functional.logsigmoid: _by(act.log_sigmoid),
    functional.selu: _by(act.selu),
    functional.gelu: lambda stage, approximate="none": stage.elementwise(
        act.GELU(approximate == "tanh")
    ),
    functional.softplus: lambda stage, beta=1.0, threshold=20.0: stage.elementwise(
        act.Softplus(beta, threshold)
    ),
    functional.elu: lambda stage, alpha=1.0, inplace=False: stage.elementwise(act.ELU(alpha)),
    functional.leaky_relu: lambda stage, negative_slope=0.01, inplace=False: stage.elementwise(
        act.LeakyReLU(negative_slope)
    ),
    functional.hardtanh: lambda stage, min_val=-1.0, max_val=1.0, inplace=False: stage.elementwise(
        act.HardTanh(min_val, max_val)
    ),
    functional.dropout: _dropout,
}
