"""Rows of a law at random inputs."""

from collections.abc import Callable

import numpy as np

from kansym.symbolic.laws.law import Rows


def drawn_rows(
    law: Callable[..., np.ndarray], inputs: int, count: int = 700, high: float = 3.0, seed: int = 0
) -> Rows:
    """So many rows without noise; the inputs are a, b, c, ..., evenly between 1 and high."""
    X = np.random.default_rng(seed).uniform(1, high, (count, inputs))
    return Rows(X, law(*X.T), tuple("abcdefgh"[:inputs]))


def noisy_rows(
    law: Callable[..., np.ndarray], inputs: int, noise: float, count: int, seed: int = 0
) -> Rows:
    """Such rows with normal errors, this part of the spread of y."""
    exact = drawn_rows(law, inputs, count, seed=seed)
    errors = np.random.default_rng(seed + 1).normal(size=count)
    y = exact.y + noise * np.std(exact.y) * errors
    return Rows(exact.X, y, exact.names, noise)
