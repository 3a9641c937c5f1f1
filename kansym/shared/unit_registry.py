"""The units that are known: those of pint, and a few that astronomers write."""

from functools import cache
from typing import Any

__all__ = ["unit_registry"]

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
