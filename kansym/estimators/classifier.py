"""A classifier whose log-odds are formulas, as an estimator of scikit-learn."""

from typing import Any, Self, final

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from kansym.estimators.rows import new_inputs, seed_of, training_rows, weights_and_errors
from kansym.extraction.extract import extract
from kansym.neural.models.kan import KAN
from kansym.neural.training.training import train
from kansym.results.result import Extraction
from kansym.shared.errors import InputError
from kansym.symbolic.formulas.class_boundaries import Boundary

__all__ = ["SymbolicClassifier"]

TRAINING = 0.6
"""Share of the time that training may use; the rest is for reading the formulas."""


@final
class SymbolicClassifier(ClassifierMixin, BaseEstimator):
    """Find formulas for the log-odds of classes, read from a KAN that learnt the classes.

    Parameters
    ----------
    seconds : time limit of fit.
    hidden : nodes between inputs and outputs; two more than inputs unless given, of which training
        keeps those that are needed.
    library : functions to try, see `kansym.discover`.
    engine : for edges that no function of the library explains, see `kansym.extract`.
    accuracy : error over the spread of the log-odds that is not worth explaining.
    grid, degree : of the splines.
    random_state : seed of starts and splits.

    Attributes
    ----------
    classes_ : the classes; formulas give the log-odds of all but the first against the first.
    model_ : the KAN.
    result_ : the formulas and all that supports them, an `Extraction`.
    expr_ : the formula as a sympy expression; a tuple of them for three classes or more.
    boundaries_ : where two classes are equally likely, as equations.
    n_features_in_, feature_names_in_ : columns of X, and their names if they have any.

    Examples
    --------
    >>> x = np.random.default_rng(0).uniform(-1, 1, (60, 1))
    >>> right = x[:, 0] > 0.2
    >>> SymbolicClassifier(seconds=2, hidden=1, random_state=0).fit(x, right).score(x, right) > 0.9
    True
    """

    classes_: np.ndarray
    model_: KAN
    result_: Extraction

    def __init__(
        self,
        *,
        seconds: float = 60.0,
        hidden: int | None = None,
        library: Any = "elementary",
        engine: Any = "pairs",
        accuracy: float | None = None,
        grid: int = 5,
        degree: int = 3,
        random_state: Any = None,
    ):
        self.seconds = seconds
        self.hidden = hidden
        self.library = library
        self.engine = engine
        self.accuracy = accuracy
        self.grid = grid
        self.degree = degree
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train a KAN to tell classes apart and read the formulas of its log-odds.

        Parameters
        ----------
        X : inputs (rows, inputs); columns of a data frame keep their names in the formulas.
        y : classes, any labels of shape (rows,).
        sample_weight : how much each row counts; rows of weight 0 do not.
        """
        inputs, labels = training_rows(self, X, y)
        check_classification_targets(labels)
        used, weights = weights_and_errors(inputs, sample_weight, None)
        inputs, labels = inputs[used], labels[used]
        self.classes_, index = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise InputError(
                f"All rows are of one class ({self.classes_[0]}): give rows of at least two."
            )
        seed, n_inputs = seed_of(self.random_state), inputs.shape[1]
        hidden = n_inputs + 2 if self.hidden is None else self.hidden
        widths = [n_inputs, hidden, len(self.classes_) - 1]
        self.model_ = KAN(widths, grid=self.grid, degree=self.degree, seed=seed)
        settings: dict[str, Any] = {"loss": "cross-entropy", "seed": seed, "progress": False}
        settings |= weights
        # Numbers in place of the classes keep their order, whatever the labels are.
        limit = TRAINING * self.seconds
        history = train(self.model_, inputs, index, seconds=limit, **settings)
        self.result_ = extract(
            self.model_,
            inputs,
            index,
            library=self.library,
            engine=self.engine,
            accuracy=self.accuracy,
            budget=max(self.seconds - history.seconds, (1 - TRAINING) * self.seconds),
            **settings,
        )
        return self

    @property
    def expr_(self) -> Any:
        """The log-odds as a sympy expression; a tuple of them for three classes or more."""
        check_is_fitted(self)
        return self.result_.expr

    @property
    def boundaries_(self) -> tuple[Boundary, ...]:
        """Where two classes are equally likely."""
        check_is_fitted(self)
        return self.result_.boundaries([str(name) for name in self.classes_])

    def decision_function(self, X: Any) -> np.ndarray:
        """Log-odds: (rows,) of the second of two classes, else (rows, classes), the first's 0."""
        check_is_fitted(self)
        scores = self.result_.predict(new_inputs(self, X))
        if len(self.classes_) == 2:
            return scores
        return np.column_stack([np.zeros(len(scores)), scores])

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class, (rows, classes); equal ones where a formula has no value."""
        scores = self.decision_function(X)
        if len(self.classes_) == 2:
            scores = np.column_stack([np.zeros(len(scores)), scores])
        defined = np.isfinite(scores).all(axis=1, keepdims=True)
        return softmax(np.where(defined, scores, 0.0), axis=1)

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each row."""
        shares = self.predict_proba(X)
        return self.classes_[shares.argmax(axis=1)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True  # how far training gets in its time depends on the machine
        return tags
