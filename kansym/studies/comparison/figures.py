"""Figures of a comparison: each kind by itself, kinds in pairs, and how they were sized."""

from dataclasses import dataclass

from kansym.studies.intervals import Interval

__all__ = ["EQUAL_FIDELITY", "KindSummary", "PairedDifference", "Sizes"]

EQUAL_FIDELITY = 0.999
"""R² on unused rows that both formulas must reach before their complexities are compared."""


@dataclass(frozen=True)
class KindSummary:
    """Figures of one kind of network at one level of noise.

    Attributes
    ----------
    kind, noise : what is summed up.
    runs, failed : numbers of runs, and of those that came to nothing (they count as not recovered).
    recovered : share of problems whose formula is found; None if no problem has one.
    symbolic, numerical : the same by SRBench's rule alone and by the numerical check alone.
    network_error, formula_error : median root-mean-square error on unused rows over the spread of
        the output, of the network and of the formula.
    fidelity_error : the same of the formula against the network.
    gradient_error : median relative error of the network's gradient.
    complexity : median bits of the formula.
    parameters : median number.
    train_seconds, extract_seconds : medians.
    stable : share of pairs of seeds that gave a formula of the same form; None for one seed.
    """

    kind: str
    noise: float
    runs: int
    failed: int
    recovered: Interval | None
    symbolic: Interval | None
    numerical: Interval | None
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
    """Two kinds on the same problems, seeds and noise.

    Attributes
    ----------
    first, second, noise : the kinds, and the level of noise.
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
