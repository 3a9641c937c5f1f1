"""A law that was tried, with what came of it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from kansym.extraction.formulas import BETTER, not_dominated
from kansym.neural.models.kan import KAN
from kansym.results.parts import FrontPoint
from kansym.results.result import Extraction

__all__ = ["Attempt", "Callback", "front_of", "is_of", "is_stopped", "unread_networks"]

FRONT = 15
"""Most formulas on a front."""
ABOUT = 1.1
"""Error over that of a simpler formula up to which a fit may show that a formula is nearer."""
SIMILAR = 1.3
"""Factor of the least error within which a network is worth reading."""


@dataclass(frozen=True, eq=False)
class Attempt:
    """A law that was tried.

    Attributes
    ----------
    output : name of the target.
    origin : where it came from: a source of laws, or the shape of a KAN.
    error : relative error of what was proposed, before its formula was refined.
    points : its formulas; those of a network's front, if it was read.
    model : the KAN, if it came from one.
    result : the reading of that KAN.
    """

    output: str
    origin: str
    error: float
    points: tuple[FrontPoint, ...] = ()
    model: KAN | None = None
    result: Extraction | None = None

    @property
    def best(self) -> FrontPoint | None:
        """The formula that was selected, if there is one."""
        return next((point for point in self.points if point.selected), None)


Callback = Callable[[Attempt], object]
"""Is told an attempt; a true answer means that nothing more is wanted."""


def is_stopped(attempt: Attempt, tell: Callback | None) -> bool:
    """Whether the user's function wants no more; a constant is not shown to it."""
    formulas = attempt.best.formulas if attempt.best else ()
    shown = any(formula.used_inputs for formula in formulas)
    return tell is not None and shown and bool(tell(attempt))


def front_of(
    attempts: Sequence[Attempt],
    chosen: Attempt,
    allowed: Callable[[FrontPoint], bool],
    *,
    again: bool = False,
) -> tuple[FrontPoint, ...]:
    """Formulas that are allowed and that no simpler one beats, that of an attempt selected.

    Of very many those nearest to the selected one; if they are fitted ``again``, more of them.
    """
    assert chosen.best is not None
    points = [
        replace(point, selected=point.formulas is chosen.best.formulas)
        for attempt in attempts
        for point in attempt.points
    ]
    front = tuple(point for point in points if point.selected or allowed(point))
    # Of formulas that are fitted again also those that a simpler one hardly beats, and more.
    front, most = not_dominated(front, ABOUT if again else BETTER), FRONT + FRONT // 3 * again
    selected = next(k for k, point in enumerate(front) if point.selected)
    first = max(0, min(selected - most // 2, len(front) - most))
    return front[first : first + most]


def is_of(attempt: Attempt) -> bool:
    """Whether the reading of a network is about the formula that is selected."""
    assert attempt.result is not None
    assert attempt.best is not None
    read = next(point for point in attempt.result.front if point.selected)
    return read.formulas is attempt.best.formulas


def unread_networks(attempts: Sequence[Attempt]) -> list[int]:
    """Numbers of networks not read yet with about the smallest error, simplest first."""
    trained = [(n, a) for n, a in enumerate(attempts) if a.model is not None]
    smallest = min((attempt.error for _, attempt in trained), default=math.inf)
    unread = [
        (attempt.model.n_edges(), number)
        for number, attempt in trained
        if attempt.model is not None
        and attempt.result is None
        and attempt.error <= SIMILAR * smallest
    ]
    return [number for _, number in sorted(unread)]
