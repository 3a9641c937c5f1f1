"""What readers make of a model: stages of affine maps, units of one value each, and products.

A stage names the stage that it starts from, so that a model is a small graph and skip connections
are sums of stages. Everything is numpy, in float64.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from kansym.network.activations import MaxOfLines, relu
from kansym.programs.program import Program
from kansym.shared.errors import InputError

__all__ = ["Add", "Concatenate", "Dense", "Expand", "Inputs", "Multiply", "Stage", "Units"]

Array = np.ndarray
Function = Callable[[Array], Array]


@dataclass(frozen=True)
class Units:
    """Functions of one value.

    Attributes
    ----------
    row : which value of the stage below.
    function : for width 1, elementwise on arrays of any shape; otherwise from (points,) to
        (points, width).
    width : how many functions.
    program : the function as a program in ``"x"``, if it was fixed by hand; width 1 only.
    """

    row: int
    function: Function
    width: int = 1
    program: Program | None = None

    def __call__(self, u: Float[Array, " points"]) -> Float[Array, "points width"]:
        value = self.function(u)
        return value[:, None] if self.width == 1 else value


@dataclass(frozen=True, eq=False)
class Stage(ABC):
    """Some values that a model computes from those of other stages.

    Attributes
    ----------
    sources : the stages that it is computed from.

    Examples
    --------
    >>> hidden = Inputs(2).dense(np.array([[1.0, 1.0], [1.0, -1.0]])).elementwise(np.square)
    >>> product = hidden.dense(np.array([[0.25, -0.25]]))
    >>> product.evaluate(np.array([[3.0, 5.0]]))
    array([[15.]])
    """

    sources: tuple["Stage", ...]

    @property
    @abstractmethod
    def width(self) -> int:
        """Number of values."""

    @abstractmethod
    def compute(self, *values: Float[Array, "rows _"]) -> Float[Array, "rows width"]:
        """Its values from those of its sources."""

    # -- what may come next ------------------------------------------------------------------

    def dense(
        self, weight: Float[Array, "out width"], bias: Float[Array, " out"] | None = None
    ) -> "Dense":
        """An affine map of these values."""
        weight = np.asarray(weight, dtype=np.float64)
        shift = np.zeros(len(weight)) if bias is None else np.asarray(bias, dtype=np.float64)
        if weight.ndim != 2 or weight.shape[1] != self.width or shift.shape != (len(weight),):
            raise InputError(
                f"A weight of shape {weight.shape} and a bias of shape {shift.shape} do not map "
                f"{self.width} values: their shapes must be (outputs, {self.width}) and (outputs,)."
            )
        return Dense((self,), weight, shift)

    def scale(self, factor: Array | float, shift: Array | float = 0.0) -> "Dense":
        """Every value times its factor plus its shift."""
        return self.dense(
            np.diag(np.broadcast_to(np.asarray(factor, dtype=np.float64), (self.width,))),
            np.broadcast_to(np.asarray(shift, dtype=np.float64), (self.width,)),
        )

    def elementwise(self, *functions: Function) -> "Expand":
        """One function for all values, or one per value."""
        if len(functions) not in (1, self.width):
            raise InputError(
                f"{len(functions)} functions were given for {self.width} values: give one, or one "
                "per value."
            )
        every = functions * self.width if len(functions) == 1 else functions
        return self.expand(Units(row, function) for row, function in enumerate(every))

    def expand(self, units: Iterable[Units]) -> "Expand":
        """Several functions of single values, side by side."""
        return Expand((self,), tuple(units))

    def multiply(self, groups: Sequence[Sequence[int]]) -> "Multiply":
        """Products of some of these values; a group of one passes its value on."""
        return Multiply((self,), tuple(tuple(group) for group in groups))

    def maxout(
        self, weight: Float[Array, "out pieces width"], bias: Float[Array, "out pieces"]
    ) -> "Stage":
        """The maximum of several affine maps per output.

        Parallel maps make one unit; others are compared two by two, max(a, b) = b + relu(a - b).
        """
        best = self.dense(weight[:, 0], bias[:, 0])
        parallel = np.array([_is_parallel(rows) for rows in weight])
        if parallel.all():
            return _parallel_maxout(self, weight, bias)
        for piece in range(1, weight.shape[1]):
            other = self.dense(weight[:, piece], bias[:, piece])
            gain = Add((best, other.scale(-1.0)))
            best = Add((other, gain.elementwise(relu)))
        return best

    def evaluate(self, X: Float[Array, "rows inputs"]) -> Float[Array, "rows width"]:
        """Values on given rows of inputs."""
        known: dict[int, Array] = {}
        for stage in self.in_order():
            if isinstance(stage, Inputs):
                known[id(stage)] = X
            else:
                known[id(stage)] = stage.compute(*(known[id(source)] for source in stage.sources))
        return known[id(self)]

    def in_order(self) -> tuple["Stage", ...]:
        """The stage and all below it, each after its sources."""
        found: dict[int, Stage] = {}
        pending: list[Stage] = [self]
        while pending:
            stage = pending[-1]
            missing = [source for source in stage.sources if id(source) not in found]
            if missing:
                pending.extend(missing)
            else:
                found.setdefault(id(pending.pop()), stage)
        return tuple(found.values())


@dataclass(frozen=True, eq=False)
class Inputs(Stage):
    """The inputs of the model."""

    sources: tuple[Stage, ...] = field(default=(), init=False)
    n_inputs: int

    @property
    def width(self) -> int:
        return self.n_inputs

    def compute(self, *values: Array) -> Array:
        return values[0]


@dataclass(frozen=True, eq=False)
class Dense(Stage):
    """An affine map, weight @ x + bias."""

    weight: Float[Array, "out width"]
    bias: Float[Array, " out"]

    @property
    def width(self) -> int:
        return len(self.bias)

    def compute(self, *values: Array) -> Array:
        return values[0] @ self.weight.T + self.bias


@dataclass(frozen=True, eq=False)
class Expand(Stage):
    """Functions of single values of the stage below, side by side."""

    units: tuple[Units, ...]

    @property
    def width(self) -> int:
        return sum(units.width for units in self.units)

    def compute(self, *values: Array) -> Array:
        found = [np.zeros((len(values[0]), 0))]
        found += [units(values[0][:, units.row]) for units in self.units]
        return np.concatenate(found, axis=1)


@dataclass(frozen=True, eq=False)
class Multiply(Stage):
    """Products of values of the stage below."""

    groups: tuple[tuple[int, ...], ...]

    @property
    def width(self) -> int:
        return len(self.groups)

    def compute(self, *values: Array) -> Array:
        return np.stack([values[0][:, list(group)].prod(axis=1) for group in self.groups], axis=1)


@dataclass(frozen=True, eq=False)
class Add(Stage):
    """The sum of two stages of equal width."""

    @property
    def width(self) -> int:
        return self.sources[0].width

    def compute(self, *values: Array) -> Array:
        return values[0] + values[1]


@dataclass(frozen=True, eq=False)
class Concatenate(Stage):
    """The values of several stages, one after the other."""

    @property
    def width(self) -> int:
        return sum(part.width for part in self.sources)

    def compute(self, *values: Array) -> Array:
        return np.concatenate(values, axis=1)


def _is_parallel(rows: Float[Array, "pieces width"]) -> bool:
    """Whether all rows are multiples of one."""
    longest = rows[np.argmax(np.abs(rows).sum(axis=1))]
    norm = longest @ longest
    if norm == 0:
        return True
    along = np.outer(rows @ longest / norm, longest)
    return bool(np.abs(rows - along).max() <= 1e-12 * np.abs(longest).max())


def _parallel_maxout(source: Stage, weight: Array, bias: Array) -> Stage:
    """Maxima of lines of one direction each."""
    directions, functions = [], []
    for rows, shifts in zip(weight, bias, strict=True):
        longest = rows[np.argmax(np.abs(rows).sum(axis=1))]
        norm = longest @ longest
        slopes = rows @ longest / norm if norm > 0 else np.zeros(len(rows))
        directions.append(longest)
        functions.append(MaxOfLines(tuple(slopes.tolist()), tuple(shifts.tolist())))
    return source.dense(np.array(directions)).elementwise(*functions)
