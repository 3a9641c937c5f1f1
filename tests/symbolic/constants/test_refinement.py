"""Refinement: NIST's certified values, exact recovery, symmetry, limits."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.nist import Certified, digits, problems
from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError
from kansym.symbolic.constants.least_squares import minimise
from kansym.symbolic.constants.refinement import Refined, refine
from kansym.symbolic.constants.template_fit import Fitting
from kansym.symbolic.formulas.parsing import parse
from tests.clock import at_most

A, B, C, X = sympy.symbols("a b c x")
GRID = np.linspace(0.1, 2, 60)[:, None]
PROBLEMS = problems()


@pytest.fixture(params=PROBLEMS, ids=lambda problem: problem.name)
def certified(request: pytest.FixtureRequest) -> Certified:
    return request.param


def refined_from(problem: Certified, which: int, restarts: int) -> Refined:
    expression = parse(problem.formula, [*problem.inputs, *problem.constants])
    start = dict(zip(problem.constants, problem.starts[which], strict=True))
    return refine(
        expression, problem.inputs, problem.X, problem.y, start, max_steps=300, restarts=restarts
    )


def test_certified_values_from_the_second_start(certified):
    refined = refined_from(certified, 1, restarts=0 if len(certified.y) > 100 else 4)
    assert refined.converged or certified.name == "Lanczos1"
    assert digits(refined.values, certified.values) >= 6
    # The residuals of Lanczos1 are as small as the rounding of its data.
    assert digits(refined.stderr, certified.stderr) >= (2 if certified.name == "Lanczos1" else 4)
    assert refined.rank == len(refined.values)


def test_certified_values_from_the_first_start_without_further_starts():
    reached = [digits(refined_from(p, 0, restarts=0).values, p.values) >= 6 for p in PROBLEMS]
    assert sum(reached) >= 24


@given(st.floats(0.3, 5), st.floats(-3, 3).filter(lambda v: abs(v) > 0.1), st.floats(-2, 2))
def test_exact_data_give_exact_constants(a, b, c):
    y = a * np.exp(b * GRID[:, 0]) + c
    refined = refine(A * sympy.exp(B * X) + C, ["x"], GRID, y, {A: 1, B: b * 0.8, C: 0})
    np.testing.assert_allclose(list(refined.values.values()), [a, b, c], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(refined.rss, 0, atol=1e-18 * np.dot(y, y))


def test_linear_constants_are_recognised():
    fitting = Fitting(parse("a*sin(b*x)+c*x+d"), ["x"], GRID, GRID[:, 0], ["a", "b", "c", "d"])
    assert fitting.linear == ["a", "c", "d"]
    assert fitting.bent == ["b"]
    tied = Fitting(parse("a*b*x+c/a"), ["x"], GRID, GRID[:, 0], ["a", "b", "c"])
    assert "a" not in tied.linear or "b" not in tied.linear


def test_straight_line_agrees_with_the_closed_form():
    rng = np.random.default_rng(1)
    y = 2 * GRID[:, 0] + 1 + 0.1 * rng.normal(size=60)
    refined = refine(A * X + B, ["x"], GRID, y, {A: 0, B: 0})
    design = np.stack([GRID[:, 0], np.ones(60)], axis=1)
    inverse = np.linalg.inv(design.T @ design)
    best = inverse @ design.T @ y
    variance = np.sum((design @ best - y) ** 2) / 58
    np.testing.assert_allclose(list(refined.values.values()), best, rtol=1e-10)
    np.testing.assert_allclose(refined.covariance, variance * inverse, rtol=1e-8)


def test_weights_are_inverse_variances():
    y = np.where(np.arange(60) < 30, 1.0, 3.0)
    weights = np.where(np.arange(60) < 30, 3.0, 1.0)
    refined = refine(A + 0 * X, ["x"], GRID, y, {A: 0.0}, weights=weights)
    assert refined.values["a"] == pytest.approx(1.5)


def test_redundant_constants_lower_the_rank():
    refined = refine(A * sympy.exp(X + B), ["x"], GRID, np.exp(GRID[:, 0]), {A: 0.5, B: 0.1})
    assert refined.rank == 1
    assert np.isinf(refined.stderr["a"])
    np.testing.assert_allclose(refined.values["a"] * np.exp(refined.values["b"]), 1, rtol=1e-9)


def test_the_signs_of_the_start_are_kept():
    y = 3 * np.sin(2 * GRID[:, 0])
    refined = refine(A * sympy.sin(B * X), ["x"], GRID, y, {A: -1, B: -1.8})
    assert refined.values["a"] == pytest.approx(-3)
    assert refined.values["b"] == pytest.approx(-2)


def test_a_start_outside_the_domain_is_reported():
    refined = refine(sympy.log(X - A), ["x"], GRID, GRID[:, 0], {A: 1.0})
    assert not refined.converged
    assert np.isinf(refined.rss)
    assert refined.values == {"a": 1.0}


def test_the_deadline_is_kept():
    problem = next(p for p in PROBLEMS if p.name == "Gauss2")
    expression = parse(problem.formula, [*problem.inputs, *problem.constants])
    start = dict(zip(problem.constants, problem.starts[0], strict=True))
    rows, until = (problem.X, problem.y), Deadline.after(0.1)
    with at_most(1.0):  # to the end it takes minutes
        refine(expression, ["x"], *rows, start, restarts=10_000, deadline=until)


@pytest.mark.parametrize(
    ("X_", "y_", "start"),
    [
        (np.zeros((5, 2)), np.zeros(5), {A: 1}),
        (np.zeros((5, 1)), np.zeros(4), {A: 1}),
        (np.zeros((5, 1)), np.zeros(5), {}),
    ],
)
def test_bad_shapes_and_missing_starts(X_, y_, start):
    with pytest.raises(InputError):
        refine(A * X, ["x"], X_, y_, start)


def test_minimise_from_an_undefined_start():
    solution = minimise(lambda x: np.array([np.inf]), lambda x: np.ones((1, 1)), np.zeros(1))
    assert not solution.converged
