"""What operations mean on stages, whichever package calls them: arithmetic and activations.

A value is a stage, or a constant: one number, or one for each value of a stage.
"""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import erf

from kansym.network import activations as act
from kansym.network.stages import Add, Concatenate, Function, Stage
from kansym.shared.errors import UnsupportedModelError

__all__ = [
    "FUNCTIONS", "Value", "add", "batch_norm", "concatenate", "divide", "map_by", "multiply",
    "negate", "number", "power", "prelu", "same", "subtract",
]  # fmt: skip

Array = np.ndarray
Value = Stage | Array | float

FUNCTIONS: dict[str, Function] = {
    "abs": np.abs,
    "cos": np.cos,
    "erf": erf,
    "exp": np.exp,
    "hardsigmoid": act.hard_sigmoid,
    "hardswish": act.hard_swish,
    "identity": act.identity,
    "log": np.log,
    "logsigmoid": act.log_sigmoid,
    "mish": act.mish,
    "relu": act.relu,
    "selu": act.selu,
    "sigmoid": act.sigmoid,
    "silu": act.silu,
    "sin": np.sin,
    "softsign": act.softsign,
    "sqrt": np.sqrt,
    "square": np.square,
    "tanh": np.tanh,
}
"""Functions without constants, under torch's names."""


def _row(constant: Value) -> Array:
    """A constant as one number, or as one for each value of a stage."""
    assert not isinstance(constant, Stage)
    array = np.asarray(constant, dtype=np.float64)
    if array.ndim and array.size != array.shape[-1]:
        raise UnsupportedModelError(f"a constant of shape {array.shape} is not one per unit")
    return array.reshape(-1) if array.size > 1 else array.reshape(())


def number(constant: Value) -> float:
    """A constant that is one number."""
    if isinstance(constant, Stage) or np.size(constant) != 1:
        raise UnsupportedModelError("a variable stands where one number is known")
    return float(np.reshape(constant, ()))


def _wide(stage: Stage, width: int) -> Stage:
    """A stage of so many values; a single one is repeated."""
    if stage.width == width or width == 1:
        return stage
    if stage.width != 1:
        raise UnsupportedModelError(f"{stage.width} values meet {width}")
    return stage.dense(np.ones((width, 1)))


def map_by(function: Function) -> Callable[[Value], Value]:
    """A function of every value."""
    return lambda a: (
        a.elementwise(function) if isinstance(a, Stage) else function(np.asarray(a, float))
    )


def add(a: Value, b: Value) -> Value:
    """The sum a + b."""
    if isinstance(a, Stage) and isinstance(b, Stage):
        return Add((_wide(a, b.width), _wide(b, a.width)))
    if isinstance(a, Stage):
        return _wide(a, _row(b).size).scale(1.0, _row(b))
    return add(b, a) if isinstance(b, Stage) else a + b


def negate(a: Value) -> Value:
    """The value -a."""
    return a.scale(-1.0) if isinstance(a, Stage) else -a


def subtract(a: Value, b: Value) -> Value:
    """The difference a - b."""
    return add(a, negate(b))


def multiply(a: Value, b: Value) -> Value:
    """The product a b; one value for many is repeated."""
    if isinstance(a, Stage) and isinstance(b, Stage):
        a, b = _wide(a, b.width), _wide(b, a.width)
        return Concatenate((a, b)).multiply([(i, a.width + i) for i in range(a.width)])
    if isinstance(a, Stage):
        return _wide(a, _row(b).size).scale(_row(b))
    return multiply(b, a) if isinstance(b, Stage) else a * b


def divide(a: Value, b: Value) -> Value:
    """The quotient a / b."""
    return multiply(a, map_by(np.reciprocal)(b))


def power(a: Value, b: Value) -> Value:
    """The power a^b of one constant exponent."""
    return map_by(act.Power(number(b)))(a)


def concatenate(parts: Sequence[Value], axis: int | None) -> Stage:
    """Stages side by side, along the units."""
    stages = tuple(part for part in parts if isinstance(part, Stage))
    if len(stages) < len(parts) or axis not in (1, -1):
        raise UnsupportedModelError(f"joining is known for layers along the units, not axis {axis}")
    return Concatenate(stages)


def batch_norm(
    stage: Stage,
    mean: Array,
    variance: Array,
    epsilon: float,
    weight: Array | float = 1.0,
    bias: Array | float = 0.0,
) -> Stage:
    """Weight (x - mean) / sqrt(variance + epsilon) + bias."""
    factor = weight / np.sqrt(np.asarray(variance, float) + epsilon)
    return stage.scale(factor, bias - mean * factor)


def prelu(stage: Stage, slopes: Array) -> Stage:
    """Leaky ReLUs, of one slope or of one for each unit."""
    each = np.broadcast_to(np.ravel(slopes), (stage.width,)).tolist()
    return stage.elementwise(*map(act.LeakyReLU, each))


def same(a: Value, *_: object, **__: object) -> Value:
    """The value itself, whatever else is given."""
    return a
