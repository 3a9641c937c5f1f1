"""Functions of one linear combination of inputs, or of one product of real powers, with noise."""

import numpy as np
import pytest

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws import single_index
from kansym.symbolic.laws.checking import length, values_of
from kansym.symbolic.laws.single_index import SingleIndex
from tests.drawn_rows import noisy_rows


@pytest.fixture(autouse=True)
def _time_enough(monkeypatch):
    """For a busy machine, too."""
    monkeypatch.setattr(single_index, "_SECONDS", 600.0)
    monkeypatch.setattr(single_index, "_REFINING", 600.0)


LAWS = {
    "logistic": (lambda a, b: 1 / (1 + np.exp(3.1 - 1.7 * a - 0.6 * b)), 2),
    "saturation": (lambda a, b, c: 4 * (1 - np.exp(-0.4 * a - 0.9 * b + 0.2 * c)), 3),
    "logarithm": (lambda a, b: 0.3 * np.log(a + 0.28 * b) - 2, 2),
    "real power": (lambda a, b: (0.4 + 0.7 * a + 0.25 * b) ** 1.7, 2),
    "wave": (lambda a, b, c: 1 + 2.5 * np.sin(0.9 * a + 2.3 * b - 1.1 * c), 3),
    "product of real powers": (lambda a, b: 5 / (1 + 0.6 * a**1.3 / b**2.1), 2),
    "one input does nothing": (lambda a, b, c: np.exp(0.31 * a - 0.84 * c), 3),
}


@pytest.mark.parametrize("name", LAWS)
def test_the_law_comes_within_a_small_part_of_the_noise(name):
    (law, inputs), noise = LAWS[name], 0.01
    rows = noisy_rows(law, inputs, noise, 300)
    found = list(SingleIndex().propose(rows, Deadline.after(600)))
    best = min(found, key=lambda each: length(each, rows))
    fresh = noisy_rows(law, inputs, 0.0, 300, seed=5)
    missed = values_of(best.expr, best.start, fresh) - fresh.y
    assert np.sqrt(np.mean(missed**2)) < 0.4 * noise * rows.spread


def test_what_is_no_function_of_one_combination_is_left_to_others():
    rows = noisy_rows(lambda a, b, c: a * np.exp(-b) + c**2 / b, 3, 0.01, 400)
    assert not list(SingleIndex().propose(rows, Deadline.after(20)))


def test_plain_weights_are_tried_as_numbers():
    rows = noisy_rows(lambda a, b: 3 * np.exp(-0.7 * (a - 2 * b)), 2, 0.01, 300)
    found = list(SingleIndex().propose(rows, Deadline.after(600)))
    best = min(found, key=lambda each: length(each, rows))
    assert len(best.start) == 2
