"""Between sympy expressions and programs.

:func:`from_sympy` reads an expression into the neutral form that numpy, torch and mpmath compute;
:func:`to_sympy` goes back. Symbols become variables of the same name.
"""

from collections.abc import Callable, Mapping
from typing import Any

import sympy
from sympy.core.function import AppliedUndef

from kansym.programs.operation import Operation
from kansym.programs.operations import OPERATIONS
from kansym.programs.program import Program
from kansym.shared.errors import InputError

__all__ = ["SYMPY", "from_sympy", "to_sympy"]

# The class of an expression, for Bessel and polygamma functions with their order, to the operation.
_READ: Mapping[str | tuple[Any, ...], str] = {
    "sinc": "sinc",
    **{
        call if isinstance(call, str) else call[:2]: name
        for name, operation in OPERATIONS.items()
        if (call := operation.sympy) is not None
    },
}


def from_sympy(expression: sympy.Expr, *, exact: bool = False) -> Program:
    """The program of a sympy expression.

    Parameters
    ----------
    expression : any expression of the functions of :data:`kansym.programs.operations.OPERATIONS`.
    exact : keep rationals and pi as operations, for evaluation in extended precision,
        instead of rounding them to floating-point numbers.

    Raises
    ------
    InputError
        If the expression has a function without a program, or is not real.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> from_sympy(2 * sympy.sin(x) + sympy.pi)
    ('add', ('mul', 2.0, ('sin', 'x')), 3.141592653589793)
    """
    return _Reader(exact).read(sympy.sympify(expression))


class _Reader:
    """One reading: equal subexpressions become one shared part."""

    def __init__(self, exact: bool) -> None:
        self.exact = exact
        self.known: dict[sympy.Basic, Program] = {}

    def read(self, expression: sympy.Basic) -> Program:
        if expression not in self.known:
            self.known[expression] = self._read(expression)
        return self.known[expression]

    def _read(self, expression: sympy.Basic) -> Program:
        if isinstance(expression, sympy.Symbol):
            return expression.name
        if isinstance(expression, sympy.Expr) and expression.is_number and not self.exact:
            return _as_float(expression)
        if isinstance(expression, sympy.Number | sympy.NumberSymbol):
            return _exactly(expression)
        if isinstance(expression, sympy.Add):
            return self._sum(expression)
        if isinstance(expression, sympy.Mul):
            return self._product(expression)
        if isinstance(expression, sympy.Pow):
            return self._power(expression)
        return self._function(expression)

    def _sum(self, expression: sympy.Add) -> Program:
        short = _recognised_sum(expression)
        if short is not None:
            name, argument, factor = short
            inner = (name, self.read(argument))
            return inner if factor == 1 else ("mul", self.read(factor), inner)
        terms = _numbers_last(expression.args)
        return ("add", *(self.read(term) for term in terms))

    def _product(self, expression: sympy.Mul) -> Program:
        if expression.args[0] == -1:
            return ("neg", self.read(expression.func(*expression.args[1:])))
        factors = list(expression.args)
        shortened = [self._shortened(name, factors) for name in ("sinc", "bose")]
        programs = [part for part in shortened if part is not None]
        above = [f for f in factors if not _is_inverse(f)]
        below = [1 / f for f in factors if _is_inverse(f)]
        programs = [self.read(f) for f in above] + programs
        top = programs[0] if len(programs) == 1 else ("mul", *programs) if programs else 1.0
        if not below:
            return top
        bottom = [self.read(f) for f in below]
        return ("div", top, bottom[0] if len(bottom) == 1 else ("mul", *bottom))

    def _shortened(self, name: str, factors: list[sympy.Expr]) -> Program | None:
        """sin(u)**k/u**k and u**k/(exp(u) - 1), whose values at u = 0 are finite."""
        for factor in factors:
            function, times = factor.as_base_exp()
            if name == "sinc" and isinstance(function, sympy.sin):
                argument, wanted, left = function.args[0], -times, 0
            elif name == "bose" and times == -1 and (u := _exponential_minus_one(function)):
                argument, wanted, left = u, 1, None
            else:
                continue
            for partner in factors:
                base, exponent = partner.as_base_exp()
                fits = exponent == wanted or (left is None and exponent.is_Integer and exponent > 1)
                if base == argument and fits:
                    factors.remove(factor)
                    factors.remove(partner)
                    short = (name, self.read(argument))
                    if left is None:
                        return ("mul", self.read(argument ** (exponent - 1)), short)
                    return short if times == 1 else ("pow", short, self.read(times))
        return None

    def _power(self, expression: sympy.Pow) -> Program:
        base, exponent = expression.args
        if exponent == sympy.Rational(1, 2):
            return ("sqrt", self.read(base))
        if exponent == -1:
            return ("div", 1.0, self.read(base))
        if exponent == sympy.Rational(-1, 2):
            return ("div", 1.0, ("sqrt", self.read(base)))
        if base is sympy.E:
            return ("exp", self.read(exponent))
        return ("pow", self.read(base), self.read(exponent))

    def _function(self, expression: sympy.Basic) -> Program:
        name, arguments = type(expression).__name__, expression.args
        if isinstance(expression, AppliedUndef) and len(arguments) == 1:
            # A tabulated curve: whoever evaluates the program knows its values.
            return (name, self.read(arguments[0]))
        if name == "log" and (u := _softplus_argument(arguments[0])) is not None:
            return ("softplus", self.read(u))
        if name == "Heaviside":
            arguments = arguments[:1]
        operation = _READ.get(name)
        if len(arguments) == 2 and arguments[0].is_Integer:
            operation = _READ.get((name, int(arguments[0])), operation)
            arguments = arguments[1:] if operation != _READ.get(name) else arguments
        if operation is None:
            raise InputError(
                f"The expression has {str(expression)[:60]!r}, which kansym cannot compute: "
                f"use functions among {', '.join(sorted(set(_READ.values())))}."
            )
        return (operation, *(self.read(part) for part in arguments))


