"""A formula with free constants held against data: values, slopes, linear constants eliminated."""

from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np
import sympy

from kansym.programs.gradients import DifferentiableProgram
from kansym.programs.program import Program
from kansym.programs.tabulated_curve import TabulatedCurve
from kansym.shared.errors import InputError
from kansym.symbolic.formulas.sympy_programs import from_sympy

__all__ = ["Fitting"]


@final
class Fitting:
    """A template with its data, ready to be refined from several starts.

    Parameters
    ----------
    template : expression or program in the inputs and the constants.
    inputs : names of the columns.
    X : shape (rows, inputs).
    y : shape (rows,).
    constants : names of the free constants.
    weights : shape (rows,); one over the variance of each row, up to a factor.
    curves : tabulated curves that the template calls, by name.
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
        program = from_sympy(template) if isinstance(template, sympy.Basic) else template
        self.tape = DifferentiableProgram(program, curves)
        self.constants = tuple(constants)
        self.X, self.y = _checked(X, y, inputs)
        self.columns = dict(zip(inputs, self.X.T, strict=True))
        self.root = np.ones(len(self.y)) if weights is None else np.sqrt(np.asarray(weights))
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


def _checked(X: Any, y: Any, inputs: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    if X.ndim != 2 or y.ndim != 1 or len(X) != len(y) or X.shape[1] != len(inputs):
        raise InputError(
            f"The data have shapes {X.shape} and {y.shape}: expected (rows, {len(inputs)}) "
            "and (rows,)."
        )
    return X, y


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
