"""Whether a law needs no other: it is exact, or plain and what it leaves over is noise."""

import numpy as np

from kansym.extraction.agreement import predicted
from kansym.extraction.attempt import Attempt
from kansym.extraction.plainness import is_plain
from kansym.neural.training.residual_noise import nothing_left
from kansym.symbolic.choosing.judge import Judge
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.measurements.residual_tests import serial_pattern

__all__ = ["EXACT", "NEAR", "PROMISING", "STRIKING", "is_enough"]

EXACT, ROUNDING, FEW = 1e-8, 1e-13, 3
"""Relative error of a formula on data without noise that is right; of one with more than a few
constants, which could be an approximation, only rounding may be left."""
MANY, EXPLAINED = 300, 0.5
"""Rows from which on what no formula explains may be a law that turns faster than they are dense,
and not noise; error, over the spread, of a formula that explains nearly nothing."""
PROMISING, NEAR = 1e-2, 5e-2
"""Error of a network that is read at once; of one whose shape a model shows, for the model's own
errors are of this size."""
AS_GOOD = 1.1
"""Error of a formula over that of the KAN it was read from, up to which nothing was lost."""
STRIKING, CERTAIN = 1e-3, 3.0
"""Error of a striking law, without measured numbers; what the last factor is for it: a network has
many, and follows the errors of the model as well."""
CHANCE = 0.01
"""p-value of patterns along all inputs together below which they are none of chance."""


def is_enough(attempt: Attempt, judge: Judge, inputs: int, attained: float) -> bool:
    """Whether a formula is exact, or plain and what it leaves over is noise.

    A model that judges has no noise: there it says as much as the KAN it was read from.

    Parameters
    ----------
    attempt : a law with its formula.
    judge, inputs : the rows, and how many inputs they have.
    attained : error of the best network so far.
    """
    best = attempt.best
    assert best is not None
    if not is_plain(best.complexity, inputs):
        return best.error < ROUNDING
    free = sum(c.exact is None for formula in best.formulas for c in formula.constants)
    if best.error < (EXACT if free <= FEW else ROUNDING):
        return True
    if judge.kind == "network":
        if attempt.model is not None:
            return best.error < AS_GOOD * attempt.error
        factor = CERTAIN if best.error < STRIKING else AS_GOOD
        return free == 0 and best.error < factor * attained < factor * PROMISING
    if len(judge.y) >= MANY and best.error > EXPLAINED:
        return False
    return _leaves_noise(best.formulas, judge)


def _leaves_noise(formulas: tuple[Formula, ...], judge: Judge) -> bool:
    """Whether the residual of one output has no pattern along any input, nor among neighbours."""
    residual = (judge.y - predicted(formulas, judge.X)) / judge.scale
    if not np.isfinite(residual).all():
        return False
    patterns = [serial_pattern(residual[np.argsort(x), 0]) for x in judge.X.T]
    return min(patterns) * len(patterns) > CHANCE and nothing_left(judge.X, residual[:, 0])
