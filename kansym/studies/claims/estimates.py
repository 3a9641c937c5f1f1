"""Estimates over runs with 95 % confidence intervals, each as an `Estimate`."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import Float
from scipy import stats

from kansym.studies.claims.claim import Estimate
from kansym.studies.intervals import resampled

__all__ = [
    "bootstrap", "geometric_mean", "largest", "mean", "median", "proportion", "several", "slope",
    "spread", "times",
]  # fmt: skip


def mean(name: str, values: Sequence[float], group: str = "") -> Estimate:
    """Arithmetic mean with Student's interval; no interval for a single run.

    Examples
    --------
    >>> print(mean("x", [1.0, 2.0, 3.0]))
    x: 2 (-0.484 to 4.48, 3 runs)
    """
    array = np.asarray(values, dtype=float)
    centre, n = float(array.mean()), len(array)
    if n < 2:
        return Estimate(name, centre, runs=n, group=group)
    half = float(stats.t.ppf(0.975, n - 1) * array.std(ddof=1) / n**0.5)
    return Estimate(name, centre, centre - half, centre + half, n, group)


def geometric_mean(name: str, values: Sequence[float], group: str = "") -> Estimate:
    """Geometric mean of positive numbers, such as errors, with the interval of the logarithms.

    Examples
    --------
    >>> round(geometric_mean("x", [0.1, 10.0]).value, 12)
    1.0
    """
    logarithms = mean(name, np.log10(np.maximum(values, 1e-300)).tolist(), group)
    if logarithms.low is None or logarithms.high is None:
        return Estimate(name, 10**logarithms.value, runs=logarithms.runs, group=group)
    # Two runs can leave an interval that no float holds.
    low, high = 10 ** np.clip([logarithms.low, logarithms.high], -300, 300)
    return Estimate(name, 10**logarithms.value, float(low), float(high), logarithms.runs, group)


def times(name: str, these: Sequence[float], those: Sequence[float], group: str = "") -> Estimate:
    """How many times larger these numbers are than those, run by run: a paired comparison."""
    ratios = np.maximum(these, 1e-300) / np.maximum(those, 1e-300)
    return geometric_mean(name, ratios.tolist(), group)


def proportion(name: str, successes: int, runs: int, group: str = "") -> Estimate:
    """Share of successes in per cent with Wilson's interval.

    E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209, doi:10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> print(proportion("solved (%)", 5, 10))
    solved (%): 50 (23.7 to 76.3, 10 runs)
    """
    interval = stats.binomtest(successes, runs).proportion_ci(0.95, "wilson")
    low, high = 100 * float(interval.low), 100 * float(interval.high)
    return Estimate(name, 100 * successes / runs, low, high, runs, group)


def bootstrap(
    name: str,
    runs: int,
    statistic: Callable[[np.ndarray], np.ndarray],
    group: str = "",
) -> Estimate:
    """Any statistic of the runs, with percentiles over resampled runs.

    Parameters
    ----------
    runs : number of independent runs.
    statistic : values (...) for the runs at positions (..., runs), some of them several times.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 4.0])
    >>> bootstrap("largest", 3, lambda positions: x[positions].max(-1)).value
    4.0
    """
    value = float(statistic(np.arange(runs)))
    if runs < 3:
        return Estimate(name, value, runs=runs, group=group)

    def along(positions: np.ndarray, axis: int = -1) -> np.ndarray:
        return statistic(np.moveaxis(positions, axis, -1))

    return Estimate(name, value, *resampled(along, np.arange(runs)), runs, group)


def median(name: str, values: Sequence[float], group: str = "") -> Estimate:
    """Median with its bootstrap interval, for numbers of very different sizes.

    Examples
    --------
    >>> median("x", [1e-16, 0.1, 0.2]).value
    0.1
    """
    array = np.asarray(values, dtype=float)
    return bootstrap(name, len(array), lambda runs: np.median(array[runs], -1), group)


def largest(name: str, values: Sequence[float], group: str = "") -> Estimate:
    """The worst case over all runs, which has no interval."""
    return Estimate(name, float(np.max(values)), runs=len(values), group=group)


def several(
    estimate: Callable[..., Estimate], figures: Mapping[str, Sequence[float]], group: str = ""
) -> list[Estimate]:
    """Estimates of one kind for the values under each name, as rows of one table.

    Examples
    --------
    >>> [figure.value for figure in several(mean, {"a": [1.0, 3.0], "b": [5.0]})]
    [2.0, 5.0]
    """
    return [estimate(name, values, group) for name, values in figures.items()]


def slope(x: Sequence[float], y: Sequence[float]) -> float:
    """Slope of log10(y) against log10(x), by least squares.

    Examples
    --------
    >>> round(slope([1.0, 10.0, 100.0], [1.0, 1e-3, 1e-6]), 12)
    -3.0
    """
    return float(np.polyfit(np.log10(x), np.log10(np.maximum(y, 1e-300)), 1)[0])


def spread(errors: Float[np.ndarray, "*several runs"]) -> Float[np.ndarray, "*several"]:
    """Standard deviation of the logarithms of errors over runs, in decades.

    Examples
    --------
    >>> spread(np.array([0.1, 10.0])).round(3)
    np.float64(1.414)
    """
    return np.log10(np.maximum(errors, 1e-300)).std(-1, ddof=1)
