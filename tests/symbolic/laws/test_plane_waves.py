"""Waves whose phase is a sum of terms with any weights are found, and what scales them."""

from dataclasses import replace

import numpy as np
import pytest

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws import groups_of_inputs, sums_of_parts
from kansym.symbolic.laws.checking import is_exact
from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.plane_waves import PlaneWaves
from kansym.symbolic.laws.proposing import OF_GROUPS
from tests.drawn_rows import drawn_rows

LAWS = {
    "one that runs and decays": (
        lambda a, b: np.exp(-a / 2) * np.sin(17.3 * a - 15.1 * b + 0.4), 2,
    ),
    "of a product and a quotient": (
        lambda a, b, c, d: a + d * np.sin(4.1 * a * b + 3.3 * c / d), 4,
    ),
    "of four inputs": (lambda a, b, c, d: b * c * np.cos(3 * a - 4.7 * b + 2.2 * c - 5 * d), 4),
}  # fmt: skip
NAMES = tuple("abcd")


def rows_of(name: str) -> Rows:
    return drawn_rows(*LAWS[name])


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    monkeypatch.setattr(groups_of_inputs, "_SECONDS", 60.0)  # on a busy machine, too
    monkeypatch.setattr(sums_of_parts, "_REFINING", 60.0)


@pytest.mark.parametrize("name", LAWS)
def test_the_phase_and_what_scales_the_wave_are_found(name):
    found = PlaneWaves(OF_GROUPS).propose(rows_of(name), Deadline.after(600))
    assert any(is_exact(law) for law in found)


def test_a_slow_wave_is_sought_if_asked_for():
    X = np.random.default_rng(0).uniform(1, 3, (700, 3))
    y = np.cos(3.46 * X[:, 0] / X[:, 2] + 0.96 * X[:, 1] + 3.46 * X[:, 2])
    rows = Rows(X, y, NAMES[:3])
    assert not list(PlaneWaves(OF_GROUPS).propose(rows, Deadline.after(60)))
    found = PlaneWaves(OF_GROUPS, slow=True).propose(rows, Deadline.after(600))
    assert any(is_exact(law) for law in found)


def test_a_wave_with_a_phase_is_one_sine():
    found = PlaneWaves(OF_GROUPS).propose(rows_of("one that runs and decays"), Deadline.after(600))
    law = next(law for law in found if is_exact(law))
    assert len(law.expr.args) == 2
    assert "cos" not in str(law.expr)


def test_rows_with_noise_are_left_to_others():
    rows = replace(rows_of("of four inputs"), noise=0.01)
    assert not list(PlaneWaves(()).propose(rows, Deadline.after(60)))


def test_columns_may_have_any_name():
    rows = replace(rows_of("one that runs and decays"), names=("weight0", "offset"))
    found = PlaneWaves(OF_GROUPS).propose(rows, Deadline.after(600))
    assert any(is_exact(law) for law in found)
