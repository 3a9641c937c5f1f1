"""Functions of one quantity that laws have for factors and terms, with their derivatives."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import sympy
from jaxtyping import Float

from kansym.programs.program import Program, evaluate
from kansym.symbolic.formulas.parsing import parse
from kansym.symbolic.formulas.sympy_programs import from_sympy

__all__ = ["FACTORS", "PARTNERS", "PLAIN_TERMS", "TERMS", "NamedFunction", "slopes_at", "values_at"]


@dataclass(frozen=True, eq=False)
class NamedFunction:
    """A function of one quantity x."""

    text: str

    @cached_property
    def formula(self) -> sympy.Expr:
        """As an expression in x."""
        return sympy.sympify(parse(self.text))

    def of(self, quantity: sympy.Expr) -> sympy.Expr:
        """The function of a quantity."""
        return self.formula.xreplace({_X: quantity})

    def value(self, x: np.ndarray) -> np.ndarray:
        """Its values; nan where it is not defined."""
        return np.broadcast_to(evaluate(self._program, {"x": x}), x.shape)

    def slope(self, x: np.ndarray) -> np.ndarray:
        """Its derivative."""
        return np.broadcast_to(evaluate(self._slope_program, {"x": x}), x.shape)

    @cached_property
    def _program(self) -> Program:
        return from_sympy(self.formula)

    @cached_property
    def _slope_program(self) -> Program:
        return from_sympy(sympy.diff(self.formula, _X))


def values_at(
    functions: tuple[NamedFunction, ...], x: Float[np.ndarray, " rows"]
) -> Float[np.ndarray, "rows functions"]:
    """Values of functions; nan where they are not defined, or infinite."""
    return _table(functions, x.tobytes(), slopes=False)


def slopes_at(
    functions: tuple[NamedFunction, ...], x: Float[np.ndarray, " rows"]
) -> Float[np.ndarray, "rows functions"]:
    """Derivatives of functions; nan where they are not defined, or infinite."""
    return _table(functions, x.tobytes(), slopes=True)


@lru_cache(maxsize=256)  # a quantity is asked about in many problems
def _table(functions: tuple[NamedFunction, ...], data: bytes, *, slopes: bool) -> np.ndarray:
    x = np.frombuffer(data)
    with np.errstate(all="ignore"):
        found = np.stack([f.slope(x) if slopes else f.value(x) for f in functions], axis=1)
    found = np.where(np.isfinite(found), found, np.nan)
    found.flags.writeable = False
    return found


_X = sympy.Symbol("x")
FACTORS = tuple(
    NamedFunction(text)
    for text in (
        "x", "exp(x)", "sin(x)", "cos(x)", "log(x)", "x + 1", "1 - x", "1 - x**2", "1 + x**2",
        "exp(x**2)", "exp(x**3)", "exp(1/x)", "sin(x/2)", "cos(x/2)", "sin(x**2)", "cos(x**2)",
        "sin(1/x)", "cos(1/x)", "exp(x) - 1", "exp(x) + 1", "exp(sqrt(x))", "sin(sqrt(x))",
        "cos(sqrt(x))", "sin(x**3)", "cos(x**3)", "exp(x) - exp(-x)", "exp(x) + exp(-x)",
        "log(x + 1)", "sqrt(x) + 1", "log(x) + 1", "exp(exp(x))", "sin(exp(x))", "cos(exp(x))",
        "exp(sin(x))", "exp(cos(x))", "sin(log(x))", "cos(log(x))", "x + exp(x)", "x + log(x)",
        "x + sin(x)", "x + cos(x)", "x - sin(x)", "x - cos(x)", "x - log(x)", "x - exp(x)",
        "x + sqrt(x)", "1 + sin(x)", "1 - cos(x)", "1 + cos(x)", "log(sin(x))", "log(log(x) + 1)",
    )
)  # fmt: skip
TERMS = tuple(
    NamedFunction(text)
    for text in (
        "x", "x**2", "x**3", "x**4", "1/x", "x**(-2)", "x**(-3)", "sqrt(x)", "x**(-1/2)",
        "x**(3/2)", "exp(x)", "sin(x)", "cos(x)", "log(x)", "exp(x**2)", "exp(1/x)", "sin(x**2)",
        "cos(x**2)", "exp(-x)", "exp(-x**2)", "log(x + 1)", "x*log(x)", "x*exp(x)", "x*exp(-x)",
        "x*sin(x)", "x*cos(x)", "sin(x)**2", "exp(2*x)", "log(x)**2", "sin(2*x)", "cos(1/x)",
        "sin(1/x)", "sin(sqrt(x))", "cos(sqrt(x))", "exp(sqrt(x))", "exp(-x**3)", "exp(x**3)",
        "sin(x)/x", "cos(x)/x", "exp(x)/x", "log(x)/x", "x**2*log(x)", "x**2*exp(-x)", "tan(x)",
        "log(x**2 + 1)", "1/(x + 1)", "sqrt(x + 1)", "sqrt(log(x))", "sqrt(sin(x))", "exp(sin(x))",
        "exp(cos(x))", "log(sin(x))", "log(cos(x))", "sin(exp(x))", "cos(exp(x))", "sin(log(x))",
        "cos(log(x))", "exp(exp(-x))", "sin(x)*cos(x)", "sin(x**3)", "cos(x**3)", "1/log(x)",
        "1/sin(x)", "1/cos(x)", "x/sin(x)", "x/cos(x)", "x/log(x)", "x/(x + 1)", "1/(x**2 + 1)",
    )
)  # fmt: skip
PARTNERS = tuple(
    NamedFunction(text)
    for text in (
        "x", "1/x", "x**2", "x**(-2)", "sqrt(x)", "x**3", "sin(x)", "cos(x)", "exp(x)", "exp(-x)",
        "log(x)",
    )
)  # fmt: skip
"""Functions of a second quantity that a term may have for a factor."""
PLAIN_TERMS = TERMS[:20]
"""Those that are tried in every combination."""
