"""Dimensions of quantities, and whether a formula's dimensions agree.

A dimension is a product of powers of metre, second, kilogram, T (temperature, kelvin) and V (volt),
the five base units of the Feynman tables [1]_. Derived units are understood by name; scale is
ignored, because a check of dimensions does not need it: ``km`` and ``m`` are both lengths.

References
----------
.. [1] S.-M. Udrescu, M. Tegmark, Science Advances 6 (2020) eaay2631, doi:10.1126/sciadv.aay2631
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint

if TYPE_CHECKING:
    import sympy

__all__ = ["Dimension", "dimension_of", "parse_unit"]

_BASE = ("m", "s", "kg", "T", "V")
_FACTOR = re.compile(
    r"(?P<name>[A-Za-z]+)(?:(?:\^|\*\*)?\(?(?P<power>[-+]?\d+(?:/\d+|\.\d+)?)\)?)?"
)

_SCALE = re.compile(r"^\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")


@dataclass(frozen=True)
class Dimension:
    """Powers of m, s, kg, T and V.

    Examples
    --------
    >>> force = parse_unit("kg m s^-2")
    >>> print(force * parse_unit("m"), "|", force / force)
    m^2 s^-2 kg | 1
    """

    powers: tuple[Fraction, Fraction, Fraction, Fraction, Fraction]

    def __mul__(self, other: "Dimension") -> "Dimension":
        return _dimension(a + b for a, b in zip(self.powers, other.powers, strict=True))

    def __truediv__(self, other: "Dimension") -> "Dimension":
        return _dimension(a - b for a, b in zip(self.powers, other.powers, strict=True))

    def __pow__(self, exponent: Fraction | int) -> "Dimension":
        return _dimension(a * exponent for a in self.powers)

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


def _dimension(powers: Any) -> Dimension:
    m, s, kg, kelvin, volt = (Fraction(power) for power in powers)
    return Dimension((m, s, kg, kelvin, volt))


ONE = _dimension((0, 0, 0, 0, 0))

# Written over the base units; the joule over the volt is the coulomb.
_DERIVED: Mapping[str, tuple[int, int, int, int, int]] = {
    **dict.fromkeys(
        ("m", "cm", "mm", "nm", "km", "au", "pc", "kpc", "Mpc", "angstrom"), (1, 0, 0, 0, 0)
    ),
    **dict.fromkeys(("s", "h", "day", "days", "yr"), (0, 1, 0, 0, 0)),
    **dict.fromkeys(("kg", "g"), (0, 0, 1, 0, 0)),
    **dict.fromkeys(("T", "K"), (0, 0, 0, 1, 0)),
    **dict.fromkeys(("V", "mV", "kV"), (0, 0, 0, 0, 1)),
    **dict.fromkeys(("rad", "sr", "mag", "dex"), (0, 0, 0, 0, 0)),
    **dict.fromkeys(("Hz", "GHz", "MHz", "kHz"), (0, -1, 0, 0, 0)),
    "N": (1, -2, 1, 0, 0),
    "Pa": (-1, -2, 1, 0, 0),
    **dict.fromkeys(("J", "eV", "keV", "MeV"), (2, -2, 1, 0, 0)),
    "W": (2, -3, 1, 0, 0),
    "C": (2, -2, 1, 0, -1),
    "A": (2, -3, 1, 0, -1),
    "F": (2, -2, 1, 0, -2),
    "ohm": (-2, 3, -1, 0, 2),
    **dict.fromkeys(("Jy", "MJy", "kJy"), (0, -2, 1, 0, 0)),
}


def parse_unit(text: str) -> Dimension:
    """Dimension of a unit such as ``"kg m s^-2"``, ``"km/s"``, ``"W m^-2 sr^-1"`` or ``"1"``.

    Parameters
    ----------
    text : unit names with powers, separated by spaces, dots, ``*`` or ``/`` (which divides by the
        next unit only), and perhaps a number in front, which is a scale. Exponents may be
        fractions: ``"kg^1/2"``. T is temperature, V the volt.

    Raises
    ------
    InputError
        If a name is no known unit.

    Examples
    --------
    >>> print(parse_unit("N"), "|", parse_unit("m/s"), "|", parse_unit("1"))
    m s^-2 kg | m s^-1 | 1
    """
    result, sign, rest = ONE, 1, _SCALE.sub("", text.strip())
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
            result *= _named(factor["name"], text) ** (sign * Fraction(factor["power"] or 1))
            rest, sign = rest[factor.end() :], 1
    return result


def _named(name: str, text: str) -> Dimension:
    if name not in _DERIVED:
        raise InputError(
            f"The unit {text!r} has the unknown name {name!r}: use m, s, kg, T (kelvin), V (volt) "
            f"or a derived unit; {hint(name, _DERIVED)}."
        )
    return _dimension(_DERIVED[name])


def dimension_of(expression: "sympy.Expr", units: Mapping[str, Dimension]) -> Dimension:
    """Dimension of a formula, after checking every sum, power and function in it.

    Terms of a sum must have one dimension; exponents and the arguments of functions must be pure
    numbers. Numbers are pure numbers.

    Parameters
    ----------
    expression : sympy expression.
    units : dimension of each variable, by name.

    Raises
    ------
    InputError
        If the dimensions do not agree, with the part where they do not.

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
        return _of_symbol(expression, units)
    if expression.is_number:
        return ONE
    arguments: tuple[Any, ...] = expression.args
    parts = [dimension_of(argument, units) for argument in arguments]
    return _combined(expression, parts)


def _of_symbol(symbol: Any, units: Mapping[str, Dimension]) -> Dimension:
    if symbol.name not in units:
        raise InputError(f"The variable {symbol.name!r} has no unit: give one, '1' for a number.")
    return units[symbol.name]


def _combined(expression: Any, parts: list[Dimension]) -> Dimension:
    """Dimension of an expression from those of its arguments."""
    name = expression.func.__name__
    if name == "Mul":
        product = ONE
        for part in parts:
            product *= part
        return product
    if name == "Pow":
        return _of_power(expression, parts)
    if name in {"Add", "Max", "Min"}:
        return _of_sum(expression, parts)
    if name == "Abs":
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


def _of_sum(expression: Any, parts: list[Dimension]) -> Dimension:
    for part in parts[1:]:
        if part != parts[0]:
            raise InputError(
                f"The sum {expression} adds {parts[0]} to {part}: check the formula and its units."
            )
    return parts[0]
