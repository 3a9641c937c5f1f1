"""Whether what a model leaves over is noise, or something that a better model would explain."""

import numpy as np
from jaxtyping import Float
from scipy import special
from scipy.spatial import cKDTree

__all__ = ["is_noise", "nothing_left"]

MOST_ROWS = 3000
"""Rows that are looked at: a correlation of 0.055 is then seen."""
SIGMAS = 3.0
"""Standard errors above which a correlation is none of chance (0.1 % of noise alone)."""


LIKELY = 0.003
"""p-value below which a polynomial explains more of a residual than it could of noise."""
TOLD = 1.7
"""Standard deviations by which noise is predicted better than by its spread in 1 % of draws."""
MOST_INPUTS = 10
"""Inputs of rows whose nearest others are near enough for a plane through them."""
ROWS_PER_TERM = 4
"""Rows for every term of that polynomial."""


def nothing_left(X: Float[np.ndarray, "rows inputs"], residual: Float[np.ndarray, " rows"]) -> bool:
    """Whether residuals are noise to their neighbours, and to polynomials of degree 2.

    The last test (an F test) sees in many inputs what neighbours, then far away, do not show; a
    plane through neighbours sees in few rows what the correlation with the nearest does not.

    Parameters
    ----------
    X : rows.
    residual : what a formula leaves over there.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(-1, 1, (300, 8))
    >>> noise = rng.normal(size=300)
    >>> nothing_left(X, noise), nothing_left(X, noise + 2 * X[:, 0] * X[:, 1])
    (True, False)
    """
    unseen = not _told_by_neighbours(X, residual)
    return unseen and is_noise(X, residual[:, None]) and _beyond_polynomials(X, residual)


def _told_by_neighbours(X: np.ndarray, residual: np.ndarray) -> bool:
    """Whether planes through the nearest rows predict residuals better than those of noise."""
    X, residual = X[:MOST_ROWS], residual[:MOST_ROWS]
    spread = X.std(axis=0)
    z = X[:, spread > 0] / spread[spread > 0]
    n, count = len(z), z.shape[1] + 2
    if not 0 < z.shape[1] <= MOST_INPUTS or n < 2 * count:
        return False
    _, near = cKDTree(z).query(z, k=count + 1)
    own = near == np.arange(n)[:, None]
    own[:, -1] |= ~own.any(axis=1)  # of rows that occur more than once another may stand for itself
    near = near[~own].reshape(n, count)
    planes = np.concatenate([np.ones((n, count, 1)), z[near] - z[:, None]], axis=2)
    weights = np.linalg.pinv(planes)[:, 0]
    missed = (residual - np.vecdot(weights, residual[near])) ** 2 / (
        1 + np.vecdot(weights, weights)
    )
    return bool(np.sqrt(missed.mean()) < (1 - TOLD / np.sqrt(n)) * np.sqrt(np.mean(residual**2)))


def _beyond_polynomials(X: np.ndarray, residual: np.ndarray) -> bool:
    """Whether no polynomial of degree 1 or 2 explains more than chance would."""
    spread = X.std(axis=0)
    z = ((X - X.mean(axis=0)) / np.where(spread > 0, spread, 1.0))[:, spread > 0]
    n, k = z.shape
    terms = [*z.T]
    if ROWS_PER_TERM * (k + k * (k + 1) // 2) <= n:
        terms += [z[:, i] * z[:, j] for i in range(k) for j in range(i, k)]
    if ROWS_PER_TERM * len(terms) > n or not terms:
        return True
    basis, _ = np.linalg.qr(np.column_stack([np.ones(n), *terms]))
    r = residual - residual.mean()
    total, explained = float(r @ r), float(np.sum((basis.T @ r) ** 2))
    freedom = n - len(terms) - 1
    if total <= 0 or explained >= total:
        return total <= 0
    ratio = (explained / len(terms)) / ((total - explained) / freedom)
    return float(special.fdtrc(len(terms), freedom, ratio)) > LIKELY


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
