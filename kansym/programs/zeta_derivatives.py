"""Derivatives of Riemann's zeta function for s > 1, which scipy lacks."""

from typing import Any

import numpy as np

__all__ = ["zeta_curvature", "zeta_slope"]

# Coefficients B_2j / (2j)! of the Euler-Maclaurin formula, which is exact to rounding behind a sum
# of so many terms.
_EULER_MACLAURIN = (
    8.3333333333333333e-02,
    -1.3888888888888889e-03,
    3.3068783068783069e-05,
    -8.2671957671957672e-07,
    2.0876756987868099e-08,
    -5.2841901386874932e-10,
    1.3382536530684679e-11,
)
_TERMS = 16
_STEP = 1e-30  # an imaginary step, so small that its square is nothing beside a rounding error


def zeta_slope(s: Any) -> Any:
    """zeta'(s), ``nan`` for s <= 1."""
    return _where_convergent(s, _slope)


def zeta_curvature(s: Any) -> Any:
    """zeta''(s), ``nan`` for s <= 1."""
    return _where_convergent(s, lambda inside: _slope(inside + 1j * _STEP).imag / _STEP)


def _where_convergent(s: Any, function: Any) -> Any:
    s = np.asarray(s, dtype=float)
    return np.where(s > 1, function(np.where(s > 1, s, 2.0)), np.nan)


def _slope(s: Any) -> Any:
    """The derivative of Euler and Maclaurin's formula for real or complex s."""
    n = float(_TERMS)
    total = sum(-np.log(k) * k**-s for k in np.arange(2.0, n))
    total = total - n ** (1 - s) / (s - 1) * (np.log(n) + 1 / (s - 1)) - np.log(n) * n**-s / 2
    term, growth = s * n ** (-s - 1), 1 / s - np.log(n)  # growth: derivative of log(term)
    for j, coefficient in enumerate(_EULER_MACLAURIN):
        total = total + coefficient * term * growth
        first, second = s + 2 * j + 1, s + 2 * j + 2
        term, growth = term * first * second / n**2, growth + 1 / first + 1 / second
    return total
