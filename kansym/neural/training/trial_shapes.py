"""KANs of several shapes for the same rows, the likeliest first.

One layer first. Then, in turn, the trees that the gradients of a surrogate show, and dense shapes
that laws are often found in. A model shows its trees itself, before all else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from kansym.neural.models.kan import KAN, Width
from kansym.neural.readers.black_box import BlackBox
from kansym.neural.training.history import uninterrupted
from kansym.neural.training.training import train
from kansym.neural.training.tree_kans import fitted, trees_of
from kansym.shared.deadline import Deadline
from kansym.shared.tables import Table, as_table, as_targets

__all__ = ["GOOD", "Proposal", "propose", "shapes"]

GOOD, PERFECT, SETTLED = 1e-4, 1e-5, 1e-3
"""Relative errors: a dense shape that is right, a tree that is, a tree good enough to stop at."""
FALLING = 0.35
"""Share of its first error to which a right shape comes as its grid grows."""
ONE, TREES = 0.15, 0.3
"""Shares of the time that is left, for one network, and for one surrogate and what it shows."""
HIDDEN = ((12, 12), (30,))
"""Hidden layers of the surrogates."""


@dataclass(frozen=True, eq=False)
class Proposal:
    """A trained KAN, its relative error on rows held out, and whether its shape is surely right."""

    model: KAN
    error: float
    right: bool


def propose(
    X: Any,
    y: Float[np.ndarray, "rows outputs"],
    *,
    seconds: float,
    seed: int = 0,
    grid: int = 5,
    degree: int = 3,
    starts: int = 24,
    box: BlackBox | None = None,
) -> Iterator[Proposal]:
    """Train KANs of one shape after another.

    Parameters
    ----------
    X, y : rows, array or data frame, and targets (rows,) or (rows, outputs).
    seconds : time for all of them; a consumer that takes long shortens the list.
    seed : of the training.
    grid, degree, starts : of dense shapes, see `kansym.KAN` and `kansym.train`.
    box : a model that knows the function, whose gradients serve in place of a surrogate's.
    """
    table = as_table(X)
    targets = as_targets(y, len(table))
    settings = {"grid": grid, "degree": degree, "starts": starts}
    training = _Training(table, targets, seed, settings, Deadline.after(seconds), box)
    simple, others = shapes(len(table.names), len(targets.names))
    smallest = np.inf
    # A model that knows the function shows its trees once.
    surrogates = HIDDEN if box is None else HIDDEN[:1]
    if box is not None and (box.smooth or box.learned):
        surrogates = ()
        for proposal in training.trees(HIDDEN[0]):
            smallest = min(smallest, proposal.error)
            yield proposal
        if training.deadline.passed or smallest < SETTLED:
            return
    for widths in simple:
        yield training.dense(widths, ONE)
    for hidden, widths in zip(surrogates, others, strict=False):
        for proposal in training.trees(hidden):
            smallest = min(smallest, proposal.error)
            yield proposal
        if training.deadline.passed or smallest < SETTLED:
            return
        yield training.dense(widths, 2 * ONE)
    others = others[len(surrogates) :]
    for number, widths in enumerate(others):
        if training.deadline.passed:
            return
        yield training.dense(widths, min(1.0, 2 / (len(others) - number)))


@dataclass(frozen=True, eq=False)
class _Training:
    """Rows, settings and a time limit."""

    inputs: Table
    targets: Table
    seed: int
    settings: dict[str, int]
    deadline: Deadline
    box: BlackBox | None = None

    def dense(self, widths: tuple[Width, ...], share: float) -> Proposal:
        """A dense shape, searched and pruned, in a share of the time that is left."""
        model = KAN(
            widths,
            grid=self.settings["grid"],
            degree=self.settings["degree"],
            seed=self.seed,
        )
        history = uninterrupted(
            train(
                model,
                self.inputs,
                self.targets,
                starts=self.settings["starts"],
                seed=self.seed,
                seconds=share * self.deadline.left(),
                progress=False,
            )
        )
        first = history.records[0].validation if history.records else np.inf
        right = history.validation < min(GOOD, FALLING * first)
        return Proposal(model, history.validation, right)

    def trees(self, hidden: tuple[int, ...]) -> Iterator[Proposal]:
        """Trees that a surrogate shows."""
        if len(self.inputs.names) == 1 or len(self.targets.names) > 1:
            return
        rows, values = self.inputs.values, self.targets.values[:, 0]
        gradient = None
        if self.box is not None:
            values, gradient = self.box.answers(rows)[:, 0], self.box.gradients(rows)[0]
        share = TREES * self.deadline.left()
        settings = {"hidden": hidden, "seconds": share, "seed": self.seed, "gradient": gradient}
        for tree in trees_of(rows, values, **settings):
            if self.deadline.passed:
                return
            limit = ONE * self.deadline.left()
            model, error = fitted(tree, self.inputs, self.targets, seconds=limit, seed=self.seed)
            yield Proposal(model, error, error < PERFECT)


def shapes(n: int, m: int = 1) -> tuple[list[tuple[Width, ...]], list[tuple[Width, ...]]]:
    """Dense shapes for n inputs and m outputs: those of one layer, and those of more.

    Examples
    --------
    >>> shapes(3)[0]
    [(3, (0, 1)), (3, 1)]
    """
    if n == 1:
        return [(1, m)], [(1, 1, m), (1, 2, m), (1, (0, 2), m), (1, 2, (0, m))]
    return [(n, (0, m)), (n, m)], [
        (n, (1, 1), (0, m)),
        (n, 1, m),
        (n, (0, 2), (0, m)),
        (n, (0, 2), m),
        (n, 2, (0, m)),
        (n, (1, 1), m),
        (n, n + 1, m),
    ]
