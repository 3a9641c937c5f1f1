"""Formulas as estimators: what scikit-learn's users do with them."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from kansym import KANRegressor, SymbolicClassifier, SymbolicRegressor
from kansym.shared.errors import InputError

QUICK = {"seconds": 20, "random_state": 0}


@pytest.fixture(scope="module")
def table() -> tuple[pd.DataFrame, pd.Series]:
    """F = q v B, exact."""
    frame = pd.DataFrame(
        np.random.default_rng(0).uniform(1, 3, (600, 3)), columns=pd.Index(["q", "v", "B"])
    )
    return frame, pd.Series(frame.q * frame.v * frame.B, name="F")


@pytest.fixture(scope="module")
def fitted(table) -> SymbolicRegressor:
    return SymbolicRegressor(**QUICK).fit(*table)


def test_a_law_with_the_names_of_the_columns(table, fitted):
    X, y = table
    assert str(fitted.expr_) == "B*q*v"
    assert fitted.feature_names_in_.tolist() == ["q", "v", "B"]
    assert fitted.n_features_in_ == 3
    assert fitted.result_.output_names == ("F",)
    assert fitted.score(X, y) == pytest.approx(1)
    assert fitted.equations_.selected.sum() == 1
    values, std = fitted.predict(X, return_std=True)
    assert values == pytest.approx(y.to_numpy())
    assert std == pytest.approx(0 * y)


def test_it_goes_through_pickle_and_clone(table, fitted):
    X, _ = table
    again = pickle.loads(pickle.dumps(fitted))  # noqa: S301 - our own
    assert again.predict(X) == pytest.approx(fitted.predict(X))
    assert not hasattr(clone(fitted), "result_")
    assert clone(fitted).get_params() == fitted.get_params()


def test_it_stands_in_pipelines_searches_and_cross_validation(table):
    X, y = table
    halves = FunctionTransformer(lambda rows: rows / 2, feature_names_out="one-to-one")
    line = make_pipeline(halves.set_output(transform="pandas"), SymbolicRegressor(**QUICK))
    assert str(line.fit(X, y)[-1].expr_) == "8*B*q*v"
    search = GridSearchCV(SymbolicRegressor(**QUICK), {"grid": [3, 4]}, cv=2)
    assert search.fit(X, y).best_score_ == pytest.approx(1)
    assert cross_val_score(SymbolicRegressor(**QUICK), X, y, cv=2).min() == pytest.approx(1)


@pytest.mark.parametrize("reading", ["weights", "function"])
def test_a_width_trains_one_kan_of_that_shape_and_reads_it(reading):
    X = np.random.default_rng(0).uniform(-1, 1, (300, 2))
    y = np.sin(3 * X[:, 0]) + X[:, 1] ** 2
    model = SymbolicRegressor(width=[2, 1], reading=reading, **QUICK).fit(X, y)
    assert model.model_.widths == (2, 1)
    assert str(model.expr_) == "x2**2 + sin(3*x1)"
    assert [one.kind for one in model.result_.provenance.readings] == [reading]
    assert not hasattr(model, "discovery_")
    again = clone(model).set_params(warm_start=True).fit(X, y)
    assert again.fit(X, y).model_ is again.model_


@pytest.mark.parametrize(
    "settings",
    [
        {"width": [3, 1]},
        {"width": [2, 2]},
        {"width": 3},
        {"width": [2, 1], "units": {"x1": "m"}},
        {"width": [2, 1], "required": ["x1"]},
        {"width": [2, 1], "reading": "tea leaves"},
        {"reading": "weights"},
    ],
)
def test_widths_and_readings_that_do_not_go_together(settings):
    X = np.random.default_rng(0).uniform(-1, 1, (60, 2))
    with pytest.raises(InputError, match=r"^[^\n]+\.$"):
        SymbolicRegressor(**QUICK | settings).fit(X, X[:, 0])


def test_rows_of_weight_nothing_do_not_count(table):
    X, y = table
    wrong = np.arange(len(y)) % 4 == 0
    model = SymbolicRegressor(**QUICK).fit(X, y.where(~wrong, 1e3), sample_weight=~wrong)
    assert str(model.expr_) == "B*q*v"
    with pytest.raises(InputError, match="sigma= were both given"):
        SymbolicRegressor().fit(X, y, sample_weight=np.ones(600), sigma=0.1)


def test_errors_of_rows_give_errors_of_constants_and_values():
    rng = np.random.default_rng(0)
    x = rng.uniform(1, 4, (40, 1))
    y = 2.34567 * x[:, 0] ** 2 + 0.1 * rng.normal(size=40)
    model = SymbolicRegressor(seconds=2, random_state=0).fit(x, y, sigma=0.1)
    _, std = model.predict([[2.0]], return_std=True)
    # One constant a in a x^2: std = x^2 sigma / sqrt(sum x_i^4).
    assert std == pytest.approx(4 * 0.1 / np.sqrt((x**4).sum()), rel=1e-3)


def test_a_warm_start_goes_on_with_what_was_tried(table):
    X, y = table
    model = SymbolicRegressor(warm_start=True, **QUICK).fit(X, y)
    tried = model.discovery_.attempts
    assert model.fit(X, y).discovery_.attempts[: len(tried)] == tried
    assert model.fit(X, 2 * y).discovery_.attempts[0] is not tried[0]


def test_where_a_formula_has_no_value_the_score_takes_the_mean():
    x = np.linspace(1, 4, 30)[:, None]
    model = SymbolicRegressor(**QUICK).fit(x, np.sqrt(x[:, 0]))
    with pytest.warns(match="undefined"):
        assert np.isfinite(model.score([[-1.0], [4.0]], [1.0, 2.0]))


def test_a_classifier_gives_formulas_probabilities_and_boundaries():
    X = np.random.default_rng(0).uniform(-1, 1, (120, 1))
    y = np.where(X[:, 0] > 0.2, "up", "down")
    model = SymbolicClassifier(seconds=2, random_state=0).fit(X, y)
    assert model.classes_.tolist() == ["down", "up"]
    assert model.score(X, y) > 0.95
    shares = model.predict_proba(X)
    assert shares.sum(axis=1) == pytest.approx(1)
    assert (shares[:, 1] > 0.5).tolist() == (model.decision_function(X) > 0).tolist()
    log_odds = model.result_.formulas[0].predict(X)
    np.testing.assert_allclose(np.log(shares[:, 1] / shares[:, 0]), log_odds, rtol=1e-9, atol=1e-9)
    assert model.boundaries_[0].classes == ("down", "up")
    with pytest.raises(InputError, match="one class"):
        model.fit(X, ["up"] * 120)


@pytest.mark.parametrize("reading", ["weights", "function"])
def test_a_classifier_of_a_given_width_read_either_way(reading):
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (300, 2))
    y = np.where(rng.uniform(size=300) < 1 / (1 + np.exp(-3 * X[:, 0])), "up", "down")
    model = SymbolicClassifier(seconds=4, width=[2, 1], reading=reading, random_state=0)
    assert model.fit(X, y).score(X, y) > 0.8
    assert model.model_.widths == (2, 1)
    assert model.equations_.selected.sum() == 1
    assert model.boundaries_[0].classes == ("down", "up")
    assert model.result_.boundaries()
    with pytest.raises(InputError, match="for a search"):
        SymbolicClassifier(width=[2, 1], required=["x1"]).fit(X, y)


def test_weights_of_rows_move_log_odds_as_in_a_logistic_regression():
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (300, 1))
    y = rng.uniform(size=300) < 1 / (1 + np.exp(-2 * X[:, 0]))
    weight = np.where(y, 5.0, 1.0)
    model = SymbolicClassifier(seconds=10, random_state=0).fit(X, y, sample_weight=weight)
    known = LogisticRegression(C=1e9).fit(X, y, sample_weight=weight).decision_function(X)
    assert np.mean(known) > 1  # without weights it is near zero
    assert np.mean(model.decision_function(X)) == pytest.approx(np.mean(known), abs=0.3)


def test_a_kan_is_an_estimator_and_its_formula_can_be_read():
    X = np.random.default_rng(0).uniform(-1, 1, (100, 1))
    y = np.sin(3 * X[:, 0])
    line = make_pipeline(StandardScaler(), KANRegressor(hidden=(), random_state=0))
    assert line.fit(X, y).score(X, y) > 0.999
    assert line[-1].model_.widths == (1, 1)
    assert str(KANRegressor(hidden=(), random_state=0).fit(X, y).extract().expr) == "sin(3*x1)"
