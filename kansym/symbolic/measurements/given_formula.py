"""A formula that was given, with the rows that its constants are fitted to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import sympy

from kansym.programs.gradients import DifferentiableProgram
from kansym.programs.program import Program, substitute
from kansym.programs.tabulated_curve import TabulatedCurve
from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint
from kansym.shared.tables import Table, as_table
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.formulas.parsing import parse_template
from kansym.symbolic.formulas.sympy_programs import from_sympy

__all__ = ["GivenFormula", "given_formula", "template_of"]


@dataclass(frozen=True, eq=False)
class GivenFormula:
    """Text read as an expression, its names sorted into inputs and constants, and the rows.

    Attributes
    ----------
    text : the formula as it was given.
    template : the expression in inputs and constants.
    inputs : names of the columns.
    X, y : shapes (rows, inputs) and (rows,).
    free : names of the constants to find.
    fixed : constants that keep a value.
    curves : tabulated curves that the formula calls.
    program : the formula with the fixed constants in place.
    tape : the same, prepared for evaluation.
    columns : the inputs by name.
    """

    text: str
    template: sympy.Expr
    inputs: tuple[str, ...]
    X: np.ndarray
    y: np.ndarray
    free: tuple[str, ...]
    fixed: Mapping[str, float]
    curves: tuple[TabulatedCurve, ...] = ()
    program: Program = field(init=False)
    tape: DifferentiableProgram = field(init=False)
    columns: dict[str, np.ndarray] = field(init=False)

    def __post_init__(self) -> None:
        program = substitute(from_sympy(self.template), dict(self.fixed))
        object.__setattr__(self, "program", program)
        object.__setattr__(self, "tape", DifferentiableProgram(program, self.named_curves))
        object.__setattr__(self, "columns", dict(zip(self.inputs, self.X.T, strict=True)))

    @property
    def named_curves(self) -> dict[str, TabulatedCurve]:
        """The curves by name."""
        return {curve.name: curve for curve in self.curves}

    def named(self, constants: np.ndarray) -> dict[str, Any]:
        """Values of the free constants by name."""
        return dict(zip(self.free, constants.tolist(), strict=True))

    def predicted(
        self, constants: np.ndarray, columns: Mapping[str, np.ndarray] | None = None
    ) -> np.ndarray:
        """Values of the formula, shape (rows,)."""
        columns = self.columns if columns is None else columns
        rows = len(next(iter(columns.values())))
        value = self.tape({**columns, **self.named(constants)})
        return np.array(np.broadcast_to(np.asarray(value, dtype=float), (rows,)))

    def slopes(
        self,
        constants: np.ndarray,
        names: Sequence[str] | None = None,
        columns: Mapping[str, np.ndarray] | None = None,
    ) -> np.ndarray:
        """Derivatives by the free constants, or by named ones or inputs, shape (rows, names)."""
        columns = self.columns if columns is None else columns
        names = self.free if names is None else names
        rows = len(next(iter(columns.values())))
        if not names:
            return np.zeros((rows, 0))
        _, found = self.tape.slopes({**columns, **self.named(constants)}, names)
        return np.stack([np.broadcast_to(column, (rows,)) for column in found], axis=1)

    def of_rows(self, rows: np.ndarray) -> "GivenFormula":
        """The same formula with some of the rows."""
        return replace(self, X=self.X[rows], y=self.y[rows])

    def with_fixed(self, more: Mapping[str, float]) -> "GivenFormula":
        """The same formula with more of its constants fixed."""
        free = tuple(name for name in self.free if name not in more)
        return replace(self, free=free, fixed={**self.fixed, **more})

    def __str__(self) -> str:
        return self.text


def given_formula(
    formula: Any, X: Any, y: Any, inputs: Sequence[str] | None, fixed: Mapping[str, float]
) -> GivenFormula:
    """Read a formula and check that it goes with the rows.

    Parameters
    ----------
    formula : text, a sympy expression, or a `Formula`.
    X, y : inputs (rows, inputs), a data frame or a mapping of columns; and values (rows,).
    inputs : names of the columns of X, if X has none.
    fixed : constants that keep a value.

    Raises
    ------
    InputError
        In one sentence, for whatever does not go together.
    """
    table, template = _table(formula, X, inputs)
    columns = [name for name in table.names if sympy.Symbol(name) in template.free_symbols]
    names = sorted((str(s) for s in template.free_symbols), key=_counted)
    constants = tuple(name for name in names if name not in columns)
    if not columns:
        raise InputError(
            f"None of the inputs {list(table.names)} is in the formula {str(template)[:60]!r}, "
            f"whose names are {', '.join(names) or 'none'}: say which are the columns of X, such "
            f"as inputs=[{names[-1]!r}]." if names else
            f"The formula {str(template)[:60]!r} has no names: nothing is to be found."
        )  # fmt: skip
    stray = next((name for name in fixed if name not in constants), None)
    if stray is not None:
        raise unknown_constant("fixed", stray, constants)
    values = np.asarray(table.values)
    place = {name: i for i, name in enumerate(table.names)}
    free = tuple(name for name in constants if name not in fixed)
    target = _target(y, len(table))
    if len(free) > len(target):
        raise InputError(
            f"The formula has {len(free)} constants ({', '.join(free)}) but there are "
            f"{len(target)} rows: give more rows, or fix some constants by fixed=."
        )
    return GivenFormula(
        formula if isinstance(formula, str) else str(template),
        template,
        tuple(columns),
        values[:, [place[name] for name in columns]],
        target,
        free,
        {name: _number(value, name) for name, value in fixed.items()},
        formula.curves if isinstance(formula, Formula) else (),
    )


def unknown_constant(setting: str, name: str, constants: Iterable[str]) -> InputError:
    """The error for a setting that names a constant that is not there."""
    return InputError(
        f"{setting}= names {name!r}, which is no constant of the formula: "
        f"{hint(name, tuple(constants))}."
    )


def template_of(formula: Any, names: Sequence[str]) -> sympy.Expr:
    """The expression of a formula given as text, as sympy or as a `Formula`."""
    if isinstance(formula, Formula):
        return formula.template
    if isinstance(formula, sympy.Expr):
        return formula
    template = parse_template(formula, names, measured=True)
    if template.unknown:
        raise InputError(
            f"The formula {formula[:60]!r} has an unknown part ?(...): train a network with "
            "kansym.KAN.from_expression and extract it, or write that part out."
        )
    return template.expr


def _table(formula: Any, X: Any, inputs: Sequence[str] | None) -> tuple[Table, sympy.Expr]:
    if isinstance(X, Mapping):
        inputs = tuple(map(str, X))
        X = np.stack(np.broadcast_arrays(*map(np.asarray, X.values())), axis=-1)
    if hasattr(X, "columns"):
        # Further columns, of text perhaps, are no matter of the formula.
        found = {s.name for s in template_of(formula, [str(n) for n in X.columns]).free_symbols}
        kept = [name for name in X.columns if str(name) in found]
        X = X[kept] if kept else X
    if isinstance(formula, Formula) and inputs is None and not hasattr(X, "columns"):
        inputs = formula.inputs
    table = as_table(X, "X", inputs)
    return table, template_of(formula, table.names)


def _target(y: Any, rows: int) -> np.ndarray:
    table = as_table(y, "y")
    if table.values.shape != (rows, 1):
        raise InputError(
            f"X has {rows} rows but y has shape {table.values.shape}: give one value per row."
        )
    return table.values[:, 0]


def _counted(name: str) -> tuple[str, int]:
    """Sorts b2 before b10."""
    stem = name.rstrip("0123456789")
    return stem, int(name[len(stem) :] or 0)


def _number(value: Any, name: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise InputError(f"The value of {name!r} is {value!r}: give a finite number.")
    return number
