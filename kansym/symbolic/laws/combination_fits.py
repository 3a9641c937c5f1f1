"""The constants of many combinations of atoms at once, by variable projection."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from kansym.shared.deadline import Deadline
from kansym.symbolic.fitting.levenberg_marquardt import NormalEquations, minimise_all
from kansym.symbolic.fitting.many_starts import SETTLED, eliminated
from kansym.symbolic.laws.atoms import FAMILIES, evaluated
from kansym.symbolic.laws.combinations import PRODUCT, QUOTIENT, SUM, Combination, on
from kansym.symbolic.laws.curve import Curve

__all__ = ["refined"]

_ROUNDS = ((48, 6, 150), (72, 15, 40), (96, 60, 12))
"""Rows and steps of a round, and combinations that are kept after it."""
_EACH = 4
"""Combinations of one form that are kept after the first round."""


def refined(found: Sequence[Combination], curve: Curve, until: Deadline) -> list[Combination]:
    """The combinations that come nearest when their constants are free, the best first."""
    kept = list(found)
    for rows, steps, most in _ROUNDS:
        if not kept:
            break
        fit = _Fit.of(kept, curve.thinned(rows))
        inner, loss = minimise_all(
            fit.model, fit.starts, steps=steps, tolerance=SETTLED, ended=lambda: until.passed
        )
        kept = [
            replace(one, constants=tuple(to[:6].tolist()), shift=float(to[6]), loss=left)
            for one, to, left in zip(kept, inner, loss.tolist(), strict=True)
            if np.isfinite(left)
        ]
        kept = _best_of_each(sorted(kept, key=lambda one: one.loss))[:most]
    return kept


def _best_of_each(found: list[Combination]) -> list[Combination]:
    """A few of every form."""
    count: dict[tuple[object, ...], int] = {}
    kept = []
    for one in found:
        count[one.key] = count.get(one.key, 0) + 1
        if count[one.key] <= _EACH:
            kept.append(one)
    return kept


@dataclass(frozen=True, eq=False)
class _Fit:
    """Combinations on a curve.

    Attributes
    ----------
    curve : the curve.
    kind : of each combination (n,).
    families : of their atoms (n, 2).
    factor, fixed : values of what multiplies and of what is added (n, rows), (n, terms, rows).
    free : which of the seven inner constants matter (n, 7).
    starts : their values (n, 7).
    """

    curve: Curve
    kind: Int[np.ndarray, " n"]
    families: Int[np.ndarray, "n 2"]
    factor: Float[np.ndarray, "n rows"]
    fixed: Float[np.ndarray, "n terms rows"]
    free: Bool[np.ndarray, "n 7"]
    starts: Float[np.ndarray, "n 7"]

    @classmethod
    def of(cls, found: Sequence[Combination], curve: Curve) -> "_Fit":
        """Some combinations, ready."""
        one = np.ones_like(curve.x)
        known = {p: on(p, curve) for c in found for p in (*c.fixed, c.factor) if p is not None}
        most = max(len(c.fixed) for c in found)
        fixed = np.zeros((len(found), most, len(one)))
        for row, c in enumerate(found):
            for place, program in enumerate(c.fixed):
                fixed[row, place] = known[program]
        free = [
            [*FAMILIES[c.families[0]].free, *FAMILIES[c.families[1]].free, c.kind == QUOTIENT]
            for c in found
        ]
        return cls(
            curve,
            np.array([c.kind for c in found]),
            np.array([c.families for c in found]),
            np.stack([one if c.factor is None else known[c.factor] for c in found]),
            fixed,
            np.array(free),
            np.array([[*c.constants, c.shift] for c in found]),
        )

    def model(self, inner: np.ndarray, rows: np.ndarray) -> NormalEquations:
        """Normal equations of some of them at their best linear constants."""
        kind = self.kind[rows, None]
        f, by_f = evaluated(self.families[rows, 0], inner[:, :3], self.curve.x, slopes=True)
        g, by_g = evaluated(self.families[rows, 1], inner[:, 3:6], self.curve.x, slopes=True)
        root = self.curve.root
        factor = self.factor[rows] * root
        slope = 1 / np.where(kind == QUOTIENT, g + inner[:, 6, None], 1.0)
        below = factor * slope
        columns = [
            below * np.where(kind == PRODUCT, f * g, f),
            np.where(kind == QUOTIENT, below, factor * g),
            np.where(kind == QUOTIENT, 0.0, factor),
            *np.moveaxis(self.fixed[rows] * root, 1, 0),
        ]
        target = np.broadcast_to(self.curve.y * root, f.shape)
        basis, k, residual = eliminated(columns, target)
        first, second = k[:, 0, None], k[:, 1, None]
        along_f = below * np.where(kind == PRODUCT, first * g, first)
        along_g = np.where(
            kind == SUM, second * factor, (first * f + second) * factor
        )  # fmt: skip
        along_g = np.where(kind == QUOTIENT, -along_g * slope**2, along_g)
        jacobian = np.concatenate(
            [along_f[:, None] * by_f, along_g[:, None] * by_g, along_g[:, None]], axis=1
        )
        jacobian = np.nan_to_num(jacobian * self.free[rows, :, None], posinf=0.0, neginf=0.0)
        for q in basis:
            jacobian = jacobian - (jacobian @ q[..., None]) * q[:, None]
        return NormalEquations.of(residual / self.curve.spread, jacobian / self.curve.spread)
