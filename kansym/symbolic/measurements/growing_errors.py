"""Rows whose errors grow with the measured value, as those of a reading to so many per cent do."""

from collections.abc import Sequence

import numpy as np

from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.measurements.formula_fit import FormulaFit
from kansym.symbolic.measurements.refitting import refitted
from kansym.symbolic.measurements.row_errors import RowErrors
from kansym.symbolic.measurements.simple_laws import constants_bits

__all__ = ["growing_errors"]

_LEAST_ROWS = 8
"""Rows below which the scatter says too little about itself."""
_RANGE = 2.0
"""Ratio of largest to smallest value from which on it matters."""
_CLEAR = 6.0
"""Bits by which errors in proportion must win: odds of 64 to 1."""
_TRIED, _ROUNDS = 12, 2
"""Laws that are tried, and fits of each: errors are those of the fit before."""
_NOISE = 0.5
"""Relative error of a row beyond which it is misfit, not noise."""


def growing_errors(fits: Sequence[FormulaFit], X: np.ndarray, y: np.ndarray) -> Formula | None:
    """The law in proportion to which the errors of the rows are; None if they are not.

    The likelihood decides: n/2 log2(chi2/n) plus the binary logarithms of the errors, those of the
    best law with equal errors against those of the best law with errors in proportion, constants
    counted.

    Parameters
    ----------
    fits : laws with equal errors, likeliest first.
    X, y : the rows (rows, inputs), (rows,).

    Examples
    --------
    >>> import kansym
    >>> x = np.linspace(1, 10, 30)
    >>> y = x**3 * (1 + 0.03 * np.random.default_rng(0).normal(size=30))
    >>> print(growing_errors([kansym.fit_formula("a*x**3", {"x": x}, y)], x[:, None], y))
    0.99636*x**3
    """
    size = np.abs(y)
    if len(y) < _LEAST_ROWS or not fits or np.ptp(np.sign(y)) > 0 or size.min() == 0:
        return None
    if size.max() < _RANGE * size.min():
        return None
    equal = min(_bits(fit, y, np.ones(len(y))) for fit in fits[:_TRIED])
    best, least = None, equal - _CLEAR
    for fit in fits[:_TRIED]:
        found = _in_proportion(fit.formula, X, y)
        if found is not None and _bits(found[0], y, found[1]) < least:
            best, least = found[0].formula, _bits(found[0], y, found[1])
    return best


def _in_proportion(
    formula: Formula, X: np.ndarray, y: np.ndarray
) -> tuple[FormulaFit, np.ndarray] | None:
    """A law fitted with errors in proportion to itself, and those; None if it is no law of y."""
    size, fit = np.abs(y), None
    for _ in range(_ROUNDS):
        try:
            with np.errstate(all="ignore"):
                fit = refitted(formula, X, y, RowErrors(1.0 / size), exact=False)
                size = np.abs(fit.formula.numpy(*X.T))
        except (np.linalg.LinAlgError, ArithmeticError):
            return None
        if not np.isfinite(fit.chi2) or not np.isfinite(size).all() or size.min() == 0:
            return None
    if fit is None or np.max(np.abs(fit.residuals) / size) > _NOISE:
        return None
    return fit, size


def _bits(fit: FormulaFit, y: np.ndarray, errors: np.ndarray) -> float:
    """What is said by a fit about the rows, in bits."""
    n = len(y)
    mean = float(np.mean((fit.residuals / errors) ** 2))
    data = n / 2 * np.log2(max(mean, 1e-300)) + float(np.sum(np.log2(errors)))
    return data + constants_bits(len(fit.free), n)
