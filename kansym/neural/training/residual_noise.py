"""Whether what a model leaves over is noise, or something that a better model would explain."""

import numpy as np
from jaxtyping import Float
from scipy.spatial import cKDTree

__all__ = ["is_noise"]

MOST_ROWS = 3000
"""Rows that are looked at: a correlation of 0.055 is then seen."""
SIGMAS = 3.0
"""Standard errors above which a correlation is none of chance (0.1 % of noise alone)."""


def is_noise(
    X: Float[np.ndarray, "rows inputs"], residual: Float[np.ndarray, "rows outputs"]
) -> bool:
    r"""Whether residuals at neighbouring rows are independent of each other.

    The correlation :math:`\sum_i r_i r_{n(i)} / \sum_i r_i^2` of every residual with that of the
    nearest row n(i) is zero for noise, within :math:`3/\sqrt{rows}`; what a smooth function leaves
    over is alike at neighbours. Many inputs and few rows hide structure: then it counts as noise.

    Parameters
    ----------
    X : rows, in any units; columns are compared after division by their spread.
    residual : what is left over there, in any units.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(-1, 1, (500, 2))
    >>> is_noise(X, rng.normal(size=(500, 1)))
    True
    >>> is_noise(X, np.sin(5 * X[:, :1] + X[:, 1:]))
    False
    """
    X, residual = X[:MOST_ROWS], residual[:MOST_ROWS]
    spread = X.std(axis=0)
    scaled = X[:, spread > 0] / spread[spread > 0]
    if len(X) < 3 or scaled.shape[1] == 0:
        return True
    _, near = cKDTree(scaled).query(scaled, k=2)
    r = residual - residual.mean(axis=0)
    total = (r**2).sum(axis=0)
    alike = (r * r[near[:, 1]]).sum(axis=0) / np.where(total > 0, total, 1.0)
    return bool((alike < SIGMAS / np.sqrt(len(X))).all())
