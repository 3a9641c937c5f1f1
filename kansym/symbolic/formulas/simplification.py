"""Simplify formulas in bounded time, never changing their value, never making them longer."""

import math
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush
from typing import final

import numpy as np
import sympy

from kansym.programs.program import NUMPY, evaluate
from kansym.programs.tabulated_curve import TabulatedCurve
from kansym.shared.bounded_time import within
from kansym.shared.errors import InputError
from kansym.symbolic.formulas.complexity import DescriptionLength, complexity
from kansym.symbolic.formulas.identities import ALGEBRA, FOLLOWERS, OPENING, REWRITES, Rewrite
from kansym.symbolic.formulas.sympy_programs import from_sympy

__all__ = ["complexity", "simplified_by_sympy", "simplify"]

_POINTS = 48  # at which the value must stay
_TOLERANCE = 1e-9  # of the value, and of a thousandth of the largest one
_SAMPLES = 3  # that may turn out to miss rows that matter
_DIGITS = 40  # in which forms of equal value that lose digits still agree
_TINY = 1e-30
_ROUNDS = 12
_STEPS = 12
"""Forms of one part whose rewrites are tried."""
_SLACK = 10.0
"""Bits by which a form may be longer than the best and still be rewritten: two operations."""
_LARGE = 10_000  # degrees with which sympy's greatest common divisors still end


def simplify(
    expression: sympy.Expr,
    *,
    inputs: Iterable[str] | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    values: Mapping[str, np.ndarray] | None = None,
    curves: Mapping[str, TabulatedCurve] | None = None,
    seconds: float = 2.0,
) -> sympy.Expr:
    """A shorter expression of equal value.

    Rewrites are tried from the inside out; one stays if it makes the whole shorter in bits and
    leaves its value unchanged at sample points within the ranges.

    Parameters
    ----------
    expression : the formula.
    inputs : names of the variables; other symbols count as free constants. All by default.
    ranges : for a symbol, the interval where the formula must keep its value; identities such as
        sqrt(x**2) = x are used where they hold there. (0.5, 2) for symbols that are not named.
    values : sample points instead of ranges, one array (or number) for each symbol.
    curves : tabulated curves that the expression calls, by name.
    seconds : time it may take; the best so far is given back when it is up.

    Examples
    --------
    >>> x, y = sympy.symbols("x y")
    >>> simplify(sympy.tanh(sympy.atanh(x) + sympy.atanh(y)), ranges={"x": (-0.5, 0.5)})
    (x + y)/(x*y + 1)
    >>> simplify(sympy.exp(sympy.log(x) + 2 * sympy.log(y)))
    x*y**2
    """
    names = None if inputs is None else tuple(inputs)
    sample = _sample(expression, ranges or {}, values or {})
    deadline = time.monotonic() + seconds
    for _ in range(_SAMPLES):
        search = _Simplification(expression, names, sample, curves or {}, deadline)
        within(deadline - time.monotonic(), search, None)
        rows = _differing(search, expression, values or {})
        if not len(rows):
            return search.best
        sample = _with_rows(sample, values or {}, rows)
    return expression


