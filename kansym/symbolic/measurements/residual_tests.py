"""Is the residual noise? Runs, trends, shape and single rows, each told in words.

References
----------
J. von Neumann, Distribution of the ratio of the mean square successive difference to the variance,
doi:10.1214/aoms/1177731677.
M. A. Stephens, EDF statistics for goodness of fit and some comparisons,
doi:10.1080/01621459.1974.10480196.
"""

import math
from collections.abc import Mapping

import numpy as np
from scipy import special

from kansym.shared.status import Finding, Status

__all__ = ["normality", "outlying_rows", "residual_findings", "serial_pattern", "spread_trend"]

_LEAST_ROWS = 8
"""Rows below which a test of the residual's pattern could hardly reject anything."""
_REJECTED = 0.002
"""p-value, after counting the tests, below which a finding is made: one table in 500 by chance."""
_OUTLYING = 0.01


def serial_pattern(residuals: np.ndarray) -> float:
    """p-value that successive residuals are independent, against a slow pattern.

    The mean square successive difference over the variance is normal around 2.

    Examples
    --------
    >>> noise = np.random.default_rng(3).normal(size=50)
    >>> serial_pattern(noise) > 0.05, serial_pattern(np.sin(np.linspace(0, 6, 50))) < 1e-6
    (True, True)
    """
    n = len(residuals)
    centred = residuals - residuals.mean()
    total = float(np.dot(centred, centred))
    if n < _LEAST_ROWS or total <= 0:
        return 1.0
    ratio = float(np.dot(np.diff(centred), np.diff(centred))) / total
    z = (1.0 - ratio / 2.0) * math.sqrt((n * n - 1.0) / (n - 2.0))
    return float(special.ndtr(-z))


def normality(residuals: np.ndarray) -> float:
    """p-value of Anderson and Darling's test, mean and variance estimated.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> normality(rng.normal(size=200)) > 0.05, normality(rng.standard_cauchy(200)) < 1e-3
    (True, True)
    """
    n = len(residuals)
    spread = float(np.std(residuals, ddof=1)) if n > 1 else 0.0
    if n < _LEAST_ROWS or spread <= 0:
        return 1.0
    u = np.clip(special.ndtr(np.sort(residuals - residuals.mean()) / spread), 1e-300, 1 - 1e-16)
    k = np.arange(1, n + 1)
    a = -n - float(np.mean((2 * k - 1) * (np.log(u) + np.log1p(-u[::-1]))))
    a *= 1 + 0.75 / n + 2.25 / n**2
    if a >= 0.6:
        p = math.exp(min(1.2937 - 5.709 * a + 0.0186 * a * a, 0.0)) if a < 13 else 0.0
    elif a > 0.34:
        p = math.exp(0.9177 - 4.279 * a - 1.38 * a * a)
    else:
        p = 1.0
    return float(min(p, 1.0))


def spread_trend(residuals: np.ndarray, column: np.ndarray) -> tuple[float, float]:
    """Rank correlation of the residual's size with an input, and its p-value.

    Examples
    --------
    >>> x = np.linspace(1, 2, 100)
    >>> noise = np.random.default_rng(2).normal(size=100)
    >>> spread_trend(noise * np.exp(3 * x), x)[1] < 1e-6
    True
    """
    n = len(residuals)
    if n < _LEAST_ROWS or np.ptp(column) == 0:
        return 0.0, 1.0
    sizes, places = _ranks(np.abs(residuals)), _ranks(column)
    spread = float(np.std(sizes) * np.std(places))
    if spread == 0:
        return 0.0, 1.0
    r = float(np.mean((sizes - sizes.mean()) * (places - places.mean()))) / spread
    t = r * math.sqrt((n - 2) / max(1 - r * r, 1e-12))
    return r, float(2 * special.stdtr(n - 2, -abs(t)))


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks, equal values sharing theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2.0)[place]


def outlying_rows(
    residuals: np.ndarray, leverage: np.ndarray, freedom: int, *, known: bool
) -> list[tuple[int, float]]:
    """Rows that noise does not explain, with their distances in standard errors.

    Externally studentised residuals, each against Student's t (or the normal distribution if the
    errors are known), the level divided by the number of rows.

    Parameters
    ----------
    residuals : in units of their errors, up to a factor unless ``known``.
    leverage : diagonal of the hat matrix.
    freedom : degrees of freedom.
    known : whether the errors are absolute.
    """
    n = len(residuals)
    if freedom < 3:
        return []
    left = np.sqrt(np.maximum(1.0 - leverage, 1e-12))
    rss = float(np.dot(residuals, residuals))
    if known:
        t = residuals / left
        tails = 2 * special.ndtr(-np.abs(t))
    else:
        without = np.maximum(rss - (residuals / left) ** 2, 1e-300) / (freedom - 1)
        t = residuals / left / np.sqrt(without)
        tails = 2 * special.stdtr(freedom - 1, -np.abs(t))
    # A row that alone determines a constant has no residual of its own.
    odd = np.flatnonzero((tails * n < _OUTLYING) & (leverage < 1 - 1e-9))
    return [(int(i), float(t[i])) for i in odd[np.argsort(-np.abs(t[odd]))]]


def residual_findings(
    residuals: np.ndarray, columns: Mapping[str, np.ndarray], where: str = "residual"
) -> list[Finding]:
    """What in the residual is not noise, in words.

    Parameters
    ----------
    residuals : in units of their errors, shape (rows,).
    columns : the inputs by name.
    where : what the findings are about.
    """
    n = len(residuals)
    if n < _LEAST_ROWS or not np.isfinite(residuals).all() or not np.any(residuals):
        return []
    # One column of the order of the rows, then every input twice: pattern and spread.
    level = _REJECTED / (2 + 2 * len(columns))
    found = []
    order = [("the order of the rows", np.arange(n))]
    order += [(name, column) for name, column in columns.items()]
    for name, column in order:
        sequence, count = _in_order(residuals, column)
        p = serial_pattern(sequence)
        if p < level:
            found.append(
                f"neighbouring residuals along {name} have the same sign too often "
                f"(p = {p:.0e}, {count} places)"
            )
            break
    for name, column in columns.items():
        r, p = spread_trend(residuals, column)
        if p < level:
            found.append(f"the scatter {'grows' if r > 0 else 'falls'} with {name} (p = {p:.0e})")
    p = normality(residuals)
    if p < level:
        found.append(f"the residuals are not normally distributed (p = {p:.0e})")
    return [Finding(Status.RESIDUAL_PATTERN, where, "; ".join(found))] if found else []


def _in_order(residuals: np.ndarray, column: np.ndarray) -> tuple[np.ndarray, int]:
    """Residuals along a column; rows of the same level are one place, by their mean."""
    levels, place, counts = np.unique(column, return_inverse=True, return_counts=True)
    sums = np.bincount(place, weights=residuals, minlength=len(levels))
    return sums / np.sqrt(counts), len(levels)
