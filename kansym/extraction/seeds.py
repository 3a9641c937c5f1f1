"""Searches of the same rows with several seeds, and how far they agree."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from kansym.extraction.discovery import Discovery, discover
from kansym.extraction.weights_reading import INTERRUPTED
from kansym.results.result import Extraction
from kansym.shared.errors import InputError
from kansym.shared.whole_numbers import checked_whole

__all__ = ["SeedAgreement", "discover_over_seeds"]

CLOSE, SAME = 0.1, 1e-6
"""Formulas are one if they differ on the rows by less than this part of what is left over, or of
the spread of y where nothing is."""
BITS = 4.0
"""Most difference in length of formulas that are one: some digits of a constant."""
MOST_SEEDS = 100


@dataclass(frozen=True, eq=False)
class SeedAgreement:
    """What searches with several seeds found.

    Attributes
    ----------
    found : the searches, in the order of their seeds.
    groups : numbers of the searches that came to one formula, the largest group first.
    """

    found: tuple[Discovery, ...]
    groups: tuple[tuple[int, ...], ...]

    @property
    def best(self) -> Discovery:
        """The first search of the largest group."""
        return self.found[self.groups[0][0]]

    @property
    def share(self) -> float:
        """Part of the searches that came to the formula of the best."""
        return len(self.groups[0]) / len(self.found)

    def __str__(self) -> str:
        lines = []
        for group in self.groups:
            result = self.found[group[0]].result
            pairs = zip(result.output_names, result.formulas, strict=True)
            words = "; ".join(f"{name} = {formula}" for name, formula in pairs)
            lines.append(f"{len(group)} of {len(self.found)} seeds: {words}")
        return "\n".join(lines)


def discover_over_seeds(
    X: Any, y: Any, seeds: int = 5, *, seconds: float = 60.0, seed: int = 0, **settings: Any
) -> SeedAgreement:
    """Search the same rows several times, with another split and other starts each time.

    A law that most seeds find is in the rows; one that only a seed finds may be chance.

    Parameters
    ----------
    X, y, settings : as in `kansym.discover`.
    seeds : how many searches, at least 2.
    seconds : for all of them together; what one leaves over is for the next.
    seed : the first one; the others follow it.

    Examples
    --------
    >>> X = np.random.default_rng(0).uniform(1, 2, (400, 2))
    >>> print(discover_over_seeds(X, X[:, 0] / X[:, 1], seeds=2, seconds=10))
    2 of 2 seeds: y = x1/x2
    """
    count = checked_whole("seeds", seeds, 2, MOST_SEEDS)
    if not seconds > 0:
        raise InputError(f"seconds={seconds} is no time: give a positive number.")
    until = time.monotonic() + seconds
    found: list[Discovery] = []
    for number in range(count):
        left = max((until - time.monotonic()) / (count - number), 0.1)
        found.append(discover(X, y, seconds=left, seed=seed + number, **settings))
        if INTERRUPTED in found[-1].result.status:
            break
    return SeedAgreement(tuple(found), _groups([each.result for each in found]))


def _groups(results: list[Extraction]) -> tuple[tuple[int, ...], ...]:
    """Numbers of results whose formulas are one."""
    groups: list[list[int]] = []
    for number, result in enumerate(results):
        group = next((each for each in groups if _is_one(results[each[0]], result)), None)
        if group is None:
            groups.append([number])
        else:
            group.append(number)
    return tuple(tuple(group) for group in sorted(groups, key=len, reverse=True))


def _is_one(one: Extraction, other: Extraction) -> bool:
    """Whether two results of the same rows have the same formulas."""
    assert one.data is not None
    y = one.data.y
    for place, (f, g) in enumerate(zip(one.formulas, other.formulas, strict=True)):
        if f.used_inputs != g.used_inputs or abs(f.complexity - g.complexity) > BITS:
            return False
        with np.errstate(all="ignore"):
            left, right = (np.asarray(each.numpy(*one.data.X.T), float) for each in (f, g))
        rest = float(np.sqrt(np.nanmean((y[:, place] - left) ** 2)))
        apart = float(np.sqrt(np.nanmean((left - right) ** 2)))
        if not apart <= max(CLOSE * rest, SAME * float(np.std(y[:, place]))):
            return False
    return True
