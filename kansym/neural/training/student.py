"""A smooth student: an MLP that learns the answers of a model whose own gradients are rough."""

import numpy as np
from jaxtyping import Float
from scipy.spatial import cKDTree

from kansym.neural.models.mlp import MLP
from kansym.neural.readers.black_box import BlackBox, TorchBox
from kansym.neural.training.history import uninterrupted
from kansym.neural.training.training import train

__all__ = ["more_rows", "student_of"]

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


def student_of(
    box: BlackBox, X: Float[Array, "rows inputs"], *, seconds: float, seed: int = 0
) -> BlackBox:
    """An MLP trained on a model's answers, as a black box with exact, smooth gradients.

    Parameters
    ----------
    box : the model.
    X : rows of its domain; it is asked between them as well.
    seconds : time for training.
    seed : of the student.
    """
    rows = more_rows(X, ANSWERS, seed=seed)
    answers = box.answers(rows)
    student = MLP([X.shape[1], *HIDDEN, answers.shape[1]], activation="tanh", seed=seed)
    uninterrupted(train(student, rows, answers, seconds=seconds, seed=seed, progress=False))
    return TorchBox(student)
