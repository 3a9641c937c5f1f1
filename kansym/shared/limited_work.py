"""Work that may crash, hang or outlast its time, in processes that are ended then and replaced.

A library written in C can end the whole process. Here each process holds one piece of work at a
time, so that a crash or a hang costs exactly that piece. A process is a fresh interpreter that runs
this file: nothing is forked, the caller's main module is not imported again, and a caller that may
have no children of its own (a worker of a cluster) can use it too. It ends itself when the caller
is gone.
"""

import contextlib
import inspect
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

from kansym.shared.errors import InputError, KansymError

__all__ = ["LimitedProcess", "WorkOutcome", "limited_map"]

_LIBRARIES = ("OMP", "OPENBLAS", "MKL", "NUMEXPR")
# Workers stand side by side, one to a core: more threads than cores are slower.
_ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in _LIBRARIES}
# After so many pieces a process begins anew, lest what libraries keep fill the memory.
_PIECES = 100
_SOON = 0.05  # seconds


@dataclass(frozen=True)
class WorkOutcome:
    """What became of a piece of work: a value, or the reason why there is none.

    ``told`` is what a generator yielded before, in order; ``seconds`` are of the wall clock.

    Examples
    --------
    >>> print(WorkOutcome(3, None, failure="no result within 60 s"))
    item 3: no result within 60 s
    """

    index: int
    value: Any
    told: tuple[Any, ...] = ()
    failure: str | None = None
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"item {self.index}: {self.failure or self.value}"


def limited_map(
    function: Callable[[Any], Any],
    items: Sequence[Any],
    *,
    processes: int = 2,
    limit: float | Callable[[Any], float] = 60.0,
) -> Iterator[WorkOutcome]:
    """Apply a function to each item in separate processes, and survive every one of them.

    Parameters
    ----------
    function : importable function of one argument (a top-level name of a module), or a generator
        function, which may tell more than one thing.
    items : arguments that can be pickled.
    limit : seconds that one item may take before its process is ended, or a function of the item.

    Yields
    ------
    One `WorkOutcome` per item, in the order of completion.

    Examples
    --------
    >>> sorted(outcome.value for outcome in limited_map(abs, [-1, -2], processes=1))
    [1, 2]
    """
    limit_of = limit if callable(limit) else lambda _: limit
    if processes < 1 or not all(limit_of(item) > 0 for item in items):
        raise InputError(
            f"{processes} processes and a limit of {limit} s were given: both must be positive."
        )
    places = [LimitedProcess(function) for _ in range(min(processes, len(items)))]
    # Not a pool of threads: an interrupt can leave the locks of its futures taken for good.
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    done: queue.SimpleQueue[WorkOutcome | Exception] = queue.SimpleQueue()
    for index in range(len(items)):
        waiting.put(index)

    def work(place: LimitedProcess) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                index = waiting.get_nowait()
                try:
                    done.put(place.do(items[index], limit_of(items[index]), index))
                except Exception as error:  # noqa: BLE001  # raised again where it is waited for
                    done.put(error)

    threads = [threading.Thread(target=work, args=(place,), daemon=True) for place in places]
    try:
        for thread in threads:
            thread.start()
        for _ in items:
            outcome = done.get()
            if isinstance(outcome, Exception):
                raise outcome
            yield outcome
    finally:
        with contextlib.suppress(queue.Empty):
            while True:
                waiting.get_nowait()
        for place, thread in zip(places, threads, strict=True):
            place.end()
            while thread.is_alive():  # it may have begun another process meanwhile
                thread.join(_SOON)
                place.end()


