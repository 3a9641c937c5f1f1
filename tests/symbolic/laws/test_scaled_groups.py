"""A function of some inputs scaled by others is found part by part."""

from dataclasses import replace

import numpy as np
import pytest

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws import groups_of_inputs, sums_of_parts
from kansym.symbolic.laws.checking import is_exact
from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.proposing import OF_GROUPS
from kansym.symbolic.laws.scaled_groups import ScaledGroups

LAWS = {
    "wave beside a line": (lambda a, b: 2 * a - b * np.cos(3.6 * a), 2),
    "product that changes sign": (lambda a, b: (b**2 - 3.5) * np.cos(a + np.log(a)), 2),
    "quotient with an offset": (lambda a, b, c: np.exp(-a) + a**2 * b / (c + 1.4), 3),
}
NAMES = tuple("abc")


def rows_of(law, inputs: int) -> Rows:
    X = np.random.default_rng(0).uniform(1, 3, (700, inputs))
    return Rows(X, law(*X.T), NAMES[:inputs])


@pytest.mark.parametrize("name", LAWS)
def test_the_law_of_every_part_is_found(name, monkeypatch):
    monkeypatch.setattr(groups_of_inputs, "_SECONDS", 60.0)  # on a busy machine, too
    monkeypatch.setattr(sums_of_parts, "_REFINING", 60.0)
    rows = rows_of(*LAWS[name])
    found = ScaledGroups(OF_GROUPS).propose(rows, Deadline.after(600))
    assert any(is_exact(law) for law in found)


def test_two_functions_that_are_scaled_apart_are_no_such_law():
    rows = rows_of(lambda a, b: a * np.exp(b) + np.sin(a) * b**2, 2)
    assert not list(ScaledGroups(()).propose(rows, Deadline.after(60)))


def test_rows_with_noise_are_left_to_others():
    exact = rows_of(*LAWS["wave beside a line"])
    rows = replace(exact, noise=0.01)
    assert not list(ScaledGroups(()).propose(rows, Deadline.after(60)))
