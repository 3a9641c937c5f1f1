"""What training makes small: the squared error, or the cross-entropy of classes.

Both are relative, so that the best constant output has a loss of 1, and both give the normal
equations of a Gauss-Newton step; for the cross-entropy these are Fisher's scoring.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from kansym.errors import InputError

__all__ = ["CrossEntropy", "Labels", "Loss", "SquaredError", "as_labels"]


class Loss(Protocol):
    """A sum over rows and outputs, its derivatives, and what is left over."""

    def total(
        self, outputs: Float[Tensor, "rows outputs"], y: Float[Tensor, "rows outputs"]
    ) -> Tensor:
        """Loss of some rows; over the number of targets it is the mean."""
        ...

    def residual(
        self, outputs: Float[Tensor, "rows outputs"], y: Float[Tensor, "rows outputs"]
    ) -> Float[Tensor, "rows outputs"]:
        """Half the derivative of the total by the outputs."""
        ...

    def curvature(
        self,
        outputs: Float[Tensor, "rows outputs"],
        columns: Float[Tensor, "rows outputs parameters"],
    ) -> Float[Tensor, "parameters parameters"]:
        """Half the second derivative of the total by parameters that outputs are linear in."""
        ...


class SquaredError:
    """Sum of squares of outputs minus targets.

    Examples
    --------
    >>> outputs, y = torch.tensor([[1.0], [2.0]]), torch.tensor([[0.0], [0.0]])
    >>> float(SquaredError().total(outputs, y))
    5.0
    """

    def total(self, outputs: Tensor, y: Tensor) -> Tensor:
        return (outputs - y).double().square().sum()

    def residual(self, outputs: Tensor, y: Tensor) -> Tensor:
        return outputs - y

    def curvature(self, outputs: Tensor, columns: Tensor) -> Tensor:
        flat = columns.flatten(0, 1)
        return flat.T @ flat


@dataclass(frozen=True)
class CrossEntropy:
    r"""Cross-entropy of classes whose log-odds against the first class are the outputs.

    :math:`\sum_i [\log(1 + \sum_k e^{f_{ik}}) - \sum_k y_{ik} f_{ik}]` over the entropy of the
    shares of the classes.

    Attributes
    ----------
    entropy : of the shares, in nats.

    Examples
    --------
    >>> guess, y = torch.zeros(2, 1), torch.tensor([[0.0], [1.0]])
    >>> round(float(CrossEntropy(float(np.log(2))).total(guess, y)), 6)
    2.0
    """

    entropy: float

    def total(self, outputs: Tensor, y: Tensor) -> Tensor:
        f = outputs.double()
        normaliser = torch.cat([torch.zeros_like(f[:, :1]), f], dim=1).logsumexp(1)
        return (normaliser - (y * f).sum(1)).sum() * self._scale(y)

    def residual(self, outputs: Tensor, y: Tensor) -> Tensor:
        return (self._shares(outputs) - y) * (self._scale(y) / 2)

    def curvature(self, outputs: Tensor, columns: Tensor) -> Tensor:
        shares = self._shares(outputs)[..., None]
        flat, mean = (columns * shares.sqrt()).flatten(0, 1), (columns * shares).sum(1)
        return (flat.T @ flat - mean.T @ mean) * (self._scale(outputs) / 2)

    def _scale(self, y: Tensor) -> float:
        return y.shape[1] / self.entropy

    @staticmethod
    def _shares(outputs: Tensor) -> Tensor:
        """Probabilities of the classes after the first."""
        return torch.cat([torch.zeros_like(outputs[:, :1]), outputs], dim=1).softmax(1)[:, 1:]


@dataclass(frozen=True)
class Labels:
    """Classes of rows as targets of a cross-entropy.

    Attributes
    ----------
    classes : names, sorted; outputs are log-odds of all but the first against the first.
    targets : shares of all but the first class. The row's own class has (n + 1) / (n + K) of K
        classes, n rows of it: where classes are cut clearly, odds stay finite.
    loss : the cross-entropy.

    References
    ----------
    J. C. Platt, Probabilistic outputs for support vector machines, in: Advances in Large Margin
    Classifiers, MIT Press 1999.
    """

    classes: tuple[str, ...]
    targets: Float[np.ndarray, "rows outputs"]
    loss: CrossEntropy


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
    values = np.asarray(data)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1 or len(values) != n_rows:
        raise InputError(
            f"Labels of shape {values.shape} were given for {n_rows} rows of X: give one class "
            "for every row."
        )
    number = values.dtype.kind in "fiub"
    missing = ~np.isfinite(values.astype(float)) if number else values == None  # noqa: E711
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
    loss = CrossEntropy(float(-(shares * np.log(shares)).sum()))
    return Labels(tuple(str(name) for name in classes), targets[:, 1:], loss)
