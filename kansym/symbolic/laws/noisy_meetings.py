"""Laws of noisy rows from both ends: what is left of y is compared with very many expressions.

A side t of y (see `kansym.symbolic.laws.sides_of_noisy_rows`) is g, b g, c + g or c + b g for a
long expression g, c + a u + b v or c + a u v + b v for two short ones, or a x^p z^q. All losses are
a few matrix products: of twenty rows a hundred million laws are looked at in a second, in the order
of their length, as long as there is time; longer ones of those inputs that a side does not have
yet. Or t is a curve along a plain expression, seen by neighbours. A constant of the best laws may
be an expression in its turn: what it would have to be on every row is a side as well.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice

import numpy as np
import sympy
from jaxtyping import Float, Int

from kansym.shared.deadline import Deadline
from kansym.symbolic.constants.plain_exponents import plain_exponent
from kansym.symbolic.formulas.complexity import CONSTANT_BITS, complexity
from kansym.symbolic.laws.checking import apart, fitted, fresh_constants, length
from kansym.symbolic.laws.columns import Quantities
from kansym.symbolic.laws.expression_pairs import (
    FITTED_BITS,
    OPERATION_BITS,
    Pair,
    best_products,
    best_sums,
    burden_of_bits,
)
from kansym.symbolic.laws.expressions import Expressions, long_expressions, short_expressions
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.sides_of_noisy_rows import (
    BEYOND,
    FreedConstant,
    Side,
    Sides,
    plainest_sides,
)
from kansym.symbolic.laws.term_selection import shortest_sum
from kansym.symbolic.laws.univariate import USUAL, univariate_laws

__all__ = ["NoisyMeetings"]

Array = np.ndarray
Draft = tuple[sympy.Expr, dict[sympy.Symbol, float]]
AnySides = Sides[Side] | Sides[FreedConstant]
Costs = tuple[float, float]
"""Of a side and an expression together: above the first, up to the second."""

_FEWEST_ROWS, _MOST_ROWS, _MOST_INPUTS = 8, 64, 6
_SIDES, _PLAIN_SIDES, _LONG = 30_000, 2000, 120_000
"""Sides, those of them that are looked at in other ways too, and about how many expressions."""
_OF_OTHERS = 4000, 2e7
"""About how many of the inputs that a side does not have yet; and meetings of each of their groups
when there are more."""
_MEETINGS = 3e8
"""The plainest sides with expressions that are compared at first; then twice as many, and so on."""
_SEEKING = 0.85
"""Of the time that is left, what comparing them may take: the best are still to be fitted."""
_EVERY = -1.0, float("inf")
_HALF_A_STEP = 0.05
"""Half of the least difference of costs."""
_SIDES_OF_PAIRS, _SHORT, _SECOND = 300, 600, 200
"""The plainest sides, the expressions of which pairs are made, and those that are second in one."""
_BLOCK, _MANY = 4096, 64
"""Expressions and sides that are compared at once, as the cache of a processor holds them."""
_VARIES, _LEAST = 1e-4, 2e-6
"""Least share of an expression that varies under weights, and least loss, in single precision."""
_KEPT, _OF_SIDE = 3000, 2
"""Meetings that are looked at with and without constants, and pairs of each side."""
_ARGUMENTS, _CURVES, _OF_CURVE, _ONE_CURVE = 600, 5, 3, 1.0
"""Plain expressions that a side may be a function of, sides that are named as such functions, the
laws of one, and its seconds."""
_OF_POWERS, _RIDGE = 20, 1e-9
"""Sides that are named as products of real powers, and least weight of a row over the mean."""
_REOPENED = 6
"""The shortest laws whose constants may turn out to be expressions."""
_FITTED, _STEPS, _HANDED_ON = 40, 20, 6
"""Laws of a kind that are fitted, steps of each, and those handed on."""


class NoisyMeetings:
    """The source of laws of few noisy rows in which long expressions stand within functions."""

    name = "expression within functions"

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """The shortest descriptions of the rows, of one expression and of two."""
        own = rows.with_varying()
        if not (2 <= len(own.names) <= _MOST_INPUTS and len(own.y) >= _FEWEST_ROWS):
            return
        kept = np.random.default_rng(0).permutation(len(own.y))[:_MOST_ROWS]
        few = own.take(kept)
        if not (np.ptp(few.y) > 0 and len(every := plainest_sides(few, _SIDES))):
            return
        inputs = Quantities.inputs(few.X, few.names)
        long = long_expressions(inputs, _LONG)
        sides, best = every.take(np.arange(min(len(every), _PLAIN_SIDES))), list[Law]()
        ranges = _growing(every, long)
        for drafts in chain(
            (
                _singles(every, long, next(ranges), until),
                _of_other_inputs(every, inputs, _OF_OTHERS[0], until),
                _pairs(sides, inputs, until),
                _powers(sides, inputs),
                _curves(sides, inputs, few, best, until),
                _of_freed_constants(best, few, long, until),
                _of_other_inputs(every, inputs, _LONG, until),
            ),
            (_singles(every, long, costs, until) for costs in ranges),
        ):
            if until.passed:
                return
            laws = _fitted(drafts, few, until)[:_HANDED_ON]
            best += laws
            for law in laws:
                whole = fitted(law.expr, law.start, self.name, rows, until, _STEPS)
                if whole is not None:
                    yield whole


def _fitted(drafts: Iterator[Draft], rows: Rows, until: Deadline) -> list[Law]:
    """Laws with their constants, the shortest first."""
    met = dict[sympy.Expr, Law | None]()
    for expr, start in drafts:
        if expr not in met and not until.passed:
            met[expr] = fitted(expr, start, NoisyMeetings.name, rows, until, _STEPS)
    laws = [law for law in met.values() if law is not None]
    return sorted(laws, key=lambda law: length(law, rows))


def _growing(sides: Sides[Side], long: Expressions) -> Iterator[Costs]:
    """Ranges of costs with ever more meetings, until there are no more."""
    costs, many = np.unique(sides.costs, return_counts=True)
    every = np.unique(np.round(np.add.outer(costs, np.unique(long.costs)), 1)) + _HALF_A_STEP
    meetings = [many @ np.searchsorted(long.costs, cost - costs, "right") for cost in every]
    low, wanted = _EVERY[0], _MEETINGS
    while low < every[-1]:
        high = every[min(np.searchsorted(meetings, wanted), len(every) - 1)]
        yield low, high
        low, wanted = high, 2 * wanted


def _of_other_inputs(
    sides: Sides[Side], inputs: Quantities, most: int, until: Deadline
) -> Iterator[Draft]:
    """Laws of sides that are one expression of the inputs that they do not have yet."""
    for has in np.unique(sides.has).tolist():
        rest = [k for k in range(len(inputs)) if not has >> k & 1]
        if has and rest and not until.passed:
            some = sides.take(np.flatnonzero(sides.has == has))
            count = min(most, max(_OF_OTHERS[0], int(_OF_OTHERS[1] / len(some))))
            own = long_expressions(inputs.take(rest), count)
            yield from _singles(some, own, _EVERY, until)


def _singles(sides: AnySides, long: Expressions, costs: Costs, until: Deadline) -> Iterator[Draft]:
    """Laws of sides that are one expression, of such costs together, the likeliest first."""
    unit = burden_of_bits(OPERATION_BITS, long.values.shape[1])
    side, place = _closest(sides, long, unit, costs, until.share(_SEEKING))
    if not side.size:
        return
    losses = _losses(sides.values[side], sides.weight[side], long.values[place])
    losses *= unit ** (long.costs[place] + sides.costs[side])
    form, symbols = losses.argmin(axis=0), fresh_constants(tuple(map(str, long.inputs)), 2, "q")
    for k in np.argsort(losses.min(axis=0))[:_FITTED].tolist():
        one, e, g = sides.one(int(side[k])), long.values[place[k]], long.expr(int(place[k]))
        has_factor, has_offset = _FORMS[form[k]]
        columns = [*([e] if has_factor else []), *([np.ones_like(e)] if has_offset else [])]
        names, start = symbols[: len(columns)], dict(one.start)
        if columns:
            rest = one.values if has_factor else one.values - e
            of = np.column_stack(columns) * one.weight[:, None]
            weights = np.linalg.lstsq(of, rest * one.weight, rcond=None)[0]
            start |= dict(zip(names, weights.tolist(), strict=True))
        g = (names[0] if has_factor else 1) * g + (names[-1] if has_offset else 0)
        yield one.restore(g), start


_FORMS = ((False, False), (True, False), (False, True), (True, True))
"""Whether an expression has a factor and an offset."""


def _losses(
    t: Float[Array, "n rows"], weight: Float[Array, "n rows"], e: Float[Array, "n rows"]
) -> Float[Array, "4 n"]:
    """Squares that e leaves of t in each form, constants counted."""
    w = weight**2
    total, mean, size = w.sum(axis=1), (w * t).sum(axis=1), (w * t**2).sum(axis=1)
    own, square, both = (w * e).sum(axis=1), (w * e**2).sum(axis=1), (w * t * e).sum(axis=1)
    along, across = both - mean * own / total, square - own**2 / total
    spread, constant = size - mean**2 / total, burden_of_bits(FITTED_BITS, t.shape[1])
    with np.errstate(all="ignore"):
        losses = (
            size - 2 * both + square,
            (size - both**2 / square) * constant,
            (spread - 2 * along + across) * constant,
            (spread - along**2 / across) * constant**2,
        )
    return np.where(np.stack(losses) > 0, losses, np.inf)


def _of_freed_constants(
    laws: Sequence[Law], rows: Rows, long: Expressions, until: Deadline
) -> Iterator[Draft]:
    """Laws whose constants are expressions: what each would have to be on every row is a side."""
    freed = list[FreedConstant]()
    for law in sorted(laws, key=lambda law: length(law, rows))[:_REOPENED]:
        (expr,), start, _ = apart([law], rows)
        own = replace(law, expr=expr, start=start)
        every = (FreedConstant.of(own, symbol, rows) for symbol in start)
        freed += [constant for constant in every if constant is not None]
    if freed:
        yield from _singles(Sides.of(freed), long, _EVERY, until)


def _closest(
    sides: AnySides, long: Expressions, unit: float, within: Costs, until: Deadline
) -> tuple[Int[Array, " n"], Int[Array, " n"]]:
    """Numbers of sides, and of expressions that leave little of them beside two constants."""
    w = sides.weight**2
    total = w.sum(axis=1, keepdims=True)
    t = sides.values - (w * sides.values).sum(axis=1, keepdims=True) / total
    spread = (w * t**2).sum(axis=1, keepdims=True)
    above, up_to = within
    burdens = (spread / spread.max() * unit ** sides.costs[:, None]).astype(np.float32)
    shares, along = (w / total).astype(np.float32), (w * t / np.sqrt(spread * total)).astype("f4")
    kept = np.zeros(0, np.float32), np.zeros(0, int), np.zeros(0, int)
    for first in range(0, len(long), _BLOCK):
        if until.passed:
            break
        e = long.values[first : first + _BLOCK]
        e = e - e.mean(axis=1, keepdims=True)
        e = (e / np.linalg.norm(e, axis=1, keepdims=True)).astype(np.float32).T
        own = long.costs[first : first + _BLOCK]
        squares, burden = e**2, (unit**own).astype(np.float32)
        begin, end = np.searchsorted(sides.costs, [above - own[-1], up_to - own[0]], "right")
        for low in range(begin, end, _MANY):
            some = slice(low, min(low + _MANY, end))
            mean = shares[some] @ e
            mean *= mean
            across = shares[some] @ squares
            least = _VARIES * across
            across -= mean
            loss = along[some] @ e
            loss *= loss
            loss /= np.maximum(across, least, out=least)
            np.maximum(np.subtract(1.0, loss, out=loss), _LEAST, out=loss)
            loss *= burden
            loss *= burdens[some]
            flat, worst = loss.ravel(), kept[0].max() if len(kept[0]) == _KEPT else np.inf
            places = np.flatnonzero(flat < worst)
            one, other = np.divmod(places, loss.shape[1])
            new = flat[places], one + low, other + first
            kept = tuple(np.concatenate(part) for part in zip(kept, new, strict=True))
            if len(kept[0]) > _KEPT:
                best = np.argpartition(kept[0], _KEPT)[:_KEPT]
                kept = tuple(part[best] for part in kept)
    return kept[1], kept[2]


def _pairs(sides: Sides[Side], inputs: Quantities, until: Deadline) -> Iterator[Draft]:
    """Laws of sides that are a sum or a product of two expressions, the likeliest first."""
    short = short_expressions(inputs, _SHORT)
    unit = burden_of_bits(OPERATION_BITS, len(inputs.values))
    burden, found = unit**short.costs, list[tuple[float, int, int, Pair]]()
    for number in range(min(len(sides), _SIDES_OF_PAIRS)):
        if until.passed:
            break
        w, z = sides.weight[number], sides.values[number] * sides.weight[number]
        size = float(np.sum((z - w * (w @ z) / (w @ w)) ** 2) * unit ** sides.costs[number])
        given = short.values, z, w[:, None], _OF_SIDE, burden
        sums = best_sums(short.values * w, *given[1:], second=_SECOND)
        products = best_products(*given, _SECOND, scale=w)
        for product, pairs in enumerate((sums, products)):
            found += [(pair.loss * size, product, number, pair) for pair in pairs]
    for _, product, number, pair in sorted(found)[:_FITTED]:
        side, (u, v) = sides.one(number), short.values[[pair.first, pair.second]]
        one, other = short.expr(pair.first), short.expr(pair.second)
        columns = np.column_stack([u * v if product else u, v, np.ones_like(v)])
        terms = [one * other if product else one, other, sympy.S.One]
        best = shortest_sum(columns * side.weight[:, None], side.values * side.weight)
        names = fresh_constants(tuple(map(str, inputs.exprs)), len(best.chosen))
        total = sympy.Add(*(name * terms[k] for name, k in zip(names, best.chosen, strict=True)))
        yield side.restore(total), dict(zip(names, best.weights.tolist(), strict=True))


def _powers(sides: Sides[Side], inputs: Quantities) -> Iterator[Draft]:
    """Laws of sides that are a product of real powers, plain ones where they may be."""
    few = inputs.take(np.flatnonzero(inputs.steady))
    ones = np.ones((len(few.values), 1))
    logs = np.hstack([ones, np.log(np.abs(few.values))])
    n, count = logs.shape
    sign = np.sign(np.sum(sides.weight**2 * sides.values, axis=1))
    # Noise takes some values across 0, where the errors of logarithms have no end.
    told = (sides.weight > 0) & (np.sign(sides.values) == sign[:, None])
    kept = np.flatnonzero(told.mean(axis=1) >= 1 - BEYOND)
    if not (len(kept) and len(few) and n > count):
        return
    t, w, told = sides.values[kept], sides.weight[kept], told[kept]
    unit = burden_of_bits(OPERATION_BITS, n)
    z, w = np.log(np.where(told, np.abs(t), 1.0)), (w * t) ** 2 * told  # errors over t
    w += _RIDGE * w.mean(axis=1, keepdims=True)
    square = np.einsum("sr,ri,rj->sij", w, logs, logs)
    inverse = np.linalg.pinv(square, rcond=1e-12, hermitian=True)
    powers = np.einsum("sij,sj->si", inverse, (w * z) @ logs)
    loss = (w * (z - powers @ logs.T) ** 2).sum(axis=1)
    errors = np.sqrt(np.diagonal(inverse, axis1=1, axis2=2) * loss[:, None] / (n - count))
    burden = unit ** sides.costs[kept]
    names = fresh_constants(tuple(map(str, inputs.exprs)), count)
    for k in np.argsort(loss * burden)[:_OF_POWERS].tolist():
        size = sign[kept[k]] * np.exp(powers[k, 0])
        start, expr = {names[0]: float(size)}, names[0]
        for place, (name, power) in enumerate(zip(names[1:], powers[k, 1:].tolist(), strict=True)):
            plain = plain_exponent(power, float(errors[k, place + 1]))
            if plain is None:
                start[name] = power
            expr *= few.magnitude(place) ** (name if plain is None else plain)
        yield sides.one(int(kept[k])).restore(expr), start


def _curves(
    sides: Sides[Side], inputs: Quantities, few: Rows, laws: Sequence[Law], until: Deadline
) -> Iterator[Draft]:
    """Laws of sides that are a function of a plain expression: neighbours along it tell.

    Such a function has two constants at least, and has to promise more than the known laws.
    """
    plain = short_expressions(inputs, _ARGUMENTS)
    unit = burden_of_bits(OPERATION_BITS, len(inputs.values))
    t, w = sides.values, sides.weight
    burden = unit ** (sides.costs + 2 * FITTED_BITS / OPERATION_BITS)
    found = list[tuple[float, int, int]]()
    for place, (e, cost) in enumerate(zip(plain.values, plain.costs, strict=True)):
        if until.passed:
            return
        order = np.argsort(e)
        losses = _off_neighbours(e[order], t[:, order], w[:, order]) * burden * unit**cost
        found += [(float(losses[k]), int(k), place) for k in np.argsort(losses)[:_OF_SIDE]]
    (argument,) = fresh_constants(few.names, 1, "s")
    enough = min((_loss(law, few) for law in laws), default=np.inf)
    likely = {number: place for loss, number, place in sorted(found)[::-1] if loss < enough}
    for number, place in islice(reversed(likely.items()), _CURVES):
        side = sides.one(number)
        told, limit = side.weight > 0, until.within(_ONE_CURVE)
        curve = plain.values[place][told], side.values[told], argument.name, 0.0, limit
        for law in islice(univariate_laws(*curve, side.weight[told] ** 2, stages=USUAL), _OF_CURVE):
            (expr,), start, _ = apart([law], few)
            yield side.restore(expr.xreplace({argument: plain.expr(place)})), start


def _loss(law: Law, rows: Rows) -> float:
    """The squares that a law leaves, its operations and constants counted."""
    bits = complexity(law.expr, rows.names) - (CONSTANT_BITS - FITTED_BITS) * len(law.start)
    squares = len(rows.y) * (law.error * rows.spread) ** 2
    return squares * burden_of_bits(bits, len(rows.y))


def _off_neighbours(
    e: Float[Array, " rows"], t: Float[Array, "n rows"], w: Float[Array, "n rows"]
) -> Float[Array, " n"]:
    """Squares that rows are off the line through their neighbours along e, as those of noise."""
    with np.errstate(all="ignore"):
        share = np.nan_to_num((e[1:-1] - e[:-2]) / (e[2:] - e[:-2]), nan=0.5)
    off = (t[:, 1:-1] - t[:, :-2] - share * (t[:, 2:] - t[:, :-2])) * w[:, 1:-1]
    return np.einsum("ij,ij->i", off, off / (1 + share**2 + (1 - share) ** 2))
