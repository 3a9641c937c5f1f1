"""Variable projection for many curves at once: y ~ c*f(u) + d with u = p*(t + o) + q.

For given inner constants (p, q) the outer ones (c, d) are a linear least-squares problem, so only
(p, q) are searched, with Kaufman's approximation of the projected Jacobian. Every row is a problem
of its own, with its own curve and start; all of them share one f.

References
----------
Golub and Pereyra, SIAM J. Numer. Anal. 10, 413 (1973), doi:10.1137/0710036;
Kaufman, BIT 15, 49 (1975), doi:10.1007/BF01932995.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kansym.programs.program import Program, evaluate, spread
from kansym.symbolic.fitting.levenberg_marquardt import NormalEquations, minimise_all
from kansym.symbolic.fitting.normalised_curves import Curves, dot
from kansym.symbolic.library.candidate import Candidate

__all__ = ["InnerConstants", "defined", "project", "refine_inner"]

Array = NDArray[np.floating]

# Relative deviation of f below which f counts as constant: c*f would only fit rounding errors.
FLAT = 1e-10


@dataclass(frozen=True)
class InnerConstants:
    """Inner constants p and q of each row about the origin -o, with the loss they reach.

    u = p*(t + o) + q; `loss` is the weighted mean square of the residual, infinite where f is
    undefined on a point of the curve or hardly varies over it.
    """

    p: Array
    q: Array
    origin: Array
    loss: Array

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "InnerConstants":
        """The constants of some rows, in that order."""
        return InnerConstants(self.p[rows], self.q[rows], self.origin[rows], self.loss[rows])


def project(f: Array, curves: Curves) -> tuple[Array, Array, Array]:
    """Best multiple of f in each row, in the metric of the weights.

    Returns
    -------
    The direction of f (centred, of norm 1, times root weight), the factor c, and the residual
    (times root weight).
    """
    if curves.gaps is not None:
        f = np.where(curves.gaps, 0.0, f)
    f = f * curves.root
    mean = dot(f, curves.root)
    f -= mean[:, None] * curves.root
    norm = np.sqrt(dot(f, f))
    norm = np.where(norm > FLAT * np.abs(mean), norm, np.nan)
    f /= norm[:, None]
    height = dot(f, curves.target)
    return f, height / norm, curves.target - height[:, None] * f


def defined(candidate: Candidate, curves: Curves, slope: Array, shift: Array) -> NDArray[np.bool_]:
    """Whether f(slope*t + shift) exists on the whole range of each curve, gaps left out."""
    if candidate.domain.whole_line:
        return np.ones(slope.shape, dtype=bool)
    if curves.gaps is None:
        ends = slope[:, None] * curves.t[:, [0, -1]] + shift[:, None]
        return candidate.domain.covers(ends.min(axis=1), ends.max(axis=1))
    inside = candidate.domain.contains(slope[:, None] * curves.t + shift[:, None])
    return np.all(inside | curves.gaps, axis=1)


def _linearise(
    candidate: Candidate, curves: Curves, p: Array, q: Array, origin: Array
) -> NormalEquations:
    """Losses of all rows and the normal equations of (p, q), without their parts along 1 and f."""
    shifted = curves.t + origin[:, None]
    u = p[:, None] * shifted + q[:, None]
    f, factor, residual = project(_values(candidate.program, u), curves)
    slope = _values(candidate.derivative_program, u)
    # A branch point on the curve has an infinite slope: that point says nothing about the step.
    slope = np.where(np.isfinite(slope), slope, 0.0)
    slope *= factor[:, None] * curves.root
    columns = np.stack([slope * shifted, slope])
    columns -= dot(columns, curves.root)[..., None] * curves.root
    columns -= dot(columns, f)[..., None] * f
    (pp, qq), pq, gradient = dot(columns, columns), dot(*columns), dot(columns, residual)
    loss = dot(residual, residual)
    legal = np.isfinite(loss) & defined(candidate, curves, p, q + p * origin)
    matrix = np.stack([pp, pq, pq, qq], axis=1).reshape(-1, 2, 2)
    return NormalEquations(np.where(legal, loss, np.inf), matrix, gradient.T.copy())


def _values(program: Program, u: Array) -> Array:
    """A program of x at u; constant programs are spread over the shape of u."""
    return spread(evaluate(program, {"x": u}), u.shape)


def refine_inner(
    candidate: Candidate,
    curves: Curves,
    start: InnerConstants,
    *,
    free: tuple[bool, bool],
    steps: int,
    tolerance: float = 1e-6,
) -> InnerConstants:
    """Levenberg-Marquardt on the inner constants of all rows, each until it stops improving.

    Parameters
    ----------
    candidate : the function f.
    curves : one curve per row, centred (see `Curves`).
    start : constants to start from; the loss in them is ignored.
    free : which of p and q may move.
    steps : most iterations of any row.
    tolerance : relative decrease of the loss at which a row ends.

    Returns
    -------
    The constants reached, never worse than the start. A step out of the domain of f is refused.
    """

    def model(constants: Array, rows: NDArray[np.intp]) -> NormalEquations:
        part = curves if rows.size == start.p.size else curves.take(rows)
        p, q = constants.T
        normal = _linearise(candidate, part, p, q, start.origin[rows])
        for k in (0, 1):
            if not free[k]:
                normal.matrix[:, k] = normal.matrix[:, :, k] = normal.gradient[:, k] = 0.0
        return normal

    with np.errstate(all="ignore"):
        steps = steps if any(free) else 0
        found, loss = minimise_all(
            model, np.stack([start.p, start.q], axis=1), steps=steps, tolerance=tolerance
        )
    return InnerConstants(found[:, 0], found[:, 1], start.origin, loss)
