"""From a minimum to its last digits on all rows, with the factor that the covariance needs.

Rows pass in blocks, so memory does not grow with their number. Where residuals are 1e-13 of the
data, double precision has only their first digits: small tables are worked in long doubles, and
their numbers taken for the decimals that they were written as. On platforms whose long double is a
double that changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from kansym.shared.row_errors import RowErrors
from kansym.symbolic.measurements.given_formula import GivenFormula

__all__ = ["Polished", "householder", "polished"]

MOST_CELLS = 50_000
"""Rows times constants beyond which double precision has to do: long doubles have no BLAS."""
BLOCK = 50_000
_STEPS = 12
_HALVINGS = 8
_GAIN = 1e-6
"""Share of the sum of squares that a step gains where the minimum is still away."""


@dataclass(frozen=True)
class Polished:
    """A minimum.

    Attributes
    ----------
    constants : of the formula, in order.
    rss : sum of the squared residuals in units of their errors.
    factor : triangular factor of the Jacobian, whose columns were divided by ``norms``.
    ended : whether a further step would gain next to nothing.
    """

    constants: np.ndarray
    rss: float
    factor: np.ndarray
    norms: np.ndarray
    ended: bool


def householder(matrix: np.ndarray) -> np.ndarray:
    """Upper triangular factor R of a matrix by reflections, in the precision of the matrix.

    Examples
    --------
    >>> matrix = np.array([[3.0, 1.0], [4.0, 2.0], [0.0, 2.0]])
    >>> r = householder(matrix)
    >>> bool(np.allclose(r.T @ r, matrix.T @ matrix))
    True
    """
    matrix = matrix.copy()
    for k in range(min(matrix.shape[1], len(matrix))):
        v = matrix[k:, k].copy()
        length = np.sqrt((v * v).sum())
        if length == 0:
            continue
        v[0] += length if v[0] >= 0 else -length
        v = v / np.sqrt((v * v).sum())
        matrix[k:, k:] -= 2 * np.outer(v, (v[:, None] * matrix[k:, k:]).sum(axis=0))
    return np.triu(matrix[: matrix.shape[1]])


def polished(formula: GivenFormula, errors: RowErrors, constants: np.ndarray) -> Polished:
    """Steps of Gauss and Newton's from near a minimum, as long as they lead down.

    Parameters
    ----------
    formula : with all rows.
    errors : of independent rows.
    constants : near a minimum.
    """
    small = len(formula.y) * max(1, len(constants)) <= MOST_CELLS
    work = _Rows(formula, errors, np.longdouble if small else np.float64)
    try:
        triangle = work.triangle(constants.astype(work.wide))
    except TypeError:  # special functions are computed in double precision only
        work = _Rows(formula, errors, np.float64)
        triangle = work.triangle(constants)
    at = constants.astype(work.wide)
    for _ in range(_STEPS):
        step = _step(triangle)
        for _ in range(_HALVINGS):
            trial = work.triangle(at + step)
            if _rss(trial) < _rss(triangle):
                break
            step = step / 2
        else:
            break
        little = _rss(triangle) - _rss(trial) <= 4 * np.finfo(work.wide).eps * _rss(triangle)
        at, triangle = at + step, trial
        if little:
            break
    factor = triangle[:-1, :-1]
    norms = np.sqrt((factor * factor).sum(axis=0))
    norms[norms == 0] = 1
    return Polished(
        at.astype(float),
        float(_rss(triangle)),
        (factor / norms).astype(float),
        norms.astype(float),
        bool(_rss(triangle) - triangle[-1, -1] ** 2 <= _GAIN * _rss(triangle)),
    )


class _Rows:
    """The rows in blocks, in some precision."""

    def __init__(self, formula: GivenFormula, errors: RowErrors, wide: Any) -> None:
        self.formula, self.errors, self.wide = formula, errors, wide
        as_wide = _decimals if wide is np.longdouble else np.asarray
        self.y = as_wide(formula.y)
        self.columns = {name: as_wide(column) for name, column in formula.columns.items()}

    def triangle(self, constants: np.ndarray) -> np.ndarray:
        """Triangular factor of the Jacobian with the residuals as its last column."""
        size = len(constants) + 1
        found = np.zeros((size, size), dtype=self.wide)
        for block in self._blocks(constants):
            stacked = np.vstack([found, block])
            if not np.isfinite(stacked).all():
                return np.full((size, size), np.inf)
            wide = self.wide is np.longdouble
            found = householder(stacked) if wide else np.asarray(np.linalg.qr(stacked, mode="r"))
        return found

    def _blocks(self, constants: np.ndarray) -> Iterator[np.ndarray]:
        named = dict(zip(self.formula.free, constants, strict=True))
        for first in range(0, len(self.formula.y), BLOCK):
            rows = slice(first, first + BLOCK)
            y = self.y[rows]
            given = {**{name: column[rows] for name, column in self.columns.items()}, **named}
            _, slopes = self.formula.tape.slopes(given, self.formula.free)
            left = np.broadcast_to(self.formula.tape(given), y.shape) - y
            both = np.stack([np.broadcast_to(s, y.shape) for s in (*slopes, left)], axis=1)
            yield both * self.errors.inverse[rows, None]


def _decimals(column: np.ndarray) -> np.ndarray:
    """The shortest decimals that these doubles stand for, as long doubles."""
    return np.array([np.longdouble(repr(value)) for value in column.tolist()])


def _rss(triangle: np.ndarray) -> Any:
    return triangle[-1, -1] ** 2 + (triangle[:-1, -1] ** 2).sum()


def _step(triangle: np.ndarray) -> np.ndarray:
    """Solution of the linear problem, columns scaled; nothing along what is not determined."""
    factor, along = triangle[:-1, :-1], triangle[:-1, -1]
    norms = np.sqrt((factor * factor).sum(axis=0))
    norms[norms == 0] = 1
    scaled = factor / norms
    step = np.zeros(len(along), dtype=triangle.dtype)
    tiny = np.sqrt(np.finfo(float).eps) * 1e-5
    for k in range(len(step) - 1, -1, -1):
        rest = along[k] + (scaled[k, k + 1 :] * step[k + 1 :]).sum()
        step[k] = -rest / scaled[k, k] if abs(scaled[k, k]) > tiny else 0
    return step / norms
