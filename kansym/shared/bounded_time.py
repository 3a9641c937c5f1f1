"""Run a computation that may never end, for a bounded time.

Symbolic algebra now and then takes hours on an expression that looks like any other. The
computation runs in a thread of its own, which is told to stop when its time is up; the caller
goes on at once. It works off the main thread as well, where alarm signals do not.
"""

import contextvars
import ctypes
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, final

__all__ = ["each_within", "within"]

T = TypeVar("T")

_LOGGER = logging.getLogger("kansym")
_GRACE = 0.2  # seconds that an order to stop may take to arrive
_ARRIVES = 0.001  # seconds that one takes in a thread that runs nothing but Python
# What algebra on unforeseen expressions is known to raise; other errors pass through.
_FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
)


class _TimeUpError(BaseException):
    """Raised inside the computation when its time is up."""


def _silence_orders() -> None:
    """Say nothing of an order that a destructor or a callback has swallowed: it is given again."""
    before = sys.unraisablehook
    if getattr(before, "silences_orders", False):
        return

    def hook(unraisable: Any) -> None:
        if unraisable.exc_type is not _TimeUpError:
            before(unraisable)

    hook.silences_orders = True  # pyright: ignore[reportFunctionMemberAccess]
    sys.unraisablehook = hook


_RUNNING: contextvars.ContextVar["_Run | None"] = contextvars.ContextVar("running", default=None)


@final
class _Run:
    """One computation in its thread.

    The lock decides the race between an end in time and the order to stop: the order is given
    only while the computation has not ended, and a thread that was ordered waits a moment for it.
    A thread that itself waits for another hears no order, so the innermost one is stopped first.
    """

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function
        self.lock = threading.Lock()
        self.ended = self.ordered = self.unwanted = False
        self.inner: _Run | None = None
        # Threads have no such event: an interrupt of `Thread.join` says of a thread that runs that
        # it has stopped.
        self.gone = threading.Event()
        self.value: Any = None
        self.failure: Exception | None = None
        # What numpy is told to ignore holds in the thread, too.
        self.context = contextvars.copy_context()
        self.thread = threading.Thread(target=self._begin, daemon=True)
        # Not the thread's own, which it has before it has told that it has begun: ended by an order
        # there, it would be waited for without end.
        self.ident: int | None = None

    def _begin(self) -> None:
        try:
            with self.lock:
                if self.unwanted:
                    return
                self.ident = threading.get_ident()
            self.context.run(self._work)
        except _TimeUpError:
            self.ended = False  # ordered once more while it obeyed the first order
        finally:
            self.gone.set()

    def _work(self) -> None:
        _RUNNING.set(self)
        try:
            self._compute()
            with self.lock:
                self.ended = True
            if self.ordered:  # one that is still to come arrives here; it may have been swallowed
                time.sleep(_ARRIVES)
        except _TimeUpError:
            self.ended = False

    def _compute(self) -> None:
        try:
            self.value = self.function()
        except Exception as error:  # noqa: BLE001 - handed to the caller, who decides
            self.failure = error

    def stop(self) -> None:
        """Order the thread to stop, or not to begin."""
        inner = self.inner
        if inner is not None:
            inner.stop()
        with self.lock:
            self.unwanted = True
            if self.ended or self.gone.is_set() or self.ident is None:
                return
            self.ordered = True
            _silence_orders()
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self.ident), ctypes.py_object(_TimeUpError)
            )

    def end(self) -> None:
        """Have the thread ended, or ending, in a moment."""
        if not self.gone.is_set():
            self.stop()
            if self.ident is not None and not self.gone.wait(_GRACE):
                threading.Thread(target=self.insist, daemon=True).start()

    def insist(self) -> None:
        """Order again until the thread ends: a garbage collection may have swallowed the order."""
        while self.thread.is_alive() and not self.ended and not self.gone.wait(_GRACE):
            self.stop()


def within(
    seconds: float,
    function: Callable[[], T],
    default: T,
    failures: tuple[type[Exception], ...] = _FAILURES,
) -> T:
    """The value of ``function()``, or the default if it takes too long or algebra fails.

    Parameters
    ----------
    seconds : time that it may take; none at all gives the default.
    function : a computation in pure Python, such as sympy's, that changes nothing outside itself.
    default : what to give back otherwise.
    failures : errors that give the default as well; others pass through.

    Examples
    --------
    >>> within(60.0, lambda: 6 * 7, 0)
    42
    >>> within(0.05, lambda: sum(1 for _ in iter(int, 1)), -1)
    -1
    """
    if seconds <= 0:
        return default
    run, outer = _Run(function), _RUNNING.get()
    if outer is not None:
        outer.inner = run
    try:
        run.thread.start()
        run.gone.wait(min(seconds, threading.TIMEOUT_MAX))
    finally:  # an interrupt of the caller ends the computation as well
        run.end()
        if outer is not None:
            outer.inner = None
    if not run.ended:
        _LOGGER.debug("a computation was stopped after %.2f s", seconds)
        return default
    if run.failure is not None:
        if not isinstance(run.failure, failures):
            raise run.failure
        return default
    return run.value


def each_within(items: Iterator[T], left: Callable[[], float]) -> Iterator[T]:
    """Items as they come, as long as there is time; the one that takes too long ends them.

    Parameters
    ----------
    items : an iterator that is used by nobody else.
    left : seconds that are left.

    Examples
    --------
    >>> list(each_within(iter("abc"), lambda: 1.0))
    ['a', 'b', 'c']
    """
    end = object()
    while (item := within(left(), lambda: next(items, end), end, failures=())) is not end:
        yield item  # pyright: ignore[reportReturnType]
