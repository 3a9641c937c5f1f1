"""Put values in place of symbols, without the questions that sympy asks when it builds a term.

Whether a nested sum is infinite, or which of two is larger, is asked for every root of a sum and
every maximum; in a formula of a few dozen functions the answer may take minutes.
"""

import math
from collections.abc import Mapping, Sequence

import mpmath
import sympy

__all__ = ["replaced"]


def replaced(template: sympy.Expr, values: Mapping[sympy.Symbol, sympy.Expr]) -> sympy.Expr:
    """Values in place of symbols; numbers are not multiplied into sums.

    Parameters
    ----------
    template : an expression.
    values : what stands for a symbol.

    Examples
    --------
    >>> a, b, x = sympy.symbols("a b x")
    >>> replaced(a * sympy.sqrt(x + b), {a: sympy.Float("2.5", 2), b: sympy.Integer(1)})
    2.5*sqrt(x + 1)
    >>> replaced(a * (x + b), {a: sympy.Integer(2)})
    2*(b + x)
    """
    if not values:
        return template
    if template in values:
        return values[template]
    if template.is_Atom:
        return template
    parts = [replaced(part, values) for part in template.args]
    if tuple(parts) == template.args:
        return template
    if template.is_Mul and (found := _product(parts)) is not None:
        return found
    if template.is_Add and (found := _sum(parts)) is not None:
        return found
    if template.is_Pow and _holds_sum_of_functions(parts[0]) and parts[1] not in (0, 1):
        return sympy.Pow(*parts, evaluate=False)
    if isinstance(template, sympy.Max | sympy.Min) and not all(part.is_Number for part in parts):
        return template.func(*parts, evaluate=False)
    return template.func(*parts)


def _holds_sum_of_functions(part: sympy.Expr) -> bool:
    """Whether a factor is a sum, or a power of one, with functions in it."""
    bases = (factor.as_base_exp()[0] for factor in sympy.Mul.make_args(part))
    return any(base.is_Add and base.has(sympy.Function) for base in bases)


def _sum(parts: Sequence[sympy.Expr]) -> sympy.Expr | None:
    """One number and the other terms; None if all is tame."""
    terms = [term for part in parts for term in sympy.Add.make_args(part)]
    rest = [term for term in terms if not term.is_Number]
    shapes = {term.as_coeff_Mul()[1] for term in rest}
    if len(shapes) < len(rest) or not any(map(_holds_sum_of_functions, rest)):
        return None
    number = sum((term for term in terms if term.is_Number), start=sympy.Integer(0))
    return sympy.Add(*(rest if number == 0 else (number, *rest)), evaluate=False)


def _product(parts: Sequence[sympy.Expr]) -> sympy.Expr | None:
    """One number, with the digits of the least certain one, times the rest; None if all is tame."""
    factors = [factor for part in parts for factor in sympy.Mul.make_args(part)]
    numbers = [f for f in factors if f.is_Number]
    rest = [f for f in factors if not f.is_Number]
    bases = [factor.as_base_exp()[0] for factor in rest]
    kept = numbers and any(factor.is_Add for factor in rest)
    if len(set(bases)) < len(bases) or not (kept or any(map(_holds_sum_of_functions, rest))):
        return None
    digits = min((mpmath.libmp.prec_to_dps(f._prec) for f in numbers if f.is_Float), default=0)
    number = math.prod(numbers, start=sympy.Integer(1))
    if digits and number != 0:
        number = sympy.Float(f"{math.prod(map(float, numbers)):.{digits}g}", digits)
    if number == 0 or not rest:
        return number
    return sympy.Mul(*(rest if number == 1 else (number, *rest)), evaluate=False)
