"""Laws that are sums and products of functions of single inputs."""

import numpy as np
import pytest
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.additive import Additive
from kansym.symbolic.laws.checking import values_of
from kansym.symbolic.laws.law import Law, Rows

X = np.random.default_rng(0).uniform(-1, 1, (600, 2))


def first(y: np.ndarray, noise: float = 0.0, seconds: float = 2.0) -> Law | None:
    laws = Additive().propose(Rows(X, y, ("a", "b"), noise), Deadline.after(seconds))
    return next(laws, None)


def test_a_product_of_functions_is_a_sum_of_their_logarithms():
    law = first(np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2))
    assert law is not None
    assert law.error < 1e-9
    assert law.source.endswith("log y")


def test_what_hardly_varies_is_named_by_the_plain_function():
    U = np.random.default_rng(0).uniform(0.9, 1.1, (300, 4)) * [1, 300, 0.01, 5]
    y = 2 * U[:, 0] - 3 * np.log(U[:, 1]) + 7 * U[:, 2] + 5 / U[:, 3]
    law = next(Additive().propose(Rows(U, y, tuple("abcd")), Deadline.after(20)))
    assert law.error < 1e-11
    assert len(law.start) == 5
    assert {str(f.func) for f in law.expr.atoms(sympy.Function)} == {"log"}


def test_noise_is_left_over_and_no_more():
    truth = np.sin(3 * X[:, 0]) + X[:, 1] ** 2 / 3
    law = first(truth + np.random.default_rng(1).normal(0, 0.05, 600), 0.07, 8.0)
    assert law is not None
    found = values_of(law.expr, law.start, Rows(X, truth, ("a", "b")))
    assert np.std(found - truth) < 0.02  # of noise 0.05


@pytest.mark.parametrize(
    "y", [np.sin(3 * X[:, 0] * X[:, 1] + X[:, 0]), np.ones(600)], ids=["no sum", "constant"]
)
def test_what_is_no_sum_gives_no_law(y: np.ndarray):
    assert first(y) is None
