"""Laws of two short expressions of the inputs: all pairs of thousands are looked at.

A law is cut where its two parts are short: y, or a function of y, is a sum, a product or a quotient
of two expressions of few operations, with free linear constants and with the inputs as further
terms. Of n expressions all n^2 pairs are a few matrix products, so that laws of a dozen operations
are found that a search one by one would not reach.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy
from jaxtyping import Float

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import checked, fresh_constants, is_exact
from kansym.symbolic.laws.coefficients import as_weights
from kansym.symbolic.laws.columns import Quantities, as_rational
from kansym.symbolic.laws.expression_pairs import (
    best_products,
    best_quotients,
    best_sums,
    exact_weights,
)
from kansym.symbolic.laws.expressions import Expressions, short_expressions
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.targets import TARGETS, Target, targets_of

__all__ = ["Pairings"]

Array = np.ndarray

_FEWEST_ROWS = 40
_ROWS, _SCREENED = 256, 64
"""Rows on which pairs are fitted, and those on which they are screened."""
_MANY, _FEWER = 8000, 4000
"""Expressions of which all pairs are looked at: at once, and for every factor."""
_MOST_INPUTS = 6
_TRIED = 30
"""Pairs that are fitted."""
_TARGETS = ("1/y", "y^2", "exp y", "sqrt y", "sin y", "cos y", "tan y", "1/y^2", "tanh^-1 y")


class Pairings:
    """Sums, products and quotients of two short expressions."""

    name = "pair of expressions"

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """Exact laws; nothing for rows with noise."""
        inputs = rows.varying
        if not (rows.may_be_exact(_FEWEST_ROWS) and 2 <= len(inputs) <= _MOST_INPUTS):
            return
        kept = np.random.default_rng(0).permutation(len(rows.y))[:_ROWS]
        few = Quantities.inputs(rows.X[kept], rows.names).take(inputs)
        search = _Search(short_expressions(few, _MANY), few, rows.y[kept], rows)
        for step in search.steps():
            if until.passed:
                return
            yield from step


@dataclass(frozen=True, eq=False)
class _Search:
    """Expressions, and the rows that they are fitted to."""

    expressions: Expressions
    inputs: Quantities
    y: Float[np.ndarray, " rows"]
    rows: Rows

    def steps(self) -> Iterator[Iterator[Law]]:
        """What is tried, one after the other."""
        y = TARGETS["y"]
        yield self.sums(y)
        yield self.products(y)
        yield self.quotients(y)
        yield self.powers()
        for target in targets_of(self.y, _TARGETS):
            yield self.sums(target)
        for target in targets_of(self.y, _TARGETS):
            if target.name != "1/y":
                yield self.products(target)
                yield self.quotients(target)
        fewer = replace(self, expressions=self.expressions.plainest(_FEWER))
        for expr, values in self.factors():
            yield fewer.sums(y, expr, values)

    def factors(self) -> Iterator[tuple[sympy.Expr, Array]]:
        """Plain expressions that y may be divided by."""
        for number in range(min(len(self.expressions), _FACTORS)):
            values = self.expressions.values[number]
            for power in (1, -1):
                if np.abs(values).min() > _VANISHES * np.abs(values).max():
                    yield self.expressions.expr(number) ** power, values**power

    def sums(
        self, target: Target, factor: sympy.Expr = sympy.S.One, size: Array | float = 1.0
    ) -> Iterator[Law]:
        """M (a f + b g) + a linear function of the inputs, for a function of y."""
        z = target.forward(self.y) / size
        always = np.column_stack([np.ones_like(z), self.inputs.values]) / np.reshape(size, (-1, 1))
        terms = [sympy.S.One, *self.inputs.exprs]
        pairs = best_sums(
            self.expressions.values[:, :_SCREENED], z[:_SCREENED], always[:_SCREENED], _TRIED
        )
        for pair in pairs:
            f, g = (self.expressions.values[k] for k in (pair.first, pair.second))
            weights = exact_weights(np.column_stack([f, g, always]), z)
            if weights is not None:
                exprs = [factor * self.expressions.expr(k) for k in (pair.first, pair.second)]
                yield from self.law(weights, [*exprs, *terms], target, "sum")

    def products(self, target: Target) -> Iterator[Law]:
        """B f g + c g + d for a function of y."""
        z = target.forward(self.y)
        some = self.expressions.values[:_FEWER]
        one = np.ones_like(z)[:_SCREENED, None]
        for pair in best_products(some[:, :_SCREENED], z[:_SCREENED], one, _TRIED):
            f, g = some[pair.first], some[pair.second]
            weights = exact_weights(np.column_stack([f * g, g, np.ones_like(g)]), z)
            if weights is not None:
                f, g = (self.expressions.expr(k) for k in (pair.first, pair.second))
                yield from self.law(weights, [f * g, g, sympy.S.One], target, "product")

    def quotients(self, target: Target) -> Iterator[Law]:
        """(b f + a linear function)/(g + d) for a function of y."""
        z = target.forward(self.y)
        always = np.column_stack([np.ones_like(z), self.inputs.values])
        values = self.expressions.values
        few = slice(None, _SCREENED)
        for pair in best_quotients(values[:, few], z[few], always[few], _TRIED):
            f, g = values[pair.first], values[pair.second]
            weights = exact_weights(np.column_stack([f, always, -z]), z * g)
            if weights is not None:
                top = [self.expressions.expr(pair.first), sympy.S.One, *self.inputs.exprs]
                below = [self.expressions.expr(pair.second), sympy.S.One]
                yield from self.law(weights, top, target, "quotient", below)

    def powers(self) -> Iterator[Law]:
        """C f^a g^b and powers of the inputs, by logarithms."""
        if np.abs(self.y).min() == 0:
            return
        steady = [k for k, x in enumerate(self.inputs.values.T) if x.min() > 0 or x.max() < 0]
        own = self.inputs.take(steady)
        size = np.abs(self.expressions.values)
        sound = np.flatnonzero(size.min(axis=1) > 0)
        logs, z = np.log(size[sound]), np.log(np.abs(self.y))
        always = np.column_stack([np.ones_like(z), np.log(np.abs(own.values))])
        few = slice(None, _SCREENED)
        for pair in best_sums(logs[:, few], z[few], always[few], _TRIED):
            weights = exact_weights(
                np.column_stack([logs[pair.first], logs[pair.second], always]), z
            )
            if weights is None:
                continue
            bases = [*(self.expressions.expr(k) for k in sound[[pair.first, pair.second]])]
            expr = _powers([*bases, *own.exprs], np.delete(weights, 2))
            constant, *_ = fresh_constants(self.rows.names, 1)
            for scale in (np.exp(weights[2]), -np.exp(weights[2])):
                start = {constant: float(scale)}
                yield from self.exact(constant * expr, start, TARGETS["y"], "product of powers")

    def law(
        self,
        weights: Array,
        terms: Sequence[sympy.Expr],
        target: Target,
        kind: str,
        below: Sequence[sympy.Expr] = (),
    ) -> Iterator[Law]:
        """The law with these terms, over others, for a function of y, if it is right."""
        symbols = fresh_constants(self.rows.names, len(weights))
        numbers, start = as_weights(weights.tolist(), symbols)
        expr = sympy.Add(*(n * term for n, term in zip(numbers, terms, strict=False)))
        if below:
            expr /= below[0] + sympy.Add(
                *(n * term for n, term in zip(numbers[len(terms) :], below[1:], strict=True))
            )
        yield from self.exact(expr, start, target, kind)

    def exact(
        self, expr: sympy.Expr, start: dict[sympy.Symbol, float], target: Target, kind: str
    ) -> Iterator[Law]:
        """The law, if it is right on all rows."""
        source = f"{kind} of two expressions for {target.name}"
        law = checked(target.inverse(expr), start, source, self.rows)
        if law is not None and is_exact(law):
            yield law


def _powers(bases: Sequence[sympy.Expr], powers: Array) -> sympy.Expr:
    """The product of powers, those near fractions as such."""
    found = sympy.S.One
    for base, power in zip(bases, powers, strict=True):
        near = as_rational(float(np.round(power, 9)))
        found *= base**near if near.q <= _LARGEST_ROOT else base ** sympy.Float(power)
    return found


_LARGEST_ROOT = 6
_FACTORS = 40
_VANISHES = 1e-3
