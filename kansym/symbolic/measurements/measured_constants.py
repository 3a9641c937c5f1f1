"""Exact numbers of a formula that noisy rows cannot vouch for, as measured constants again."""

from collections.abc import Callable

import numpy as np
import sympy

from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.formulas.formula import Formula

__all__ = ["with_measured_constants"]

_LARGEST = 400
"""Operations of an expression beyond which nobody reads its constants."""

_USUAL = 3
"""Largest denominator of exponents that are seldom measured: powers, roots, surfaces."""


def with_measured_constants(formula: Formula) -> tuple[Formula, dict[str, sympy.Expr]]:
    """The formula with constants in place of its numbers, and what each of them was.

    Exponents that are multiples of a half or a third, and 1 and -1, are taken for the form itself
    and stay; but not as the last term of the whole, nor as factors of terms beside measured ones.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> formula = Formula(2 * sympy.pi * sympy.sqrt(x + 1), ("x",))
    >>> found, numbers = with_measured_constants(formula)
    >>> found.template, numbers
    (c1*sqrt(x + 1), {'c1': 2*pi})
    >>> k = Constant("k", 2.7, 0.1)
    >>> with_measured_constants(Formula(x + sympy.Symbol("k") / x, ("x",), (k,)))[0].template
    c1*x + k/x
    """
    if formula.template.count_ops() > _LARGEST:
        return formula, {}
    taken = {*formula.inputs, *(c.name for c in formula.constants)}
    numbers: dict[str, sympy.Expr] = {}

    def constant(number: sympy.Expr) -> sympy.Expr:
        return number if abs(number) == 1 else measured(number)

    def measured(number: sympy.Expr) -> sympy.Expr:
        if not number.is_real or number == 0:
            return number
        for name, known in numbers.items():
            if known == number:
                return sympy.Symbol(name)
            if known == -number:
                return -sympy.Symbol(name)
        name = next(f"c{i}" for i in range(1, 10_000) if f"c{i}" not in {*taken, *numbers})
        numbers[name] = number
        return sympy.Symbol(name)

    last, rest = formula.template.as_coeff_Add()
    terms, inputs = sympy.Add.make_args(rest), set(map(sympy.Symbol, formula.inputs))
    bare = [term for term in terms if term.free_symbols <= inputs]
    if 0 < len(bare) < len(terms):
        others = sympy.Add(*(term for term in terms if term not in bare))
        scaled = [measured(k) * _measured(t, constant) for k, t in (b.as_coeff_Mul() for b in bare)]
        rest = _measured(others, constant) + sympy.Add(*scaled)
    else:
        rest = _measured(rest, constant)
    template = rest + measured(last)
    exact = {c.name: c.exact for c in formula.constants if c.exact is not None}
    added = [Constant(name, float(number), np.inf) for name, number in numbers.items()]
    kept = [
        Constant(c.name, float(c.exact), np.inf) if c.exact is not None else c
        for c in formula.constants
    ]
    found = Formula(
        template, formula.inputs, (*kept, *added), None, formula.freedom, formula.curves
    )
    return found, {**exact, **numbers}


def _measured(expr: sympy.Expr, constant: Callable[[sympy.Expr], sympy.Expr]) -> sympy.Expr:
    """Numbers that are factors or terms, replaced."""
    if expr.is_number:
        return constant(expr)
    if not expr.args:
        return expr
    if expr.is_Mul or expr.is_Add:
        plain = [part for part in expr.args if part.is_number]
        others = [_measured(part, constant) for part in expr.args if not part.is_number]
        number = expr.func(*plain)
        if number.is_negative and expr.is_Mul:
            return expr.func(-1, constant(-number), *others)
        return expr.func(constant(number) if plain else number, *others)
    if expr.is_Pow and expr.exp.is_number:
        usual = not expr.exp.is_Rational or expr.exp.q <= _USUAL
        return _measured(expr.base, constant) ** (expr.exp if usual else constant(expr.exp))
    return expr.func(
        *(_measured(part, constant) if not part.is_number else part for part in expr.args)
    )
