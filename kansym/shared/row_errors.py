"""Errors of measured rows: standard errors, relative weights, or a covariance matrix."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kansym.shared.errors import InputError

__all__ = ["RowErrors", "row_errors"]


@dataclass(frozen=True)
class RowErrors:
    """How rows count: residuals divided by their errors are independent and equally wide.

    Attributes
    ----------
    inverse : shape (rows,), one over the standard error of each row, up to a factor unless
        ``absolute``.
    triangle : lower triangular factor of the covariance matrix, shape (rows, rows); None if the
        rows are independent.
    absolute : whether the errors are those of the measurement, not only relative to one another.
    """

    inverse: np.ndarray
    triangle: np.ndarray | None = None
    absolute: bool = False

    def divided(self, values: np.ndarray) -> np.ndarray:
        """Residuals (rows,) or slopes (rows, constants) in units of the errors."""
        if self.triangle is not None:
            from scipy.linalg import solve_triangular

            return solve_triangular(self.triangle, values, lower=True)
        return values * (self.inverse if values.ndim == 1 else self.inverse[:, None])

    def of_rows(self, rows: np.ndarray) -> "RowErrors":
        """Of some rows, taken as independent."""
        return RowErrors(self.inverse[rows], None, self.absolute)


def row_errors(
    rows: int, sigma: Any = None, weights: Any = None, covariance: Any = None
) -> RowErrors:
    """Check what was said about the errors of the rows.

    Parameters
    ----------
    rows : number of rows.
    sigma : standard error of each row, or one for all; absolute.
    weights : one over the variance of each row, up to a common factor.
    covariance : shape (rows, rows), of the errors of the rows; absolute.

    Raises
    ------
    InputError
        If two of them are given, or one cannot be right.

    Examples
    --------
    >>> row_errors(2, sigma=0.5).divided(np.array([1.0, 2.0]))
    array([2., 4.])
    >>> row_errors(2, weights=[1, 4]).absolute
    False
    """
    given = [
        name
        for name, value in (("sigma", sigma), ("weights", weights), ("covariance", covariance))
        if value is not None
    ]
    if len(given) > 1:
        raise InputError(f"{given[0]}= and {given[1]}= were both given: give one of them.")
    if covariance is not None:
        return _correlated(rows, covariance)
    if sigma is not None:
        checked = per_row(rows, sigma, "sigma")
        _refuse(checked <= 0, checked, "sigma", "a standard error is greater than zero", "weights=")
        return RowErrors(1.0 / checked, absolute=True)
    if weights is not None:
        checked = per_row(rows, weights, "weights")
        _refuse(checked < 0, checked, "weights", "a weight is at least zero", "other weights")
        if not checked.any():
            raise InputError("All weights are zero: give at least as many others as constants.")
        return RowErrors(np.sqrt(checked))
    return RowErrors(np.ones(rows))


def per_row(rows: int, given: Any, name: str) -> np.ndarray:
    """One finite number per row, from one for all or a column."""
    try:
        array = np.asarray(given, dtype=float)
    except (TypeError, ValueError) as error:
        such = f", such as table[{given!r}]" if isinstance(given, str) else ""
        raise InputError(
            f"{name} is not numbers ({error}): give one number per row{such}."
        ) from error
    array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if array.ndim == 0:
        array = np.full(rows, float(array))
    if array.shape != (rows,):
        raise InputError(
            f"{name} has shape {array.shape} but there are {rows} rows: give one number per row, "
            "or one for all."
        )
    missing = ~np.isfinite(array)
    if missing.any():
        raise InputError(
            f"{name} is missing in {int(missing.sum())} of {rows} rows, the first is row "
            f"{int(np.argmax(missing))}: fill it in or leave those rows out."
        )
    return array


def _refuse(bad: np.ndarray, values: np.ndarray, name: str, rule: str, instead: str) -> None:
    if bad.any():
        first = int(np.argmax(bad))
        raise InputError(
            f"{name} is {values[first]:g} in row {first} ({int(bad.sum())} such rows): {rule}; "
            f"leave those rows out or give {instead}."
        )


def _correlated(rows: int, covariance: Any) -> RowErrors:
    matrix = np.asarray(covariance, dtype=float)
    if matrix.shape != (rows, rows) or not np.isfinite(matrix).all():
        raise InputError(
            f"covariance has shape {matrix.shape} but there are {rows} rows: give a finite "
            f"matrix of shape ({rows}, {rows})."
        )
    if not np.allclose(matrix, matrix.T, rtol=1e-8, atol=0):
        raise InputError("covariance is not symmetric: give the covariance matrix of the rows.")
    try:
        triangle = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        raise InputError(
            "covariance is not positive definite: rows may not determine one another, and no "
            "variance may be zero."
        ) from None
    return RowErrors(1.0 / np.sqrt(np.diag(matrix)), triangle, absolute=True)
