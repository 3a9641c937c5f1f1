"""Laws of two short expressions from noisy rows: the pairs that leave least, by length."""

from collections.abc import Iterator

import numpy as np
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import fitted, fresh_constants, length
from kansym.symbolic.laws.columns import Quantities
from kansym.symbolic.laws.expression_pairs import best_products, best_quotients, best_sums
from kansym.symbolic.laws.expressions import Expressions, short_expressions
from kansym.symbolic.laws.law import Law, Rows

__all__ = ["BITS", "STEPS", "NoisyPairings"]

Array = np.ndarray

_MANY = 1200
"""Expressions of which all pairs are looked at: noise tells no more of them apart."""
_ROWS = 400
_TRIED = 8
"""Pairs of a kind that are fitted."""
BITS = 5.0
"""Length of an operation of an expression."""
_TERM = 15.0
"""Twice the bits of an input as a term, with its constant."""
_HANDED_ON = 3
STEPS = 20
"""Of least squares for the constants of a law within noise: a start of ones is near enough."""
_MOST_INPUTS = 4


class NoisyPairings:
    """Sums, products and quotients of two short expressions, with noise."""

    name = "pair of expressions"

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """The shortest descriptions of the rows."""
        if not 1 <= len(rows.names) <= _MOST_INPUTS or np.ptp(rows.y) == 0:
            return
        kept = np.random.default_rng(0).permutation(len(rows.y))[:_ROWS]
        few = Quantities.inputs(rows.X[kept], rows.names)
        found: dict[sympy.Expr, Law] = {}
        for expr, start in _forms(short_expressions(few, _MANY), rows.y[kept], few):
            if until.passed:
                break
            is_new = expr not in found and _has_plain_powers(expr)
            law = fitted(expr, start, self.name, rows, until, STEPS) if is_new else None
            if law is not None:
                found[expr] = law
        yield from sorted(found.values(), key=lambda law: length(law, rows))[:_HANDED_ON]


Start = dict[sympy.Symbol, float]


def _forms(some: Expressions, y: Array, few: Quantities) -> Iterator[tuple[sympy.Expr, Start]]:
    """The best pairs of every kind, each with and without the constants beside its parts."""
    values, one = some.values, np.ones((len(y), 1))
    burden = 2.0 ** (2 * BITS * some.costs / len(y))
    a, b, c = fresh_constants(tuple(map(str, few.exprs)), 3)
    for pair in best_quotients(values, y, one, _TRIED, burden):
        f, g = some.expr(pair.first), some.expr(pair.second)
        u, v = values[pair.first], values[pair.second]
        for shift in (c, 1, 0):
            columns = np.stack([u, np.ones_like(u), -y], axis=1)[:, : 3 if shift == c else 2]
            weights = np.linalg.lstsq(columns, y * (v + (shift == 1)), rcond=None)[0]
            start = dict(zip((a, b, c), weights.tolist(), strict=False))
            yield (a * f + b) / (g + shift), start
            yield a * f / (g + shift), {s: w for s, w in start.items() if s != b}
    for pair in best_sums(values, y, one, _TRIED, burden):
        f, g = some.expr(pair.first), some.expr(pair.second)
        yield a * f + b * g + c, {a: 1.0, b: 1.0, c: 1.0}
        yield a * f + b * g, {a: 1.0, b: 1.0}
        for alone in (f, g):
            yield a * alone, {a: 1.0}
            yield a * alone + c, {a: 1.0, c: 1.0}
    straight = np.column_stack([one, few.values])
    for always in (one, straight):
        for pair in best_products(values, y, always, _TRIED, burden):
            f, g = some.expr(pair.first), some.expr(pair.second)
            if always is straight:
                product = values[pair.first] * values[pair.second]
                yield _with_inputs(f * g, product, y, few)
                continue
            yield a * f * g + b * g, {a: 1.0, b: 1.0}
            yield a * f * g + c, {a: 1.0, c: 1.0}
            yield a * f * g, {a: 1.0}


def _with_inputs(
    first: sympy.Expr, values: Array, y: Array, few: Quantities
) -> tuple[sympy.Expr, Start]:
    """A term and those inputs beside it that shorten the description."""
    columns = np.column_stack([values, few.values, np.ones(len(y))])
    chosen = list(range(columns.shape[1]))

    def size(some: list[int]) -> float:
        rest = y - columns[:, some] @ np.linalg.lstsq(columns[:, some], y, rcond=None)[0]
        return len(y) * float(np.log2(max(float(rest @ rest), 1e-300))) + len(some) * _TERM

    while len(chosen) > 1:
        without = min(([k for k in chosen if k != out] for out in chosen[1:]), key=size)
        if size(without) >= size(chosen):
            break
        chosen = without
    names = fresh_constants(tuple(map(str, few.exprs)), len(chosen))
    terms = [first, *few.exprs, sympy.S.One]
    total = sympy.Add(*(name * terms[k] for name, k in zip(names, chosen, strict=True)))
    return total, dict.fromkeys(names, 1.0)


def _has_plain_powers(expr: sympy.Expr) -> bool:
    """Whether powers are whole or roots: others bend as any curve does, within noise."""
    powers = [power.exp for power in expr.atoms(sympy.Pow)]
    return all(abs(p) == sympy.S.Half for p in powers if p.is_Rational and not p.is_Integer)
