"""The form of an expression, whatever its constants are called and however large they are."""

import sympy

__all__ = ["anonymous_form"]

_CONSTANT = sympy.Symbol("C")


def anonymous_form(expr: sympy.Expr, inputs: tuple[str, ...]) -> sympy.Expr:
    """An expression with every constant, number or name, as the same symbol.

    A product always has one, for a factor of 1 is a constant too; numbers that are exponents stay.

    Examples
    --------
    >>> x, a, b = sympy.symbols("x a b")
    >>> anonymous_form(3 * x**2 / (x + a), ("x",)) == anonymous_form(b * x**2 / (x - 7), ("x",))
    True
    >>> anonymous_form(a * x, ("x",)) == anonymous_form(a * x + b, ("x",))
    False
    """
    names = {symbol: _CONSTANT for symbol in expr.free_symbols if symbol.name not in inputs}
    return _anonymous(expr.xreplace(names))


def _anonymous(part: sympy.Expr) -> sympy.Expr:
    if part.free_symbols <= {_CONSTANT}:
        return _CONSTANT
    if part.is_Mul or part.is_Add:
        others = [_anonymous(p) for p in part.args if not p.free_symbols <= {_CONSTANT}]
        has_constant = len(others) < len(part.args) or part.is_Mul
        return part.func(*others, *([_CONSTANT] if has_constant else []))
    if part.is_Pow:
        exponent = part.exp if part.exp.is_number else _anonymous(part.exp)
        return _anonymous(part.base) ** exponent
    return part.func(*map(_anonymous, part.args)) if part.args else part
