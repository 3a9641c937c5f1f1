"""The budget of an extraction counts from its beginning and ends every part of it."""

import numpy as np
import pytest
import torch

from kansym import KAN, discover, extract
from kansym.extraction import last_fit
from kansym.extraction.last_fit import with_last_fits
from kansym.extraction.settings import Settings
from kansym.extraction.split import split_rows
from kansym.shared.bounded_time import within
from kansym.shared.deadline import Deadline
from kansym.shared.status import Status
from kansym.shared.tables import as_targets
from kansym.symbolic.constants.least_squares import minimise
from kansym.symbolic.fitting.fit import fit_curves
from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.proposing import propose
from tests.clock import at_most
from tests.zoo import draw_kan, rows


def test_candidates_are_left_untried_when_the_time_has_come():
    x = np.linspace(1.0, 2.0, 60)[None]
    asked = iter([False, False, True])
    fits = fit_curves(x, np.sin(3 * x), stop=lambda: next(asked))[0]
    assert {fit.candidate.name for fit in fits} == {"x", "x^2", "x^3"}


class Endless:
    """A source that never looks at the time."""

    name = "endless"

    def propose(self, rows, until):
        for _ in iter(int, 1):
            pass
        yield


def test_a_source_that_does_not_look_at_the_time_is_stopped():
    X = np.random.default_rng(0).uniform(1, 2, (50, 2))
    found = propose(Rows(X, X[:, 0], ("a", "b")), Deadline.after(0.2), [Endless()])
    assert list(found) == []


def test_no_factorisation_is_begun_that_takes_longer_than_is_left():
    A = np.random.default_rng(0).normal(size=(2000, 1000))
    given = (lambda x: A @ x - 1, lambda x: A, np.zeros(1000))
    assert minimise(*given, deadline=Deadline.after(1.5)).steps == 1


def test_many_outputs_are_read_by_their_weights_where_straight_lines_would_take_longer():
    X = rows(200, 2).numpy()
    found = extract(draw_kan([2, 2, 30]), X, budget=1.7, progress=False)
    assert [reading.kind for reading in found.provenance.readings][:1] == ["weights"]
    assert len(found.formulas) == 30


def test_errors_that_are_no_failures_pass_through():
    assert within(1.0, lambda: int("one"), 0) == 0
    with pytest.raises(ValueError, match="one"):
        within(1.0, lambda: int("one"), 0, failures=())


def test_after_the_time_is_up_no_constants_are_fitted_again(monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 2, (100, 1))
    y = 2 * X[:, 0] + 0.1 * rng.normal(size=100)
    found = discover(X, y, seconds=1, progress=False).result
    split = split_rows(None, X, as_targets(y, 100), None, Settings())
    later = Deadline.after(60.0)
    assert with_last_fits(split, found.formulas, found.front, "report", later)[2]
    monkeypatch.setattr(last_fit, "LEAST", 0.0)
    formulas, _, fits = with_last_fits(
        split, found.formulas, found.front, "report", Deadline.after(0.0)
    )
    assert formulas == found.formulas
    assert not fits


def products() -> KAN:
    """Products of wild factors of one sign, whose powers are searched for at length."""
    model = draw_kan([6, (0, 3), (0, 1)], seed=1)
    with torch.no_grad():
        for layer in model.kan_layers:
            layer.coef.copy_(1.5 + layer.coef.tanh())
            layer.bias.zero_()
    return model


def test_the_search_for_powers_of_products_is_part_of_the_budget():
    model, X = products(), rows(300, 6).numpy()
    with at_most(15.0):  # far more than is allowed, for slow machines; unbounded it takes a minute
        found = extract(model, X, reading="weights", budget=1.0, progress=False)
    assert Status.BUDGET_SPENT in {finding.status for finding in found.status}
