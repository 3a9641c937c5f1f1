"""A polynomial through rows, as smooth as they are: its gradient shows the structure of the law."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Bool, Float
from numpy.polynomial import chebyshev

from kansym.symbolic.laws.columns import exponents_up_to

__all__ = ["Smooth", "smooth"]

_MOST_COLUMNS = 460
_HELD_OUT = 0.2
_MANY_ROWS = 2000
_INNER = 0.94
"""Part of each range on which derivatives are trusted: polynomials are poor at the ends."""


@dataclass(frozen=True, eq=False)
class Smooth:
    """Derivatives at the rows.

    Attributes
    ----------
    gradient : of y with respect to each input, shape (rows, inputs).
    trusted : rows that are not at the edge of the data.
    error : on rows that were held out, over the spread of the target.
    """

    gradient: Float[np.ndarray, "rows inputs"]
    trusted: Bool[np.ndarray, " rows"]
    error: float


def smooth(X: Float[np.ndarray, "rows inputs"], y: Float[np.ndarray, " rows"]) -> Smooth | None:
    """The best of polynomials of several degrees in x or log x, for y or log y.

    Best is the one of least error on held-out rows; None if there are too few rows.
    """
    X, y = X[:_MANY_ROWS], y[:_MANY_ROWS]
    test = np.zeros(len(y), dtype=bool)
    test[:: round(1 / _HELD_OUT)] = True
    best: tuple[float, _Fit] | None = None
    for logarithmic_x, logarithmic_y in product(*(_choices(values) for values in (X, y))):
        fit = _Fit(X, y, logarithmic_x, logarithmic_y)
        for degree in range(1, 12):
            error = fit.error(degree, test)
            if error is None:
                break
            if best is None or error < best[0]:
                best = error, fit
                fit.degree = degree
    if best is None:
        return None
    return Smooth(best[1].gradient(), best[1].inner(), best[0])


def _choices(values: np.ndarray) -> tuple[bool, ...]:
    """Whether logarithms are worth a trial: they are if values are of one sign."""
    return (
        (False, True) if values.min() > 0 or (values.ndim == 1 and values.max() < 0) else (False,)
    )


class _Fit:
    """Polynomials in one choice of coordinates."""

    def __init__(self, X: np.ndarray, y: np.ndarray, log_x: bool, log_y: bool) -> None:
        self.X, self.y, self.log_x, self.log_y = X, y, log_x, log_y
        self.u = np.log(X) if log_x else X
        self.v = np.log(np.abs(y)) if log_y else y
        low, high = self.u.min(axis=0), self.u.max(axis=0)
        self.half = np.where(high > low, (high - low) / 2, 1.0)
        self.unit = (self.u - (low + high) / 2) / self.half
        self.degree = 1

    def error(self, degree: int, test: np.ndarray) -> float | None:
        """Error on held-out rows; None where there are too few rows for the degree."""
        exponents = exponents_up_to(self.X.shape[1], degree)
        if len(exponents) > min(_MOST_COLUMNS, 0.6 * (~test).sum()):
            return None
        columns = _columns(self.unit, exponents)
        weights = np.linalg.lstsq(columns[~test], self.v[~test], rcond=1e-12)[0]
        found = columns[test] @ weights
        if self.log_y:
            found = np.exp(np.clip(found, -700, 700)) * np.sign(self.y[0])
        return float(np.sqrt(np.mean((found - self.y[test]) ** 2)) / (np.std(self.y) or 1.0))

    def gradient(self) -> np.ndarray:
        """Derivatives of y by the inputs."""
        exponents = exponents_up_to(self.X.shape[1], self.degree)
        weights = np.linalg.lstsq(_columns(self.unit, exponents), self.v, rcond=1e-12)[0]
        parts = [_columns(self.unit, exponents, k) @ weights for k in range(self.X.shape[1])]
        found = np.stack(parts, axis=1) / self.half
        found = found / self.X if self.log_x else found
        return found * self.y[:, None] if self.log_y else found

    def inner(self) -> np.ndarray:
        """Rows that are not at the end of any range."""
        inside = (np.abs(self.unit) < _INNER).all(axis=1)
        return inside if inside.sum() > 50 else np.ones(len(inside), dtype=bool)


def _columns(unit: np.ndarray, exponents: np.ndarray, derivative: int | None = None) -> np.ndarray:
    """Products of Chebyshev polynomials, one factor differentiated if wanted."""
    found = np.ones((len(unit), len(exponents)))
    top = int(exponents.max(initial=0))
    for k in range(unit.shape[1]):
        values = chebyshev.chebvander(unit[:, k], top)
        if k == derivative:
            slopes = chebyshev.chebder(np.eye(top + 1)) if top else np.zeros((1, 1))
            values = chebyshev.chebvander(unit[:, k], max(top - 1, 0)) @ slopes
        found *= values[:, exponents[:, k]]
    return found
