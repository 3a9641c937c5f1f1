"""Laws that hold unknown functions of single quantities, beside short expressions.

A remainder of y (see `kansym.symbolic.laws.remainders`) may be a sum of unknown functions of single
inputs; of these and a multiple of a short expression; of these and an unknown function of a short
expression; or a polynomial in all inputs but one with coefficients that are unknown functions of
that one. Each is a linear space, so that thousands of remainders are tested by one matrix product.
The unknown functions are then named one by one as curves, whatever constants stand in them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import chain, combinations

import numpy as np
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import values_of
from kansym.symbolic.laws.columns import Quantities
from kansym.symbolic.laws.expressions import Expressions, long_expressions, short_expressions
from kansym.symbolic.laws.free_functions import FreeSum, FreeTerm, chebyshev_columns
from kansym.symbolic.laws.free_spaces import (
    FreeSpace,
    crossed,
    of_single_inputs,
    over_functions,
    over_monomials,
    with_products,
)
from kansym.symbolic.laws.function_products import FunctionProduct, function_product
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.remainders import OF_PRODUCTS, OF_SUMS, Remainder, remainders
from kansym.symbolic.laws.targets import TARGETS, Target, targets_of
from kansym.symbolic.laws.univariate import QUICK

__all__ = ["PartlyFree"]

Array = np.ndarray

_FEWEST_ROWS = 100
_ROWS, _MOST_ROWS = 400, 1000
"""Rows on which remainders are screened: in small spaces, in large ones."""
_MOST_INPUTS = 6
_EXPRESSIONS = 12000
_OUTER = (
    "y", "log y", "log -y", "1/y", "y^2", "-y^2", "exp y", "sqrt y", "cbrt y", "asin y", "acos y",
)  # fmt: skip
_OF_ALL, _OF_TWO = 1000, 12000
"""Expressions that are taken off y and its functions, before all are taken off y; then longer ones
of two inputs, together."""
_OF_PRODUCTS = ("log y", "log -y", "1/y", "exp y", "y^2")
_EXACT = 1e-8
"""Error over the spread of y at which a product is believed."""
_SCREENED, _SURE = 1e-3, 1e-7
"""Error of a remainder over its spread that is looked at, and up to which the plain go first."""
_TAKEN, _MANY_TAKEN = 30, 600
"""Expressions that y is divided by before others are put in, and in large spaces."""
_ARGUMENTS, _SCALED = 1000, 150
"""Expressions that an unknown function is of, by itself and times or over an input."""
_PAIRED, _LOT = 4000, 400
"""Expressions that y is divided by before another one is added, and how many at once."""
_SAME = 1e-7
"""Least share of an expression that a space does not have."""
_TRIED, _NAMED = 5, 4
"""Remainders of a space that are fitted, and sums of a step whose functions are named."""


class PartlyFree:
    """Sums of unknown functions of single inputs, seen through expressions around and in them."""

    name = "unknown functions"

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """Exact laws; nothing for rows with noise."""
        inputs = rows.varying
        if rows.may_be_exact(_FEWEST_ROWS) and 2 <= len(inputs) <= _MOST_INPUTS:
            yield from _Search(rows, inputs, until).laws()


@dataclass(frozen=True)
class _Candidate:
    """A remainder and the terms that it may be a sum of."""

    remainder: Remainder
    terms: tuple[FreeTerm, ...]


class _Search:
    """The rows, short expressions, and remainders of y."""

    def __init__(self, rows: Rows, inputs: Sequence[int], until: Deadline) -> None:
        self.rows, self.until = rows, until
        order = np.random.default_rng(0).permutation(len(rows.y))
        self.inputs = Quantities.inputs(rows.X, rows.names).take(inputs)
        self.some, self.more = (
            Quantities(self.inputs.values[order[:most]], self.inputs.exprs)
            for most in (_ROWS, _MOST_ROWS)
        )
        self.y, self.more_y = rows.y[order[:_ROWS]], rows.y[order[:_MOST_ROWS]]

    @cached_property
    def expressions(self) -> Expressions:
        """Short expressions of the inputs."""
        return short_expressions(self.some, _EXPRESSIONS)

    def laws(self) -> Iterator[Law]:
        """Step by step, the quick ones first."""
        single = FreeSpace.of(of_single_inputs(self.some))
        if single is None:
            return
        yield from self.confirmed(self.with_functions_of_one(self.alone()))
        yield from self.beside_products(single)
        few = self.over_plain(_OUTER, _TAKEN)
        if not few[0]:
            return
        places = _likely(single.errors(few[1][:, : len(single.basis)]))
        yield from self.confirmed(_Candidate(few[0][place], single.terms) for place in places)
        yield from self.confirmed(self.with_functions_of_one(few))
        for space in (single, crossed(self.some)):
            if space is not None:
                yield from self.confirmed(self.beside_expressions(space, few))
        for candidates in self.of_expressions_in_turn(single, few):
            yield from self.confirmed(candidates)
        y = TARGETS["y"]
        for target in targets_of(self.y, _OUTER):
            for step in self.sums(single, target, self.expressions.plainest(_OF_ALL)):
                yield from self.confirmed(step)
        for step in self.sums(single, y, self.expressions):
            yield from self.confirmed(step)
        for longer in self.of_two():
            for step in self.sums(single, y, longer, _OF_PRODUCTS, ()):
                yield from self.confirmed(step)
        yield from self.confirmed(self.beside_one_more(single))
        many = self.over_plain(("y", "exp y", "sqrt y", "cbrt y", "y^2"), _MANY_TAKEN)
        yield from self.confirmed(self.with_functions_of_one(many))

    def of_expressions_in_turn(
        self, single: FreeSpace, few: tuple[list[Remainder], Array]
    ) -> Iterator[Iterator[_Candidate]]:
        """Smooth functions of many expressions, then quick ones of the plainest on more rows."""
        yield self.of_expressions(single, few, self.expressions, _ARGUMENT_DEGREE)
        space = FreeSpace.of(of_single_inputs(self.more))
        if space is not None:
            plain = short_expressions(self.more, _QUICK_ARGUMENTS)
            yield self.of_expressions(space, few, plain, _QUICK_DEGREE)

    def beside_products(self, single: FreeSpace) -> Iterator[Law]:
        """A product of functions beside functions of single inputs and products of two."""
        more = with_products(self.some) if len(self.inputs) > 2 else None
        spaces = [single] if more is None else [single, more]
        for target in targets_of(self.rows.y, _OUTER):
            z = target.forward(self.y)
            for space in spaces:
                if self.until.passed:
                    return
                found = function_product(self.some, z, space, _PRODUCT_DEGREE)
                if found is not None and found.error < _SCREENED:
                    yield from self.of_product(found, space, target)
                    break

    def of_product(self, found: FunctionProduct, space: FreeSpace, target: Target) -> Iterator[Law]:
        """Laws with such a product, its functions seen on all rows."""
        z = target.forward(self.rows.y)
        terms = [self.on_all(term) for term in space.terms]
        every = FreeSpace.of(terms, _ARGUMENT_DEGREE + 6)
        if every is None:
            return
        finer = function_product(self.inputs, z, every, _ARGUMENT_DEGREE + 6, found)
        if finer is None or finer.error > _EXACT:
            return
        named = finer.named(self.rows.names, self.until, QUICK)
        named = named or finer.named(self.rows.names, self.until)
        if named is None:
            return
        product, start = named
        rest = FreeSum.of(terms, z - np.prod(finer.functions(), axis=0))
        if rest is not None:
            words = f"{target.name} less a product of functions"
            back = partial(_with_product, target, product)
            yield from rest.laws(back, words, self.rows, self.until, start=start)

    def alone(self) -> tuple[list[Remainder], Array]:
        """Functions of y, and their values on many rows."""
        y = TARGETS["y"]
        found = [
            Remainder(target, y, None, sympy.S.Zero, target.forward(self.more_y))
            for target in targets_of(self.rows.y, _OUTER)
        ]
        return found, np.array([one.values for one in found])

    def over_plain(self, outer: Sequence[str], count: int) -> tuple[list[Remainder], Array]:
        """Functions of y over and times plain expressions, and their values on many rows."""
        plain = short_expressions(self.more, count)
        found: list[Remainder] = []
        for target in targets_of(self.rows.y, outer):
            for many in remainders(self.more_y, target, plain, ("y",), ()):
                found += [many.one(k, plain) for k in range(len(many.values))]
        return found, np.array([one.values for one in found])

    def with_functions_of_one(self, few: tuple[list[Remainder], Array]) -> Iterator[_Candidate]:
        """Polynomials in all inputs but one, and the like, whatever function of that one."""
        found, values = few
        if not found:
            return
        for k in range(len(self.more)):
            for space in chain(over_monomials(self.more, k), over_functions(self.more, k)):
                for place in _likely(space.errors(values)):
                    yield _Candidate(found[place], space.terms)

    def beside_expressions(
        self, space: FreeSpace, few: tuple[list[Remainder], Array]
    ) -> Iterator[_Candidate]:
        """Sums of the terms of a space and a multiple of an expression."""
        found, values = few
        for place, expr in self.beside(space, values[:, :_ROWS]):
            yield _Candidate(found[place], (*space.terms, FreeTerm(expr, self.values(expr))))

    def beside_one_more(self, space: FreeSpace) -> Iterator[_Candidate]:
        """The same of y times or over one of many expressions."""
        expressions = self.expressions.plainest(_PAIRED)
        for many in remainders(self.y, TARGETS["y"], expressions, ("y",), ()):
            if self.until.passed:
                return
            for place, expr in self.beside(space, many.values):
                one, term = many.one(place, expressions), FreeTerm(expr, self.values(expr))
                yield _Candidate(one, (*space.terms, term))

    def beside(self, space: FreeSpace, values: Array) -> list[tuple[int, sympy.Expr]]:
        """Rows that lie in a space but for a multiple of an expression, and these."""
        directions, kept = _beside(space, self.expressions.values)
        rest = _normed(space.without(values))
        best, least = np.zeros(len(rest), dtype=int), np.ones(len(rest))
        for start in range(0, len(rest), _LOT):
            left = 1 - (rest[start : start + _LOT] @ directions.T) ** 2
            best[start : start + _LOT] = left.argmin(axis=1)
            least[start : start + _LOT] = left.min(axis=1)
        places = _likely(np.sqrt(np.maximum(least, 0.0)))
        return [(k, self.expressions.expr(int(kept[best[k]]))) for k in places]

    def of_expressions(
        self,
        space: FreeSpace,
        few: tuple[list[Remainder], Array],
        expressions: Expressions,
        degree: int,
    ) -> Iterator[_Candidate]:
        """Sums of the terms of a space and a function of an expression, by itself or scaled."""
        remainder, values = few
        rest, found = _normed(space.without(values[:, : len(space.basis)])), []
        numbers = _beside(space, expressions.values)[1]
        for factor, size, most in self.factors(len(space.basis)):
            for number in numbers[:most]:
                if self.until.passed:
                    return
                columns = chebyshev_columns(expressions.values[number], degree)
                columns = size[:, None] * columns if most == _SCALED else columns[:, 1:]
                basis = np.linalg.qr(space.without(columns.T).T)[0]
                left = 1 - np.sum((rest @ basis) ** 2, axis=1)
                place = int(left.argmin())
                found.append((float(np.sqrt(max(left[place], 0.0))), int(number), place, factor))
        for place in _likely(np.array([error for error, *_ in found])):
            _, number, chosen, factor = found[place]
            expr, fine = expressions.expr(number), max(1, degree // _ARGUMENT_DEGREE)
            size, at = self.values(factor), self.values(expr)
            term = FreeTerm(factor, size, expr, at, constant=factor != 1, fine=fine)
            yield _Candidate(remainder[chosen], (*space.terms, term))

    def factors(self, rows: int) -> Iterator[tuple[sympy.Expr, Array, int]]:
        """What a function of an expression is scaled by, and how many expressions are tried."""
        yield sympy.S.One, np.ones(rows), _ARGUMENTS
        for expr, x in zip(self.more.exprs, self.more.values[:rows].T, strict=True):
            yield expr, x, _SCALED
            if np.abs(x).min() > 0:
                yield 1 / expr, 1 / x, _SCALED

    def of_two(self) -> Iterator[Expressions]:
        """Longer expressions of two inputs, where there are more."""
        groups = list(combinations(range(len(self.some)), 2))
        for group in groups if len(self.some) > 2 else ():
            yield long_expressions(self.some.take(group), _OF_TWO // len(groups))

    def sums(
        self,
        space: FreeSpace,
        target: Target,
        expressions: Expressions,
        of_products: Sequence[str] = OF_PRODUCTS,
        of_sums: Sequence[str] = OF_SUMS,
    ) -> Iterator[list[_Candidate]]:
        """Remainders of one function of y that lie in a space, for each way to make them."""
        for many in remainders(self.y, target, expressions, of_products, of_sums):
            if self.until.passed:
                return
            places = _likely(space.errors(many.values))
            yield [_Candidate(many.one(k, expressions), space.terms) for k in places]

    def confirmed(self, candidates: Iterable[_Candidate]) -> Iterator[Law]:
        """Laws of candidates that hold on all rows with functions of a higher degree."""
        found: list[tuple[int, int, FreeSum, Remainder]] = []
        until = self.until.within(_CONFIRMING)
        for number, candidate in enumerate(candidates):
            if until.passed:
                break
            z = self.whole(candidate.remainder)
            sum_ = (
                FreeSum.of([self.on_all(t) for t in candidate.terms], z) if z is not None else None
            )
            if sum_ is not None:
                terms = len(sum_.terms) + (candidate.remainder.operation is not None)
                found.append((terms, number, sum_, candidate.remainder))
        found.sort(key=lambda each: each[:2])
        for stages, most in ((QUICK, _NAMED), (None, 1)):
            for *_, sum_, one in found[:most]:
                yield from sum_.laws(one.restore, one.words, self.rows, self.until, stages)

    def on_all(self, term: FreeTerm) -> FreeTerm:
        """A term on all rows."""
        at = None if term.quantity is None else self.values(term.quantity)
        return replace(term, size=self.values(term.factor), at=at)

    def whole(self, remainder: Remainder) -> Array | None:
        """The values of a remainder on all rows."""
        with np.errstate(all="ignore"):
            z = remainder.of(self.rows.y, self.values(remainder.taken))
        return z if np.isfinite(z).all() else None

    def values(self, expr: sympy.Expr) -> Array:
        """An expression of the inputs on all rows."""
        return values_of(expr, {}, self.rows)


_CONFIRMING = 3.0
"""Seconds for the sums of one step: of two inputs very many are nearly right."""
_ARGUMENT_DEGREE, _PRODUCT_DEGREE = 14, 10
_QUICK_DEGREE, _QUICK_ARGUMENTS = 42, 200
"""Of functions that turn often, such as sin(x^2 + y): of a few expressions only."""


def _with_product(target: Target, product: sympy.Expr, expr: sympy.Expr) -> sympy.Expr:
    """From what stands beside a product to y."""
    return target.inverse(expr + product)


def _likely(errors: Array) -> list[int]:
    """The least errors; those that are as good as exact in their order."""
    rounded = np.maximum(errors, _SURE)
    places = np.argsort(rounded, kind="stable")[:_TRIED]
    return [int(place) for place in places if rounded[place] < _SCREENED]


def _normed(values: Array) -> Array:
    """Rows of norm 1."""
    return values / np.maximum(np.linalg.norm(values, axis=1), 1e-300)[:, None]


def _beside(space: FreeSpace, values: Array) -> tuple[Array, Array]:
    """What rows have beside a space, of norm 1, and which have anything."""
    rest = space.without(values)
    norm = np.linalg.norm(rest, axis=1)
    kept = np.flatnonzero(norm > _SAME * np.linalg.norm(values, axis=1))
    return rest[kept] / norm[kept, None], kept
