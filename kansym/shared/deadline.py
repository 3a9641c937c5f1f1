"""One clock for all time limits: when work has to end, and how much of it is left."""

import time
from dataclasses import dataclass

__all__ = ["Deadline"]


@dataclass(frozen=True)
class Deadline:
    """A moment on the monotonic clock, in seconds; infinity for no limit.

    Examples
    --------
    >>> limit = Deadline.after(60.0)
    >>> limit.passed, limit.share(0.5).left() < 31
    (False, True)
    >>> Deadline.never().left()
    inf
    """

    moment: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """Some seconds from now."""
        return cls(time.monotonic() + seconds)

    @classmethod
    def never(cls) -> "Deadline":
        """No limit."""
        return cls(float("inf"))

    def left(self) -> float:
        """Seconds left, at least 0."""
        return max(0.0, self.moment - time.monotonic())

    @property
    def passed(self) -> bool:
        """Whether the moment has come."""
        return time.monotonic() >= self.moment

    def share(self, part: float) -> "Deadline":
        """The end of a part of the time that is left."""
        return Deadline.after(part * self.left())

    def within(self, seconds: float) -> "Deadline":
        """The same moment, or some seconds from now if that is earlier."""
        return min(self, Deadline.after(seconds), key=lambda deadline: deadline.moment)

    def or_after(self, seconds: float) -> "Deadline":
        """The same moment, or some seconds from now if that is later: for what has to be done."""
        return max(self, Deadline.after(seconds), key=lambda deadline: deadline.moment)
