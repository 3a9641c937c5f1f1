"""Directions in which columns add up to nothing, and the plainest basis of them."""

import numpy as np
from jaxtyping import Bool, Float

__all__ = ["echelon_form", "null_directions"]

Array = np.ndarray
LEAST_PIVOT = 1e-6
"""Over the largest coefficient: smaller ones are rounding."""


def null_directions(
    columns: Float[Array, "rows columns"],
) -> tuple[Float[Array, "directions columns"], Float[Array, " directions"]]:
    """Coefficients of columns, those first that leave least, and what they leave.

    The columns count alike whatever their size: what is left is a root mean square over theirs.

    Examples
    --------
    >>> x = np.linspace(1, 2, 9)
    >>> directions, left = null_directions(np.column_stack([x, 3 * x]))
    >>> bool(abs(directions[0] @ [1, 3]) < 1e-12), np.round(left, 9).tolist()
    (True, [0.0, 1.414213562])
    """
    sizes = np.sqrt(np.mean(columns**2, axis=0))
    sizes = np.where(sizes > 0, sizes, 1.0)
    _, values, right = np.linalg.svd(columns / sizes, full_matrices=False)
    return right[::-1] / sizes, values[::-1] / np.sqrt(len(columns))


def echelon_form(
    vectors: Float[Array, "vectors columns"], leading: Bool[Array, " columns"]
) -> Float[Array, "vectors columns"] | None:
    """The basis of a space in which each vector has a one where all others have none.

    Parameters
    ----------
    vectors : that span it.
    leading : columns in which a one may stand; None if these do not tell the vectors apart.

    Examples
    --------
    >>> plane = np.array([[1.0, 1.0, 3.0], [0.0, 2.0, 2.0]])
    >>> np.round(echelon_form(plane, np.array([True, True, False])), 9).tolist()
    [[0.0, 1.0, 1.0], [1.0, 0.0, 2.0]]
    """
    vectors = vectors / np.abs(vectors).max()
    free = np.array(leading)
    for row in range(len(vectors)):
        left = np.abs(vectors[row:]) * free
        at, pivot = np.unravel_index(left.argmax(), left.shape)
        if left[at, pivot] < LEAST_PIVOT:
            return None
        vectors[[row, row + at]] = vectors[[row + at, row]]
        vectors[row] /= vectors[row, pivot]
        others = np.arange(len(vectors)) != row
        vectors[others] -= np.outer(vectors[others, pivot], vectors[row])
        free[pivot] = False
    return vectors
