"""Interrupts by Ctrl-C that libraries in C may turn into other errors."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["noted_interrupts"]


@contextmanager
def noted_interrupts() -> Iterator[list[int]]:
    """The interrupts that came meanwhile, each raised as ever.

    A library in C that is interrupted may raise an error of its own in its place: whether there
    was an interrupt is known all the same. Where another handler stands, or in other threads, none
    is noted.

    Examples
    --------
    >>> with noted_interrupts() as noted:
    ...     pass
    >>> noted
    []
    """
    noted = list[int]()

    def note(number: int, _: Any) -> None:
        noted.append(number)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield noted
        return
    try:
        signal.signal(signal.SIGINT, note)
    except ValueError:  # not in the main thread
        yield noted
        return
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
