"""The noise of rows in many inputs: it is seen where a smaller problem has few quantities.

A polynomial in many inputs misses so much that noise does not show. Powers, products and sums that
held-out rows confirm lead to a problem in one or two quantities, in which rows are dense: what is
left there, and hardly less with twice the rows, is noise.
"""

from dataclasses import dataclass

import numpy as np

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.law import Rows, Source
from kansym.symbolic.laws.products_of_curves import noise_beside_product
from kansym.symbolic.laws.reduced import Reduced
from kansym.symbolic.laws.reductions import Exploration, Step
from kansym.symbolic.laws.smaller_problems import SmallerProblem
from kansym.symbolic.laws.smooth import is_in_all_rows, noise_level, smooth

__all__ = ["SeenNoise", "noise_of_rows"]

_SOUGHT = 1e-4
"""Least noise over the spread that is looked for."""
_STATES, _QUANTITIES, _MOST_INPUTS = 10, 2, 10
"""Smaller problems that are met, quantities up to which noise is seen in one, and inputs from more
than which there would be too many."""
_FALLS, _EXPLAINED = 1.7, 0.5
"""Error with half of the rows over that with all at which more rows help, and error that is no
noise but a law that is not seen."""


@dataclass(frozen=True, eq=False)
class SeenNoise:
    """Noise of y over its spread, 0 if none shows, and the smallest problem that was met."""

    size: float
    smaller: Reduced | None = None

    @property
    def sources(self) -> tuple[Source, ...]:
        """What proposes laws of that problem, to be asked before others."""
        return () if self.smaller is None else (SmallerProblem(self.smaller),)


def noise_of_rows(rows: Rows, until: Deadline) -> SeenNoise:
    """Noise as all inputs show it, or else a smaller problem.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(0.5, 3, (300, 4))
    >>> y = X[:, 0] * X[:, 1] ** 3 / np.expm1(X[:, 1] * X[:, 2] / X[:, 3])
    >>> noise_of_rows(Rows(X, y, ("a", "b", "c", "d")), Deadline.after(20)).size
    0.0
    >>> y += 0.02 * np.std(y) * rng.normal(size=300)
    >>> seen = noise_of_rows(Rows(X, y, ("a", "b", "c", "d")), Deadline.after(20))
    >>> round(seen.size, 2), len(seen.smaller.quantities)
    (0.02, 1)
    """
    X, y = rows.X, rows.y
    found = noise_level(X, y) or noise_beside_product(rows)
    if found or not _QUANTITIES < X.shape[1] <= _MOST_INPUTS or np.ptp(y) == 0:
        return SeenNoise(found)
    root = Reduced.of(rows)
    fit = smooth(root.quantities.values, root.target)
    if fit is None or not _SOUGHT < fit.error < _EXPLAINED:
        return SeenNoise(0.0)
    few = list[Step]()
    for step in Exploration(_SOUGHT).steps(Step(root, fit, _SOUGHT), _STATES, until):
        if len(step.state.quantities) <= _QUANTITIES:
            few.append(step)
            if step.fit.error < _SOUGHT:  # less than any noise would leave
                break
    if not few:
        return SeenNoise(0.0)
    best = min(few, key=lambda step: step.cost)
    return SeenNoise(best.fit.error if _is_noise(best) else 0.0, best.state)


def _is_noise(step: Step) -> bool:
    """Whether what a smooth fit leaves is in all rows, and hardly less with twice as many.

    Poles are seen no better with twice the rows either.
    """
    if not _SOUGHT < step.fit.error < _EXPLAINED:
        return False
    x, z, scale = step.state.quantities.values, step.state.target, step.state.scale
    fitted = step.fit.values
    if not is_in_all_rows((z[: len(fitted)] - fitted) * scale[: len(fitted)]):
        return False
    halves = [smooth(x[k::2], z[k::2], scale[k::2]) for k in (0, 1)]
    return all(half is not None and half.error < _FALLS * step.fit.error for half in halves)
