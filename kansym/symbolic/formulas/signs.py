"""Signs of constants: x + c with c = 2, not x - c with c = -2."""

from dataclasses import replace

import sympy

from kansym.symbolic.formulas.formula import Formula

__all__ = ["with_plain_signs"]


def with_plain_signs(formula: Formula) -> Formula:
    """The formula with negative constants turned round where that saves a sign.

    Examples
    --------
    >>> from kansym.symbolic.formulas.constant import Constant
    >>> p, c = sympy.symbols("p c")
    >>> found = with_plain_signs(Formula(p / (p - c), ("p",), (Constant("c", -0.34, 0.01),)))
    >>> found.template, found.values
    (p/(c + p), {'c': 0.34})
    """
    if formula.covariance is not None:
        return formula
    template, constants = formula.template, []
    for constant in formula.constants:
        symbol = sympy.Symbol(constant.name)
        if constant.value < 0 and constant.exact is None:
            turned = template.xreplace({symbol: -symbol})
            if _signs(turned) < _signs(template):
                template, constant = turned, replace(constant, value=-constant.value, near=None)
        constants.append(constant)
    return replace(formula, template=template, constants=tuple(constants))


def _signs(expr: sympy.Expr) -> int:
    """Minus signs, and reciprocals, of which turning a constant changes none."""
    return sum(node is sympy.S.NegativeOne for node in sympy.preorder_traversal(expr))
