"""Functions of sums are found, whatever the function: y = F(f + g + ...)."""

from dataclasses import replace

import numpy as np
import pytest
import sympy
from scipy.special import erf

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws import functions_of_sums, groups_of_inputs
from kansym.symbolic.laws.checking import is_exact
from kansym.symbolic.laws.functions_of_sums import FunctionsOfSums
from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.proposing import OF_GROUPS
from tests.drawn_rows import drawn_rows

LAWS = {
    "a quotient beside a constant": (lambda a, b: 3.39 + 1 / (a + np.log(b + np.exp(b))), 2),
    "a function that saturates": (lambda a, b, c: np.tanh(np.exp(a / 3) - np.sin(b) + c / 2), 3),
    "a power in a decay": (lambda a, b, c: np.exp(-((a**2 + b * c) ** 0.4)), 3),
    "a pair among four": (
        lambda a, b, c, d: 1 / (1 + np.exp(-(a * np.log(b) + np.sqrt(c) - d))), 4,
    ),
    "a special function": (lambda a, b: erf(np.sqrt(a) - np.exp(b / 3) / 2), 2),
    "a product": (lambda a, b: 2 * np.arctan(a**2 / b) + 1, 2),
    "a product with a factor to name": (lambda a, b: np.arctan(a / (1 + np.exp(b))), 2),
    "logarithms of logarithms": (lambda a, b, c: np.log(1 + np.log(1 + a * b + c)), 3),
}  # fmt: skip
NAMES = tuple("abcd")


def rows_of(name: str) -> Rows:
    return drawn_rows(*LAWS[name], count=900)


@pytest.mark.parametrize("name", LAWS)
def test_every_part_and_the_function_are_found(name, monkeypatch):
    for module, seconds in ((groups_of_inputs, "_SECONDS"), (functions_of_sums, "_NAMING")):
        monkeypatch.setattr(module, seconds, 60.0)  # on a busy machine, too
    monkeypatch.setattr(functions_of_sums, "_REFINING", 60.0)
    found = FunctionsOfSums(OF_GROUPS).propose(rows_of(name), Deadline.after(600))
    assert any(is_exact(law) for law in found)


def test_inputs_over_decades_are_seen_in_their_logarithms():
    rng = np.random.default_rng(0)
    X = np.exp(rng.uniform(np.log([5e3, 1e-4]), np.log([1e6, 2e-2]), (800, 2)))
    y = np.log10(X[:, 1] / 3.7 + 5.74 / X[:, 0] ** 0.9) ** -2.0  # Swamee and Jain 1976
    found = FunctionsOfSums(()).propose(Rows(X, y, ("R", "e")), Deadline.after(60))
    assert any(is_exact(law) for law in found)


def test_a_sum_may_be_scaled_by_a_power_of_an_input():
    X = np.random.default_rng(0).uniform(1, 3, (900, 3))
    y = np.log(1.01 - X[:, 0] + 1.74 * (X[:, 1] + X[:, 2])) / X[:, 0] ** 2
    found = FunctionsOfSums(()).propose(Rows(X, y, NAMES[:3]), Deadline.after(60))
    assert any(is_exact(law) for law in found)


def test_an_input_that_only_scales_the_sum_is_no_part():
    rows = drawn_rows(lambda a, b, c, d, e: e * (a + np.log(b) + np.sin(c) + d), 5, high=5.0)
    found = FunctionsOfSums(()).propose(rows, Deadline.after(60))
    law = next(law for law in found if is_exact(law))
    assert "exp" not in str(law.expr)
    assert not sympy.cancel(law.expr / sympy.Symbol("e")).has(sympy.Symbol("e"))


def test_what_is_no_function_of_a_sum_is_left_to_others():
    X = np.random.default_rng(0).uniform(1, 3, (900, 2))
    y = np.sin(X[:, 0] * X[:, 1]) + X[:, 1] ** 2
    assert not list(FunctionsOfSums(()).propose(Rows(X, y, NAMES[:2]), Deadline.after(60)))


def test_a_function_that_turns_back_has_no_sum():
    X = np.random.default_rng(0).uniform(1, 3, (900, 2))
    y = np.cos(3 * X[:, 0] + np.exp(X[:, 1]))
    assert not list(FunctionsOfSums(()).propose(Rows(X, y, NAMES[:2]), Deadline.after(60)))


def test_rows_with_noise_are_left_to_others():
    rows = replace(rows_of("a product"), noise=0.01)
    assert not list(FunctionsOfSums(()).propose(rows, Deadline.after(60)))
