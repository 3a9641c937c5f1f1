"""The first look at every candidate: starts from a grid, refined a little, the best ones kept."""

import numpy as np
from numpy.typing import NDArray

from kansym.symbolic.fitting.normalised_curves import (
    Curves,
    NormalisedCurves,
)
from kansym.symbolic.fitting.starts import StartGrid, resampled, screen, start_grid
from kansym.symbolic.fitting.variable_projection import (
    InnerConstants,
    refine_inner,
)
from kansym.symbolic.library.candidate import Candidate

__all__ = ["explore", "free_inner"]

Array = NDArray[np.floating]


def free_inner(candidate: Candidate) -> tuple[bool, bool]:
    """Which of the inner constants (p, q) are not absorbed by the outer ones."""
    return not candidate.scale_free, not candidate.shift_free


def explore(candidate: Candidate, ranges: NormalisedCurves) -> InnerConstants:
    """Inner constants of every edge after a few steps, on part of the points at first."""
    grid = start_grid(candidate)
    rows = ranges.half.size
    if grid.p.size == 0:
        none = np.full(rows, np.nan)
        return InnerConstants(none, none, np.zeros(rows), np.full(rows, np.inf))
    gapless = np.all(ranges.curves.weight > 0.0, axis=1)
    chosen = screen(grid, resampled(ranges.curves, grid.points), gapless, _starts(grid))
    p, q = grid.p[chosen], grid.q[chosen]
    if candidate.scale_free:
        p, q = _with_special_positions(candidate, ranges, p, q)
    zero = np.zeros(p.size)
    found = InnerConstants(p.ravel(), q.ravel(), zero, zero)
    # Frequencies need all points; elsewhere a part of them tells good starts from bad.
    steps = ((1, 4, 3), (1, 10, 1)) if candidate.periodic else ((4, 4, 4), (3, 12, 1))
    for thinning, count, keep in steps:
        found = _best_starts(candidate, ranges.curves.thinned(thinning), found, count, keep)
    return found


def _starts(grid: StartGrid) -> int:
    """How many starts to refine per curve: more where f has many similar windows."""
    return 12 if grid.groups.size < 300 else 20


def _best_starts(
    candidate: Candidate, curves: Curves, start: InnerConstants, steps: int, keep: int
) -> InnerConstants:
    """A few steps from every start (equally many per curve), of which the best few stay."""
    rows = curves.t.shape[0]
    each = start.p.size // rows
    part = curves.take(np.repeat(np.arange(rows), each))
    found = refine_inner(
        candidate, part, start, free=free_inner(candidate), steps=steps, tolerance=1e-4
    )
    order = np.argsort(found.loss.reshape(rows, each), axis=1, kind="stable")[:, :keep]
    return found.take((order + each * np.arange(rows)[:, None]).ravel())


def _with_special_positions(
    candidate: Candidate, ranges: NormalisedCurves, p: Array, q: Array
) -> tuple[Array, Array]:
    """Add the branch point at x = 0, and at the largest jump of the curve, to the starts."""
    t, y = ranges.curves.t, ranges.curves.y
    jump = np.abs(np.diff(y, axis=1)).argmax(axis=1)[:, None]
    middle = 0.5 * (np.take_along_axis(t, jump, axis=1) + np.take_along_axis(t, jump + 1, axis=1))
    origin = -(ranges.middle / ranges.half)[:, None]
    positions = np.concatenate([origin, middle], axis=1)
    one = np.ones_like(positions)
    # First, because the first of equally good starts wins.
    p, q = np.concatenate([one, p], axis=1), np.concatenate([-positions, q], axis=1)
    if candidate.even or candidate.odd:
        return p, q
    return np.concatenate([-one, p], axis=1), np.concatenate([positions, q], axis=1)
