"""Exact numbers near a measured constant, as hypotheses with their p-values."""

import math

from scipy import special

from kansym.symbolic.constants.exact_numbers import nearest_exact
from kansym.symbolic.formulas.exact_hypothesis import ExactHypothesis

__all__ = ["exact_hypothesis"]

_WINDOW = 3.3
"""Standard errors within which a number is worth a word: beyond, p is under 0.001."""


def exact_hypothesis(
    value: float, stderr: float | None, freedom: float = math.inf, *, exponent: bool = False
) -> ExactHypothesis | None:
    """The exact number, cheap to name, within three standard errors of a constant.

    Parameters
    ----------
    value : measured.
    stderr : its standard error.
    freedom : degrees of freedom behind it, infinite if known.
    exponent : whether it is one, of which integers and fractions are expected.

    Returns
    -------
    None if no number is near, or only such as chance puts near every value.

    Examples
    --------
    >>> print(exact_hypothesis(2.0055, 0.0020, 48))
    2 is rejected, p = 0.008
    >>> print(exact_hypothesis(6.283, 0.002))
    2 pi agrees
    >>> print(exact_hypothesis(0.7361, 0.0001))
    None
    """
    if stderr is None or not 0 < stderr < math.inf or value == 0:
        return None
    window = _WINDOW * stderr
    # As in recognition: a number may not take more bits to name than the value has digits for.
    bits = 1.5 * math.log2(abs(value) / window) - 3.0 + (4.0 if exponent else 0.0)
    if bits <= 0:
        return None
    found = nearest_exact(value, window, min(bits, 24.0), rational=exponent)
    if found is None:
        return None
    away = abs(value - float(found[0])) / stderr
    tail = special.ndtr(-away) if math.isinf(freedom) else special.stdtr(freedom, -away)
    return ExactHypothesis(found[0], float(2 * tail))
