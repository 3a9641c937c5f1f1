"""Long expressions of all inputs, and of two or three of them, on a few rows and on more."""

from collections.abc import Iterator
from functools import cached_property
from itertools import combinations

import numpy as np
import sympy
from jaxtyping import Float

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.columns import Quantities
from kansym.symbolic.laws.expressions import Expressions, long_expressions
from kansym.symbolic.laws.law import Rows

__all__ = ["FEW_ROWS", "LongLots"]

FEW_ROWS = 32
"""Rows that expressions are made on."""
_LONG, _LONG_OF_SOME = 60_000, {2: 160_000, 3: 60_000}
"""Expressions of all inputs, and of all groups of two or three of them."""
_OF_EACH = 12_000
"""Those of each group whose values on more rows are looked at, at least."""
_LARGEST = 1e100
"""Value beyond which an expression is as if it were not defined."""


class LongLots:
    """The lots of long expressions of some rows, made once.

    Attributes
    ----------
    inputs : those that vary, on all rows.
    order : distinct rows in random order.
    lots : of each group of inputs, as far as they were made.
    """

    def __init__(self, rows: Rows) -> None:
        self.inputs = Quantities.inputs(rows.X, rows.names).take(rows.varying)
        _, distinct = np.unique(self.inputs.values, axis=0, return_index=True)
        self.order = np.random.default_rng(0).permutation(distinct)
        self.few = self.on(FEW_ROWS)
        self.lots = list[Expressions]()

    def on(self, rows: int) -> Quantities:
        """The inputs on the first so many rows of the order."""
        return Quantities(self.inputs.values[self.order[:rows]], self.inputs.exprs)

    @cached_property
    def groups(self) -> list[tuple[tuple[int, ...], int]]:
        """All inputs, and two or three of them; and how many expressions of each."""
        every, found = range(len(self.few)), [(tuple(range(len(self.few))), _LONG)]
        for size, count in _LONG_OF_SOME.items():
            groups = list(combinations(every, size)) if size < len(every) else []
            found += [(group, count // len(groups)) for group in groups]
        return found

    def made(self, until: Deadline) -> bool:
        """Whether there was time for all of them."""
        for group, count in self.groups[len(self.lots) :]:
            if until.passed:
                return False
            self.lots.append(long_expressions(self.few.take(group), count))
        return True

    def on_more(
        self, more: Float[np.ndarray, "rows inputs"], most: int
    ) -> Iterator[tuple[int, Float[np.ndarray, "n rows"]]]:
        """The number of the first of each lot, and values of its plainest on other rows.

        At most about so many together, but thousands of each.
        """
        first = 0
        for (group, _), lot in zip(self.groups, self.lots, strict=True):
            fewer = lot.plainest(max(most // len(self.lots), _OF_EACH))
            values = fewer.on(more[:, group]).values
            values[~(np.abs(values).max(axis=1) < _LARGEST)] = 0.0
            yield first, values
            first += len(lot)

    def expr(self, number: int) -> sympy.Expr:
        """One of all."""
        for lot in self.lots:
            if number < len(lot):
                return lot.expr(number)
            number -= len(lot)
        raise IndexError(number)
