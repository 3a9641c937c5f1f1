"""Class labels as targets: what training makes likely, and what judges a formula of log-odds."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from scipy.special import logsumexp, softmax

from kansym.shared.errors import InputError
from kansym.shared.tables import tensor_values

__all__ = ["Labels", "as_labels", "class_shares"]

Array = np.ndarray

SCORING_STEPS, SETTLED = 10, 1e-6
"""Most steps of Fisher's scoring, and the relative gain at which they end."""
SCORING_SHARES = (1.0, 0.5, 0.25, 0.125)
"""Parts of a step that are tried in turn."""


@dataclass(frozen=True)
class Labels:
    """Classes of rows as targets of a cross-entropy.

    Attributes
    ----------
    classes : names, sorted; outputs are log-odds of all but the first against the first.
    index : which class each row is of.
    targets : shares of all but the first class. The row's own class has (n + 1) / (n + K) of K
        classes, n rows of it: where classes are cut clearly, odds stay finite.
    entropy : of the shares of the classes, in nats.

    References
    ----------
    J. C. Platt, Probabilistic outputs for support vector machines, in: Advances in Large Margin
    Classifiers, MIT Press 1999.
    """

    classes: tuple[str, ...]
    index: Int[np.ndarray, " rows"]
    targets: Float[np.ndarray, "rows outputs"]
    entropy: float
    weight: Float[np.ndarray, " rows"] | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the log-odds."""
        return tuple(f"log-odds of {name}" for name in self.classes[1:])

    def of_rows(self, rows: Int[np.ndarray, " some"]) -> "Labels":
        """Those of some rows; what is known of the classes stays."""
        weight = None if self.weight is None else self.weight[rows]
        return replace(self, index=self.index[rows], targets=self.targets[rows], weight=weight)

    def working_responses(
        self, scores: Float[np.ndarray, "rows outputs"], rows: Int[np.ndarray, " rows"]
    ) -> tuple[Float[np.ndarray, "rows outputs"], Float[np.ndarray, "rows outputs"]]:
        """Log-odds to be met by weighted least squares, and the weights, near given log-odds f.

        z = f + (y - p) / w with w = p (1 - p): the step of iteratively reweighted least squares,
        each class by itself. Weights stay above those of the surest targets.

        Parameters
        ----------
        scores : log-odds f of some rows.
        rows : which rows these are.

        References
        ----------
        P. McCullagh, J. A. Nelder, Generalized Linear Models, 2nd ed., 1989, section 2.5.
        """
        targets, p = self.targets[rows], class_shares(scores)
        least = (self.targets * (1 - self.targets)).min()
        weights = np.maximum(p * (1 - p), least)
        count = 1.0 if self.weight is None else self.weight[rows, None]
        return scores + (targets - p) / weights, weights * count

    def likeliest(
        self,
        fit: Callable[[Any, Array, Array], tuple[Any, Array]],
        fitted: Any,
        scores: Float[np.ndarray, "rows outputs"],
        rows: Int[np.ndarray, " rows"],
    ) -> tuple[Any, Float[np.ndarray, "rows outputs"], float]:
        """What makes the labels likeliest by Fisher's scoring, its log-odds and cross-entropy.

        Parameters
        ----------
        fit : weighted least squares, from what was fitted, targets and weights (rows, outputs) to
            what is fitted now and its log-odds.
        fitted, scores : to start from.
        rows : which rows these are.
        """
        loss = self.mean_loss(scores, rows)
        for _ in range(SCORING_STEPS if np.isfinite(loss) else 0):
            responses, weights = self.working_responses(scores, rows)
            for share in SCORING_SHARES:
                trial, found = fit(fitted, scores + share * (responses - scores), weights)
                lower = self.mean_loss(found, rows)
                if lower < loss:
                    break
            else:
                break
            gain, fitted, scores, loss = loss - lower, trial, found, lower
            if gain < SETTLED * loss:
                break
        return fitted, scores, loss

    def mean_loss(
        self, scores: Float[np.ndarray, "rows outputs"], rows: Int[np.ndarray, " rows"]
    ) -> float:
        """Cross-entropy of some rows in nats; infinite if a score is undefined."""
        normaliser = logsumexp(np.column_stack([np.zeros(len(scores)), scores]), axis=1)
        weight = None if self.weight is None else self.weight[rows]
        each = normaliser - (self.targets[rows] * scores).sum(1)
        value = float(np.average(each, weights=weight))
        return value if np.isfinite(value) else np.inf

    def surprise(self, scores: Float[np.ndarray, "rows outputs"]) -> float:
        """Minus the logarithm of the probability of all rows' classes, in bits.

        Constants are fitted to shares that leave odds finite; how well a formula tells classes is
        seen by the classes themselves.
        """
        every = np.column_stack([np.zeros(len(scores)), scores])
        own = logsumexp(every, axis=1) - every[np.arange(len(every)), self.index]
        return float((own if self.weight is None else own * self.weight).sum() / np.log(2))

    def right(
        self, scores: Float[np.ndarray, "rows outputs"], rows: Int[np.ndarray, " rows"]
    ) -> float:
        """Share of some rows whose likeliest class is theirs; undefined scores count as wrong."""
        found = np.column_stack([np.zeros(len(scores)), scores]).argmax(1)
        return float(np.mean((found == self.index[rows]) & np.isfinite(scores).all(1)))


def class_shares(scores: Float[np.ndarray, "rows outputs"]) -> Float[np.ndarray, "rows outputs"]:
    """Probabilities of all classes but the first, from log-odds against it.

    Examples
    --------
    >>> class_shares(np.log([[2.0, 3.0]])).round(3).tolist()
    [[0.333, 0.5]]
    """
    return softmax(np.column_stack([np.zeros(len(scores)), scores]), axis=1)[:, 1:]


def as_labels(data: Any, n_rows: int) -> Labels:
    """Check class labels: text, numbers or booleans, one for every row, at least two classes.

    Raises
    ------
    InputError
        For labels of another shape, missing ones, or a single class.

    Examples
    --------
    >>> labels = as_labels(["b", "a", "b", "b"], 4)
    >>> labels.classes, labels.targets.round(2).tolist()
    (('a', 'b'), [[0.8], [0.33], [0.8], [0.8]])
    """
    # Text and nan in one list would become the text "nan".
    mixed = isinstance(data, list | tuple) and any(isinstance(cell, str) for cell in data)
    if type(data).__module__.split(".")[0] == "torch":
        data = tensor_values(data, "y")
    values = np.asarray(data, dtype=object if mixed else None)
    masked = np.ma.getmaskarray(data) if isinstance(data, np.ma.MaskedArray) else None
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1 or len(values) != n_rows:
        raise InputError(
            f"Labels of shape {values.shape} were given for {n_rows} rows of X: give one class "
            "for every row."
        )
    number = values.dtype.kind in "fiub"
    missing = ~np.isfinite(values.astype(float)) if number else np.asarray(pd.isna(values))
    missing = missing if masked is None else missing | masked.reshape(n_rows)
    if missing.any():
        raise InputError(
            f"{int(missing.sum())} labels are missing, the first in row {int(missing.argmax())}: "
            "fill them or leave those rows out."
        )
    values = values if number else values.astype(str)
    classes, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    if not 2 <= len(classes) <= n_rows / 2:
        raise InputError(
            f"The labels of {n_rows} rows are of {len(classes)} classes: give at least two "
            "classes, and more rows than twice their number; for numbers leave loss out."
        )
    k = len(classes)
    targets = np.repeat(1 / (counts[index] + k), k).reshape(n_rows, k)
    targets[np.arange(n_rows), index] *= counts[index] + 1
    shares = counts / n_rows
    entropy = float(-(shares * np.log(shares)).sum())
    return Labels(tuple(str(name) for name in classes), index, targets[:, 1:], entropy)
