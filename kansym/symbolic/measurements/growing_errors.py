"""Rows whose errors grow with the value: readings to so many per cent, and counts, by its root."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy.spatial import cKDTree

from kansym.shared.deadline import Deadline
from kansym.shared.row_errors import RowErrors
from kansym.shared.status import Finding, Status
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.laws.columns import exponents_up_to
from kansym.symbolic.laws.smooth import noise_level
from kansym.symbolic.measurements.counts import are_counts
from kansym.symbolic.measurements.description_length import constants_bits, form_bits
from kansym.symbolic.measurements.formula_fit import FormulaFit
from kansym.symbolic.measurements.refitting import refitted_form

__all__ = ["ROUNDING", "growing_errors", "proportional_scatter", "scatter_finding", "weights_of"]

ROUNDING = 1e-12
"""Error over the largest value that exact rows have."""
_LEAST_ROWS = 7
"""Rows below which the scatter says too little about itself."""
_RANGE = 2.0
"""Ratio of largest to smallest value from which on it matters."""
_CLEAR = 6.0
"""Bits by which errors in proportion must win: odds of 64 to 1."""
_TRIED, _ROUNDS = 12, 2
"""Laws that are tried, and fits of each: errors are those of the fit before."""
_ROWS_A_TERM = 10
"""Rows for every term of a polynomial that shows how many rows scatter."""
_ALIKE = 0.5
"""Correlation of neighbouring residuals above which they are misfit more than noise."""
_NOISE = 0.5
"""Relative error of a row beyond which it is misfit, not noise."""


def growing_errors(
    fits: Sequence[FormulaFit],
    X: np.ndarray,
    y: np.ndarray,
    until: Deadline | None = None,
    charge: Callable[[Formula], float] = lambda _: 0.0,
) -> tuple[Formula, float] | None:
    """The law, and its power, that the errors of the rows are proportional to; None if equal.

    The likelihood decides: n/2 log2(chi2/n) plus the binary logarithms of the errors, those of the
    best law with equal errors against those of the best law with growing errors, constants
    and forms counted. Whole numbers may be counts, whose errors are square roots.

    Parameters
    ----------
    fits : laws with equal errors, likeliest first.
    X, y : the rows (rows, inputs), (rows,).
    until : when to judge by the laws so far.
    charge : bits that a law costs beside its constants and its form.

    Examples
    --------
    >>> import kansym
    >>> x = np.linspace(1, 10, 30)
    >>> y = x**3 * (1 + 0.03 * np.random.default_rng(0).normal(size=30))
    >>> law, power = growing_errors([kansym.fit_formula("a*x**3", {"x": x}, y)], x[:, None], y)
    >>> print(law, power)
    0.99636*x**3 1.0
    """
    if len(y) < _LEAST_ROWS or not fits or np.ptp(np.sign(y[y != 0])) > 0:
        return None
    size = np.abs(y)
    powers = [1.0] if size.min() > 0 else []
    powers += [0.5] if are_counts(y) else []
    if size.max() < _RANGE * size.min():
        return None
    fits, ones = fits[:_TRIED], np.ones(len(y))
    charges = [charge(fit.formula) for fit in fits]
    bits = [_bits(fit, ones) + more for fit, more in zip(fits, charges, strict=True)]
    equal = fits[int(np.argmin(bits))]
    if any(np.abs(fit.residuals).max() < ROUNDING * size.max() for fit in fits):
        return None  # rounding grows with y as well
    others = np.arange(len(y)) != np.argmax(np.abs(equal.residuals))
    best, least = None, min(bits) - _CLEAR
    for fit, more in zip(fits, charges, strict=True):
        if until is not None and until.passed:
            break
        for power in powers:
            found = _in_proportion(fit.formula, X, y, power)
            if found is None or (length := _bits(*found) + more) >= least:
                continue
            if _bits(*found, others) < _bits(equal, ones, others):  # not by a single row
                best, least = (found[0].formula, power), length
    return best


def proportional_scatter(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float] | None:
    """Weights of many rows that scatter in proportion to y, and their noise; None if they do not.

    The noise is over the spread of y, both weighted.

    Polynomials in the inputs, or in their logarithms, for log y; the likelihood of what they leave
    decides between errors that are equal and those that grow with y. It is noise where polynomials
    of higher degree leave as much.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = 10 ** rng.uniform(0, 3, 400)
    >>> y = x**0.7 + x / 20
    >>> found = proportional_scatter(x[:, None], y * np.exp(0.2 * rng.normal(size=400)))
    >>> bool(np.abs(np.log(found[0] * (y / y.max()) ** 2)).max() < 0.5)
    True
    >>> proportional_scatter(x[:, None], y + 0.3 * rng.normal(size=400)) is None
    True
    """
    size = np.abs(y)
    varying = np.ptp(X, axis=0) > 0
    one_sign = size.all() and np.ptp(np.sign(y)) == 0
    if not one_sign or size.max() < _RANGE * size.min() or not varying.any():
        return None
    logs = np.where(X.min(axis=0) > 0, np.log(np.maximum(X, 1e-300)), X)[:, varying]
    spread = logs.std(axis=0)
    z = (logs - logs.mean(axis=0)) / spread
    degree = max(d for d in (1, 2, 3) if d == 1 or _fits_into(len(y), z.shape[1], d))
    terms = exponents_up_to(z.shape[1], degree)
    columns = np.stack([np.prod(z[:, row > 0] ** row[row > 0], axis=1) for row in terms])
    middle = np.exp(columns.T @ np.linalg.lstsq(columns.T, np.log(size), rcond=None)[0])
    left, n = size - middle, len(y)
    ratio = np.log(size / middle)
    beside = ratio[cKDTree(z).query(z, k=2)[1][:, 1]]
    if np.sqrt(np.mean(ratio**2)) > _NOISE or ratio @ beside > _ALIKE * (ratio @ ratio):
        return None
    equal = n / 2 * np.log2(np.mean(left**2))
    growing = n / 2 * np.log2(np.mean((left / middle) ** 2)) + float(np.sum(np.log2(middle)))
    if growing + _CLEAR > equal or not noise_level(X[:, varying], np.log(size)):
        return None  # what one polynomial leaves of an exact law grows with y as well
    weights = (middle / middle.max()) ** -2.0
    spread = np.sqrt(np.cov(y, aweights=weights, bias=True))
    return weights, float(np.sqrt(np.average(left**2, weights=weights)) / spread)


def _fits_into(rows: int, inputs: int, degree: int) -> bool:
    """Whether a polynomial has few terms beside the rows."""
    return _ROWS_A_TERM * math.comb(inputs + degree, degree) <= rows


def weights_of(law: Formula, power: float, X: np.ndarray) -> np.ndarray:
    """Weights of rows whose errors are proportional to a power of a law, 1 at the largest."""
    size = np.abs(law.predict(X)) ** power
    return (size / size.max()) ** -2.0


def scatter_finding(y: np.ndarray, values: np.ndarray, power: float) -> Finding:
    """What is said about errors that were taken to grow with the values of a law."""
    share = float(np.sqrt(np.mean(((y - values) / np.abs(values) ** power) ** 2)))
    detail = f"about {100 * share:.2g} % of y"
    if power != 1:
        detail = f"about {share:.2g} times the square root of y, as in counts"
    return Finding(Status.RELATIVE_ERRORS, "rows", detail)


def _in_proportion(
    formula: Formula, X: np.ndarray, y: np.ndarray, power: float
) -> tuple[FormulaFit, np.ndarray] | None:
    """A law fitted with errors as a power of itself, and those; None if it is no law of y."""
    # An empty count is no certain one.
    size, fit = (np.abs(y) if power == 1 else np.maximum(y, 1.0)) ** power, None
    value = size
    for _ in range(_ROUNDS):
        fit = refitted_form(formula, X, y, RowErrors(1.0 / size))
        if fit is None:
            return None
        with np.errstate(all="ignore"):
            value = np.abs(fit.formula.numpy(*X.T))
            size = value**power
        if not np.isfinite(size).all() or size.min() == 0:
            return None
    if fit is None or (power == 1 and np.max(np.abs(fit.residuals) / value) > _NOISE):
        return None
    return fit, size


def _bits(fit: FormulaFit, errors: np.ndarray, kept: np.ndarray | slice = slice(None)) -> float:
    """What is said by a fit about the rows, or those that are kept, in bits."""
    left, errors = fit.residuals[kept], errors[kept]
    n = len(left)
    mean = float(np.mean((left / errors) ** 2))
    data = n / 2 * np.log2(max(mean, 1e-300)) + float(np.sum(np.log2(errors)))
    # The size of the errors is a number as well.
    return data + constants_bits(len(fit.free) + 1, n) + form_bits(fit)
