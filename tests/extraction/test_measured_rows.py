"""Noisy rows: the front, the formula that is picked from it, and what is said about the rows."""

import numpy as np
import pandas as pd
import pytest

from kansym.extraction import extract
from kansym.neural.models.kan import KAN
from kansym.neural.training.training import train
from kansym.results.result import Extraction
from kansym.shared.errors import InputError
from kansym.shared.status import Status

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
    found = extract(model, ROWS, LINE, sigma=sigma, budget=8, progress=False)
    point = next(point for point in found.front if point.selected)
    assert 0.3 < (point.chi2 or 0.0) / (point.freedom or 1) < 2
    wrong = extract(model, ROWS, LINE, sigma=0.01 * sigma, budget=8, progress=False)
    assert Status.ERRORS_DISAGREE in {finding.status for finding in wrong.status}
    with pytest.raises(InputError, match="sigma is -1 in row 0"):
        extract(model, ROWS, LINE, sigma=-np.ones(20), progress=False)
    with pytest.raises(InputError, match="errors of y: give y"):
        extract(model, ROWS, sigma=sigma, progress=False)


def test_an_outlying_row_is_named(model):
    y = LINE.copy()
    y[7] += 5
    found = extract(model, ROWS, y, budget=8, progress=False)
    assert Status.OUTLYING_ROWS in {finding.status for finding in found.status}
