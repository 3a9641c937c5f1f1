"""Long expressions: looked up by their directions, and within an unknown function."""

from itertools import chain

import numpy as np
import pytest
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws import long_lots
from kansym.symbolic.laws.checking import is_exact
from kansym.symbolic.laws.columns import Quantities
from kansym.symbolic.laws.curve import Curve
from kansym.symbolic.laws.directions import Directions
from kansym.symbolic.laws.expressions import long_expressions
from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.long_curves import long_curves
from kansym.symbolic.laws.meetings import Meetings

VALUES = np.random.default_rng(0).normal(size=(400, 24))
TERMS = np.column_stack([np.ones(24), VALUES[0]])


@pytest.mark.parametrize("factor", [1.0, -3.7, 1e-5])
def test_a_column_is_found_again_whatever_stands_beside_it(factor):
    known = Directions.of(VALUES[1:], TERMS)
    asked = np.array([factor * VALUES[123] + 2.0 - 0.3 * VALUES[0], VALUES[5] * VALUES[6]])
    assert list(known.met(asked)) == [(0, 122)]


def test_a_column_of_the_terms_has_no_direction():
    assert list(Directions.of(VALUES[1:], TERMS).met(3.0 - TERMS[:, 1:].T)) == [(0, None)]


def test_long_expressions_are_the_same_on_other_rows():
    x = np.random.default_rng(1).uniform(1.0, 2.0, (60, 2))
    some = long_expressions(Quantities.inputs(x[:32], ("a", "b")), 2000)
    other = some.on(x)
    assert np.allclose(other.values[:, :32], some.values, rtol=1e-12)
    for number in range(0, len(some), 211):
        value = sympy.lambdify(sympy.symbols("a b"), some.expr(number), "numpy")(*x.T)
        assert np.allclose(value, other.values[number], rtol=1e-9)


LAWS = {
    "product of two sums": "(c - a*cos(b))*log(a*b)/c",
    "within a root": "cos(b*cos(a))/sqrt(a + 0.18*b + c)",
    "a quick wave of one expression": "sin(9.28*sqrt(a)*cos(b))",
}


@pytest.mark.parametrize("name", LAWS)
def test_a_law_with_a_long_expression_is_found(name, monkeypatch):
    monkeypatch.setattr(long_lots, "_LONG", 20_000)
    monkeypatch.setattr(long_lots, "_LONG_OF_SOME", {2: 18_000})
    X = np.random.default_rng(2).uniform(1.0, 4.0, (400, 3))
    y = sympy.lambdify(sympy.symbols("a b c"), LAWS[name])(*X.T)
    count = len(sympy.sympify(LAWS[name]).free_symbols)
    rows = Rows(X[:, :count], y, ("a", "b", "c")[:count])
    found = (Meetings(deep).propose(rows, Deadline.never()) for deep in (False, True))
    assert is_exact(next(chain(*found)))


def test_rows_with_noise_have_no_such_law():
    X = np.random.default_rng(3).uniform(1.0, 4.0, (300, 2))
    rows = Rows(X, X[:, 0] * np.sin(X[:, 1]), ("a", "b"), noise=0.01)
    assert list(Meetings().propose(rows, Deadline.never())) == []


def test_a_few_rows_again_and_again_tell_nothing():
    X = np.tile(np.random.default_rng(4).uniform(1.0, 4.0, (20, 2)), (20, 1))
    rows = Rows(X, np.sin(X[:, 0] * X[:, 1]), ("a", "b"))
    assert list(Meetings().propose(rows, Deadline.never())) == []


CURVES = {
    "a power that is no whole number": "sin(x**1.5)",
    "three deep": "log(x**2 + 1)*sin(tanh(x**2 + x))",
    "within an exponential": "exp(sin(x)*cos(x**2)/x)",
}


@pytest.mark.parametrize("name", CURVES)
def test_a_curve_with_a_long_expression_is_found(name):
    x = np.linspace(0.4, 3.0, 100)
    curve = Curve.of(x, sympy.lambdify(sympy.Symbol("x"), CURVES[name])(x))
    form = next(long_curves(curve, Deadline.never()))
    assert form.error <= curve.exact
    assert len(form.start) <= 3
