"""Where inputs are drawn from."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from kansym.shared.errors import InputError

__all__ = ["Range"]

_MOST_POINTS = 1_000_000
_DISTRIBUTIONS = ("uniform", "log-uniform", "grid")


@dataclass(frozen=True)
class Range:
    """Where an input is drawn from.

    ``uniform`` between low and high, ``log-uniform`` (both positive), or ``grid``: one of `points`
    equally spaced values, low and high included.

    Examples
    --------
    >>> Range(1, 5).draw(3, np.random.default_rng(0)).round(2)
    array([3.55, 2.08, 1.16])
    >>> Range(1, 3, "grid", points=3).values
    array([1., 2., 3.])
    """

    low: float
    high: float
    distribution: str = "uniform"
    points: int | None = None

    @property
    def values(self) -> Float[np.ndarray, "points"]:
        """The values of a grid."""
        return np.linspace(self.low, self.high, self.points or 2)

    def draw(self, rows: int, generator: np.random.Generator) -> Float[np.ndarray, "rows"]:
        """Random values."""
        if self.distribution == "grid":
            return generator.choice(self.values, rows)
        if self.distribution == "log-uniform":
            return np.exp(generator.uniform(np.log(self.low), np.log(self.high), rows))
        return generator.uniform(self.low, self.high, rows)

    def check(self, where: str) -> None:
        """Raise InputError unless the range can be drawn from."""
        if not np.isfinite([self.low, self.high, self.high - self.low]).all():
            raise InputError(
                f"The range of {where} is [{self.low}, {self.high}]: give finite ends, and a "
                "finite width."
            )
        if self.low >= self.high:
            raise InputError(
                f"The range of {where} is upside down, [{self.low:g}, {self.high:g}]: "
                "give the lower end first."
            )
        if self.distribution not in _DISTRIBUTIONS:
            raise InputError(
                f"The distribution of {where} is {self.distribution!r}: "
                f"choose one of {', '.join(_DISTRIBUTIONS)}."
            )
        if self.distribution == "log-uniform" and self.low <= 0:
            raise InputError(
                f"The range of {where} starts at {self.low:g}, but a log-uniform one needs "
                "positive ends."
            )
        few = self.points is None or self.points < 2
        if self.distribution == "grid" and (few or (self.points or 0) > _MOST_POINTS):
            raise InputError(
                f"The grid of {where} has {self.points} points: give 2 to {_MOST_POINTS}."
            )

    def __str__(self) -> str:
        how = f"grid of {self.points}" if self.distribution == "grid" else self.distribution
        return f"[{self.low:g}, {self.high:g}]{'' if how == 'uniform' else ' ' + how}"
