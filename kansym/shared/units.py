"""Units by their text: their dimension, their scale, and whether a text is one.

A dimension is a product of powers of the seven base units of the SI. Names and prefixes are those
that pint knows [1]_, and a few that astronomers write. Texts are taken apart here and pint is asked
for single names only, since it would compute whatever powers a text from a table asks for.

References
----------
.. [1] H. E. Grecco, Pint: makes units easy, https://pint.readthedocs.io
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint

__all__ = ["BASE_UNITS", "ONE", "Dimension", "is_unit", "parse_unit", "unit_factors", "unit_scale"]

BASE_UNITS = {
    "m": "[length]",
    "s": "[time]",
    "kg": "[mass]",
    "A": "[current]",
    "K": "[temperature]",
    "mol": "[substance]",
    "cd": "[luminosity]",
}
"""The base units of the SI, in the order of the powers of a `Dimension`, and what they measure."""
_FACTOR = re.compile(
    r"(?P<name>[^\W\d_]+|[%°][^\W\d_]?)"
    r"(?:(?:\^|\*\*)?\(?(?P<power>[-+]?\d{1,4}(?:/\d{1,4}|\.\d{1,9})?)\)?)?"
)
_SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_RAISED = re.compile("[⁻⁰¹²³⁴-⁹]+")
_LONGEST = 40
"""Letters of a unit, at most, where it is not said that a text is one."""
_MORE = ("jansky = 1e-26 watt / meter ** 2 / hertz = Jy", "magnitude = [] = mag", "dex = []")
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
            for name, power in zip(BASE_UNITS, self.powers, strict=True)
            if power
        ]
        return " ".join(factors) or "1"


ONE = Dimension((Fraction(0),) * len(BASE_UNITS))


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
    plain = _RAISED.sub(lambda found: f"^{found[0].translate(_SUPERSCRIPTS)}", text.strip())
    sign, rest = 1, _SCALE.sub("", plain)
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


def is_unit(text: str) -> bool:
    """Whether a text is a unit by its names.

    Examples
    --------
    >>> is_unit("mol/L"), is_unit("cm²"), is_unit("red"), is_unit("1.5")
    (True, True, False, False)
    """
    if not any(letter.isalpha() or letter in "%°" for letter in text) or len(text) > _LONGEST:
        return False
    try:
        return all(_dimension(name) is not None for name, _ in unit_factors(text))
    except InputError:
        return False


def _named(name: str, text: str) -> Dimension:
    found = _dimension(name)
    if found is None:
        known = [*BASE_UNITS, *_registry()]
        raise InputError(
            f"The unit {text!r} has the unknown name {name!r}: use SI units, with prefixes or "
            f"derived ones; {hint(name, known, 'such as N, eV, km or mol')}."
        )
    return found


@cache
def _registry() -> Any:
    """Pint's registry, made when it is first asked for: that takes half a second."""
    from pint import UnitRegistry

    registry = UnitRegistry()
    for definition in _MORE:
        registry.define(definition)
    return registry


@cache
def _dimension(name: str) -> Dimension | None:
    """What pint says about one name; None if it is no unit of the seven base units."""
    from pint.errors import PintError

    try:
        found = dict(_registry().parse_units(name).dimensionality)
    except (PintError, ValueError):  # the latter for nan, which is a number to pint
        return None
    if not found.keys() <= set(BASE_UNITS.values()):
        return None
    return Dimension(
        tuple(Fraction(found.get(base, 0)).limit_denominator(1000) for base in BASE_UNITS.values())
    )


@cache
def _size(name: str) -> float:
    """One unit by its name, in base units."""
    registry = _registry()
    return float(registry.get_base_units(registry.parse_units(name))[0])
