"""Laws of noisy rows in functions of two groups of inputs: A + C, k + B C or A + B C.

Polynomials of few terms for A and B in some inputs and for C in the others, fitted in turn, show
which of these a function of y is: they leave nothing but the noise. Then one function is named
after the other: what the others leave of every row, in units of what noise does to it, is a smaller
problem with noise.

References
----------
T. Hastie, R. Tibshirani, Varying-coefficient models, J. R. Stat. Soc. B 55 (1993) 757,
doi:10.1111/j.2517-6161.1993.tb01939.x.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import chain, product
from math import comb

import numpy as np
import sympy
from jaxtyping import Float

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import (
    apart,
    fitted,
    length,
    values_of,
    without_offset,
    without_scale,
)
from kansym.symbolic.laws.groups_of_inputs import Group, pairs_of_groups
from kansym.symbolic.laws.law import Law, Rows, Source
from kansym.symbolic.laws.sparse_polynomial import polynomials
from kansym.symbolic.laws.sums_of_parts import ONE
from kansym.symbolic.laws.targets import Target, targets_of
from kansym.symbolic.laws.univariate import AT_ONCE, USUAL, univariate_laws

__all__ = ["NoisyGroups"]

Array = np.ndarray

_FEWEST_ROWS, _MOST_ROWS, _MOST_INPUTS = 60, 1000, 6
_HIGHEST, _PER_ROW = 11, (1 / 16, 1 / 6)
"""Degree of polynomials, and terms of one for each row at most: few first, as noise is in each."""
_DECADES = 0.9
"""Range of an input, in decades, from which on its logarithm is the better coordinate."""
_TURNS, _STEPS, _SMALL_STEP = 3, 20, 1e-3
"""Fits of A and B, and of C, in turn; steps for all three, and the least gain of one."""
_OUTER, _ROWS_A_TERM = 3, 2
"""Terms of the first group that may scale C at a start, and rows for each product of terms then."""
_WITHIN, _NAMES, _MOST = 1.45, 1.7, 3
"""Error over the noise of a split, and of the law of a part; splits that are named."""
_LEVEL = 1e-2
"""Least slope of a function of y, or least factor, over the median one: below it a row says
nothing."""
_AS_GOOD = 1.05
"""Error without A, over that with a polynomial for it, up to which it is a multiple of B."""
_LEAVES, _PLAIN = 1.1, 7
"""Error over the noise of a law that leaves nothing to explain, and constants of one after which no
other is sought."""
_FORMS, _CLOSE, _OF_ONE = 2, 20.0, 0.5
"""Laws of one function that are followed, bits that these may be behind the shortest, and share of
the time for one source."""
_ALL, _SECONDS, _REFINING = 10.0, 3.0, 2.0
"""Seconds for all splits, for the laws of one function, and for the constants of all."""


class _Kind(IntEnum):
    """Forms of a function of y, the plainest first."""

    SUM = 0  # A + C
    PRODUCT = 1  # k + B C
    SCALED = 2  # A + B C


_TARGETS = {
    _Kind.SUM: ("y", "1/y", "exp y", "y^2", "1/y^2"),
    _Kind.PRODUCT: ("y", "1/y", "y^2", "log y"),
    _Kind.SCALED: ("y", "1/y", "y^2"),
}
"""Functions of y that may have this form."""


@dataclass(frozen=True, eq=False)
class _Split:
    """A function of y as A + B C.

    Attributes
    ----------
    kind : its form.
    plainness : inputs of its larger group, tenths of the noise that it leaves, and the place of the
        function of y.
    first, others : inputs of A and B, and those of C.
    a, b, c : their values (rows,).
    """

    kind: _Kind
    plainness: tuple[int, int, int]
    target: Target
    first: Group
    others: Group
    a: Float[Array, " rows"]
    b: Float[Array, " rows"]
    c: Float[Array, " rows"]

    def rank(self) -> tuple[int, ...]:
        """The plainest come first."""
        return self.kind, *self.plainness


class NoisyGroups:
    """The source of laws of noisy rows in functions of two groups of inputs.

    Parameters
    ----------
    sources : that are asked for the law of a group of several inputs.
    """

    name = "functions of two groups"

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = sources

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """Laws for the plainest splits; nothing for exact rows, or for few."""
        own = rows.with_varying()
        if not (rows.noise and len(rows.y) >= _FEWEST_ROWS and 2 <= len(own.names) <= _MOST_INPUTS):
            return
        few, until = own.take(np.arange(min(len(own.y), _MOST_ROWS))), until.within(_ALL)
        for split in sorted(_splits(few, until), key=_Split.rank)[:_MOST]:
            for law in _Naming(few, split, self.sources, until).laws():
                found = fitted(law.expr, law.start, law.source, rows, until.within(_REFINING))
                if found is not None:
                    yield found
                    if found.error <= _LEAVES * rows.noise and len(found.start) <= _PLAIN:
                        return


def _splits(rows: Rows, until: Deadline) -> Iterator[_Split]:
    """Those whose polynomials leave nothing but the noise."""
    inputs, limit = list(range(len(rows.names))), _WITHIN * rows.noise
    every = [_Terms(rows.X, round(share * len(rows.y))) for share in _PER_ROW]
    for kind, names in _TARGETS.items():
        for target, pair in product(targets_of(rows.y, names), pairs_of_groups(inputs)):
            if (fit := _Fit.of(rows, target)) is None or until.passed:
                continue
            scaled = (each for each in (pair, pair[::-1]) if len(each[0]) == 1)
            for first, others in scaled if kind is _Kind.SCALED else (pair,):
                for terms in every:
                    error, a, b, c = fit.of_kind(kind, terms.of(first), terms.of(others))
                    if error <= limit:
                        tenths, place = round(10 * error / rows.noise), names.index(target.name)
                        plainness = max(len(first), len(others)), tenths, place
                        yield _Split(kind, plainness, target, first, others, a, b, c)
                        break


class _Terms:
    """Polynomials of about so many terms in groups of inputs, each made once."""

    def __init__(self, X: Float[Array, "rows inputs"], most: int) -> None:
        low = X.min(axis=0)
        wide = (low > 0) & (X.max(axis=0) > 10**_DECADES * low)
        self.X, self.most = np.where(wide, np.log(np.where(wide, X, 1.0)), X), most
        self.made = dict[Group, Array]()

    def of(self, group: Group) -> Float[Array, "rows terms"]:
        """The terms of a group, 1 first."""
        if group not in self.made:
            count = len(group)
            degrees = [d for d in range(2, _HIGHEST + 1) if comb(d + count, count) <= self.most]
            self.made[group] = polynomials(self.X[:, list(group)], max(degrees, default=1))
        return self.made[group]


@dataclass(frozen=True, eq=False)
class _Fit:
    """Weighted least squares for a function z of y.

    Attributes
    ----------
    z, weight : its values, and one over its slope (rows,): errors of y are alike.
    spread : of y.
    """

    z: Float[Array, " rows"]
    weight: Float[Array, " rows"]
    spread: float

    @classmethod
    def of(cls, rows: Rows, target: Target) -> "_Fit | None":
        """None if the function has no slope on some rows."""
        if (weights := target.weights(rows.y, _LEVEL)) is None:
            return None
        return cls(target.forward(rows.y), rows.root * weights, rows.spread)

    def of_kind(self, kind: _Kind, outer: Array, inner: Array) -> tuple[float, Array, Array, Array]:
        """Error over the spread of y, degrees of freedom counted, and A, B and C.

        Not that of held-out rows: polynomials miss those at the ends of ranges.
        """
        a, b, c = self._weights(kind, outer, inner)
        used = sum(np.count_nonzero(each) for each in (a, b, c)) - 1
        size = float(np.linalg.norm(self._rest(outer, inner, a, b, c))) / self.spread
        error = size / np.sqrt(max(len(self.z) - used, 1))
        return error, outer @ a, outer @ b, inner @ c

    def _weights(self, kind: _Kind, outer: Array, inner: Array) -> tuple[Array, Array, Array]:
        """Coefficients of A, B and C."""
        one = np.zeros(len(outer.T))
        one[0] = 1.0
        if kind is _Kind.SUM:
            found = self.least(np.hstack([outer, inner[:, 1:]]))
            return found[: len(one)], one, np.concatenate([[0.0], found[len(one) :]])
        alone = outer[:, :1] if kind is _Kind.PRODUCT else outer
        ends = [self._refined(alone, outer, inner, c) for c in self._starts(outer, inner)]
        return min(ends, key=lambda each: float(np.sum(self._rest(outer, inner, *each) ** 2)))

    def _starts(self, outer: Array, inner: Array) -> Iterator[Array]:
        """Coefficients of C to start from: of the mean, and of what varies with the first group."""
        yield self.least(inner)
        terms = min(_OUTER, len(outer.T), len(self.z) // (_ROWS_A_TERM * len(inner.T)))
        if terms > 1:
            columns = (outer[:, :terms, None] * inner[:, None, 1:]).reshape(len(self.z), -1)
            found = self.least(np.hstack([outer, columns]))[len(outer.T) :]
            yield np.concatenate(
                [[0.0], np.linalg.svd(found.reshape(terms, -1), full_matrices=False)[2][0]]
            )

    def _refined(
        self, alone: Array, outer: Array, inner: Array, c: Array
    ) -> tuple[Array, Array, Array]:
        """Coefficients of A, B and C near such of C."""
        more = a = b = np.zeros(len(outer.T) - len(alone.T))
        for _ in range(_TURNS):
            values = inner @ c
            size = np.linalg.norm(values) / np.sqrt(len(values)) or 1.0
            found = self.least(np.hstack([alone, outer * (values / size)[:, None]]))
            a, b = np.concatenate([found[: len(alone.T)], more]), found[len(alone.T) :]
            rest = self.z - outer @ a
            c = _solved(inner * (outer @ b * self.weight)[:, None], rest * self.weight)
        # What turns come to slowly, steps for all at once come to soon: Levenberg and Marquardt's,
        # by normal equations, as MINPACK's factorisation takes 4 to 8 times as long here.
        best, damping = self._rest(outer, inner, a, b, c), _DAMPING
        for _ in range(_STEPS):
            columns = [alone, outer * (inner @ c)[:, None], inner * (outer @ b)[:, None]]
            step = _solved(np.hstack(columns) * self.weight[:, None], best, damping)
            da, db, dc = np.split(step, np.cumsum([len(alone.T), len(outer.T)]))
            new = a + np.concatenate([da, more]), b + db, c + dc
            rest = self._rest(outer, inner, *new)
            gain = 1 - float(rest @ rest) / float(best @ best)
            damping *= 0.1 if gain > 0 else 10.0
            if gain > 0:
                (a, b, c), best = new, rest
            if 0 < gain < _SMALL_STEP or damping > 1:
                break
        return a, b, c

    def error(self, found: Float[Array, " rows"]) -> float:
        """What values leave of z, in units of the spread of y."""
        return float(np.sqrt(np.mean(((found - self.z) * self.weight) ** 2))) / self.spread

    def _rest(self, outer: Array, inner: Array, a: Array, b: Array, c: Array) -> Array:
        """What these leave, in units of y (rows,)."""
        return (self.z - outer @ a - (outer @ b) * (inner @ c)) * self.weight

    def least(self, columns: Array) -> Array:
        """Coefficients of z in these columns."""
        return _solved(columns * self.weight[:, None], self.z * self.weight)


def _solved(columns: Array, z: Array, damping: float = 0.0) -> Array:
    """Least squares by normal equations, kept regular: terms are few and of one size."""
    square = columns.T @ columns
    square[np.diag_indices(len(square))] *= 1 + _RIDGE + damping
    square[np.diag_indices(len(square))] += 1e-300
    return np.linalg.solve(square, columns.T @ z)


NOTHING = Law(sympy.S.Zero, {}, "nothing", 0.0)
"""The function that is not there."""
_RIDGE, _DAMPING = 1e-9, 1e-3
"""Share of a column's square by which equations are kept regular, and of a first step."""


