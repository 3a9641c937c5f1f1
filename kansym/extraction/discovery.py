"""From data to a formula with nothing to choose: KANs are proposed until one gives it up."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from kansym.extraction.extract import extract
from kansym.neural.models.kan import KAN, Width
from kansym.neural.training.trial_shapes import propose
from kansym.results.result import Extraction
from kansym.shared.errors import InputError
from kansym.shared.progress import ProgressCallback, progress_bar
from kansym.shared.tables import Table, as_table, as_targets
from kansym.symbolic.library.library import LIBRARY, Library

__all__ = ["Attempt", "Discovery", "discover"]

EXACT = 1e-8
"""Relative error of a formula on data without noise that is right."""
PROMISING = 1e-2
"""Error of a network that is read at once."""
SIMILAR = 1.3
"""Networks whose error is within this factor of the smallest are read in the end."""
TRAINING = 0.7
"""Share of the time after which no new network is trained."""


@dataclass(frozen=True, eq=False)
class Attempt:
    """One shape that was tried: its network and error, and its formula if it was read."""

    widths: tuple[Width, ...]
    model: KAN
    error: float
    result: Extraction | None = None

    @property
    def length(self) -> float:
        """Description length in bits of the data by the formula; infinite without one."""
        if self.result is None or not self.result.formulas:
            return float("inf")
        point = next(point for point in self.result.front if point.selected)
        fidelity = self.result.fidelity
        rows = fidelity.rows + fidelity.held_out_rows
        return rows * float(np.log2(max(point.error, 1e-11))) + point.complexity


@dataclass(frozen=True, eq=False)
class Discovery:
    """The best formula, the network that it was read from, and everything that was tried."""

    result: Extraction
    model: KAN
    attempts: tuple[Attempt, ...]
    seconds: float

    def __str__(self) -> str:
        shapes = ", ".join(str(list(attempt.widths)) for attempt in self.attempts)
        return f"{self.result}\n\nshapes tried in {self.seconds:.1f} s: {shapes}"


def discover(  # noqa: PLR0913 - the settings of training and extraction, all by keyword
    X: Any,
    y: Any,
    *,
    library: Library = LIBRARY,
    seconds: float = 60.0,
    accuracy: float | None = None,
    grid: int = 4,
    degree: int = 3,
    starts: int = 12,
    seed: int = 0,
    progress: bool | ProgressCallback | None = None,
) -> Discovery:
    """Find a formula for data: train KANs of several shapes and read each that fits.

    Shapes are those of one layer, trees that the gradients of surrogate networks show, and some
    dense ones, see `kansym.neural.training.trial_shapes`.

    Parameters
    ----------
    X, y : inputs (rows, inputs) and targets (rows,), arrays or data frames.
    library : functions to try on edges.
    seconds : time limit for everything.
    accuracy : relative error of y that is not worth explaining, see `kansym.extract`.
    grid, degree : of the splines.
    starts : most random starts per shape.
    seed : of starts and splits.
    progress : True or False for a bar, or a callback; by default a bar on a terminal.

    Returns
    -------
    `Discovery`; its ``result`` has the shortest description of the data.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(1, 2, (300, 3))
    >>> discover(X, X[:, 0] * X[:, 1] / X[:, 2] ** 2, seconds=20).result.expr
    x1*x2/x3**2
    """
    if not seconds > 0:
        raise InputError(f"seconds={seconds} is no time: give a positive number.")
    started = time.perf_counter()
    inputs = as_table(X)
    targets = as_targets(y, len(inputs))
    search = _Search(inputs, targets, library, accuracy, seed, started + seconds)
    shape = {"grid": grid, "degree": degree, "starts": starts}
    with progress_bar(progress, "discovering") as tell:
        best = search.run(seconds, shape, tell)
    assert best.result is not None
    spent = time.perf_counter() - started
    return Discovery(best.result, best.model, tuple(search.attempts), spent)


class _Search:
    """Networks that were proposed, and what was read off them."""

    def __init__(
        self,
        inputs: Table,
        targets: Table,
        library: Library,
        accuracy: float | None,
        seed: int,
        deadline: float,
    ):
        self.inputs, self.targets = _frame(inputs), _frame(targets)
        self.library, self.accuracy, self.seed = library, accuracy, seed
        self.deadline = deadline
        self.attempts: list[Attempt] = []

    def run(self, seconds: float, shape: dict[str, int], tell: ProgressCallback) -> Attempt:
        """Read what fits well until a formula is exact or time is up; the best attempt."""
        proposals = propose(
            self.inputs, self.targets, seconds=TRAINING * seconds, seed=self.seed, **shape
        )
        for number, found in enumerate(proposals):
            self.attempts.append(Attempt(found.model.widths, found.model, found.error))
            spent = 1 - (self.deadline - time.perf_counter()) / seconds
            tell(min(0.9, spent), f"shape {list(found.model.widths)}, error {found.error:.1e}")
            if found.error < PROMISING and self._read(number) < EXACT:
                return self.attempts[number]
        for number in self._worth_reading():
            if time.perf_counter() > self.deadline and self._best() is not None:
                break
            tell(0.9, f"reading shape {list(self.attempts[number].widths)}")
            self._read(number)
        best = self._best()
        assert best is not None
        return best

    def _read(self, number: int) -> float:
        """Read one attempt's formula; its relative error."""
        attempt = self.attempts[number]
        left = self.deadline - time.perf_counter()
        result = extract(
            attempt.model,
            self.inputs,
            self.targets,
            library=self.library,
            accuracy=self.accuracy,
            budget=max(1.0, min(20.0, 0.5 * left)),
            seed=self.seed,
            progress=False,
        )
        self.attempts[number] = Attempt(attempt.widths, attempt.model, attempt.error, result)
        return min((point.error for point in result.front if point.selected), default=np.inf)

    def _worth_reading(self) -> list[int]:
        """Attempts not read yet with about the smallest error, simplest first."""
        smallest = min(attempt.error for attempt in self.attempts)
        unread = [
            number
            for number, attempt in enumerate(self.attempts)
            if attempt.result is None and attempt.error <= SIMILAR * smallest
        ]
        return sorted(unread, key=lambda number: self.attempts[number].model.n_edges())

    def _best(self) -> Attempt | None:
        """The attempt of shortest description, if any was read."""
        read = [attempt for attempt in self.attempts if attempt.result is not None]
        return min(read, key=lambda attempt: attempt.length, default=None)


def _frame(table: Table) -> Any:
    """A data frame with the column names, so that the formula keeps them."""
    import pandas as pd

    return pd.DataFrame(table.values, columns=list(table.names))
