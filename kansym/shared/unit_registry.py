"""The units that are known: those of pint, and a few that astronomers write."""

from functools import cache
from typing import Any

__all__ = ["is_unit", "unit_registry"]

_LONGEST = 40
"""Letters of a unit, at most."""
_MORE = ("jansky = 1e-26 watt / meter ** 2 / hertz = Jy", "magnitude = [] = mag", "dex = []")


@cache
def unit_registry() -> Any:
    """Pint's registry, made when it is first asked for: that takes half a second.

    Examples
    --------
    >>> str(unit_registry().parse_units("kJy").dimensionality)
    '[mass] / [time] ** 2'
    """
    from pint import UnitRegistry

    registry = UnitRegistry()
    for definition in _MORE:
        registry.define(definition)
    return registry


def is_unit(text: str) -> bool:
    """Whether a text is a unit by its name.

    Examples
    --------
    >>> is_unit("mol/L"), is_unit("red"), is_unit("1.5")
    (True, False, False)
    """
    if not any(letter.isalpha() or letter in "%°" for letter in text) or len(text) > _LONGEST:
        return False
    try:
        unit_registry().parse_units(text)
    except Exception:  # noqa: BLE001 - any complaint means that it is no unit
        return False
    return True
