"""What is left of noisy values when plain expressions are taken off them, and what its errors are.

One step is a remainder (see `kansym.symbolic.laws.remainders`); a side is y after at most three,
with the weight that it has on every row: errors of t(y) are those of y times its slope.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from types import MappingProxyType
from typing import ClassVar, Generic, TypeVar

import numpy as np
import sympy
from jaxtyping import Float, Int

from kansym.symbolic.formulas.complexity import complexity
from kansym.symbolic.laws.checking import values_of
from kansym.symbolic.laws.columns import Quantities
from kansym.symbolic.laws.expression_pairs import OPERATION_BITS
from kansym.symbolic.laws.expressions import Expressions, short_expressions
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.remainders import Remainder, Remainders, remainders, undone
from kansym.symbolic.laws.targets import TARGETS, Target, one_over, targets_of

__all__ = ["BEYOND", "FreedConstant", "Side", "Sides", "plainest_sides"]

Array = np.ndarray

_SHORT, _MONOMIALS, _TAKEN, _AGAIN, _THIRD = 500, 160, 60, 60, 400
"""Short expressions, how many of them that are monomials y is divided by, how many of all are taken
off y and off what is left, and sides from which more is taken, and then inputs once more."""
_OUTER = ("y", "1/y", "y^2", "exp y", "sin y", "tan y")
"""Functions of y of which expressions are taken off."""
_OF_PRODUCTS = (
    "y", "1/y", "log y", "y^2", "log (y - 1)", "log (1 - y)", "logit y", "log (1 + y)",
    "log (1 + 1/y)",
)  # fmt: skip
_OF_SUMS = ("y", "1/y", "log y", "log -y", "y^2", "sqrt y")
_OF_MORE = ("y", "log y", "log -y")
"""Functions of what is left of a product, of a sum, and of a quotient or sum after these."""
_FUNCTION, _JOIN = 1.0, 1.0
"""Operations that a function of y and an expression taken off it count as."""
_STEP = 1e-6
"""Share of a constant that a law is moved by, for its slope."""
BEYOND = 0.2
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
    has : the inputs that were taken off, a bit for each.
    """

    steps: tuple[Remainder, ...]
    values: Float[Array, " rows"]
    weight: Float[Array, " rows"]
    cost: float = 0.0
    has: int = 0
    start: ClassVar[Mapping[sympy.Symbol, float]] = MappingProxyType({})

    def restore(self, expr: sympy.Expr) -> sympy.Expr:
        """From an expression for what is left to one for y."""
        for step in reversed(self.steps):
            expr = step.restore(expr)
        return expr

    def less(
        self,
        taken: Expressions,
        outer: Target,
        of_products: Sequence[str] = (),
        of_sums: Sequence[str] = (),
        functions: Sequence[str] = (),
    ) -> "Iterator[Sides[Side]]":
        """What is left after one step more, expressions being taken off a function of it.

        Or nothing being taken off, and one of some functions undone.
        """
        t = self.values
        alone = (
            Remainders(outer, TARGETS[name], None, *found)
            for name in functions
            if (found := undone(outer.forward(t)[None], TARGETS[name], BEYOND)) is not None
        )
        for many in chain(alone, remainders(t, outer, taken, of_products, of_sums, BEYOND)):
            costs = self.cost + _FUNCTION * ((outer.name != "y") + (many.inner.name != "y"))
            costs = np.full(len(many.values), costs)
            has = np.full(len(many.values), self.has)
            if many.operation:
                costs += taken.costs[many.numbers] + _JOIN
                has |= taken.has[many.numbers]
            with np.errstate(all="ignore"):
                slopes = many.slopes(t, taken) / self.weight
            told = np.isfinite(slopes) & (slopes > 0)
            kept = np.flatnonzero(told.mean(axis=1) >= 1 - BEYOND)
            if not kept.size:
                continue
            told, slopes = told[kept], np.where(told, slopes, np.nan)[kept]
            weight = np.where(told, one_over(slopes), 0.0)
            weight /= np.sqrt(told.mean(axis=1, keepdims=True))
            costs, has = costs[kept], has[kept]
            one = partial(self._after, many, taken, kept, weight, costs, has)
            bare = many.operation is not None and many.inner.name == "y"
            yield Sides(many.values[kept], weight, costs, has, one, bare)

    def _after(
        self,
        many: Remainders,
        taken: Expressions,
        kept: Int[Array, " n"],
        weight: Float[Array, "n rows"],
        costs: Float[Array, " n"],
        has: Int[Array, " n"],
        number: int,
    ) -> "Side":
        """One of those that are left after one step more."""
        step, own = many.one(int(kept[number]), taken), (float(costs[number]), int(has[number]))
        return Side((*self.steps, step), step.values, weight[number], *own)


@dataclass(frozen=True, eq=False)
class FreedConstant:
    """What a constant of a law would have to be on every row, as a side.

    Attributes
    ----------
    law, symbol : which constant of which law.
    values, weight, cost, has : as of a side.
    """

    law: Law
    symbol: sympy.Symbol
    values: Float[Array, " rows"]
    weight: Float[Array, " rows"]
    cost: float
    has: ClassVar[int] = 0

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


Kind = TypeVar("Kind", Side, FreedConstant)


