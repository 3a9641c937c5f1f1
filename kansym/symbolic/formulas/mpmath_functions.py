"""What the operations of a program mean on mpmath numbers, in any precision."""

from collections.abc import Callable, Mapping
from typing import Any

import mpmath

__all__ = ["mpmath_functions"]

_DIRECT = """
exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh sqrt sign expm1 log1p
erf gamma loggamma digamma zeta airyai sinc
"""


def mpmath_functions(digits: int) -> tuple[Any, Mapping[str, Callable[..., Any]]]:
    """A context of its own with so many digits, and the table of functions in it.

    Examples
    --------
    >>> context, functions = mpmath_functions(30)
    >>> print(functions["sqrt"](context.mpf(2)))
    1.41421356237309504880168872421
    """
    m = mpmath.mp.clone()
    m.dps = digits
    direct = _DIRECT.split()
    table: dict[str, Callable[..., Any]] = {name: getattr(m, name) for name in direct}
    table |= {
        "add": lambda *terms: m.fsum(terms),
        "mul": lambda *factors: m.fprod(factors),
        "pow": lambda a, b: m.power(a, b),
        "neg": lambda u: -u,
        "div": lambda a, b: a / m.mpf(b) if isinstance(b, float) else a / b,
        "pi": lambda: +m.pi,
        "e": lambda: +m.e,
        "abs": abs,
        "heaviside": lambda u: (1 + m.sign(u)) / 2,
        "min": lambda *terms: min(terms),
        "max": lambda *terms: max(terms),
        "softplus": lambda u: m.log1p(m.exp(u)),
        "sigmoid": lambda u: 1 / (1 + m.exp(-u)),
        "langevin": lambda u: m.coth(u) - 1 / u if u else m.mpf(0),
        "bose": lambda u: u / m.expm1(u) if u else m.mpf(1),
        "trigamma": lambda u: m.polygamma(1, u),
        "tetragamma": lambda u: m.polygamma(2, u),
        "besselj0": lambda u: m.besselj(0, u),
        "besselj1": lambda u: m.besselj(1, u),
        "besselj2": lambda u: m.besselj(2, u),
        "airyai_slope": lambda u: m.airyai(u, derivative=1),
        "elliptic_k": m.ellipk,
        "elliptic_e": m.ellipe,
        "zeta_slope": lambda u: m.zeta(u, derivative=1),
        "zeta_curvature": lambda u: m.zeta(u, derivative=2),
    }
    return m, table
