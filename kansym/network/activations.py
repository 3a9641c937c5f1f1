"""Activations of neural networks in numpy, of any shape; those with constants are objects.

References
----------
Definitions as in the documentation of torch.nn; SiLU and GELU: D. Hendrycks, K. Gimpel, 2016,
arXiv:1606.08415; Mish: D. Misra, 2019, arXiv:1908.08681.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import erf, expit, log_expit

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "HardTanh",
    "LeakyReLU",
    "MaxOfLines",
    "Power",
    "PowerReLU",
    "Softplus",
    "hard_sigmoid",
    "hard_swish",
    "identity",
    "log_sigmoid",
    "mish",
    "relu",
    "selu",
    "sigmoid",
    "silu",
    "softsign",
]

Array = np.ndarray


def identity(x: Array) -> Array:
    """The value itself."""
    return x


def relu(x: Array) -> Array:
    """max(x, 0).

    >>> relu(np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    return np.maximum(x, 0.0)


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x))."""
    return expit(x)


def silu(x: Array) -> Array:
    """The product x sigmoid(x)."""
    return x * expit(x)


def log_sigmoid(x: Array) -> Array:
    """Logarithm of the sigmoid."""
    return log_expit(x)


def mish(x: Array) -> Array:
    """The product x tanh(log(1 + exp(x)))."""
    return x * np.tanh(np.logaddexp(0.0, x))


def selu(x: Array) -> Array:
    """Scaled ELU, constants of G. Klambauer et al., 2017, arXiv:1706.02515."""
    return 1.0507009873554804934193349852946 * ELU(1.6732632423543772848170429916717)(x)


def softsign(x: Array) -> Array:
    """The quotient x / (1 + |x|)."""
    return x / (1.0 + np.abs(x))


def hard_sigmoid(x: Array) -> Array:
    """clip(x / 6 + 1 / 2, 0, 1)."""
    return np.clip(x / 6.0 + 0.5, 0.0, 1.0)


def hard_swish(x: Array) -> Array:
    """The product x clip(x / 6 + 1 / 2, 0, 1)."""
    return x * hard_sigmoid(x)


@dataclass(frozen=True)
class LeakyReLU:
    """The identity for positive x, slope * x for negative x."""

    slope: float

    def __call__(self, x: Array) -> Array:
        return np.where(x > 0, x, self.slope * x)


@dataclass(frozen=True)
class HardTanh:
    """clip(x, low, high)."""

    low: float
    high: float

    def __call__(self, x: Array) -> Array:
        return np.clip(x, self.low, self.high)


@dataclass(frozen=True)
class Power:
    """x to a constant power."""

    exponent: float

    def __call__(self, x: Array) -> Array:
        return np.power(x, self.exponent)


@dataclass(frozen=True)
class ELU:
    """The identity for positive x, alpha (exp(x) - 1) for negative x."""

    alpha: float = 1.0

    def __call__(self, x: Array) -> Array:
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0.0)))


@dataclass(frozen=True)
class CELU:
    """The identity for positive x, alpha (exp(x / alpha) - 1) for negative x."""

    alpha: float = 1.0

    def __call__(self, x: Array) -> Array:
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0.0) / self.alpha))


@dataclass(frozen=True)
class GELU:
    """The product of x and the normal distribution function, exact or by the hyperbolic tangent."""

    by_tanh: bool = False

    def __call__(self, x: Array) -> Array:
        if self.by_tanh:
            inner = np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)
            return 0.5 * x * (1.0 + np.tanh(inner))
        return 0.5 * x * (1.0 + erf(x / np.sqrt(2.0)))


@dataclass(frozen=True)
class Softplus:
    """log(1 + exp(beta x)) / beta; x itself where beta x exceeds the threshold."""

    beta: float = 1.0
    threshold: float = 20.0

    def __call__(self, x: Array) -> Array:
        scaled = self.beta * x
        return np.where(scaled > self.threshold, x, np.logaddexp(0.0, scaled) / self.beta)


@dataclass(frozen=True)
class PowerReLU:
    """Truncated power min(relu(x), cap) ** power.

    >>> PowerReLU(2.0, 3.0)(np.array([-1.0, 2.0, 5.0]))
    array([0., 4., 9.])
    """

    power: float
    cap: float = np.inf

    def __call__(self, x: Array) -> Array:
        return np.clip(x, 0.0, self.cap) ** self.power


@dataclass(frozen=True)
class MaxOfLines:
    """max_p (slope_p x + intercept_p)."""

    slopes: tuple[float, ...]
    intercepts: tuple[float, ...]

    def __call__(self, x: Array) -> Array:
        lines = np.multiply.outer(x, np.array(self.slopes)) + np.array(self.intercepts)
        return lines.max(axis=-1)
