"""Laws with unknown functions of single inputs are found, whatever constants stand in them."""

from collections.abc import Callable

import numpy as np
import pytest

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import values_of
from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.partly_free import PartlyFree
from tests.drawn_rows import drawn_rows

Array = np.ndarray

LAWS: dict[str, Callable[[Array, Array, Array], Array]] = {
    "linear in two inputs, functions of the third": lambda a, b, c: (
        a * np.sqrt(c + np.sin(c)) + b * np.log(c + 1.7)
    ),
    "a product of three functions beside a product of two inputs": lambda a, b, c: (
        3.7 * np.sqrt(b * np.exp(a)) * np.log(c + 0.64) - 2.37 * (a + 0.92) * (c + 1.9)
    ),
    "within a logarithm, over an expression": lambda a, b, c: (
        b + np.log(b**3 + 2.96 * np.sin(c) / a)
    ),
    "a quick wave of a product beside others": lambda a, b, c: (
        3 * np.sin(5 * a * b) + 2 * np.log(c) + c
    ),
}


def rows_of(law: Callable[..., Array], seed: int) -> Rows:
    return drawn_rows(law, 3, count=600, seed=seed)


PRODUCT = "a product of three functions beside a product of two inputs"


@pytest.mark.parametrize(
    "name", [pytest.param(k, marks=pytest.mark.slow) if k == PRODUCT else k for k in LAWS]
)
def test_law_is_found_and_holds_on_fresh_rows(name: str) -> None:
    rows, fresh = rows_of(LAWS[name], 0), rows_of(LAWS[name], 1)
    found = PartlyFree().propose(rows, Deadline.after(120))
    law = next(law for law in found if law.error < 1e-12)
    assert np.allclose(values_of(law.expr, law.start, fresh), fresh.y, rtol=1e-8)


@pytest.mark.slow  # half a minute
def test_a_function_of_a_sum_may_be_scaled_by_an_input() -> None:
    X = np.random.default_rng(0).uniform(1, 3, (600, 2))
    a, b = X.T
    y = a / np.sqrt(a + b + 1.44) + np.log(b + 1.14)
    found = PartlyFree().propose(Rows(X, y, ("a", "b")), Deadline.after(120))
    assert next(law for law in found if law.error < 1e-12)


def test_noise_is_left_to_others() -> None:
    rows = rows_of(next(iter(LAWS.values())), 0)
    noisy = Rows(rows.X, rows.y, rows.names, noise=1e-3)
    assert not list(PartlyFree().propose(noisy, Deadline.after(5)))
