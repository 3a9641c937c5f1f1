"""Constants of one program from many starts at once, those that enter linearly eliminated.

A start gives the others only (variable projection).

References
----------
Golub and Pereyra, SIAM J. Numer. Anal. 10, 413 (1973), doi:10.1137/0710036.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from kansym.programs.gradients import DifferentiableProgram
from kansym.programs.program import Program
from kansym.shared.deadline import Deadline
from kansym.symbolic.fitting.levenberg_marquardt import NormalEquations, minimise_all

__all__ = ["SETTLED", "Fits", "ManyStarts", "eliminated"]

SETTLED = 1e-6
"""Relative decrease of a loss that is none."""
_DEPENDENT = 1e-12
"""Least share of a column that the others do not have."""
_FINISHED = 1e-28
"""Relative loss at which nothing is left to gain."""

_ROUNDS = ((0, 24), (4, 5), (14, 3))
"""Steps of a round, and starts that are kept after it."""


@dataclass(frozen=True, eq=False)
class Fits:
    """Constants reached from every start.

    Attributes
    ----------
    inner : those that enter nonlinearly (starts, inner).
    loss : weighted sum of squares over that of the target (starts,).
    """

    inner: Float[np.ndarray, "starts inner"]
    loss: Float[np.ndarray, " starts"]

    def best(self, count: int) -> list[tuple[np.ndarray, float]]:
        """Constants and losses of the best starts that ended in different places."""
        chosen: list[tuple[np.ndarray, float]] = []
        for row in np.argsort(self.loss, kind="stable"):
            inner = self.inner[row]
            if not np.isfinite(self.loss[row]) or len(chosen) >= count:
                break
            if not any(np.allclose(inner, other, rtol=1e-3, atol=1e-9) for other, _ in chosen):
                chosen.append((inner, float(self.loss[row])))
        return chosen


@dataclass(frozen=True, eq=False)
class ManyStarts:
    """A program and the curve that it is fitted to.

    Attributes
    ----------
    tape : the program.
    inner, linear : names of its constants; it is linear in the second jointly.
    x : values of its variable ``x`` (rows,).
    y : target (rows,).
    root : square roots of the weights (rows,).
    """

    tape: DifferentiableProgram
    inner: tuple[str, ...]
    linear: tuple[str, ...]
    x: Float[np.ndarray, " rows"]
    y: Float[np.ndarray, " rows"]
    root: Float[np.ndarray, " rows"]

    @classmethod
    def of(
        cls,
        program: Program,
        inner: Sequence[str],
        linear: Sequence[str],
        x: np.ndarray,
        y: np.ndarray,
        root: np.ndarray,
    ) -> "ManyStarts":
        """A program on some rows."""
        return cls(DifferentiableProgram(program), tuple(inner), tuple(linear), x, y, root)

    def refined(
        self, starts: Float[np.ndarray, "starts inner"], steps: int, until: Deadline
    ) -> Fits:
        """At most so many steps from every start; never worse than the start.

        Examples
        --------
        >>> x = np.linspace(0, 1, 30)
        >>> program = ("mul", "a", ("exp", ("mul", "k", "x")))
        >>> many = ManyStarts.of(program, ["k"], ["a"], x, 2 * np.exp(-3 * x), np.ones(30))
        >>> found = many.refined(np.array([[-1.0], [5.0]]), 40, Deadline.never())
        >>> found.inner[found.loss.argmin()].round(6).tolist()
        [-3.0]
        """
        found = minimise_all(
            lambda inner, _: self._projected(inner),
            np.array(starts, dtype=float),
            steps=steps,
            tolerance=SETTLED,
            ended=lambda: until.passed,
        )
        return Fits(*found)

    def raced(self, starts: Float[np.ndarray, "starts inner"], until: Deadline) -> Fits:
        """More steps from fewer starts, round by round."""
        found = Fits(np.array(starts, dtype=float), np.zeros(len(starts)))
        for steps, kept in _ROUNDS:
            found = self.refined(found.inner, steps, until)
            ahead = np.argsort(found.loss, kind="stable")[:kept]
            found = Fits(found.inner[ahead], found.loss[ahead])
            if not self.inner or not len(ahead) or found.loss[0] < _FINISHED:
                break
        return found

    def _projected(self, inner: np.ndarray) -> NormalEquations:
        """Normal equations of the others at the best linear constants."""
        shape = (len(inner), len(self.x))
        given = {name: inner[:, i, None] for i, name in enumerate(self.inner)} | {"x": self.x}
        offset, columns = self.tape.slopes(given | dict.fromkeys(self.linear, 0.0), self.linear)
        target = (self.y - np.broadcast_to(offset, shape)) * self.root
        basis, factors, residual = eliminated(
            [np.broadcast_to(column, shape) * self.root for column in columns], target
        )
        linear = {name: factors[:, i, None] for i, name in enumerate(self.linear)}
        _, slopes = self.tape.slopes(given | linear, self.inner)
        jacobian = [np.broadcast_to(slope, shape) * self.root for slope in slopes]
        jacobian = np.stack(jacobian, axis=1) if jacobian else np.zeros((shape[0], 0, shape[1]))
        for q in basis:
            jacobian = jacobian - np.einsum("skr,sr->sk", jacobian, q)[..., None] * q[:, None]
        size = np.linalg.norm(self.y * self.root)
        return NormalEquations.of(residual / size, jacobian / size)


def eliminated(
    columns: list[np.ndarray], target: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Orthonormal basis of some columns, the target's best factors of them, and what is left."""
    basis: list[np.ndarray] = []
    count = len(columns)
    triangle = np.zeros((len(target), count, count))
    height = np.zeros((len(target), count))
    for j, column in enumerate(columns):
        size = np.linalg.norm(column, axis=1)
        rest = column
        for _ in range(2):  # twice is enough
            for i, q in enumerate(basis):
                part = np.vecdot(q, rest)
                triangle[:, i, j] += part
                rest = rest - part[:, None] * q
        norm = np.linalg.norm(rest, axis=1)
        alive = norm > _DEPENDENT * size
        triangle[:, j, j] = np.where(alive, norm, 1.0)
        basis.append(np.where(alive, 1 / np.where(alive, norm, 1.0), 0.0)[:, None] * rest)
        height[:, j] = np.vecdot(basis[-1], target)
        target = target - height[:, j, None] * basis[-1]
    factors = np.zeros_like(height)
    for j in range(count - 1, -1, -1):
        known = np.einsum("sk,sk->s", triangle[:, j, j + 1 :], factors[:, j + 1 :])
        factors[:, j] = (height[:, j] - known) / triangle[:, j, j]
    return basis, factors, target
