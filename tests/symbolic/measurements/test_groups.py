"""One form for groups of rows: which constants they share is found, and what is wrong is said."""

import numpy as np
import pandas as pd
import pytest

from kansym import discover, fit_formula
from kansym.shared.errors import InputError
from kansym.shared.status import Status

GRAVITY = {"Earth": 9.81, "Mars": 3.71, "Moon": 1.62}
ROWS = pd.DataFrame(
    {"L": np.tile(np.linspace(0.1, 2, 10), 3), "planet": np.repeat(list(GRAVITY), 10)}
)
NOISE = 0.005 * np.random.default_rng(0).normal(size=30)
T = 2 * np.pi * np.sqrt(ROWS["L"] / ROWS["planet"].map(GRAVITY)) * (1 + NOISE)


@pytest.fixture(scope="module")
def fit():
    return fit_formula("a*L**p", ROWS, T, groups="planet")


def test_what_is_equal_is_shared_and_what_is_not_is_each_groups_own(fit):
    assert fit.grouping.shared == ("p",)
    assert fit.grouping.own == ("a",)
    assert fit.freedom == 30 - 4
    for planet, g in GRAVITY.items():
        name = f"a[{planet}]"
        assert abs(fit.values[name] - 2 * np.pi / np.sqrt(g)) < 4 * fit.stderr[name]
    assert "shared: differences by chance" in str(fit)
    assert "not the same" in str(fit)


def test_a_group_has_its_formula_and_rows_of_groups_are_predicted(fit):
    moon = ROWS[ROWS["planet"] == "Moon"]
    np.testing.assert_allclose(fit.predict(moon), fit.of_group("Moon").predict(moon[["L"]]))
    values, errors = fit.predict(ROWS, return_std=True)
    assert np.sqrt(np.mean((values - T) ** 2)) < 2 * fit.noise
    assert (errors < fit.noise).all()


def test_own_constants_are_those_of_each_group_alone():
    fit = fit_formula("a*L**p", ROWS, T, groups="planet", shared=[])
    for planet in GRAVITY:
        own = ROWS["planet"] == planet
        alone = fit_formula("a*L**p", ROWS[own], T[own])
        assert fit.values[f"a[{planet}]"] == pytest.approx(alone.values["a"], rel=1e-6)
        assert fit.values[f"p[{planet}]"] == pytest.approx(alone.values["p"], rel=1e-6)


def test_groups_that_are_equal_are_named():
    labels = ROWS["planet"].replace({"Mars": "Earth 2"}).tolist()
    y = T.where(ROWS["planet"] != "Mars", T.to_numpy()[:10].repeat(1).tolist() * 3)
    fit = fit_formula("a*sqrt(L)", ROWS, y, groups=labels)
    (finding,) = [one for one in fit.findings if one.status is Status.EQUAL_GROUPS]
    assert "Earth and Earth 2" in finding.detail


@pytest.mark.parametrize("search", [False, True])
def test_a_group_of_one_row_is_said_to_test_nothing(search):
    kept = (ROWS["planet"] != "Mars") | (
        np.arange(30) == np.flatnonzero(ROWS["planet"] == "Mars")[0]
    )
    rows, y = ROWS[kept], T[kept]
    if search:
        found = discover(rows, y, groups="planet", seconds=1.5, progress=False).result.status
    else:
        found = fit_formula("a*sqrt(L)", rows, y, groups="planet").findings
    (finding,) = [one for one in found if one.status is Status.NO_FREEDOM]
    assert "Mars: 1 row and as many constants of its own" in finding.detail


def test_groups_with_rows_to_spare_are_not_named(fit):
    assert Status.NO_FREEDOM not in {one.status for one in fit.findings}


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ("plant", "no column of X: did you mean 'planet'"),
        (["a"] * 30, "All rows are in one group"),
        (["a"] * 3, "3 labels but there are 30 rows"),
        (["a", None] * 15, "missing in row 1"),
        (["a"] * 29 + ["b"], "'b' has 1 row"),
        ([str(i) for i in range(30)] * 1, "constants of its own"),
    ],
)
def test_what_is_wrong_with_groups_is_said(groups, words):
    with pytest.raises(InputError, match=words):
        fit_formula("a*L**p", ROWS, T, groups=groups, shared=[])


def test_a_group_that_is_not_known_is_refused(fit):
    with pytest.raises(InputError, match="'Venus' is none of the groups"):
        fit.predict(pd.DataFrame({"L": [1.0], "planet": ["Venus"]}))
    with pytest.raises(InputError, match="There is no group 'Venus'"):
        fit.of_group("Venus")
