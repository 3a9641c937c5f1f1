"""Tables that are hard to explain: what `extraction_budget.py` times `discover` on."""

from collections.abc import Callable

import numpy as np

__all__ = ["TABLES"]

Table = tuple[np.ndarray, np.ndarray]


def drawn(
    rows: int,
    columns: int,
    law: Callable[[np.ndarray], np.ndarray],
    *,
    noise: float = 0.0,
    low: float = 1.0,
    high: float = 3.0,
) -> Table:
    """Uniform inputs and a target with noise relative to its spread."""
    rng = np.random.default_rng(0)
    X = rng.uniform(low, high, (rows, columns))
    y = law(X)
    return X, y + noise * np.std(y, axis=0) * rng.normal(size=y.shape)


def monomial(X: np.ndarray) -> np.ndarray:
    """x1 x2 / x3^2."""
    return X[:, 0] * X[:, 1] / X[:, 2] ** 2


def chance(X: np.ndarray) -> np.ndarray:
    """Nothing but noise."""
    return np.random.default_rng(1).normal(size=len(X))


def waves(X: np.ndarray) -> np.ndarray:
    """A target that oscillates faster than the rows can show."""
    return np.sin(40 * X[:, 0] * X[:, 1]) + np.floor(5 * X[:, -1])


def outputs(X: np.ndarray) -> np.ndarray:
    """Six targets."""
    return np.stack([waves(X), chance(X), monomial(X), *X[:, :3].T ** 3], axis=1)


TABLES: dict[str, Callable[[], Table]] = {
    "60 columns": lambda: drawn(500, 60, monomial),
    "60 columns, noise": lambda: drawn(500, 60, monomial, noise=0.1),
    "60 columns of chance": lambda: drawn(500, 60, chance),
    "1000 x 50": lambda: drawn(1000, 50, monomial, noise=0.01),
    "30 x 1000": lambda: drawn(30, 1000, monomial),
    "100 x 300 of chance": lambda: drawn(100, 300, chance),
    "50,000 rows": lambda: drawn(50_000, 4, waves),
    "waves": lambda: drawn(500, 3, waves),
    "waves, noise": lambda: drawn(500, 3, waves, noise=0.3),
    "chance": lambda: drawn(300, 3, chance),
    "chance of one input": lambda: drawn(300, 1, chance),
    "six targets": lambda: drawn(300, 4, outputs),
    "five rows": lambda: drawn(5, 2, chance),
    "six rows, ten columns": lambda: drawn(6, 10, chance),
    "one outlier": lambda: drawn(200, 2, lambda X: np.where(X[:, 0] > 2.99, 1e60, X[:, 1])),
    "1e100": lambda: drawn(200, 3, lambda X: 1e100 * waves(X), low=1e-100, high=2e-100),
    "two levels": lambda: drawn(200, 3, lambda X: np.sign(X[:, 0] - 2) + X[:, 1] ** 3),
    "copies of a column": lambda: copies(),
    "few distinct rows": lambda: repeated(),
    "towers": lambda: drawn(200, 2, lambda X: X[:, 0] ** X[:, 1] ** X[:, 0]),
}


def copies() -> Table:
    """Ten inputs that are one, with a little noise."""
    X, y = drawn(200, 10, lambda X: np.exp(X[:, 0]) + np.sin(9 * X[:, 0]))
    return X[:, :1] + 1e-6 * X, y


def repeated() -> Table:
    """Three rows, a hundred times each."""
    X, y = drawn(3, 3, chance)
    return np.repeat(X, 100, axis=0), np.repeat(y, 100)
