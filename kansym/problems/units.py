"""Dimensions of quantities, and whether a formula's dimensions agree.

A dimension is a product of powers of the seven base units of the SI. Units and prefixes are those
that pint knows [1]_; scale is ignored, because a check of dimensions does not need it: ``km`` and
``m`` are both lengths.

References
----------
.. [1] H. E. Grecco, Pint: makes units easy, https://pint.readthedocs.io
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint
from kansym.shared.unit_registry import unit_registry

if TYPE_CHECKING:
    import sympy

__all__ = ["ONE", "Dimension", "dimension_of", "parse_unit", "unit_factors", "unit_scale"]

_BASE = {
    "m": "[length]",
    "s": "[time]",
    "kg": "[mass]",
    "A": "[current]",
    "K": "[temperature]",
    "mol": "[substance]",
    "cd": "[luminosity]",
}
_FACTOR = re.compile(
    r"(?P<name>[^\W\d_]+|[%°][^\W\d_]?)"
    r"(?:(?:\^|\*\*)?\(?(?P<power>[-+]?\d{1,4}(?:/\d{1,4}|\.\d{1,9})?)\)?)?"
)
_SCALE = re.compile(r"^\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")


@dataclass(frozen=True)
class Dimension:
    """Powers of m, s, kg, A, K, mol and cd.

    Examples
    --------
    >>> force = parse_unit("kg m s^-2")
    >>> print(force * parse_unit("m"), "|", force / force)
    m^2 s^-2 kg | 1
    """

    powers: tuple[Fraction, ...]

    def __mul__(self, other: "Dimension") -> "Dimension":
        return Dimension(tuple(a + b for a, b in zip(self.powers, other.powers, strict=True)))

    def __truediv__(self, other: "Dimension") -> "Dimension":
        return self * other**-1

    def __pow__(self, exponent: Fraction | int) -> "Dimension":
        return Dimension(tuple(a * exponent for a in self.powers))

    @property
    def is_one(self) -> bool:
        """Whether it is the dimension of a pure number."""
        return not any(self.powers)

    def __str__(self) -> str:
        factors = [
            name if power == 1 else f"{name}^{power}"
            for name, power in zip(_BASE, self.powers, strict=True)
            if power
        ]
        return " ".join(factors) or "1"


ONE = Dimension((Fraction(0),) * len(_BASE))


def parse_unit(text: str) -> Dimension:
    """Dimension of a unit such as ``"kg m s^-2"``, ``"km/s"``, ``"W m^-2 sr^-1"`` or ``"1"``.

    Parameters
    ----------
    text : unit names with powers, separated by spaces, dots, ``*`` or ``/`` (which divides by the
        next unit only), and perhaps a number in front, which is a scale. Exponents may be
        fractions: ``"kg^1/2"``.

    Examples
    --------
    >>> print(parse_unit("N"), "|", parse_unit("mT"), "|", parse_unit("1"))
    m s^-2 kg | s^-2 kg A^-1 | 1
    """
    result = ONE
    for name, power in unit_factors(text):
        result *= _named(name, text) ** power
    return result


def unit_scale(text: str) -> float:
    """A unit in base units of the SI, 1000 for ``"km"``; offsets, as of degrees C, are left out.

    Examples
    --------
    >>> unit_scale("km/h"), unit_scale("10 cm^2"), unit_scale("degC")
    (0.2777777777777778, 0.001, 1.0)
    """
    number = _SCALE.match(text.strip())
    scale = 1.0 if number is None else float(number[0])
    for name, power in unit_factors(text):
        _named(name, text)
        scale *= _size(name) ** float(power)
    return scale


def unit_factors(text: str) -> Iterator[tuple[str, Fraction]]:
    """The names of a unit with their powers.

    Examples
    --------
    >>> [(name, str(power)) for name, power in unit_factors("kg m/s^2")]
    [('kg', '1'), ('m', '1'), ('s', '-2')]
    """
    sign, rest = 1, _SCALE.sub("", text.strip())
    while rest:
        if rest[0] in " *.·":
            rest = rest[1:]
        elif rest[0] == "/":
            sign, rest = -1, rest[1:]
        else:
            factor = _FACTOR.match(rest)
            if factor is None:
                raise InputError(
                    f"The unit {text!r} cannot be read at {rest!r}: write it like 'kg m s^-2'."
                )
            yield factor["name"], sign * Fraction(factor["power"] or 1)
            rest, sign = rest[factor.end() :], 1


def _named(name: str, text: str) -> Dimension:
    found = _dimension(name)
    if found is None:
        known = [*_BASE, *unit_registry()]
        raise InputError(
            f"The unit {text!r} has the unknown name {name!r}: use SI units, with prefixes or "
            f"derived ones; {hint(name, known, 'such as N, eV, km or mol')}."
        )
    return found


@cache
def _dimension(name: str) -> Dimension | None:
    """What pint says about one name; None if it is no unit of the seven base units."""
    from pint.errors import PintError

    try:
        found = dict(unit_registry().parse_units(name).dimensionality)
    except (PintError, AttributeError, ValueError, TypeError):
        return None
    if not found.keys() <= set(_BASE.values()):
        return None
    return Dimension(
        tuple(Fraction(found.get(base, 0)).limit_denominator(1000) for base in _BASE.values())
    )


@cache
def _size(name: str) -> float:
    """One unit by its name, in base units."""
    registry = unit_registry()
    return float(registry.get_base_units(registry.parse_units(name))[0])


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
