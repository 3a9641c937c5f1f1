"""Functions of two groups of inputs in noisy rows: sums, products, and one that scales another."""

import numpy as np
import pytest

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws import noisy_groups
from kansym.symbolic.laws.checking import length, values_of
from kansym.symbolic.laws.noisy_groups import NoisyGroups
from kansym.symbolic.laws.noisy_pairs import NoisyPairs
from kansym.symbolic.laws.single_index import SingleIndex
from tests.drawn_rows import noisy_rows

SOURCES = (SingleIndex(), NoisyPairs())


@pytest.fixture(autouse=True)
def _time_enough(monkeypatch):
    """For a busy machine, too."""
    monkeypatch.setattr(noisy_groups, "_ALL", 600.0)
    monkeypatch.setattr(noisy_groups, "_SECONDS", 600.0)
    monkeypatch.setattr(noisy_groups, "_REFINING", 600.0)


LAWS = {
    "sum of logarithms": (
        lambda a, b, c, d: 0.3 * np.log(a + 0.4 * b) - 0.3 * np.log(c + 0.2 * d),
        4,
    ),
    "wave that an input scales": (
        lambda a, b: np.cos(a) ** 2 + 0.5 * np.sin(2 * a) * np.cos(2.6 * b),
        2,
    ),
    "denominator": (lambda a, b: 1 / (1 + 0.7 * a**2 / (4 - a) ** 2 * (1 + np.sin(2 * b))), 2),
    "offset beside a product": (lambda a, b, c: 0.8 + a**2 * np.exp(-b / c), 3),
}


@pytest.mark.parametrize("name", LAWS)
def test_the_law_comes_within_a_part_of_the_noise(name):
    law, inputs = LAWS[name]
    rows = noisy_rows(law, inputs, 0.01, 400)
    found = list(NoisyGroups(SOURCES).propose(rows, Deadline.after(600)))
    best = min(found, key=lambda each: length(each, rows))
    fresh = noisy_rows(law, inputs, 0.0, 300, seed=5)
    missed = values_of(best.expr, best.start, fresh) - fresh.y
    assert np.sqrt(np.mean(missed**2)) < 0.5 * 0.01 * rows.spread


def test_what_has_no_groups_is_left_to_others():
    rows = noisy_rows(lambda a, b: np.sin(3 * a * b) / (a + b), 2, 0.01, 400)
    assert not list(NoisyGroups(SOURCES).propose(rows, Deadline.after(20)))
