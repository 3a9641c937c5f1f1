"""Laws of noisy rows that two short expressions make up."""

from itertools import chain

import numpy as np
import pytest
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.constants.refinement import refine
from kansym.symbolic.laws.checking import length, values_of
from kansym.symbolic.laws.expression_pairs import best_products, best_single, best_sums
from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.noisy_pairs import NoisyPairs, ScaledPairs


def laws_of(rows, seconds):
    """Those of two expressions, then those beside a factor."""
    sources = NoisyPairs(), ScaledPairs()
    until = Deadline.after(seconds)
    return chain.from_iterable(source.propose(rows, until) for source in sources)


def within_noise(rows):
    """The first law that leaves no more than noise."""
    return next(law for law in laws_of(rows, 600) if law.error <= rows.noise)


def drawn(law, names, noise, low, high):
    rng = np.random.default_rng(4)
    X = rng.uniform(low, high, (250, len(names)))
    y = law(*X.T)
    error = noise * y.std() * rng.normal(size=len(y))
    return Rows(X, y + error, names, float(np.sqrt(np.mean(error**2)) / np.std(y + error)))


@pytest.mark.parametrize("noise", [0.001, 0.01])
def test_a_power_times_an_exponential(noise):
    rows = drawn(
        lambda m, e, t: m**0.75 * np.exp(-5 * e / t), ("m", "e", "t"), noise, (1, 1, 2), (9, 2, 5)
    )
    law = within_noise(rows)
    m, e, t = sympy.symbols("m e t")
    assert law.expr.free_symbols - set(law.start) == {m, e, t}
    assert sympy.diff(sympy.log(law.expr / m ** sympy.Rational(3, 4)), m) == 0
    rate = sympy.diff(sympy.log(law.expr), e, t).subs(law.start) * t**2
    assert float(sympy.simplify(rate)) == pytest.approx(5, rel=2 * noise + 1e-3)


def test_an_input_is_the_exponent_of_one_more_than_another():
    rows = drawn(
        lambda f, r, n: f / (1 + r) ** n, ("f", "r", "n"), 0.02, (10, 0.02, 1), (90, 0.2, 20)
    )
    law = within_noise(rows)
    f, r, n = sympy.symbols("f r n")
    (constant,) = law.start
    assert sympy.simplify(law.expr - constant * f / (1 + r) ** n) == 0


@pytest.mark.parametrize("noise", [0.01, 0.1])
def test_the_square_is_a_sum_of_two_monomials(noise):
    rows = drawn(
        lambda a, b, c, d, e: np.sqrt(3 * a * b + c * d**2 / e**2), tuple("abcde"), noise, 1, 3
    )
    law = within_noise(rows)
    square = sympy.expand(law.expr**2)
    found = {sympy.Mul(*(f for f in t.args if f not in law.start)) for t in square.args}
    a, b, c, d, e = sympy.symbols("a b c d e")
    assert found == {a * b, c * d**2 / e**2}


KINDS = {
    "quotient of sums": "(1 + a*b)/(1 + a)",
    "mean with weights": "(a*b + c*d)/(a + c)",
    "two brackets": "a*(b + c)*(d - e)",
    "quotient beside a term": "a/(b + c) + d",
    "distance": "sqrt((a - b)**2 + (c - d)**2)",
    "root within a sum": "a*sqrt(b**2 + c**2) + d",
    "sum of velocities": "(a + b)/(1 + a*b/c**2)",
    "growth": "a*exp(-b*exp(-c))",
}


def has_form_of(law, truth, rows):
    """Whether a law is the true one but for its constants."""
    exact = values_of(truth, {}, rows)
    fitted = refine(law.expr, rows.names, rows.X, exact, law.start)
    rest = values_of(law.expr, fitted.substitutions, rows) - exact
    return np.std(rest) < 1e-6 * np.std(exact)


def rows_of(truth):
    names = tuple(sorted(symbol.name for symbol in truth.free_symbols))
    return drawn(sympy.lambdify(names, truth), names, 0.01, 0.5, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_law_within_the_noise_has_the_right_form(kind):
    truth = sympy.sympify(KINDS[kind])
    rows = rows_of(truth)
    assert has_form_of(within_noise(rows), truth, rows)


@pytest.mark.parametrize("law", ["a*sqrt(b*(1 + c)**3 + 1 - b)", "a*(sqrt(1 + b**2) - 1)"])
def test_the_shortest_law_holds_a_function_of_an_input_beside_a_factor(law):
    truth = sympy.sympify(law)
    rows = rows_of(truth)
    laws = laws_of(rows, 20)
    assert has_form_of(min(laws, key=lambda each: length(each, rows)), truth, rows)


@pytest.mark.parametrize("best", [best_single, best_sums, best_products])
@pytest.mark.parametrize("size", [1e-203, 1.0, 1e203])
def test_the_best_expressions_have_no_unit(size, best):
    x = np.linspace(1, 3, 30)
    values = np.stack([np.sin(x), np.exp(x), x**2, np.ones_like(x)])
    first, *_ = best(values, size * np.exp(x), np.ones((30, 1)), 2)
    assert 1 in {first.first, first.second}
    assert first.loss < 1e-9


@pytest.mark.parametrize("size", [1e-203, 1.0, 1e203])
def test_a_worse_expression_leaves_more_in_any_unit(size):
    x = np.linspace(1, 3, 30)
    best, other = best_single(np.stack([x**2, np.exp(x)]), size * np.exp(x), np.ones((30, 1)), 2)
    assert best.first == 1
    assert best.loss < 1e-12 < other.loss
