"""The benchmark itself: hand runs to workers, write down what comes back, go on after a stop."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path

from kansym.shared.errors import InputError
from kansym.shared.limited_work import LimitedProcess, WorkOutcome, limited_map
from kansym.shared.progress import ProgressCallback, progress_bar
from kansym.studies.bench.kind_names import KAN_KINDS, trained_kind
from kansym.studies.bench.reading_names import QUESTIONS
from kansym.studies.bench.record import Record, failed
from kansym.studies.bench.results_file import ResultsFile
from kansym.studies.bench.runs import ACCURACY, PARAMETERS, Budget, Key, Like, Run

__all__ = ["HERE", "Outcome", "Work", "run_benchmark"]

HERE = "processes"
"""The backend that needs nothing: processes of this machine."""

Work = Callable[[tuple[Run, ...]], Iterator[Record | str]]
"""What is done in each process."""


@dataclass(frozen=True)
class Outcome:
    """What a benchmark did.

    Attributes
    ----------
    path : the results file.
    asked, already, done, failed : numbers of runs: all, those found in the file, those done now,
        and of these the ones that failed.
    seconds : wall clock.
    """

    path: Path
    asked: int
    already: int
    done: int
    failed: int
    seconds: float

    def __str__(self) -> str:
        before = f", {self.already} were there already" if self.already else ""
        return (
            f"{self.done} runs done in {_duration(self.seconds)}, {self.failed} of them failed"
            f"{before}; results in {self.path}"
        )


def run_benchmark(
    runs: Sequence[Run],
    path: str | os.PathLike[str],
    *,
    jobs: int = 1,
    backend: str = HERE,
    address: str | None = None,
    work: Work | None = None,
    progress: bool | ProgressCallback | None = None,
) -> Outcome:
    """Do all runs that a results file does not have yet, and add them to it.

    Every run is done in a process that does nothing else then, and is ended when its time is up;
    what fails is written down as failed. Stop it at any moment, and start it again with the same
    arguments.

    Parameters
    ----------
    runs : of `kansym.studies.bench.plan`; all have the same budget.
    path : of the results file.
    jobs : runs at the same time; with a cluster, its workers decide.
    backend : ``processes`` of this machine, ``dask`` for a Dask cluster, or another one that joblib
        knows.
    address : of the Dask scheduler.
    work : does the runs that share one training, and yields each stage and each record; for
        programs other than kansym. A generator function at the top level of a module.
    progress : a callback, True or False for a bar, None for a bar on a terminal.

    Returns
    -------
    `Outcome`; the rows are in the file, in the order of the runs.

    Raises
    ------
    InputError
        If the file cannot be used, the runs have different budgets, no kind is there for others to
        be as accurate as, or no scheduler answers.
    """
    started = time.monotonic()
    budget = _budget(runs)
    if work is None:
        from kansym.studies.bench.measuring import measure as work
    with (
        _joblib(backend, address),
        ResultsFile(path, asdict(budget)) as file,
        progress_bar(progress, "kansym bench") as tell,
    ):
        _check_truths(runs, file)
        already = sum(run.key in file.done for run in runs)
        record = _Recorder(file, len(runs), already, tell)
        for stage in _stages(runs):
            items = _items(stage, file)
            if backend == HERE:
                record.all(_here(work, items, jobs))
            else:
                record.all(_elsewhere(work, items, -1 if address is not None else jobs))
        file.put_in_order(run.key for run in runs)
    seconds = time.monotonic() - started
    return Outcome(Path(path), len(runs), already, record.done, record.failed, seconds)


# -- what is to be done ------------------------------------------------------------------------


def _budget(runs: Sequence[Run]) -> Budget:
    """The one budget of all runs."""
    budgets = list(dict.fromkeys(run.budget for run in runs))
    if len(budgets) != 1:
        raise InputError(f"The runs have {len(budgets)} budgets: plan them with one.")
    if budgets[0].equal == ACCURACY and all(run.kind not in KAN_KINDS for run in runs):
        raise InputError(
            f"There is no kind {KAN_KINDS[0]!r} for the others to be as accurate as: add it, or "
            f"give --equal {PARAMETERS}."
        )
    return budgets[0]


def _stages(runs: Sequence[Run]) -> Iterator[list[Run]]:
    """KANs with their rewritten forms, then all that is measured by the KANs."""
    first = [run for run in runs if trained_kind(run.kind) in KAN_KINDS]
    then = [run for run in runs if trained_kind(run.kind) not in KAN_KINDS]
    yield from (stage for stage in (first, then) if stage)


def _items(stage: Sequence[Run], file: ResultsFile) -> list[tuple[Run, ...]]:
    """Pieces of work that are still to be done: all missing runs that share one training."""
    items: dict[tuple[object, ...], list[Run]] = {}
    for run in stage:
        if run.key not in file.done:
            shared = (run.problem.name, run.seed, run.noise, trained_kind(run.kind))
            items.setdefault(shared, []).append(replace(run, like=_like(run, file)))
    return [tuple(item) for item in items.values()]


def _like(run: Run, file: ResultsFile) -> Like | None:
    """The KAN of the same problem, seed and noise, if there is a record of it."""
    if trained_kind(run.kind) in KAN_KINDS:
        return None
    for kind, reading in product(KAN_KINDS, QUESTIONS):
        key = Key(run.problem.name, kind, run.seed, run.noise, reading)
        record = file.done.get(key)
        if record is not None and record.parameters is not None and record.widths is not None:
            error = record.validation if run.budget.equal == ACCURACY else None
            return Like(record.parameters, record.widths, error)
    return None


def _check_truths(runs: Sequence[Run], file: ResultsFile) -> None:
    """Refuse to mix rows of problems that were changed in between."""
    for run in runs:
        record = file.done.get(run.key)
        if record is not None and record.truth != run.problem.formula:
            raise InputError(
                f"{str(file.path)!r} has results for {run.problem.name!r} with the formula "
                f"{record.truth!r}, now it is {run.problem.formula!r}: give another --out."
            )


# -- having it done ----------------------------------------------------------------------------

Done = tuple[tuple[Run, ...], WorkOutcome]


def _limit(item: tuple[Run, ...]) -> float:
    """Seconds after which a piece of work is ended."""
    return sum(run.budget.hard_limit for run in item)


def _here(work: Work, items: Sequence[tuple[Run, ...]], jobs: int) -> Iterator[Done]:
    """Answers as they come from processes of this machine."""
    for found in limited_map(work, items, processes=jobs, limit=_limit):
        yield items[found.index], found


def _elsewhere(work: Work, items: Sequence[tuple[Run, ...]], jobs: int) -> Iterator[Done]:
    """Answers as they come from the workers of joblib's backend."""
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=jobs, batch_size=1, return_as="generator_unordered")
    for found in parallel(delayed(_do)(work, item, i) for i, item in enumerate(items)):
        assert isinstance(found, WorkOutcome)
        yield items[found.index], found


