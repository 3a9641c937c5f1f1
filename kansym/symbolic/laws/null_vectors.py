"""Linear relations among columns of exact data, the one of least degree first."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg import solve_triangular

__all__ = ["balanced", "relations", "sparse_relation"]

DEPENDENT = 1e-11
"""What is left of a column, over its size, that follows from the columns before it."""
_EXACT = 1e-12
"""Residual of a relation of exact data, over its largest term: rounding of some terms."""
_NOTHING = 1e-10
"""Size of a term over the largest that is worth a trial without it."""


def balanced(
    columns: Float[np.ndarray, "rows columns"],
) -> tuple[Float[np.ndarray, "rows columns"], Float[np.ndarray, " columns"]]:
    """Columns and rows brought to similar size, and the factors of the columns.

    Rows over many decades would otherwise be decided by the largest few. Scaling rows changes no
    linear relation among columns.
    """
    scaled, factors = np.array(columns, dtype=float), np.ones(columns.shape[1])
    with np.errstate(all="ignore"):
        for _ in range(3):
            sizes = np.sqrt(np.mean(scaled**2, axis=0))
            sizes[~((sizes > 0) & np.isfinite(sizes))] = 1.0
            scaled /= sizes
            factors /= sizes
            largest = np.abs(scaled).max(axis=1, keepdims=True)
            largest[~((largest > 0) & np.isfinite(largest))] = 1.0
            scaled /= largest
    sizes = np.sqrt(np.mean(scaled**2, axis=0))
    sizes[~((sizes > 0) & np.isfinite(sizes))] = 1.0
    return scaled / sizes, factors / sizes


def relations(
    columns: Float[np.ndarray, "rows columns"],
    wanted: Bool[np.ndarray, " columns"],
    blur: float = 0.0,
) -> Iterator[Float[np.ndarray, " columns"]]:
    """Coefficients of sparse relations that hold a wanted column, in the order of the columns.

    A column that follows from those before it closes a relation; in an order of growing degree the
    first one is that of least degree, and the only one among its columns. It is taken if few terms
    are left without those that do nothing.

    Parameters
    ----------
    columns : in the order in which they are to be spent.
    wanted : those of which a relation must hold at least one.
    blur : relative error of the columns, beyond rounding.
    """
    scaled, factors = balanced(columns)
    if not np.isfinite(scaled).all() or len(scaled) <= scaled.shape[1]:
        return
    kept: list[int] = []
    R = np.asarray(np.linalg.qr(scaled, mode="r"))
    size = np.linalg.norm(scaled, axis=0)
    dependent = np.abs(np.diag(R)) < max(DEPENDENT, _BLURS * blur) * size
    first = int(np.flatnonzero(wanted)[0]) if wanted.any() else len(wanted)
    for number in np.flatnonzero(dependent & (np.arange(len(wanted)) >= first))[:_MOST_TRIED]:
        before = [k for k in range(number) if not dependent[k]]
        kept = [*before, int(number)]
        if not before or not wanted[kept].any():
            continue
        found = _closing(R, before, int(number), scaled, kept, blur)
        if found is not None and wanted[np.array(kept)[found != 0]].any():
            whole = np.zeros(columns.shape[1])
            whole[kept] = found
            yield whole * factors


_MOST_TRIED, _BLURS = 12, 8.0
"""Columns that follow from others and are looked at, and blurs that are no more than blur."""


def _closing(
    R: np.ndarray,
    before: list[int],
    number: int,
    scaled: np.ndarray,
    kept: list[int],
    blur: float,
) -> np.ndarray | None:
    """The relation between one column and those before it, sparsified."""
    square, right = np.linalg.qr(R[: number + 1, before], mode="reduced"), R[: number + 1, number]
    Q, triangle = square
    if np.abs(np.diag(triangle)).min() == 0:
        return None
    weights = solve_triangular(triangle, Q.T @ right)
    return sparse_relation(scaled[:, kept], np.append(weights, -1.0), blur)


def sparse_relation(
    columns: Float[np.ndarray, "rows columns"],
    weights: Float[np.ndarray, " columns"],
    blur: float = 0.0,
) -> Float[np.ndarray, " columns"] | None:
    """The relation without terms that do nothing; None unless it is exact and of few terms."""
    kept = np.flatnonzero(np.abs(weights) > _NOTHING * np.abs(weights).max())
    if len(kept) > _MOST_TERMS:
        kept = kept[np.argsort(-np.abs(weights[kept]))[: 2 * _MOST_TERMS]]
    best = _null(columns[:, kept], blur)
    if best is None:
        return None
    while len(kept) > 2:
        order = np.argsort(np.abs(best))
        for drop in order[: max(1, len(order) // 3)]:
            trial = np.delete(kept, drop)
            fewer = _null(columns[:, trial], blur)
            if fewer is not None:
                kept, best = trial, fewer
                break
        else:
            break
    if len(kept) > _MOST_TERMS:
        return None
    found = np.zeros(columns.shape[1])
    found[kept] = best
    return found


_MOST_TERMS = 24


def _null(columns: np.ndarray, blur: float) -> np.ndarray | None:
    """The relation among all these columns, if there is one but for their blur."""
    _, values, right = np.linalg.svd(columns, full_matrices=False)
    vector = right[-1]
    size = np.abs(columns * vector).max()
    if values[-1] > max(_EXACT, _BLURS * blur) * size * np.sqrt(len(columns)):
        return None
    return vector
