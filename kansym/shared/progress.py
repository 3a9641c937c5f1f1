"""Progress of long work: a callback that any front end can draw."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, runtime_checkable

__all__ = ["ProgressCallback", "progress_bar"]

_log = logging.getLogger("kansym")


@runtime_checkable
class ProgressCallback(Protocol):
    """Called with the fraction done (0 to 1) and what is being done now."""

    def __call__(self, fraction: float, message: str) -> None: ...


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
