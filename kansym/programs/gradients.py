"""Programs as a straight list of steps, with exact derivatives by one sweep backwards.

Parts that occur twice, within one program or across several, are one step. The sweep gives the
derivative of every row with respect to every constant at the cost of a few evaluations, whatever
the number of constants.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, final

import numpy as np

from kansym.programs.derivatives import chain_term
from kansym.programs.numpy_functions import NUMPY, compiled
from kansym.programs.program import Program
from kansym.programs.tabulated_curve import TabulatedCurve

__all__ = ["DifferentiableProgram"]


@final
class DifferentiableProgram:
    """A program prepared for many evaluations.

    Parameters
    ----------
    program : the formula.
    curves : the tabulated curves that it calls, by name.

    Examples
    --------
    >>> import numpy as np
    >>> growth = DifferentiableProgram(("mul", "a", ("exp", ("mul", "b", "x"))))
    >>> value, slopes = growth.slopes({"a": 2.0, "b": 0.0, "x": np.array([1.0, 3.0])}, ["a", "b"])
    >>> value, slopes
    (array([2., 2.]), [array([1., 1.]), array([2., 6.])])
    """

    def __init__(
        self, program: Program, curves: Mapping[str, TabulatedCurve] | None = None
    ) -> None:
        self.curves = dict(curves or {})
        self.functions = {**NUMPY, **self.curves}
        self.steps: list[tuple[Any, ...]] = []
        self._index: dict[tuple[Any, ...], int] = {}
        self._seen: dict[int, int] = {}
        self._kept = program
        self.last = self._add(program)
        self.names = tuple(step[1] for step in self.steps if step[0] == "name")

    def _add(self, part: Program) -> int:
        if isinstance(part, tuple):
            if id(part) not in self._seen:
                arguments = tuple(self._add(inner) for inner in part[1:])
                self._seen[id(part)] = self._step((part[0], *arguments))
            return self._seen[id(part)]
        return self._step(("name", part) if isinstance(part, str) else ("number", float(part)))

    def _step(self, step: tuple[Any, ...]) -> int:
        if step not in self._index:
            self._index[step] = len(self.steps)
            self.steps.append(step)
        return self._index[step]

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """The value of each step."""
        done: list[Any] = []
        with np.errstate(all="ignore"):
            for operation, *arguments in self.steps:
                if operation == "name":
                    done.append(given[arguments[0]])
                elif operation == "number":
                    done.append(arguments[0])
                else:
                    done.append(self.functions[operation](*(done[i] for i in arguments)))
        return done

    def __call__(self, given: Mapping[str, Any]) -> Any:
        """The value of the program."""
        return self.values(given)[self.last]

    def slopes(
        self, given: Mapping[str, Any], names: Sequence[str]
    ) -> tuple[Any, list[np.ndarray]]:
        """The value, and its derivative with respect to each named variable, row by row."""
        done = self.values(given)
        value = np.asarray(done[self.last], dtype=float)
        wanted = self._leading_to(names)
        gradient: dict[int, Any] = {self.last: np.ones_like(value)}
        with np.errstate(all="ignore"):
            for i in range(len(self.steps) - 1, -1, -1):
                if i in gradient and i in wanted and self.steps[i][0] not in ("name", "number"):
                    self._send_back(i, gradient[i], done, gradient, wanted)
        zero = np.zeros_like(value)
        found = [self._index.get(("name", name), -1) for name in names]
        return value, [np.broadcast_to(gradient.get(i, zero), value.shape) for i in found]

    def _leading_to(self, names: Sequence[str]) -> set[int]:
        wanted: set[int] = set()
        for i, (operation, *arguments) in enumerate(self.steps):
            if operation == "name":
                hit = arguments[0] in names
            else:
                hit = operation != "number" and any(j in wanted for j in arguments)
            if hit:
                wanted.add(i)
        return wanted

    def _send_back(
        self, i: int, above: Any, done: list[Any], gradient: dict[int, Any], wanted: set[int]
    ) -> None:
        operation, *arguments = self.steps[i]
        for place, j in enumerate(arguments):
            if j not in wanted:
                continue
            if operation in self.curves:
                share = above * self.curves[operation].slope(done[j])
            elif operation == "add":
                share = above
            else:
                given = {str(k): done[argument] for k, argument in enumerate(arguments)}
                term = _chain_term(operation, place, len(arguments))
                share = term({**given, "value": done[i], "above": above})
            gradient[j] = gradient[j] + share if j in gradient else share


@cache
def _chain_term(operation: str, place: int, count: int) -> Callable[[Mapping[str, Any]], Any]:
    """The chain rule for one argument of a step, ready to compute."""
    names = [str(k) for k in range(count)]
    return compiled(chain_term(operation, place, names, "value", "above"), NUMPY)
