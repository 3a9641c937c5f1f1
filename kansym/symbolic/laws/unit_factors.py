"""Factors that the units of a curve left in a law, drawn into its constants."""

from collections import Counter
from collections.abc import Mapping

import sympy

__all__ = ["without_units"]

Constants = dict[sympy.Symbol, float]


def without_units(
    expr: sympy.Expr, start: Mapping[sympy.Symbol, float]
) -> tuple[sympy.Expr, Constants]:
    """A law whose constants hold the numbers beside them, and their values then.

    Examples
    --------
    >>> x, a, c = sympy.symbols("x a c")
    >>> without_units(a / (0.01 * x + c), {a: 2.0, c: 0.5})
    (a/(c + x), {a: 200.0, c: 50.0})
    """
    return _Drawing(expr, start).drawn()


class _Drawing:
    """Constants that stand once, which may take a factor."""

    def __init__(self, expr: sympy.Expr, start: Mapping[sympy.Symbol, float]) -> None:
        self.expr, self.values = expr, dict(start)
        counts = Counter(part for part in sympy.preorder_traversal(expr) if part in start)
        self.single = {constant for constant, count in counts.items() if count == 1}

    def drawn(self) -> tuple[sympy.Expr, Constants]:
        """The law and the values of its constants."""
        return self._visit(self.expr), self.values

    def _visit(self, e: sympy.Expr) -> sympy.Expr:
        if not e.args:
            return e
        parts = [self._visit(part) for part in e.args]
        taken = [self._unit(part) for part in parts]
        if e.is_Pow and not isinstance(e, sympy.exp):
            return self._product(taken[0][0] ** parts[1], taken[0][1] ** parts[1])
        if isinstance(e, sympy.log):
            return sympy.log(taken[0][0]) + sympy.log(taken[0][1])
        if e.is_Add:
            return self._sum(sympy.expand_mul(sympy.Add(*parts)))
        if e.is_Mul:
            factors, rests = zip(*taken, strict=True)
            return self._product(sympy.Mul(*factors), sympy.Mul(*rests))
        return e.func(*parts)

    def _unit(self, e: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
        """The unit of a sum u*x + c as a factor, and x + c; 1 and the expression itself else."""
        constants = [part for part in e.args if part.as_coeff_Mul()[1] in self.single]
        if not e.is_Add or len(e.args) != 2 or len(constants) != 1:
            return sympy.S.One, e
        sign, constant = constants[0].as_coeff_Mul()
        unit, rest = (e - constants[0]).as_coeff_Mul()
        if not isinstance(unit, sympy.Float) or rest.free_symbols & set(self.values):
            return sympy.S.One, e
        self.values[constant] /= abs(float(unit))
        return abs(unit), rest * sympy.sign(unit) + sign * constant

    def _sum(self, e: sympy.Expr) -> sympy.Expr:
        """A constant that stands alone takes the numbers beside it."""
        constant = [t for t in sympy.Add.make_args(e) if t.free_symbols <= set(self.values)]
        own = next((t for t in constant if t in self.single), None)
        if own is None:
            return e
        others = sympy.Add(*constant) - own
        self.values[own] += float(others.xreplace(self.numbers))
        return e - others

    @property
    def numbers(self) -> dict[sympy.Symbol, sympy.Float]:
        """The constants' values, for sympy."""
        return {constant: sympy.Float(value) for constant, value in self.values.items()}

    def _product(self, factor: sympy.Expr, rest: sympy.Expr) -> sympy.Expr:
        """A number times the rest, held by a constant of it if there is one."""
        number, rest = (factor * rest).as_coeff_Mul()
        held = [f for f in rest.args if rest.is_Mul and f.is_Pow and f.base.is_Float]
        for power in held:  # 0.01**c beside another constant
            if self._absorbed(rest / power, float(power.xreplace(self.numbers))):
                rest = rest / power
        if isinstance(number, sympy.Float):
            sign = -1 if number < 0 else 1
            if self._absorbed(rest, abs(float(number))):
                return sign * rest
        return number * rest

    def _absorbed(self, e: sympy.Expr, factor: float) -> bool:
        """Whether a constant has taken a positive factor."""
        if e in self.single:
            self.values[e] *= factor
            return True
        if e.is_Pow and e.exp.is_Number and e.base.is_positive is not False:
            return self._absorbed(e.base, factor ** float(1 / e.exp))
        return e.is_Mul and any(self._absorbed(part, factor) for part in e.args)
