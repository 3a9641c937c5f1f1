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
"""Deviations above the other inputs at which one matters."""
_PARTNERS = 8


def relevant_inputs(rows: Rows, many: int = MANY) -> list[int]:
    """The inputs that explain the most, where there are many; all of them where there are few.

    Forward selection: what powers and waves of an input, alone and times what was found, explain
    of the residual, next to what the median input explains of it by chance.
    """
    if len(rows.names) < many:
        return list(range(len(rows.names)))
    spread = rows.X.std(axis=0)
    X = (rows.X - rows.X.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    kept: list[int] = []
    basis = np.ones((len(rows.y), 1))
    while len(kept) < _MOST:
        residual = rows.y - basis @ np.linalg.lstsq(basis, rows.y, rcond=None)[0]
        partners = basis[:, :_PARTNERS] / np.linalg.norm(basis[:, :_PARTNERS], axis=0)
        scores = np.array([_explained(x, partners, residual) for x in X.T])
        scores[kept] = -1.0
        best = int(scores.argmax())
        others = np.delete(scores, [best, *kept])
        middle = float(np.median(others))
        chance = middle + _CLEAR * (float(np.median(np.abs(others - middle))) + 1e-12)
        if kept and scores[best] < chance:
            break
        kept.append(best)
        exponents = exponents_up_to(len(kept), 3)
        basis = np.prod(X[:, None, kept] ** exponents[None], axis=2)
    return sorted(kept)


def _explained(
    x: Float[np.ndarray, " rows"],
    partners: Float[np.ndarray, "rows partners"],
    residual: Float[np.ndarray, " rows"],
) -> float:
    """Share of the residual that functions of an input explain."""
    own = np.stack([x, x**2, x**3, np.sin(x), np.cos(x), np.abs(x)], axis=1)
    crossed = (own[:, :2, None] * partners[:, None]).reshape(len(x), -1)
    columns = np.hstack([np.ones((len(x), 1)), own, crossed])
    left = residual - columns @ np.linalg.lstsq(columns, residual, rcond=None)[0]
    return 1 - float(left @ left) / max(float(residual @ residual), 1e-300)
