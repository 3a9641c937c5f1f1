"""Searches for the laws of single outputs, one by one or several at a time in processes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kansym.extraction.attempt import Attempt, Callback
from kansym.extraction.left_out_rows import Found, suspects, with_and_without
from kansym.extraction.search import Search
from kansym.extraction.settings import Settings
from kansym.extraction.split import errors_of, split_rows
from kansym.extraction.weights_reading import as_interrupted
from kansym.neural.models.kan import KAN
from kansym.results.result import Extraction
from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError
from kansym.shared.progress import ProgressCallback
from kansym.shared.tables import Table
from kansym.symbolic.formulas.complexity import charging

__all__ = ["SearchOutcome", "Searches", "every_output", "processes"]

LEAST = 0.02
"""Least seconds for an output."""


@dataclass(frozen=True, eq=False)
class SearchOutcome:
    """The law of one output, its KAN, everything that was tried, and whether it was interrupted."""

    model: KAN
    result: Extraction
    attempts: tuple[Attempt, ...]
    interrupted: bool


@dataclass(frozen=True, eq=False)
class Searches:
    """What all searches of a call have in common."""

    inputs: Table
    settings: Settings
    shape: dict[str, int]
    callback: Callback | None
    jobs: int
    deadline: Deadline
    tell: ProgressCallback

    def given(
        self, target: Table, errors: dict[str, Any], seconds: float, **more: Any
    ) -> dict[str, Any]:
        """What the search for the law of one target is given, in so many seconds."""
        inputs, settings, known = self.inputs, self.settings, errors_of(**errors, targets=target)
        return more | {
            "inputs": inputs,
            "target": target,
            "split": split_rows(None, inputs.values, target, None, settings, known),
            "settings": replace(settings, budget=max(LEAST, seconds)),
            "shape": self.shape,
            "errors": errors,
            "callback": self.callback,
        }


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


def searched(*, tell: ProgressCallback, doubted: bool, **search: Any) -> SearchOutcome:
    """The outcome of one search, see `Search`; rows that contradict all others may be left out."""

    def run(given: dict[str, Any]) -> Found:
        found = Search(**given, tell=tell)
        return (found, *found.run())

    rows = suspects(search) if doubted and not search["earlier"] else ()
    with charging(search["settings"].prices):
        found, model, result = with_and_without(search, rows, run) if rows else run(search)
    return SearchOutcome(model, result, tuple(found.attempts), found.interrupted)


def searched_together(
    searches: Sequence[Mapping[str, Any]], jobs: int, tell: ProgressCallback
) -> list[SearchOutcome]:
    """The outcomes of several searches, so many at a time, in their order."""
    from joblib import Parallel, delayed

    outcomes = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(searched)(**search, tell=_silent) for search in searches
    )
    found: list[SearchOutcome] = []
    for outcome in outcomes:
        found.append(outcome)
        tell(len(found) / len(searches), f"output {len(found)} of {len(searches)}")
    return found


def _silent(fraction: float, message: str) -> None:
    """What a process of its own says of its progress."""


def every_output(
    search_for: Callable[[int, float], dict[str, Any]],
    count: int,
    jobs: int,
    deadline: Deadline,
    tell: ProgressCallback,
) -> list[SearchOutcome]:
    """What searches for every output found, together or one after the other in what time is left.

    Parameters
    ----------
    search_for : from the number of an output and its seconds to what a search is given.
    """
    if jobs > 1:
        each = deadline.left() / -(-count // jobs)
        return searched_together([search_for(n, each) for n in range(count)], jobs, tell)
    found: list[SearchOutcome] = []
    for number in range(count):
        over = found and found[-1].interrupted  # the other targets have no time left
        seconds = 0.0 if over else deadline.left() / (count - number)
        try:
            found.append(searched(**search_for(number, seconds), tell=tell))
        except KeyboardInterrupt:  # before this search had anything: those of others are kept
            one = searched(**search_for(number, 0.0), tell=tell)
            found.append(replace(one, result=as_interrupted(one.result), interrupted=True))
    return found
