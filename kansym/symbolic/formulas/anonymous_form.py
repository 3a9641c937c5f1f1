"""The form of an expression, whatever its constants are called and however large they are."""

import sympy

__all__ = ["anonymous_form"]

_CONSTANT, _NUMBER = sympy.symbols("C N")


def anonymous_form(
    expr: sympy.Expr, inputs: tuple[str, ...], *, told_apart: bool = False
) -> sympy.Expr:
    """An expression with every constant, number or name, as the same symbol.

    Wherever a factor may stand there is one, for a factor of 1 is a constant too; numbers that are
    exponents stay.

    Parameters
    ----------
    told_apart : whether a number other than 1 and -1 is not what a named constant is.

    Examples
    --------
    >>> x, a, b = sympy.symbols("x a b")
    >>> anonymous_form(3 * x**2 / (x + a), ("x",)) == anonymous_form(b * x**2 / (x - 7), ("x",))
    True
    >>> anonymous_form(a * x, ("x",)) == anonymous_form(a * x + b, ("x",))
    False
    >>> [anonymous_form(e, ("x",), told_apart=True) for e in (a * x + b, 1 - x, 2 * x + b)]
    [C*x + C, C*x + C, C + N*x]
    """
    names = {symbol: _CONSTANT for symbol in expr.free_symbols if symbol.name not in inputs}
    return _term(expr.xreplace(names), told_apart)


def _term(part: sympy.Expr, told_apart: bool) -> sympy.Expr:
    """With a factor, if it is no sum, whose terms have one each."""
    form = _anonymous(part, told_apart)
    bare = not (part.is_Add or part.is_Mul or form in (_CONSTANT, _NUMBER))
    return _CONSTANT * form if bare else form


def _anonymous(part: sympy.Expr, told_apart: bool) -> sympy.Expr:
    if part.free_symbols <= {_CONSTANT}:
        sought = told_apart and not part.free_symbols and part not in (1, -1)
        return _NUMBER if sought else _CONSTANT
    if part.is_Mul or part.is_Add:
        own, others = part.as_independent(*(part.free_symbols - {_CONSTANT}), as_Add=part.is_Add)
        has_constant = part.is_Mul or own != 0
        form = _anonymous if part.is_Mul else _term
        parts = [form(each, told_apart) for each in type(part).make_args(others)]
        return part.func(*parts, *([_anonymous(own, told_apart)] if has_constant else []))
    if part.is_Pow:
        exponent = part.exp if part.exp.is_number else _term(part.exp, told_apart)
        return _anonymous(part.base, told_apart) ** exponent
    return part.func(*(_term(arg, told_apart) for arg in part.args)) if part.args else part
