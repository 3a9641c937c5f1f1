"""What training makes small: the squared error, or the cross-entropy of classes.

Both are relative, so that the best constant output has a loss of 1, and both give the normal
equations of a Gauss-Newton step; for the cross-entropy these are Fisher's scoring.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["CrossEntropy", "Loss", "SquaredError", "Weighted"]


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
        y: Float[Tensor, "rows outputs"],
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
        return self.each(outputs, y).sum()

    def each(self, outputs: Tensor, y: Tensor) -> Tensor:
        """Loss of every row."""
        return (outputs - y).double().square().sum(1)

    def residual(self, outputs: Tensor, y: Tensor) -> Tensor:
        return outputs - y

    def curvature(self, outputs: Tensor, columns: Tensor, y: Tensor) -> Tensor:
        flat = columns.flatten(0, 1)
        return flat.T @ flat


@dataclass(frozen=True)
class CrossEntropy:
    r"""Cross-entropy of classes whose log-odds against the first class are the outputs.

    :math:`\sum_i [\log(1 + \sum_k e^{f_{ik}}) - \sum_k y_{ik} f_{ik}]`, less what it is at least,
    over the entropy of the shares of the classes.

    Attributes
    ----------
    entropy : of the shares, in nats.

    Examples
    --------
    >>> guess, y = torch.zeros(2, 1), torch.tensor([[0.0], [1.0]])
    >>> round(float(CrossEntropy(0.6931).total(guess, y)), 3)
    2.0
    """

    entropy: float

    def total(self, outputs: Tensor, y: Tensor) -> Tensor:
        return self.each(outputs, y).sum()

    def each(self, outputs: Tensor, y: Tensor) -> Tensor:
        """Loss of every row."""
        f = outputs.double()
        normaliser = torch.cat([torch.zeros_like(f[:, :1]), f], dim=1).logsumexp(1)
        shares = torch.cat([1 - y.sum(1, keepdim=True), y], dim=1).double()
        least = -torch.xlogy(shares, shares).sum(1)
        # Of a perfect fit, rounding must not leave a loss below zero: its root is the error.
        return (normaliser - (y * f).sum(1) - least).clamp_min(0.0) * self._scale(y)

    def residual(self, outputs: Tensor, y: Tensor) -> Tensor:
        return (self._shares(outputs) - y) * (self._scale(y) / 2)

    def curvature(self, outputs: Tensor, columns: Tensor, y: Tensor) -> Tensor:
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
class Weighted:
    """A loss whose rows count by their weights, which are the last column of the targets.

    Examples
    --------
    >>> outputs, y = torch.tensor([[1.0], [2.0]]), torch.tensor([[0.0, 1.0], [0.0, 0.5]])
    >>> float(Weighted(SquaredError()).total(outputs, y))
    3.0
    """

    loss: SquaredError | CrossEntropy

    def total(self, outputs: Tensor, y: Tensor) -> Tensor:
        return (self.loss.each(outputs, y[:, :-1]) * y[:, -1]).sum()

    def residual(self, outputs: Tensor, y: Tensor) -> Tensor:
        return self.loss.residual(outputs, y[:, :-1]) * y[:, -1:]

    def curvature(self, outputs: Tensor, columns: Tensor, y: Tensor) -> Tensor:
        roots = y[:, -1].sqrt()[:, None, None]
        return self.loss.curvature(outputs, columns * roots, y[:, :-1])
