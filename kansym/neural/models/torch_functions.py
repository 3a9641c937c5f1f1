"""What the operations of a program mean on torch tensors, with gradients for all of them.

One table, :data:`TORCH`, derived from :data:`kansym.programs.operations.OPERATIONS`. Functions that
torch lacks, or has without a gradient, are computed by their numpy form and take their gradient
from the table; so it can be differentiated as often as a training needs.
"""

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np
import torch

from kansym.programs.derivatives import chain_term
from kansym.programs.numpy_functions import NUMPY
from kansym.programs.operations import OPERATIONS
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
    """A function computed by numpy, with the derivative of the table of operations."""

    def slope(u: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        return _tensor(evaluate(chain_term(name, 0, ["x"], "y", 1.0), {"x": u, "y": value}, TORCH))

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


def _reduced(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    return lambda *terms: reduce(
        lambda a, b: function(_tensor(a), _tensor(b).to(_tensor(a))), terms
    )


# Torch's own functions that agree with numpy's, and have the gradients of the table, on the whole
# line: not sign(nan), nor the gradients of acosh, atanh and digamma.
_KERNELS = """
neg exp log sin cos tan atan sinh cosh tanh asinh sqrt abs expm1 log1p sigmoid erf
"""

TORCH: Mapping[str, Callable[..., Any]] = {
    **{name: _from_numpy(name) for name in OPERATIONS},
    **{name: _by_name(name) for name in _KERNELS.split()},
    "pi": NUMPY["pi"],
    "e": NUMPY["e"],
    "add": lambda *terms: reduce(lambda a, b: a + b, terms),
    "mul": lambda *factors: reduce(lambda a, b: a * b, factors),
    "pow": _power,
    "div": lambda top, bottom: top / bottom,
    "min": _reduced(torch.minimum),
    "max": _reduced(torch.maximum),
    "softplus": lambda u: torch.logaddexp(_tensor(u), torch.zeros_like(_tensor(u))),
}
