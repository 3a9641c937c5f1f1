"""Coefficients of a relation: small rationals where they are, else constants to be measured."""

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import sympy

from kansym.symbolic.laws.columns import as_rational

__all__ = ["as_coefficients", "as_weights"]

_LARGEST_NUMERATOR = 64
_LARGEST_DENOMINATOR = 24
_AGREES = 1e-9
_DIGITS, _SURELY = 5, 1e-10
"""Digits of a short decimal, and how near it a number must be: chance meets one in 10^5."""


_UNITS = 4
"""Smallest and largest weights that may be the unit of many."""


def as_coefficients(
    weights: Sequence[float], symbols: Sequence[sympy.Symbol]
) -> tuple[list[sympy.Expr], dict[sympy.Symbol, float]]:
    """Exact numbers or constants for weights that matter only up to a common factor.

    The unit is the weight that makes the most of them rational; one of them is 1 in any case.

    Examples
    --------
    >>> as_coefficients([0.5, -0.25, np.pi], sympy.symbols("k1:4"))[0]
    [-2, 1, k1]
    """
    weights = [float(weight) for weight in weights]
    units, ranked = weights, sorted(weights, key=abs)
    if len(weights) > 2 * _UNITS:
        units = ranked[:_UNITS] + ranked[-_UNITS:]
    trials = [[_small_rational(weight / unit) for weight in weights] for unit in units]
    scores = [sum(_cost(found) for found in trial) for trial in trials]
    best = int(np.argmin(scores))
    numbers, start = [], {}
    for weight, found in zip(weights, trials[best], strict=True):
        if found is None:
            symbol = symbols[len(start)]
            start[symbol] = weight / units[best]
            numbers.append(symbol)
        else:
            numbers.append(sympy.Rational(found.numerator, found.denominator))
    return numbers, start


def as_weights(
    weights: Sequence[float], symbols: Sequence[sympy.Symbol]
) -> tuple[list[sympy.Expr], dict[sympy.Symbol, float]]:
    """Fractions, or constants, for weights as they are.

    Examples
    --------
    >>> as_weights([0.5, 0.0, np.pi], sympy.symbols("k1:4"))[0]
    [1/2, 0, k3]
    """
    numbers, start = [], {}
    for symbol, weight in zip(symbols, weights, strict=True):
        rational = as_rational(float(weight))
        if abs(float(rational) - weight) <= _ROUNDING * abs(weight):
            numbers.append(rational)
        else:
            numbers.append(symbol)
            start[symbol] = float(weight)
    return numbers, start


_ROUNDING = 1e-10
"""Relative distance of a weight from the fraction that it is."""


def _small_rational(number: float) -> Fraction | None:
    """The small fraction or short decimal that a number is, if it is one."""
    found = Fraction(number).limit_denominator(_LARGEST_DENOMINATOR)
    near = abs(number - float(found)) <= _AGREES * abs(number)
    if near and abs(found.numerator) <= _LARGEST_NUMERATOR:
        return found
    decimal = Fraction(f"{number:.{_DIGITS}g}")
    return decimal if abs(number - float(decimal)) <= _SURELY * abs(number) else None


def _cost(found: Fraction | None) -> float:
    if found is None:
        return 20.0
    small = abs(found.numerator) <= _LARGEST_NUMERATOR
    bits = math.log2(max(1, abs(found.numerator)) * found.denominator**2) + (found < 0)
    return bits if small and found.denominator <= _LARGEST_DENOMINATOR else 18.0
