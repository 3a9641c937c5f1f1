"""Multilayer perceptrons of scikit-learn, alone or at the end of a pipeline of scalers.

The formula is in the units of the data that enter the pipeline. A classifier is read up to its
log-odds: logit(p) for two classes, and the values before the softmax for more.
"""

import warnings
from typing import Any

import numpy as np
from scipy.special import expit, softmax
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted

from kansym.network import activations as act
from kansym.network.stages import Stage
from kansym.neural.readers.opened import Opened, ReadRows, check_width
from kansym.neural.readers.operations import FUNCTIONS
from kansym.neural.readers.own_answers import check_answers
from kansym.shared.errors import InputError, UnsupportedModelError

__all__ = ["open_estimator"]

Array = np.ndarray
_ACTIVATIONS = {**FUNCTIONS, "logistic": FUNCTIONS["sigmoid"]}


def open_estimator(estimator: Any, reading: ReadRows) -> Opened:
    """An estimator as stages."""
    try:
        check_is_fitted(estimator)
    except NotFittedError as error:
        raise InputError(
            f"This {type(estimator).__name__} is not fitted yet: call fit(X, y) first."
        ) from error
    stage, network = _read(estimator, reading.inputs)
    widths = [len(weight) for weight in network.coefs_] + [network.n_outputs_]
    source = f"{type(network).__name__} {widths}"
    opened = Opened.of(stage, source, [*network.coefs_, *network.intercepts_])
    shown = _SHOWN.get(network.out_activation_, np.asarray)
    ask = estimator.predict if isinstance(network, MLPRegressor) else estimator.predict_proba

    def own(rows: Array) -> Array:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # rows have no names here
            return ask(rows)

    check_answers(stage, reading, own, source, opened.precision, shown)
    return opened


def _shares(log_odds: Array) -> Array:
    """Probabilities of both classes, or of every label."""
    found = expit(log_odds)
    return np.column_stack([1 - found, found]) if found.shape[1] == 1 else found


_SHOWN = {"logistic": _shares, "softmax": lambda values: softmax(values, axis=1)}
"""What a classifier answers, of the values that its stages have."""


def _read(estimator: Any, stage: Stage) -> tuple[Stage, Any]:
    """The stages of an estimator, and the perceptron inside it."""
    if isinstance(estimator, Pipeline):
        for _, step in estimator.steps[:-1]:
            stage = _scaled(step, stage)
        return _read(estimator.steps[-1][1], stage)
    if isinstance(estimator, TransformedTargetRegressor):
        stage, network = _read(estimator.regressor_, stage)
        return _unscaled(estimator.transformer_, stage), network
    if isinstance(estimator, MLPClassifier | MLPRegressor):
        return _perceptron(estimator, stage), estimator
    raise UnsupportedModelError(
        f"No reader opens a {type(estimator).__name__} of scikit-learn: MLPRegressor and "
        "MLPClassifier are read, also at the end of a Pipeline."
    )


def _scaled(step: Any, stage: Stage) -> Stage:
    """The affine map of a scaler."""
    if step is None or step == "passthrough":
        return stage
    if not isinstance(step, StandardScaler | RobustScaler | MinMaxScaler | MaxAbsScaler):
        raise UnsupportedModelError(
            f"The step {type(step).__name__} of the pipeline is no scaler that can be read: use "
            "StandardScaler, MinMaxScaler, MaxAbsScaler or RobustScaler, or transform X beforehand."
        )
    check_width(stage, step.n_features_in_, type(step).__name__)
    scaled = stage.scale(*_affine(step))
    if isinstance(step, MinMaxScaler) and step.clip:
        return scaled.elementwise(act.HardTanh(*map(float, step.feature_range)))
    return scaled


def _affine(step: Any) -> tuple[Any, Any]:
    """Factor and shift of every column in a scaler."""
    if isinstance(step, MinMaxScaler):
        return step.scale_, step.min_
    if isinstance(step, MaxAbsScaler):
        return 1.0 / step.scale_, 0.0
    middle = step.mean_ if isinstance(step, StandardScaler) else step.center_
    centred = step.with_mean if isinstance(step, StandardScaler) else step.with_centering
    scale = 1.0 if step.scale_ is None else 1.0 / step.scale_
    return scale, -middle * scale if centred else 0.0


def _unscaled(step: Any, stage: Stage) -> Stage:
    """Targets in their own units again."""
    if not isinstance(step, StandardScaler | MinMaxScaler):
        raise UnsupportedModelError(
            f"The target transformer {type(step).__name__} cannot be read: use StandardScaler or "
            "MinMaxScaler."
        )
    scale, shift = _affine(step)
    return stage.scale(1.0 / scale, -shift / scale)


def _perceptron(network: Any, stage: Stage) -> Stage:
    """The layers of a perceptron, without the output activation of a classifier."""
    check_width(stage, network.n_features_in_, type(network).__name__)
    *hidden, last = zip(network.coefs_, network.intercepts_, strict=True)
    for weight, bias in hidden:
        stage = stage.dense(weight.T, bias).elementwise(_ACTIVATIONS[network.activation])
    stage = stage.dense(last[0].T, last[1])
    return stage.elementwise(np.exp) if network.out_activation_ == "exp" else stage
