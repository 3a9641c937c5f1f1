"""The minimum of a misfit to its last digits, with the covariance around it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special

from kansym.shared.row_errors import RowErrors
from kansym.symbolic.measurements.constant_errors import ConstantErrors, constant_errors
from kansym.symbolic.measurements.counts import CountMisfit
from kansym.symbolic.measurements.given_formula import GivenFormula
from kansym.symbolic.measurements.last_digits import BLOCK, Polished, polished
from kansym.symbolic.measurements.misfit import DownWeighted, Misfit, RowMisfit
from kansym.symbolic.measurements.residual_tests import outlying_rows
from kansym.symbolic.measurements.robust_loss import huber_fit, huber_variance
from kansym.symbolic.measurements.search import (
    SEARCH_ROWS,
    Bounds,
    LocalMinimum,
    Pinned,
    bounds_of,
    cost,
    local_minimum,
)

__all__ = ["Minimum", "minimum_at", "one_of_many"]

_OUTLYING = 0.01
"""Chance that noise makes a row of a table count as an outlier."""
_TOLD_APART = 2_000
"""Rows on which it is seen which constants only count together."""


@dataclass(frozen=True, eq=False)
class Minimum:
    """The constants of least misfit and the shape of the misfit around them.

    Attributes
    ----------
    formula, misfit, bounds : what was fitted.
    found : the constants.
    chi2 : sum of the squared residuals in units of their errors.
    variance : of the residuals in these units; 1 if the errors are absolute, nan if unknown.
    errors : covariance for a variance of 1, and what cannot be told apart.
    absolute : whether the errors of the rows were given.
    outlying : rows that noise does not explain, with their distances in standard errors.
    """

    formula: GivenFormula
    misfit: Misfit
    found: LocalMinimum
    chi2: float
    variance: float
    errors: ConstantErrors
    bounds: Bounds
    absolute: bool
    outlying: tuple[tuple[int, float], ...]

    @property
    def freedom(self) -> int:
        """Rows less constants that are free to move."""
        return len(self.formula.y) - int((~self.found.active).sum())

    @property
    def quantile_freedom(self) -> float:
        """Degrees of freedom behind the variance of the rows, infinite if it was given."""
        return math.inf if self.absolute else float(self.freedom)


def one_of_many(
    formula: GivenFormula,
    rows: RowErrors,
    misfit: Misfit,
    found: LocalMinimum,
    first: Mapping[str, float],
    bounds: Bounds,
) -> LocalMinimum:
    """Of constants that only count together, one stays where it began: any value would do."""
    slopes = _misfit_of_few(formula, rows, _TOLD_APART).jacobian(found.constants)
    if not np.isfinite(slopes).all():
        return found
    groups = constant_errors(*_factor(slopes)).inseparable
    kept = np.array([group[-1] for group in groups if len(group) > 1], dtype=int)
    if not len(kept):
        return found
    free = np.setdiff1d(np.arange(len(found.constants)), kept)
    start = found.constants.copy()
    start[kept] = [first.get(formula.free[i], 1.0) for i in kept]
    others = Bounds(bounds.low[free], bounds.high[free])
    pinned = Pinned(misfit, start, free)
    inner = local_minimum(pinned, start[free], others)
    if not cost(pinned, inner.constants) <= cost(misfit, found.constants) * (1 + 1e-6):
        return found
    start[free] = inner.constants
    active = np.zeros(len(start), dtype=bool)
    active[free] = inner.active
    return LocalMinimum(start, inner.converged, active)


def minimum_at(
    formula: GivenFormula,
    rows: RowErrors,
    misfit: Misfit,
    found: LocalMinimum,
    bounds: Bounds,
    loss: str,
) -> Minimum:
    """The minimum to its last digits with the covariance around it, and outlying rows."""
    scale = 1.0
    count = int((~found.active).sum())
    freedom = len(formula.y) - count
    whole = misfit
    if loss == "huber":
        found, shares, scale = huber_fit(misfit, found, bounds, absolute=rows.absolute)
        whole = DownWeighted(misfit, np.sqrt(shares))
        slopes = misfit.jacobian(found.constants)[:, ~found.active]
        factor, norms = _factor(slopes)
        chi2 = cost(misfit, found.constants)
    elif type(misfit) is RowMisfit and rows.triangle is None:
        free = formula.with_fixed(
            {n: v for n, v, a in zip(formula.free, found.constants, found.active, strict=True) if a}
        )
        end = _polished(free, rows, found.constants[~found.active])
        constants = found.constants.copy()
        constants[~found.active] = end.constants
        if bounds.hold(constants):
            found = LocalMinimum(constants, found.converged, found.active)
        chi2, factor, norms = end.rss, end.factor, end.norms
    else:
        counts = isinstance(misfit, CountMisfit)
        slopes = (misfit.expected if counts else misfit.jacobian)(found.constants)
        factor, norms = _factor(slopes[:, ~found.active])
        chi2 = cost(misfit, found.constants)
    errors = constant_errors(factor, norms)
    residuals = misfit.residuals(found.constants)
    if loss == "huber":
        variance = huber_variance(residuals, scale, freedom)
        outlying = _beyond(residuals / scale) if scale > 0 else []
    else:
        least = _rounding(formula.y, rows)
        variance = 1.0 if rows.absolute else max(chi2, least) / freedom if freedom > 0 else math.nan
        outlying = []
        if len(residuals) <= BLOCK:
            slopes = misfit.jacobian(found.constants)[:, ~found.active]
            outlying = outlying_rows(residuals, _leverage(slopes), freedom, known=rows.absolute)
    whole_errors = _at_full_size(errors, found.active)
    return Minimum(
        formula, whole, found, chi2, variance, whole_errors, bounds, rows.absolute, tuple(outlying)
    )


def _polished(formula: GivenFormula, rows: RowErrors, constants: np.ndarray) -> Polished:
    """The last digits; where the minimum is still far, along a bent valley, downhill first."""
    end = polished(formula, rows, constants)
    if end.ended:
        return end
    few = _misfit_of_few(formula, rows, SEARCH_ROWS)
    lower = local_minimum(few, end.constants, bounds_of(None, formula.free))
    lowest = polished(formula, rows, lower.constants)
    return lowest if lowest.rss < end.rss else end


def _misfit_of_few(formula: GivenFormula, rows: RowErrors, most: int) -> RowMisfit:
    """The misfit of so many rows at most, evenly from all."""
    few = np.linspace(0, len(formula.y) - 1, min(len(formula.y), most)).astype(int)
    return RowMisfit(formula.of_rows(few), rows.of_rows(few))


def _rounding(y: np.ndarray, rows: RowErrors) -> float:
    """Sum of squares of the rounding errors of y."""
    return float(np.sum((np.finfo(float).eps * y * rows.inverse) ** 2)) / 12


def _factor(slopes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    norms = np.linalg.norm(slopes, axis=0)
    norms[norms == 0] = 1.0
    return np.asarray(np.linalg.qr(slopes / norms, mode="r")), norms


def _leverage(slopes: np.ndarray) -> np.ndarray:
    """Diagonal of the hat matrix."""
    norms = np.linalg.norm(slopes, axis=0)
    u, s, _ = np.linalg.svd(slopes / np.where(norms > 0, norms, 1.0), full_matrices=False)
    alive = s > 1e-10 * s[0] if len(s) else np.zeros(0, dtype=bool)
    return (u[:, alive] ** 2).sum(axis=1)


def _beyond(scaled: np.ndarray) -> list[tuple[int, float]]:
    """Rows so far away that noise puts none there in a hundred tables."""
    limit = float(-special.ndtri(_OUTLYING / 2 / len(scaled)))
    odd = np.flatnonzero(np.abs(scaled) > limit)
    return [(int(i), float(scaled[i])) for i in odd[np.argsort(-np.abs(scaled[odd]))]]


def _at_full_size(errors: ConstantErrors, active: np.ndarray) -> ConstantErrors:
    """With the constants that are at a bound, whose variance is unknown."""
    if not active.any():
        return errors
    free = np.flatnonzero(~active)
    covariance = np.full((len(active), len(active)), np.nan)
    covariance[np.ix_(free, free)] = errors.covariance
    groups = tuple(tuple(int(free[i]) for i in group) for group in errors.inseparable)
    return ConstantErrors(covariance, groups)
