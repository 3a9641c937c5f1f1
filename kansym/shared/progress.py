"""Progress of long work: a callback that any front end can draw."""

import inspect
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

from kansym.shared.errors import InputError
from kansym.shared.printable_text import shortened

__all__ = ["ProgressCallback", "can_be_told", "progress_bar"]

_log = logging.getLogger("kansym")


@runtime_checkable
class ProgressCallback(Protocol):
    """Called with the fraction done (0 to 1) and what is being done now."""

    def __call__(self, fraction: float, message: str) -> None: ...


def can_be_told(function: Any, count: int) -> bool:
    """Whether a function takes so many things, as far as its signature says.

    Examples
    --------
    >>> can_be_told(lambda attempt: True, 1), can_be_told(lambda: True, 1), can_be_told(3, 1)
    (True, False, False)
    """
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # some functions written in C say nothing
        return True
    return True


@contextmanager
def progress_bar(
    show: bool | ProgressCallback | None, title: str = ""
) -> Iterator[ProgressCallback]:
    """Yield a progress callback: the given one, a bar on standard error, or one that logs.

    None draws a bar if standard error is a terminal. Without a bar the logger ``kansym`` is told
    what is being done, at the level INFO.

    Examples
    --------
    >>> seen = []
    >>> with progress_bar(lambda fraction, message: seen.append((fraction, message))) as tell:
    ...     tell(0.5, "half")
    >>> seen
    [(0.5, 'half')]
    """
    if callable(show):
        if not can_be_told(show, 2):
            raise InputError(
                f"progress={shortened(repr(show))} is not usable: give True, False, or a function "
                "of the fraction that is done and of a message."
            )
        yield show
        return
    if show is False or (show is None and not sys.stderr.isatty()):
        yield lambda fraction, message: _log.info("%s, %.0f %%: %s", title, 100 * fraction, message)
        return
    from tqdm.auto import tqdm

    with tqdm(
        total=1.0, desc=title, bar_format="{desc}: {percentage:3.0f}%|{bar:24}| {elapsed} {postfix}"
    ) as bar:

        def tell(fraction: float, message: str) -> None:
            bar.n = min(max(fraction, bar.n), 1.0)
            bar.set_postfix_str(message, refresh=False)
            bar.refresh()

        yield tell
