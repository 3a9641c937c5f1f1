"""Waves that polynomials do not show are found by their arguments; what is beside is named."""

from dataclasses import replace

import numpy as np
import pytest

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws import groups_of_inputs, sums_of_parts
from kansym.symbolic.laws.checking import is_exact
from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.proposing import OF_GROUPS
from kansym.symbolic.laws.quick_waves import QuickWaves
from tests.drawn_rows import drawn_rows

NAMES = tuple("abcd")
LAWS = {
    "beside a smooth function": (lambda a, b, c, d: a / (d + 2) + np.sin(a * b**2 * c), 4),
    "with a phase that varies": (lambda a, b, c: np.cos(a**3 * b**2 - c) + b, 3),
    "of a measured frequency, under 1/y": (
        lambda a, b, c: c / (3 + np.sin(4.3 * a * b) + np.cos(0.4 * a)), 3,
    ),
}  # fmt: skip


def rows_of(name: str, rows: int = 700) -> Rows:
    return drawn_rows(*LAWS[name], count=rows, high=3.5)


@pytest.mark.parametrize("name", LAWS)
def test_the_wave_and_what_is_beside_it_are_found(name, monkeypatch):
    monkeypatch.setattr(groups_of_inputs, "_SECONDS", 60.0)  # on a busy machine, too
    monkeypatch.setattr(sums_of_parts, "_REFINING", 60.0)
    found = QuickWaves(OF_GROUPS).propose(rows_of(name), Deadline.after(600))
    assert any(is_exact(law) for law in found)


def test_a_smooth_law_is_left_to_others():
    X = np.random.default_rng(0).uniform(1, 3, (400, 2))
    rows = Rows(X, np.exp(X[:, 0]) / X[:, 1], NAMES[:2])
    assert not list(QuickWaves(()).propose(rows, Deadline.after(60)))


def test_rows_without_a_law_have_no_wave():
    rng = np.random.default_rng(1)
    rows = Rows(rng.uniform(1, 3, (400, 3)), rng.normal(size=400), NAMES[:3])
    assert not list(QuickWaves(OF_GROUPS).propose(rows, Deadline.after(60)))


def test_rows_with_noise_are_left_to_others():
    rows = replace(rows_of("with a phase that varies"), noise=0.01)
    assert not list(QuickWaves(()).propose(rows, Deadline.after(60)))
