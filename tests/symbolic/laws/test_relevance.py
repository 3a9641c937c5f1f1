"""The inputs that matter, among many that do not."""

from collections.abc import Callable

import numpy as np
import pytest

from kansym.neural.training.residual_noise import nothing_left
from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.relevance import relevant_inputs

LAWS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "monomial": lambda x: x[0] * x[1] / x[2] ** 2,
    "wave": lambda x: np.sin(3 * x[0]) + x[1] * x[2],
    "distance": lambda x: np.sqrt((x[0] - x[1]) ** 2 + x[2] ** 2),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(("rows", "inputs"), [(1600, 200), (400, 50), (300, 14)])
def test_inputs_that_matter_are_found_and_few_others(law, rows, inputs):
    X = np.random.default_rng(0).uniform(1, 2, (rows, inputs))
    names = tuple(f"x{i + 1}" for i in range(inputs))
    found = relevant_inputs(Rows(X, LAWS[law](X.T), names))
    assert {0, 1, 2} <= set(found)
    assert len(found) <= 8


def test_units_of_columns_do_not_matter():
    rng = np.random.default_rng(1)
    X, units = rng.uniform(1, 2, (500, 40)), 10.0 ** rng.integers(-20, 20, 40)
    names, y = tuple(f"x{i + 1}" for i in range(40)), LAWS["monomial"](X.T)
    assert relevant_inputs(Rows(X * units, y, names)) == relevant_inputs(Rows(X, y, names))


def test_noise_in_very_many_inputs_is_noise():
    rng = np.random.default_rng(2)
    for rows, inputs in ((30, 1000), (2000, 200)):
        assert nothing_left(rng.normal(size=(rows, inputs)), rng.normal(size=rows))


def test_all_inputs_matter_where_all_do():
    X = np.random.default_rng(0).uniform(1, 3, (400, 7))
    a, b, c, d, e, f, g = X.T
    y = 2 * a * b + c * d * e + c * f * g / 2
    y = y + 0.01 * np.std(y) * np.random.default_rng(1).normal(size=400)
    assert relevant_inputs(Rows(X, y, tuple("abcdefg")), many=7) == list(range(7))
