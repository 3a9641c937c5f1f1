"""All short expressions of a few inputs, without constants, as columns: the plainest first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import sympy
from jaxtyping import Float, Int

from kansym.symbolic.laws.columns import Quantities

__all__ = [
    "Expressions",
    "long_expressions",
    "short_expressions",
    "short_expressions_and_functions",
]

Array = np.ndarray

_LARGEST, _LEAST_CHANGE = 1e6, 1e-6
"""Largest value over the median size, and least spread over the size, of a column that is kept."""
_DIGITS, _STRIDE = 9, 6_364_136_223_846_793_005
"""Digits in which the columns of two expressions that are the same agree, and a large odd number
that makes one number of two."""
_LOOKED_AT = 32
"""Rows that a median size is told by."""


@dataclass(frozen=True)
class _Function:
    """A function of one argument."""

    value: Callable[[Array], Array]
    expr: Callable[[sympy.Expr], sympy.Expr]
    cost: float = 1.0
    """Of a join of two parts it is 1: laws hold more of these than of any function but squares."""


_FUNCTIONS = (
    _Function(np.square, lambda e: e**2, 0.5),
    _Function(np.reciprocal, lambda e: 1 / e, 0.5),
    _Function(np.sqrt, sympy.sqrt, 1.2),
    _Function(np.exp, sympy.exp, 1.2),
    _Function(np.log, sympy.log, 1.2),
    _Function(np.sin, sympy.sin, 1.2),
    _Function(np.cos, sympy.cos, 1.2),
    _Function(lambda v: v**3, lambda e: e**3, 1.2),
    _Function(lambda v: v**4, lambda e: e**4, 1.2),
    _Function(lambda v: np.exp(-v), lambda e: sympy.exp(-e), 1.2),
    _Function(lambda v: v**-2.0, lambda e: e**-2),
    _Function(np.tanh, sympy.tanh, 2.0),
    _Function(lambda v: 1 + v, lambda e: 1 + e),
    _Function(lambda v: 1 - v, lambda e: 1 - e),
    _Function(lambda v: v**-0.5, lambda e: 1 / sympy.sqrt(e), 1.5),
    _Function(lambda v: 1 / (1 + v), lambda e: 1 / (1 + e), 2.0),
    _Function(lambda v: 1 / (1 - v), lambda e: 1 / (1 - e), 2.0),
    _Function(np.log1p, lambda e: sympy.log(1 + e), 2.0),
    _Function(lambda v: np.sqrt(1 + v), lambda e: sympy.sqrt(1 + e), 2.0),
    _Function(lambda v: np.sqrt(1 - v), lambda e: sympy.sqrt(1 - e), 2.0),
    _Function(lambda v: (1 - v) ** -0.5, lambda e: 1 / sympy.sqrt(1 - e), 2.0),
    _Function(lambda v: 1 / np.sin(v), lambda e: 1 / sympy.sin(e), 2.0),
    _Function(lambda v: 1 / np.cos(v), lambda e: 1 / sympy.cos(e), 2.0),
    _Function(lambda v: 1 / np.expm1(v), lambda e: 1 / (sympy.exp(e) - 1), 3.0),
    _Function(np.arcsin, sympy.asin, 0.9),
    _Function(np.arctan, sympy.atan, 0.9),
)
_OF_INPUTS = 14
"""Functions that one input by itself is put into; the others are put around two parts only."""
_JOINS = (
    (np.add, lambda a, b: a + b),
    (np.subtract, lambda a, b: a - b),
    (np.multiply, lambda a, b: a * b),
    (np.divide, lambda a, b: a / b),
    (lambda a, b: b / a, lambda a, b: b / a),
    (np.hypot, lambda a, b: sympy.sqrt(a**2 + b**2)),
)
_ARITHMETIC, _PRODUCTS, _DISTANCE = (0, 1, 2, 3, 4), (2, 3, 4), (5,)
"""Places among these: of + - * /, of those that make monomials, and of the last, for inputs."""
_POWERS = (
    (np.power, lambda a, b: a**b),
    (lambda a, b: a**-b, lambda a, b: a**-b),
)
"""Of inputs, and of 1 + x and 1 - x, with inputs as exponents."""
_POWER_COST, _NESTED = 1.5, 1.0
"""Of such a power, and of a function of a function of one of several inputs on top of both."""
_BASES = (-1, 12, 13)
"""Places among the functions of what is raised to powers; -1 is an input."""


@dataclass(frozen=True, eq=False)
class Expressions:
    """Expressions and their values.

    Attributes
    ----------
    values : shape (expressions, rows).
    costs : about the operations of each, growing.
    places : of each among all that were made.
    made : how each was made: the place of an operation, and the places of its arguments; an input
        is -1 and its number.
    inputs : the expressions of the inputs.
    """

    values: Float[np.ndarray, "n rows"]
    costs: Float[np.ndarray, " n"]
    places: Int[np.ndarray, " n"]
    made: Int[np.ndarray, "all 3"]
    inputs: tuple[sympy.Expr, ...]

    def __len__(self) -> int:
        return len(self.costs)

    def expr(self, number: int) -> sympy.Expr:
        """One of them."""
        return self._made(int(self.places[number]))

    def _made(self, place: int) -> sympy.Expr:
        operation, first, second = (int(number) for number in self.made[place])
        if operation < 0:
            return self.inputs[first]
        if operation < len(_FUNCTIONS):
            return _FUNCTIONS[operation].expr(self._made(first))
        join = (*_JOINS, *_POWERS)[operation - len(_FUNCTIONS)][1]
        return join(self._made(first), self._made(second))

    @cached_property
    def has(self) -> Int[np.ndarray, " n"]:
        """The inputs that are in each, a bit for each."""
        symbols = [expr.free_symbols for expr in self.inputs]
        every = (self.expr(number).free_symbols for number in range(len(self)))
        return np.array([sum(1 << k for k, s in enumerate(symbols) if s & own) for own in every])

    def take(self, numbers: Int[np.ndarray, " some"] | slice) -> "Expressions":
        """Some of them."""
        return replace(
            self,
            values=self.values[numbers],
            costs=self.costs[numbers],
            places=self.places[numbers],
        )

    def on(self, inputs: Float[np.ndarray, "others inputs"]) -> "Expressions":
        """The same on other rows; nan or infinite where they are not defined."""
        needed, now = np.zeros(len(self.made), dtype=bool), self.places
        while len(now):
            needed[now] = True
            now = np.unique(self.made[now[self.made[now, 0] >= 0], 1:])
            now = now[~needed[now]]
        every = np.flatnonzero(needed)
        at = np.cumsum(needed) - 1
        operation, (first, second) = self.made[every, 0], at[self.made[every, 1:].T]
        depth = self._depths(operation, first, second)
        values = np.empty((len(every), len(inputs)))
        with np.errstate(all="ignore"):
            for level in range(depth.max() + 1):
                here = depth == level
                for number in np.unique(operation[here]).tolist():
                    some = np.flatnonzero(here & (operation == number))
                    if number < 0:
                        values[some] = inputs.T[self.made[every[some], 1]]
                    elif number < len(_FUNCTIONS):
                        values[some] = _FUNCTIONS[number].value(values[first[some]])
                    else:
                        join = (*_JOINS, *_POWERS)[number - len(_FUNCTIONS)][0]
                        values[some] = join(values[first[some]], values[second[some]])
        return replace(self, values=values[at[self.places]])

    @staticmethod
    def _depths(operation: Array, first: Array, second: Array) -> Array:
        """How many operations deep each is, its arguments known by their places."""
        depth = np.zeros(len(operation), dtype=int)
        while True:
            deeper = np.maximum(depth[first], depth[second]) + 1
            deeper[operation < 0] = 0
            if (deeper == depth).all():
                return depth
            depth = deeper

    def plainest(self, most: int) -> "Expressions":
        """The first of them."""
        return self.take(slice(most))


class _Growing:
    """Expressions that are added in lots; what was met before is left out."""

    def __init__(self, inputs: Quantities) -> None:
        self.inputs = inputs
        rng = np.random.default_rng(0)
        self.marks = rng.normal(size=(2, len(inputs.values)))
        self.met: set[int] = set()
        self._lots = [(np.zeros((0, len(inputs.values))), np.zeros(0), np.zeros((0, 3), int))]

    def _lot(self, part: int) -> Array:
        """Values, costs or origins of all that was added."""
        if len(self._lots) > 1:
            self._lots = [tuple(np.concatenate(parts) for parts in zip(*self._lots, strict=True))]
        return self._lots[0][part]

    @property
    def values(self) -> Array:
        """Values, shape (expressions, rows)."""
        return self._lot(0)

    @property
    def costs(self) -> Array:
        """Costs."""
        return self._lot(1)

    @property
    def made(self) -> Array:
        """How each was made."""
        return self._lot(2)

    def add(self, values: Array, costs: Array, made: Array) -> None:
        """Those that are sound and new."""
        size = np.abs(values)
        with np.errstate(all="ignore"):
            largest = size.max(axis=1)
            sound = np.isfinite(largest)
            sound &= largest < _LARGEST * np.median(size[:, :_LOOKED_AT], axis=1)
            sound &= np.std(values, axis=1) > _LEAST_CHANGE * largest
            rows = np.flatnonzero(sound)
            marks = (values[rows] / np.linalg.norm(values[rows], axis=1)[:, None]) @ self.marks.T
            marks = np.round(marks * np.where(marks[:, :1] < 0, -1.0, 1.0) * 10.0**_DIGITS)
            first, second = marks.astype(np.int64).T
            keys = first * _STRIDE + second
        met, add = self.met, self.met.add
        pairs = zip(rows.tolist(), keys.tolist(), strict=True)
        kept = [row for row, key in pairs if not (key in met or add(key))]
        self._lots.append((values[kept], costs[kept], made[kept]))

    def around(self, places: Array, functions: Sequence[_Function], more: float = 0.0) -> None:
        """Functions of some of them, of so much more cost."""
        values, costs = self.values[places], self.costs[places]
        for number, function in enumerate(functions):
            operation = np.full(len(places), number)
            made = np.stack([operation, places, np.zeros_like(places)], axis=1)
            self.add(function.value(values), costs + function.cost + more, made)

    def joined(
        self, left: Array, right: Array, joins: Sequence[int] = _ARITHMETIC, cost: float = 1.0
    ) -> None:
        """Each of some with each of others."""
        pairs = np.stack([np.repeat(left, len(right)), np.tile(right, len(left))], axis=1)
        self.joined_pairs(np.unique(np.sort(pairs, axis=1), axis=0), joins, cost)

    def joined_pairs(
        self, pairs: Array, joins: Sequence[int] = _ARITHMETIC, cost: float = 1.0
    ) -> None:
        """Each pair of places."""
        values, own = self.values, self.costs
        for lot in np.array_split(pairs, 1 + len(pairs) // _LOT):
            i, j = lot.T
            for number in joins:
                operation = np.full(len(lot), len(_FUNCTIONS) + number)
                made = np.stack([operation, i, j], axis=1)
                self.add(_JOINS[number][0](values[i], values[j]), own[i] + own[j] + cost, made)

    def raised(self, bases: Array, exponents: Array) -> None:
        """Each positive one of some to the power of each of others, and of these below the line."""
        bases = bases[(self.values[bases] > 0).all(axis=1)]
        i, j = np.repeat(bases, len(exponents)), np.tile(exponents, len(bases))
        base, exponent, costs = self.values[i], self.values[j], self.costs[i] + self.costs[j]
        for number, (power, _) in enumerate(_POWERS):
            operation = np.full(len(i), len(_FUNCTIONS) + len(_JOINS) + number)
            made = np.stack([operation, i, j], axis=1)
            self.add(power(base, exponent), costs + _POWER_COST, made)

    def taken(self, places: Array) -> Expressions:
        """Some of them."""
        values, costs = self.values[places], self.costs[places]
        return Expressions(values, costs, places, self.made, self.inputs.exprs)

    def composed(self) -> Array:
        """Joined ones, and functions of other than inputs."""
        operation, argument = self.made[:, 0], self.made[:, 1]
        of_input = (operation >= 0) & (operation[argument] < 0)
        return np.flatnonzero((operation >= len(_FUNCTIONS)) | ((operation >= 0) & ~of_input))

    def functions(self) -> Array:
        """Functions of an argument, the plainest first.

        A function of a function of one input is no stranger here than one of a product.
        """
        operation, argument = self.made[:, 0], self.made[:, 1]
        is_function = (operation >= 0) & (operation < len(_FUNCTIONS))
        is_nested = is_function & is_function[np.where(is_function, argument, 0)]
        return self.plainest(np.flatnonzero(is_function), len(is_function), _NESTED * is_nested)

    def plainest(self, places: Array, most: int, less: Array | float = 0.0) -> Array:
        """Those of least cost of some, which may be less than usual."""
        costs = self.costs - less
        return places[np.argsort(costs[places], kind="stable")[:most]]


_LOT = 4000


def short_expressions(inputs: Quantities, most: int) -> Expressions:
    """The plainest expressions of some quantities, at most so many.

    They are monomials, inputs, functions of these, two of them joined by + - * /, powers whose
    exponents are inputs, roots of two squares, functions around these, and a third part joined to
    the plainest ones of two parts.

    Examples
    --------
    >>> x = np.random.default_rng(0).uniform(1, 3, (100, 2))
    >>> few = short_expressions(Quantities.inputs(x, ("a", "b")), 500)
    >>> [str(few.expr(k)) for k in range(4)]
    ['a', 'b', 'a**2', 'b**2']
    """
    grown = _grown(inputs, most)
    return grown.taken(grown.plainest(np.arange(len(grown.costs)), most))


def long_expressions(inputs: Quantities, most: int) -> Expressions:
    """Those of `short_expressions`, any two of them joined, and functions around all of these.

    About so many of each kind, the plainest first.
    """
    grown = _grown(inputs, most // _SHORT_ONES)
    with np.errstate(all="ignore"):
        grown.joined_pairs(_plainest_pairs(grown.costs, most // _PER_PAIR))
        composed = grown.composed()
        grown.around(grown.plainest(composed, most // _OF_INPUTS), _FUNCTIONS[:_OF_INPUTS])
    return grown.taken(grown.plainest(np.arange(len(grown.costs)), len(grown.costs)))


def _plainest_pairs(costs: Array, count: int) -> Array:
    """Places of about so many pairs of least cost together, shape (pairs, 2)."""
    order = np.argsort(costs, kind="stable")
    own = costs[order]
    low, high = 0.0, 2.0 * own[-1]
    places = np.arange(len(own))
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        partners = np.searchsorted(own, middle - own, side="right") - places
        low, high = (low, middle) if np.maximum(partners, 0).sum() > count else (middle, high)
    partners = np.maximum(np.searchsorted(own, low - own, side="right") - places, 0)
    first = np.repeat(places, partners)
    second = first + np.arange(len(first)) - np.repeat(np.cumsum(partners) - partners, partners)
    return np.sort(np.stack([order[first], order[second]], axis=1), axis=1)


_SHORT_ONES, _PER_PAIR, _HALVINGS = 6, 2, 30
"""Long expressions for each short one, and for each pair that is joined."""


def short_expressions_and_functions(
    inputs: Quantities, most: int, plainest: int, functions: int
) -> tuple[Expressions, Expressions]:
    """Those of `short_expressions`; and so many plainest ones of them, then functions of one."""
    grown = _grown(inputs, most)
    kept = grown.plainest(np.arange(len(grown.costs)), most)
    few = np.concatenate([kept[:plainest], grown.functions()[:functions]])
    return grown.taken(kept), grown.taken(few)


def _grown(inputs: Quantities, most: int) -> _Growing:
    """Expressions, so many that the plainest of them are all there are."""
    grown, count = _Growing(inputs), len(inputs)
    with np.errstate(all="ignore"):
        numbers = np.arange(count)
        made = np.stack([np.full(count, -1), numbers, np.zeros_like(numbers)], axis=1)
        grown.add(inputs.values.T, np.zeros(count), made)
        leaves = np.arange(len(grown.costs))
        grown.around(leaves, _FUNCTIONS[:_OF_INPUTS])
        parts = np.arange(len(grown.costs))
        grown.around(parts[count:], _FUNCTIONS, _NESTED if count > 1 else 0.0)
        one, level = len(grown.costs), leaves
        for factor in range(1, _FACTORS):
            before = len(grown.costs)
            room = grown.plainest(level, most // count)
            grown.joined(room, leaves, _PRODUCTS, _FIRST if factor == 1 else _FURTHER)
            level = np.arange(before, len(grown.costs))
        grown.joined(leaves, leaves, _DISTANCE, _FIRST + _FURTHER)
        grown.joined(parts, parts)
        grown.raised(parts[np.isin(grown.made[parts, 0], _BASES)], leaves)
        two = np.arange(one, len(grown.costs))
        grown.around(grown.plainest(two, most // _AROUND_SHARE), _FUNCTIONS)
        third = parts if count <= _FEW else leaves
        room = _SURPLUS * most // (len(third) * len(_JOINS))
        grown.joined(grown.plainest(two, room), third)
    return grown


_FEW = 3
_FACTORS, _FIRST, _FURTHER = 5, 1.0, 0.3
"""Factors of monomials, cost of a join of two inputs and of further ones: monomials are the
commonest terms of laws."""
_AROUND_SHARE, _SURPLUS = 12, 3
"""Of the number wanted: over how many functions are put; how many more of three parts are tried."""
