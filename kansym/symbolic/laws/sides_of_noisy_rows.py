"""What is left of noisy values when plain expressions are taken off them, and what its errors are.

One step is a remainder (see `kansym.symbolic.laws.remainders`); a side is y after one or two steps,
with the weight that it has on every row: errors of t(y) are those of y times its slope.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import sympy
from jaxtyping import Float

from kansym.symbolic.formulas.complexity import complexity
from kansym.symbolic.laws.checking import values_of
from kansym.symbolic.laws.columns import Quantities
from kansym.symbolic.laws.expression_pairs import OPERATION_BITS
from kansym.symbolic.laws.expressions import Expressions, short_expressions
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.remainders import Remainder, Remainders, remainders, undone
from kansym.symbolic.laws.targets import TARGETS, Target, one_over, targets_of

__all__ = ["FreedConstant", "Side", "plainest_sides"]

Array = np.ndarray

_SHORT, _MONOMIALS, _TAKEN, _TAKEN_AGAIN, _AGAIN = 500, 160, 40, 20, 60
"""Short expressions, how many of them that are monomials y is divided by, how many of all are taken
off y and off what is left, and sides from which more is taken."""
_OUTER = ("y", "1/y", "y^2", "exp y", "sin y", "tan y")
"""Functions of y of which expressions are taken off."""
_OF_PRODUCTS = ("y", "1/y", "log y", "y^2", "log (y - 1)", "log (1 - y)", "logit y")
_OF_SUMS = ("y", "1/y", "log y", "y^2", "sqrt y")
"""Functions of what is left of a product and of a sum."""
_FUNCTION, _JOIN = 1.0, 1.0
"""Operations that a function of y and an expression taken off it count as."""
_STEP = 1e-6
"""Share of a constant that a law is moved by, for its slope."""
_BEYOND = 0.2
"""Most rows that noise may have put beyond the domain of a function: they count for nothing."""
_EFFECTIVE, _DIGITS, _MONOMIAL = 0.4, 9, 1e-6
"""Effective rows of a side over those of y at least, digits in which two that are the same
agree, and error of a logarithm that is linear in those of inputs."""


@dataclass(frozen=True, eq=False)
class Side:
    """What is left of y after some steps.

    Attributes
    ----------
    steps : the first one first.
    start : values of constants in `restore`: none.
    values, weight : of it (rows,), and one over its slope in y times the roots of weights; 0 where
        it is not defined.
    cost : about how many operations were undone.
    """

    steps: tuple[Remainder, ...]
    values: Float[Array, " rows"]
    weight: Float[Array, " rows"]
    cost: float = 0.0
    start: ClassVar[Mapping[sympy.Symbol, float]] = MappingProxyType({})

    def restore(self, expr: sympy.Expr) -> sympy.Expr:
        """From an expression for what is left to one for y."""
        for step in reversed(self.steps):
            expr = step.restore(expr)
        return expr

    @property
    def effective_rows(self) -> float:
        """About how many rows its variance comes from: from all of them, or from a few alone."""
        mean = np.average(self.values, weights=self.weight**2)
        share = (self.weight * (self.values - mean)) ** 2
        return float(share.sum() ** 2 / max((share**2).sum(), np.finfo(float).tiny))

    @property
    def mark(self) -> tuple[float, ...]:
        """The same for two sides that differ by a factor alone."""
        direction = self.values / np.copysign(np.linalg.norm(self.values), self.values[0])
        return tuple(np.round(direction, _DIGITS).tolist())

    def less(
        self,
        taken: Expressions,
        outer: Target,
        of_products: Sequence[str] = (),
        of_sums: Sequence[str] = (),
        functions: Sequence[str] = (),
    ) -> "Iterator[Side]":
        """What is left after one step more, expressions being taken off a function of it.

        Or nothing being taken off, and one of some functions undone.
        """
        t = self.values
        alone = (
            Remainders(outer, TARGETS[name], None, *found)
            for name in functions
            if (found := undone(outer.forward(t)[None], TARGETS[name], _BEYOND)) is not None
        )
        for many in chain(alone, remainders(t, outer, taken, of_products, of_sums, _BEYOND)):
            costs = self.cost + _FUNCTION * ((outer.name != "y") + (many.inner.name != "y"))
            costs = np.full(len(many.values), costs)
            if many.operation:
                costs += taken.costs[many.numbers] + _JOIN
            with np.errstate(all="ignore"):
                slopes = many.slopes(t, taken) / self.weight
            told = np.isfinite(slopes) & (slopes > 0)
            for place in np.flatnonzero(told.mean(axis=1) >= 1 - _BEYOND).tolist():
                one, sound = many.one(place, taken), told[place]
                weight = np.zeros(len(t))
                weight[sound] = one_over(slopes[place][sound]) / np.sqrt(sound.mean())
                yield Side((*self.steps, one), one.values, weight, float(costs[place]))


@dataclass(frozen=True, eq=False)
class FreedConstant:
    """What a constant of a law would have to be on every row, as a side.

    Attributes
    ----------
    law, symbol : which constant of which law.
    values, weight, cost : as of a side.
    """

    law: Law
    symbol: sympy.Symbol
    values: Float[Array, " rows"]
    weight: Float[Array, " rows"]
    cost: float

    @classmethod
    def of(cls, law: Law, symbol: sympy.Symbol, rows: Rows) -> "FreedConstant | None":
        """By the slope of the law in the constant; None where that is not known."""
        value = law.start[symbol]
        step = _STEP * abs(value) or _STEP
        low, middle, high = (
            values_of(law.expr, {**law.start, symbol: value + move}, rows)
            for move in (-step, 0.0, step)
        )
        slope = (high - low) / (2 * step)
        if not np.isfinite(slope).all() or np.abs(slope).min() == 0:
            return None
        cost = complexity(law.expr, rows.names) / OPERATION_BITS
        return cls(law, symbol, value + (rows.y - middle) / slope, np.abs(slope) * rows.root, cost)

    @property
    def start(self) -> dict[sympy.Symbol, float]:
        """The other constants."""
        return {s: value for s, value in self.law.start.items() if s != self.symbol}

    def restore(self, expr: sympy.Expr) -> sympy.Expr:
        """The law with an expression for the constant."""
        return self.law.expr.xreplace({self.symbol: expr})


def plainest_sides(rows: Rows, most: int) -> list[Side]:
    """The plainest sides of the target, each once: at most so many.

    Examples
    --------
    >>> x = np.random.default_rng(0).uniform(1, 3, (20, 2))
    >>> side, *_ = plainest_sides(Rows(x, x[:, 0] * np.exp(x[:, 1]), ("a", "b")), 10)
    >>> len(side.values), side.cost
    (20, 0.0)
    """
    root, y = Side((), rows.y, rows.root), TARGETS["y"]
    inputs = Quantities.inputs(rows.X, rows.names)
    short = short_expressions(inputs, _SHORT)
    monomials = short.take(_monomials(short, inputs)[:_MONOMIALS])
    few = short.plainest(_TAKEN)
    products = list(root.less(monomials, y, _OF_PRODUCTS, (), _OF_PRODUCTS))
    sums = [s for g in targets_of(rows.y, _OUTER) for s in root.less(few, g, (), _OF_SUMS)]
    fewer = few.plainest(_TAKEN_AGAIN)
    again = [s for side in _bare(products) for s in side.less(fewer, y, (), _OF_SUMS)]
    again += [s for side in _bare(sums) for s in side.less(fewer, y, ("y",))]
    found, least = dict[tuple[float, ...], Side](), _EFFECTIVE * root.effective_rows
    for side in sorted([*products, *again, *sums], key=lambda side: side.cost):
        if len(found) < most and side.effective_rows > least:
            found.setdefault(side.mark, side)
    return list(found.values())


def _bare(sides: Iterable[Side]) -> list[Side]:
    """The plainest sides with an expression taken off and no function undone after it."""
    bare = [s for s in sides if s.steps[-1].operation and s.steps[-1].inner.name == "y"]
    return sorted(bare, key=lambda side: side.cost)[:_AGAIN]


def _monomials(short: Expressions, inputs: Quantities) -> Array:
    """Numbers of the expressions that are monomials of the inputs that have one sign."""
    logs = np.log(np.abs(inputs.values[:, inputs.steady]))
    basis = np.linalg.qr(np.column_stack([np.ones(len(logs)), logs]))[0]
    with np.errstate(all="ignore"):
        values = np.log(np.abs(short.values))
    values[~np.isfinite(values)] = np.nan
    left = np.abs(values - values @ basis @ basis.T).max(axis=1)
    return np.flatnonzero(left < _MONOMIAL)
