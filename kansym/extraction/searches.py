"""Searches for the laws of single outputs, one by one or several at a time in processes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kansym.extraction.attempt import Attempt
from kansym.extraction.search import Search
from kansym.neural.models.kan import KAN
from kansym.results.result import Extraction
from kansym.shared.errors import InputError
from kansym.shared.progress import ProgressCallback

__all__ = ["Found", "processes", "searched", "searched_together"]


@dataclass(frozen=True, eq=False)
class Found:
    """The law of one output, its KAN, everything that was tried, and whether it was interrupted."""

    model: KAN
    result: Extraction
    attempts: tuple[Attempt, ...]
    interrupted: bool


def processes(n_jobs: int) -> int:
    """How many processes are meant: -1 is one per core, -2 one less.

    Examples
    --------
    >>> processes(3)
    3
    """
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, int) or n_jobs == 0:
        raise InputError(f"n_jobs={n_jobs!r} is no number of processes: give 1, 2, ... or -1.")
    if n_jobs > 0:
        return n_jobs
    from joblib import effective_n_jobs

    return effective_n_jobs(n_jobs)


def searched(*, tell: ProgressCallback, **search: Any) -> Found:
    """The outcome of one search, see `Search`."""
    run = Search(**search, tell=tell)
    model, result = run.run()
    return Found(model, result, tuple(run.attempts), run.interrupted)


def searched_together(
    searches: Sequence[Mapping[str, Any]], jobs: int, tell: ProgressCallback
) -> list[Found]:
    """The outcomes of several searches, so many at a time, in their order."""
    from joblib import Parallel, delayed

    outcomes = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(searched)(**search, tell=_silent) for search in searches
    )
    found: list[Found] = []
    for outcome in outcomes:
        found.append(outcome)
        tell(len(found) / len(searches), f"output {len(found)} of {len(searches)}")
    return found


def _silent(fraction: float, message: str) -> None:
    """What a process of its own says of its progress."""
