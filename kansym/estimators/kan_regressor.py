"""A KAN as an estimator of scikit-learn."""

from typing import Any, Self, final

import numpy as np
import torch
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from kansym.estimators.rows import new_inputs, seed_of, training_rows
from kansym.extraction.extract import extract
from kansym.neural.models.kan import KAN
from kansym.neural.training.history import History
from kansym.neural.training.training import train
from kansym.results.result import Extraction

__all__ = ["KANRegressor"]


@final
class KANRegressor(RegressorMixin, BaseEstimator):
    """Learn numbers with a KAN, see `kansym.KAN` and `kansym.train`.

    Parameters
    ----------
    hidden : nodes of the hidden layers; one layer of two more than inputs unless given, () for
        none.
    grid, degree : of the splines.
    prune : search narrower networks and remove edges that are not needed.
    seconds : time limit of fit.
    random_state : seed of starts and of the rows held out.

    Attributes
    ----------
    model_ : the `KAN`.
    history_ : how training went.
    n_features_in_, feature_names_in_ : columns of X, and their names if they have any.

    Examples
    --------
    >>> X = np.random.default_rng(0).uniform(-1, 1, (200, 1))
    >>> model = KANRegressor(hidden=(), random_state=0).fit(X, np.sin(3 * X[:, 0]))
    >>> model.score(X, np.sin(3 * X[:, 0])) > 0.999
    True
    """

    model_: KAN
    history_: History

    def __init__(
        self,
        *,
        hidden: tuple[int, ...] | None = None,
        grid: int = 5,
        degree: int = 3,
        prune: bool = True,
        seconds: float = 60.0,
        random_state: Any = None,
    ):
        self.hidden = hidden
        self.grid = grid
        self.degree = degree
        self.prune = prune
        self.seconds = seconds
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Train a KAN.

        Parameters
        ----------
        X : inputs (rows, inputs).
        y : targets (rows,) or (rows, outputs).
        """
        inputs, targets = training_rows(self, X, y, multi_output=True, y_numeric=True)
        n_inputs, n_outputs = inputs.shape[1], 1 if targets.ndim == 1 else targets.shape[1]
        hidden = (n_inputs + 2,) if self.hidden is None else tuple(self.hidden)
        seed = seed_of(self.random_state)
        widths = [n_inputs, *hidden, n_outputs]
        self.model_ = KAN(widths, grid=self.grid, degree=self.degree, seed=seed)
        settings: dict[str, Any] = {"prune": self.prune, "seconds": self.seconds, "seed": seed}
        self.history_ = train(self.model_, inputs, targets, progress=False, **settings)
        self._flat = targets.ndim == 1
        return self

    @torch.no_grad()
    def predict(self, X: Any) -> np.ndarray:
        """Values of the KAN, shape (rows,) or (rows, outputs)."""
        check_is_fitted(self)
        rows = torch.tensor(np.asarray(new_inputs(self, X), np.float64))
        values = self.model_(rows).numpy()
        return values[:, 0] if self._flat else values

    def extract(self, X: Any = None, y: Any = None, **settings: Any) -> Extraction:
        """Read its formula, see `kansym.extract`."""
        check_is_fitted(self)
        return extract(self.model_, X, y, **settings)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.non_deterministic = True  # how far training gets in its time depends on the machine
        return tags
