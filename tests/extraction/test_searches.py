"""Searches for several outputs at a time."""

from typing import Any

import joblib
import numpy as np
import pytest

import kansym
from kansym.extraction import searches
from kansym.extraction.searches import SearchOutcome, every_output, processes
from kansym.extraction.weights_reading import INTERRUPTED
from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError
from kansym.shared.status import Status
from tests.planted_results import planted_result

X = np.random.default_rng(0).uniform(1, 2, (600, 2))
Y = np.stack([X[:, 0] * X[:, 1], X[:, 0] / X[:, 1] ** 2], axis=1)


def test_outputs_searched_together_have_the_laws_that_they_have_one_by_one():
    one_by_one = kansym.discover(X, Y)
    with joblib.parallel_config(backend="sequential"):
        together = kansym.discover(X, Y, n_jobs=2)
    laws = [[formula.expr for formula in found.result.formulas] for found in (one_by_one, together)]
    assert laws[0] == laws[1]
    assert together.origins == one_by_one.origins


@pytest.mark.slow
def test_processes_hand_their_laws_back():
    found = kansym.discover(X, Y, seconds=20, n_jobs=2)
    assert [str(formula.expr) for formula in found.result.formulas] == ["x1*x2", "x1/x2**2"]


@pytest.mark.parametrize("n_jobs", [0, 1.5, True, "all"])
def test_a_number_of_processes_that_is_none_is_refused(n_jobs):
    with pytest.raises(InputError, match="n_jobs="):
        processes(n_jobs)


def test_a_row_at_a_pole_is_left_out_and_said():
    x = np.linspace(0, 2, 401)[:, None]
    with np.errstate(divide="ignore"):
        y = 1 / (x[:, 0] - 1)
    found = kansym.discover(x, y)
    assert str(found.result.expr) == "1/(x1 - 1)"
    (finding,) = [one for one in found.result.status if one.status is Status.OUTSIDE_DOMAIN]
    assert "1 of 401 rows" in finding.detail
    with pytest.raises(InputError, match="not finite"):
        kansym.discover(x, np.full(401, np.inf), seconds=1)


def test_an_interrupt_before_a_search_has_anything_keeps_what_others_found(monkeypatch):
    asked: list[tuple[int, bool]] = []

    def searched(*, number: int, seconds: float, tell: Any) -> SearchOutcome:
        asked.append((number, seconds > 0))
        if asked[-1] == (1, True):
            raise KeyboardInterrupt
        return SearchOutcome(None, planted_result(), (number,), False)

    def search_for(number: int, seconds: float) -> dict[str, Any]:
        return {"number": number, "seconds": seconds}

    monkeypatch.setattr(searches, "searched", searched)
    found = every_output(search_for, 3, 1, Deadline.after(60), lambda *_: None)
    assert [one.attempts for one in found] == [(0,), (1,), (2,)]
    assert asked == [(0, True), (1, True), (1, False), (2, False)]
    assert INTERRUPTED in found[1].result.status
