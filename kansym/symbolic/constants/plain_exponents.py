"""Exponents as laws have them: whole numbers, halves, thirds and quarters."""

import math

import sympy

__all__ = ["plain_exponent"]

_DENOMINATORS = (1, 2, 3, 4)
_SURE, _LOOSE = 3.0, 0.1
"""Standard errors within which an exponent may be a fraction, and the most that these may be."""
_ROUNDING = 1e-9


def plain_exponent(power: float, error: float) -> sympy.Rational | None:
    """The plainest fraction that a measured exponent may be, None if none is near.

    Examples
    --------
    >>> plain_exponent(1.4988, 0.002), plain_exponent(0.62, 0.003), plain_exponent(0.66, 0.003)
    (3/2, None, 2/3)
    """
    allowed = min(max(_SURE * error, _ROUNDING), _LOOSE)
    for denominator in _DENOMINATORS if math.isfinite(power) else ():
        near = round(power * denominator)
        if abs(power - near / denominator) <= allowed:
            return sympy.Rational(near, denominator)
    return None
