"""Variable projection for many curves at once: y ~ c*f(u) + d with u = p*(t + o) + q.

For given inner constants (p, q) the outer ones (c, d) are a linear least-squares problem, so only
(p, q) are searched, by Levenberg-Marquardt with Kaufman's approximation of the projected Jacobian.
Every row is a problem of its own: its own curve, start, damping and end; all of them share one f.

References
----------
Golub and Pereyra, SIAM J. Numer. Anal. 10, 413 (1973), doi:10.1137/0710036;
Kaufman, BIT 15, 49 (1975), doi:10.1007/BF01932995.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kansym.programs.program import Program, evaluate, spread
from kansym.symbolic.fitting.normalised_curves import Curves, dot
from kansym.symbolic.library.candidate import Candidate

__all__ = ["InnerConstants", "defined", "project", "refine_inner"]

Array = NDArray[np.floating]

# Relative deviation of f below which f counts as constant: c*f would only fit rounding errors.
FLAT = 1e-10
# Damping beyond which no step would change anything.
STUCK = 1e5


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


@dataclass
class _Model:
    """The quadratic model of each row's loss: Gauss-Newton matrix (three entries) and gradient."""

    pp: Array
    pq: Array
    qq: Array
    rp: Array
    rq: Array

    def put(self, rows: NDArray[np.intp], other: "_Model", chosen: NDArray[np.bool_]) -> None:
        """Overwrite the given rows by the chosen rows of another model."""
        for name in ("pp", "pq", "qq", "rp", "rq"):
            getattr(self, name)[rows] = getattr(other, name)[chosen]

    def step(
        self, rows: NDArray[np.intp], damping: Array, free: tuple[bool, bool]
    ) -> tuple[Array, Array]:
        """Damped Gauss-Newton step of the free constants (Marquardt's scaling)."""
        grow = 1.0 + damping
        pp, qq = self.pp[rows] * grow, self.qq[rows] * grow
        if not free[1]:
            return _ratio(self.rp[rows], pp), np.zeros_like(pp)
        if not free[0]:
            return np.zeros_like(qq), _ratio(self.rq[rows], qq)
        pq, rp, rq = self.pq[rows], self.rp[rows], self.rq[rows]
        determinant = np.maximum(pp * qq - pq * pq, 1e-15 * pp * qq)
        return _ratio(qq * rp - pq * rq, determinant), _ratio(pp * rq - pq * rp, determinant)


def _ratio(numerator: Array, denominator: Array) -> Array:
    """Quotient, 0 where the denominator is 0 or the quotient is not finite."""
    quotient = numerator / denominator
    return np.where(np.isfinite(quotient), quotient, 0.0)


def _linearise(
    candidate: Candidate, curves: Curves, p: Array, q: Array, origin: Array
) -> tuple[Array, _Model]:
    """Loss of each row and its quadratic model at the constants (p, q)."""
    shifted = curves.t + origin[:, None]
    u = p[:, None] * shifted + q[:, None]
    f, factor, residual = project(_values(candidate.program, u), curves)
    slope = _values(candidate.derivative_program, u)
    # A branch point on the curve has an infinite slope: that point says nothing about the step.
    slope = np.where(np.isfinite(slope), slope, 0.0)
    slope *= factor[:, None] * curves.root
    # Both columns of the Jacobian at once, without their parts along the constant and along f.
    columns = np.stack([slope * shifted, slope])
    columns -= dot(columns, curves.root)[..., None] * curves.root
    columns -= dot(columns, f)[..., None] * f
    (pp, qq), (rp, rq) = dot(columns, columns), dot(columns, residual)
    model = _Model(pp, dot(columns[0], columns[1]), qq, rp, rq)
    loss = dot(residual, residual)
    legal = np.isfinite(loss) & defined(candidate, curves, p, q + p * origin)
    return np.where(legal, loss, np.inf), model


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
    with np.errstate(all="ignore"):
        p, q, origin = start.p.copy(), start.q.copy(), start.origin
        loss, model = _linearise(candidate, curves, p, q, origin)
        damping = np.full(p.shape, 1e-3)
        active = np.flatnonzero(np.isfinite(loss) & (loss > 0.0))
        if not any(free):
            steps = 0
        for _ in range(steps):
            if active.size == 0:
                break
            dp, dq = model.step(active, damping[active], free)
            expected = dp * model.rp[active] + dq * model.rq[active]
            p_new, q_new = p[active] + dp, q[active] + dq
            whole = active.size == p.size
            part = curves if whole else curves.take(active)
            loss_new, model_new = _linearise(candidate, part, p_new, q_new, origin[active])
            better = loss_new < loss[active]
            gained, lost = active[better], active[~better]
            decrease = loss[gained] - loss_new[better]
            p[gained], q[gained], loss[gained] = p_new[better], q_new[better], loss_new[better]
            model.put(gained, model_new, better)
            damping[gained] = np.maximum(damping[gained] * 0.1, 1e-14)
            damping[lost] = np.maximum(damping[lost] * 10.0, 1e-4)
            done = damping > STUCK
            done[active] |= expected <= tolerance * loss[active]
            done[gained] |= (decrease <= tolerance * loss[gained]) | (loss[gained] < 1e-31)
            active = active[~done[active]]
    return InnerConstants(p, q, origin, loss)
