"""Laws that hold one long expression: hundreds of thousands are looked at, each in one look.

A short expression is taken off y, functions around it undone (see
`kansym.symbolic.laws.remainders`); what is left is b g + c + a linear function of the inputs for a
long expression g, which is found in a sorted table of directions whatever b and c are. Or y, over a
short expression, is an unknown function of g: neighbours along g then lie on a line.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain

import numpy as np
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import checked, fresh_constants, is_exact, values_of
from kansym.symbolic.laws.coefficients import as_weights
from kansym.symbolic.laws.columns import Quantities
from kansym.symbolic.laws.curve_laws import is_curve, laws_of_curve
from kansym.symbolic.laws.directions import Directions
from kansym.symbolic.laws.expression_pairs import exact_weights
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.long_lots import FEW_ROWS, LongLots
from kansym.symbolic.laws.looking_up import (
    OF_PRODUCTS,
    PLAIN,
    Step,
    looked_up,
    steps_within_functions,
)
from kansym.symbolic.laws.reduced import Reduced
from kansym.symbolic.laws.remainders import Remainder, remainders
from kansym.symbolic.laws.targets import targets_of
from kansym.symbolic.laws.univariate import SHORT

__all__ = ["Meetings"]

Array = np.ndarray

_FEWEST_ROWS = 200
_MORE_ROWS = 112
"""Rows on which unknown functions are looked for."""
_MOST_INPUTS = 6
_TAKEN, _TAKEN_WITHIN, _SHORT = 30_000, 6000, 3000
"""Of each group, taken off y, off its functions, and with functions around what is left."""
_FACTORS_TAKEN = 60_000
"""Those that y is divided by with functions around what is left, of all groups together."""


class Meetings:
    """Long expressions, taken for what is left of y.

    Parameters
    ----------
    deep : whether functions of y, functions of what is left and unknown functions are tried, which
        takes some seconds, and not only y with an expression taken off it.
    """

    name = "long expression"

    def __init__(self, deep: bool = True) -> None:
        self.deep = deep

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """Exact laws; nothing for rows with noise."""
        inputs = rows.varying
        if not (rows.may_be_exact(_FEWEST_ROWS) and 2 <= len(inputs) <= _MOST_INPUTS):
            return
        search = rows.once(_Search)
        search.until = until
        if len(search.more_y) < _MORE_ROWS or not search.is_ready():
            return
        yield from search.met(self.deep)
        if self.deep:
            yield from search.with_functions()


class _Search:
    """Long expressions on some rows."""

    def __init__(self, rows: Rows) -> None:
        self.rows, self.until = rows, Deadline.after(0.0)
        self.long = rows.once(LongLots)
        self.inputs, self.lots = self.long.inputs, self.long.lots
        self.few, self.more = self.long.few, self.long.on(_MORE_ROWS)
        order = self.long.order
        self.y, self.more_y = rows.y[order[:FEW_ROWS]], rows.y[order[:_MORE_ROWS]]

    def is_ready(self) -> bool:
        """Whether there was time for all long expressions and their directions."""
        return self.long.made(self.until) and len(self.known.marks) > 0

    @cached_property
    def known(self) -> Directions:
        """Directions of all long expressions beside linear functions of the inputs."""
        linear = np.column_stack([np.ones(FEW_ROWS), self.few.values])
        return Directions.of(np.concatenate([lot.values for lot in self.lots]), linear)

    def expr(self, number: int | None) -> sympy.Expr:
        """One of the long expressions; 0 for none."""
        return sympy.S.Zero if number is None else self.long.expr(number)

    # What is left has the direction of a long expression.

    def met(self, deep: bool) -> Iterator[Law]:
        """Laws of remainders that are a multiple of a long expression and a linear function."""
        plain = (Step("y", lot.plainest(_TAKEN)) for lot in self.lots)
        more = [lot.plainest(_TAKEN_WITHIN) for lot in self.lots]
        count = _FACTORS_TAKEN // len(self.lots)
        within = chain(
            (Step("y", lot.plainest(count), OF_PRODUCTS, ()) for lot in self.lots),
            steps_within_functions(self.lots[0].plainest(_SHORT), more),
        )
        for one, number in looked_up(self.y, self.known, within if deep else plain, self.until):
            yield from self.with_rest(one, self.expr(number))

    def with_rest(self, one: Remainder, expr: sympy.Expr) -> Iterator[Law]:
        """The law of which a multiple of an expression is left, if it is right on all rows."""
        z, g = self.whole(one), values_of(expr, {}, self.rows)
        if z is None or not np.isfinite(g).all():
            return
        columns = [*([] if expr == 0 else [g]), np.ones_like(z), self.inputs.values]
        weights = exact_weights(np.column_stack(columns), z)
        if weights is None:
            return
        symbols = fresh_constants(self.rows.names, len(weights))
        numbers, start = as_weights(weights.tolist(), symbols)
        terms = [*([] if expr == 0 else [expr]), sympy.S.One, *self.inputs.exprs]
        inner = sympy.Add(*(n * term for n, term in zip(numbers, terms, strict=True)))
        law = checked(one.restore(inner), start, f"two expressions, {one.words}", self.rows)
        if law is not None and is_exact(law):
            yield law

    # What is left is an unknown function of a long expression.

    def with_functions(self) -> Iterator[Law]:
        """Laws of remainders that lie on a curve along an expression."""
        within = self.left_within()
        spread = np.array([one.values / np.std(one.values) for one in within])
        curves, curved = spread.astype(np.float32), list[tuple[float, int, int]]()
        for first, values in self.long.on_more(self.more.values, _WITHIN):
            if self.until.passed:
                break
            for k, rough in enumerate(_rough(values, curves)):
                best = np.argsort(rough)[:_CONFIRMED]
                curved += [(float(rough[b]), k, first + int(b)) for b in best]
        likely = sorted(each for each in curved if each[0] < _SMOOTH)[:_LOOKED_AT]
        for state in self.curves([(within[k], self.expr(number)) for _, k, number in likely]):
            yield from laws_of_curve(state, self.rows, self.until.share(_ONE_CURVE), SHORT)

    def left_within(self) -> list[Remainder]:
        """Y, and y over and times a few plain expressions."""
        few = self.lots[0].plainest(_FACTORS).on(self.more.values)
        (y,) = targets_of(self.rows.y, PLAIN)
        lots = remainders(self.more_y, y, few, PLAIN, ())
        return [many.one(k, few) for many in lots for k in range(len(many.values))]

    def curves(self, likely: Sequence[tuple[Remainder, sympy.Expr]]) -> list[Reduced]:
        """Of remainders as functions of expressions those that are curves on all rows."""
        found = list[tuple[float, int, Reduced]]()
        for number, (one, expr) in enumerate(likely):
            z, e = self.whole(one), values_of(expr, {}, self.rows)
            if z is not None and np.isfinite(e).all():
                of = Quantities(e[:, None], (expr,))
                state = Reduced(
                    of, z, np.ones_like(z), one.restore, steps=(one.words, f"in {expr}")
                )
                if is_curve(state):
                    found.append((float(next(_rough(e[None], z[None]))[0]), number, state))
        return [state for *_, state in sorted(found, key=lambda each: each[:2])[:_FOLLOWED]]

    def whole(self, one: Remainder) -> Array | None:
        """What is left on all rows."""
        with np.errstate(all="ignore"):
            z = one.of(self.rows.y, values_of(one.taken, {}, self.rows))
        return z if np.isfinite(z).all() else None


_WITHIN = 160_000
"""Expressions within unknown functions."""
_FACTORS = 5
"""Plain expressions that y is taken over and times."""
_SMOOTH = 0.1
"""Distance from the line through neighbours, over that of a median, along a likely expression."""
_CONFIRMED, _LOOKED_AT, _FOLLOWED, _ONE_CURVE = 3, 60, 3, 0.5
"""Expressions of a lot, and of all lots, that are looked at, curves that are named, and the share
of the time for one."""


def _rough(values: Array, z: Array) -> Iterator[Array]:
    """For each target, how far it is from the lines through neighbours along each of many."""
    order = np.argsort(values, axis=1)
    p = np.take_along_axis(values, order, axis=1)
    width = p[:, 2:] - p[:, :-2]
    with np.errstate(all="ignore"):
        share = np.where(width > 0, (p[:, 1:-1] - p[:, :-2]) / width, 0.5).astype(np.float32)
    for target in z:
        s = target[order]
        off = s[:, 1:-1] - s[:, :-2] - share * (s[:, 2:] - s[:, :-2])
        yield np.mean(np.abs(off), axis=1) / np.mean(np.abs(target - np.median(target)))
