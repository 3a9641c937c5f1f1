"""A curve of a network that no library function explains, as a table in the formula's place."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline

from kansym.shared.errors import InputError

__all__ = ["TabulatedCurve"]

_LARGEST = 1e6
"""How many times a slope between points its multiples in the equations of a spline may be."""


@dataclass(frozen=True, eq=False)
class TabulatedCurve:
    """A named function given by points, cubic between them and straight outside.

    Attributes
    ----------
    name : what the formula calls it.
    x, y : increasing abscissae and ordinates, shape (points,).

    Examples
    --------
    >>> curve = TabulatedCurve("s1", np.linspace(0, 1, 50), np.linspace(0, 1, 50) ** 2)
    >>> curve([0.5, 2.0]).round(6).tolist()
    [0.25, 3.0]
    """

    name: str
    x: np.ndarray
    y: np.ndarray

    def __post_init__(self) -> None:
        x, y = np.asarray(self.x, dtype=float), np.asarray(self.y, dtype=float)
        usable = x.ndim == 1 and x.shape == y.shape and len(x) > 1 and bool((np.diff(x) > 0).all())
        with np.errstate(all="ignore"):
            usable = usable and bool(np.isfinite(_LARGEST * np.diff(y) / np.diff(x)).all())
        if not (usable and np.isfinite(x).all() and np.isfinite(y).all()):
            raise InputError(
                f"The curve {self.name!r} was given points of shapes {x.shape} and {y.shape}: "
                "expected two or more finite points with increasing abscissae and finite slopes."
            )
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "y", y)

    @cached_property
    def _spline(self) -> CubicSpline:
        return CubicSpline(self.x, self.y)

    def __call__(self, u: Any) -> np.ndarray:
        """Values, any shape."""
        u = np.asarray(u, dtype=float)
        inside = np.clip(u, self.x[0], self.x[-1])
        return self._spline(inside) + self._spline(inside, 1) * (u - inside)

    def slope(self, u: Any) -> np.ndarray:
        """Derivative, any shape."""
        return self._spline(np.clip(np.asarray(u, dtype=float), self.x[0], self.x[-1]), 1)
