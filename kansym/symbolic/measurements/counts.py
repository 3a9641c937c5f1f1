"""Counts: the formula is the mean of Poisson's distribution, or a binomial's probability.

Minus twice the logarithm of the likelihood over that of the best possible one, the deviance, is a
sum of squares of signed roots, so that it is least where those squares are.

References
----------
P. McCullagh, J. A. Nelder, Generalized Linear Models, 2nd edition, section 2.3,
doi:10.1201/9780203753736.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import xlogy

from kansym.shared.errors import InputError
from kansym.shared.row_errors import RowErrors, per_row
from kansym.symbolic.measurements.given_formula import GivenFormula

__all__ = ["CountMisfit", "are_counts", "count_errors", "count_misfit"]

_NEAR = 1e-4
"""Relative distance of mean and count below which a root of the deviance is a plain difference."""

_LARGE = 20
"""Largest of whole numbers from which on they may be counts whose scatter grows."""


def are_counts(y: np.ndarray) -> bool:
    """Whether values may be counts, some of them large.

    Examples
    --------
    >>> are_counts(np.array([40.0, 31, 7])), are_counts(np.array([0.0, 1, 1]))
    (True, False)
    """
    return bool(np.all(y >= 0) and np.all(y % 1 == 0) and y.max() >= _LARGE)


@dataclass(frozen=True, eq=False)
class CountMisfit:
    """Signed roots of the deviance of each row.

    Attributes
    ----------
    formula : its y are counts; it gives their mean, or the probability of each trial.
    trials : of each row (rows,), for a binomial; None for Poisson's distribution.
    """

    formula: GivenFormula
    trials: np.ndarray | None = None

    def _mean(self, constants: np.ndarray) -> np.ndarray:
        value = self.formula.predicted(constants)
        return value if self.trials is None else value * self.trials

    def _possible(self, mean: np.ndarray) -> bool:
        below = self.trials is None or bool((mean < self.trials).all())
        return bool(np.isfinite(mean).all()) and below and bool((mean > 0).all())

    def residuals(self, constants: np.ndarray) -> np.ndarray:
        mean, y = self._mean(constants), self.formula.y
        if not self._possible(mean):
            return np.full(len(y), np.inf)
        half = xlogy(y, y / mean) - (y - mean)
        if self.trials is not None:
            left, missed = self.trials - y, self.trials - mean
            half = xlogy(y, y / mean) + xlogy(left, left / missed)
        rough = np.sign(mean - y) * np.sqrt(2 * np.maximum(half, 0.0))
        near = np.abs(mean - y) < _NEAR * mean
        return np.where(near, (mean - y) / np.sqrt(self._variance(mean)), rough)

    def jacobian(self, constants: np.ndarray) -> np.ndarray:
        mean = self._mean(constants)
        variance = np.maximum(self._variance(mean), 1e-300)
        r = self.residuals(constants)
        near = np.abs(mean - self.formula.y) < _NEAR * np.abs(mean)
        with np.errstate(all="ignore"):
            slope = np.where(near, 1 / np.sqrt(variance), (mean - self.formula.y) / (variance * r))
        return self._slopes(constants) * slope[:, None]

    def expected(self, constants: np.ndarray) -> np.ndarray:
        """Slopes whose products are the information that such rows carry (Fisher's)."""
        variance = np.maximum(self._variance(self._mean(constants)), 1e-300)
        return self._slopes(constants) / np.sqrt(variance)[:, None]

    def _slopes(self, constants: np.ndarray) -> np.ndarray:
        slopes = self.formula.slopes(constants)
        return slopes if self.trials is None else slopes * self.trials[:, None]

    def _variance(self, mean: np.ndarray) -> np.ndarray:
        """Of counts of such a mean."""
        return mean if self.trials is None else mean * (1 - mean / self.trials)


def count_misfit(formula: GivenFormula, loss: str, trials: Any) -> CountMisfit:
    """Check that the values are counts.

    Raises
    ------
    InputError
        For values that are none, and trials that do not go with them.
    """
    y = formula.y
    bad = np.flatnonzero((y < 0) | (y != np.round(y)))
    if len(bad):
        raise InputError(
            f"loss={loss!r} takes counts, but y is {y[bad[0]]:g} in row {bad[0]}: give whole "
            "numbers from zero on, and multiply the formula by the time or the exposure instead."
        )
    if loss == "poisson":
        if trials is not None:
            raise InputError("trials= goes with loss='binomial': Poisson's counts have none.")
        return CountMisfit(formula)
    if trials is None:
        raise InputError("loss='binomial' needs trials=: how many there were in each row, or all.")
    number = per_row(len(y), trials, "trials")
    over = np.flatnonzero((y > number) | (number < 1))
    if len(over):
        row = over[0]
        raise InputError(
            f"Row {row} has {y[row]:g} of {number[row]:g} trials: give at least as many."
        )
    return CountMisfit(formula, number)


def count_errors(misfit: CountMisfit) -> RowErrors:
    """Errors of the values that the formula gives, from the counts themselves, to start from."""
    y = misfit.formula.y
    if misfit.trials is None:
        return RowErrors(1 / np.sqrt(np.maximum(y, 1.0)), absolute=True)
    share = (y + 0.5) / (misfit.trials + 1)
    return RowErrors(np.sqrt(misfit.trials / (share * (1 - share))), absolute=True)
