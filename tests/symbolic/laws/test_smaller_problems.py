"""Steps to smaller problems: one combination without a fit, idle inputs, symmetries, separation."""

from dataclasses import replace

import numpy as np
import pytest
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.exact_laws import ExactLaws
from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.noise_of_rows import noise_of_rows
from kansym.symbolic.laws.one_combination import one_combination
from kansym.symbolic.laws.reduced import Reduced
from kansym.symbolic.laws.reductions import Exploration, Step, steps_from
from kansym.symbolic.laws.smaller_problems import SmallerProblem
from kansym.symbolic.laws.smooth import noise_level, smooth


def problem(names, law, low=1.0, high=4.0, count=800):
    X = np.random.default_rng(0).uniform(low, high, (count, len(names.split())))
    return Rows(X, law(*X.T), tuple(names.split()))


COMBINATIONS = {
    "oscillation": ("w t h", lambda w, t, h: np.sin(3 * w * t / h) ** 2, "w*t/h"),
    "difference": ("a b c", lambda a, b, c: c * np.sin(5 * (a - b)) ** 2, "b - a"),
    "sum": ("a b c", lambda a, b, c: b * np.sin(2 * (a * b + c)), "a*b + c"),
}


@pytest.mark.parametrize("name", COMBINATIONS)
def test_one_combination_is_found_where_no_smooth_fit_is(name):
    names, law, combination = COMBINATIONS[name]
    first = next(one_combination(Reduced.of(problem(names, law))))
    assert first.quantities.exprs == (sympy.sympify(combination),)


