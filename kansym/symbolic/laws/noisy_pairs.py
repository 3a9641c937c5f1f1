"""Laws of noisy rows that two short expressions make up, for y or a function of y.

g(y) = a u + b v + c, y = e (a u + b v + c), y = a u v + b v + c, y = (a u + b)/(v + c) and
log y = log c + p log x1 + q log u + a v: all pairs u, v of thousands of expressions are a few
matrix products. Terms that do not shorten the description are left out, constants come by linear
least squares, and the laws of shortest description are fitted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np
import sympy
from jaxtyping import Float

from kansym.shared.deadline import Deadline
from kansym.symbolic.constants.plain_exponents import plain_exponent
from kansym.symbolic.formulas.complexity import complexity
from kansym.symbolic.laws.checking import fitted, fresh_constants, length
from kansym.symbolic.laws.columns import Quantities
from kansym.symbolic.laws.expression_pairs import (
    FITTED_BITS,
    OPERATION_BITS,
    Kind,
    Pair,
    best_products,
    best_quotients,
    best_single,
    best_sums,
    burden_of_bits,
)
from kansym.symbolic.laws.expressions import Expressions, short_expressions_and_functions
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.targets import TARGETS, Target, targets_of
from kansym.symbolic.laws.term_selection import ShortestSum, shortest_sum

__all__ = ["NoisyPairs", "ScaledPairs"]

Array = np.ndarray
Start = dict[sympy.Symbol, float]

_MANY, _FEWER, _FACTORS = 3000, 2400, 400
"""Expressions of which all pairs are looked at; the plainest of them for functions of y, and as the
second factor of a product."""
_SCALES, _SCALED, _CURVED, _SECOND = (40, 30), 200, 550, (300, 500)
"""Expressions that are a common factor, or below one, of a sum and of a product; the plainest of
those beside one, functions among these, of which the plainest of many inputs hold few, and those
that are second in a sum and in a product."""
_ROWS, _PER_ROW, _RARE = 400, 20, 4
"""Rows that pairs are tried on, most expressions for each, and how many times fewer functions: few
rows follow some by chance."""
_MOST_INPUTS = 7
_TARGETS = ("1/y", "y^2", "1/y^2", "sqrt y")
"""Functions of y of one sign that may be sums."""
_SINGLE = 5e-3
"""Noise beside which single precision tells pairs apart."""
_TRIED, _OF_SCALE, _FITTED, _HANDED_ON = 16, 2, 6, 3
"""Pairs of a kind that are looked at, those of one factor, laws that are fitted, and handed on."""
_STEPS = 20
"""Of least squares for the constants of a law within noise, which start near."""
_DIGITS = 9
"""In which two factors that are the same agree."""
_LEVEL = 1e-3
"""Least slope of a function of y over the median one, so that no row outweighs all others."""
_SMALL, _MOST_SMALL = 0.1, 0.2
"""Rows below this part of the median may have another sign but for noise, and the most of them."""


@dataclass(frozen=True, eq=False)
class _Draft:
    """A law before its fit, and about how long the description of the rows by it is."""

    expr: sympy.Expr
    start: Start
    length: float


class NoisyPairs:
    """Sums, products and quotients of two short expressions, with noise."""

    name = "pair of expressions"

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """The shortest descriptions of the rows, kind by kind."""
        if (search := _search(rows)) is not None:
            yield from _laws(search.kinds(), rows, until)


class ScaledPairs:
    """The same beside a plain factor; many factors take their time."""

    name = "pair of expressions beside a factor"

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """The shortest descriptions of the rows, kind by kind."""
        if (search := _search(rows)) is not None:
            yield from _laws(search.scaled_kinds(), rows, until)


def _search(rows: Rows) -> "_Search | None":
    """The expressions on the rows, made once; None for a constant or too many inputs."""
    if not 1 <= len(rows.names) <= _MOST_INPUTS or np.ptp(rows.y) == 0:
        return None
    return rows.once(_Search.of)


def _laws(
    kinds: Iterator[tuple[str, Iterator[_Draft]]], rows: Rows, until: Deadline
) -> Iterator[Law]:
    """The shortest laws of each kind, fitted."""
    met: set[sympy.Expr] = set()
    for kind, drafts in kinds:
        if until.passed:
            return
        new = {draft.expr: draft for draft in drafts if draft.expr not in met and draft.start}
        met |= set(new)
        found = [
            fitted(draft.expr, draft.start, kind, rows, until, _STEPS)
            for draft in sorted(new.values(), key=lambda draft: draft.length)[:_FITTED]
        ]
        laws = [law for law in found if law is not None]
        yield from sorted(laws, key=lambda law: length(law, rows))[:_HANDED_ON]


@dataclass(frozen=True, eq=False)
class _Search:
    """Some of the rows, and the expressions on them; y is taken over its sign.

    Attributes
    ----------
    some, beside : expressions by themselves, and those beside a common factor.
    """

    some: Expressions
    beside: Expressions
    inputs: Quantities
    y: Float[Array, " rows"]
    rows: Rows
    sign: int = 1

    @classmethod
    def of(cls, rows: Rows) -> "_Search":
        kept = np.random.default_rng(0).permutation(len(rows.y))[:_ROWS]
        inputs = Quantities.inputs(rows.X[kept], rows.names)
        count = min(_MANY, _PER_ROW * len(kept))
        functions = min(_CURVED, count // _RARE)
        some, beside = short_expressions_and_functions(inputs, count, _SCALED, functions)
        return cls(some, beside, inputs, rows.y[kept], rows)

    @property
    def kind(self) -> Kind:
        """Of the numbers that pairs are looked at with."""
        return np.float32 if self.rows.noise > _SINGLE else np.float64

    @property
    def burden(self) -> Float[Array, " expressions"]:
        """What the length of an expression counts beside a loss."""
        return self.burden_of(self.some)

    def burden_of(self, some: Expressions) -> Float[Array, " expressions"]:
        """That of others."""
        return burden_of_bits(OPERATION_BITS, len(self.y)) ** some.costs

    def kinds(self) -> Iterator[tuple[str, Iterator[_Draft]]]:
        """What is tried, one after the other."""
        yield "sum of two expressions", self.sums(TARGETS["y"])
        yield "quotient of two expressions", self.quotients()
        yield "product of two expressions", self.products()
        yield "sum of two expressions for exp y", self.sums(TARGETS["exp y"])
        if (positive := self.positive) is not None:
            yield "product of powers and exponentials", positive.logarithms()
            for target in targets_of(positive.y, _TARGETS):
                yield f"sum of two expressions for {target.name}", positive.sums(target)

    def scaled_kinds(self) -> Iterator[tuple[str, Iterator[_Draft]]]:
        """Those beside a factor."""
        plain, positive = TARGETS["y"], self.positive
        targets = [] if positive is None else targets_of(positive.y, _TARGETS)
        sized = self if positive is None else positive
        yield "factor of two expressions", self.scaled(plain)
        for target in targets[:1]:
            yield f"factor of two expressions for {target.name}", sized.scaled(target)
        yield "factor of a product", self.scaled(plain, product=True)
        for target in targets:
            if target.name == "y^2":  # roots of sums of products
                yield "factor of a product for y^2", sized.scaled(target, product=True)

    @cached_property
    def positive(self) -> "_Search | None":
        """Without the rows that noise may have turned in sign; None if these are many."""
        sign = 1 if np.median(self.y) > 0 else -1
        good = sign * self.y > _SMALL * np.abs(np.median(self.y))
        if good.sum() < (1 - _MOST_SMALL) * len(good):
            return None
        some, beside = (
            replace(each, values=each.values[:, good])
            for each in (self.some.plainest(_FEWER), self.beside)
        )
        inputs = replace(self.inputs, values=self.inputs.values[good])
        return _Search(some, beside, inputs, sign * self.y[good], self.rows, sign)

    def sums(self, target: Target) -> Iterator[_Draft]:
        """A sum g(y) = a u + b v + c."""
        weight = target.weights(self.y) if target.admits(self.y) else None
        if weight is None:
            return
        values, z = self.some.values * weight, target.forward(self.y) * weight
        for pair in best_sums(values, z, weight[:, None], _TRIED, self.burden, self.kind):
            columns = np.column_stack([values[pair.first], values[pair.second], weight])
            yield self.draft(columns, z, [*self.two(pair), sympy.S.One], target)

    def scaled(self, target: Target, *, product: bool = False) -> Iterator[_Draft]:
        """Beside plain e or 1/e: g(y) = e (a u + b v + c), or a product, e (a u v + b v + c)."""
        weight = target.weights(self.y)
        if weight is None:
            return
        z, few = target.forward(self.y) * weight, self.beside
        found: list[tuple[float, int, Pair]] = []
        factors = list(self.scales(_SCALES[product]))
        for number, (factor, _, cost) in enumerate(factors):
            pairs = self.pairs_beside(factor * weight, z, product)
            found += [(pair.loss * cost, number, pair) for pair in pairs]
        for _, number, pair in sorted(found, key=lambda each: each[:2])[:_TRIED]:
            factor, scale, _ = factors[number]
            u, v = few.values[[pair.first, pair.second]]
            one, other = few.expr(pair.first), few.expr(pair.second)
            columns = np.column_stack([u * v if product else u, v, np.ones_like(v)])
            terms = [one * other if product else one, other, sympy.S.One]
            yield self.draft(columns * (factor * weight)[:, None], z, terms, target, scale)

    def pairs_beside(
        self, scale: Float[Array, " rows"], z: Float[Array, " rows"], product: bool
    ) -> list[Pair]:
        """The best pairs beside a factor; one expression alone has a constant less."""
        values, burden, always = self.beside.values, self.burden_of(self.beside), scale[:, None]
        most = _SECOND[product]
        if product:
            return best_products(values, z, always, _OF_SCALE, burden, most, self.kind, scale)
        alone = burden / burden_of_bits(FITTED_BITS, len(z))
        return [
            *best_sums(values * scale, z, always, _OF_SCALE, burden, self.kind, most),
            *best_single(values * scale, z, always, _OF_SCALE, alone),
        ]

    def scales(self, most: int) -> Iterator[tuple[Float[Array, " rows"], sympy.Expr, float]]:
        """Values, expressions and burdens of plain factors and of 1 over those."""
        met: set[tuple[float, ...]] = set()
        for place, power in product(range(min(most, len(self.some))), (1, -1)):
            scale = self.some.values[place] ** power
            mark = tuple(np.round(scale[:2] / np.linalg.norm(scale), _DIGITS).tolist())
            if np.isfinite(scale).all() and mark not in met:
                met.add(mark)
                yield scale, self.some.expr(place) ** power, float(self.burden[place])

    def products(self) -> Iterator[_Draft]:
        """A product a u v + b v + c, and some inputs beside it."""
        one, values = np.ones((len(self.y), 1)), self.some.values
        for always in (one, np.column_stack([one, self.inputs.values])):
            others = [sympy.S.One, *self.inputs.exprs][: always.shape[1]]
            best = best_products(values, self.y, always, _TRIED, self.burden, _FACTORS, self.kind)
            for pair in best:
                u, v = self.two(pair)
                both = values[pair.first] * values[pair.second]
                columns = np.column_stack([both, values[pair.second], always])
                yield self.draft(columns, self.y, [u * v, v, *others], TARGETS["y"])

    def quotients(self) -> Iterator[_Draft]:
        """A quotient (a u + b)/(v + c): v y = a u + b - c y."""
        one, values, y = np.ones((len(self.y), 1)), self.some.values, self.y
        for pair in best_quotients(values, y, one, _TRIED, self.burden, self.kind):
            (u, v), below = self.two(pair), values[pair.second]
            columns = np.column_stack([values[pair.first], one, -y])
            # Errors of y are alike, those of v y + c y are not.
            size = np.abs(below + shortest_sum(columns, y * below).factors.get(2, 0.0))
            weight = 1 / np.maximum(size, _LEVEL * size.mean())
            found = shortest_sum(columns * weight[:, None], y * below * weight)
            names = fresh_constants(self.rows.names, 3)
            a, b, c = (names[k] if k in found.chosen else sympy.S.Zero for k in range(3))
            start = {names[k]: value for k, value in found.factors.items()}
            yield self.drafted((a * u + b) / (v + c), start, found.rest)

    def logarithms(self) -> Iterator[_Draft]:
        """A sum log y = log c + p log x1 + ... and two of q log u and a v."""
        X, values, y = self.inputs.values, self.some.values, self.y
        steady = [k for k in range(len(self.inputs)) if X[:, k].min() > 0 or X[:, k].max() < 0]
        positive = np.flatnonzero(values.min(axis=1) > 0)
        bases = [self.inputs.exprs[k] * int(np.sign(X[0, k])) for k in steady]
        always = np.column_stack([np.ones(len(y)), np.log(np.abs(X[:, steady]))])
        both = np.vstack([values, np.log(values[positive])])
        numbers = [*range(len(values)), *positive.tolist()]
        weight = y  # errors of y are alike, so those of log y are those over y
        z, burden = np.log(y) * weight, self.burden[numbers]
        fixed = always * weight[:, None]
        for pair in best_sums(both * weight, z, fixed, _TRIED, burden, self.kind):
            two = [pair.first, pair.second]
            columns = np.column_stack([always, both[two].T]) * weight[:, None]
            parts = [sympy.E, *bases, *(self.some.expr(numbers[k]) for k in two)]
            is_power = [True] * (1 + len(bases)) + [k >= len(values) for k in two]
            yield self.powers(shortest_sum(columns, z), parts, is_power)

    def powers(self, found: ShortestSum, parts: list[sympy.Expr], is_power: list[bool]) -> _Draft:
        """Powers, which are fractions where they may be, and exponentials; the first is a scale.

        Of expressions these are whole ones and roots: others bend as any curve does within noise.
        """
        scale, *constants = fresh_constants(self.rows.names, len(parts))
        at = found.factors
        expr, start = scale, {scale: float(np.exp(at.pop(0, 0.0)))}
        errors = dict(zip(found.chosen, found.errors.tolist(), strict=True))
        for k, value in at.items():
            near = plain_exponent(value, errors[k]) if is_power[k] else None
            if near is not None and not parts[k].is_Atom and near.q > 2:
                near = None
            exponent: sympy.Expr = constants[k - 1] if near is None else near
            if near is None:
                start[constants[k - 1]] = value
            expr *= parts[k] ** exponent if is_power[k] else sympy.exp(exponent * parts[k])
        return self.drafted(expr, start, found.rest)

    def two(self, pair: Pair) -> tuple[sympy.Expr, sympy.Expr]:
        """The expressions of a pair."""
        return self.some.expr(pair.first), self.some.expr(pair.second)

    def draft(
        self,
        columns: Float[Array, "rows terms"],
        z: Float[Array, " rows"],
        terms: Sequence[sympy.Expr],
        target: Target,
        scale: sympy.Expr = sympy.S.One,
    ) -> _Draft:
        """The shortest sum of some terms for a function of y."""
        found = shortest_sum(columns, z)
        names = fresh_constants(self.rows.names, len(found.chosen))
        total = sympy.Add(*(name * terms[k] for name, k in zip(names, found.chosen, strict=True)))
        start = dict(zip(names, found.weights.tolist(), strict=True))
        return self.drafted(target.inverse(scale * total), start, found.rest)

    def drafted(self, expr: sympy.Expr, start: Start, rest: Float[Array, " rows"]) -> _Draft:
        """A law with what it leaves of y."""
        error = float(np.sqrt(np.mean(rest**2))) / float(np.std(self.y))
        bits = complexity(expr, self.rows.names)
        return _Draft(
            self.sign * expr, start, len(self.rows.y) * float(np.log2(max(error, 1e-300))) + bits
        )
