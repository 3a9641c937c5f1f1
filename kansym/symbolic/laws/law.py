"""A proposed law, the rows that it is proposed for, and what every source of laws offers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol, Self, TypeVar

import numpy as np
import sympy
from jaxtyping import Float

from kansym.shared.deadline import Deadline

__all__ = ["NEARLY_EXACT", "Law", "Rows", "Source"]

_Made = TypeVar("_Made")

NEARLY_EXACT = 1e-9
"""Noise up to which rows may follow a law exactly, and error of a law that may be exact."""
_BLURRED = 1e-5
"""Noise up to which a relation of a few terms is told from one that is none."""


@dataclass(frozen=True)
class Law:
    """A law that rows suggest: an expression in inputs and free constants.

    Attributes
    ----------
    expr : its symbols are inputs, by name, and constants.
    start : values of the constants, good enough to start a least-squares fit from.
    source : where it came from, in words, such as ``"relation linear in y"``.
    error : root-mean-square error on the rows over the spread of y, both weighted.
    """

    expr: sympy.Expr
    start: Mapping[sympy.Symbol, float]
    source: str
    error: float


@dataclass(frozen=True, eq=False)
class Rows:
    """Inputs and one target.

    Attributes
    ----------
    X : inputs (rows, inputs).
    y : target (rows,).
    names : of the inputs.
    noise : root-mean-square error of y over its spread, as far as it is known; 0 for exact data.
    independent : most rows that count as independent; few where y is a smooth model's answer, whose
        errors are alike at neighbours.
    weights : one over the variance of y (rows,), up to a factor; None if that is the same for all.
    """

    X: Float[np.ndarray, "rows inputs"]
    y: Float[np.ndarray, " rows"]
    names: tuple[str, ...]
    noise: float = 0.0
    independent: float = np.inf
    weights: Float[np.ndarray, " rows"] | None = None
    _known: dict[Callable[..., Any], Any] = field(default_factory=dict, init=False, repr=False)

    def once(self, make: "Callable[[Rows], _Made]") -> _Made:
        """What is made of these rows, made once: a source that is asked again goes on with it."""
        if make not in self._known:
            self._known[make] = make(self)
        return self._known[make]

    @cached_property
    def root(self) -> Float[np.ndarray, " rows"]:
        """Square roots of the weights (rows,), their squares 1 on average."""
        if self.weights is None:
            return np.ones(len(self.y))
        return np.sqrt(self.weights / self.weights.mean())

    @cached_property
    def spread(self) -> float:
        """Standard deviation of y under the weights, 1 if y is the same on all rows."""
        mean = float(np.mean(self.root**2 * self.y))
        return float(np.sqrt(np.mean((self.root * (self.y - mean)) ** 2))) or 1.0

    def take(self, kept: np.ndarray) -> Self:
        """Some of the rows."""
        weights = None if self.weights is None else self.weights[kept]
        return replace(self, X=self.X[kept], y=self.y[kept], weights=weights)

    @property
    def varying(self) -> list[int]:
        """Places of the inputs that are not the same on all rows."""
        return np.flatnonzero(np.ptp(self.X, axis=0) > 0).tolist()

    def with_varying(self) -> Self:
        """The same rows with these inputs alone."""
        kept = self.varying
        return replace(self, X=self.X[:, kept], names=tuple(self.names[k] for k in kept))

    @property
    def blur(self) -> float:
        """The noise where it is so small that relations are seen through it, else 0."""
        return self.noise if self.noise <= _BLURRED else 0.0

    def may_be_exact(self, fewest: int) -> bool:
        """Whether there are rows enough, without noise, of a target that varies."""
        return self.noise <= NEARLY_EXACT and len(self.y) >= fewest and bool(np.ptp(self.y) > 0)


class Source(Protocol):
    """A way to find laws in rows."""

    name: str

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """Laws, the likeliest first; it may end early, and looks at the time in every loop."""
        ...
