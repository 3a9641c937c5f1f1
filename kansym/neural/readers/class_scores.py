"""Log-odds of a classifier's classes against its first, from what scikit-learn's offer."""

from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

__all__ = ["ClassScores"]

Array = np.ndarray
LEAST, VISIBLE = 1e-12, 1e-6
"""Probability below which one over it is rounding, and above which it shows its log-odds."""


class ClassScores:
    """Log-odds of all classes but the first against the first; other scores where there are none.

    Scores of its own are used if they are log-odds, for probabilities near 1 do not show them.

    Parameters
    ----------
    model : with ``predict_proba``, ``decision_function`` or both.
    probes : some rows, as the model takes them.
    """

    def __init__(self, model: Any, probes: Any):
        self.model, self.probes = model, probes

    def __call__(self, rows: Any) -> Float[Array, "rows classes"]:
        """Scores at rows, as the model takes them."""
        if not hasattr(self.model, "predict_proba"):
            return self.model.decision_function(rows)
        if self._has_log_odds:
            return _against_first(self.model.decision_function(rows))
        shares = np.clip(self.model.predict_proba(rows), self._least, None)
        return np.log(shares[:, 1:]) - np.log(shares[:, :1])

    @cached_property
    def _least(self) -> float:
        """Least probability: half of the smallest where votes may all be for one class."""
        shares = np.asarray(self.model.predict_proba(self.probes))
        if (shares > 0).all():
            return LEAST
        return max(LEAST, 0.5 * float(np.min(shares[shares > 0])))

    @cached_property
    def _has_log_odds(self) -> bool:
        """Whether the model's own scores are its log-odds, where probabilities show them."""
        if not hasattr(self.model, "decision_function"):
            return False
        shares = np.asarray(self.model.predict_proba(self.probes))
        scores = _against_first(self.model.decision_function(self.probes))
        if scores.shape[1] != shares.shape[1] - 1:
            return False
        told = (shares > VISIBLE).all(axis=1)
        found = np.log(shares[told, 1:] / shares[told, :1])
        return bool(told.any()) and np.allclose(found, scores[told], rtol=1e-6, atol=1e-6)


def _against_first(scores: Any) -> Array:
    """Scores of all classes against that of the first; the one of two classes as it is."""
    scores = np.asarray(scores)
    return scores[:, None] if scores.ndim == 1 else scores[:, 1:] - scores[:, :1]
