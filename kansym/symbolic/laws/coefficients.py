"""Coefficients of a relation: small rationals where they are, else constants to be measured."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import sympy

__all__ = ["as_coefficients"]

_LARGEST_NUMERATOR = 64
_LARGEST_DENOMINATOR = 24
_AGREES = 1e-9


def as_coefficients(
    weights: Sequence[float], symbols: Sequence[sympy.Symbol]
) -> tuple[list[sympy.Expr], dict[sympy.Symbol, float]]:
    """Exact numbers or constants for weights that matter only up to a common factor.

    The unit is the weight that makes the most of them rational; one of them is 1 in any case.

    Examples
    --------
    >>> as_coefficients([0.5, -0.25, 0.78125 + 1e-4], sympy.symbols("k1:4"))[0]
    [-2, 1, k1]
    """
    weights = [float(weight) for weight in weights]
    trials = [[_small_rational(weight / unit) for weight in weights] for unit in weights]
    scores = [sum(_cost(found) for found in trial) for trial in trials]
    best = int(np.argmin(scores))
    numbers, start = [], {}
    for weight, found in zip(weights, trials[best], strict=True):
        if found is None:
            symbol = symbols[len(start)]
            start[symbol] = weight / weights[best]
            numbers.append(symbol)
        else:
            numbers.append(sympy.Rational(found.numerator, found.denominator))
    return numbers, start


def _small_rational(number: float) -> Fraction | None:
    found = Fraction(number).limit_denominator(_LARGEST_DENOMINATOR)
    near = abs(number - float(found)) <= _AGREES * abs(number)
    return found if near and abs(found.numerator) <= _LARGEST_NUMERATOR else None


def _cost(found: Fraction | None) -> float:
    if found is None:
        return 20.0
    return float(np.log2(abs(found.numerator) * found.denominator**2)) + (found < 0)
