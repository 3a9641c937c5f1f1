"""Special functions of scipy that serve as targets without a closed form.

They are named as in scipy; each takes its arguments as arrays. Associated Legendre functions have
the order in the name: ``lpmv1(v, x)`` is :math:`P_v^1(x)`.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from scipy import special

__all__ = ["SPECIAL_FUNCTIONS"]


def _jacobi_sn(u: Any, m: Any) -> Any:
    """Jacobian elliptic function sn(u | m)."""
    return special.ellipj(u, m)[0]


def _harmonic(n: Any) -> Any:
    """Harmonic number of a real argument."""
    return special.digamma(np.asarray(n) + 1.0) + np.euler_gamma


def _first_digit(x: Any) -> Any:
    """First decimal digit of x in [0, 1)."""
    return np.floor(10.0 * np.asarray(x)) % 10.0


SPECIAL_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "ellipj_sn": _jacobi_sn,
    "ellipkinc": special.ellipkinc,
    "ellipeinc": special.ellipeinc,
    "jv": special.jv,
    "yv": special.yv,
    "kv": special.kv,
    "iv": special.iv,
    "lpmv0": partial(special.lpmv, 0),
    "lpmv1": partial(special.lpmv, 1),
    "lpmv2": partial(special.lpmv, 2),
    "harmonic": _harmonic,
    "first_digit": _first_digit,
}
