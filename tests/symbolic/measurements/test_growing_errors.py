"""Errors in proportion to the value are seen in the scatter, and only there."""

import numpy as np
import pytest
import sympy

from kansym import fit_formula
from kansym.symbolic.measurements.growing_errors import growing_errors, proportional_scatter

X = np.linspace(1, 10, 30)


@pytest.mark.parametrize("seed", range(3))
def test_errors_in_proportion_are_seen_and_equal_ones_are_none(seed):
    noise = np.random.default_rng(seed).normal(size=30)
    for y, grows in ((X**3 * (1 + 0.03 * noise), True), (X**3 + 3 * noise + 5, False)):
        fits = [fit_formula(form, {"x": X}, y) for form in ("a*x**3 + b", "a*x**p")]
        found = growing_errors(fits, X[:, None], y)
        assert (found is not None) == grows
        if found is not None:
            assert found[1] == 1.0
            np.testing.assert_allclose(found[0].predict(X[:, None]), X**3, rtol=0.05)


def test_a_law_that_was_sought_hides_no_scatter():
    t, v = np.meshgrid([0.5, 1, 1.5, 2, 3], [1.0, 2, 4], indexing="ij")
    rows = {"t": t.ravel(), "v": v.ravel()}
    X, noise = np.column_stack([*rows.values()]), np.random.default_rng(100).normal(size=15)
    y = (X[:, 1] * X[:, 0] + 0.85 * X[:, 0] ** 2) * (1 + 0.02 * noise)
    forms = ("t*(t*(a*sin(v) + b) + c*v)", "t*(a*t + b*v)")
    fits = [fit_formula(form, rows, y) for form in forms]
    assert growing_errors(fits, X, y) is None
    found = growing_errors(fits, X, y, charge=lambda law: 4.0 + 5.0 * law.template.has(sympy.sin))
    assert found is not None
    assert not found[0].template.has(sympy.sin)


def test_what_turns_sign_has_no_errors_in_proportion():
    y = X - 5
    assert growing_errors([fit_formula("a*x + b", {"x": X}, y)], X[:, None], y) is None


def test_counts_scatter_by_their_square_roots():
    y = np.random.default_rng(1).poisson(400 * np.exp(-X)).astype(float)
    found = growing_errors([fit_formula("a*exp(-b*x)", {"x": X}, y)], X[:, None], y)
    assert found is not None
    assert found[1] == 0.5


@pytest.mark.parametrize("rows", [200, 300, 1000])
@pytest.mark.parametrize(
    "law",
    [
        lambda a, b, c, d: np.sqrt(a**2 + (b * c - 1 / (b * d)) ** 2),
        lambda a, b, c, d: a * b / (1 + c * b / d**2),
        lambda a, b, c, d: (np.log(a + 5) - np.log(b)) / (c + 6 - d),
    ],
    ids=["impedance", "inhibition", "growth"],
)
def test_what_a_polynomial_leaves_of_an_exact_law_is_no_scatter(law, rows):
    inputs = np.random.default_rng(5).uniform(0.5, 5, (rows, 4))
    assert proportional_scatter(inputs, law(*inputs.T)) is None


def test_scatter_of_many_rows_in_proportion_is_seen_beside_a_law_of_three_inputs():
    rng = np.random.default_rng(0)
    inputs = rng.uniform(0.5, 5, (400, 3))
    y = (
        inputs[:, 0] ** 1.5
        / inputs[:, 1]
        * np.exp(-inputs[:, 2])
        * np.exp(0.05 * rng.normal(size=400))
    )
    found = proportional_scatter(inputs, y)
    assert found is not None
    assert np.corrcoef(np.log(found[0]), -2 * np.log(y))[0, 1] > 0.99


def test_seven_rows_over_two_decades_tell_how_they_scatter():
    r = np.array([5.0, 7, 10, 14, 20, 28, 40])
    y = np.array([910.0, 430, 220, 110, 51, 26, 13])
    found = growing_errors([fit_formula("a/r**2", {"r": r}, y)], r[:, None], y)
    assert found is not None
    assert found[1] == 1.0


def test_rounding_is_no_scatter_that_grows():
    x = np.linspace(0.1, 10, 40)
    y = x**3 / 7.0
    fits = [fit_formula("a*x**3", {"x": x}, y), fit_formula("a*x", {"x": x}, y)]
    assert growing_errors(fits, x[:, None], y) is None
