"""Sums of products of functions of two groups of inputs are found by the spaces of these."""

from dataclasses import replace

import numpy as np
import pytest

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws import groups_of_inputs, separable_sums, sums_of_parts
from kansym.symbolic.laws.checking import is_exact
from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.proposing import OF_GROUPS
from kansym.symbolic.laws.separable_sums import SeparableSums
from tests.drawn_rows import drawn_rows

LAWS = {
    "two of two inputs": (lambda a, b: np.exp(a) * np.sqrt(b) + np.sin(2 * a) / b, 2),
    "three with a constant": (lambda a, b: (a**2 - np.sin(b)) ** 2 - np.log(a) * np.sin(b), 2),
    "plain in one group each": (
        lambda a, b, c: a**2 / (c + np.sin(b)) + a**3 * np.exp(np.cos(a)) * c * np.exp(b), 3,
    ),
}  # fmt: skip
NAMES = tuple("abc")


def rows_of(name: str) -> Rows:
    return drawn_rows(*LAWS[name])


@pytest.mark.parametrize("name", LAWS)
def test_every_function_of_the_sum_is_found(name, monkeypatch):
    monkeypatch.setattr(groups_of_inputs, "_SECONDS", 60.0)  # on a busy machine, too
    monkeypatch.setattr(separable_sums, "MOST_SECONDS", 600.0)
    monkeypatch.setattr(sums_of_parts, "_REFINING", 60.0)
    found = SeparableSums(OF_GROUPS).propose(rows_of(name), Deadline.after(600))
    assert any(is_exact(law) for law in found)


def test_a_function_of_full_rank_is_no_such_sum():
    X = np.random.default_rng(0).uniform(1, 3, (700, 2))
    rows = Rows(X, np.exp(np.sin(3 * X[:, 0] * X[:, 1])), NAMES[:2])
    assert not list(SeparableSums(()).propose(rows, Deadline.after(60)))


def test_rows_with_noise_are_left_to_others():
    rows = replace(rows_of("two of two inputs"), noise=0.01)
    assert not list(SeparableSums(()).propose(rows, Deadline.after(60)))
