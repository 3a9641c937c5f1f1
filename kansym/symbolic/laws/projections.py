"""What columns have beside others."""

import numpy as np
from jaxtyping import Float, Int

__all__ = ["beside", "without"]

Array = np.ndarray


def without(
    values: Float[Array, "n rows"], basis: Float[Array, "rows terms"]
) -> Float[Array, "n rows"]:
    """Values without their part along an orthonormal basis; twice, as rounding leaves some."""
    values = values - (values @ basis) @ basis.T
    return values - (values @ basis) @ basis.T


def beside(
    values: Float[Array, "n rows"], basis: Float[Array, "rows terms"], trivial: float
) -> tuple[Float[Array, "kept rows"], Int[Array, " kept"]]:
    """What values have beside a basis, of norm 1, and which have more than a trivial share.

    Examples
    --------
    >>> one = np.full((4, 1), 0.5)
    >>> values = np.array([[2.0, 2.0, 2.0, 2.0], [1.0, 3.0, 1.0, 3.0]])
    >>> found, kept = beside(values, one, 1e-9)
    >>> found.tolist(), kept.tolist()
    ([[-0.5, 0.5, -0.5, 0.5]], [1])
    """
    rest = without(values, basis)
    norm = np.linalg.norm(rest, axis=1)
    kept = np.flatnonzero(norm > trivial * np.linalg.norm(values, axis=1))
    return rest[kept] / norm[kept, None], kept
