"""What the operations of a program mean on numpy arrays.

One table, :data:`NUMPY`, from the names of :data:`kansym.programs.program.ARITY` to vectorised
callables.
Outside an operation's domain the value is ``nan`` or infinite; callers silence the warnings once
with ``np.errstate``.
"""

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np
from scipy import special

__all__ = ["NUMPY", "power", "zeta_series"]

# Coefficients B_2j / (2j)! of the Euler-Maclaurin formula.
_EULER_MACLAURIN = (
    8.3333333333333333e-02,
    -1.3888888888888889e-03,
    3.3068783068783069e-05,
    -8.2671957671957672e-07,
    2.0876756987868099e-08,
    -5.2841901386874932e-10,
    1.3382536530684679e-11,
)
_ZETA_TERMS = 16
_STEP = 1e-30


def power(base: Any, exponent: Any) -> Any:
    """Real power; the exponents that formulas are full of take a short way."""
    if isinstance(exponent, float):
        match exponent:
            case 2.0:
                return base * base
            case 3.0:
                return base * base * base
            case 4.0:
                return np.square(base * base)
            case -1.0:
                return np.reciprocal(np.asarray(base, dtype=float))
            case 0.5:
                return np.sqrt(base)
            case _:
                pass
    return np.power(np.asarray(base, dtype=float), exponent)


def zeta_series(s: Any) -> Any:
    """Riemann's zeta function for s > 1, real or complex, by Euler and Maclaurin's formula."""
    n = float(_ZETA_TERMS)
    total = sum(k**-s for k in np.arange(1.0, n))
    total = total + n ** (1 - s) / (s - 1) + n**-s / 2
    term = s * n ** (-s - 1)
    for j, coefficient in enumerate(_EULER_MACLAURIN):
        total = total + coefficient * term
        term = term * (s + 2 * j + 1) * (s + 2 * j + 2) / n**2
    return total


def _zeta(s: Any) -> Any:
    s = np.asarray(s, dtype=float)
    return np.where(s > 1, zeta_series(np.where(s > 1, s, 2.0)), np.nan)


def _zeta_slope(s: Any) -> Any:
    s = np.asarray(s, dtype=float)
    inside = np.where(s > 1, s, 2.0)
    return np.where(s > 1, zeta_series(inside + 1j * _STEP).imag / _STEP, np.nan)


def _zeta_curvature(s: Any) -> Any:
    s = np.asarray(s, dtype=float)
    h = 1e-5 * np.maximum(s - 1, 1e-8)
    return (_zeta_slope(s + h) - _zeta_slope(s - h)) / (2 * h)


def _nan_outside(function: Callable[..., Any], inside: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda u: np.where(inside(u), function(u), np.nan)


def _elliptic_k_slope(m: Any) -> Any:
    m = np.asarray(m, dtype=float)
    near = np.abs(m) < 1e-4
    safe = np.where(near, 0.5, m)
    slope = (special.ellipe(safe) - (1 - safe) * special.ellipk(safe)) / (2 * safe * (1 - safe))
    return np.where(near, np.pi / 8 * (1 + 9 / 8 * m + 75 / 64 * m * m), slope)


def _elliptic_e_slope(m: Any) -> Any:
    m = np.asarray(m, dtype=float)
    near = np.abs(m) < 1e-4
    safe = np.where(near, 0.5, m)
    slope = (special.ellipe(safe) - special.ellipk(safe)) / (2 * safe)
    return np.where(near, -np.pi / 8 * (1 + 3 / 8 * m + 15 / 64 * m * m), slope)


def _langevin(u: Any) -> Any:
    u = np.asarray(u, dtype=float)
    near = np.abs(u) < 0.03
    safe = np.where(near, 1.0, u)
    series = u / 3 - u**3 / 45 + 2 * u**5 / 945 - u**7 / 4725
    return np.where(near, series, 1 / np.tanh(safe) - 1 / safe)


def _bose(u: Any) -> Any:
    u = np.asarray(u, dtype=float)
    return np.where(u == 0, 1.0, u / np.where(u == 0, 1.0, np.expm1(u)))


def _sinc(u: Any) -> Any:
    return np.sinc(np.asarray(u) / np.pi)


def _sinc_slope(u: Any) -> Any:
    u = np.asarray(u, dtype=float)
    near = np.abs(u) < 0.02
    safe = np.where(near, 1.0, u)
    series = -u / 3 + u**3 / 30 - u**5 / 840
    return np.where(near, series, (np.cos(safe) - np.sin(safe) / safe) / safe)


def _langevin_slope(u: Any) -> Any:
    u = np.asarray(u, dtype=float)
    near = np.abs(u) < 0.03
    safe = np.where(near, 1.0, u)
    series = 1 / 3 - u**2 / 15 + 2 * u**4 / 189 - u**6 / 675
    return np.where(near, series, 1 / safe**2 - 1 / np.sinh(safe) ** 2)


def _bose_slope(u: Any) -> Any:
    u = np.asarray(u, dtype=float)
    near = np.abs(u) < 0.02
    safe = np.where(near, 1.0, u)
    full = 1 / np.expm1(safe) - safe / (4 * np.sinh(safe / 2) ** 2)
    return np.where(near, -0.5 + u / 6 - u**3 / 180 + u**5 / 5040, full)


def _arccosine(function: Callable[..., Any]) -> Callable[..., Any]:
    """Rounding may carry an argument of exactly one past it by an ulp or two."""
    return lambda u: function(np.where(np.abs(np.abs(u) - 1) < 4e-16, np.sign(u), u))


NUMPY: Mapping[str, Callable[..., Any]] = {
    "add": lambda *terms: reduce(np.add, terms),
    "mul": lambda *factors: reduce(np.multiply, factors),
    "pow": power,
    "neg": np.negative,
    "div": np.divide,
    "pi": lambda: np.pi,
    "e": lambda: np.e,
    "exp": np.exp,
    "log": np.log,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": _arccosine(np.arcsin),
    "acos": _arccosine(np.arccos),
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sign": np.sign,
    "heaviside": lambda u: np.heaviside(u, 0.5),
    "min": lambda *terms: reduce(np.minimum, terms),
    "max": lambda *terms: reduce(np.maximum, terms),
    "sinc": _sinc,
    "sinc_slope": _sinc_slope,
    "langevin": _langevin,
    "langevin_slope": _langevin_slope,
    "bose": _bose,
    "bose_slope": _bose_slope,
    "expm1": np.expm1,
    "log1p": np.log1p,
    "softplus": lambda u: np.logaddexp(0.0, u),
    "sigmoid": special.expit,
    "erf": special.erf,
    "gamma": special.gamma,
    "loggamma": _nan_outside(special.gammaln, lambda u: np.asarray(u) > 0),
    "digamma": special.digamma,
    "trigamma": lambda u: special.polygamma(1, u),
    "tetragamma": lambda u: special.polygamma(2, u),
    "besselj0": special.j0,
    "besselj1": special.j1,
    "besselj2": lambda u: special.jv(2, u),
    "airyai": lambda u: special.airy(u)[0],
    "airyai_slope": lambda u: special.airy(u)[1],
    "elliptic_k": _nan_outside(special.ellipk, lambda u: np.asarray(u) < 1),
    "elliptic_k_slope": _elliptic_k_slope,
    "elliptic_e": special.ellipe,
    "elliptic_e_slope": _elliptic_e_slope,
    "zeta": _zeta,
    "zeta_slope": _zeta_slope,
    "zeta_curvature": _zeta_curvature,
}