def _as_float(number: sympy.Expr) -> float:
    value = complex(number.evalf(20))
    if abs(value.imag) > 1e-12 * max(1.0, abs(value.real)) or value != value:
        raise InputError(f"The number {str(number)[:60]!r} is not a finite real one.")
    return value.real


def _exactly(number: sympy.Expr) -> Program:
    if number is sympy.pi:
        return ("pi",)
    if number is sympy.E:
        return ("e",)
    if isinstance(number, sympy.Rational) and number.q != 1:
        return ("div", float(number.p), float(number.q))
    return _as_float(number)


def _numbers_last(terms: tuple[sympy.Basic, ...]) -> list[sympy.Basic]:
    return sorted(terms, key=lambda term: isinstance(term, sympy.Expr) and bool(term.is_number))


def _is_inverse(factor: sympy.Expr) -> bool:
    if isinstance(factor, sympy.exp):
        return False
    base, exponent = factor.as_base_exp()
    return bool(exponent.is_Number and exponent.is_negative) and not base.is_number


def _exponential_minus_one(expression: sympy.Expr) -> sympy.Expr | None:
    if isinstance(expression, sympy.Add) and len(expression.args) == 2 and -1 in expression.args:
        other = expression + 1
        if isinstance(other, sympy.exp):
            return other.args[0]
    return None


def _softplus_argument(expression: sympy.Expr) -> sympy.Expr | None:
    if isinstance(expression, sympy.Add) and len(expression.args) == 2 and 1 in expression.args:
        other = expression - 1
        if isinstance(other, sympy.exp):
            return other.args[0]
    return None


def _recognised_sum(
    expression: sympy.Add,
) -> tuple[str, sympy.Expr, sympy.Expr] | None:
    """exp(u) - 1, and c*(coth(u) - 1/u), without the cancellation near u = 0."""
    if len(expression.args) != 2:
        return None
    argument = _exponential_minus_one(expression)
    if argument is not None:
        return "expm1", argument, sympy.Integer(1)
    for term in expression.args:
        factor, function = term.as_coeff_Mul()
        if isinstance(function, sympy.coth):
            u = function.args[0]
            if expression - term == -factor / u:
                return "langevin", u, factor
    return None


def _writer(operation: Operation) -> Callable[..., Any] | None:
    """Sympy's own function, or the definition; None if there is neither."""
    call, definition = operation.sympy, operation.definition
    if isinstance(call, str):
        return getattr(sympy, call)
    if call is not None:
        return lambda u: getattr(sympy, call[0])(call[1], u)
    return None if definition is None else lambda u: to_sympy(definition, {"x": u})


SYMPY: Mapping[str, Callable[..., Any]] = {
    **{name: make for name, op in OPERATIONS.items() if (make := _writer(op)) is not None},
    "add": sympy.Add,
    "mul": sympy.Mul,
    "neg": lambda u: -u,
    "pow": sympy.Pow,
    "div": lambda top, bottom: top / bottom,
    "pi": lambda: sympy.pi,
    "e": lambda: sympy.E,
}
"""What the operations of programs mean in sympy, as far as it can express them."""


def to_sympy(program: Program, symbols: Mapping[str, sympy.Expr] | None = None) -> sympy.Expr:
    """The sympy expression of a program.

    Parameters
    ----------
    program : the formula.
    symbols : what stands for the variables; plain symbols of the same names unless given.

    Raises
    ------
    InputError
        If an operation has no form in sympy.

    Examples
    --------
    >>> to_sympy(("add", ("sin", ("mul", 2.0, "x")), 1.0))
    sin(2*x) + 1
    """
    if isinstance(program, str):
        return (symbols or {}).get(program, sympy.Symbol(program))
    if not isinstance(program, tuple):
        return sympy.Integer(int(program)) if float(program).is_integer() else sympy.Float(program)
    make = SYMPY.get(program[0])
    if make is None and program[0] in OPERATIONS:
        raise InputError(f"The operation {program[0]!r} has no form in sympy.")
    make = make or sympy.Function(program[0])
    return make(*(to_sympy(part, symbols) for part in program[1:]))
