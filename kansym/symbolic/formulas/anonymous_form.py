"""The form of an expression, whatever its constants are called and however large they are."""

import sympy

__all__ = ["anonymous_form"]

_CONSTANT, _NUMBER = sympy.symbols("C N")
_OF_ANGLES = (sympy.sin, sympy.cos, sympy.tan)


def anonymous_form(
    expr: sympy.Expr, inputs: tuple[str, ...], *, told_apart: bool = False
) -> sympy.Expr:
    """An expression with every constant, number or name, as the same symbol.

    Wherever a factor may stand there is one, for a factor of 1 is a constant too; numbers that are
    exponents stay.

    Parameters
    ----------
    told_apart : whether a number is not what a named constant is, but for factors of 1 and -1.
        Those of a single quantity within a function are numbers, too: it has a unit.

    Examples
    --------
    >>> x, a, b = sympy.symbols("x a b")
    >>> anonymous_form(3 * x**2 / (x + a), ("x",)) == anonymous_form(b * x**2 / (x - 7), ("x",))
    True
    >>> anonymous_form(a * x, ("x",)) == anonymous_form(a * x + b, ("x",))
    False
    >>> [anonymous_form(e, ("x",), told_apart=True) for e in (a * x + b, 1 - x, 2 * x + b)]
    [C*x + C, C*x + N, C + N*x]
    >>> anonymous_form(sympy.exp(-x), ("x",), told_apart=True)
    C*exp(N*x)
    """
    names = {symbol: _CONSTANT for symbol in expr.free_symbols if symbol.name not in inputs}
    return _term(expr.xreplace(names), told_apart)


def _term(part: sympy.Expr, told_apart: bool) -> sympy.Expr:
    """With a factor, if it is no sum, whose terms have one each."""
    form = _anonymous(part, told_apart)
    bare = not (part.is_Add or part.is_Mul or form in (_CONSTANT, _NUMBER))
    return _CONSTANT * form if bare else form


def _anonymous(part: sympy.Expr, told_apart: bool) -> sympy.Expr:
    if part.is_Symbol and part != _CONSTANT:
        return part
    if part.free_symbols <= {_CONSTANT}:
        return _NUMBER if told_apart and not part.free_symbols else _CONSTANT
    if part.is_Mul or part.is_Add:
        own, others = part.as_independent(*(part.free_symbols - {_CONSTANT}), as_Add=part.is_Add)
        form = _anonymous if part.is_Mul else _term
        parts = [form(each, told_apart) for each in type(part).make_args(others)]
        if part.is_Mul and own in (1, -1):
            return part.func(*parts, _CONSTANT)
        return part.func(*parts, *([_anonymous(own, told_apart)] if own != 0 else []))
    if part.is_Pow:
        exponent = part.exp if part.exp.is_number else _term(part.exp, told_apart)
        return _anonymous(part.base, told_apart) ** exponent
    return part.func(*(_argument(arg, part.func, told_apart) for arg in part.args))


def _argument(arg: sympy.Expr, function: type, told_apart: bool) -> sympy.Expr:
    """A quantity by itself has a unit, so that a factor of 1 is a number; an angle has none."""
    form, quantities = _term(arg, told_apart), arg.free_symbols - {_CONSTANT}
    of_unit = len(quantities) == 1 and not arg.has(_CONSTANT) and function not in _OF_ANGLES
    return form.xreplace({_CONSTANT: _NUMBER}) if told_apart and of_unit else form
