"""A classifier whose log-odds are formulas, as an estimator of scikit-learn."""

from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
import pandas as pd
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from kansym.estimators.networks import trained_and_read
from kansym.estimators.rows import new_inputs, seed_of, training_rows, weights_and_errors
from kansym.extraction.discovery import Discovery, discover
from kansym.neural.models.kan import KAN
from kansym.results.result import Extraction
from kansym.shared.errors import InputError
from kansym.symbolic.formulas.class_boundaries import Boundary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["SymbolicClassifier"]


@final
class SymbolicClassifier(ClassifierMixin, BaseEstimator):
    """Find formulas for the log-odds of classes, or train one KAN on the classes and read it.

    Parameters
    ----------
    seconds : time limit of fit.
    width : nodes of every layer, such as ``[2, 5, 1]``, inputs first, last one less than there are
        classes: a KAN of this shape alone is trained, and its formulas are read. By default forms
        are sought from every source, and the labels choose, see `kansym.discover`.
    reading : of that KAN, by ``"weights"``, by ``"function"``, or both, see `kansym.extract`.
    library, max_complexity, costs : functions to try, see `kansym.discover`.
    required : names of inputs that the formulas have to contain.
    engine : for edges that no function of the library explains, see `kansym.extract`.
    accuracy : error over the spread of the log-odds that is not worth explaining.
    grid, degree : of the splines.
    n_jobs : processes for three classes or more, -1 for one on every core.
    warm_start : with a width, whether fit trains the KAN on that it has.
    random_state : seed of starts and splits.

    Attributes
    ----------
    classes_ : the classes; formulas give the log-odds of all but the first against the first.
    discovery_ : everything that was tried, a `Discovery`; not with a width.
    model_ : with a width, the `KAN`.
    result_ : the formulas and all that supports them, an `Extraction`.
    expr_ : the formula as a sympy expression; a tuple of them for three classes or more.
    equations_ : the Pareto front as a data frame, simplest first.
    boundaries_ : where two classes are equally likely, as equations.
    n_features_in_, feature_names_in_ : columns of X, and their names if they have any.

    Examples
    --------
    >>> x = np.random.default_rng(0).uniform(-1, 1, (60, 1))
    >>> right = x[:, 0] > 0.2
    >>> model = SymbolicClassifier(seconds=10, random_state=0).fit(x, right)
    >>> bool(model.score(x, right) > 0.9)
    True
    """

    classes_: np.ndarray
    discovery_: Discovery
    model_: KAN
    result_: Extraction
    equations_: pd.DataFrame

    def __init__(  # noqa: PLR0913 - scikit-learn reads the settings off the signature
        self,
        *,
        seconds: float = 60.0,
        width: "Sequence[Any] | None" = None,
        reading: str = "auto",
        library: Any = "elementary",
        max_complexity: float | None = None,
        costs: "Mapping[str, float] | None" = None,
        required: "Sequence[str]" = (),
        engine: Any = "pairs",
        accuracy: float | None = None,
        grid: int = 5,
        degree: int = 3,
        n_jobs: int = 1,
        warm_start: bool = False,
        random_state: Any = None,
    ):
        self.seconds = seconds
        self.width = width
        self.reading = reading
        self.library = library
        self.max_complexity = max_complexity
        self.costs = costs
        self.required = required
        self.engine = engine
        self.accuracy = accuracy
        self.grid = grid
        self.degree = degree
        self.n_jobs = n_jobs
        self.warm_start = warm_start
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
        # Numbers in place of the classes keep their order, whatever the labels are.
        if self.width is None:
            self.result_ = self._searched(inputs, index, weights)
        else:
            self.result_ = self._read(inputs, index, weights)
        self.equations_ = self.result_.front_frame()
        return self

    def _searched(self, inputs: Any, index: np.ndarray, weights: dict[str, Any]) -> Extraction:
        """The formulas that a search found."""
        if self.reading != "auto":
            raise InputError(f"reading={self.reading!r} is that of one KAN: give its width= too.")
        self.discovery_ = discover(
            inputs,
            index,
            loss="cross-entropy",
            **weights,
            **{name: getattr(self, name) for name in (*OF_BOTH, *OF_A_SEARCH)},
            seconds=self.seconds,
            seed=seed_of(self.random_state),
            progress=False,
        )
        return self.discovery_.result

    def _read(self, inputs: Any, index: np.ndarray, weights: dict[str, Any]) -> Extraction:
        """The formulas of a KAN of the given width."""
        if self.required:
            raise InputError("required= is for a search: leave it out, or width=.")
        seed = seed_of(self.random_state)
        settings: dict[str, Any] = {"loss": "cross-entropy", "seed": seed, **weights}
        self.model_, result = trained_and_read(
            self.width,  # pyright: ignore[reportArgumentType]
            inputs,
            index,
            len(self.classes_) - 1,
            seconds=self.seconds,
            training=settings,
            reading=settings
            | {"reading": self.reading}
            | {name: getattr(self, name) for name in OF_BOTH},
            splines={"grid": self.grid, "degree": self.degree, "seed": seed},
            trained=getattr(self, "model_", None) if self.warm_start else None,
        )
        return result

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


OF_BOTH = ("library", "max_complexity", "costs", "engine", "accuracy")
OF_A_SEARCH = ("required", "grid", "degree", "n_jobs")
"""Parameters that are settings of `discover`, and of `extract` too, under the same name."""
