"""Functions of the target under which a law may be plainer, and their inverses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import sympy
from jaxtyping import Float
from scipy import special

__all__ = ["TARGETS", "Target", "one_over", "small_steps", "targets_of"]

_MOST, _LEVEL = 200.0, 1e-3
"""Largest argument of exp, so that its square is a number still, and usual least slope over the
median one."""


@dataclass(frozen=True)
class Target:
    """g(y) for y, and y for g(y).

    Attributes
    ----------
    name : in words.
    forward : g, on values.
    inverse : of g, on expressions.
    low, high : the range of y on which g can be undone.
    """

    name: str
    forward: Callable[[np.ndarray], np.ndarray]
    inverse: Callable[[sympy.Expr], sympy.Expr]
    low: float = -np.inf
    high: float = np.inf

    def admits(self, y: Float[np.ndarray, " rows"]) -> bool:
        """Whether g is defined and can be undone on these values."""
        return bool(y.min() >= self.low and y.max() <= self.high)

    def slope(self, y: Float[np.ndarray, " rows"]) -> Float[np.ndarray, " rows"]:
        """The derivative of g, by differences; nan at the ends of its domain."""
        step = small_steps(y)
        with np.errstate(all="ignore"):
            return (self.forward(y + step) - self.forward(y - step)) / (2 * step)

    def weights(
        self, y: Float[np.ndarray, " rows"], least: float = _LEVEL
    ) -> Float[np.ndarray, " rows"] | None:
        """One over the slope, as errors of g(y) are those of y times it; None where it has none.

        Parameters
        ----------
        least : slope over the median one below which none counts, so that no row outweighs all.
        """
        slope = np.abs(self.slope(y))
        if not (np.isfinite(slope).all() and (slope > 0).all()):
            return None
        return one_over(slope, least)


def small_steps(y: Float[np.ndarray, " rows"]) -> Float[np.ndarray, " rows"]:
    """Steps of values that slopes are differences over, not too small near 0."""
    return _STEP * np.maximum(np.abs(y), _STEP_OF_SPREAD * np.std(y))


def one_over(
    slope: Float[np.ndarray, "... rows"], least: float = _LEVEL
) -> Float[np.ndarray, "... rows"]:
    """One over sizes of slopes, the least one at least this part of the median; nan is none."""
    middle = (np.isfinite(slope).sum(axis=-1, keepdims=True) - 1) // 2
    return 1 / np.maximum(slope, least * np.take_along_axis(np.sort(slope), middle, axis=-1))


def _log_of_product(e: sympy.Expr) -> sympy.Expr:
    """The logarithm of a product, whose exponential factors become terms."""
    factors = sympy.Mul.make_args(e)
    powers = [factor for factor in factors if isinstance(factor, sympy.exp)]
    others = [factor for factor in factors if not isinstance(factor, sympy.exp)]
    return sympy.Add(sympy.log(sympy.Mul(*others)), *(power.args[0] for power in powers))


_STEP, _STEP_OF_SPREAD = 1e-6, 1e-3
_TINY, _ABOVE = np.nextafter(0.0, 1.0), 1e-12
_HALF = np.pi / 2

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        Target("y", lambda y: y, lambda e: e),
        Target("1/y", lambda y: 1 / y, lambda e: 1 / e),
        Target("y^2", np.square, sympy.sqrt, 0.0),
        Target("-y^2", np.square, lambda e: -sympy.sqrt(e), high=0.0),
        Target("1/y^2", lambda y: y**-2.0, lambda e: 1 / sympy.sqrt(e), _TINY),
        Target("sqrt y", np.sqrt, lambda e: e**2, 0.0),
        Target("cbrt y", np.cbrt, lambda e: e**3),
        Target("log y", np.log, sympy.exp, _TINY),
        Target("log -y", lambda y: np.log(-y), lambda e: -sympy.exp(e), high=-_TINY),
        Target("log (y - 1)", lambda y: np.log(y - 1), lambda e: sympy.exp(e) + 1, 1 + _ABOVE),
        Target("logit y", special.logit, lambda e: 1 / (1 + sympy.exp(-e)), _ABOVE, 1 - _ABOVE),
        Target("log (1 - y)", lambda y: np.log(1 - y), lambda e: 1 - sympy.exp(e), high=1 - _ABOVE),
        Target("log (1 + y)", np.log1p, lambda e: sympy.exp(e) - 1, -1 + _ABOVE),
        Target("log (1 + 1/y)", lambda y: np.log1p(1 / y), lambda e: 1 / (sympy.exp(e) - 1), _TINY),
        Target("exp y", np.exp, _log_of_product, -_MOST, _MOST),
        Target("sin y", np.sin, sympy.asin, -_HALF, _HALF),
        Target("cos y", np.cos, sympy.acos, 0.0, np.pi),
        Target("tan y", np.tan, sympy.atan, -_HALF, _HALF),
        Target("asin y", np.arcsin, sympy.sin, -1.0, 1.0),
        Target("acos y", np.arccos, sympy.cos, -1.0, 1.0),
        Target("tanh^-1 y", np.arctanh, sympy.tanh, -1 + _ABOVE, 1 - _ABOVE),
    )
}


def targets_of(y: Float[np.ndarray, " rows"], names: Sequence[str]) -> list[Target]:
    """Those of these functions that are defined on all values, and finite there."""
    found = [TARGETS[name] for name in names if TARGETS[name].admits(y)]
    with np.errstate(all="ignore"):
        return [t for t in found if t.name == "y" or _is_moderate(t.forward(y))]


_UNEVEN = 1e-7


def _is_moderate(values: np.ndarray) -> bool:
    """Finite, and not so uneven that all but a few rows are nothing."""
    size = np.abs(values)
    largest = size.max()
    return bool(np.isfinite(largest) and np.median(size) > _UNEVEN * largest)