def _differing(
    search: "_Simplification", expression: sympy.Expr, values: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Some of the given rows, which are more than the sample, whose values have changed."""
    if search.best == expression or not search.sample.keys() <= values.keys():
        return np.array([], dtype=int)
    given = {**search.sample, **{name: np.asarray(v, dtype=float) for name, v in values.items()}}
    left, right = (search.value_at(e, given) for e in (expression, search.best))
    if left is None or right is None:
        return np.array([0])
    rows = np.flatnonzero(~_agreeing(left, right))[:_POINTS]
    return rows[[not _exactly_equal(expression, search.best, _row(given, row)) for row in rows]]


def _row(columns: Mapping[str, np.ndarray], row: int) -> dict[sympy.Symbol, float]:
    return {
        sympy.Symbol(name): float(column[row] if column.ndim else column)
        for name, column in columns.items()
    }


def _exactly_equal(
    left: sympy.Expr, right: sympy.Expr, point: Mapping[sympy.Symbol, float]
) -> bool:
    """Whether values differ only because one form loses digits, as a**2 - 2*a*b + b**2 does."""
    with suppress(TypeError, ValueError, ArithmeticError):
        values = [complex(e.evalf(_DIGITS, subs=dict(point))) for e in (left, right)]
        return abs(values[0] - values[1]) <= _TOLERANCE * abs(values[0]) + _TINY
    return False


def _with_rows(
    sample: Mapping[str, np.ndarray], values: Mapping[str, np.ndarray], rows: np.ndarray
) -> dict[str, np.ndarray]:
    """The sample with further rows."""
    return {
        name: np.append(column, np.asarray(values[name], dtype=float)[rows])
        if column.ndim
        else column
        for name, column in sample.items()
    }


def simplified_by_sympy(expression: sympy.Expr, seconds: float) -> sympy.Expr:
    """``sympy.simplify`` in bounded time; the expression itself where it is too large for that.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> simplified_by_sympy(sympy.sin(x) ** 2 + sympy.cos(x) ** 2, 5.0)
    1
    """
    if _polynomial_size(expression) > _LARGE:
        return expression
    return within(seconds, lambda: sympy.simplify(expression), expression)


def _polynomial_size(expression: sympy.Expr) -> float:
    """Product of the degrees that the expression has as a polynomial in its roots and powers.

    sympy's greatest common divisors compute with integers of so many digits, in steps that no
    signal interrupts: x**0.137 and x**2.5 are powers 137 and 2500 of x**(1/1000).
    """
    exponents: dict[tuple[sympy.Basic, sympy.Basic], list[sympy.Rational]] = defaultdict(list)
    for part in sympy.preorder_traversal(expression):
        if isinstance(part, sympy.Pow | sympy.exp):
            base, exponent = part.as_base_exp()
            factor, rest = sympy.nsimplify(exponent, rational=True).as_coeff_Mul()
            if base.free_symbols or rest.free_symbols:
                exponents[base, rest].append(sympy.Rational(factor))
    size = 1.0
    # Logarithms are combined: 67500*log(c) becomes c**67500 in exact numbers.
    for product in expression.atoms(sympy.Mul):
        if product.has(sympy.log):
            size *= max(1.0, min(abs(float(product.as_coeff_Mul()[0])), _LARGE + 1.0))
    for powers in exponents.values():
        common = math.lcm(*(int(power.q) for power in powers))
        size *= max(1.0, *(float(abs(power) * common) for power in powers))
    return size


def _sample(
    expression: sympy.Expr,
    ranges: Mapping[str, tuple[float, float]],
    values: Mapping[str, np.ndarray],
) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(20240229)
    sample: dict[str, np.ndarray] = {}
    for symbol in sorted(expression.free_symbols, key=lambda s: s.name):
        if symbol.name in values:
            given = np.asarray(values[symbol.name], dtype=float)
            sample[symbol.name] = given[:: max(1, len(given) // _POINTS)] if given.ndim else given
        else:
            low, high = ranges.get(symbol.name, (0.5, 2.0))
            sample[symbol.name] = rng.uniform(low, high, _POINTS)
    return sample


@final
class _Simplification:
    """Downhill search in complexity; ``best`` is valid whenever it is interrupted."""

    def __init__(
        self,
        expression: sympy.Expr,
        inputs: tuple[str, ...] | None,
        sample: dict[str, np.ndarray],
        curves: Mapping[str, TabulatedCurve],
        deadline: float,
    ) -> None:
        self.functions = {**NUMPY, **curves}
        self.deadline, self.sample = deadline, sample
        self.bits = DescriptionLength(inputs).bits
        self.best = expression
        self.known: dict[sympy.Expr, sympy.Expr] = {}
        self.improved: dict[sympy.Expr, sympy.Expr] = {}
        self.tried: dict[tuple[Rewrite, sympy.Expr], tuple[sympy.Expr, ...]] = {}
        self.values: dict[sympy.Expr, np.ndarray | None] = {}

    def __call__(self) -> None:
        for _ in range(_ROUNDS):
            before = self.best
            self.offer(self._visit(self.best))
            if self.best == before:
                return

    def offer(self, expression: sympy.Expr) -> bool:
        """Take an expression over if it is shorter and has the same value."""
        shorter = self._ranked(expression) < self._ranked(self.best)
        if shorter and self._equal(self.best, expression):
            self.best = expression
            return True
        return False

    def _ranked(self, expression: sympy.Expr) -> "_Ranked":
        return _Ranked(round(self.bits(expression), 6), expression)

    def _visit(self, e: sympy.Expr) -> sympy.Expr:
        if e.is_Atom:
            return e
        if e not in self.known:
            forms = [e, *(form for rewrite in OPENING for form in self._tried(rewrite, e))]
            visited = [self._improved(self._inside(form)) for form in forms]
            self.known[e] = min(visited, key=self._ranked)
            if self.known[e] != e:
                self.offer(self.best.xreplace({e: self.known[e]}))
        return self.known[e]

    def _inside(self, e: sympy.Expr) -> sympy.Expr:
        parts = [self._visit(part) for part in e.args]
        return e if tuple(parts) == e.args else e.func(*parts)

    def _improved(self, e: sympy.Expr) -> sympy.Expr:
        """The shortest form that rewrites of this part reach, the shortest tried first."""
        if e not in self.improved:
            self.improved[e] = self._search(e)
        return self.improved[e]

    def _search(self, e: sympy.Expr) -> sympy.Expr:
        best, met = self._ranked(e), {e}
        queue = [best]
        for _ in range(_STEPS):
            form = self._next(queue, e, best.bits + _SLACK)
            if form is None:
                break
            rewrites = REWRITES
            if not best < form:
                best, rewrites = form, REWRITES + ALGEBRA
            for candidate in self._candidates(form.expression, rewrites):
                if candidate not in met:
                    met.add(candidate)
                    ranked = self._ranked(candidate)
                    if ranked.bits <= best.bits + _SLACK:
                        heappush(queue, ranked)
        return best.expression

    def _next(self, queue: list["_Ranked"], e: sympy.Expr, most: float) -> "_Ranked | None":
        """The shortest form in a queue that has the value it should have."""
        while queue:
            form = heappop(queue)
            if form.bits > most:
                return None
            if form.expression is e or self._equal(e, form.expression):
                return form
        return None

    def _candidates(self, e: sympy.Expr, rewrites: tuple[Rewrite, ...]) -> Iterable[sympy.Expr]:
        for rewrite in rewrites:
            for found in self._tried(rewrite, e):
                yield found
                # One more step: some identities pay only together.
                for second in FOLLOWERS.get(rewrite, ()):
                    yield from self._tried(second, found)

    def _tried(self, rewrite: Rewrite, e: sympy.Expr) -> tuple[sympy.Expr, ...]:
        key = (rewrite, e)
        if key not in self.tried:
            self.tried[key] = () if e.is_Atom else _applied(rewrite, e)
        return self.tried[key]

    def _equal(self, left: sympy.Expr, right: sympy.Expr) -> bool:
        return _same(self._value(left), self._value(right))

    def _value(self, expression: sympy.Expr) -> np.ndarray | None:
        if expression not in self.values:
            self.values[expression] = self._evaluated(expression)
        return self.values[expression]

    def _evaluated(self, expression: sympy.Expr) -> np.ndarray | None:
        if expression.has(sympy.zoo, sympy.nan, sympy.oo, sympy.I):
            return None
        return self.value_at(expression, self.sample)

    def value_at(self, expression: sympy.Expr, point: dict[str, np.ndarray]) -> np.ndarray | None:
        """Values of an expression; None if it has none."""
        try:
            found = evaluate(from_sympy(expression), point, self.functions)
        except InputError:
            return None
        return np.asarray(found, dtype=float)


def _same(left: np.ndarray | None, right: np.ndarray | None) -> bool:
    """Whether values agree wherever the first are defined, which they are somewhere."""
    if left is None or right is None:
        return False
    return bool(np.isfinite(left).any() and _agreeing(left, right).all())


def _agreeing(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Row by row, whether the second value is the first, up to rounding, or none is defined."""
    left, right = np.broadcast_arrays(left, right)
    defined = np.isfinite(left)
    largest = np.abs(left[defined]).max(initial=0.0)
    with np.errstate(invalid="ignore"):
        return ~defined | (np.abs(left - right) <= _TOLERANCE * (np.abs(left) + 1e-3 * largest))


@dataclass(frozen=True, eq=False)
class _Ranked:
    """A form with its length; the shorter comes first."""

    bits: float
    expression: sympy.Expr

    def __lt__(self, other: "_Ranked") -> bool:
        if self.bits != other.bits:
            return self.bits < other.bits
        return self.order < other.order

    @cached_property
    def order(self) -> tuple[int, int, int, str]:
        """Ties in bits: fewer operations, fewer names, fewer signs, then the alphabet."""
        names = signs = 0
        for part in sympy.preorder_traversal(self.expression):
            names += part.is_Symbol
            signs += part.is_Add and sum(map(_sign, part.args))
        text = str(self.expression)
        return int(self.expression.count_ops()), names, signs + text.count("(-"), text


def _sign(term: sympy.Expr) -> int:
    """Which terms had better be negative: numbers before names, but 1 last."""
    number, rest = term.as_coeff_Mul()
    if not number.is_negative:
        return 0
    return 2 if rest != 1 else 3 if number == -1 else 1


def _applied(rewrite: Rewrite, e: sympy.Expr) -> tuple[sympy.Expr, ...]:
    """A rewrite's results; algebra that cannot handle the expression has nothing to say."""
    try:
        found = rewrite(e)
    except (
        ArithmeticError,
        AttributeError,
        NotImplementedError,
        RecursionError,
        TypeError,
        ValueError,
        sympy.PolynomialError,
    ):
        return ()
    if found is None:
        return ()
    forms = (found,) if isinstance(found, sympy.Expr) else found
    return tuple(form for form in forms if form != e)
