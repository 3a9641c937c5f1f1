"""Rows as scikit-learn gives them: checked by its rules, handed on with the names of columns."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import (
    _check_sample_weight,  # pyright: ignore[reportPrivateUsage] - documented for estimators
    validate_data,
)

from kansym.shared.errors import InputError

__all__ = ["new_inputs", "seed_of", "training_rows", "weights_and_errors"]

LARGEST_SEED = 2**31 - 1


def training_rows(estimator: BaseEstimator, X: Any, y: Any, **checks: Any) -> tuple[Any, Any]:
    """Inputs as a data frame if their columns have names, and targets, both checked.

    Parameters
    ----------
    estimator : learns the number of columns and their names.
    X, y : what fit was given.
    checks : further ones of ``sklearn.utils.validation.validate_data``.
    """
    inputs, targets = validate_data(
        estimator, X, y, dtype=np.float64, ensure_min_samples=2, **checks
    )
    return _named(estimator, inputs), targets


def new_inputs(estimator: BaseEstimator, X: Any) -> Any:
    """Inputs to predict for, with the columns of fit."""
    return _named(estimator, validate_data(estimator, X, dtype=np.float64, reset=False))


def _named(estimator: BaseEstimator, X: np.ndarray) -> Any:
    """Rows under the names that fit saw, if it saw any."""
    names = getattr(estimator, "feature_names_in_", None)
    return X if names is None else pd.DataFrame(X, columns=pd.Index([str(name) for name in names]))


def weights_and_errors(
    X: np.ndarray, sample_weight: Any, sigma: Any
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Which rows count, and what the search is told about those: ``weights`` or ``sigma``.

    Parameters
    ----------
    X : the inputs, for the number of rows.
    sample_weight : how much each row counts; rows of weight 0 do not.
    sigma : standard error of y in each row, or one for all.
    """
    everything = np.ones(len(X), bool)
    if sample_weight is not None and sigma is not None:
        raise InputError("sample_weight= and sigma= were both given: give one of them.")
    if sigma is not None:
        return everything, {"sigma": np.broadcast_to(np.asarray(sigma, float), (len(X),)).copy()}
    if sample_weight is None:
        return everything, {}
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    used = weights > 0
    if np.ptp(weights[used]) == 0:  # all count the same
        return used, {}
    return used, {"weights": weights[used]}


def seed_of(random_state: Any) -> int:
    """A seed: the number given, or one drawn."""
    if isinstance(random_state, int | np.integer) and random_state >= 0:
        return int(random_state)
    return int(check_random_state(random_state).randint(LARGEST_SEED))
