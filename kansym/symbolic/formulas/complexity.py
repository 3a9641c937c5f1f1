"""How long a formula is to write down, in bits."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import final

import mpmath
import sympy

from kansym.symbolic.formulas.number_powers import on_paper

__all__ = [
    "CONSTANT_BITS",
    "OPERATORS",
    "DescriptionLength",
    "charging",
    "complexity",
    "complexity_of_form",
]

# Bits: choices among 16 operations, 64 usual and 512 rare functions, 8 variables, 32 named numbers;
# a constant that is still free counts as one of seven digits.
_OPERATION = 4.0
_SIGN = 2.0
_FUNCTION = 6.0
_RARE_FUNCTION = 9.0
_USUAL = (sympy.exp, sympy.log, sympy.sin, sympy.cos, sympy.Abs)
_NAME = 3.0
CONSTANT_BITS = 24.0
_NAMED_NUMBER = 5.0
_BITS_PER_DIGIT = math.log2(10)
OPERATORS = ("+", "*", "/", "^")
"""Operations that costs may name; a difference is a sum, a root a power."""

_NONE: Mapping[str | type, float] = MappingProxyType({})
_costs: ContextVar[Mapping[str | type, float]] = ContextVar("costs", default=_NONE)


@contextmanager
def charging(costs: Mapping[str | type, float]) -> Iterator[None]:
    """Within it every length counts functions and operations so many times their bits.

    What a search prefers is asked in many places, edge by edge and law by law, all of which ask
    `complexity`; like `numpy.errstate` this reaches them, and threads that begin within it.

    Parameters
    ----------
    costs : classes of sympy, or members of `OPERATORS`, to factors; the others cost as always.

    Examples
    --------
    >>> with charging({sympy.sin: 2.0, "+": 0.5}):
    ...     complexity(sympy.sin(sympy.Symbol("x")) + 1)
    20.0
    """
    before = _costs.set(costs)
    try:
        yield
    finally:
        _costs.reset(before)


def complexity(expression: sympy.Expr, inputs: Iterable[str] | None = None) -> float:
    """Description length of an expression in bits.

    Four bits for each operation, six for exp, log, sin, cos and the absolute value, nine for any
    other function, three for each variable, twice the binary logarithm for an integer, and as
    many bits as its digits hold for a measured number.

    Parameters
    ----------
    expression : the formula.
    inputs : names of the variables; the other symbols are then free constants of 24 bits each.
        Without it every symbol is a variable.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> complexity(x), complexity(sympy.sin(x)), complexity(x**2 + 1)
    (3.0, 9.0, 15.0)
    """
    return DescriptionLength(inputs).bits(expression)


def complexity_of_form(template: sympy.Expr, inputs: Iterable[str]) -> float:
    """Description length without the values of free constants; one that comes again is a name.

    Examples
    --------
    >>> a, b, x = sympy.symbols("a b x")
    >>> complexity_of_form(a * x + b, ["x"]), complexity_of_form(a * x + a, ["x"])
    (11.0, 14.0)
    """
    names = frozenset(inputs)
    parts = sympy.preorder_traversal(template)
    constants = [part for part in parts if part.is_Symbol and part.name not in names]
    again = len(constants) - len(set(constants))
    return complexity(template, names) - CONSTANT_BITS * len(constants) + _NAME * again


@final
class DescriptionLength:
    """Bits of parts; those that occur again are looked at once, but count every time."""

    def __init__(self, inputs: Iterable[str] | None = None) -> None:
        self.names = None if inputs is None else frozenset(inputs)
        self.known: dict[sympy.Basic, float] = {}
        self.costs = _costs.get()
        operations = (_OPERATION * self.costs.get(name, 1.0) for name in OPERATORS)
        self.sum, self.times, self.over, self.power = operations

    def bits(self, part: sympy.Basic) -> float:
        """The complexity of an expression."""
        if part.is_Atom:
            return self._counted(part)
        if part not in self.known:
            self.known[part] = self._counted(part)
        return self.known[part]

    def _counted(self, part: sympy.Basic) -> float:
        if isinstance(part, sympy.Symbol):
            return _NAME if self.names is None or part.name in self.names else CONSTANT_BITS
        if isinstance(part, sympy.Number):
            return _number_bits(part)
        if isinstance(part, sympy.NumberSymbol):
            return _NAMED_NUMBER
        if isinstance(part, sympy.Mul):
            return self._product(part)
        if isinstance(part, sympy.Pow) and part.args[0] is not sympy.E:
            base, exponent = part.args
            if isinstance(base, sympy.exp) and _fractional(exponent):
                # Nobody writes the root of an exponential, or the logarithm of a root.
                return self.bits(sympy.exp(base.args[0] * exponent))
            return self._power(base, exponent)
        if isinstance(part, sympy.Add):
            inner = [self.bits(_unsigned(term)) for term in part.args]
            sign = _SIGN if all(_negative(term) for term in part.args) else 0.0
            return self.sum * (len(inner) - 1) + sum(inner) + sign
        if isinstance(part, sympy.log) and isinstance(part.args[0], sympy.Pow):
            base, exponent = part.args[0].args
            if _fractional(exponent):
                return self.bits(exponent * sympy.log(base))
        own = _FUNCTION if isinstance(part, _USUAL) else _RARE_FUNCTION
        own *= self.costs.get(sympy.exp if isinstance(part, sympy.exp) else type(part), 1.0)
        return own + sum(self.bits(argument) for argument in part.args)

    def _product(self, part: sympy.Mul) -> float:
        return min(self._factors(factors) for factors in (part.args, *on_paper(part)))

    def shortest(self, product: sympy.Mul) -> tuple[sympy.Basic, ...]:
        """The factors of a product in the form that its length is measured by."""
        return min((product.args, *on_paper(product)), key=self._factors)

    def _factors(self, parts: Sequence[sympy.Basic]) -> float:
        factors = list(parts)
        bits = 0.0
        if factors[0] == -1:
            factors.pop(0)
            bits = _SIGN
        elif isinstance(factors[0], sympy.Rational) and abs(factors[0].p) == 1:
            # Half of a product is the product over two: it needs no numerator.
            bits = self.over + _number_bits(sympy.Integer(factors.pop(0).q))
        above = [f for f in factors if not _inverse(f)]
        below = [f.args for f in factors if _inverse(f)]
        bits += self.times * max(len(above) - 1, 0) + self.over * len(below)
        bits += sum(self._power(base, -exponent) for base, exponent in below)
        return bits + sum(self.bits(f) for f in above)

    def _power(self, base: sympy.Basic, exponent: sympy.Basic) -> float:
        if exponent == 1:
            return self.bits(base)
        if exponent == -1:
            return self.over + self.bits(base)
        if exponent == sympy.Rational(1, 2):
            return self.power + self.bits(base)
        if exponent == sympy.Rational(-1, 2):
            return self.over + self.power + self.bits(base)
        if isinstance(exponent, sympy.Integer) and exponent > 0:
            return self.power + self.bits(base) + math.log2(int(exponent))
        return self.power + self.bits(base) + self.bits(exponent)


def _unsigned(term: sympy.Basic) -> sympy.Basic:
    """A difference costs what a sum costs."""
    negative = isinstance(term, sympy.Mul) and term.args[0] == -1
    return term.func(*term.args[1:]) if negative else term


def _negative(term: sympy.Basic) -> bool:
    number = term.args[0] if isinstance(term, sympy.Mul) else term
    return isinstance(number, sympy.Number) and bool(number.is_negative)


def _number_bits(number: sympy.Number) -> float:
    if isinstance(number, sympy.Integer):
        return 1.0 + 2.0 * math.log2(1 + abs(int(number)))
    if isinstance(number, sympy.Rational):
        return _number_bits(sympy.Integer(number.p)) + _number_bits(sympy.Integer(number.q))
    if isinstance(number, sympy.Float):
        # A number of few digits is not written with those of its binary form.
        held = min(15, mpmath.libmp.prec_to_dps(number._prec))
        digits = f"{float(number):.{held}g}".lower().split("e")[0].replace(".", "").strip("-0")
        return _OPERATION + _BITS_PER_DIGIT * max(1, len(digits))
    return CONSTANT_BITS


def _fractional(exponent: sympy.Basic) -> bool:
    return isinstance(exponent, sympy.Rational) and not isinstance(exponent, sympy.Integer)


def _inverse(factor: sympy.Basic) -> bool:
    return (
        isinstance(factor, sympy.Pow)
        and factor.args[0] is not sympy.E
        and isinstance(factor.args[1], sympy.Number)
        and bool(factor.args[1].is_negative)
    )
