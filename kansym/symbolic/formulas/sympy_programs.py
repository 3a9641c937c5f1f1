"""Between sympy expressions and programs.

:func:`from_sympy` reads an expression into the neutral form that numpy, torch and mpmath compute;
:func:`to_sympy` goes back. Symbols become variables of the same name.
"""

from collections.abc import Callable, Mapping
from typing import Any

import sympy
from sympy.core.function import AppliedUndef

from kansym.programs.program import ARITY, Program
from kansym.shared.errors import InputError

__all__ = ["from_sympy", "to_sympy"]

_FUNCTIONS: Mapping[str, str] = {
    "exp": "exp",
    "log": "log",
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "asin": "asin",
    "acos": "acos",
    "atan": "atan",
    "sinh": "sinh",
    "cosh": "cosh",
    "tanh": "tanh",
    "asinh": "asinh",
    "acosh": "acosh",
    "atanh": "atanh",
    "Abs": "abs",
    "sign": "sign",
    "Heaviside": "heaviside",
    "sinc": "sinc",
    "erf": "erf",
    "gamma": "gamma",
    "loggamma": "loggamma",
    "airyai": "airyai",
    "airyaiprime": "airyai_slope",
    "elliptic_k": "elliptic_k",
    "elliptic_e": "elliptic_e",
    "zeta": "zeta",
    "Max": "max",
    "Min": "min",
}
_CO_FUNCTIONS: Mapping[str, str] = {
    "cot": "tan",
    "sec": "cos",
    "csc": "sin",
    "coth": "tanh",
    "sech": "cosh",
    "csch": "sinh",
}
_BESSEL = {0: "besselj0", 1: "besselj1", 2: "besselj2"}
_POLYGAMMA = {0: "digamma", 1: "trigamma", 2: "tetragamma"}


def from_sympy(expression: sympy.Expr, *, exact: bool = False) -> Program:
    """The program of a sympy expression.

    Parameters
    ----------
    expression : any expression of the functions that :data:`kansym.programs.program.ARITY` knows.
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
        name = type(expression).__name__
        arguments = expression.args
        if isinstance(expression, AppliedUndef) and len(arguments) == 1:
            # A tabulated curve: whoever evaluates the program knows its values.
            return (name, self.read(arguments[0]))
        if name == "besselj" and arguments[0] in _BESSEL:
            return (_BESSEL[int(arguments[0])], self.read(arguments[1]))
        if name == "polygamma" and arguments[0] in _POLYGAMMA:
            return (_POLYGAMMA[int(arguments[0])], self.read(arguments[1]))
        if name == "log" and (u := _softplus_argument(arguments[0])) is not None:
            return ("softplus", self.read(u))
        if name == "Heaviside":
            arguments = arguments[:1]
        if name in _FUNCTIONS:
            return (_FUNCTIONS[name], *(self.read(part) for part in arguments))
        if name in _CO_FUNCTIONS:
            return ("div", 1.0, (_CO_FUNCTIONS[name], self.read(arguments[0])))
        raise InputError(
            f"The expression has {str(expression)[:60]!r}, which kansym cannot compute: "
            f"use functions among {', '.join(sorted({*_FUNCTIONS, *_CO_FUNCTIONS}))}."
        )


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


_TO_SYMPY: Mapping[str, Callable[..., Any]] = {
    **{program: getattr(sympy, name) for name, program in _FUNCTIONS.items()},
    "add": sympy.Add,
    "mul": sympy.Mul,
    "neg": lambda u: -u,
    "pow": sympy.Pow,
    "div": lambda top, bottom: top / bottom,
    "pi": lambda: sympy.pi,
    "e": lambda: sympy.E,
    "sqrt": sympy.sqrt,
    "expm1": lambda u: sympy.exp(u) - 1,
    "log1p": lambda u: sympy.log(u + 1),
    "softplus": lambda u: sympy.log(sympy.exp(u) + 1),
    "sigmoid": lambda u: 1 / (sympy.exp(-u) + 1),
    "langevin": lambda u: sympy.coth(u) - 1 / u,
    "sinc": lambda u: sympy.sin(u) / u,
    "bose": lambda u: u / (sympy.exp(u) - 1),
    "digamma": sympy.digamma,
    "trigamma": lambda u: sympy.polygamma(1, u),
    "tetragamma": lambda u: sympy.polygamma(2, u),
    "besselj0": lambda u: sympy.besselj(0, u),
    "besselj1": lambda u: sympy.besselj(1, u),
    "besselj2": lambda u: sympy.besselj(2, u),
    "sinc_slope": lambda u: sympy.cos(u) / u - sympy.sin(u) / u**2,
    "langevin_slope": lambda u: 1 / u**2 - 1 / sympy.sinh(u) ** 2,
    "bose_slope": lambda u: 1 / (sympy.exp(u) - 1) - u / (4 * sympy.sinh(u / 2) ** 2),
    "elliptic_k_slope": lambda m: (
        (sympy.elliptic_e(m) - (1 - m) * sympy.elliptic_k(m)) / (2 * m * (1 - m))
    ),
    "elliptic_e_slope": lambda m: (sympy.elliptic_e(m) - sympy.elliptic_k(m)) / (2 * m),
}


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
    make = _TO_SYMPY.get(program[0])
    if make is None and program[0] in ARITY:
        raise InputError(f"The operation {program[0]!r} has no form in sympy.")
    make = make or sympy.Function(program[0])
    return make(*(to_sympy(part, symbols) for part in program[1:]))
