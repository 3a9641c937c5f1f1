"""The side of a worker: it hands each piece of work to a fork server and waits for the answer.

A worker loads nothing heavy itself, so it may be a process of loky or a thread of Dask. Each
thread keeps one server, which is started with the first piece of work.
"""

import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
import time
from functools import cache
from typing import Any

from kansym.shared.errors import KansymError
from kansym.studies.bench.fork_server import Answer, Request

__all__ = ["answer", "release", "stay_with"]

_LIBRARIES = ("OMP", "OPENBLAS", "MKL", "NUMEXPR")
_THREADS = {f"{library}_NUM_THREADS": "1" for library in _LIBRARIES}
_LOOK_EVERY = 1.0
_START = "import sys; from kansym.studies.bench.fork_server import serve; serve(sys.argv[1:])"
_KEPT = threading.local()


class _Server:
    """A fork server and the pipes to it."""

    def __init__(self, modules: tuple[str, ...]) -> None:
        self.modules = modules
        environment = {
            **os.environ,
            **_THREADS,
            "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path),  # noqa: PTH109
            "PYTHONHASHSEED": "0",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", _START, *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        self.ready = False

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def ask(self, request: Request) -> Answer:
        """Send a request, and wait for its answer."""
        assert self.process.stdin is not None
        if not self.ready:
            self._receive()
            self.ready = True
        pickle.dump(request, self.process.stdin)
        self.process.stdin.flush()
        return self._receive()

    def _receive(self) -> Any:
        assert self.process.stdout is not None
        return pickle.load(self.process.stdout)  # noqa: S301 - our own process at the other end

    def end(self) -> None:
        """Close the pipes, at which the server ends its child and itself."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self.process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def answer(request: Request, modules: tuple[str, ...]) -> Answer:
    """Have a piece of work done in a child of this thread's server.

    Parameters
    ----------
    request : function, argument and limit.
    modules : loaded by the server before the first request.

    Raises
    ------
    KansymError
        If no server can be started at all.
    """
    if sys.platform == "win32":
        raise KansymError("Benchmarks need processes that fork: run them on Linux or macOS.")
    started = time.monotonic()
    for attempt in (1, 2):
        server = _server(modules)
        try:
            return server.ask(request)
        except (EOFError, OSError, pickle.UnpicklingError):
            broken = server.ready
            server.end()
            del _KEPT.server
            if broken:
                seconds = time.monotonic() - started
                return Answer((), "the process that served it ended unexpectedly", seconds)
            if attempt == 2:
                break
    raise KansymError(
        f"A process that loads {', '.join(modules)} ends at once: run python -c 'import "
        f"{modules[0]}' to see why."
    )


def _server(modules: tuple[str, ...]) -> _Server:
    """The server of this thread; a new one if it is gone or has loaded something else."""
    server: _Server | None = getattr(_KEPT, "server", None)
    if server is None or not server.alive or server.modules != modules:
        if server is not None:
            server.end()
        server = _KEPT.server = _Server(modules)
    return server


def release() -> None:
    """End the server of this thread, if there is one."""
    server: _Server | None = getattr(_KEPT, "server", None)
    if server is not None:
        server.end()
        del _KEPT.server


@cache
def stay_with(main: int) -> None:
    """End this process when the one that started it is gone: nobody waits for its answers then.

    Parameters
    ----------
    main : process that asks for the work; nothing is done unless it started us as one of loky's.
    """
    if multiprocessing.current_process().name.startswith("Loky") and os.getpid() != main:
        threading.Thread(target=_watch, args=(main,), daemon=True).start()


def _watch(main: int) -> None:
    while os.getppid() == main:
        time.sleep(_LOOK_EVERY)
    os._exit(1)
