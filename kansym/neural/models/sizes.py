"""How large a model may be, asked before memory is taken for it."""

from collections.abc import Sequence
from numbers import Integral

from kansym.neural.models.kan_layer import Width
from kansym.shared.errors import InputError
from kansym.shared.printable_text import shortened

__all__ = ["MOST_DEGREE", "MOST_NUMBERS", "check_size", "checked_ends", "checked_widths"]


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


def checked_widths(widths: Sequence[Width]) -> tuple[Width, ...]:
    """Widths as ints and pairs of ints, or an error that says what is wrong."""
    described = f"widths={shortened(str(list(widths)))} is not a network: "
    if len(widths) < 2:
        raise InputError(described + "give at least the numbers of inputs and outputs.")
    checked: list[Width] = []
    for position, width in enumerate(widths):
        pair = tuple(width) if isinstance(width, tuple | list) else (width,)
        whole = all(isinstance(n, Integral) and int(n) >= 0 for n in pair)
        if not whole or len(pair) > 2 or sum(pair) < 1 or (position == 0 and len(pair) > 1):
            raise InputError(
                described + "each entry is a whole number of at least 1, or a pair "
                "(sum nodes, product nodes) after the first."
            )
        numbers = [int(n) for n in pair]
        checked.append((numbers[0], numbers[1]) if len(numbers) == 2 else numbers[0])
    return tuple(checked)


def checked_ends(widths: Sequence[Width], inputs: int, outputs: int) -> tuple[Width, ...]:
    """Widths that begin and end as the data do, or an error that says what they should be.

    Examples
    --------
    >>> checked_ends([2, 5, 1], 2, 1)
    (2, 5, 1)
    """
    if not isinstance(widths, list | tuple):
        raise InputError(f"width={widths!r} is no shape: give nodes of every layer, [2, 5, 1].")
    checked = checked_widths(widths)
    last = sum(checked[-1]) if isinstance(checked[-1], tuple) else checked[-1]
    if checked[0] != inputs or last != outputs:
        raise InputError(
            f"The width begins with {checked[0]} and ends with {last}, but the data have {inputs} "
            f"inputs and ask for {outputs} outputs, of classes one less than there are: begin with "
            f"{inputs} and end with {outputs}."
        )
    return checked
