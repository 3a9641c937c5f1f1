"""Formulas from text, without ever running the text.

A small grammar of its own: numbers, names, ``+ - * / ** ^ ( ) ,`` and calls of known functions.
Whatever else a text holds (attributes, subscripts, strings, assignments) is no part of it.
"""

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import sympy
from sympy.printing.str import StrPrinter

from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint
from kansym.shared.symbol_names import text_name
from kansym.symbolic.formulas.complexity import DescriptionLength
from kansym.symbolic.formulas.sympy_programs import SYMPY

__all__ = ["FUNCTIONS", "Template", "parse", "parse_template", "written"]

# No text may keep sympy busy for long, or exhaust the stack of calls: characters, nested brackets,
# powers of numbers by exponent and by bits of the result, and arguments of functions of numbers.
_LONGEST = 10_000
_DEEPEST = 60
_LARGEST_EXPONENT = 1000
_LARGEST_BITS = 4096
_LARGEST_ARGUMENT = 1000

_ARITHMETIC = {"add", "mul", "neg", "pow", "div", "pi", "e"}
_INVERSE = ("asin", "acos", "atan", "asinh", "acosh", "atanh")
_DERIVATIVES = ("_slope", "_curvature")

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    **{
        name: make
        for name, make in SYMPY.items()
        if name not in _ARITHMETIC and not name.endswith(_DERIVATIVES)
    },
    "ln": sympy.log,
    "log10": lambda u: sympy.log(u) / sympy.log(10),
    "log2": lambda u: sympy.log(u) / sympy.log(2),
    "cbrt": lambda u: u ** sympy.Rational(1, 3),
    "relu": lambda u: sympy.Max(0, u),
    "besselj": sympy.besselj,
    # As sympy prints them.
    "Abs": sympy.Abs,
    "Heaviside": sympy.Heaviside,
    "Max": sympy.Max,
    "Min": sympy.Min,
    "airyaiprime": sympy.airyaiprime,
    "polygamma": sympy.polygamma,
    **{
        f"arc{name[1:]}": SYMPY[name]
        for name in ["asin", "acos", "atan", "asinh", "acosh", "atanh"]
    },
}
_ARGUMENTS: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys(("max", "min", "Max", "Min"), (2, 20)),
    **dict.fromkeys(("besselj", "polygamma"), (2, 2)),
}
_CONSTANTS: Mapping[str, sympy.Expr] = {
    "pi": sympy.pi,
    "e": sympy.E,
    "E": sympy.E,
    "EulerGamma": sympy.EulerGamma,
}
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[^\W\d]\w*)|`(?P<quoted>(?:[^`]|``)*)`"
    r"|(?P<operator>\*\*|[-+*/^(),?]))"
)


@dataclass(frozen=True)
class Template:
    """An expression in which some functions are not known.

    Attributes
    ----------
    expr : the expression, each unknown function as ``sympy.Function("?1")(argument)`` and so on.
    constants : names that are neither inputs nor known constants, to be found from data.
    unknown : the names of the unknown functions.
    """

    expr: sympy.Expr
    constants: tuple[str, ...]
    unknown: tuple[str, ...]


def parse(text: str, names: Iterable[str] | None = None) -> sympy.Expr:
    """Read a formula.

    Parameters
    ----------
    text : such as ``"G*m1*m2/((x2 - x1)**2 + (y2 - y1)**2)"``. ``^`` is a power; a name that is
        no identifier stands between backquotes.
    names : the variables. They win over functions and constants of the same name, so that ``E``,
        ``I``, ``gamma`` or ``lambda`` may be variables. Any name is one if None. Where a name
        stands between backquotes somewhere, it means the function or constant elsewhere.

    Returns
    -------
    The expression in plain symbols of those names.

    Raises
    ------
    InputError
        If the text is no formula, has an unknown name, or would make a number beyond bounds.

    Examples
    --------
    >>> parse("2*sin(pi*x) + x^2", ["x"])
    x**2 + 2*sin(pi*x)
    >>> parse("I*E + gamma", ["I", "E", "gamma"])
    E*I + gamma
    """
    return _Parser(text, None if names is None else tuple(names), False).whole()


def parse_template(
    text: str, names: Iterable[str] | None = None, *, measured: bool = False
) -> Template:
    """Read a formula with unknown parts, such as ``"a*exp(-x**2/b) + ?(y)"``.

    Parameters
    ----------
    text : the formula; ``?(...)`` is an unknown function of one argument.
    names : the inputs; every other name is a constant.
    measured : whether constants are to be measured: then ``e`` and ``E`` are, as a charge or an
        energy, but as the base of a power.

    Raises
    ------
    InputError
        As :func:`parse`.

    Examples
    --------
    >>> template = parse_template("a*exp(-x**2/b) + ?(y)", ["x", "y"])
    >>> template.constants, template.unknown
    (('a', 'b'), ('?1',))
    """
    parser = _Parser(text, None, True, own=tuple(names or ()), measured=measured)
    expression = parser.whole()
    constants = sorted(s.name for s in expression.free_symbols if s.name not in parser.own)
    return Template(expression, tuple(constants) if names else (), tuple(parser.unknown))


def written(expression: sympy.Basic, full_precision: bool | Literal["auto"] = "auto") -> str:
    """The text of an expression, which :func:`parse` reads as that expression.

    Names that are no identifiers, or mean something else there, stand between backquotes.

    Parameters
    ----------
    expression : the formula.
    full_precision : whether floating-point numbers keep their trailing zeros.

    Examples
    --------
    >>> written(sympy.Symbol("a-b") ** 2 + sympy.pi * sympy.Symbol("pi"))
    '`a-b`**2 + pi*`pi`'
    """
    printer = _QuotingPrinter({"full_prec": full_precision})
    printer.called = {type(part).__name__ for part in expression.atoms(sympy.Function)}
    return printer.doprint(expression)


class _QuotingPrinter(StrPrinter):
    called: Collection[str] = ()

    def _print_Symbol(self, expr: sympy.Symbol) -> str:
        return text_name(expr.name, self.called)

    def _print_Mul(self, expr: sympy.Mul) -> str:
        factors = DescriptionLength().shortest(expr)
        if factors == expr.args:
            return super()._print_Mul(expr)
        if len(factors) == 1:
            return self._print(factors[0])
        return super()._print_Mul(sympy.Mul(*factors, evaluate=False))

    def _as_ordered_terms(self, expr: sympy.Expr, order: str | None = None) -> list[sympy.Expr]:
        """A minus sign in front only if there is no other way."""
        terms = super()._as_ordered_terms(expr, order=order)
        signs = [bool(term.as_coeff_Mul()[0].is_negative) for term in terms]
        first = signs.index(False) if False in signs else 0
        return [terms[first], *terms[:first], *terms[first + 1 :]]


class _Parser:
    """One pass from left to right, by precedence."""

    def __init__(
        self,
        text: str,
        names: tuple[str, ...] | None,
        unknown: bool,
        own: tuple[str, ...] = (),
        measured: bool = False,
    ) -> None:
        if not isinstance(text, str):
            raise InputError(f"A formula is text, {type(text).__name__} was given.")
        if len(text) > _LONGEST:
            raise InputError(
                f"A formula of {len(text)} characters was given, the limit is {_LONGEST}."
            )
        self.text, self.names = text, names
        self.own = own if names is None else names
        self.allow_unknown, self.unknown, self.measured = unknown, [], measured
        self.tokens = _tokens(text)
        self.bare = {*self.own} - {token for kind, token in self.tokens if kind == "quoted"}
        self.at = 0
        self.depth = 0

    def whole(self) -> sympy.Expr:
        value = self.sum()
        if self.at < len(self.tokens):
            raise self.error(f"{self.tokens[self.at][1]!r} is not expected there")
        if value.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
            raise self.error("it divides by zero")
        return value

    def error(self, what: str) -> InputError:
        return InputError(f"The formula {self.text[:80]!r} cannot be read: {what}.")

    def next_is(self, *operators: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at] in [
            ("operator", operator) for operator in operators
        ]

    def take(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise self.error("it ends too early")
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, operator: str) -> None:
        if not self.next_is(operator):
            found = self.tokens[self.at][1] if self.at < len(self.tokens) else "the end"
            raise self.error(f"{operator!r} is expected where {found!r} stands")
        self.at += 1

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.error(f"it is nested deeper than {_DEEPEST}")

    def sum(self) -> sympy.Expr:
        terms = [self.product()]
        while self.next_is("+", "-"):
            sign = 1 if self.take()[1] == "+" else -1
            terms.append(sign * self.product())
        return sympy.Add(*terms)

    def product(self) -> sympy.Expr:
        factors = self.signed()
        while self.next_is("*", "/"):
            operator = self.take()[1]
            more = self.signed()
            if operator == "/" and more[-1] == 0:
                raise self.error("it divides by zero")
            factors += more if operator == "*" else [1 / factor for factor in more]
        return sympy.Mul(*factors)

    def signed(self) -> list[sympy.Expr]:
        """A power and its sign, which are multiplied with the other factors all at once."""
        sign = 1
        while self.next_is("+", "-"):
            sign = -sign if self.take()[1] == "-" else sign
        return [*([sympy.Integer(-1)] if sign < 0 else []), self.power()]

    def power(self) -> sympy.Expr:
        base = self.atom()
        if not self.next_is("**", "^"):
            return base
        self.take()
        self.deeper()
        exponent = sympy.Mul(*self.signed())
        self.depth -= 1
        self.check_power(base, exponent)
        return base**exponent

    def check_power(self, base: sympy.Expr, exponent: sympy.Expr) -> None:
        if not exponent.is_number:
            return
        size = abs(float(exponent)) if exponent.is_real else math.inf
        bits = size
        if base.is_number and base != 0:
            bits = size * max(1.0, abs(math.log2(max(abs(complex(base)), 1e-300))))
        if size > _LARGEST_EXPONENT or bits > _LARGEST_BITS:
            raise self.error(f"the power {str(base)[:20]}**{str(exponent)[:20]} is too large")
        if base == 0 and exponent.is_negative:
            raise self.error("it divides by zero")

    def atom(self) -> sympy.Expr:
        kind, token = self.take()
        if kind == "number":
            return _number(token)
        if kind == "quoted":
            return self.symbol(token, quoted=True)
        if kind == "name":
            return self.call(token) if self.next_is("(") else self.symbol(token)
        if token == "?" and self.allow_unknown:
            self.unknown.append(f"?{len(self.unknown) + 1}")
            return sympy.Function(self.unknown[-1])(*self.arguments("?", 1, 1))
        if token == "(":
            self.deeper()
            value = self.sum()
            self.depth -= 1
            self.expect(")")
            return value
        raise self.error(f"{token!r} is not expected there")

    def arguments(self, name: str, least: int, most: int) -> list[sympy.Expr]:
        self.expect("(")
        self.deeper()
        values = [self.sum()]
        while self.next_is(","):
            self.take()
            values.append(self.sum())
        self.depth -= 1
        self.expect(")")
        if not least <= len(values) <= most:
            raise self.error(f"{name} takes {least} argument(s), {len(values)} are given")
        return values

    def call(self, name: str) -> sympy.Expr:
        if name in self.bare:
            raise self.error(f"{name!r} is a variable, not a function: write {name}*(...)")
        if name not in FUNCTIONS:
            raise self.error(f"the function {name!r} is unknown: {hint(name, FUNCTIONS)}")
        values = self.arguments(name, *_ARGUMENTS.get(name, (1, 1)))
        for value in values:
            self.check_argument(name, value)
        return FUNCTIONS[name](*values)

    def check_argument(self, name: str, value: sympy.Expr) -> None:
        """Sympy computes functions of numbers at once, however long that takes."""
        if value.is_number and not abs(complex(value.evalf(5))) <= _LARGEST_ARGUMENT:
            raise self.error(f"{name}({str(value)[:20]}) is out of bounds")

    def symbol(self, name: str, quoted: bool = False) -> sympy.Expr:
        if name in _CONSTANTS and not quoted and name not in self.bare:
            power = self.next_is("**") or self.next_is("^")
            if not self.measured or power or _CONSTANTS[name] != sympy.E:
                return _CONSTANTS[name]
        special = not quoted and (name.startswith("__") or name.endswith("__"))
        if name in self.own or (self.names is None and not special):
            return sympy.Symbol(name)
        raise self.error(f"the name {name!r} is unknown: {hint(name, self.own)}")


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            rest = text[at:].strip()[:10]
            raise InputError(
                f"The formula {text[:80]!r} cannot be read: {rest!r} is no number, name or "
                "operator of a formula."
            )
        kind = str(match.lastgroup)
        token = match[kind].replace("``", "`") if kind == "quoted" else match[kind]
        found.append((kind, token))
        at = match.end()
    return found


def _number(token: str) -> sympy.Expr:
    if token.isdigit() and len(token) <= 300:
        return sympy.Integer(token)
    value = float(token)
    if not math.isfinite(value):
        raise InputError(f"The number {token[:30]!r} in a formula is not finite.")
    digits = re.split("[eE]", token)[0]
    return sympy.Float(token, max(15, min(50, sum(c.isdigit() for c in digits.lstrip("0.")))))
