"""How finely printed values were rounded: what no law of them can be told to explain."""

from decimal import Decimal

import numpy as np

__all__ = ["rounding_steps"]


def rounding_steps(values: np.ndarray) -> np.ndarray:
    """The step that each value of a column was rounded to, shape (rows,).

    A column is printed with as many decimals everywhere, or with as many significant digits. Zeros
    at the end are lost in a file, and one last digit in ten is a zero: the way that needs fewer of
    them is the likelier one.

    Examples
    --------
    >>> rounding_steps(np.array([9.0, 7.14, 5.7, 4.52])).tolist()
    [0.01, 0.01, 0.01, 0.01]
    >>> rounding_steps(np.array([910.0, 220.0, 51.0, 13.0])).tolist()
    [10.0, 10.0, 1.0, 1.0]
    """
    numbers = [Decimal(repr(value)).normalize() for value in values.tolist()]
    tuples = [number.as_tuple() for number in numbers]
    last = np.array([int(each.exponent) for each in tuples])
    digits = np.array([len(each.digits) for each in tuples])
    known = values != 0
    if not known.any():
        return np.zeros(len(values))
    finest, most = last[known].min(), digits[known].max()
    lost_decimals, lost_digits = last[known] - finest, most - digits[known]
    if lost_digits.sum() < lost_decimals.sum():
        return np.where(known, 10.0 ** (last + digits - most), 0.0)
    return np.full(len(values), 10.0**finest)
