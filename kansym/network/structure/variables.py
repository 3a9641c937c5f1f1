"""Variables of a function with its derivatives by them, and unknown functions of one variable."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.polynomial import chebyshev

from kansym.network.structure.trees import Tree

__all__ = ["SOFT", "Basis", "Variable", "null_vector", "of_size_one", "row_weights"]

Array = np.ndarray
DEGREE = 8
"""Of the polynomials that stand for unknown functions."""
SOFT = 0.1
"""Gradients below this share of their root mean square weigh less."""


@dataclass(frozen=True, eq=False)
class Variable:
    """A tree with its values at the rows, and the derivative of f by it."""

    tree: Tree
    v: Float[Array, " rows"]
    g: Float[Array, " rows"]

    @property
    def signed(self) -> bool:
        """Whether it takes both signs, or zero."""
        return bool(self.v.min() <= 0 <= self.v.max())


@dataclass(frozen=True, eq=False)
class Basis:
    """Polynomials on the range of some values, orthonormal at the rows."""

    phi: Float[Array, "rows terms"]
    derivative: Float[Array, "rows terms"]
    integral: Float[Array, "rows terms"]

    @classmethod
    def on(cls, v: Array, degree: int = DEGREE) -> "Basis":
        """For the rows' values; in the logarithm where they span more than a factor of ten."""
        low, high = v.min(), v.max()
        by_log = low > 0 and high > 10 * low
        u, du = (np.log(v), 1 / v) if by_log else (v, np.ones_like(v))
        low, high = u.min(), u.max()
        half = (high - low) / 2 or 1.0
        t = (u - low) / half - 1
        phi = chebyshev.chebvander(t, degree)
        identity = np.eye(degree + 1)
        slopes = chebyshev.chebvander(t, degree) @ np.stack(
            [
                np.pad(chebyshev.chebder(c), (0, degree + 1 - len(chebyshev.chebder(c))))
                for c in identity
            ],
            axis=1,
        )
        derivative = slopes * (du / half)[:, None]
        _, triangular = np.linalg.qr(phi / np.sqrt(len(v)))
        to_normal = np.linalg.inv(triangular)
        order = np.argsort(v)
        values = phi @ to_normal
        steps = np.diff(v[order])[:, None] * (values[order][1:] + values[order][:-1]) / 2
        integral = np.empty_like(values)
        integral[order] = np.concatenate([np.zeros((1, degree + 1)), steps.cumsum(0)])
        return cls(values, derivative @ to_normal, integral)


def null_vector(matrix: Array) -> tuple[float, Array]:
    """Smallest singular value relative to the mean square of all, and its vector."""
    _, singular, vectors = np.linalg.svd(matrix, full_matrices=False)
    typical = np.sqrt(np.mean(singular**2))
    return float(singular[-1] / typical) if typical > 0 else np.inf, vectors[-1]


def row_weights(columns: Sequence[Array]) -> Array:
    """Rows weighted so that all count alike, apart from those where all columns are small."""
    size = np.sqrt(sum(column**2 for column in columns))
    return 1.0 / (size + SOFT * np.sqrt(np.mean(size**2)) + 1e-300)


def of_size_one(column: Array) -> Array:
    """A column over its root mean square."""
    return column / (np.sqrt(np.mean(column**2)) + 1e-300)
