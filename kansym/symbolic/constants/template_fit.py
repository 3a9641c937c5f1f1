"""A formula with free constants held against data: values, slopes, linear constants eliminated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, final

import numpy as np
import sympy

from kansym.programs.gradients import DifferentiableProgram
from kansym.programs.program import Program
from kansym.programs.tabulated_curve import TabulatedCurve
from kansym.shared.errors import InputError
from kansym.symbolic.formulas.sympy_programs import from_sympy

__all__ = ["Fitting", "Observations"]


@dataclass(frozen=True)
class Observations:
    """Rows that a formula is held against.

    Attributes
    ----------
    inputs : names of the columns.
    X, y : shapes (rows, inputs) and (rows,).
    weights : shape (rows,); one over the variance of each row, up to a factor; all 1 if None.
    curves : tabulated curves that formulas call, by name.
    """

    inputs: tuple[str, ...]
    X: np.ndarray
    y: np.ndarray
    weights: np.ndarray | None = None
    curves: Mapping[str, TabulatedCurve] = field(default_factory=dict)

    @classmethod
    def checked(
        cls,
        inputs: Sequence[str],
        X: Any,
        y: Any,
        weights: Any = None,
        curves: Mapping[str, TabulatedCurve] | None = None,
    ) -> "Observations":
        """Observations in numbers.

        Raises
        ------
        InputError
            If shapes do not fit.
        """
        X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
        y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
        if X.ndim != 2 or y.ndim != 1 or len(X) != len(y) or X.shape[1] != len(inputs):
            raise InputError(
                f"The data have shapes {X.shape} and {y.shape}: expected (rows, {len(inputs)}) "
                "and (rows,)."
            )
        weights = None if weights is None else np.asarray(weights, dtype=float)
        return cls(tuple(inputs), X, y, weights, dict(curves or {}))

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """The inputs by name."""
        return dict(zip(self.inputs, self.X.T, strict=True))

    def thinned(self, most: int) -> "Observations":
        """Fewer rows, evenly taken; all of them if they are not more."""
        if len(self.y) <= most:
            return self
        rows = np.linspace(0, len(self.y) - 1, most).astype(int)
        weights = None if self.weights is None else self.weights[rows]
        return replace(self, X=self.X[rows], y=self.y[rows], weights=weights)


@final
class Fitting:
    """A template with its data, ready to be refined from several starts.

    Parameters
    ----------
    template : expression or program in the inputs and the constants.
    inputs, X, y, weights, curves : rows, as in `Observations`.
    constants : names of the free constants.
    """

    def __init__(
        self,
        template: sympy.Expr | Program,
        inputs: Sequence[str],
        X: Any,
        y: Any,
        constants: Sequence[str],
        weights: Any = None,
        curves: Mapping[str, TabulatedCurve] | None = None,
    ) -> None:
        data = Observations.checked(inputs, X, y, weights, curves)
        program = from_sympy(template) if isinstance(template, sympy.Basic) else template
        self.tape = DifferentiableProgram(program, data.curves)
        self.constants = tuple(constants)
        self.y, self.columns = data.y, data.columns
        self.root = np.ones(len(self.y)) if data.weights is None else np.sqrt(data.weights)
        self.floor = float(1e-16 * np.linalg.norm(self.y * self.root)) ** 2
        missing = set(self.tape.names) - set(inputs) - set(constants)
        if missing:
            raise InputError(f"No start is given for {sorted(missing)}: give one value for each.")
        self.linear = _linear(self.tape, self.constants)
        self.bent = [name for name in self.constants if name not in self.linear]

    def predicted(self, values: Mapping[str, float]) -> np.ndarray:
        """Values of the formula, shape (rows,)."""
        return np.broadcast_to(self.tape({**self.columns, **values}), self.y.shape)

    def slopes(self, values: Mapping[str, float], names: Sequence[str]) -> np.ndarray:
        """Weighted derivatives with respect to constants, shape (rows, names)."""
        _, found = self.tape.slopes({**self.columns, **values}, names)
        if not names:
            return np.zeros((len(self.y), 0))
        shaped = [np.broadcast_to(column, self.y.shape) for column in found]
        return np.stack(shaped, axis=1) * self.root[:, None]

    def residuals(self, values: Mapping[str, float]) -> np.ndarray:
        """Weighted residuals, shape (rows,)."""
        return (self.predicted(values) - self.y) * self.root

    def project(self, bent: np.ndarray) -> tuple[dict[str, float], np.ndarray] | None:
        """Best linear constants for given others; all values and an orthonormal basis."""
        values = dict(zip(self.bent, bent.tolist(), strict=True)) | dict.fromkeys(self.linear, 0.0)
        if not self.linear:
            return values, np.zeros((len(self.y), 0))
        offset, columns = self.tape.slopes({**self.columns, **values}, self.linear)
        basis = np.stack([np.broadcast_to(c, self.y.shape) for c in columns], axis=1)
        basis = basis * self.root[:, None]
        target = (self.y - offset) * self.root
        largest = np.abs(basis).max(axis=0)
        if not (np.all(largest < 1e150) and np.all(np.abs(target) < 1e150)):
            return None
        largest[largest < 1e-150] = 1.0
        basis = basis / largest
        norms = np.linalg.norm(basis, axis=0)
        norms[norms == 0] = 1.0
        q, s, vt = np.linalg.svd(basis / norms, full_matrices=False)
        alive = s > 1e-14 * s[0]
        q, s, vt = q[:, alive], s[alive], vt[alive]
        found = vt.T @ ((q.T @ target) / s)
        left = target - basis / norms @ found
        found = (found + vt.T @ ((q.T @ left) / s)) / norms / largest
        values.update(zip(self.linear, found.tolist(), strict=True))
        return values, q


def _linear(tape: DifferentiableProgram, constants: Sequence[str]) -> list[str]:
    """A largest set of constants in which the formula is jointly linear, greedily."""
    chosen: list[str] = []
    for name in constants:
        if _degree(tape, {*chosen, name}) <= 1:
            chosen.append(name)
    return chosen


def _degree(tape: DifferentiableProgram, names: set[str]) -> float:
    degrees: list[float] = []
    for operation, *arguments in tape.steps:
        inner = [degrees[i] for i in arguments] if operation not in ("name", "number") else []
        match operation:
            case "name":
                degree = float(arguments[0] in names)
            case "add" | "neg":
                degree = max(inner)
            case "mul":
                degree = sum(inner)
            case "div":
                degree = inner[0] if inner[1] == 0 else np.inf
            case _:
                degree = np.inf if any(inner) else 0.0
        degrees.append(degree)
    return degrees[tape.last]
