"""Means over problems with their uncertainty.

Runs of one problem belong together (its seeds see the same formula), so problems are what is
resampled.

References
----------
B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993, doi:10.1201/9780429246593.
C. Clopper, E. Pearson, Biometrika 26 (1934) 404, doi:10.1093/biomet/26.4.404.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

__all__ = ["Interval", "mean_over_problems", "median_over_problems", "resampled"]

RESAMPLES = 4000
LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval.

    Attributes
    ----------
    value, low, high : the figure and the ends of the interval.
    problems, runs : what it rests on.
    """

    value: float
    low: float
    high: float
    problems: int
    runs: int

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of zero."""
        return self.low > 0 or self.high < 0


def mean_over_problems(
    values: Mapping[str, Sequence[float]],
    *,
    bounds: tuple[float, float] | None = None,
    seed: int = 0,
) -> Interval | None:
    """Mean over problems of the mean over their runs, with a bootstrap interval.

    Parameters
    ----------
    values : per problem, the values of its runs.
    bounds : between which all values lie: 0 and 1 for shares, -1 and 1 for their differences.
        Where all problems are equal, resampling shows no uncertainty at all; Clopper and Pearson's
        interval then says how many problems can be at either bound.
    seed : of the resampling.

    Examples
    --------
    >>> found = mean_over_problems({"a": [1, 1], "b": [0, 1], "c": [0, 0]}, bounds=(0, 1))
    >>> found.value, found.low < 0.5 < found.high
    (0.5, True)
    >>> round(mean_over_problems({"a": [1], "b": [1], "c": [1]}, bounds=(0, 1)).low, 3)
    0.292
    """
    means = np.array([np.mean(runs) for runs in values.values() if len(runs)])
    runs = sum(map(len, values.values()))
    if not len(means):
        return None
    if bounds is not None and np.ptp(means) == 0:
        unseen = stats.binomtest(0, len(means)).proportion_ci(LEVEL, "exact").high
        value = float(means[0])
        low, high = (value + (bound - value) * unseen for bound in bounds)
        return Interval(value, low, high, len(means), runs)
    low, high = resampled(np.mean, means, seed)
    return Interval(float(means.mean()), low, high, len(means), runs)


def median_over_problems(
    values: Mapping[str, Sequence[float]], *, seed: int = 0
) -> Interval | None:
    """Median over problems of the median over their runs, with a bootstrap interval.

    Examples
    --------
    >>> median_over_problems({"a": [1.0, 3.0], "b": [2.0], "c": [9.0]}).value
    2.0
    """
    medians = np.array([np.median(runs) for runs in values.values() if len(runs)])
    if not len(medians):
        return None
    low, high = resampled(np.median, medians, seed)
    runs = sum(map(len, values.values()))
    return Interval(float(np.median(medians)), low, high, len(medians), runs)


def resampled(
    statistic: Callable[..., np.ndarray], values: np.ndarray, seed: int = 0
) -> tuple[float, float]:
    """Ends of the percentile interval of a statistic over resampled values.

    Parameters
    ----------
    statistic : of values along ``axis``.
    values : at least two.
    seed : of the resampling.
    """
    if len(values) < 2:
        return float(values[0]), float(values[0])
    found = stats.bootstrap(
        (values,),
        statistic,
        n_resamples=RESAMPLES,
        confidence_level=LEVEL,
        method="percentile",
        rng=np.random.default_rng(seed),
    )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)
