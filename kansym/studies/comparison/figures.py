"""Figures of a comparison: each kind by itself, kinds in pairs, and how they were sized."""

from dataclasses import dataclass

from kansym.studies.intervals import Interval

__all__ = ["EQUAL_FIDELITY", "LEARNT", "KindSummary", "PairedDifference", "Sizes"]

LEARNT = 1e-3
"""Relative error on unused rows up to which a network counts as one that has learnt the law."""
EQUAL_FIDELITY = 0.999
"""R² on unused rows that both formulas must reach before their complexities are compared."""


@dataclass(frozen=True)
class KindSummary:
    """Figures of one kind of network, read in one way, at one level of noise.

    Attributes
    ----------
    kind, noise, reading : what is summed up.
    runs, failed : numbers of runs, and of those that came to nothing (they count as not recovered).
    recovered : share of problems whose formula is found; None if no problem has one.
    symbolic, numerical : the same by algebra alone and by the numerical check alone.
    strict : the same by the published rule, without any refit.
    where_learnt : the same among runs whose network has an error below 1e-3 of the spread.
    network_error, formula_error : median root-mean-square error on unused rows over the spread of
        the output, of the network and of the formula.
    fidelity_error : the same of the formula against the network.
    gradient_error : median relative error of the network's gradient.
    complexity : median bits of the formula.
    parameters : median number.
    train_seconds, extract_seconds : of training and of reading, medians.
    stable : share of pairs of seeds that gave a formula of the same form; None for one seed.
    """

    kind: str
    noise: float
    reading: str
    runs: int
    failed: int
    recovered: Interval | None
    symbolic: Interval | None
    numerical: Interval | None
    strict: Interval | None
    where_learnt: Interval | None
    network_error: Interval | None
    formula_error: Interval | None
    fidelity_error: Interval | None
    gradient_error: Interval | None
    complexity: Interval | None
    parameters: Interval | None
    train_seconds: Interval | None
    extract_seconds: Interval | None
    stable: Interval | None


@dataclass(frozen=True)
class PairedDifference:
    """Two kinds, or two readings of one kind, on the same problems, seeds and noise.

    Attributes
    ----------
    first, second, noise : the kinds (with their readings, if these differ), and the noise.
    reading : of both; empty if the readings are what differs.
    recovery : share recovered by the first minus that by the second.
    both, only_first, only_second, neither : numbers of runs.
    complexity : bits of the first formula minus those of the second (median), where both reach
        R² 0.999 on unused rows.
    gradient : base-10 logarithm of the ratio of gradient errors, first over second (median).
    seconds : base-10 logarithm of the ratio of times to train and extract (median).
    """

    first: str
    second: str
    noise: float
    reading: str
    recovery: Interval | None
    both: int
    only_first: int
    only_second: int
    neither: int
    complexity: Interval | None
    gradient: Interval | None
    seconds: Interval | None


@dataclass(frozen=True)
class Sizes:
    """What the sizes of MLPs were chosen by, in numbers of runs.

    Attributes
    ----------
    parameters : as many parameters as the KAN.
    accuracy : widened to be as accurate as the KAN.
    reached : of these, as accurate as it in the end.
    """

    parameters: int
    accuracy: int
    reached: int
