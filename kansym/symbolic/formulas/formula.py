"""A formula with its constants, their standard errors, and everything it can be written as."""

import json
import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import mpmath
import numpy as np
import sympy

from kansym.programs.program import NUMPY, Program, evaluate, to_json, validate
from kansym.programs.source_code import c_source, python_source
from kansym.programs.tabulated_curve import TabulatedCurve
from kansym.shared.errors import InputError
from kansym.shared.measured_numbers import measured_interval, measured_number
from kansym.shared.symbol_names import latex_name
from kansym.shared.tables import as_table, without_units
from kansym.symbolic.formulas.complexity import complexity
from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.formulas.parsing import written
from kansym.symbolic.formulas.substitution import replaced
from kansym.symbolic.formulas.sympy_programs import from_sympy, to_sympy

__all__ = ["Formula", "OutsideDomainWarning"]

_FORMAT = "kansym formula 1"
_LONGEST_JSON = 20_000_000
_MOST_DIGITS = 15
_LEAST_VARIANCE = 1e-16
"""Of a combination of constants, in units of their own: rounding of the covariance."""


class OutsideDomainWarning(UserWarning):
    """A formula was evaluated on rows where it is undefined; its values there are ``nan``."""


@dataclass(frozen=True, eq=False)
class Formula:
    """An expression in named inputs with constants that were found from data.

    Attributes
    ----------
    template : sympy expression in input symbols and constant symbols.
    inputs : names of the columns, any text; ``sympy.Symbol(name)`` stands for each.
    constants : the constants of the template.
    covariance : of the constants that are not exact, in order; None if unknown.
    freedom : degrees of freedom behind the standard errors.
    curves : tabulated curves that the template calls by name.

    Raises
    ------
    InputError
        If the template has symbols that are neither inputs nor constants.

    Examples
    --------
    >>> a, x = sympy.symbols("a x")
    >>> formula = Formula(a * sympy.sin(x), ("x",), (Constant("a", 2.5, 0.01),))
    >>> print(formula)
    2.5*sin(x)
    >>> formula.predict([[0.0], [1.0]]).round(3).tolist()
    [0.0, 2.104]
    """

    template: sympy.Expr
    inputs: tuple[str, ...]
    constants: tuple[Constant, ...] = ()
    covariance: np.ndarray | None = None
    freedom: float = math.inf
    curves: tuple[TabulatedCurve, ...] = field(default=())

    def __post_init__(self) -> None:
        if isinstance(self.template, str):
            # sympy would run the text.
            raise InputError(
                "The template is text: read it with kansym.symbolic.formulas.parsing.parse first."
            )
        object.__setattr__(self, "template", sympy.sympify(self.template))
        known = {*self.inputs, *(c.name for c in self.constants)}
        unknown = sorted(s.name for s in self.template.free_symbols if s.name not in known)
        if unknown:
            raise InputError(
                f"The formula has the symbols {unknown}, which are neither inputs "
                f"{list(self.inputs)} nor constants: name each as one or the other."
            )
        if len(known) < len(self.inputs) + len(self.constants):
            raise InputError(
                f"Inputs {list(self.inputs)} and constants {[c.name for c in self.constants]} "
                "share a name: rename one."
            )

    # Views -------------------------------------------------------------------------------------

    @cached_property
    def expr(self) -> sympy.Expr:
        """The expression with its constants in place, rounded to the digits that they support."""
        digits = self._digits()
        numbers = {
            sympy.Symbol(c.name): c.exact
            if c.exact is not None
            else sympy.Float(f"{c.value:.{digits[c.name]}g}", digits[c.name])
            for c in self.constants
        }
        found, most = replaced(self.template, numbers), max(digits.values(), default=_MOST_DIGITS)
        # A measured number with one of the template, as E/8.314, holds no more digits than it.
        mixed = found.atoms(sympy.Float) - self.template.atoms(sympy.Float) - {*numbers.values()}
        long = [n for n in mixed if mpmath.libmp.prec_to_dps(n._prec) > most]
        return found.xreplace({n: sympy.Float(f"{float(n):.{most}g}", most) for n in long})

    def _digits(self) -> dict[str, int]:
        """One digit beyond what a constant's error, the others held fixed, supports."""
        free = [c for c in self.constants if c.exact is None]
        sizes = {c.name: c.stderr for c in free}
        if self.covariance is not None and np.isfinite(self.covariance).all() and len(free) > 1:
            scale = np.sqrt(np.diag(self.covariance))
            if (scale > 0).all():
                variances, axes = np.linalg.eigh(self.covariance / np.outer(scale, scale))
                # What is hardly uncertain at all must not be left out: it fixes the digits.
                inverse = axes**2 @ (1 / np.maximum(variances, _LEAST_VARIANCE))
                fixed = scale / np.sqrt(np.maximum(inverse, 1.0))
                sizes = dict(zip(sizes, fixed.tolist(), strict=True))
        return {
            c.name: min(_MOST_DIGITS, Constant("", c.value, sizes[c.name]).digits + 1) for c in free
        }

    @cached_property
    def program(self) -> Program:
        """The template as a program in the inputs and the constants."""
        return from_sympy(self.template)

    @property
    def values(self) -> dict[str, float]:
        """Constant's name to value, in full precision."""
        return {c.name: float(c.exact) if c.exact is not None else c.value for c in self.constants}

    @property
    def correlations(self) -> dict[tuple[str, str], float]:
        """Correlation of every two measured constants whose errors are known."""
        free = [c.name for c in self.constants if c.exact is None]
        if self.covariance is None or len(free) != len(self.covariance):
            return {}
        spread = np.sqrt(np.diag(self.covariance))
        with np.errstate(all="ignore"):
            matrix = self.covariance / np.outer(spread, spread)
        return {
            (free[j], free[i]): float(matrix[i, j])
            for i in range(len(free))
            for j in range(i)
            if np.isfinite(matrix[i, j])
        }

    @property
    def complexity(self) -> float:
        """Description length in bits; a measured constant counts the digits it supports."""
        return complexity(self.expr, self.inputs)

    @property
    def used_inputs(self) -> tuple[str, ...]:
        """The inputs that occur in the formula."""
        names = {s.name for s in self.template.free_symbols}
        return tuple(name for name in self.inputs if name in names)

    def __str__(self) -> str:
        return written(self.expr)

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"

    def table(self, level: float = 0.95) -> str:
        """The constants with standard errors in brackets and confidence intervals, as text.

        Examples
        --------
        >>> a, x = sympy.symbols("a x")
        >>> print(Formula(a * x, ("x",), (Constant("a", 2.5, 0.01),)).table())
        constant      value  95 % interval
        a         2.500(10)  [2.480, 2.520]
        """
        rows = [("constant", "value", f"{100 * level:g} % interval")]
        for c in self.constants:
            if c.exact is not None or c.stderr is None:
                rows.append((c.name, str(c.exact or f"{c.value:.12g}"), ""))
                continue
            between = measured_interval(*c.interval(level, self.freedom), c.stderr)
            rows.append((c.name, measured_number(c.value, c.stderr), between))
        first, second = (max(len(row[i]) for row in rows) for i in (0, 1))
        return "\n".join(f"{a:<{first}}  {b:>{second}}  {c}".rstrip() for a, b, c in rows)

    # Evaluation --------------------------------------------------------------------------------

    def predict(self, X: Any) -> np.ndarray:
        """Values of the formula.

        Parameters
        ----------
        X : array (rows, inputs), or a data frame whose columns are found by name.

        Returns
        -------
        Shape (rows,); ``nan`` where the formula is undefined, with an
        :class:`OutsideDomainWarning`.

        Raises
        ------
        InputError
            If a column is missing, or the number of columns is wrong.
        """
        values = self._evaluated(X)
        bad = ~np.isfinite(values)
        if bad.any():
            warnings.warn(
                f"The formula {str(self)[:80]} is undefined on {int(bad.sum())} of {len(values)} "
                f"rows, the first is row {int(np.argmax(bad))}: those values are nan.",
                OutsideDomainWarning,
                stacklevel=2,
            )
        return np.where(bad, np.nan, values)

    def undefined(self, X: Any) -> np.ndarray:
        """Whether each row lies outside the domain of the formula, shape (rows,)."""
        return ~np.isfinite(self._evaluated(X))

    def _evaluated(self, X: Any) -> np.ndarray:
        columns = self._columns(X)
        rows = len(next(iter(columns.values()))) if columns else len(X)
        found = evaluate(self.program, {**columns, **self.values}, self._functions)
        return np.array(np.broadcast_to(np.asarray(found, dtype=float), (rows,)))

    @property
    def _functions(self) -> dict[str, Callable[..., Any]]:
        return {**NUMPY, **{curve.name: curve for curve in self.curves}}

    def _columns(self, X: Any) -> dict[str, np.ndarray]:
        names = self.inputs
        labels = [str(name) for name in getattr(X, "columns", ())]
        if labels:
            plain = [str(name) for name in without_units(X).columns]
            # A column whose whole name is an input keeps it, whether or not that ends with a unit.
            labels = [a if a in names else b for a, b in zip(labels, plain, strict=True)]
            X = X if labels == list(X.columns) else X.set_axis(labels, axis=1)
            missing = [name for name in self.used_inputs if name not in labels]
            if missing:
                raise InputError(
                    f"The column {missing[0]!r} of the formula is missing from the data, which "
                    f"has {labels}: add or rename it."
                )
            names = tuple(name for name in self.inputs if name in labels)
            X = X[[column for column in X.columns if str(column) in names]]
            names = tuple(str(column) for column in X.columns)
        table = as_table(X, "X", names)
        return dict(zip(table.names, table.values.T, strict=True))

    @property
    def numpy(self) -> Callable[..., np.ndarray]:
        """The formula as a function of arrays, one for each input, in order."""
        program, values, functions = self.program, self.values, self._functions
        inputs = self.inputs

        def formula(*columns: Any) -> np.ndarray:
            if len(columns) != len(inputs):
                raise InputError(f"The formula takes {len(inputs)} arrays: {list(inputs)}.")
            arrays = [np.asarray(column, dtype=float) for column in columns]
            shape = np.broadcast_shapes(*{array.shape for array in arrays})
            given = {**dict(zip(inputs, arrays, strict=True)), **values}
            return np.array(np.broadcast_to(evaluate(program, given, functions), shape))

        return formula

    # Exports -----------------------------------------------------------------------------------

    def latex(self) -> str:
        r"""The formula in LaTeX; column names that are no symbols are set upright and escaped.

        Examples
        --------
        >>> Formula(sympy.Symbol("mass_kg") ** 2, ("mass_kg",)).latex()
        '\\text{mass\\_kg}^{2}'
        """
        names = {sympy.Symbol(name): latex_name(name) for name in self.inputs}
        return sympy.latex(self.expr, symbol_names=names)

    def python(self, name: str = "formula") -> str:
        """Source of a Python function of numpy arrays."""
        curves = {c.name: (c.x.tolist(), c.y.tolist()) for c in self.curves}
        return python_source(
            self.program, self.inputs, self.values, name=name, comment=str(self), curves=curves
        )

    def c(self, name: str = "formula") -> str:
        """Source of a C99 function of doubles."""
        return c_source(self.program, self.inputs, self.values, name=name, comment=str(self))

    def torch(self) -> Any:
        """A ``torch.nn.Module`` from (rows, inputs) to (rows,), its constants trainable."""
        from kansym.neural.models.formula_module import FormulaModule

        return FormulaModule(self.program, self.inputs, self.values, self.curves)

    def to_json(self) -> str:
        """The formula as JSON text, which :meth:`from_json` reads."""
        return json.dumps(
            {
                "format": _FORMAT,
                "inputs": list(self.inputs),
                "template": to_json(from_sympy(self.template, exact=True)),
                "constants": [c.to_data() for c in self.constants],
                "covariance": None if self.covariance is None else _finite(self.covariance),
                "freedom": self.freedom if math.isfinite(self.freedom) else None,
                "curves": [
                    {"name": c.name, "x": c.x.tolist(), "y": c.y.tolist()} for c in self.curves
                ],
            },
            allow_nan=False,
        )

    @classmethod
    def from_json(cls, text: str) -> "Formula":
        """Read a formula from JSON text; nothing in it is run.

        Raises
        ------
        InputError
            If the text is no such formula.

        Examples
        --------
        >>> x = sympy.Symbol("x")
        >>> Formula.from_json(Formula(sympy.sin(x) / 3, ("x",)).to_json()).expr
        sin(x)/3
        """
        try:
            return _from_data(cls, _loaded(text))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"The JSON text is no formula of kansym: {error!r}.") from error


