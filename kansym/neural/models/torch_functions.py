"""What the operations of a program mean on torch tensors, with gradients for all of them.

One table, :data:`TORCH`, with the names of :data:`kansym.programs.program.ARITY`. Functions that
torch
lacks, or has without a gradient, are computed by their numpy form and take their gradient from
:data:`kansym.programs.derivatives.SLOPES`; so the table can be differentiated as often as a
training needs.
"""

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np
import torch

from kansym.programs.derivatives import SLOPES
from kansym.programs.numpy_functions import NUMPY
from kansym.programs.program import evaluate
from kansym.programs.tabulated_curve import TabulatedCurve

__all__ = ["TORCH", "curve_function"]


def _tensor(value: Any) -> torch.Tensor:
    return value if isinstance(value, torch.Tensor) else torch.tensor(value, dtype=torch.float64)


def _by_name(name: str) -> Callable[[Any], torch.Tensor]:
    """A function of torch's own, which numbers may enter too."""
    function: Callable[[torch.Tensor], torch.Tensor] = getattr(torch, name)
    return lambda u: function(_tensor(u))


def _from_numpy(name: str) -> Callable[[Any], torch.Tensor]:
    """A function computed by numpy, with the derivative of the table of slopes."""

    def slope(u: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        return _tensor(evaluate(SLOPES[name], {"x": u, "y": value}, TORCH))

    return _with_gradient(name, _by_numpy(NUMPY[name]), slope)


def curve_function(curve: TabulatedCurve) -> Callable[[Any], torch.Tensor]:
    """A tabulated curve on tensors; it can be differentiated once."""
    slope = _by_numpy(curve.slope)
    return _with_gradient(curve.name, _by_numpy(curve), lambda u, _: slope(u))


def _by_numpy(function: Callable[[np.ndarray], np.ndarray]) -> Callable[..., torch.Tensor]:
    def forward(u: torch.Tensor) -> torch.Tensor:
        with np.errstate(all="ignore"):
            values = function(u.detach().cpu().double().numpy())
        return torch.as_tensor(np.asarray(values)).to(u)

    return forward


def _with_gradient(
    name: str, forward: Callable[..., torch.Tensor], slope: Callable[..., torch.Tensor]
) -> Callable[[Any], torch.Tensor]:
    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, u: torch.Tensor) -> torch.Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
            value = forward(u)
            ctx.save_for_backward(u, value)
            return value

        @staticmethod
        def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
            return gradient * slope(*ctx.saved_tensors)

    Function.__name__ = Function.__qualname__ = name
    return lambda u: Function.apply(_tensor(u))  # pyright: ignore[reportReturnType]


def _power(base: Any, exponent: Any) -> torch.Tensor:
    if isinstance(exponent, int | float) and exponent == 0.5:
        return torch.sqrt(_tensor(base))
    return torch.pow(_tensor(base), exponent)


def _sinc(u: Any) -> torch.Tensor:
    return torch.sinc(_tensor(u) / torch.pi)


def _elliptic(u: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """K and E by the arithmetic-geometric mean; eight steps reach rounding for any m < 1."""
    a, g, c_sum = torch.ones_like(u), torch.sqrt(1 - u), u / 2
    for step in range(9):
        c = (a - g) / 2
        a, g = (a + g) / 2, torch.sqrt(a * g)
        c_sum = c_sum + 2.0**step * c * c
    k = torch.pi / (2 * a)
    return k, k * (1 - c_sum)


def _gamma(u: Any) -> torch.Tensor:
    u = _tensor(u)
    sign = torch.where((u < 0) & (torch.floor(u) % 2 != 0), -1.0, 1.0)
    return torch.where(
        (u <= 0) & (u == torch.floor(u)), torch.nan, sign * torch.exp(torch.lgamma(u))
    )


def _loggamma(u: Any) -> torch.Tensor:
    u = _tensor(u)
    return torch.where(u > 0, torch.lgamma(u), torch.nan)


def _complete_k(u: Any) -> torch.Tensor:
    u = _tensor(u)
    below = u < 1
    return torch.where(below, _elliptic(torch.where(below, u, 0.5))[0], torch.nan)


def _complete_e(u: Any) -> torch.Tensor:
    """E(m), with its limit 1 at m = 1."""
    u = _tensor(u)
    below = u < 1
    value = _elliptic(torch.where(below, u, 0.5))[1]
    return torch.where(below, value, torch.where(u == 1, 1.0, torch.nan))


def _reduced(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    return lambda *terms: reduce(
        lambda a, b: function(_tensor(a), _tensor(b).to(_tensor(a))), terms
    )


_DIRECT = {
    "neg": "neg",
    "exp": "exp",
    "log": "log",
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "asin": "asin",
    "acos": "acos",
    "atan": "atan",
    "sinh": "sinh",
    "cosh": "cosh",
    "tanh": "tanh",
    "asinh": "asinh",
    "acosh": "acosh",
    "atanh": "atanh",
    "sqrt": "sqrt",
    "abs": "abs",
    "sign": "sign",
    "expm1": "expm1",
    "log1p": "log1p",
    "sigmoid": "sigmoid",
    "erf": "erf",
    "digamma": "digamma",
}
_COMPUTED_BY_NUMPY = (
    "sinc_slope",
    "langevin",
    "langevin_slope",
    "bose",
    "bose_slope",
    "besselj0",
    "besselj1",
    "besselj2",
    "airyai",
    "airyai_slope",
    "elliptic_k_slope",
    "elliptic_e_slope",
    "trigamma",
    "tetragamma",
    "zeta",
    "zeta_slope",
    "zeta_curvature",
)

TORCH: Mapping[str, Callable[..., Any]] = {
    "add": lambda *terms: reduce(lambda a, b: a + b, terms),
    "mul": lambda *factors: reduce(lambda a, b: a * b, factors),
    "pow": _power,
    "div": lambda top, bottom: top / bottom,
    "pi": lambda: torch.pi,
    "e": lambda: torch.e,
    "min": _reduced(torch.minimum),
    "max": _reduced(torch.maximum),
    "heaviside": lambda u: (torch.sign(_tensor(u)) + 1) / 2,
    "softplus": lambda u: torch.logaddexp(_tensor(u), torch.zeros_like(_tensor(u))),
    "sinc": _sinc,
    "gamma": _gamma,
    "loggamma": _loggamma,
    "elliptic_k": _complete_k,
    "elliptic_e": _complete_e,
    **{name: _by_name(own) for name, own in _DIRECT.items()},
    **{name: _from_numpy(name) for name in _COMPUTED_BY_NUMPY},
}
