"""The law that is there in no time: a straight line in the input that y follows most closely."""

import numpy as np
import sympy

from kansym.symbolic.laws.checking import fresh_constants
from kansym.symbolic.laws.law import Law, Rows

__all__ = ["straight_line"]


def straight_line(rows: Rows) -> Law:
    """The line of least squares in one input.

    Examples
    --------
    >>> X = np.array([[1.0, 3.0], [2.0, 1.0], [3.0, 4.0]])
    >>> law = straight_line(Rows(X, 2 * X[:, 0] + 1, ("a", "b")))
    >>> law.expr, [round(value, 6) for value in law.start.values()]
    (a*k2 + k1, [1.0, 2.0])
    """
    centred, y = rows.X - rows.X.mean(axis=0), rows.y - rows.y.mean()
    sizes = np.maximum(np.abs(centred).max(axis=0), 1e-300)
    scaled = centred / sizes
    slopes = scaled.T @ y / np.maximum(np.square(scaled).sum(axis=0), 1e-300)
    best = int(np.argmax(np.abs(slopes) * scaled.std(axis=0)))
    slope = float(slopes[best] / sizes[best])
    constant, factor = fresh_constants(rows.names, 2)
    start = {constant: float(rows.y.mean() - slope * rows.X[:, best].mean()), factor: slope}
    residual = y - slopes[best] * scaled[:, best]
    error = float(np.std(residual) / (np.std(rows.y) or 1.0))
    return Law(constant + factor * sympy.Symbol(rows.names[best]), start, "straight line", error)
