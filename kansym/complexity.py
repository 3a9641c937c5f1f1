"""How long a formula is to write down, in bits."""

import math
from collections.abc import Iterable

import mpmath
import sympy

__all__ = ["complexity"]

_OPERATION = 4.0
_FUNCTION = 6.0
_RARE_FUNCTION = 9.0
_USUAL = (sympy.exp, sympy.log, sympy.sin, sympy.cos, sympy.Abs)
_NAME = 3.0
_CONSTANT = 24.0
_NAMED_NUMBER = 5.0
_BITS_PER_DIGIT = math.log2(10)


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
    names = None if inputs is None else frozenset(inputs)
    return _bits(expression, names)


def _bits(part: sympy.Basic, names: frozenset[str] | None) -> float:
    if isinstance(part, sympy.Symbol):
        return _NAME if names is None or part.name in names else _CONSTANT
    if isinstance(part, sympy.Number):
        return _number_bits(part)
    if isinstance(part, sympy.NumberSymbol):
        return _NAMED_NUMBER
    if isinstance(part, sympy.Mul):
        return _product_bits(part, names)
    if isinstance(part, sympy.Pow) and part.args[0] is not sympy.E:
        base, exponent = part.args
        return _power_bits(base, exponent, names)
    if isinstance(part, sympy.Add):
        inner = [_bits(_unsigned(term), names) for term in part.args]
        return _OPERATION * (len(inner) - 1) + sum(inner)
    own = _FUNCTION if isinstance(part, _USUAL) else _RARE_FUNCTION
    return own + sum(_bits(argument, names) for argument in part.args)


def _unsigned(term: sympy.Basic) -> sympy.Basic:
    """A difference costs what a sum costs."""
    negative = isinstance(term, sympy.Mul) and term.args[0] == -1
    return term.func(*term.args[1:]) if negative else term


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
    return _CONSTANT


def _product_bits(part: sympy.Mul, names: frozenset[str] | None) -> float:
    factors = list(part.args)
    bits = 0.0
    if factors[0] == -1:
        factors.pop(0)
        bits = _OPERATION / 2
    above = [f for f in factors if not _inverse(f)]
    below = [f.args for f in factors if _inverse(f)]
    operations = len(above) + len(below) - (1 if above else 0)
    bits += _OPERATION * operations
    bits += sum(_power_bits(base, -exponent, names) for base, exponent in below)
    return bits + sum(_bits(f, names) for f in above)


def _inverse(factor: sympy.Basic) -> bool:
    return (
        isinstance(factor, sympy.Pow)
        and factor.args[0] is not sympy.E
        and isinstance(factor.args[1], sympy.Number)
        and bool(factor.args[1].is_negative)
    )


def _power_bits(base: sympy.Basic, exponent: sympy.Basic, names: frozenset[str] | None) -> float:
    if exponent == 1:
        return _bits(base, names)
    if exponent == -1:
        return _OPERATION + _bits(base, names)
    if exponent == sympy.Rational(1, 2):
        return _OPERATION + _bits(base, names)
    if exponent == sympy.Rational(-1, 2):
        return 2 * _OPERATION + _bits(base, names)
    if isinstance(exponent, sympy.Integer) and exponent > 0:
        return _OPERATION + _bits(base, names) + math.log2(int(exponent))
    return _OPERATION + _bits(base, names) + _bits(exponent, names)
