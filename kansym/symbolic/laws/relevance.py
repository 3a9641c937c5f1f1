"""The inputs that matter, where there are many."""

import numpy as np
from jaxtyping import Float

from kansym.symbolic.laws.columns import exponents_up_to
from kansym.symbolic.laws.law import Rows

__all__ = ["relevant_inputs"]

MANY = 13
"""Inputs from which on those that matter are sought first."""
_MOST = 8
_CLEAR = 8.0
"""Deviations above chance at which an input matters."""
_PARTNERS = 8
_ROWS, _BLOCK, _RIDGE = 800, 100_000, 1e-9
"""Rows and cells of the table that are looked at together, and what is added to squared columns of
norm 1: functions of an input may depend on one another."""


def relevant_inputs(rows: Rows, many: int = MANY) -> list[int]:
    """The inputs that explain the most, where there are many; all of them where there are few.

    Forward selection: what powers and waves of an input, alone and times what was found, explain
    of the residual, next to what inputs of shuffled rows explain of it by chance.
    """
    if len(rows.names) < many:
        return list(range(len(rows.names)))
    rng = np.random.default_rng(0)
    shown = rng.permutation(len(rows.y))[:_ROWS]
    given, y = rows.X[shown], rows.y[shown]
    spread = given.std(axis=0)
    X = (given - given.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    own = np.stack([np.ones_like(X), X, X**2, X**3, np.sin(X), np.cos(X), np.abs(X)], axis=2)
    blocks = np.array_split(own.transpose(1, 0, 2), -(-X.size // _BLOCK))
    kept: list[int] = []
    basis = np.ones((len(y), 1))
    while len(kept) < _MOST:
        residual = y - basis @ np.linalg.lstsq(basis, y, rcond=None)[0]
        partners = basis[:, :_PARTNERS] / np.linalg.norm(basis[:, :_PARTNERS], axis=0)
        scores = np.concatenate([_explained(block, partners, residual) for block in blocks])
        scores[kept] = -1.0
        best = int(scores.argmax())
        shuffled = blocks[int(rng.integers(len(blocks)))][:, rng.permutation(len(y))]
        others = _explained(shuffled, partners, residual)
        middle = float(np.median(others))
        chance = middle + _CLEAR * (float(np.median(np.abs(others - middle))) + 1e-12)
        if kept and scores[best] < chance:
            break
        kept.append(best)
        exponents = exponents_up_to(len(kept), 3)
        basis = np.prod(X[:, None, kept] ** exponents[None], axis=2)
    return sorted(kept)


def _explained(
    own: Float[np.ndarray, "inputs rows functions"],
    partners: Float[np.ndarray, "rows partners"],
    residual: Float[np.ndarray, " rows"],
) -> Float[np.ndarray, " inputs"]:
    """Share of the residual that functions of each input explain, by normal equations."""
    crossed = (own[:, :, 1:3, None] * partners[:, None]).reshape(*own.shape[:2], -1)
    columns = np.concatenate([own, crossed], axis=2)
    turned = columns.transpose(0, 2, 1)
    gram, along = turned @ columns, turned @ residual
    sizes = np.sqrt(np.maximum(np.diagonal(gram, axis1=1, axis2=2), 1e-300))
    gram = gram / (sizes[:, :, None] * sizes[:, None]) + _RIDGE * np.eye(columns.shape[2])
    found = np.linalg.solve(gram, (along / sizes)[:, :, None])[:, :, 0]
    return np.vecdot(along / sizes, found) / max(float(residual @ residual), 1e-300)