class LimitedProcess:
    """A process that does pieces of work, one after the other; for one thread at a time."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function
        self._process: subprocess.Popen[bytes] | None = None
        self._pieces = 0
        self._ended = False

    def do(self, argument: Any, limit: float, index: int = 0) -> WorkOutcome:
        """Do a piece of work; loading what it needs does not count against its limit."""
        process = self._running()
        started, told, late = time.monotonic(), [], threading.Event()

        def stop() -> None:
            late.set()
            _kill(process)

        clock = threading.Timer(min(limit, threading.TIMEOUT_MAX), stop)
        clock.daemon = True
        clock.start()
        value, failure = None, None
        try:
            _send(process.stdin, argument)
            while (message := _receive(process.stdout))[0] == "told":
                told.append(message[1])
            _, value, failure = message
            self._pieces += 1
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            self.end()
            self._ended = False
            failure = f"no result within {limit:g} s" if late.is_set() else _ending(process)
        finally:
            clock.cancel()
        return WorkOutcome(index, value, tuple(told), failure, time.monotonic() - started)

    def _running(self) -> subprocess.Popen[bytes]:
        """The process, a new one if need be, that has loaded the function."""
        if self._ended:
            raise KansymError("This process was ended: make another one.")
        if self._process is not None and self._process.poll() is None and self._pieces < _PIECES:
            return self._process
        self._close()
        try:
            pickle.dumps(self.function)
        except (AttributeError, TypeError, pickle.PicklingError) as error:
            raise InputError(
                f"{self.function!r} cannot be handed to another process: give a function at the "
                "top level of a module."
            ) from error
        self._process, self._pieces = _fresh(), 0
        failure: str | None = "it ended at once"
        with contextlib.suppress(EOFError, OSError, pickle.UnpicklingError):
            _send(self._process.stdin, self.function)
            failure = _receive(self._process.stdout)[2]
        if failure is not None and not self._ended:
            module = inspect.getmodule(self.function)
            name = module.__name__ if module else repr(self.function)
            self._close()
            raise KansymError(
                f"A process cannot load {name} ({failure}): run python -c 'import {name}' to see "
                "why."
            )
        return self._process

    def end(self) -> None:
        """End the process, whatever it does, for good."""
        self._ended = True
        self._close()

    def _close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            _kill(process)
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()  # pyright: ignore[reportOptionalMemberAccess]


def _fresh() -> subprocess.Popen[bytes]:
    """An interpreter that runs this file, in a group of its own: Ctrl-C is for the caller."""
    paths = os.pathsep.join(path or os.getcwd() for path in sys.path)  # noqa: PTH109
    windows = sys.platform == "win32"
    return subprocess.Popen(
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **_ONE_THREAD, "PYTHONPATH": paths, "PYTHONHASHSEED": "0"},
        start_new_session=not windows,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and, where there are groups of processes, what it started."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()


def _ending(process: subprocess.Popen[bytes]) -> str:
    """How a process ended, in words."""
    code = process.wait()
    if code < 0:
        return f"the process was ended by {signal.Signals(-code).name}"
    return f"the process ended with code {code}"


def _send(stream: Any, message: Any) -> None:
    stream.write(pickle.dumps(message))  # all or nothing: what cannot be pickled is not begun
    stream.flush()


def _receive(stream: Any) -> Any:
    return pickle.load(stream)  # noqa: S301 - our own process at the other end


# -- the other side --------------------------------------------------------------------------------


def _serve() -> None:
    """Receive a function, then items; answer until the caller is gone."""
    # What libraries print must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    requests = os.fdopen(os.dup(0), "rb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
    tell = partial(_send, answers)
    try:
        function = _receive(requests)
    except Exception as error:  # noqa: BLE001 - whatever importing it raises is the answer
        tell(("failed", None, _words(error)))
        return
    tell(("ready", None, None))
    threading.Thread(target=_listen, args=(requests, waiting), daemon=True).start()
    while True:
        tell(_result(function, waiting.get(), tell))


def _listen(requests: BinaryIO, waiting: queue.SimpleQueue[Any]) -> None:
    """Hand on what is asked for; when nobody is left to ask, end even in the midst of work."""
    while True:
        try:
            waiting.put(_receive(requests))
        except EOFError:
            os._exit(1)


def _result(
    function: Callable[[Any], Any], item: Any, tell: Callable[[Any], None]
) -> tuple[str, Any, str | None]:
    """What the function returns, or why it does not; what it yields is told at once."""
    try:
        value = function(item)
        if inspect.isgenerator(value):
            steps = value
            value = None
            for message in steps:
                tell(("told", message))
        return "done", pickle.loads(pickle.dumps(value)), None  # noqa: S301 - can it be sent?
    except BaseException as error:  # noqa: BLE001 - the text of any error is the result here
        return "done", None, _words(error)


def _words(error: BaseException) -> str:
    """An error in one line, with the place where it was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = ""
    if trace is not None:
        file = os.path.basename(trace.tb_frame.f_code.co_filename)  # noqa: PTH119 - a name, no file
        place = f" ({file}, line {trace.tb_lineno})"
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}{place}"


if __name__ == "__main__":
    _serve()