@dataclass(frozen=True, eq=False)
class Sides(Generic[Kind]):
    """Many of a kind.

    Attributes
    ----------
    values, weight, costs, has : of each, shapes (n, rows), (n, rows), (n,), (n,).
    one : by number.
    bare : whether an expression was taken off last, and no function undone after it.
    """

    values: Float[Array, "n rows"]
    weight: Float[Array, "n rows"]
    costs: Float[Array, " n"]
    has: Int[Array, " n"]
    one: Callable[[int], Kind]
    bare: bool = False

    def __len__(self) -> int:
        return len(self.costs)

    def take(self, numbers: Int[Array, " some"]) -> "Sides[Kind]":
        """Some of them."""
        values, weight, costs, has = (part[numbers] for part in self._parts)
        return Sides(values, weight, costs, has, lambda k: self.one(int(numbers[k])))

    @property
    def _parts(self) -> tuple[Array, Array, Array, Array]:
        return self.values, self.weight, self.costs, self.has

    @classmethod
    def of(cls, every: Sequence[Kind]) -> "Sides[Kind]":
        """Single ones, the plainest first."""
        every = sorted(every, key=lambda side: side.cost)
        rows = ((side.values, side.weight, side.cost, side.has) for side in every)
        values, weight, costs, has = map(np.stack, zip(*rows, strict=True))
        return cls(values, weight, costs, has, every.__getitem__)

    @classmethod
    def joined(cls, parts: Sequence["Sides[Kind]"]) -> "Sides[Kind]":
        """All of some lots."""
        ends = np.cumsum([len(part) for part in parts])

        def one(number: int) -> Kind:
            lot = int(np.searchsorted(ends, number, "right"))
            return parts[lot].one(number - int(ends[lot]) + len(parts[lot]))

        values, weight, costs, has = map(
            np.concatenate, zip(*(p._parts for p in parts), strict=True)
        )
        return cls(values, weight, costs, has, one)

    @property
    def effective_rows(self) -> Float[Array, " n"]:
        """About how many rows the variance comes from: from all of them, or from a few alone."""
        square = self.weight**2
        mean = np.sum(square * self.values, axis=1) / np.sum(square, axis=1)
        share = square * (self.values - mean[:, None]) ** 2
        tiny = np.finfo(float).tiny
        return share.sum(axis=1) ** 2 / np.maximum((share**2).sum(axis=1), tiny)

    def plainest(self, most: int, least: float = 0.0) -> "Sides[Kind]":
        """Each once, however scaled, those of least cost whose variance comes from enough rows."""
        order = np.argsort(self.costs, kind="stable")
        order = order[self.effective_rows[order] > least]
        directions = self.values[order]
        size = np.copysign(np.linalg.norm(directions, axis=1), directions[:, 0])
        marks = np.random.default_rng(0).normal(size=(directions.shape[1], 2))
        marks = np.round(directions @ marks / size[:, None], _DIGITS)
        first = np.unique(marks, axis=0, return_index=True)[1]
        return self.take(order[np.sort(first)[:most]])


def plainest_sides(rows: Rows, most: int) -> Sides[Side]:
    """The plainest sides of the target, each once: at most so many.

    Examples
    --------
    >>> x = np.random.default_rng(0).uniform(1, 3, (20, 2))
    >>> sides = plainest_sides(Rows(x, x[:, 0] * np.exp(x[:, 1]), ("a", "b")), 10)
    >>> [str(sides.one(k).restore(sympy.Symbol("t"))) for k in range(10)][::3]
    ['t', 'sqrt(t)', '1/(exp(t) - 1)', 't/a']
    """
    y = TARGETS["y"]
    root = Side((), rows.y, rows.root)
    inputs = Quantities.inputs(rows.X, rows.names)
    short = short_expressions(inputs, _SHORT)
    monomials = short.take(_monomials(short, inputs)[:_MONOMIALS])
    few, alone = short.plainest(_TAKEN), short.plainest(len(inputs))
    products = list(root.less(monomials, y, _OF_PRODUCTS, (), _OF_PRODUCTS))
    sums = [s for g in targets_of(rows.y, _OUTER) for s in root.less(few, g, (), _OF_SUMS)]
    others = [s for side in _bare(products, _AGAIN) for s in side.less(few, y, (), _OF_SUMS)]
    again = [s for side in _bare(sums, _AGAIN) for s in side.less(few, y, _OF_MORE)]
    third = [s for side in _bare(others, _THIRD) for s in side.less(alone, y, _OF_MORE)]
    third += [s for side in _bare(again, _THIRD) for s in side.less(alone, y, (), _OF_MORE)]
    every = Sides.joined([*products, *sums, *others, *again, *third])
    return every.plainest(most, _EFFECTIVE * float(Sides.of([root]).effective_rows[0]))


def _bare(lots: Iterable[Sides[Side]], most: int) -> list[Side]:
    """The plainest sides with an expression taken off and no function undone after it."""
    bare = [lot for lot in lots if lot.bare]
    if not bare:
        return []
    few = Sides.joined(bare).plainest(most)
    return [few.one(k) for k in range(len(few))]


def _monomials(short: Expressions, inputs: Quantities) -> Array:
    """Numbers of the expressions that are monomials of the inputs that have one sign."""
    logs = np.log(np.abs(inputs.values[:, inputs.steady]))
    basis = np.linalg.qr(np.column_stack([np.ones(len(logs)), logs]))[0]
    with np.errstate(all="ignore"):
        values = np.log(np.abs(short.values))
    values[~np.isfinite(values)] = np.nan
    left = np.abs(values - values @ basis @ basis.T).max(axis=1)
    return np.flatnonzero(left < _MONOMIAL)
