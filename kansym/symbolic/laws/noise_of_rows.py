"""The noise of rows in many inputs: it is seen where a smaller problem has few quantities.

A polynomial in many inputs misses so much that noise does not show. Powers, products and sums that
held-out rows confirm lead to a problem in one or two quantities, in which rows are dense: what is
left there, and hardly less with twice the rows, is noise.
"""

import numpy as np
from jaxtyping import Float

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.reduced import Reduced
from kansym.symbolic.laws.reductions import Exploration, Step
from kansym.symbolic.laws.smooth import noise_level, smooth

__all__ = ["noise_of_rows"]

_SOUGHT = 1e-4
"""Least noise over the spread that is looked for."""
_STATES, _QUANTITIES, _MOST_INPUTS = 10, 2, 10
"""Smaller problems that are met, quantities up to which noise is seen in one, and inputs from more
than which there would be too many."""
_FALLS, _EXPLAINED = 1.7, 0.5
"""Error with half of the rows over that with all at which more rows help, and error that is no
noise but a law that is not seen."""


def noise_of_rows(
    X: Float[np.ndarray, "rows inputs"], y: Float[np.ndarray, " rows"], until: Deadline
) -> float:
    """Noise of y over its spread, 0 where none shows: by all inputs, then in a smaller problem.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(0.5, 3, (300, 4))
    >>> y = X[:, 0] * X[:, 1] ** 3 / np.expm1(X[:, 1] * X[:, 2] / X[:, 3])
    >>> noise_of_rows(X, y, Deadline.after(20))
    0.0
    >>> y += 0.02 * np.std(y) * rng.normal(size=300)
    >>> round(noise_of_rows(X, y, Deadline.after(20)), 2)
    0.02
    """
    found = noise_level(X, y)
    if found or not _QUANTITIES < X.shape[1] <= _MOST_INPUTS or np.ptp(y) == 0:
        return found
    root = Reduced.of(Rows(X, y, tuple(f"x{k}_" for k in range(X.shape[1]))))
    fit = smooth(root.quantities.values, root.target)
    if fit is None or not _SOUGHT < fit.error < _EXPLAINED:
        return 0.0
    steps = Exploration(_SOUGHT).steps(Step(root, fit, _SOUGHT), _STATES, until)
    for step in sorted(steps, key=lambda step: step.cost):
        if len(step.state.quantities) <= _QUANTITIES:
            return step.fit.error if _is_noise(step) else 0.0
    return 0.0


def _is_noise(step: Step) -> bool:
    """Whether what a smooth fit leaves is hardly less with twice the rows."""
    if not _SOUGHT < step.fit.error < _EXPLAINED:
        return False
    x, z, scale = step.state.quantities.values, step.state.target, step.state.scale
    halves = [smooth(x[k::2], z[k::2], scale[k::2]) for k in (0, 1)]
    return all(half is not None and half.error < _FALLS * step.fit.error for half in halves)
