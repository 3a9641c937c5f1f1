"""Perceptrons of scikit-learn against their own predictions."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)

from kansym.neural.readers.tracing import trace
from kansym.shared.errors import InputError, UnsupportedModelError

rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, (300, 3)) * [1.0, 20.0, 300.0] + [5.0, 0.0, 100.0]
FRAME = pd.DataFrame(X, columns=["mass", "speed", "height in m"])
y = X[:, 0] * X[:, 1] + X[:, 2]


def fitted(estimator, targets: np.ndarray = y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a few iterations are enough to read
        return estimator.fit(FRAME, targets)


def regressor(**options) -> MLPRegressor:
    return MLPRegressor(
        **{"hidden_layer_sizes": (6, 4), "max_iter": 20, "random_state": 0} | options
    )


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_regressors(activation: str) -> None:
    model = fitted(make_pipeline(StandardScaler(), regressor(activation=activation)))
    network = trace(model, FRAME)
    assert_allclose(network(X)[:, 0], model.predict(FRAME), rtol=1e-12, atol=1e-10)
    assert network.inputs == tuple(FRAME.columns)
    assert network.source == "MLPRegressor [3, 6, 4, 1]"
    assert network.parameters[0] == 3 * 6 + 6 + 6 * 4 + 4 + 4 + 1


@pytest.mark.parametrize(
    "scaler",
    [
        StandardScaler(with_mean=False),
        StandardScaler(with_std=False),
        MinMaxScaler((-1, 2)),
        MinMaxScaler(clip=True),
        MaxAbsScaler(),
        RobustScaler(),
        "passthrough",
    ],
    ids=str,
)
def test_the_network_is_in_the_units_before_the_scaler(scaler) -> None:
    model = fitted(make_pipeline(scaler, regressor()))
    network = trace(model, FRAME)
    assert_allclose(network(X)[:, 0], model.predict(FRAME), rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize("transformer", [StandardScaler(), MinMaxScaler()], ids=str)
def test_scaled_targets_come_back_in_their_units(transformer) -> None:
    inner = make_pipeline(StandardScaler(), regressor())
    model = fitted(TransformedTargetRegressor(inner, transformer=transformer))
    assert_allclose(trace(model, FRAME)(X)[:, 0], model.predict(FRAME), rtol=1e-12)


def test_several_outputs() -> None:
    model = fitted(make_pipeline(StandardScaler(), regressor()), np.stack([y, -y], axis=1))
    network = trace(model, FRAME)
    assert network.outputs == ("y1", "y2")
    assert_allclose(network(X), model.predict(FRAME), rtol=1e-12)


def test_a_poisson_regressor_predicts_positive_numbers() -> None:
    model = fitted(make_pipeline(StandardScaler(), regressor(loss="poisson")), np.abs(y))
    assert_allclose(trace(model, FRAME)(X)[:, 0], model.predict(FRAME), rtol=1e-10)


def test_classifiers_are_read_up_to_their_log_odds() -> None:
    options = {"hidden_layer_sizes": (5,), "max_iter": 20, "random_state": 0}
    two = fitted(make_pipeline(StandardScaler(), MLPClassifier(**options)), y > y.mean())
    p = two.predict_proba(FRAME)[:, 1]
    assert_allclose(trace(two, FRAME)(X)[:, 0], np.log(p / (1 - p)), rtol=1e-9, atol=1e-9)
    classes = np.digitize(y, np.quantile(y, [0.3, 0.7]))
    three = fitted(make_pipeline(StandardScaler(), MLPClassifier(**options)), classes)
    z = np.exp(trace(three, FRAME)(X))
    assert_allclose(z / z.sum(axis=1, keepdims=True), three.predict_proba(FRAME), rtol=1e-9)


def test_single_precision_is_read_to_single_precision() -> None:
    rows = X.astype(np.float32)
    model = make_pipeline(StandardScaler(), regressor())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(rows, y)
    exact = model.predict(rows)
    assert_allclose(trace(model, X)(rows.astype(float))[:, 0], exact, rtol=1e-5, atol=1e-4)


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(InputError, match="not fitted"):
        trace(regressor(), X)
    with pytest.raises(UnsupportedModelError, match="Ridge"):
        trace(fitted(Ridge()), X)
    with pytest.raises(UnsupportedModelError, match="PolynomialFeatures"):
        trace(fitted(make_pipeline(PolynomialFeatures(), regressor())), X)
    with pytest.raises(InputError, match="X has 2 columns but the model"):
        trace(fitted(make_pipeline(StandardScaler(), regressor())), X[:, :2])
    model = fitted(regressor())
    model.coefs_[0][0, 0] = np.nan
    with pytest.raises(InputError, match="not finite"):
        trace(model, X)
