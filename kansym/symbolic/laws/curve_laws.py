"""Laws of a problem in one quantity: those of its curve, restored to the whole problem."""

from collections.abc import Iterator

import numpy as np

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.one_combination import roughness
from kansym.symbolic.laws.reduced import Reduced
from kansym.symbolic.laws.univariate import Stage, univariate_laws

__all__ = ["is_curve", "laws_of_curve"]

_FEWEST_ROWS = 30
_DENSER, _LEVEL = 0.4, 1e-14
"""Roughness of all rows over that of every second one, and over the variance, at most."""


def is_curve(state: Reduced) -> bool:
    """Whether the rows lie on one curve: twice as dense, they are much closer to its chords."""
    x, z = state.quantities.values[:, 0], state.target[:, None]
    if len(x) < _FEWEST_ROWS:
        return False
    # Medians, as a curve with a pole has neighbours of all distances.
    whole, half = (float(np.median(roughness(x[::k], z[::k]))) for k in (1, 2))
    return whole < max(_DENSER * half, _LEVEL * float(np.var(z)))


def laws_of_curve(
    state: Reduced, rows: Rows, until: Deadline, stages: tuple[Stage, ...]
) -> Iterator[Law]:
    """Exact laws of the one quantity that is left; for the stages see `univariate_laws`."""
    alone = state.as_rows(rows)
    (name,) = alone.names
    for law in univariate_laws(alone.X[:, 0], alone.y, name, 0.0, until, stages=stages):
        found = state.restored_exactly(law, rows)
        if found is not None:
            yield found
