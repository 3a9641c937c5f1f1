"""The rows of a function of one variable, in units in which its law is sought."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from jaxtyping import Float

from kansym.programs.program import Program, substitute

__all__ = ["Curve"]

_PLAIN = (1e-2, 1e3)
"""Sizes of inputs and targets that are left in their own units."""
_FAR = 30.0
"""Middle of the range over its half-width beyond which the input is counted from near there."""
_DECADES = 3.0
"""Decades within most of the rows from which a target of one sign has relative errors."""
_LEAST = 1e-30
_ROUNDING = 2.0**-52
_EXACT = 1e-10
"""Relative error below which a law counts as exact, if rounding allows to say so."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Points of one curve, sorted, in units of order one.

    Attributes
    ----------
    x, y : the points (rows,), x = (input - origin) / x_unit and y = target / y_unit.
    root : square roots of the weights (rows,), which sum to 1.
    noise : root-mean-square error of y over its spread, as far as it is known.
    origin, x_unit, y_unit : of the units.
    rows : how many rows there were before some were left out, as far as they are independent.
    """

    x: Float[np.ndarray, " rows"]
    y: Float[np.ndarray, " rows"]
    root: Float[np.ndarray, " rows"]
    noise: float
    origin: float
    x_unit: float
    y_unit: float
    rows: float

    @classmethod
    def of(
        cls,
        x: np.ndarray,
        y: np.ndarray,
        noise: float = 0.0,
        weights: np.ndarray | None = None,
        independent: float = np.inf,
    ) -> Self:
        """The curve through some points, those that are not finite left out.

        Weights (rows,) are one over the variance of y, up to a factor.
        """
        x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
        kept = np.isfinite(x) & np.isfinite(y)
        order = np.argsort(x[kept], kind="stable")
        x, y = x[kept][order], y[kept][order]
        origin = _origin(x)
        x_unit, y_unit = _unit(x - origin), _unit(y)
        y = y / y_unit
        weight = _weights(y) if weights is None else np.asarray(weights, float)[kept][order]
        root = np.sqrt(weight / weight.sum())
        rows = min(len(x), independent)
        return cls((x - origin) / x_unit, y, root, noise, origin, x_unit, y_unit, rows)

    @cached_property
    def spread(self) -> float:
        """Standard deviation of y under the weights."""
        return self.spread_of(self.y)

    def spread_of(self, values: Float[np.ndarray, " rows"]) -> float:
        """Standard deviation of some values under the weights."""
        return float(np.linalg.norm(self.root * (values - self.root**2 @ values)))

    @cached_property
    def exact(self) -> float:
        """Relative error below which a law is exact: about rounding."""
        rounding = 100 * _ROUNDING * float(np.max(np.abs(self.y * self.root)))
        return max(_EXACT, rounding * np.sqrt(len(self.y)) / max(self.spread, 1e-300))

    @property
    def low(self) -> float:
        """The least x."""
        return float(self.x[0])

    @property
    def high(self) -> float:
        """The largest x."""
        return float(self.x[-1])

    def thinned(self, most: int) -> Self:
        """With at most so many rows, evenly taken in order of x."""
        if len(self.x) <= most:
            return self
        kept = np.linspace(0, len(self.x) - 1, most).round().astype(int)
        root = self.root[kept]
        return replace(self, x=self.x[kept], y=self.y[kept], root=root / np.linalg.norm(root))

    def error(self, values: np.ndarray) -> float:
        """Root-mean-square error of some values over the spread of y; infinite if undefined."""
        with np.errstate(all="ignore"):
            error = np.linalg.norm((values - self.y) * self.root) / self.spread
        return float(error) if np.isfinite(error) else np.inf

    def length(self, error: float, constants: int, bits: float) -> float:
        """Description length in bits: what a law leaves over, its constants, its form.

        With n rows, k constants and the variance v of the residual per degree of freedom, relative
        to that of y: n/2 log2 v + k/2 log2 n times n/(n - k) + bits, the last factor as in Akaike's
        criterion for few rows. A law with as many constants as rows explains nothing. Errors below
        the noise are no merit.

        References
        ----------
        Schwarz, doi:10.1214/aos/1176344136; Hurvich and Tsai, doi:10.1093/biomet/76.2.297.
        """
        freedom = self.rows - constants
        if freedom <= 0 or not np.isfinite(error):
            return np.inf
        least = max(0.7 * self.noise, 1e-2 * self.exact)
        variance = max(min(error, 1e100) ** 2 * self.rows / freedom, least**2)
        own = constants * np.log2(self.rows) * self.rows / freedom
        return float(0.5 * (self.rows * np.log2(variance) + own) + bits)

    def undone(self, program: Program) -> Program:
        """A program for the y of this curve as one for the target, of the input."""
        inner: Program = "x"
        if self.origin:
            inner = ("add", inner, -self.origin)
        if self.x_unit != 1:
            inner = ("mul", 1 / self.x_unit, inner)
        program = substitute(program, {"x": inner})
        return program if self.y_unit == 1 else ("mul", self.y_unit, program)


def _origin(x: np.ndarray) -> float:
    """0, or a short number near the middle of a range that lies far from 0."""
    middle, half = 0.5 * (x[0] + x[-1]), 0.5 * (x[-1] - x[0])
    if half == 0 or abs(middle) <= _FAR * half:
        return 0.0
    step = 10.0 ** np.floor(np.log10(half))
    return float(np.round(middle / step) * step)


def _unit(values: np.ndarray) -> float:
    """1, or the power of ten that brings the largest value to order one."""
    largest = float(np.max(np.abs(values)))
    if largest == 0 or _PLAIN[0] <= largest <= _PLAIN[1]:
        return 1.0
    return float(f"1e{int(np.floor(np.log10(largest)))}")


def _weights(y: np.ndarray) -> np.ndarray:
    """One over the square of y where it keeps its sign and lies in many decades, else equal.

    A target that merely comes near 0 somewhere, as a square does, is compared by its differences.
    """
    size = np.abs(y) / max(float(np.max(np.abs(y))), 1e-300)
    low, high = np.quantile(size, [0.1, 0.9])
    if np.ptp(np.sign(y)) == 0 and 0 < low < high * 10**-_DECADES:
        return 1 / np.maximum(size, _LEAST) ** 2
    return np.ones_like(y)
