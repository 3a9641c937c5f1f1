"""Trigonometric polynomials: products of sines and cosines of sums, however they are written."""

import numpy as np
import pytest

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import values_of
from kansym.symbolic.laws.harmonics import Harmonics
from kansym.symbolic.laws.law import Rows

LAWS = {
    "two polarisers": lambda a, b: np.cos(a) ** 2 * np.cos(b - a) ** 2,
    "a grating": lambda a, b: (np.sin(4 * a) / np.sin(a)) ** 2 + 0 * b,
    "with a factor": lambda a, b: b * np.sin(a) ** 3 - 2 * np.cos(a) + 0.7,
}


@pytest.mark.parametrize("name", LAWS)
def test_a_trigonometric_polynomial_is_found(name):
    X = np.random.default_rng(0).uniform(0.2, 3.0, (300, 2))
    rows, fresh = Rows(X, LAWS[name](*X.T), ("a", "b")), X[::-1] * 0.9
    (law,) = Harmonics().propose(rows, Deadline.after(20))
    there = Rows(fresh, LAWS[name](*fresh.T), ("a", "b"))
    assert values_of(law.expr, law.start, there) == pytest.approx(there.y, abs=1e-9)


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_other_rows_have_none(noise):
    X = np.random.default_rng(0).uniform(0.2, 3.0, (300, 2))
    rows = Rows(X, X[:, 0] ** 2 / (1 + X[:, 1]), ("a", "b"), noise)
    assert not list(Harmonics().propose(rows, Deadline.after(20)))
