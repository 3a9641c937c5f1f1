"""Errors in proportion to the value are seen in the scatter, and only there."""

import numpy as np
import pytest

from kansym import fit_formula
from kansym.symbolic.measurements.growing_errors import growing_errors

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


def test_what_turns_sign_has_no_errors_in_proportion():
    y = X - 5
    assert growing_errors([fit_formula("a*x + b", {"x": X}, y)], X[:, None], y) is None


def test_counts_scatter_by_their_square_roots():
    y = np.random.default_rng(1).poisson(400 * np.exp(-X)).astype(float)
    found = growing_errors([fit_formula("a*exp(-b*x)", {"x": X}, y)], X[:, None], y)
    assert found is not None
    assert found[1] == 0.5
