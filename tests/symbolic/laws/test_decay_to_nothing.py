"""Rows in which y is too small for a number say nothing of a law; zeros among others do."""

import numpy as np

from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.proposing import relevant

X = np.random.default_rng(0).uniform(1, 4, (300, 2))


def test_rows_that_decayed_to_nothing_are_left_out():
    y = np.exp(-X[:, 0] * np.exp(2.1 * X[:, 1]))
    kept = relevant(Rows(X, y, ("a", "b")))
    assert (y == 0).any()
    assert 0 < len(kept.y) < len(y)
    assert kept.y.min() >= 1e-300


def test_zeros_beside_numbers_of_usual_size_stay():
    rows = Rows(X, np.maximum(X[:, 0] - 2, 0.0), ("a", "b"))
    assert relevant(rows) is rows
