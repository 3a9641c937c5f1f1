"""A smooth student: an MLP that learns the answers of a model whose own gradients are rough."""

from functools import cached_property

import numpy as np
from jaxtyping import Float
from scipy.spatial import cKDTree

from kansym.neural.models.mlp import MLP
from kansym.neural.readers.black_box import BlackBox, TorchBox
from kansym.neural.training.history import uninterrupted
from kansym.neural.training.training import train

__all__ = ["Student", "more_rows"]

Array = np.ndarray
ANSWERS = 4000
"""Rows that a student learns from: enough for a few hundred weights; noise averages out."""
HIDDEN = (20, 20)
"""Hidden units: as many weights as second-order training handles in seconds."""


def more_rows(
    X: Float[Array, "rows inputs"], n: int, *, seed: int = 0
) -> Float[Array, "more inputs"]:
    """Further rows where the given ones lie: drawn between one of them and a near neighbour.

    Parameters
    ----------
    X : rows; the first of the result, as far as there is room.
    n : how many rows in all.
    seed : of the draws.

    Examples
    --------
    >>> X = np.random.default_rng(0).uniform(size=(100, 2))
    >>> more_rows(X, 500).shape
    (500, 2)
    """
    rng = np.random.default_rng(seed)
    if n <= len(X):
        return X[np.sort(rng.choice(len(X), n, replace=False))]
    spread = X.std(axis=0)
    scaled = X / np.where(spread > 0, spread, 1.0)
    near = min(2 * X.shape[1] + 1, len(X))
    _, neighbours = cKDTree(scaled).query(scaled, k=near)
    first = rng.integers(0, len(X), n - len(X))
    second = neighbours.reshape(len(X), near)[first, rng.integers(0, near, len(first))]
    share = rng.uniform(size=(len(first), 1))
    return np.concatenate([X, X[first] + share * (X[second] - X[first])])


class Student(BlackBox):
    """An MLP trained on a model's answers, with exact, smooth gradients; trained when first asked.

    Parameters
    ----------
    box : the model.
    X : rows of its domain; it is asked between them as well.
    seconds : time for training.
    seed : of the student.
    """

    def __init__(
        self, box: BlackBox, X: Float[Array, "rows inputs"], seconds: float, seed: int = 0
    ):
        self.box, self.X, self.seconds, self.seed = box, X, seconds, seed
        self.source, self.learned = box.source, box.learned

    @cached_property
    def _trained(self) -> tuple[TorchBox, float]:
        rows = more_rows(self.X, ANSWERS, seed=self.seed)
        answers = self.box.answers(rows)
        widths = [rows.shape[1], *HIDDEN, answers.shape[1]]
        student = MLP(widths, activation="tanh", seed=self.seed)
        settings = {"seconds": self.seconds, "seed": self.seed, "progress": False}
        history = uninterrupted(train(student, rows, answers, **settings))
        return TorchBox(student), history.validation

    @property
    def error(self) -> float:
        """Of the student on answers that were held out, over their spread."""
        return self._trained[1]

    def answers(self, X: Array) -> Array:
        return self._trained[0].answers(X)

    def gradients(self, X: Array) -> Array:
        return self._trained[0].gradients(X)
