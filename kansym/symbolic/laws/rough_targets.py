"""Functions of the target that polynomials leave much of: there may be a quick wave in it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from kansym.symbolic.laws.groups_of_inputs import Polynomials
from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.smooth import polynomial_through
from kansym.symbolic.laws.targets import Target, targets_of

__all__ = ["Rough"]

_ROUGH = 0.02
"""Usual error of a polynomial over the usual size from which on there may be a wave beside it."""
_ROWS, _TERMS = 250, 40
"""Rows that are looked at, and terms of a polynomial that leaves a wave as it is."""
_CLIPPED = 4.0
"""Size over the median one beyond which what is left counts no more: a pole is no wave."""


@dataclass(frozen=True, eq=False)
class Rough:
    """A function of y, and what a polynomial leaves of it.

    Attributes
    ----------
    error : of a polynomial on rows that were held out, over the spread.
    usual : error of a row in this polynomial over a usual size.
    X, left : inputs of some rows (rows, inputs), and what the polynomial of few terms leaves there,
        clipped and of norm 1 (rows,).
    """

    target: Target
    error: float
    usual: float
    X: Float[np.ndarray, "rows inputs"]
    left: Float[np.ndarray, " rows"]

    @classmethod
    def targets(cls, rows: Rows, names: Sequence[str], order: np.ndarray) -> "list[Rough]":
        """Those of these functions of y that polynomials can be fitted to.

        The first rows in this order are looked at.
        """
        found = [cls.of(target, rows, order) for target in targets_of(rows.y, names)]
        return [each for each in found if each is not None]

    @classmethod
    def of(
        cls, target: Target, rows: Rows, order: np.ndarray, terms: int = _TERMS
    ) -> "Rough | None":
        """One function, and what so many terms leave of it; None where there is no polynomial."""
        fit = rows.once(Polynomials).of(target)
        if fit is None:
            return None
        X, z = fit.coordinates.X, fit.coordinates.target.y
        few = polynomial_through(X, z, terms)
        if few is None:
            return None
        size = float(np.median(np.abs(z - np.median(z)))) or 1.0
        some = order[order < len(z)][:_ROWS]
        left = (z - few.values)[some]
        left -= np.median(left)
        most = _CLIPPED * float(np.median(np.abs(left)))
        left = np.clip(left, -most, most)
        left -= left.mean()
        usual, unit = float(np.median(np.abs(z - fit.values))), np.linalg.norm(left) or 1.0
        return cls(target, fit.error, usual / size, X[some], left / unit)

    @property
    def is_rough(self) -> bool:
        """Whether there may be something beside the polynomial."""
        return self.usual > _ROUGH
