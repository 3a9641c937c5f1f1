"""Which of very many columns are alike beside a few terms: their directions, in a sorted table."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from kansym.symbolic.laws.projections import beside

__all__ = ["Directions"]

Array = np.ndarray

_SAME, _NOTHING = 1e-8, 1e-8
"""Distance of directions that are one, and share of a column that is nothing beside others."""


@dataclass(frozen=True, eq=False)
class Directions:
    """What columns have beside a basis: two marks of each direction, sorted by the first.

    Attributes
    ----------
    basis : orthonormal (rows, terms).
    marks : of those columns that have anything (n, 2).
    places : of these among all (n,).

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(5, 20))
    >>> known = Directions.of(x[1:], np.ones((20, 1)))
    >>> list(known.met(np.array([x[0], 3 - 2 * x[2], np.ones(20)])))
    [(2, None), (1, 1)]
    """

    basis: Float[np.ndarray, "rows terms"]
    marks: Float[np.ndarray, "n 2"]
    places: Int[np.ndarray, " n"]

    @classmethod
    def of(
        cls, values: Float[np.ndarray, "n rows"], terms: Float[np.ndarray, "rows terms"]
    ) -> "Directions":
        """Those of some columns beside some terms."""
        basis = np.linalg.qr(terms)[0]
        marks, places = _marks(values, basis)
        order = np.argsort(marks[:, 0])
        return cls(basis, marks[order], places[order])

    def met(self, values: Float[np.ndarray, "m rows"]) -> Iterator[tuple[int, int | None]]:
        """Places of others, each with that of a column of its direction; None if it has none."""
        marks, own = _marks(values, self.basis)
        for k in np.setdiff1d(np.arange(len(values)), own, assume_unique=True).tolist():
            yield k, None
        first = np.searchsorted(self.marks[:, 0], marks[:, 0] - _SAME)
        last = np.searchsorted(self.marks[:, 0], marks[:, 0] + _SAME)
        for k in np.flatnonzero(last > first):
            alike = np.abs(self.marks[first[k] : last[k], 1] - marks[k, 1]) < _SAME
            if alike.any():
                yield int(own[k]), int(self.places[first[k] + alike.argmax()])


def _marks(values: Array, basis: Array) -> tuple[Array, Array]:
    """Two numbers for the direction of each row beside a basis, and which have one."""
    probes = np.random.default_rng(0).normal(size=(len(basis), 2))
    with np.errstate(all="ignore"):
        rest, kept = beside(values, basis, _NOTHING)
        marks = rest @ probes
    return marks * np.where(marks[:, :1] < 0, -1.0, 1.0), kept
