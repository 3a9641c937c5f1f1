"""What formulas leave over of measured rows, and whether that is noise."""

import numpy as np

from kansym.extraction.agreement import predicted
from kansym.neural.training.residual_noise import nothing_left
from kansym.symbolic.choosing.judge import Judge
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.measurements.residual_tests import serial_pattern

__all__ = ["leaves_noise"]

CHANCE = 0.01
"""p-value of patterns along all inputs together below which they are none of chance."""


def leaves_noise(formulas: tuple[Formula, ...], judge: Judge) -> bool:
    """Whether the residual of one output has no pattern along any input, nor among neighbours."""
    residual = (judge.y - predicted(formulas, judge.X)) / judge.scale
    if not np.isfinite(residual).all():
        return False
    patterns = [serial_pattern(residual[np.argsort(x), 0]) for x in judge.X.T]
    return min(patterns) * len(patterns) > CHANCE and nothing_left(judge.X, residual[:, 0])
