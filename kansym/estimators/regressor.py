"""A law of rows as an estimator of scikit-learn."""

from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted

from kansym.estimators.networks import trained_and_read
from kansym.estimators.rows import new_inputs, seed_of, training_rows, weights_and_errors
from kansym.extraction.discovery import Discovery, discover
from kansym.results.result import Extraction
from kansym.shared.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kansym.symbolic.engines import Engine
    from kansym.symbolic.library.library import Library
    from kansym.symbolic.measurements.refitting import Exact

__all__ = ["SymbolicRegressor"]


@final
class SymbolicRegressor(RegressorMixin, BaseEstimator):
    """Find a formula for data, see `kansym.discover`, or train one KAN and read it.

    Parameters
    ----------
    seconds : time limit of fit; it ends sooner if a law leaves nothing to explain.
    width : nodes of every layer, such as ``[2, 5, 1]``: a KAN of this shape alone is trained, and
        its formula is read. By default laws are sought from every source.
    reading : of that KAN, by ``"weights"``, by ``"function"``, or both, see `kansym.extract`.
    library : functions to try: a `Library`, or names of sets and functions, see
        `kansym.discover`.
    max_complexity : longest formula in bits; None for no limit.
    costs : how many times their bits functions and operations count, see `kansym.discover`.
    required : names of inputs that the formula has to contain.
    engine : for edges that no function of the library explains, see `kansym.extract`.
    accuracy : error over the spread of y that is not worth explaining.
    exact : what to do about exact numbers on noisy data, see `kansym.extract`.
    loss : whether rows that contradict all others are left out, see `kansym.discover`.
    units, output_unit : of the inputs and of y, see `kansym.discover`.
    grid, degree, starts : of the networks, see `kansym.discover`.
    n_jobs : processes for several outputs, -1 for one on every core.
    warm_start : whether fit on the same rows goes on where it stopped; with a width, training.
    random_state : seed of starts and splits.

    Attributes
    ----------
    discovery_ : everything that was tried, a `Discovery`; not with a width.
    model_ : with a width, the `KAN`.
    result_ : the formulas and all that supports them, an `Extraction`.
    expr_ : the formula as a sympy expression; a tuple of them for several outputs.
    equations_ : the Pareto front as a data frame, simplest first.
    n_features_in_, feature_names_in_ : columns of X, and their names if they have any.

    Examples
    --------
    >>> X = np.random.default_rng(0).uniform(1, 3, (400, 2))
    >>> model = SymbolicRegressor(seconds=5, random_state=0).fit(X, X[:, 0] / X[:, 1])
    >>> model.expr_
    x1/x2
    """

    discovery_: Discovery
    result_: Extraction
    equations_: pd.DataFrame
    mean_: np.ndarray | float

    def __init__(  # noqa: PLR0913 - scikit-learn reads the settings off the signature
        self,
        *,
        seconds: float = 60.0,
        width: "Sequence[Any] | None" = None,
        reading: str = "auto",
        library: "Library | str | list[str]" = "elementary",
        max_complexity: float | None = None,
        costs: "Mapping[str, float] | None" = None,
        required: "Sequence[str]" = (),
        engine: "str | Engine | None" = "pairs",
        accuracy: float | None = None,
        exact: "Exact" = "report",
        loss: str = "robust",
        units: "Mapping[str, str] | None" = None,
        output_unit: str | None = None,
        grid: int = 4,
        degree: int = 3,
        starts: int = 12,
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
        self.exact = exact
        self.loss = loss
        self.units = units
        self.output_unit = output_unit
        self.grid = grid
        self.degree = degree
        self.starts = starts
        self.n_jobs = n_jobs
        self.warm_start = warm_start
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, sigma: Any = None) -> Self:
        """Search a formula for rows.

        Parameters
        ----------
        X : inputs (rows, inputs); columns of a data frame keep their names in the formula.
        y : targets (rows,) or (rows, outputs).
        sample_weight : how much each row counts, shape (rows,).
        sigma : standard error of y in each row, or one for all; instead of weights.
        """
        inputs, targets = training_rows(self, X, y, multi_output=True, y_numeric=True)
        used, errors = weights_and_errors(inputs, sample_weight, sigma)
        inputs, targets = inputs[used], targets[used]
        targets = _with_name(targets, y)
        if self.width is None:
            self.result_ = self._searched(inputs, targets, errors)
        else:
            self.result_ = self._read(inputs, targets, errors)
        self.equations_ = self.result_.front_frame()
        self.mean_ = np.mean(np.asarray(targets), axis=0)
        return self

    def _searched(self, inputs: Any, targets: Any, errors: dict[str, Any]) -> Extraction:
        """The law that a search found."""
        if self.reading != "auto":
            raise InputError(f"reading={self.reading!r} is that of one KAN: give its width= too.")
        earlier = getattr(self, "discovery_", None) if self.warm_start else None
        if earlier is not None and not earlier.is_of(np.asarray(inputs, float), _columns(targets)):
            earlier = None
        self.discovery_ = discover(
            inputs,
            targets,
            **errors,
            **{name: getattr(self, name) for name in (*OF_BOTH, *OF_A_SEARCH)},
            seconds=self.seconds,
            seed=seed_of(self.random_state),
            resume=earlier,
            progress=False,
        )
        return self.discovery_.result

    def _read(self, inputs: Any, targets: Any, errors: dict[str, Any]) -> Extraction:
        """The formula of a KAN of the given width."""
        for name in ("units", "output_unit", "required"):
            if getattr(self, name):
                raise InputError(f"{name}= is for a search: leave it out, or width=.")
        seed = seed_of(self.random_state)
        self.model_, result = trained_and_read(
            self.width,  # pyright: ignore[reportArgumentType]
            inputs,
            targets,
            _columns(targets).shape[1],
            seconds=self.seconds,
            training={"seed": seed, "starts": self.starts, **errors},
            reading={"seed": seed, "reading": self.reading, **errors}
            | {name: getattr(self, name) for name in OF_BOTH},
            splines={"grid": self.grid, "degree": self.degree, "seed": seed},
            trained=getattr(self, "model_", None) if self.warm_start else None,
        )
        return result

    @property
    def expr_(self) -> Any:
        """The formula as a sympy expression; a tuple of them for several outputs."""
        check_is_fitted(self)
        return self.result_.expr

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Values of the formula, nan where it has none.

        Parameters
        ----------
        X : inputs (rows, inputs).
        return_std : whether to return, as well, the standard errors that those of the constants
            cause.

        Returns
        -------
        Shape (rows,) or (rows, outputs); two of them with ``return_std``.
        """
        check_is_fitted(self)
        return self.result_.predict(new_inputs(self, X), return_std=return_std)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Share of the variance explained; a row without a value counts as the mean of fit."""
        values = self.predict(X)
        values = np.where(np.isfinite(values), values, self.mean_)
        return float(r2_score(y, values, sample_weight=sample_weight))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.non_deterministic = True  # how far a search gets in its time depends on the machine
        return tags


OF_BOTH = ("library", "max_complexity", "costs", "engine", "accuracy", "exact")
OF_A_SEARCH = ("required", "grid", "degree", "starts", "n_jobs", "loss", "units", "output_unit")
"""Parameters that are settings of `discover`, and of `extract` too, under the same name."""


def _columns(targets: Any) -> np.ndarray:
    """Targets as a table."""
    targets = np.asarray(targets)
    return targets if targets.ndim > 1 else targets[:, None]


def _with_name(targets: np.ndarray, y: Any) -> Any:
    """Targets with the name of the series that they came from."""
    name = getattr(y, "name", None)
    return targets if name is None or targets.ndim > 1 else pd.Series(targets, name=str(name))
