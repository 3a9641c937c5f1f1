"""Fit library functions to edges: y ~ c*f(a*x + b) + d, all edges against all candidates at once.

The inner constants (a, b) are screened on a grid of windows, refined by variable projection from
the best starts on a part of the points, and finished on all points for the candidates that still
compete. Each range is brought to [-1, 1] and each curve to variance 1, so no constant is bounded
by a box and amplitudes do not matter.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kansym.shared.errors import InputError
from kansym.symbolic.fitting.edge_fit import EdgeFit, error_bits
from kansym.symbolic.fitting.exploring import explore, free_inner
from kansym.symbolic.fitting.normalised_curves import (
    FEWEST_POINTS,
    Curves,
    NormalisedCurves,
    dot,
    long_enough,
    normalised,
    numbers,
)
from kansym.symbolic.fitting.variable_projection import (
    InnerConstants,
    defined,
    project,
    refine_inner,
)
from kansym.symbolic.library.candidate import Candidate
from kansym.symbolic.library.library import LIBRARY, Library

__all__ = ["EdgeFit", "fit_curves", "fit_edge", "margin"]

Array = NDArray[np.floating]
Rows = NDArray[np.intp]

# Bits of an inner constant that is not trivial.
CONSTANT_BITS = 8.0
# Candidates that are finished on a curve when time is up.
KEPT_WHEN_LATE = 3
# Bits that the outer constants may lose by cancellation for nothing.
FREE_DIGITS = 7.0


@dataclass(frozen=True)
class _Fits:
    """Fits of one candidate in the original units, one per row of `edge`."""

    candidate: Candidate
    edge: Rows
    constants: Array
    error: Array
    complexity: Array
    score: Array

    def edge_fit(self, row: int) -> EdgeFit:
        """The fit of one row."""
        a, b, c, d = self.constants[row].tolist()
        error, complexity = float(self.error[row]), float(self.complexity[row])
        return EdgeFit(self.candidate, a, b, c, d, error, complexity, float(self.score[row]))


def fit_curves(
    x: ArrayLike,
    y: ArrayLike,
    density: ArrayLike | None = None,
    library: Library = LIBRARY,
    *,
    top: int = 8,
    floor: float = 1e-6,
    stop: Callable[[], bool] | None = None,
) -> list[list[EdgeFit]]:
    r"""Fit every candidate of a library to every curve, y ~ c*f(a*x + b) + d.

    The score of a fit is a description length in bits, :math:`n \log_2 \sqrt{1 + (e/e_0)^2} + k`,
    with the relative error e, the floor e0, the complexity k of the function and its non-trivial
    inner constants, and n = 8 for the independent points of a smooth curve.

    Parameters
    ----------
    x, y : curves, (edges, points), in any units; the points of a curve in any order.
    density : weight of each point, (edges, points), not negative; equal if None. A function may
        be undefined where the density is zero.
    library : the candidates; the straight line is always one of them.
    top : most fits returned per edge.
    floor : relative error below which curves count as reproduced.
    stop : asked before every candidate but the first; if true, those left stay untried.

    Returns
    -------
    For each edge its fits, best score first, one per candidate that is defined on its range; none
    for a curve of fewer than six different points, which tell no function from another.

    Raises
    ------
    InputError
        If shapes differ, values are not finite, or a curve is constant.

    References
    ----------
    Variable projection: Golub and Pereyra, doi:10.1137/0710036. Description length of formulas:
    Udrescu et al., arXiv:2006.10782.

    Examples
    --------
    >>> x = np.linspace(1.0, 3.0, 100)
    >>> fits = fit_curves([x, x], [5.0 * np.exp(-2.0 * x), np.sin(3.0 * x) + 1.0])
    >>> [best.candidate.name for best, *_ in fits]
    ['exp', 'sin']
    """
    _check_settings(library, floor, top)
    x, y = numbers(x, "x"), numbers(y, "y")
    weight = None if density is None else numbers(density, "density")
    long = long_enough(x, y, weight)
    ranked: list[list[EdgeFit]] = [[] for _ in long]
    if long.any():
        ranges = normalised(x[long], y[long], None if weight is None else weight[long])
        fits = _fits(ranges, _with_straight(library), top, floor, stop)
        every = iter(_ranked(fits, ranges.half.size, top))
        ranked = [next(every) if each else [] for each in long]
    return ranked


def _fits(
    ranges: NormalisedCurves,
    candidates: list[Candidate],
    top: int,
    floor: float,
    stop: Callable[[], bool] | None,
) -> list[_Fits]:
    """Fits of all candidates to the edges on which they are among the best."""
    with np.errstate(all="ignore"):
        explored: list[InnerConstants] = []
        for candidate in candidates:
            if explored and stop is not None and stop():
                break
            explored.append(explore(candidate, ranges))
        # Where time was up, what is best so far has to do.
        keep = max(top + 6, 14) if len(explored) == len(candidates) else KEPT_WHEN_LATE
        candidates = candidates[: len(explored)]
        finalists = _finalists(candidates, explored, floor, keep)
        return [
            _finish(candidate, ranges, inner, edges, floor)
            for candidate, inner, edges in zip(candidates, explored, finalists, strict=True)
            if edges.size
        ]


def fit_edge(
    x: ArrayLike,
    y: ArrayLike,
    library: Library = LIBRARY,
    *,
    density: ArrayLike | None = None,
    top: int = 8,
    floor: float = 1e-6,
) -> list[EdgeFit]:
    """Fit every candidate of a library to one curve; see :func:`fit_curves`.

    Parameters
    ----------
    x, y : the curve, (points,).
    library, density, top, floor : as in :func:`fit_curves`.

    Returns
    -------
    The fits, best first.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.linspace(0.5, 2.0, 80)
    >>> best = fit_edge(x, 3.0 / x**2 - 1.0)[0]
    >>> best.candidate.name, round(best.c, 9), round(best.d, 9)
    ('1/x^2', 3.0, -1.0)
    """
    x, y = numbers(x, "x"), numbers(y, "y")
    if x.ndim != 1 or x.shape != y.shape:
        raise InputError(
            f"fit_edge got x of shape {x.shape} and y of shape {y.shape}: "
            "give two lists of numbers of one length."
        )
    weight = None if density is None else numbers(density, "density")[None]
    if not long_enough(x[None], y[None], weight).all():
        raise InputError(
            f"The curve has {len(np.unique(x))} different points: give at least {FEWEST_POINTS}, "
            "or no function can be told from another."
        )
    return fit_curves(x[None], y[None], weight, library, top=top, floor=floor)[0]


def margin(fits: Sequence[EdgeFit]) -> float:
    """Bits by which the first fit beats the second; infinite if there is no second.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.linspace(-1.0, 1.0, 80)
    >>> margin(fit_edge(x, np.sin(4.0 * x))) > 50.0
    True
    """
    return fits[1].score - fits[0].score if len(fits) > 1 else float("inf")


def _check_settings(library: Library, floor: float, top: int) -> None:
    if not isinstance(library, Library):
        raise InputError(f"library is a {type(library).__name__}, give a kansym.Library([...]).")
    if len(library) == 0:
        raise InputError("The library is empty: give at least one candidate.")
    if not 0.0 < floor < np.inf:
        raise InputError(f"floor is {floor}: give a positive relative error, such as 1e-6.")
    if top < 1:
        raise InputError(f"top is {top}: ask for at least one fit per edge.")


def _with_straight(library: Library) -> list[Candidate]:
    """The candidates, with the straight line among them."""
    candidates = list(library)
    if any(candidate.scale_free and candidate.shift_free for candidate in candidates):
        return candidates
    return [Candidate("x", "x"), *candidates]


def _finalists(
    candidates: Sequence[Candidate], explored: Sequence[InnerConstants], floor: float, keep: int
) -> list[Rows]:
    """Edges on which each candidate is among the best `keep`."""
    error = np.sqrt(np.stack([inner.loss for inner in explored]))
    complexity = np.array([candidate.complexity for candidate in candidates])[:, None]
    score = error_bits(error, floor) + complexity
    place = score.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    return [np.flatnonzero(row) for row in (place < keep) & np.isfinite(error)]


def _finish(
    candidate: Candidate,
    ranges: NormalisedCurves,
    inner: InnerConstants,
    edge: Rows,
    floor: float,
) -> _Fits:
    """Finish a candidate on all points of some edges, in original units, simplest form first."""
    curves, start = ranges.curves.take(edge), inner.take(edge)
    free = free_inner(candidate)
    found = refine_inner(candidate, curves, start, free=free, steps=60)
    middle, half = ranges.middle[edge], ranges.half[edge]
    a, b = found.p / half, found.q - found.p * (middle / half)
    a, b = _canonical(candidate, a, b)
    forms = [(a, b), *_simpler_forms(candidate, curves, free, a, b, middle, half)]
    touching = _touching(candidate, curves, found)
    forms += [(fit.p / half, fit.q + fit.p * (fit.origin - middle / half)) for fit in touching]
    fits = [_outer(candidate, ranges, edge, *form, floor) for form in forms]
    best = np.stack([fit.score for fit in fits]).argmin(axis=0)
    rows = np.arange(edge.size)
    pick = {
        name: np.stack([getattr(fit, name) for fit in fits])[best, rows]
        for name in ("constants", "error", "complexity", "score")
    }
    return _Fits(candidate, edge, **pick)


def _canonical(candidate: Candidate, a: Array, b: Array) -> tuple[Array, Array]:
    """Positive a where f is even or odd, and the smallest shift where f is periodic."""
    if candidate.even or candidate.odd:
        sign = np.where(a < 0.0, -1.0, 1.0)
        a, b = a * sign, b * sign
    if candidate.period is not None:
        b = b - candidate.period * np.round(b / candidate.period)
    return a, b


def _simpler_forms(
    candidate: Candidate,
    curves: Curves,
    free: tuple[bool, bool],
    a: Array,
    b: Array,
    middle: Array,
    half: Array,
) -> list[tuple[Array, Array]]:
    """Inner constants with a = +-1, or b = 0, or both, the other one refined again."""
    one, none = np.where(a < 0.0, -1.0, 1.0), np.zeros_like(a)
    forms = [(one, none)]
    # Sign and size of a are free to choose where f has no scale; its position -b/a is not.
    if candidate.scale_free:
        forms.append((one, b / np.abs(a)))
    elif free[1]:
        start = InnerConstants(one * half, b + one * middle, none, none)
        found = refine_inner(candidate, curves, start, free=(False, True), steps=12)
        forms.append((one, found.q - one * middle))
    if candidate.shift_free:
        forms.append((a, none))
    elif free[0]:
        start = InnerConstants(a * half, none, middle / half, none)
        found = refine_inner(candidate, curves, start, free=(True, False), steps=12)
        forms.append((found.p / half, none))
    return forms


def _touching(candidate: Candidate, curves: Curves, found: InnerConstants) -> list[InnerConstants]:
    """Windows that touch an end of the domain, where no free step leads to."""
    domain = candidate.domain
    if candidate.scale_free or domain.whole_line or len(domain.low) > 2:
        return []
    ends = [low for low, closed in zip(domain.low, domain.closed_low, strict=True) if closed]
    ends += [high for high, closed in zip(domain.high, domain.closed_high, strict=True) if closed]
    none = np.zeros_like(found.p)
    fits = []
    for end in ends:
        for side in (1.0, -1.0):
            start = InnerConstants(found.p, none + end, none + side, none)
            fits.append(refine_inner(candidate, curves, start, free=(True, False), steps=20))
    if len(ends) == 2:
        half, middle = 0.5 * (ends[1] - ends[0]), 0.5 * (ends[1] + ends[0])
        sign = np.where(found.p < 0.0, -1.0, 1.0)
        fits.append(InnerConstants(sign * half, none + middle, none, none))
    return fits


def _outer(
    candidate: Candidate, ranges: NormalisedCurves, edge: Rows, a: Array, b: Array, floor: float
) -> _Fits:
    """Outer constants, error and score of given inner constants, in original units."""
    curves = ranges.original.take(edge)
    a, b = _inside(candidate, curves, a, b, ranges.middle[edge])
    f = candidate.numpy(a[:, None] * curves.t + b[:, None])
    f = np.where(curves.weight > 0.0, f, 0.0)
    size = np.abs(f).max(axis=1)
    f = f / size[:, None]
    _, factor, residual = project(f, curves)
    error = np.sqrt(dot(residual, residual))
    c = factor / size * ranges.deviation[edge]
    d = ranges.mean[edge] - c * size * dot(curves.weight, f)
    constants = np.stack([a, b, c, d], axis=1)
    legal = np.isfinite(constants).all(axis=1) & defined(candidate, curves, a, b)
    error = np.where(legal & np.isfinite(error), error, np.inf)
    shown = (np.abs(a) != 1.0).astype(float) + (b != 0.0)
    # c*f + d with large parts that cancel: both outer constants need that many more digits.
    cancelling = np.log2(np.abs(factor)) - FREE_DIGITS
    complexity = candidate.complexity + CONSTANT_BITS * shown + np.maximum(cancelling, 0.0)
    score = error_bits(error, floor) + complexity
    score = np.where(np.isfinite(score), score, np.inf)
    return _Fits(candidate, edge, constants, error, complexity, score)


def _inside(
    candidate: Candidate, curves: Curves, a: Array, b: Array, middle: Array
) -> tuple[Array, Array]:
    """Contract a window by some rounding errors where only these put it outside the domain."""
    shrink = np.where(defined(candidate, curves, a, b), 0.0, 1e-15)
    reach = np.abs(curves.t[:, [0, -1]]).max(axis=1) / np.ptp(curves.t[:, [0, -1]], axis=1)
    shrink *= 1.0 + reach
    return a * (1.0 - shrink), np.where(shrink > 0.0, b + a * shrink * middle, b)


def _ranked(fits: Sequence[_Fits], edges: int, top: int) -> list[list[EdgeFit]]:
    """The best few fits of every edge, best first."""
    owner = np.concatenate([np.full(fit.edge.size, index) for index, fit in enumerate(fits)])
    row = np.concatenate([np.arange(fit.edge.size) for fit in fits])
    edge: Rows = np.concatenate([fit.edge for fit in fits])
    score = np.concatenate([fit.score for fit in fits])
    ranked: list[list[EdgeFit]] = [[] for _ in range(edges)]
    for index in (int(place) for place in np.lexsort((score, edge))):
        best = ranked[int(edge[index])]
        if len(best) < top and np.isfinite(score[index]):
            best.append(fits[int(owner[index])].edge_fit(int(row[index])))
    return ranked