@contextmanager
def _joblib(backend: str, address: str | None) -> Iterator[None]:
    """Joblib with the workers that were asked for."""
    if backend == "dask":
        from kansym.studies.bench.dask_cluster import connected

        with connected(address):
            yield
        return
    if address is not None:
        raise InputError(f"--address {address!r} belongs to --backend dask: give that as well.")
    if backend == HERE:
        yield
        return
    from joblib import parallel_config

    try:
        config = parallel_config(backend=backend)
    except ValueError as error:
        raise InputError(f"joblib has no backend {backend!r}: use {HERE} or dask.") from error
    with config:
        yield


_KEPT = threading.local()


def _do(work: Work, item: tuple[Run, ...], index: int) -> WorkOutcome:
    """One piece of work, in a worker, each thread of which keeps one process."""
    if getattr(_KEPT, "work", None) is not work:
        _KEPT.work, _KEPT.process = work, LimitedProcess(work)
    return _KEPT.process.do(item, _limit(item), index)


# -- writing it down ---------------------------------------------------------------------------


@dataclass
class _Recorder:
    """Writes records as answers come, and estimates how long the rest will take."""

    file: ResultsFile
    asked: int
    already: int
    tell: ProgressCallback
    done: int = 0
    failed: int = 0
    pace: float = 0.0

    def all(self, answers: Iterable[Done]) -> None:
        """Write everything down."""
        started = time.monotonic() - self.done * self.pace
        for item, found in answers:
            records = _records(item, found)
            self.file.append(records)
            self.done += len(records)
            self.failed += sum(record.status == "failed" for record in records)
            self.pace = (time.monotonic() - started) / max(self.done, 1)
            self.tell((self.already + self.done) / self.asked, self._words())

    def _words(self) -> str:
        left = self.asked - self.already - self.done
        return (
            f"{self.already + self.done} of {self.asked} runs, {self.failed} failed, "
            f"about {_duration(left * self.pace)} to go"
        )


def _records(item: tuple[Run, ...], found: WorkOutcome) -> list[Record]:
    """A record for every run that was asked for."""
    told = {record.key: record for record in found.told if isinstance(record, Record)}
    stage = next((text for text in reversed(found.told) if isinstance(text, str)), "")
    reason = found.failure or "the work ended without a record"
    if stage:
        reason = f"{reason}, while {stage}"
    return [told.get(run.key) or failed(run, reason, found.seconds) for run in item]


def _duration(seconds: float) -> str:
    """A time in words.

    Examples
    --------
    >>> _duration(42.3), _duration(200), _duration(8000)
    ('42 s', '3 min', '2 h 13 min')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
