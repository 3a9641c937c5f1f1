"""Sums and products of two library functions: the engine that kansym brings."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import final

import numpy as np
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.engines.engine import Array, Engine
from kansym.symbolic.engines.pair_search import best_pairs
from kansym.symbolic.fitting.fit import fit_edge
from kansym.symbolic.library.library import ALL, LIBRARY, Library

__all__ = ["Pairs"]

PLAIN_BITS = 16.0
"""Bits of the longest function in a pair."""
ALONE = 6
"""Single functions that are handed on."""


_PLAIN = Library(
    part
    for part in LIBRARY
    # Beside its kink, a function with one is another function.
    if part.complexity <= PLAIN_BITS and not part.expr.has(sympy.Abs, sympy.sign, sympy.Max)
)


@final
@dataclass(frozen=True)
class Pairs(Engine):
    """Search among single functions, and among sums and products of two.

    Parameters
    ----------
    functions : functions that are tried by themselves.
    parts : functions of which two are put together; by default the plain ones of the standard
        library.

    Examples
    --------
    >>> x = np.linspace(0.5, 3.0, 200)
    >>> found = Pairs().search(x, np.exp(-x) * np.sin(3 * x), seconds=60)
    >>> found[-1].error < 1e-6
    True
    """

    functions: Library = ALL
    parts: Library = _PLAIN

    @classmethod
    def beside(cls, library: Library) -> "Pairs":
        """The search for what a library lacks: pairs of its own functions.

        Beside the standard library, with or without more of a user's, the physical and special
        functions are tried by themselves as well.
        """
        own = set(library)
        if not own >= set(LIBRARY):
            return cls(library, library)
        more = [one for one in library if one not in LIBRARY]
        return cls(
            Library([*ALL, *(one for one in more if one not in ALL)]), Library([*_PLAIN, *more])
        )

    @property
    def name(self) -> str:
        """Name of the search."""
        return "pairs"

    @property
    def alone(self) -> Library:
        """The functions that are tried by themselves."""
        return self.functions

    def without(self, names: Collection[str]) -> "Pairs | None":
        """The search without some functions."""
        functions = [one for one in self.functions if one.name not in names]
        parts = [one for one in self.parts if one.name not in names]
        return Pairs(Library(functions), Library(parts)) if functions and parts else None

    @property
    def is_random(self) -> bool:
        """Always the same search."""
        return False

    def expressions(
        self, inputs: Array, target: Array, weights: Array, *, seconds: float, seed: int
    ) -> list[sympy.Expr]:
        """The functions alone, and the pairs, that fit best."""
        del seed
        deadline = Deadline.after(seconds)
        symbols = self.symbols(inputs.shape[1])
        varying = np.flatnonzero(np.ptp(inputs, axis=0) > 0).tolist()
        if not varying:
            return []
        found: list[sympy.Expr] = []
        for column in varying:
            fits = fit_edge(inputs[:, column], target, self.functions, density=weights, top=ALONE)
            found += [fit.expr(symbols[column]) for fit in fits]
        some = [symbols[column] for column in varying]
        parts = tuple(self.parts)
        return [*found, *best_pairs(inputs[:, varying], target, weights, parts, some, deadline)]
