"""Multilayer perceptrons of scikit-learn, alone or at the end of a pipeline of scalers.

The formula is in the units of the data that enter the pipeline. A classifier is read up to its
log-odds: logit(p) for two classes, and the values before the softmax for more.
"""

from typing import Any

from kansym.network import activations as act
from kansym.network.stages import Stage
from kansym.neural.readers.opened import Opened, Reading, check_width
from kansym.neural.readers.operations import FUNCTIONS
from kansym.shared.errors import InputError, UnsupportedModelError, require

__all__ = ["names_of", "open_estimator"]

_ACTIVATIONS = {**FUNCTIONS, "logistic": FUNCTIONS["sigmoid"]}


def names_of(estimator: Any) -> tuple[str, ...]:
    """Columns that an estimator was fitted on, if it was fitted on a data frame."""
    return tuple(str(name) for name in getattr(estimator, "feature_names_in_", ()))


def open_estimator(estimator: Any, reading: Reading) -> Opened:
    """An estimator as stages.

    Raises
    ------
    InputError
        If it is not fitted.
    UnsupportedModelError
        For estimators other than the MLPs, and steps other than scalers.
    """
    require("sklearn", "sklearn")
    _check_fitted(estimator)
    network = _network(estimator)
    widths = [len(weight) for weight in network.coefs_] + [network.n_outputs_]
    numbers = [*network.coefs_, *network.intercepts_]
    stage = _read(estimator, reading.inputs)
    return Opened.of(stage, f"{type(network).__name__} {widths}", numbers)


def _check_fitted(estimator: Any) -> None:
    """Refuse an estimator that was not fitted."""
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(estimator)
    except NotFittedError as error:
        raise InputError(
            f"This {type(estimator).__name__} is not fitted yet: call fit(X, y) first."
        ) from error


def _network(estimator: Any) -> Any:
    """The perceptron inside a pipeline or a regressor with transformed targets."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import Pipeline

    if isinstance(estimator, Pipeline):
        return _network(estimator.steps[-1][1])
    if isinstance(estimator, TransformedTargetRegressor):
        return _network(estimator.regressor_)
    if isinstance(estimator, MLPClassifier | MLPRegressor):
        return estimator
    raise UnsupportedModelError(
        f"No reader opens a {type(estimator).__name__} of scikit-learn: MLPRegressor and "
        "MLPClassifier are read, also at the end of a Pipeline."
    )


def _read(estimator: Any, stage: Stage) -> Stage:
    """The stages of a pipeline, or of a perceptron."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.pipeline import Pipeline

    if isinstance(estimator, Pipeline):
        for _, step in estimator.steps[:-1]:
            stage = _scaled(step, stage)
        return _read(estimator.steps[-1][1], stage)
    if isinstance(estimator, TransformedTargetRegressor):
        return _unscaled(estimator, _read(estimator.regressor_, stage))
    return _perceptron(estimator, stage)


def _scaled(step: Any, stage: Stage) -> Stage:
    """The affine map of a scaler."""
    from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

    if step is None or step == "passthrough":
        return stage
    if isinstance(step, StandardScaler | RobustScaler | MinMaxScaler | MaxAbsScaler):
        check_width(stage, step.n_features_in_, type(step).__name__)
        scale, shift = _affine(step)
        scaled = stage.scale(scale, shift)
        if isinstance(step, MinMaxScaler) and step.clip:
            low, high = step.feature_range
            return scaled.elementwise(act.HardTanh(float(low), float(high)))
        return scaled
    raise UnsupportedModelError(
        f"The step {type(step).__name__} of the pipeline is no scaler that can be read: use "
        "StandardScaler, MinMaxScaler, MaxAbsScaler or RobustScaler, or transform X beforehand."
    )


def _affine(step: Any) -> tuple[Any, Any]:
    """Factor and shift of every column in a scaler."""
    from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler

    if isinstance(step, MinMaxScaler):
        return step.scale_, step.min_
    if isinstance(step, MaxAbsScaler):
        return 1.0 / step.scale_, 0.0
    middle = step.mean_ if isinstance(step, StandardScaler) else step.center_
    centred = step.with_mean if isinstance(step, StandardScaler) else step.with_centering
    scale = 1.0 if step.scale_ is None else 1.0 / step.scale_
    return scale, -middle * scale if centred else 0.0


def _unscaled(estimator: Any, stage: Stage) -> Stage:
    """Targets in their own units again."""
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    step = estimator.transformer_
    if not isinstance(step, StandardScaler | MinMaxScaler):
        raise UnsupportedModelError(
            f"The target transformer {type(step).__name__} cannot be read: use StandardScaler or "
            "MinMaxScaler."
        )
    scale, shift = _affine(step)
    return stage.scale(1.0 / scale, -shift / scale)


def _perceptron(network: Any, stage: Stage) -> Stage:
    """The layers of a perceptron, without the output activation of a classifier."""
    from sklearn.neural_network import MLPRegressor

    check_width(stage, network.n_features_in_, type(network).__name__)
    layers = list(zip(network.coefs_, network.intercepts_, strict=True))
    for position, (weight, bias) in enumerate(layers):
        stage = stage.dense(weight.T, bias)
        if position < len(layers) - 1:
            stage = stage.elementwise(_ACTIVATIONS[network.activation])
    if isinstance(network, MLPRegressor):
        return stage.elementwise(_ACTIVATIONS[network.out_activation_])
    return stage
