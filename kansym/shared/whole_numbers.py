"""Settings that are whole numbers, checked before they are used."""

from numbers import Integral
from typing import Any

from kansym.shared.errors import InputError
from kansym.shared.printable_text import shortened

__all__ = ["LARGEST_SEED", "checked_seed", "checked_whole"]

LARGEST_SEED = 2**63 - 1
"""What torch takes; numpy takes more."""


def checked_whole(name: str, value: Any, least: int, most: int) -> int:
    """A whole number between two others.

    Raises
    ------
    InputError
        If the value is something else.

    Examples
    --------
    >>> checked_whole("grid", 5, 1, 1000)
    5
    """
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or not least <= int(value) <= most:
        bounds = f"of at least {least}" if most >= LARGEST_SEED else f"from {least} to {most}"
        given = shortened(repr(value)) if not whole or abs(int(value)) < 10**30 else "a huge number"
        raise InputError(f"{name}={given} is not usable: give a whole number {bounds}.")
    return int(value)


def checked_seed(value: Any) -> int:
    """A seed for numpy and torch.

    Examples
    --------
    >>> checked_seed(0)
    0
    """
    return checked_whole("seed", value, 0, LARGEST_SEED)