@dataclass(frozen=True, eq=False)
class _Naming:
    """The functions of a split named one after the other."""

    rows: Rows
    split: _Split
    sources: Sequence[Source]
    until: Deadline

    def laws(self) -> Iterator[Law]:
        """Laws of y; those of A + B C name C first, others the function of the smaller group."""
        split, z = self.split, self.split.target.forward(self.rows.y)
        a, b, c = split.a, split.b, split.c
        if split.kind is _Kind.SCALED:
            for law in self.named(split.others, z - a, b):
                yield from self.scaled(law, z)
        elif split.kind is _Kind.SUM:
            order = sorted(((split.first, a), (split.others, c)), key=lambda part: len(part[0]))
            for law in self.named(order[0][0], z - order[1][1], np.ones_like(z)):
                rest = z - values_of(law.expr, law.start, self.rows)
                for other in self.named(order[1][0], rest, np.ones_like(z)):
                    yield from self.together(law, ONE, other)
        else:
            order = sorted(((split.first, b), (split.others, c)), key=lambda part: len(part[0]))
            for law in self.named(order[0][0], z - a, order[1][1]):
                factor = values_of(law.expr, law.start, self.rows)
                for other in self.named(order[1][0], z - a, factor):
                    yield from self.together(NOTHING, law, other)

    def scaled(self, law: Law, z: Float[Array, " rows"]) -> Iterator[Law]:
        """A + B C with C named: B, then A, which may be one of B with a constant."""
        first, one, law = self.split.first, np.ones_like(z), without_offset(law, self.rows.names)
        c = values_of(law.expr, law.start, self.rows)
        if (fit := _Fit.of(self.rows, self.split.target)) is None or not np.isfinite(c).all():
            return
        centre = sympy.Dummy("centre")
        outer = _Terms(self.rows.X, round(_PER_ROW[-1] * len(z))).of(first)
        law = replace(law, expr=law.expr + centre, start={**law.start, centre: -c.mean()})
        c = c - c.mean()
        coefficients = fit.least(np.hstack([outer, outer * c[:, None]]))
        a = outer @ coefficients[: len(outer.T)]
        for b in self.named(first, z - a, c):
            values = values_of(b.expr, b.start, self.rows)
            columns = np.column_stack([one, values, values * c])
            k, share, scale = fit.least(columns)
            free = np.column_stack([outer, values * c])
            left = fit.error(free @ fit.least(free))
            if fit.error(columns @ [k, share, scale]) < _AS_GOOD * left:
                moved = {**law.start, centre: law.start[centre] + share / scale}
                yield from self.together(NOTHING, b, replace(law, start=moved))
                continue
            for other in self.named(first, z - values * c, one):
                yield from self.together(other, b, law)

    def named(
        self, group: Group, z: Float[Array, " rows"], factor: Float[Array, " rows"]
    ) -> list[Law]:
        """Laws f of a group where z is the factor times f, up to noise."""
        rows, size = self.rows, np.abs(factor)
        slope = np.abs(self.split.target.slope(rows.y))
        with np.errstate(all="ignore"):
            values, error = z / factor, slope / (size * rows.root)
        told = np.isfinite(values) & np.isfinite(error) & (size > _LEVEL * np.median(size))
        names = tuple(rows.names[k] for k in group)
        weights = np.where(error > 0, error, np.inf)[told] ** -2.0
        if told.sum() < _FEWEST_ROWS / 2 or not weights.max() > 0:
            return []
        X, few = rows.X[told][:, list(group)], rows.independent
        inner = Rows(X, values[told], names, 0.0, few, weights)
        noise = rows.noise * rows.spread / float(np.sqrt(weights.mean())) / inner.spread
        inner = replace(inner, noise=noise)
        until = self.until.within(_SECONDS)
        if len(group) == 1:
            given = X[:, 0], inner.y, names[0], noise, until, weights, few
            every = list(univariate_laws(*given, AT_ONCE))
            if not any(law.error <= _LEAVES * noise for law in every):
                every += univariate_laws(*given, USUAL)
        else:
            each = (source.propose(inner, until.share(_OF_ONE)) for source in self.sources)
            every = list(chain.from_iterable(each))
        every = [law for law in every if law.error <= _NAMES * noise]
        bits = sorted((length(law, inner), place) for place, law in enumerate(every))[:_FORMS]
        return [every[place] for own, place in bits if own < bits[0][0] + _CLOSE]

    def together(self, a: Law, b: Law, c: Law) -> Iterator[Law]:
        """A + B C with constants, refined: the shortest of those with and without offsets."""
        names, words = self.rows.names, f"{NoisyGroups.name}, {self.split.target.name}"
        if (fit := _Fit.of(self.rows, self.split.target)) is None:
            return
        a = without_offset(a, names)
        b = without_scale(b, names, offset=True)
        choices = [without_scale(c, names, offset=True), without_scale(c, names)]
        found = list[Law]()
        for factor in choices[: 1 if choices[0].expr == choices[1].expr else 2]:
            exprs, start, (offset, scale) = apart([a, b, factor], self.rows, 2)
            parts = [exprs[0], exprs[1] * exprs[2]]
            values = [np.ones_like(fit.z), *(values_of(each, start, self.rows) for each in parts)]
            if not np.isfinite(values).all():
                continue
            start[offset], _, start[scale] = fit.least(np.stack(values, axis=1))
            for beside in (sympy.S.Zero, offset):
                expr = self.split.target.inverse(beside + parts[0] + scale * parts[1])
                own = {symbol: value for symbol, value in start.items() if expr.has(symbol)}
                law = fitted(expr, own, words, self.rows, self.until.within(_REFINING))
                found += [] if law is None else [law]
        yield from sorted(found, key=lambda law: length(law, self.rows))[:1]
