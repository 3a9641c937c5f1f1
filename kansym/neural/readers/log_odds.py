"""A model of classes as a black box that answers with log-odds against the first class."""

from typing import Any

import numpy as np
from jaxtyping import Float

from kansym.neural.readers.black_box import BlackBox
from kansym.shared.errors import InputError

__all__ = ["LogOdds"]

Array = np.ndarray
LEAST = 1e-12
"""Probability below which its logarithm is rounding."""
ROUNDED = 1e-4
"""How far probabilities of half precision may be from 1 in sum."""


class LogOdds(BlackBox):
    """Log-odds of all classes but the first, whatever form a model gives them in.

    As they are for one output fewer than classes; differences of as many values before a softmax;
    from probabilities where the answers are some.

    Parameters
    ----------
    box : the model.
    X : rows that show which of these it gives.
    classes : how many.

    Raises
    ------
    InputError
        If the number of outputs fits none.
    """

    classifies = True

    def __init__(self, box: BlackBox, X: Float[Array, "rows inputs"], classes: int):
        self.box, self.source, self.learned = box, box.source, box.learned
        found = box.answers(X)
        self.whole = found.shape[1] == classes
        if not self.whole and found.shape[1] != classes - 1:
            raise InputError(
                f"The labels are of {classes} classes but the model has {found.shape[1]} outputs: "
                "give a model with an output for every class, or for every class but the first."
            )
        sums = np.allclose(found.sum(axis=1), 1, atol=ROUNDED) if self.whole else classes == 2
        self.shares = bool(sums and found.min() >= 0 and found.max() <= 1)

    def _shares(self, X: Array) -> Array:
        """Probabilities of all classes."""
        found = self.box.answers(X)
        found = found if self.whole else np.column_stack([1 - found, found])
        return np.clip(found, LEAST, None)

    def answers(self, X: Array) -> Array:
        found = np.log(self._shares(X)) if self.shares else self.box.answers(X)
        return found[:, 1:] - found[:, :1] if self.whole or self.shares else found

    def gradients(self, X: Array) -> Any:
        found = self.box.gradients(X)
        if self.shares:
            found = found if self.whole else np.concatenate([-found, found])
            found = found / self._shares(X).T[:, :, None]
        return found[1:] - found[:1] if self.whole or self.shares else found
