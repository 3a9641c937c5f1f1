"""Work that may crash or hang, one item at a time in separate processes.

A library written in C can end the whole process. Here each worker holds one item at a time, so a
crash or a hang costs exactly that item: the worker is replaced and the rest goes on.
"""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from kansym.shared.errors import InputError

__all__ = ["Outcome", "isolated_map"]


@dataclass(frozen=True)
class Outcome:
    """What became of one item: a value, or the reason why there is none.

    Examples
    --------
    >>> Outcome(3, None, "no result within 60 s").failure
    'no result within 60 s'
    """

    index: int
    value: Any
    failure: str | None = None

    def __str__(self) -> str:
        return f"item {self.index}: {self.failure or self.value}"


def isolated_map(
    function: Callable[[Any], Any],
    items: Sequence[Any],
    *,
    processes: int = 2,
    limit: float = 60.0,
) -> Iterator[Outcome]:
    """Apply a function to each item in separate processes, and survive every one of them.

    Parameters
    ----------
    function : importable function of one argument (a top-level name of a module).
    items : arguments that can be pickled.
    processes : number of worker processes.
    limit : seconds that one item may take before its process is ended.

    Yields
    ------
    One `Outcome` per item, in the order of completion.

    Raises
    ------
    InputError
        If the number of processes or the limit is not positive.

    Examples
    --------
    >>> sorted(o.value for o in isolated_map(abs, [-1, -2], processes=1))
    [1, 2]
    """
    if processes < 1 or limit <= 0:
        raise InputError(
            f"{processes} processes and a limit of {limit} s were given: both must be positive."
        )
    waiting = list(reversed(range(len(items))))
    workers = [_Worker(function) for _ in range(min(processes, len(items)))]
    try:
        for worker in workers:
            worker.take(waiting, items)
        while any(worker.busy for worker in workers):
            for worker in _ready(workers, limit):
                yield worker.outcome(limit)
                worker.take(waiting, items)
    finally:
        for worker in workers:
            worker.end()


def _serve(function: Callable[[Any], Any], connection: Connection) -> None:
    """Answer items until the other end closes (which also happens when it is killed)."""
    while True:
        try:
            item = connection.recv()
        except EOFError:
            return
        try:
            answer = (function(item), None)
        except Exception as error:  # noqa: BLE001 - the text of any error is the result here
            answer = (None, f"{type(error).__name__}: {str(error)[:200]}")
        connection.send(answer)


class _Worker:
    """One process, the item that it holds and the time since when."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function
        self._start()

    def _start(self) -> None:
        # A forked child of a threaded process may deadlock; a spawned one never does.
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(self._function, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.index: int | None = None
        self.since = 0.0

    @property
    def busy(self) -> bool:
        return self.index is not None

    def take(self, waiting: list[int], items: Sequence[Any]) -> None:
        """Start on the next item, if there is one."""
        if waiting:
            self.index = waiting.pop()
            self.since = time.monotonic()
            self.connection.send(items[self.index])

    def outcome(self, limit: float) -> Outcome:
        """The result of the held item; a dead or overdue process is replaced."""
        index, self.index = self.index, None
        assert index is not None
        if not self.connection.poll():
            failure = f"no result within {limit:g} s"
        else:
            try:
                value, failure = self.connection.recv()
                return Outcome(index, value, failure)
            except (EOFError, ConnectionResetError):
                self.process.join(5.0)
                failure = f"the process ended with code {self.process.exitcode}"
        self.end()
        self._start()
        return Outcome(index, None, failure)

    def end(self) -> None:
        """Stop the process."""
        self.connection.close()
        self.process.kill()
        self.process.join()


def _ready(workers: Sequence[_Worker], limit: float) -> list[_Worker]:
    """Workers with an answer, a crash or an overdue item; waits for the first."""
    busy = [worker for worker in workers if worker.busy]
    left = min(worker.since + limit for worker in busy) - time.monotonic()
    answered = wait([worker.connection for worker in busy], timeout=max(left, 0.0))
    now = time.monotonic()
    return [
        worker for worker in busy if worker.connection in answered or now - worker.since >= limit
    ]
