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
from kansym.symbolic.fitting.fit import fit_curves
from tests.clock import at_most
from tests.zoo import draw_kan, rows


def test_candidates_are_left_untried_when_the_time_has_come():
    x = np.linspace(1.0, 2.0, 60)[None]
    asked = iter([False, False, True])
    fits = fit_curves(x, np.sin(3 * x), stop=lambda: next(asked))[0]
    assert {fit.candidate.name for fit in fits} == {"x", "x^2", "x^3"}


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
