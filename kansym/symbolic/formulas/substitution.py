"""Put values in place of symbols, without the questions that sympy asks when it builds a term.

Whether a nested sum is infinite, zero or real, or which of two is larger, is asked for every root
of a sum, every function of one and every maximum; in a formula of a few dozen functions the answer
may take minutes, or never come.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, final

import mpmath
import sympy

__all__ = ["replaced"]

LARGE = 250
"""Operations beyond which sympy is asked nothing about a formula."""


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
    return _Replacement(values, is_large=_is_large(template))(template)


def _is_large(template: sympy.Expr) -> bool:
    """Whether a formula has so many operations; a larger one is not counted to its end."""
    count, parts = 0, [template]
    while parts and count <= LARGE:
        arguments = parts.pop().args
        count += max(len(arguments) - 1, min(len(arguments), 1))
        parts += arguments
    return count > LARGE


@final
class _Replacement:
    """One replacing: parts that occur again are the same object, and are looked at once."""

    def __init__(self, values: Mapping[sympy.Symbol, sympy.Expr], *, is_large: bool) -> None:
        self.is_large = is_large
        self.known: dict[sympy.Basic, Any] = dict(values)
        self.with_functions: dict[sympy.Basic, bool] = {}

    def __call__(self, template: sympy.Expr) -> sympy.Expr:
        if template.is_Atom:
            return self.known.get(template, template)
        if template not in self.known:
            self.known[template] = self._found(template)
        return self.known[template]

    def _found(self, template: sympy.Expr) -> sympy.Expr:
        parts = [self(part) for part in template.args]
        if tuple(parts) == template.args:
            return template
        if template.is_Mul and (found := self._product(parts)) is not None:
            return found
        if template.is_Add and (found := self._sum(parts)) is not None:
            return found
        if template.is_Pow and self._is_rich(parts[0]) and parts[1] not in (0, 1):
            return sympy.Pow(*parts, evaluate=False)
        if isinstance(template, sympy.Max | sympy.Min) and not all(p.is_Number for p in parts):
            return template.func(*parts, evaluate=False)
        if template.is_Function and any(map(self._is_rich, parts)):
            return template.func(*parts, evaluate=False)
        return template.func(*parts)

    def _is_rich(self, part: sympy.Expr) -> bool:
        """Whether a factor is a sum, or a power of one, with functions in it.

        In a large formula, all that is no number.
        """
        if self.is_large:
            return not part.is_Number
        bases = (factor.as_base_exp()[0] for factor in sympy.Mul.make_args(part))
        return any(base.is_Add and self._has_function(base) for base in bases)

    def _has_function(self, part: sympy.Basic) -> bool:
        if part not in self.with_functions:
            self.with_functions[part] = isinstance(part, sympy.Function) or any(
                self._has_function(inner) for inner in part.args
            )
        return self.with_functions[part]

    def _sum(self, parts: Sequence[sympy.Expr]) -> sympy.Expr | None:
        """One number and the other terms; None if all is tame."""
        terms = [term for part in parts for term in sympy.Add.make_args(part)]
        rest = [term for term in terms if not term.is_Number]
        shapes = {term.as_coeff_Mul()[1] for term in rest}
        if len(shapes) < len(rest) or not any(map(self._is_rich, rest)):
            return None
        number = sum((term for term in terms if term.is_Number), start=sympy.Integer(0))
        return sympy.Add(*(rest if number == 0 else (number, *rest)), evaluate=False)

    def _product(self, parts: Sequence[sympy.Expr]) -> sympy.Expr | None:
        """One number, with the digits of the least certain one, times the rest.

        None if all is tame.
        """
        factors = [factor for part in parts for factor in sympy.Mul.make_args(part)]
        numbers = [f for f in factors if f.is_Number]
        rest = [f for f in factors if not f.is_Number]
        bases = [factor.as_base_exp()[0] for factor in rest]
        kept = numbers and any(factor.is_Add for factor in rest)
        if len(set(bases)) < len(bases) or not (kept or any(map(self._is_rich, rest))):
            return None
        digits = min((mpmath.libmp.prec_to_dps(f._prec) for f in numbers if f.is_Float), default=0)
        number = math.prod(numbers, start=sympy.Integer(1))
        if digits and number != 0:
            number = sympy.Float(f"{math.prod(map(float, numbers)):.{digits}g}", digits)
        if number == 0 or not rest:
            return number
        return sympy.Mul(*(rest if number == 1 else (number, *rest)), evaluate=False)
