"""What a formula may be: its length, and the functions in it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Self

import sympy

from kansym.extraction.settings import Settings
from kansym.results.parts import FrontPoint
from kansym.shared.errors import InputError
from kansym.symbolic.library.library import LIBRARY, Library

__all__ = ["Limits", "none_within"]


@dataclass(frozen=True)
class Limits:
    """The longest formula that is wanted, and the functions that it may contain.

    Attributes
    ----------
    library : functions of a formula are those of its candidates, unless it holds all of the
        standard library: that one limits nothing.
    max_complexity : bits; None for no limit.
    required : inputs that have to be in it.
    """

    library: Library = LIBRARY
    max_complexity: float | None = None
    required: frozenset[str] = frozenset()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those of a search."""
        return cls(settings.library, settings.max_complexity, frozenset(settings.required))

    def allow(self, point: FrontPoint) -> bool:
        """Whether all formulas of a point are wanted."""
        if self.max_complexity is not None and point.complexity > self.max_complexity:
            return False
        if any(not self.required <= set(formula.used_inputs) for formula in point.formulas):
            return False
        return all(self.allow_functions(formula.template) for formula in point.formulas)

    def allow_functions(self, expression: sympy.Expr) -> bool:
        """Whether an expression has no function that is not wanted."""
        return set(self.library) >= set(LIBRARY) or self.library.allows(expression)

    def within(
        self, points: tuple[FrontPoint, ...], length: Callable[[FrontPoint], float]
    ) -> tuple[FrontPoint, ...]:
        """The points that are wanted; of them the shortest is selected if the selected one is not.

        Parameters
        ----------
        points : with one selected.
        length : description length of the rows by a point.
        """
        wanted = [point for point in points if self.allow(point)]
        if not wanted or any(point.selected for point in wanted):
            return tuple(wanted)
        best = min(wanted, key=length)
        return tuple(replace(point, selected=point is best) for point in wanted)


def none_within(points: Iterable[FrontPoint]) -> InputError:
    """The error where limits leave none of these formulas."""
    bits = min(point.complexity for point in points)
    return InputError(
        f"No formula within the limits was found, the shortest has {bits:.0f} bits: "
        "raise max_complexity, require fewer inputs, or give a larger library or more seconds."
    )
