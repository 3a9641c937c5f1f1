"""Covariance of constants, and which of them the data cannot tell apart."""

from dataclasses import dataclass

import numpy as np

__all__ = ["ConstantErrors", "constant_errors"]

_SINGULAR = 1e-10
"""Ratio of singular values of the scaled Jacobian below which a direction is undetermined: its
rounding, about 1e-16 times the number of steps of the formula, stays well below."""
_TAKES_PART = 0.05
"""Share in an undetermined direction from which on a constant is named."""


@dataclass(frozen=True)
class ConstantErrors:
    """What the Jacobian says at the minimum.

    Attributes
    ----------
    covariance : for a variance of 1; infinite where a constant is not determined.
    inseparable : positions of the constants of which only combinations are determined, a group for
        each undetermined direction.
    """

    covariance: np.ndarray
    inseparable: tuple[tuple[int, ...], ...]


def constant_errors(factor: np.ndarray, norms: np.ndarray) -> ConstantErrors:
    """Covariance from the triangular factor of a Jacobian.

    Parameters
    ----------
    factor : shape (constants, constants), of the Jacobian with its columns divided by ``norms``.
    norms : shape (constants,).

    Examples
    --------
    >>> jacobian = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])  # as of a*b*x
    >>> norms = np.linalg.norm(jacobian, axis=0)
    >>> constant_errors(np.linalg.qr(jacobian / norms, mode="r"), norms).inseparable
    ((0, 1),)
    """
    count = len(norms)
    if count == 0:
        return ConstantErrors(np.zeros((0, 0)), ())
    if not np.isfinite(factor).all():
        return ConstantErrors(np.full((count, count), np.inf), ())
    _, s, vt = np.linalg.svd(factor)
    alive = s > _SINGULAR * max(s[0], np.finfo(float).tiny)
    parts = vt[alive].T / s[alive]
    with np.errstate(all="ignore"):
        covariance = parts @ parts.T / np.outer(norms, norms)
    groups = []
    for direction in vt[~alive]:
        members = np.flatnonzero(np.abs(direction) > _TAKES_PART * np.abs(direction).max())
        groups.append(tuple(int(i) for i in members))
        covariance[members, :] = np.inf
        covariance[:, members] = np.inf
    return ConstantErrors(covariance, tuple(groups))