def _loaded(text: str) -> Mapping[str, Any]:
    if not isinstance(text, str):
        raise InputError(f"A formula is JSON text, {type(text).__name__} was given.")
    if len(text) > _LONGEST_JSON:
        raise InputError(f"The JSON text of {len(text)} characters is too long for a formula.")
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"The text is no JSON: {error}.") from error
    if not isinstance(data, dict) or data.get("format") != _FORMAT:
        raise InputError(f"The JSON text is no formula: its format must be {_FORMAT!r}.")
    return data


def _from_data(cls: type[Formula], data: Mapping[str, Any]) -> Formula:
    inputs = tuple(str(name) for name in data["inputs"])
    curves = tuple(
        TabulatedCurve(str(c["name"]), np.array(c["x"], float), np.array(c["y"], float))
        for c in data["curves"]
    )
    constants = tuple(Constant.from_data(c) for c in data["constants"])
    names = (*inputs, *(c.name for c in constants))
    program = validate(data["template"], names, [c.name for c in curves])
    rows = data["covariance"]
    covariance = None
    if rows is not None:
        size = sum(c.exact is None for c in constants)
        covariance = np.array([[np.inf if v is None else v for v in row] for row in rows], float)
        covariance = covariance.reshape(size, size)
    freedom = math.inf if data["freedom"] is None else float(data["freedom"])
    return cls(to_sympy(program), inputs, constants, covariance, freedom, curves)


def _finite(matrix: np.ndarray) -> list[list[float | None]]:
    return [[float(v) if math.isfinite(v) else None for v in row] for row in matrix]
