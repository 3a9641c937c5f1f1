"""Sums, products, quotients and compositions of functions are found exactly."""

import numpy as np
import pytest
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.univariate import univariate_laws

X = sympy.Symbol("x")
ROWS = 80
NARROW, WIDE = (-1.0, 1.0), (0.5, 5.0)

KINDS = {
    "product and constant": (NARROW, lambda x: np.sin(x**2) * np.cos(x) - 2),
    "sum of two": (NARROW, lambda x: np.sin(x) + np.sin(x**2 + x)),
    "sum of three": (WIDE, lambda x: x / 3 + np.sin(x**2) + np.cos(x)),
    "factor plus a constant": ((1.0, 4.0), lambda x: (np.tanh(x**2 + 1) + 2) * np.exp(-x)),
    "quotient": (NARROW, lambda x: (np.cos(x**2) + 2) / (x**4 + 3)),
    "constants that are not round": (
        WIDE,
        lambda x: 2.1 * np.sin(1.3 * x**2) * np.log(x + 1.7) + 1.3,
    ),
    "nested": (WIDE, lambda x: np.exp(np.sin(x)) + np.sqrt(x)),
    "powers beside a wave": (WIDE, lambda x: x**2 + x + np.sin(2 * x)),
}


@pytest.mark.parametrize("name", KINDS)
def test_kinds_of_compositions_are_found(name):
    (low, high), truth = KINDS[name]
    x = np.random.default_rng(0).uniform(low, high, ROWS)
    law = next(univariate_laws(x, truth(x), "x", 0.0, Deadline.after(120)))
    assert law.error < 1e-9
    fresh = np.linspace(low - 0.05 * min(low, 0), high + 0.2, 99)
    found = sympy.lambdify(X, law.expr.subs(law.start), "numpy")(fresh)
    assert np.sqrt(np.mean((found - truth(fresh)) ** 2)) < 1e-6 * np.std(truth(fresh))
    assert len(law.start) <= 7


@pytest.mark.parametrize("rows", [20, 60])
def test_exact_laws_are_found_in_few_rows_whose_first_fit_looks_like_noise(rows):
    x = np.random.default_rng(3).uniform(-1, 1, rows)
    law = next(univariate_laws(x, np.sin(x**2) * np.cos(x) - 1, "x", 0.0, Deadline.after(120)))
    assert law.error < 1e-9


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_not_fitted_by_compositions(seed):
    r = np.random.default_rng(seed)
    x = np.sort(r.uniform(0, 10, 20))
    law = next(
        univariate_laws(x, 3 - 0.4 * x + r.normal(0, 0.1, 20), "x", 0.0, Deadline.after(120))
    )
    assert len(law.start) == 2
    assert sympy.Poly(law.expr, X).degree() == 1
