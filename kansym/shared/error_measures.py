"""How far values are from those that they should be.

Values are finite unless said otherwise: who compares says what becomes of undefined ones.
"""

from typing import Any

import numpy as np
from jaxtyping import Float

__all__ = ["r_squared", "relative_error", "rmse"]

Values = Float[np.ndarray, "..."]


def rmse(predicted: Values, y: Values) -> float:
    """Root mean square of the differences, in the units of y.

    Examples
    --------
    >>> rmse(np.array([3.0, 1.0]), np.array([0.0, 5.0]))
    3.5355339059327378
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sqrt(np.mean((predicted - y) ** 2)))


def r_squared(predicted: Values, y: Values, mean: Any = None) -> float:
    """Share of the variance that is reproduced, all outputs together; nan for a constant y.

    Parameters
    ----------
    predicted, y : of shape (rows,) or (rows, outputs).
    mean : of y, that of these rows by default.

    Examples
    --------
    >>> r_squared(np.array([1.0, 2.0]), np.array([1.0, 3.0]))
    0.5
    """
    with np.errstate(over="ignore", invalid="ignore"):
        total = float(((y - (y.mean(axis=0) if mean is None else mean)) ** 2).sum())
        missing = float(((predicted - y) ** 2).sum())
    return 1 - missing / total if total > 0 else float("nan")


def relative_error(predicted: Values, y: Values) -> float:
    """Root mean square of the differences over the spread of each output, all outputs together.

    An output that is constant is left in its own units. The error is infinite if a value is
    undefined.

    Examples
    --------
    >>> relative_error(np.array([1.0, 2.0]), np.array([1.0, 3.0]))
    0.7071067811865476
    """
    spread = y.std(axis=0)
    value = rmse((predicted - y) / np.where(spread > 0, spread, 1.0), np.zeros(1))
    return value if np.isfinite(value) else float("inf")
