"""Time limits are checked by processor time, which other work on the machine leaves as it is."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Work that takes no more than so many seconds of this process's processor."""
    began = time.process_time()
    yield
    taken = time.process_time() - began
    assert taken < seconds, f"{taken:.1f} s of processor time, {seconds:g} s were allowed"


def children() -> float:
    """Seconds of the processor that ended child processes have taken so far."""
    used = os.times()
    return used.children_user + used.children_system
