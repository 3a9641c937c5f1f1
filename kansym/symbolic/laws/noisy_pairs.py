"""Laws of noisy rows that two short expressions make up, for y or a function of y.

g(y) = a u + b v + c, y = e (a u + b v + c), y = a u v + b v + c, y = (a u + b)/(v + c) and
log y = log c + p log x1 + q log u + a v: all pairs u, v of thousands of expressions are a few
matrix products. Terms that do not shorten the description are left out, constants come by linear
least squares, and the laws of shortest description are fitted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import sympy
from jaxtyping import Float

from kansym.shared.deadline import Deadline
from kansym.symbolic.constants.plain_exponents import plain_exponent
from kansym.symbolic.formulas.complexity import complexity
from kansym.symbolic.laws.checking import fitted, fresh_constants, length
from kansym.symbolic.laws.columns import Quantities
from kansym.symbolic.laws.expression_pairs import Pair, best_products, best_quotients, best_sums
from kansym.symbolic.laws.expressions import Expressions, short_expressions
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.targets import TARGETS, Target, targets_of
from kansym.symbolic.laws.term_selection import ShortestSum, shortest_sum

__all__ = ["NoisyPairs"]

Array = np.ndarray
Start = dict[sympy.Symbol, float]

_MANY, _FEWER, _FACTORS, _SCALED, _SCALES = 3000, 2400, 400, 250, 80
"""Expressions of which all pairs are looked at; the plainest of them for functions of y, as the
second factor of a product, as terms beside a common factor, and as that factor."""
_ROWS, _PER_ROW = 400, 20
"""Rows that pairs are tried on, and most expressions for each: few rows follow some by chance."""
_MOST_INPUTS = 7
_TARGETS = ("1/y", "y^2", "1/y^2", "sqrt y")
"""Functions of y of one sign that may be sums."""
_TRIED, _OF_SCALE, _FITTED, _HANDED_ON = 16, 2, 6, 3
"""Pairs of a kind that are looked at, those of one factor, laws that are fitted, and handed on."""
_BITS = 5.0
"""Length of an operation of an expression."""
_STEPS = 20
"""Of least squares for the constants of a law within noise, which start near."""
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
        if not 1 <= len(rows.names) <= _MOST_INPUTS or np.ptp(rows.y) == 0:
            return
        met: set[sympy.Expr] = set()
        for kind, drafts in _Search.of(rows).kinds():
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
    """Some of the rows, and the expressions on them; y is taken over its sign."""

    some: Expressions
    inputs: Quantities
    y: Float[Array, " rows"]
    rows: Rows
    sign: int = 1

    @classmethod
    def of(cls, rows: Rows) -> "_Search":
        kept = np.random.default_rng(0).permutation(len(rows.y))[:_ROWS]
        inputs = Quantities.inputs(rows.X[kept], rows.names)
        count = min(_MANY, _PER_ROW * len(kept))
        return cls(short_expressions(inputs, count), inputs, rows.y[kept], rows)

    @property
    def burden(self) -> Float[Array, " expressions"]:
        """What the length of an expression counts beside a loss."""
        return 2.0 ** (2 * _BITS * self.some.costs / len(self.y))

    def kinds(self) -> Iterator[tuple[str, Iterator[_Draft]]]:
        """What is tried, one after the other."""
        plain = TARGETS["y"]
        yield "sum of two expressions", self.sums(plain)
        yield "quotient of two expressions", self.quotients()
        positive = self.positive()
        if positive is not None:
            yield "product of powers and exponentials", positive.logarithms()
        yield "product of two expressions", self.products()
        yield "factor of two expressions", self.scaled_sums(plain)
        yield "sum of two expressions for exp y", self.sums(TARGETS["exp y"])
        if positive is None:
            return
        targets = targets_of(positive.y, _TARGETS)
        for target in targets:
            yield f"sum of two expressions for {target.name}", positive.sums(target)
        for target in targets[:1]:  # roots of products are sums of monomials for y^2
            yield f"factor of two expressions for {target.name}", positive.scaled_sums(target)

    def positive(self) -> "_Search | None":
        """Without the rows that noise may have turned in sign; None if these are many."""
        sign = 1 if np.median(self.y) > 0 else -1
        good = sign * self.y > _SMALL * np.abs(np.median(self.y))
        if good.sum() < (1 - _MOST_SMALL) * len(good):
            return None
        few = self.some.plainest(_FEWER)
        some = replace(few, values=few.values[:, good])
        inputs = replace(self.inputs, values=self.inputs.values[good])
        return _Search(some, inputs, sign * self.y[good], self.rows, sign)

    def sums(self, target: Target) -> Iterator[_Draft]:
        """A sum g(y) = a u + b v + c."""
        weight = self.weight(target) if target.admits(self.y) else None
        if weight is None:
            return
        values, z = self.some.values * weight, target.forward(self.y) * weight
        for pair in best_sums(values, z, weight[:, None], _TRIED, self.burden):
            columns = np.column_stack([values[pair.first], values[pair.second], weight])
            yield self.draft(columns, z, [*self.two(pair), sympy.S.One], target)

    def scaled_sums(self, target: Target) -> Iterator[_Draft]:
        """A sum beside a factor, g(y) = e (a u + b v + c) for plain e or 1/e."""
        weight = self.weight(target)
        if weight is None:
            return
        z, few = target.forward(self.y) * weight, self.some.plainest(_SCALED)
        found: list[tuple[float, int, int, Pair]] = []
        for place, power in product(range(min(_SCALES, len(few))), (1, -1)):
            scale = self.some.values[place] ** power * weight
            if np.isfinite(scale).all():
                burden = self.burden[: len(few)] * self.burden[place]
                best = best_sums(few.values * scale, z, scale[:, None], _OF_SCALE, burden)
                found += [(pair.loss, place, power, pair) for pair in best]
        for _, place, power, pair in sorted(found, key=lambda each: each[:3])[:_TRIED]:
            scale = self.some.values[place] ** power * weight
            columns = np.column_stack([*few.values[[pair.first, pair.second]] * scale, scale])
            terms = [*self.two(pair), sympy.S.One]
            yield self.draft(columns, z, terms, target, self.some.expr(place) ** power)

    def products(self) -> Iterator[_Draft]:
        """A product a u v + b v + c, and some inputs beside it."""
        one, values = np.ones((len(self.y), 1)), self.some.values
        for always in (one, np.column_stack([one, self.inputs.values])):
            others = [sympy.S.One, *self.inputs.exprs][: always.shape[1]]
            best = best_products(values, self.y, always, _TRIED, self.burden, _FACTORS)
            for pair in best:
                u, v = self.two(pair)
                both = values[pair.first] * values[pair.second]
                columns = np.column_stack([both, values[pair.second], always])
                yield self.draft(columns, self.y, [u * v, v, *others], TARGETS["y"])

    def quotients(self) -> Iterator[_Draft]:
        """A quotient (a u + b)/(v + c): v y = a u + b - c y."""
        one, values, y = np.ones((len(self.y), 1)), self.some.values, self.y
        for pair in best_quotients(values, y, one, _TRIED, self.burden):
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
        for pair in best_sums(both * weight, z, always * weight[:, None], _TRIED, burden):
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

    def weight(self, target: Target) -> Float[Array, " rows"] | None:
        """One over the slope of a function of y: errors of y are alike; None if it has none."""
        slope = np.abs(target.slope(self.y))
        if not (np.isfinite(slope).all() and (slope > 0).all()):
            return None
        return 1 / np.maximum(slope, _LEVEL * np.median(slope))

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
