"""From data to a formula with nothing to choose: shapes of KANs are tried until one gives it up."""

import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from kansym.errors import InputError
from kansym.extraction import Extraction, extract
from kansym.kan import KAN, Width
from kansym.library import LIBRARY, Library
from kansym.progress import ProgressCallback, progress_bar
from kansym.scaling import scale_outputs
from kansym.shape_search import CLEAR, best_of_shape, prune, share_of_time
from kansym.tables import Table, as_table, as_targets
from kansym.training import introduce, prepare
from kansym.training_run import BestModel, OutOfTime, TrainingRun

__all__ = ["Attempt", "Discovery", "discover", "ladder"]

EXACT = 1e-8
"""Relative error of a formula on data without noise that is right."""
SIMILAR = 1.3
"""Shapes whose error is within this factor of the smallest are read as well."""


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
    """Find a formula for data: train KANs of growing shape and read each that fits.

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
    with progress_bar(progress, "discovering") as tell:
        shapes = list(ladder(len(inputs.names), len(targets.names)))
        best = search.run(shapes, grid, degree, starts, tell)
    assert best.result is not None
    spent = time.perf_counter() - started
    return Discovery(best.result, best.model, tuple(search.attempts), spent)


def ladder(n_inputs: int, n_outputs: int = 1) -> Iterator[tuple[Width, ...]]:
    """Shapes of KANs, simplest first, in which laws of nature are mostly found.

    A product node makes monomials and products of univariate functions one node; two layers of
    them make a monomial times a function of a dimensionless group.

    Examples
    --------
    >>> list(ladder(3))[:4]
    [(3, (0, 1)), (3, 1), (3, 1, 1), (3, (0, 2), (0, 1))]
    """
    n, m = n_inputs, n_outputs
    if m == 1:
        yield (n, (0, 1))
    yield (n, m)
    if n == 1:
        return
    yield (n, 1, m)
    if m == 1:
        yield (n, (0, 2), (0, 1))
        yield (n, (1, 1), (0, 1))
    yield (n, (0, 2), m)
    yield (n, (1, 1), m)
    yield (n, (0, 3), m)
    if m == 1:
        yield (n, (2, 1), (0, 1))
        yield (n, (1, 2), (0, 1))
    if n > 2:
        yield (n, 2, 1, m)
        yield (n, (0, 2), 1, m)
    if n > 3:
        yield (n, 3, (1, 1), (0, 1) if m == 1 else m)
    yield (n, (n, 2), m)


class _Search:
    """Shapes that were tried, and what was read off them."""

    def __init__(
        self,
        inputs: Table,
        targets: Table,
        library: Library,
        accuracy: float | None,
        seed: int,
        deadline: float,
    ):
        self.inputs, self.targets = inputs, targets
        self.library, self.accuracy, self.seed = library, accuracy, seed
        self.deadline = deadline
        self.spread, self.shift = targets.values.std(0), targets.values.mean(0)
        self.attempts: list[Attempt] = []

    def run(
        self,
        shapes: list[tuple[Width, ...]],
        grid: int,
        degree: int,
        starts: int,
        tell: ProgressCallback,
    ) -> Attempt:
        """Try shapes until one gives an exact formula or time is up; the best attempt."""
        like = KAN(shapes[0], grid=grid, degree=degree, seed=self.seed)
        left = 0.75 * (self.deadline - time.perf_counter())
        scaled = (self.targets.values - self.shift) / self.spread
        quiet = _silent
        run = prepare(like, self.inputs.values, scaled, 0.1, self.seed, left, 0.0, quiet)
        introduce(like, self.inputs.values, self.inputs.names, self.targets.names, self.seed)
        for number, found in enumerate(self._trained(like, shapes, run, starts)):
            fraction = 0.75 * (number + 1) / len(shapes)
            tell(fraction, f"shape {list(found.widths)}, error {found.error:.1e}")
            if found.error < CLEAR and self._read(number) < EXACT:
                return self.attempts[number]
        for number in self._worth_reading():
            if time.perf_counter() > self.deadline and self._best() is not None:
                break
            tell(0.9, f"reading shape {list(self.attempts[number].widths)}")
            self._read(number)
        best = self._best()
        assert best is not None
        return best

    def _trained(
        self, like: KAN, shapes: list[tuple[Width, ...]], run: TrainingRun, starts: int
    ) -> Iterator[Attempt]:
        """Coarse models of every shape, pruned if they fit well."""
        for number, widths in enumerate(shapes):
            best = run.best = BestModel(like, run, fresh=True)
            stopped = False
            try:
                until = share_of_time(run, len(shapes) - number)
                model, error, _ = best_of_shape(like, widths, run, starts, until)
                best.replace(model, error)
                if error < CLEAR:
                    prune(model, run, best, floor=CLEAR)
            except OutOfTime:
                stopped = True
            if np.isfinite(best.error):
                assert isinstance(best.model, KAN)
                self.attempts.append(Attempt(best.model.widths, self._own(best.model), best.error))
                yield self.attempts[-1]
            if stopped:
                return

    def _own(self, model: KAN) -> KAN:
        """A copy in the units of the targets, with names and a sample."""
        own = copy.deepcopy(model)
        introduce(own, self.inputs.values, self.inputs.names, self.targets.names, self.seed)
        scale_outputs(own, self.spread, self.shift)
        return own

    def _read(self, number: int) -> float:
        """Read one attempt's formula; its relative error."""
        attempt = self.attempts[number]
        left = self.deadline - time.perf_counter()
        result = extract(
            attempt.model,
            _frame(self.inputs),
            self.targets.values,
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
        most = max(SIMILAR * smallest, CLEAR)
        unread = [
            number
            for number, attempt in enumerate(self.attempts)
            if attempt.result is None and attempt.error <= most
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


def _silent(fraction: float, message: str) -> None:
    """Training inside the search reports through the search."""
