"""Pairs of expressions: what was planted is found among all pairs."""

import numpy as np
import pytest
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.columns import Quantities
from kansym.symbolic.laws.expression_pairs import best_products, best_quotients, best_sums
from kansym.symbolic.laws.expressions import short_expressions
from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.pairings import Pairings

VALUES = np.random.default_rng(0).uniform(0.5, 2.0, (300, 50))
F, G, ONES = VALUES[20], VALUES[250], np.ones((50, 1))
PLANTED = {
    "sum": (lambda: best_sums(VALUES, 2 * F - 3 * G + 1, ONES, 1), {20, 250}),
    "product": (lambda: best_products(VALUES, 2 * F * G + 3 * G - 4, ONES, 1), {20, 250}),
    "quotient": (lambda: best_quotients(VALUES, (2 * F + 1) / (G + 3), ONES, 1), {20, 250}),
}


BESIDE_NOISE = {
    "sum": lambda y, kind: best_sums(VALUES, y(2 * F - 3 * G), ONES, 1, None, kind, 21),
    "product": lambda y, kind: best_products(VALUES, y(2 * F * G), ONES, 1, None, 21, kind),
    "quotient": lambda y, kind: best_quotients(VALUES, y(2 * F / (G + 3)), ONES, 1, None, kind),
    "product beside a factor": lambda y, kind: best_products(
        VALUES, y(S * (2 * F * G + 3 * F)), S[:, None], 1, None, 21, kind, S
    ),
}
S = np.random.default_rng(1).uniform(1.0, 2.0, 50)


@pytest.mark.parametrize("kind", BESIDE_NOISE)
def test_single_precision_tells_pairs_apart_beside_noise(kind):
    def noisy(y):
        return y + 0.01 * np.std(y) * np.random.default_rng(2).normal(size=len(y))

    (single,), (double,) = (BESIDE_NOISE[kind](noisy, each) for each in (np.float32, np.float64))
    assert (single.first, single.second) == (double.first, double.second)
    assert {single.first, single.second} == {20, 250}
    assert single.loss == pytest.approx(double.loss, rel=0.01)


@pytest.mark.parametrize("kind", PLANTED)
def test_the_planted_pair_is_the_best(kind):
    search, planted = PLANTED[kind]
    (best,) = search()
    assert {best.first, best.second} == planted
    assert best.loss < 1e-12


def test_expressions_have_the_values_that_they_say():
    x = np.random.default_rng(1).uniform(0.5, 2.0, (40, 2))
    some = short_expressions(Quantities.inputs(x, ("a", "b")), 600)
    for number in range(0, len(some), 37):
        value = sympy.lambdify(sympy.symbols("a b"), some.expr(number), "numpy")(*x.T)
        assert np.allclose(value, some.values[number], rtol=1e-9)


def test_the_law_has_constants_beside_its_two_parts():
    x = np.random.default_rng(2).uniform(0.5, 2.0, (300, 2))
    a, b = x.T
    rows = Rows(x, 1.7 * np.exp(a * b) - 0.3 * np.cos(b) / a + 2 * b + 4, ("a", "b"))
    law = next(Pairings().propose(rows, Deadline.after(20)))
    assert law.error < 1e-12
    assert law.expr.has(sympy.exp)
    assert law.expr.has(sympy.cos)