STEPS = {
    "scaling": ("m c v", lambda m, c, v: m * c**2 / np.sqrt(1 - v**2 / (25 * c**2)), 1),
    "translation": ("x y z", lambda x, y, z: np.exp(-((x - y) ** 2) / 9) + z * (x - y), 2),
    "sum of squares": ("x y z", lambda x, y, z: z * np.sqrt(x**2 + y**2) + np.cos(z), 2),
    "factor": ("x y z", lambda x, y, z: (x * z + np.cos(x + z)) * np.exp(-y), 2),
    "term": ("x y z", lambda x, y, z: np.cos(x * z / 4) + 3 * np.log(y), 2),
    "monomial term": ("x y z", lambda x, y, z: np.cos(x * y / 4) - 3 * z / y**4 * x**2, 2),
    "shifted translation": ("x y z", lambda x, y, z: x + (y - x) / (1 + z * (y - x) ** 2), 2),
    "sum of monomials": ("x y z", lambda x, y, z: np.log(x * y + 2 * z) / (1 + x), 2),
    "sum beside a factor": (
        "x y z",
        lambda x, y, z: x**2 * np.sin(np.hypot(x, y) / 3 + z**2 / 9),
        2,
    ),
    "idle input": ("x y z", lambda x, y, z: np.cos(x * z / 4) + x + 0 * y, 2),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_confirmed_step_leaves_fewer_quantities(name):
    names, law, left = STEPS[name]
    state = Reduced.of(problem(names, law))
    fit = smooth(state.quantities.values, state.target)
    step = Step(state, fit)
    steps = (step.smaller(smaller) for smaller in steps_from(state, fit))
    assert min(len(step.state.quantities) for step in steps if step) <= left


def test_the_likeliest_smaller_problem_comes_first_and_each_once():
    rows = problem("d a r s", lambda d, a, r, s: d * (1 - np.exp(-a * (r - s) / 4)) ** 2)
    state = Reduced.of(rows)
    root = Step(state, smooth(state.quantities.values, state.target))
    found = list(Exploration().steps(root, 12, Deadline.after(30)))
    first = next(step for step in found if len(step.state.quantities) == 1)
    _, a, r, s = rows.X.T
    assert abs(np.corrcoef(first.state.quantities.values[:, 0], a * (r - s))[0, 1]) > 1 - 1e-9
    marked = sympy.Symbol("q")
    told = {(step.state.quantities.exprs, str(step.state.restore(marked))) for step in found}
    assert len(told) == len(found)


def test_errors_of_noisy_rows_are_those_of_y_after_every_step():
    noise = 0.01
    rows = problem("a f t", lambda a, f, t: a * f**3 / np.expm1(2 * f / t), low=0.5)
    y = rows.y + noise * np.std(rows.y) * np.random.default_rng(1).normal(size=len(rows.y))
    rows = Rows(rows.X, y, rows.names, noise)
    state = Reduced.of(rows)
    root = Step(state, smooth(state.quantities.values, state.target), noise)
    found = list(Exploration(noise).steps(root, 12, Deadline.after(30)))
    best = min(found, key=lambda step: step.cost)
    assert len(best.state.quantities) == 1
    assert best.fit.error == pytest.approx(noise, rel=0.3)


def test_the_gradient_of_a_smooth_fit_is_that_of_the_law():
    rows = problem("x y", lambda x, y: x * np.exp(-y / 2))
    fit = smooth(rows.X, rows.y)
    assert fit is not None
    exact = np.stack([np.exp(-rows.X[:, 1] / 2), -rows.y / 2], axis=1)
    assert fit.gradient[fit.trusted] == pytest.approx(exact[fit.trusted], abs=1e-5)


def test_a_law_of_an_outer_function_is_found_through_its_inverse():
    rows = problem("x y z", lambda x, y, z: np.log(x * y + z**2))
    law = next(ExactLaws().propose(rows, Deadline.after(30)))
    assert sympy.simplify(law.expr - sympy.sympify("log(x*y + z**2)")) == 0


def test_an_input_of_both_signs_joins_a_group():
    rng = np.random.default_rng(0)
    F, T = rng.uniform(1, 3, (2, 800))
    e = rng.uniform(-1, 1, 800)
    rows = Rows(np.stack([F, e, T], axis=1), F * np.tanh(e * F / T) / T, ("F", "e", "T"))
    root = Reduced.of(rows)
    fit = smooth(root.quantities.values, root.target)
    assert fit is not None
    names = {expr for state in steps_from(root, fit) for expr in state.quantities.exprs}
    assert sympy.sympify("e*F/T", {"e": sympy.Symbol("e"), "F": sympy.Symbol("F")}) in names


def test_a_corner_of_an_exact_law_is_no_noise():
    rng = np.random.default_rng(5)
    X = rng.uniform(1, 5, (1000, 4))
    y = np.hypot(X[:, 0] - X[:, 1], X[:, 2] - X[:, 3])
    assert noise_level(X, y) == 0
    smooth_law = X[:, 0] * X[:, 1] + X[:, 2]
    noisy = smooth_law + 0.05 * smooth_law.std() * rng.normal(size=1000)
    assert noise_level(X, noisy) == pytest.approx(0.05, rel=0.2)


OF_NOISE = {
    "quotient": ("a b c", lambda a, b, c: a / (b + c)),
    "wave": ("a b", lambda a, b: np.sin(a * b / 3) + a),
    "large at one end": ("a b c", lambda a, b, c: np.exp(1.5 * a) * b / c),
    "real powers": ("a b c", lambda a, b, c: a**0.8 * b**0.7 / c**1.1),
}


@pytest.mark.parametrize("name", OF_NOISE)
@pytest.mark.parametrize("noise", [0.0, 0.01, 0.1])
def test_noise_is_as_large_as_it_is_whatever_the_ends_of_ranges_are_like(name, noise):
    rows = problem(*OF_NOISE[name], count=400)
    errors = np.random.default_rng(1).normal(size=400)
    y = rows.y + noise * rows.spread * errors / np.std(errors)
    assert noise_level(rows.X, y) == pytest.approx(noise, rel=0.12)


def test_the_smaller_problem_that_shows_the_noise_gives_the_law_as_well():
    rows = problem("n m g x T", lambda n, m, g, x, T: n * np.exp(-m * g * x / T), 0.5, 3.0, 2000)
    rows = replace(rows, y=rows.y + 0.02 * rows.spread * np.random.default_rng(1).normal(size=2000))
    seen = noise_of_rows(rows, Deadline.after(30))
    assert seen.size == pytest.approx(0.02, rel=0.1)
    (source,) = seen.sources
    best = min(source.propose(rows, Deadline.after(10)), key=lambda law: law.error)
    assert best.error < 1.05 * seen.size
    assert len(best.start) <= 2


def test_a_smaller_problem_of_other_rows_proposes_nothing():
    rows = problem("a b", lambda a, b: a * b)
    other = SmallerProblem(Reduced.of(problem("a b", lambda a, b: a * b, count=300)))
    assert not [*other.propose(rows, Deadline.after(5))]
