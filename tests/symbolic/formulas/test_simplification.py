"""Simplification ends in time, keeps the value, never makes a formula longer."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from kansym.programs.program import evaluate
from kansym.shared.bounded_time import within
from kansym.symbolic.formulas.complexity import complexity
from kansym.symbolic.formulas.parsing import parse
from kansym.symbolic.formulas.simplification import simplify
from kansym.symbolic.formulas.sympy_programs import from_sympy
from tests.clock import at_most

SMALL = {"x": (-0.9, 0.9), "y": (-0.9, 0.9)}


@pytest.mark.parametrize(
    ("text", "simple", "ranges"),
    [
        ("tanh(atanh(x) + atanh(y))", "(x + y)/(x*y + 1)", SMALL),
        ("tan(atan(x) + atan(y))", "(x + y)/(1 - x*y)", SMALL),
        ("exp(log(a) + 2*log(b) - log(c))", "a*b**2/c", {}),
        ("exp(y**2)*exp(sin(pi*x))", "exp(y**2 + sin(pi*x))", {}),
        ("((x + y)**2 - (x - y)**2)/4", "x*y", SMALL),
        ("sqrt(a**2 - 2*a*b + b**2 + x**2 - 2*x*y + y**2)", "sqrt((a - b)**2 + (x - y)**2)", {}),
        ("sin(x)*cos(y) + cos(x)*sin(y)", "sin(x + y)", SMALL),
        ("sin(x)**2 + cos(x)**2 + 1", "2", SMALL),
        ("log(x) + 2*log(y)", "log(x*y**2)", {}),
        ("a*x + a*y + a", "a*(x + y + 1)", {}),
        ("x/(1 + x) + 1/(1 + x)", "1", {}),
        ("(x**2 - 1)/(x - 1)", "x + 1", {"x": (2, 3)}),
        ("sqrt(x**2)", "x", {"x": (1, 2)}),
        ("sin(x + pi/2)", "cos(x)", SMALL),
    ],
)
def test_identities(text, simple, ranges):
    found = simplify(parse(text), ranges=ranges, seconds=10)
    assert sympy.simplify(found - parse(simple)) == 0
    assert complexity(found) <= complexity(parse(simple)) + 4


def test_identities_that_do_not_hold_on_the_range_are_not_used():
    assert simplify(parse("sqrt(x**2)"), ranges={"x": (-1, 1)}) == parse("Abs(x)")


def expressions():
    leaf = st.sampled_from(
        [*sympy.symbols("x y"), sympy.Integer(2), sympy.Rational(1, 3), sympy.pi]
    )
    grow = lambda inner: st.one_of(  # noqa: E731
        st.tuples(inner, inner).map(lambda p: p[0] + p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] * p[1]),
        inner.map(sympy.sin),
        inner.map(sympy.tanh),
        inner.map(lambda u: u**2),
        inner.map(lambda u: sympy.exp(u / 4)),
        inner.map(lambda u: 1 / (3 + sympy.cos(u))),
    )
    return st.recursive(leaf, grow, max_leaves=6)


@given(expressions())
def test_equal_and_never_longer(expression):
    found = simplify(expression, ranges=SMALL, seconds=1.0)
    assert complexity(found) <= complexity(expression) + 1e-9
    rng = np.random.default_rng(9)
    point = {"x": rng.uniform(-0.9, 0.9, 9), "y": rng.uniform(-0.9, 0.9, 9)}
    left, right = (evaluate(from_sympy(sympy.sympify(e)), point) for e in (expression, found))
    left, right = np.broadcast_arrays(left, right)
    np.testing.assert_allclose(right, left, rtol=1e-6, atol=1e-8 * (1 + np.abs(left).max()))


NASTY = [
    "(x+y+1)**40 * (x-y)**30 + sin(x)**25*cos(y)**25",
    "sqrt(sqrt(x+1)+sqrt(y+2)+sqrt(x*y+3)+sqrt(x+y+5))**7/(x**9+y**9+1)**5",
    "+".join(f"sin({i}*x+{i}*y)*cos({i}*x-y)/(x**{i}+{i})" for i in range(2, 40)),
    "exp(" * 12 + "x/20" + ")" * 12,
]


@pytest.mark.parametrize("text", NASTY)
def test_nasty_expressions_end_in_time(text):
    with at_most(3.0):
        simplify(parse(text), seconds=1.0)


def test_within_gives_the_default_when_time_is_up():
    with at_most(2.0):
        assert within(0.1, lambda: sum(1 for _ in iter(int, 1)), -1) == -1
    assert within(0.0, lambda: 1, -1) == -1
    assert within(1.0, lambda: 1 // 0, -1) == -1
    with pytest.raises(OSError, match="disk"):
        within(1.0, _fail, None)


def _fail():
    raise OSError("disk")


def test_within_survives_its_races():
    for i in range(200):
        assert within(2e-4 + 1e-6 * i, lambda: sum(range(20_000)), -1) in (-1, 199_990_000)


def test_complexity_orders_formulas():
    order = [
        "x",
        "x**2",
        "x*y",
        "x**2 + y",
        "sin(x*y) + 2",
        "sin(2.3*x*y) + 2",
        "sin(2.3456*x*y) + 2",
    ]
    bits = [complexity(parse(text)) for text in order]
    assert bits == sorted(bits)
    assert complexity(parse("x - y")) == complexity(parse("x + y"))
    assert complexity(parse("c*x"), ["x"]) > complexity(parse("c*x"))
