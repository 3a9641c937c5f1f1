"""Snapping: exact numbers are found, coincidences are not, the judge decides."""

import math

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from kansym.shared.errors import InputError
from kansym.symbolic.constants.exact_numbers import nearest_exact
from kansym.symbolic.constants.recognition import recognise
from kansym.symbolic.constants.template_fit import Observations
from kansym.symbolic.formulas.parsing import parse

X = np.linspace(-1, 1, 200)[:, None]


@pytest.mark.parametrize(
    "text",
    [
        "2",
        "-3",
        "1/2",
        "2/3",
        "-5/4",
        "pi",
        "-pi/2",
        "3*pi/4",
        "sqrt(2)",
        "sqrt(3)/2",
        "e",
        "1/(4*pi)",
        "pi**2",
        "1/pi",
        "17",
        "360",
        "1/sqrt(2*pi)",
    ],
)
@pytest.mark.parametrize("error", [0.0, 1e-9, 1e-6])
def test_exact_numbers_are_named(text, error):
    number = parse(text)
    found = nearest_exact(float(number) * (1 + error), 2e-6 * abs(float(number)), 24.0)
    assert found is not None
    assert sympy.simplify(found[0] - number) == 0


@given(st.floats(0.01, 50))
def test_what_is_named_lies_in_the_window(value):
    found = nearest_exact(value, 1e-3 * value, 12.0)
    if found is not None:
        assert abs(float(found[0]) - value) <= 1e-3 * value * (1 + 1e-9)


def test_chance_rarely_passes_for_an_exact_number():
    rng = np.random.default_rng(0)
    named = sum(
        nearest_exact(v, 1e-8 * v, 1.5 * math.log2(1e8) - 4) is not None
        for v in np.exp(rng.uniform(-3, 3, 2000))
    )
    assert named <= 2


def exotic(number: sympy.Expr) -> bool:
    """Whether a number is neither a fraction nor a decimal."""
    return not isinstance(number, sympy.Rational | sympy.Float)


@pytest.mark.parametrize("precision", [1e-1, 1e-2, 3e-3, 1e-3, 1e-4])
def test_a_wide_window_names_no_exotic_number_by_chance(precision):
    values = np.exp(np.random.default_rng(1).uniform(-3, 3, 1000))
    found = [nearest_exact(v, precision * v, 24.0) for v in values]
    assert sum(each is not None and exotic(each[0]) for each in found) < 0.05 * len(values)


@pytest.mark.parametrize("noise", [0.2, 0.02, 0.002])
def test_noise_makes_no_exotic_numbers(noise):
    """Constants drawn at random, as decimals too: standard errors of 1 % to 0.01 %."""
    rng = np.random.default_rng(2)
    named = 0
    for trial in range(120):
        a = float(np.round(rng.uniform(0.5, 9.5), trial % 4 + 1))
        y = a * (X[:, 0] + noise * rng.normal(size=200))
        data = Observations(("x",), X, y)
        found = recognise(parse("a*x"), data, {"a": a})
        named += any(exotic(number) for number in found.exact.values())
    assert named < 0.05 * 120


def test_a_half_that_noise_moves_is_no_root_of_pi():
    """2.5 measured as 2.506, which sqrt(2 pi) is closer to."""
    y = 2.506 * X[:, 0] + 0.05 * np.random.default_rng(4).normal(size=200)
    data = Observations(("x",), X, y)
    found = recognise(parse("a*x"), data, {"a": 2.5})
    assert found.exact.get("a", sympy.Rational(5, 2)) == sympy.Rational(5, 2)


