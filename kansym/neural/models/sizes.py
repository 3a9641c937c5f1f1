"""How large a model may be, asked before memory is taken for it."""

from collections.abc import Sequence

from kansym.shared.errors import InputError

__all__ = ["MOST_DEGREE", "MOST_NUMBERS", "check_size"]

MOST_NUMBERS = 10**8
"""Numbers in a model, 0.8 GB in double precision: no formula was ever read off more."""
MOST_DEGREE = 20
"""Degree of a spline; in the powers of higher ones double precision is lost."""


def check_size(numbers: Sequence[int]) -> None:
    """Refuse a model with more numbers than fit into memory, given those of its layers.

    Examples
    --------
    >>> check_size([2 * 10**9])
    Traceback (most recent call last):
    ...
    kansym.shared.errors.InputError: A model of 2e+09 numbers was asked for, 1e+08 at most are held
    in memory: give smaller widths or a coarser grid.
    """
    if sum(numbers) > MOST_NUMBERS:
        size = f"{sum(numbers):.0e}" if sum(numbers) < 10**30 else "far too many"
        raise InputError(
            f"A model of {size} numbers was asked for, {MOST_NUMBERS:.0e} at most are held in "
            "memory: give smaller widths or a coarser grid."
        )
