"""Laws of one variable of two short expressions: all pairs of hundreds are looked at at once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import sympy

from kansym.programs.program import Program
from kansym.shared.deadline import Deadline
from kansym.symbolic.formulas.sympy_programs import from_sympy
from kansym.symbolic.laws.columns import Quantities
from kansym.symbolic.laws.curve import Curve
from kansym.symbolic.laws.expression_pairs import (
    best_products,
    best_quotients,
    best_single,
    best_sums,
    exact_weights,
)
from kansym.symbolic.laws.expressions import Expressions, short_expressions
from kansym.symbolic.laws.form import Form, first_few

__all__ = ["short_curves"]

Array = np.ndarray

_FEWEST_ROWS, _ROWS = 24, 96
_PLAINEST, _EXPRESSIONS = 600, 1200
_NOISY = 1e-8
"""Error of a curve from which on chance would meet one of so many pairs."""
_TRIED, _FINISHED = 6, 2
"""Pairs of a step that are fitted, and laws that are handed on."""
_EXACT = 1e-9
"""Error of a pair over the size of what it is for."""
_FLAT = 1e-6
"""Least variation over the size of what is inside a function."""
_X = sympy.Symbol("x")


@dataclass(frozen=True)
class _Within:
    """A function around a sum, a product or a quotient.

    Attributes
    ----------
    of : from y to what is inside.
    back : the program around what is inside.
    """

    of: Callable[[Array], Array]
    back: Callable[[Program], Program]


def _logarithm(power: float) -> _Within:
    """log(z)/power."""
    return _Within(lambda y: np.exp(power * y), lambda z: ("mul", 1 / power, ("log", z)))


_WITHIN = (
    _Within(lambda y: y, lambda z: z),
    _Within(lambda y: 1 / y, lambda z: ("div", 1.0, z)),
    _Within(np.square, lambda z: ("sqrt", z)),
    _Within(np.square, lambda z: ("neg", ("sqrt", z))),
    _Within(np.exp, lambda z: ("log", z)),
    _Within(np.log, lambda z: ("exp", z)),
    _Within(lambda y: np.log(-y), lambda z: ("neg", ("exp", z))),
    _logarithm(2.0),
    _logarithm(-1.0),
    _logarithm(1 / 3),
    _Within(np.sqrt, lambda z: ("pow", z, 2.0)),
    _Within(np.cbrt, lambda z: ("pow", z, 3.0)),
    _logarithm(-2.0),
    _logarithm(3.0),
    _Within(np.arcsin, lambda z: ("sin", z)),
    _Within(np.arccos, lambda z: ("cos", z)),
    _Within(np.arctanh, lambda z: ("tanh", z)),
)


def short_curves(curve: Curve, until: Deadline) -> Iterator[Form]:
    """Sums, products and quotients of two short expressions, or of one, within a function."""
    if len(curve.x) < _FEWEST_ROWS or curve.noise > _NOISY:
        return
    few = curve.thinned(_ROWS)
    every = short_expressions(Quantities(few.x[:, None], (_X,)), _EXPRESSIONS)

    def near(lot: tuple[Expressions, _Within]) -> Iterator[Form]:
        """Forms of some expressions within one function."""
        expressions, within = lot
        with np.errstate(all="ignore"):
            z = within.of(few.y)
        if until.passed or not np.isfinite(z).all() or np.ptp(z) <= _FLAT * np.abs(z).max():
            return
        for inner, start in _programs(expressions, few, z):
            form = Form(within.back(inner), start, "two short expressions").fitted(curve, until)
            if form.error <= max(curve.exact, _ABOVE * curve.noise):
                yield form

    yield from first_few(map(near, product((every.plainest(_PLAINEST), every), _WITHIN)), _FINISHED)


_ABOVE = 3.0
"""Error over the known one of the rows up to which a law is as good as they are."""


def _programs(
    expressions: Expressions, few: Curve, z: Array
) -> Iterator[tuple[Program, dict[str, float]]]:
    """Programs of one or two expressions that are exact, and their constants."""
    values, one = expressions.values, np.ones_like(z)
    line = np.column_stack([one, few.x])
    within = max(_EXACT, 10 * few.noise)
    for number in (pair.first for pair in best_single(values, z, line, _TRIED)):
        weights = exact_weights(np.column_stack([values[number], line]), z, within)
        if weights is not None:
            yield _sum([_program(expressions, number), 1.0, "x"], weights)
    for pair in best_sums(values, z, line, _TRIED):
        f, g = values[pair.first], values[pair.second]
        weights = exact_weights(np.column_stack([f, g, line]), z, within)
        if weights is not None:
            terms = [*(_program(expressions, k) for k in (pair.first, pair.second)), 1.0, "x"]
            yield _sum(terms, weights)
    for pair in best_products(values, z, one[:, None], _TRIED):
        f, g = values[pair.first], values[pair.second]
        weights = exact_weights(np.column_stack([f * g, g, one]), z, within)
        if weights is not None:
            first, second = (_program(expressions, k) for k in (pair.first, pair.second))
            yield _sum([("mul", first, second), second, 1.0], weights)
    for pair in best_quotients(values, z, line, _TRIED):
        f, g = values[pair.first], values[pair.second]
        weights = exact_weights(np.column_stack([f, line, -z]), z * g, within)
        if weights is not None:
            top, start = _sum([_program(expressions, pair.first), 1.0, "x"], weights[:3])
            below: Program = _program(expressions, pair.second)
            if weights[3]:
                below, start = ("add", below, "shift"), start | {"shift": float(weights[3])}
            yield ("div", top, below), start


def _program(expressions: Expressions, number: int) -> Program:
    """A short expression as a program."""
    return from_sympy(expressions.expr(number))


def _sum(terms: list[Program], weights: Array) -> tuple[Program, dict[str, float]]:
    """Terms with constants for their weights, without those that do nothing."""
    used = {f"k{k}": float(weight) for k, weight in enumerate(weights) if weight}
    parts = [
        name if term == 1.0 else ("mul", name, term)
        for name, term in ((f"k{k}", t) for k, t in enumerate(terms))
        if name in used
    ]
    if not parts:
        return 0.0, {}
    return (("add", *parts) if len(parts) > 1 else parts[0]), used
