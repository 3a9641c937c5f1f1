"""How far points lie from the line through their neighbours."""

import numpy as np
from jaxtyping import Float

__all__ = ["off_neighbours"]

Array = np.ndarray


def off_neighbours(
    x: Float[Array, " rows"], values: Float[Array, "rows *columns"]
) -> tuple[Float[Array, "inner *columns"], Float[Array, "inner *columns"]]:
    r"""Distances from the line through both neighbours along growing x, without the two ends.

    With :math:`t_i = (x_i - x_{i-1}) / (x_{i+1} - x_{i-1})` the distance is
    :math:`y_i - (1 - t_i)\, y_{i-1} - t_i\, y_{i+1}`.

    Parameters
    ----------
    x, values : in any order of the rows; the values may have columns.

    Returns
    -------
    The distances, and t, in the order of x.

    Examples
    --------
    >>> x = np.array([0.0, 3.0, 1.0])
    >>> off_neighbours(x, x**2)
    (array([-2.]), array([0.33333333]))
    """
    order = np.argsort(x)
    x, values = x[order], values[order]
    width = x[2:] - x[:-2]
    share = np.where(width > 0, (x[1:-1] - x[:-2]) / np.where(width > 0, width, 1.0), 0.5)
    share = share.astype(values.dtype).reshape(-1, *[1] * (values.ndim - 1))
    return values[1:-1] - (1 - share) * values[:-2] - share * values[2:], share
