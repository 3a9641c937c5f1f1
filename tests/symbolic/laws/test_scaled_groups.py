"""A function of some inputs scaled by others is found part by part."""

from dataclasses import replace

import numpy as np
import pytest

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws import groups_of_inputs, sums_of_parts
from kansym.symbolic.laws.checking import is_exact
from kansym.symbolic.laws.proposing import OF_GROUPS
from kansym.symbolic.laws.scaled_groups import ScaledGroups
from tests.drawn_rows import drawn_rows

LAWS = {
    "wave beside a line": (lambda a, b: 2 * a - b * np.cos(3.6 * a), 2),
    "product that changes sign": (lambda a, b: (b**2 - 3.5) * np.cos(a + np.log(a)), 2),
    "quotient with an offset": (lambda a, b, c: np.exp(-a) + a**2 * b / (c + 1.4), 3),
}


@pytest.mark.parametrize("name", LAWS)
def test_the_law_of_every_part_is_found(name, monkeypatch):
    monkeypatch.setattr(groups_of_inputs, "_SECONDS", 60.0)  # on a busy machine, too
    monkeypatch.setattr(sums_of_parts, "_REFINING", 60.0)
    rows = drawn_rows(*LAWS[name])
    found = ScaledGroups(OF_GROUPS).propose(rows, Deadline.after(600))
    assert any(is_exact(law) for law in found)


def test_two_functions_that_are_scaled_apart_are_no_such_law():
    rows = drawn_rows(lambda a, b: a * np.exp(b) + np.sin(a) * b**2, 2)
    assert not list(ScaledGroups(()).propose(rows, Deadline.after(60)))


def test_rows_with_noise_are_left_to_others():
    exact = drawn_rows(*LAWS["wave beside a line"])
    rows = replace(exact, noise=0.01)
    assert not list(ScaledGroups(()).propose(rows, Deadline.after(60)))
