"""Noisy rows: the front, the formula that is picked from it, and what is said about the rows."""

import numpy as np
import pandas as pd
import pytest

from kansym.extraction import extract
from kansym.extraction.discovery import discover
from kansym.neural.models.kan import KAN
from kansym.neural.training.training import train
from kansym.results.result import Extraction
from kansym.shared.errors import InputError
from kansym.shared.status import Status
from kansym.symbolic.measurements.formula_fitting import fit_formula

ROWS = pd.DataFrame({"x": np.linspace(0, 5, 20)})
NOISE = np.random.default_rng(4).normal(size=20)
LINE = 1 + 2 * ROWS["x"].to_numpy() + 0.3 * NOISE


@pytest.fixture(scope="module")
def model() -> KAN:
    model = KAN([1, 1], seed=0)
    train(model, ROWS, LINE, seconds=3, progress=False)
    return model


@pytest.fixture(scope="module")
def result(model) -> Extraction:
    return extract(model, ROWS, LINE, budget=8, progress=False)


def test_a_line_is_found_with_errors_and_without_a_warning(result):
    (formula,) = result.formulas
    assert formula.expr.as_poly().degree() == 1
    constants = sorted(formula.constants, key=lambda constant: constant.value)
    for constant, truth in zip(constants, (1, 2), strict=True):
        assert abs(constant.value - truth) < 4 * constant.stderr
    assert Status.LOW_FIDELITY not in {finding.status for finding in result.status}


def test_the_front_is_one_and_any_entry_may_be_picked(result):
    frame = result.front_frame()
    assert 2 <= len(frame) <= 15
    assert frame["selected"].sum() == 1
    assert (np.diff(frame["complexity"]) >= 0).all()
    assert frame["freedom"].iloc[0] == 19
    other = int(np.flatnonzero(~frame["selected"])[0])
    picked = result.pick(other)
    assert picked.front_frame()["selected"].tolist().index(True) == other
    assert str(picked.formulas[0]) == frame["formula"].iloc[other]
    again = Extraction.from_json(result.to_json())
    pd.testing.assert_frame_equal(again.front_frame(), frame)
    with pytest.raises(InputError, match="no place 99"):
        result.pick(99)


def test_errors_of_rows_weigh_and_give_chi2(model):
    sigma = np.full(20, 0.3)
    found = extract(model, ROWS, LINE, sigma=sigma, budget=1, progress=False)
    point = next(point for point in found.front if point.selected)
    assert 0.3 < (point.chi2 or 0.0) / (point.freedom or 1) < 2
    wrong = extract(model, ROWS, LINE, sigma=0.01 * sigma, budget=1, progress=False)
    assert Status.ERRORS_DISAGREE in {finding.status for finding in wrong.status}
    with pytest.raises(InputError, match="sigma is -1 in row 0"):
        extract(model, ROWS, LINE, sigma=-np.ones(20), progress=False)
    with pytest.raises(InputError, match="errors of y: give y"):
        extract(model, ROWS, sigma=sigma, progress=False)


def test_an_outlying_row_is_named(model):
    y = LINE.copy()
    y[7] += 5
    found = extract(model, ROWS, y, budget=3, progress=False)
    assert Status.OUTLYING_ROWS in {finding.status for finding in found.status}


@pytest.mark.parametrize(("row", "factor", "seconds"), [(8, 1.6, 2), (4, 0.001, 4)])
def test_a_row_that_contradicts_all_others_is_named_and_left_out(row, factor, seconds):
    """Given time, a quotient is found that is 3 U but for a pole and a zero at the row."""
    x = np.linspace(0.7, 9.8, 14)
    y = 3 * x + 0.02 * np.random.default_rng(0).normal(size=14)
    y[row] *= factor
    found = discover({"U": x}, y, seconds=seconds, progress=False).result
    assert found.expr.subs({"U": 1}) == pytest.approx(3, rel=0.01)
    (said,) = [f for f in found.status if f.status is Status.ROWS_LEFT_OUT]
    assert f"row {row} by" in said.detail
    assert found.data is not None
    assert len(found.data) == 14  # pictures show it all the same


def test_a_result_is_fitted_again_to_its_rows(result):
    fit = result.refit(profile=True)
    again = fit_formula(result.formulas[0], ROWS, LINE)
    assert fit.values == pytest.approx(again.values)
    low, high = next(iter(fit.intervals.values()))
    assert low < next(iter(fit.values.values())) < high
    y = LINE.copy()
    y[7] += 5
    found = discover(ROWS, y, seconds=1, loss="squared", progress=False).result
    wrong = abs(found.predict(ROWS) - LINE).max()
    robust = found.refit(loss="huber", exact=False)
    assert abs(robust.formula.predict(ROWS) - LINE).max() < wrong
    with pytest.raises(InputError, match="no measured rows"):
        extract(KAN([1, 1]), ROWS, budget=1, progress=False).refit()


def test_hubers_loss_is_a_setting_that_names_rows_far_off():
    x = np.linspace(0.7, 9.8, 14)
    y = 3 * x + 0.3 * np.random.default_rng(2).normal(size=14)
    y[12] += 2.2  # too little to be left out
    slopes = {}
    for loss in ("huber", "squared"):
        found = discover({"U": x}, y, loss=loss, seconds=1, progress=False).result
        slopes[loss] = float(found.expr.diff("U"))
        assert found.provenance.settings.get("loss", "squared") == loss
        if loss == "huber":
            assert any("row 12" in finding.detail for finding in found.status)
    assert abs(slopes["huber"] - 3) < abs(slopes["squared"] - 3)


def test_every_row_counts_if_that_is_asked():
    x = np.linspace(0.7, 9.8, 14)
    y = 3 * x + 0.02 * np.random.default_rng(0).normal(size=14)
    y[8] *= 1.6
    found = discover({"U": x}, y, loss="squared", seconds=1, progress=False).result
    assert Status.ROWS_LEFT_OUT not in {finding.status for finding in found.status}
    assert found.fidelity.rows == 14
    with pytest.raises(InputError, match="loss='least' is none of a search"):
        discover({"U": x}, y, loss="least")


def test_rows_over_decades_whose_inputs_never_vary_have_a_mean():
    y = np.exp(3 * np.random.default_rng(0).normal(size=300))
    found = discover(np.ones((300, 2)), y, seconds=2, progress=False)
    assert not found.result.formulas[0].used_inputs