@pytest.mark.parametrize("judge", ["data", "network"])
@pytest.mark.parametrize(
    "text", ["sqrt(2*pi)", "pi/2", "1/(4*pi)", "sqrt(3)/2", "2/sqrt(pi)", "e", "pi**2", "log(2)"]
)
@pytest.mark.parametrize("noise", [0.0, 1e-5])
def test_clean_data_keep_exotic_numbers(judge, text, noise):
    number = parse(text)
    rng = np.random.default_rng(5)
    y = float(number) * (np.exp(X[:, 0]) + noise * rng.normal(size=200))
    data = Observations(("x",), X, y)
    found = recognise(parse("a*exp(b*x)"), data, {"a": float(number), "b": 1.0}, judge=judge)
    assert sympy.simplify(found.expr / sympy.exp(sympy.Symbol("x")) - number) == 0


@pytest.mark.parametrize("judge", ["data", "network"])
@pytest.mark.parametrize("noise", [0.0, 1e-6, 1e-3])
def test_planted_numbers_come_back(judge, noise):
    rng = np.random.default_rng(3)
    y = 2 * np.sin(math.pi * X[:, 0]) + X[:, 0] ** 2 / 3 + noise * rng.normal(size=200)
    start = {"a": 1.99, "b": 3.13, "c": 0.01, "d": 0.34, "k": 0.001}
    data = Observations(("x",), X, y)
    found = recognise(parse("a*sin(b*x + c) + d*x**2 + k"), data, start, judge=judge)
    assert found.expr == parse("2*sin(pi*x) + x**2/3")
    assert found.refined.values == {}


@given(st.floats(1.05, 9.9), st.integers(0, 3))
def test_arbitrary_numbers_stay_free_on_noisy_data(a, seed):
    rng = np.random.default_rng(seed)
    a += math.sqrt(5) / 1000
    y = a * X[:, 0] + 1e-6 * rng.normal(size=200)
    data = Observations(("x",), X, y)
    found = recognise(parse("a*x"), data, {"a": a})
    if found.refined.values:
        assert found.refined.values["a"] == pytest.approx(a, rel=1e-6)
    else:
        # A decimal so near that the data cannot tell.
        exact = float(found.expr.coeff(sympy.Symbol("x")))
        assert abs(exact - a) < 5e-6


def test_clean_data_keep_a_small_term():
    y = np.sin(X[:, 0]) + 1e-5 * X[:, 0]
    data = Observations(("x",), X, y)
    found = recognise(parse("a*sin(b*x) + c*x"), data, {"a": 1.0, "b": 1.0, "c": 1e-5})
    assert found.expr.coeff(sympy.Symbol("x")) != 0


def test_noise_drops_a_term_that_it_hides():
    rng = np.random.default_rng(5)
    y = np.sin(3 * X[:, 0]) + 1e-5 * X[:, 0] ** 2 + 0.1 * rng.normal(size=200)
    data = Observations(("x",), X, y)
    found = recognise(parse("a*sin(b*x) + c*x**2"), data, {"a": 1.0, "b": 3.0, "c": 1e-5})
    assert not found.expr.has(sympy.Symbol("c"))


def test_the_error_grows_no_more_than_allowed():
    rng = np.random.default_rng(6)
    y = 1.03 * np.sin(2.98 * X[:, 0]) + 0.05 * rng.normal(size=200)
    data = Observations(("x",), X, y)
    free = recognise(parse("a*sin(b*x)"), data, {"a": 1.0, "b": 3.0})
    truth_rss = np.sum((1.03 * np.sin(2.98 * X[:, 0]) - y) ** 2)
    assert free.refined.rss <= truth_rss * 1.1


def test_equal_constants_become_one():
    two = np.random.default_rng(0).uniform(-1, 1, (300, 2))
    y = np.sin(2.3717171 * (two[:, 0] - two[:, 1])) + 1e-5 * np.random.default_rng(1).normal(
        size=300
    )
    data = Observations(("x", "y"), two, y)
    found = recognise(parse("sin(a*x + b*y)"), data, {"a": 2.37, "b": -2.37})
    assert len(found.refined.values) == 1


def test_an_unknown_judge_is_refused():
    data = Observations(("x",), X, X[:, 0])
    with pytest.raises(InputError, match="judge"):
        recognise(parse("a*x"), data, {"a": 1.0}, judge="oracle")  # pyright: ignore
