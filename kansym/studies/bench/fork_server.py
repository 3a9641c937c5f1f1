"""A process that loads the heavy libraries once and does each piece of work in a child of its own.

The server imports the modules that it is given, then answers requests on its standard input: which
function, which argument, how many seconds. The child that does the work may hang, crash or spoil
its memory; that costs its own work only. Nothing here starts a thread, so that forking is safe.
"""

import gc
import importlib
import os
import pickle
import select
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

__all__ = ["Answer", "Request", "serve"]

_SPARE = 5
_LOOK = 1 << 16


@dataclass(frozen=True)
class Request:
    """A piece of work.

    Attributes
    ----------
    function : ``module:name`` of a function of an argument and a callback.
    argument : anything that can be pickled.
    limit : seconds after which the work is ended.
    """

    function: str
    argument: Any
    limit: float


@dataclass(frozen=True)
class Answer:
    """What came of a piece of work.

    Attributes
    ----------
    told : everything that the work told its callback, in order.
    failure : why it did not end well, None if it did.
    seconds : wall clock.
    """

    told: tuple[Any, ...]
    failure: str | None
    seconds: float


def serve(modules: list[str]) -> None:
    """Answer requests until the standard input is closed."""
    # What libraries print must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    requests = os.fdopen(os.dup(0), "rb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for module in modules:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    _send(answers, "ready")
    while True:
        try:
            request = pickle.load(requests)  # noqa: S301 - our own process at the other end
        except EOFError:
            return
        _send(answers, _answer(request, requests, answers))


def _send(stream: BinaryIO, message: Any) -> None:
    pickle.dump(message, stream)
    stream.flush()


def _answer(request: Request, requests: BinaryIO, answers: BinaryIO) -> Answer:
    """Fork, listen to the child until it ends or its time is up, and make sure that it is gone."""
    started = time.monotonic()
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        requests.close()
        answers.close()
        _work(request, theirs)
    os.close(theirs)
    try:
        content, ended = _listen(ours, requests.fileno(), started + request.limit)
    finally:
        os.close(ours)
        _kill(child)
    _, status = os.waitpid(child, 0)
    told, failure = _unpacked(content)
    if not ended:
        failure = f"no result within {request.limit:g} s"
    elif failure is None:
        failure = f"the process {_end(status)}"
    return Answer(tuple(told), failure or None, time.monotonic() - started)


def _work(request: Request, pipe: int) -> None:
    """Do the work in the child, and leave without a trace."""
    os.setsid()
    signal.alarm(int(request.limit) + _SPARE)  # in case that the server is killed
    stream = os.fdopen(pipe, "wb")
    try:
        _find(request.function)(request.argument, lambda message: _send(stream, message))
        _send(stream, _End(""))
    except BaseException as error:  # noqa: BLE001 - the text of any error is the result here
        _send(stream, _End(_words(error)))
    finally:
        os._exit(0)


@dataclass(frozen=True)
class _End:
    """The last thing that a child says."""

    failure: str


def _find(name: str) -> Callable[[Any, Callable[[Any], None]], None]:
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


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


def _listen(pipe: int, requests: int, deadline: float) -> tuple[bytes, bool]:
    """All that the child says; whether it ended by itself before the deadline."""
    content = bytearray()
    while (left := deadline - time.monotonic()) > 0:
        ready, _, _ = select.select([pipe, requests], [], [], left)
        if pipe in ready:
            part = os.read(pipe, _LOOK)
            if not part:
                return bytes(content), True
            content += part
        elif requests in ready:
            raise EOFError  # nobody asks before the answer: the other side is gone
    return bytes(content), False


def _kill(child: int) -> None:
    """End the child and what it started."""
    for kill in (os.killpg, os.kill):
        try:
            kill(child, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def _unpacked(content: bytes) -> tuple[list[Any], str | None]:
    """Messages of a child, and how it says that it ended; None if it does not say."""
    told: list[Any] = []
    view = memoryview(content)
    while len(view):
        reader = _Reader(view)
        try:
            message = pickle.load(reader)  # noqa: S301 - our own child
        except (EOFError, pickle.UnpicklingError):
            break
        if isinstance(message, _End):
            return told, message.failure
        told.append(message)
        view = view[reader.place :]
    return told, None


class _Reader:
    """Bytes as a file that knows how far it was read."""

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self.place = 0

    def read(self, size: int) -> bytes:
        part = bytes(self._view[self.place : self.place + size])
        self.place += len(part)
        return part

    def readline(self) -> bytes:
        rest = bytes(self._view[self.place :])
        part = rest[: rest.find(b"\n") + 1] or rest
        self.place += len(part)
        return part


def _end(status: int) -> str:
    """How a process ended, in words."""
    if os.WIFSIGNALED(status):
        return f"was ended by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"ended with code {os.waitstatus_to_exitcode(status)}"
