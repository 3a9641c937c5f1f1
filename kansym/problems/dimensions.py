"""The dimension of a formula, and whether its terms agree."""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from kansym.shared.errors import InputError
from kansym.shared.units import ONE, Dimension

if TYPE_CHECKING:
    import sympy

__all__ = ["dimension_of"]


def dimension_of(expression: "sympy.Expr", units: Mapping[str, Dimension]) -> Dimension:
    """Dimension of a formula, after checking every sum, power and function in it.

    Terms of a sum must have one dimension; exponents and the arguments of functions must be pure
    numbers. Numbers are pure numbers.

    Parameters
    ----------
    expression : sympy expression.
    units : dimension of each variable, by name.

    Examples
    --------
    >>> import sympy
    >>> from kansym.shared.units import parse_unit
    >>> t, x = sympy.symbols("t x")
    >>> units = {"t": parse_unit("s"), "x": parse_unit("m")}
    >>> print(dimension_of(3 * x / t**2, units))
    m s^-2
    >>> dimension_of(x + t, units)
    Traceback (most recent call last):
        ...
    kansym.shared.errors.InputError: The sum t + x adds s to m: check the formula and its units.
    """
    if expression.is_Symbol:
        name = str(expression)
        if name not in units:
            raise InputError(f"The variable {name!r} has no unit: give one, '1' for a number.")
        return units[name]
    if expression.is_number:
        return ONE
    arguments: tuple[Any, ...] = expression.args
    return _combined(expression, [dimension_of(argument, units) for argument in arguments])


def _combined(expression: Any, parts: list[Dimension]) -> Dimension:
    """Dimension of an expression from those of its arguments."""
    name = expression.func.__name__
    if name == "Mul":
        return math.prod(parts, start=ONE)
    if name == "Pow":
        return _of_power(expression, parts)
    if name in {"Add", "Max", "Min"}:
        other = next((part for part in parts if part != parts[0]), None)
        if other is not None:
            raise InputError(
                f"The sum {expression} adds {parts[0]} to {other}: check the formula and its units."
            )
    if name in {"Add", "Max", "Min", "Abs"}:
        return parts[0]
    if name in {"sign", "Heaviside"}:
        return ONE
    for argument, part in zip(expression.args, parts, strict=True):
        if not part.is_one:
            raise InputError(
                f"The function {name} is taken of {argument}, which has the dimension {part}: "
                "its argument must be a pure number."
            )
    return ONE


def _of_power(expression: Any, parts: list[Dimension]) -> Dimension:
    base, exponent = parts
    if not exponent.is_one:
        raise InputError(
            f"The exponent of {expression} has the dimension {exponent}: it must be a pure number."
        )
    if base.is_one:
        return ONE
    if not expression.exp.is_number:
        raise InputError(
            f"In {expression} a quantity in {base} is raised to a power that varies: "
            "divide it by a unit first."
        )
    return base ** Fraction(float(expression.exp)).limit_denominator(1000)
