"""Starting points (p, q) for the inner constants of a candidate, screened on many curves at once.

Every curve lives on t in [-1, 1]; a start is a window of the candidate's own argument that is laid
over it. The windows depend on the candidate only, so f is evaluated once for all curves and the
loss of every curve at every start is a matrix product.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from kansym.symbolic.fitting.normalised_curves import Curves, centred
from kansym.symbolic.library.candidate import Candidate

__all__ = ["StartGrid", "resampled", "screen", "start_grid"]

Array = NDArray[np.floating]

# Points on which starts are screened: regular, and denser towards both ends (poles, roots).
_ENDS = np.geomspace(3e-4, 3e-2, 9)
PLAIN_POINTS = np.union1d(np.linspace(-1.0, 1.0, 47), np.concatenate([_ENDS - 1.0, 1.0 - _ENDS]))
WAVE_POINTS = np.linspace(-1.0, 1.0, 257)
# Shape parameters of windows: distances from 0 or from a boundary of the domain.
_DISTANCES = np.concatenate(
    [[1e-3, 0.01, 0.03, 0.1, 0.2], np.geomspace(0.35, 8.0, 13), [11.0, 16.0, 23.0, 32.0, 64.0]]
)
_MARGINS = np.array([0.0, 1e-5, 1e-4, 1e-3, 1e-2, 0.05, 0.1, 0.2, 0.35])
_WAVE_NODES = np.concatenate([np.linspace(-8.0, 8.0, 33), np.arange(-32.0, 33.0)])
# Positions of a pole or branch point: inside the range, at, near and far outside its ends.
_OUTSIDE = 1.0 + np.concatenate([[0.0], np.geomspace(1e-4, 30.0, 34), [100.0, 300.0]])
_POSITIONS = np.concatenate([-_OUTSIDE[::-1], np.linspace(-1.0, 1.0, 127)[1:-1], _OUTSIDE])
_RATES = np.geomspace(0.01, 300.0, 90)


@dataclass(frozen=True, eq=False)
class StartGrid:
    """Starts of one candidate and what screening needs of f on the common points.

    Attributes
    ----------
    p, q : constants of each start, (starts,).
    points : the common abscissae, (points,).
    values : f at each start, centred and scaled, 0 where undefined, (starts, points).
    undefined : 1.0 where f is undefined, (starts, points), or None if that never happens.
    straddling : whether a pole or an end of the domain lies within the window, (starts,).
    groups : index of the first start of each group of neighbours, (groups,).
    """

    p: Array
    q: Array
    points: Array
    values: Array
    undefined: Array | None
    straddling: NDArray[np.bool_]
    groups: NDArray[np.intp]


def _evaluated(candidate: Candidate, p: Array, q: Array, key: Array, points: Array) -> StartGrid:
    """The grid of given starts without those that are constant or undefined everywhere."""
    with np.errstate(all="ignore"):
        values = candidate.numpy(p[:, None] * points + q[:, None])
        undefined = ~np.isfinite(values)
        values = np.where(undefined, 0.0, values)
        count = np.maximum((~undefined).sum(axis=1), 1)[:, None]
        values -= np.where(undefined, 0.0, values.sum(axis=1, keepdims=True) / count)
        size = np.sqrt((values * values).sum(axis=1) / points.size)
        keep = np.isfinite(size) & (size > 0.0) & (count[:, 0] >= points.size // 4)
        values = values[keep] / size[keep, None]
    key = key[keep]
    groups = np.flatnonzero(np.diff(key, prepend=np.nan) != 0.0)
    mask = undefined[keep].astype(float) if undefined[keep].any() else None
    p, q = p[keep], q[keep]
    straddling = ~candidate.domain.covers(q - np.abs(p), q + np.abs(p))
    return StartGrid(p, q, points, values, mask, straddling, groups.astype(np.intp))


def _boundaries(candidate: Candidate) -> Array:
    """Finite ends of the domain, the few that are nearest to 0."""
    ends = np.unique([*candidate.domain.low, *candidate.domain.high])
    ends = ends[np.isfinite(ends)]
    return ends[np.argsort(np.abs(ends), kind="stable")[:4]]


def _oscillates(candidate: Candidate) -> bool:
    """Whether f turns round many times within |u| < 30."""
    line = np.linspace(-30.0, 30.0, 601)
    with np.errstate(all="ignore"):
        slope = candidate.derivative(line)
    slope = slope[np.isfinite(slope)]
    turns = np.count_nonzero(slope[1:] * slope[:-1] < 0.0)
    return bool(turns > 12)


def _window_grid(candidate: Candidate) -> StartGrid:
    """All windows between two nodes, in both directions unless f is even or odd."""
    nodes = np.concatenate([-_DISTANCES[::-1], [0.0], _DISTANCES])
    ends = _boundaries(candidate)
    nodes = np.union1d(nodes, (ends[:, None] + np.concatenate([-_MARGINS, _MARGINS])).ravel())
    if _oscillates(candidate):
        nodes = np.union1d(nodes, _WAVE_NODES)
    with np.errstate(all="ignore"):
        nodes = nodes[np.isfinite(candidate.numpy(nodes)) | (nodes == 0.0)]
    first, last = np.triu_indices(nodes.size, 1)
    p, q = 0.5 * (nodes[last] - nodes[first]), 0.5 * (nodes[last] + nodes[first])
    key = (first // 3) * 1000.0 + last // 3
    order = np.argsort(key, kind="stable")
    p, q, key = p[order], q[order], key[order]
    if candidate.even or candidate.odd:
        return _evaluated(candidate, p, q, key, PLAIN_POINTS)
    return _evaluated(
        candidate,
        np.concatenate([p, -p]),
        np.concatenate([q, q]),
        np.concatenate([key, key + 0.5]),
        PLAIN_POINTS,
    )


def _position_grid(candidate: Candidate) -> StartGrid:
    """Pole or branch point at many positions: p = +-1, for functions without a scale."""
    p = np.ones_like(_POSITIONS)
    key = np.arange(_POSITIONS.size) // 6 * 1.0
    if candidate.even or candidate.odd:
        return _evaluated(candidate, p, -_POSITIONS, key, PLAIN_POINTS)
    return _evaluated(
        candidate,
        np.concatenate([p, -p]),
        np.concatenate([-_POSITIONS, _POSITIONS]),
        np.concatenate([key, key + 0.5]),
        PLAIN_POINTS,
    )


def _rate_grid(candidate: Candidate) -> StartGrid:
    """Rates p of both signs, for functions whose shift only rescales them; the largest u is 0."""
    p = np.concatenate([_RATES, -_RATES])
    return _evaluated(candidate, p, -np.abs(p), np.arange(p.size) // 4 * 1.0, PLAIN_POINTS)


def _wave_grid(candidate: Candidate) -> StartGrid:
    """Frequencies up to what the points resolve, each at several phases: a periodogram."""
    low = np.geomspace(0.05, 1.5, 12)
    p = np.repeat(np.concatenate([low, np.arange(2.0, 200.0, 0.6)]), 8)
    q = np.tile(np.arange(8) * (np.pi / 8.0), p.size // 8)
    return _evaluated(candidate, p, q, np.arange(p.size) // 8 * 1.0, WAVE_POINTS)


def _is_wave(candidate: Candidate) -> bool:
    """Whether f is periodic and bounded, so that any window of it is a valid start."""
    if not candidate.periodic:
        return False
    with np.errstate(all="ignore"):
        values = candidate.numpy(np.linspace(-20.0, 20.0, 2001))
    return bool(np.isfinite(values).all() and np.abs(values).max() < 50.0)


@lru_cache(maxsize=256)
def start_grid(candidate: Candidate) -> StartGrid:
    """Starts that suit a candidate: positions, rates, waves or windows, evaluated once."""
    if candidate.scale_free:
        return _position_grid(candidate)
    if candidate.shift_free:
        return _rate_grid(candidate)
    if _is_wave(candidate):
        return _wave_grid(candidate)
    return _window_grid(candidate)


def resampled(curves: Curves, points: Array) -> Curves:
    """Curves brought to common points by linear interpolation, weights shared out likewise."""
    rows = curves.t.shape[0]
    offset = 4.0 * np.arange(rows)[:, None]
    y = np.interp((points + offset).ravel(), (curves.t + offset).ravel(), curves.y.ravel())
    right = np.clip(np.searchsorted(points, curves.t), 1, points.size - 1)
    share = (curves.t - points[right - 1]) / (points[right] - points[right - 1])
    bins = (right + points.size * np.arange(rows)[:, None]).ravel()
    size = rows * points.size
    weight = np.bincount(bins, (curves.weight * share).ravel(), size)
    weight += np.bincount(bins - 1, (curves.weight * (1.0 - share)).ravel(), size)
    grid = np.broadcast_to(points, (rows, points.size))
    return centred(grid, y.reshape(rows, -1), np.maximum(weight, 0.0).reshape(rows, -1))


def screen(
    grid: StartGrid, curves: Curves, gapless: NDArray[np.bool_], best: int
) -> NDArray[np.intp]:
    """The best few starts of each curve, from different groups.

    Parameters
    ----------
    grid : the starts.
    curves : curves on the points of the grid.
    gapless : curves without points of weight zero, over which f has to be defined throughout.
    best : how many starts per curve at most.

    Returns
    -------
    Indices of starts, (rows, best).
    """
    weight = curves.weight
    with np.errstate(all="ignore"):
        mean = weight @ grid.values.T
        square = weight @ (grid.values * grid.values).T
        product = (weight * curves.y) @ grid.values.T
        variance = square - mean * mean
        loss = 1.0 - product * product / variance
        loss[~(variance > 1e-12 * square)] = np.inf
    if grid.undefined is not None:
        loss[weight @ grid.undefined.T > 0.0] = np.inf
    if grid.straddling.any():
        loss[np.ix_(gapless, grid.straddling)] = np.inf
    lowest = np.minimum.reduceat(loss, grid.groups, axis=1)
    best = min(best, grid.groups.size)
    chosen = np.argpartition(lowest, best - 1, axis=1)[:, :best]
    return _winners(grid, loss, chosen)


def _winners(grid: StartGrid, loss: Array, chosen: NDArray[np.intp]) -> NDArray[np.intp]:
    """Index of the best start within each chosen group."""
    sizes = np.diff(grid.groups, append=loss.shape[1])
    within = np.arange(sizes.max())
    members = grid.groups[chosen][..., None] + np.minimum(within, sizes[chosen][..., None] - 1)
    losses = np.take_along_axis(loss, members.reshape(loss.shape[0], -1), axis=1)
    winner = losses.reshape(members.shape).argmin(axis=2)
    return np.take_along_axis(members, winner[..., None], axis=2)[..., 0]
