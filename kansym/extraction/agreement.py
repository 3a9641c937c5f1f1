"""How well formulas agree with rows: their values, errors, and dependent inputs."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from kansym.shared.error_measures import r_squared, rmse
from kansym.symbolic.formulas.formula import Formula

__all__ = ["agreement", "dependence", "predicted"]

Values = Float[np.ndarray, "rows outputs"]


def predicted(formulas: Sequence[Formula], X: Float[np.ndarray, "rows inputs"]) -> Values:
    """Values of all formulas, nan where undefined, without warnings."""
    columns = [np.broadcast_to(formula.numpy(*X.T), len(X)) for formula in formulas]
    return np.stack(columns, axis=1)


def agreement(values: Values, y: Values) -> tuple[float, float]:
    """Root-mean-square error in the units of y, and R squared, on rows with defined values."""
    kept = np.isfinite(values).all(axis=1)
    if not kept.any():
        return float("nan"), float("nan")
    return rmse(values[kept], y[kept]), r_squared(values[kept], y[kept], y.mean(axis=0))


def dependence(X: Float[np.ndarray, "rows inputs"]) -> float:
    """Smallest singular value of the standardised inputs over the largest; 0 if dependent.

    Examples
    --------
    >>> X = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
    >>> dependence(X) < 1e-12, dependence(X[:, :1])
    (True, 1.0)
    """
    varying = X[:, X.std(axis=0) > 0]
    if varying.shape[1] < 2:
        return 1.0
    values = np.linalg.svd((varying - varying.mean(axis=0)) / varying.std(axis=0), compute_uv=False)
    return float(values[-1] / values[0])
