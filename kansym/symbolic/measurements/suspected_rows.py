"""Rows that contradict all others: a slip of the pen, a wrong unit, a bumped table.

A curve that is straight in its constants, on plain, logarithmic or reciprocal paper, is fitted to
the rows again and again, each time without the row that is farthest off it.
"""

from collections.abc import Iterator

import numpy as np

from kansym.shared.row_errors import RowErrors
from kansym.symbolic.measurements.counts import are_counts
from kansym.symbolic.measurements.residual_tests import outlying_rows

__all__ = ["suspected_rows"]

_LEAST_ROWS, _SHARE = 8, 0.125
"""Rows below which none can be told from the others, and the share that may be suspected."""
_DISTANCE = 6.0
"""Standard errors that a row must be off: 5 are common in curves that are not quite right."""
_EXPLAINED = 0.98
"""Share of the variance of the other rows that the curve has to explain."""
_FREEDOM = 4
_PARAMETER_BITS = 0.5


def suspected_rows(X: np.ndarray, y: np.ndarray, errors: RowErrors) -> tuple[int, ...]:
    """Rows, in order, that one of the curves cannot explain while it explains all others.

    Parameters
    ----------
    X, y, errors : the rows (rows, inputs), (rows,), and their errors.

    Examples
    --------
    >>> x = np.arange(1.0, 13)
    >>> y = 3 * x + 0.02 * np.random.default_rng(0).normal(size=12)
    >>> y[4] *= 1.5
    >>> suspected_rows(x[:, None], y, RowErrors(np.ones(12)))
    (4,)
    """
    if len(y) < _LEAST_ROWS:
        return ()
    best, least = (), np.inf
    for columns, values, slope in _curves(X, y):
        # Errors of y are those of the values over the slope of the paper.
        weight = np.ones(len(y)) if slope is not None else errors.inverse
        rows, left = _farthest(columns * weight[:, None], values * weight)
        left = left / weight if slope is None else left / slope
        if are_counts(y) and any(abs(left[i]) < _DISTANCE * np.sqrt(max(y[i], 1.0)) for i in rows):
            rows = ()  # counts scatter by their square roots at least
        kept = np.setdiff1d(np.arange(len(y)), rows)
        bits = len(kept) / 2 * np.log2(max(float(np.mean(left[kept] ** 2)), 1e-300))
        bits += _PARAMETER_BITS * columns.shape[1] * np.log2(len(y))
        bits += len(rows) * (np.log2(np.ptp(y)) + np.log2(len(y)))
        if bits < least:
            best, least = rows, bits
    return best


def _curves(
    X: np.ndarray, y: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
    """Columns, values on some paper, and the slope of the paper at every row."""
    papers: list[tuple[np.ndarray, np.ndarray | None]] = [(y, None)]
    if np.ptp(np.sign(y)) == 0 and y.all():
        papers += [(np.log(np.abs(y)), 1 / np.abs(y)), (1 / y, 1 / y**2)]
    one = np.ones((len(y), 1))
    varying = X[:, np.ptp(X, axis=0) > 0]
    if not varying.shape[1]:
        return
    bases = [np.hstack([varying, one])]
    if (varying > 0).all():
        bases += [np.hstack([np.log(varying), one]), np.hstack([1 / varying, one])]
    if varying.shape[1] == 1:
        x = varying / np.abs(varying).max()
        bases += [x, np.hstack([x**2, x, one]), np.hstack([x**3, x**2, x, one])]
    for values, slope in papers:
        yield from ((columns, values, slope) for columns in bases)


def _farthest(columns: np.ndarray, values: np.ndarray) -> tuple[tuple[int, ...], np.ndarray]:
    """Rows without which the others lie on the curve, and all residuals; no rows if they do not."""
    n = len(values)
    kept, gone = np.arange(n), list[int]()
    most = max(1, int(_SHARE * n))
    whole = _residuals(columns, values)[0]
    while True:
        left, leverage = _residuals(columns[kept], values[kept])
        freedom = len(kept) - columns.shape[1]
        if freedom < _FREEDOM:
            return (), whole
        odd = outlying_rows(left, leverage, freedom, known=False)
        if not odd or abs(odd[0][1]) < _DISTANCE:
            break
        if len(gone) == most:
            return (), whole
        gone.append(int(kept[odd[0][0]]))
        kept = np.delete(kept, odd[0][0])
    factors, *_ = np.linalg.lstsq(columns[kept], values[kept], rcond=None)
    left = values - columns @ factors
    spread = float(np.sum((values[kept] - values[kept].mean()) ** 2))
    if float(left[kept] @ left[kept]) > (1 - _EXPLAINED) * spread:
        return (), whole
    return tuple(sorted(gone)), left


def _residuals(columns: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Residuals of the least squares and the diagonal of the hat matrix."""
    u, s, _ = np.linalg.svd(columns, full_matrices=False)
    u = u[:, s > 1e-12 * s[0]]
    return values - u @ (u.T @ values), (u**2).sum(axis=1)
