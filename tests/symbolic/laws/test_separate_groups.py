"""Functions of groups of inputs that stand in a sum or a product are found one by one."""

import numpy as np
import pytest
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws import groups_of_inputs
from kansym.symbolic.laws.checking import is_exact, product_of_laws, values_of
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.proposing import OF_GROUPS, PLAIN
from kansym.symbolic.laws.scaled_groups import ScaledGroups
from kansym.symbolic.laws.separate_groups import SeparateGroups

LAWS = {
    "sum": lambda a, b, c, d: a * np.sin(b) / (a + b) + c * np.log(d) / (1 + d),
    "root": lambda a, b, c, d: np.sqrt(a * np.sin(b) / (a + b) + c * np.log(d) / (1 + d) + 2),
    "product": lambda a, b, c, d: (a * np.sin(b) + 1) * (c * np.log(d) + d),
}
NAMES = tuple("abcd")


@pytest.mark.parametrize("name", LAWS)
def test_the_law_of_every_group_is_found(name, monkeypatch):
    monkeypatch.setattr(groups_of_inputs, "_SECONDS", 60.0)  # on a busy machine, too
    X = np.random.default_rng(0).uniform(1, 3, (600, 4))
    rows = Rows(X, LAWS[name](*X.T), NAMES)
    first = next(SeparateGroups(OF_GROUPS).propose(rows, Deadline.after(600)))
    assert is_exact(first)


def test_inputs_that_mix_are_no_groups():
    X = np.random.default_rng(0).uniform(1, 3, (600, 4))
    rows = Rows(X, X[:, 0] * X[:, 2] + np.exp(X[:, 1] / X[:, 3]) * (1 + X[:, 0]), NAMES)
    assert not list(SeparateGroups(OF_GROUPS).propose(rows, Deadline.after(60)))


def test_a_factor_of_a_product_is_named_itself(monkeypatch):
    monkeypatch.setattr(groups_of_inputs, "_SECONDS", 60.0)  # on a busy machine, too
    X = np.random.default_rng(0).uniform(1, 3, (600, 4))
    a, b, c, d = X.T
    rows = Rows(X, a * d**3 * np.sqrt(b**6 * (1.5 + (b + 0.59) * np.exp(c) / c)), NAMES)
    sources = (*PLAIN, ScaledGroups(PLAIN))
    found = SeparateGroups(sources).propose(rows, Deadline.after(600))
    assert any(is_exact(law) for law in found)


def test_a_group_with_short_numbers_leaves_an_exact_rest(monkeypatch):
    monkeypatch.setattr(groups_of_inputs, "_EXACTLY", 120.0)
    X = np.random.default_rng(0).uniform([1, 1, 0.2, 1], [3, 3, 0.9, 3], (700, 4))
    k, z, b, m = X.T
    rows = Rows(X, k * z**2 * (np.log(200 * m * b**2 / (1 - b**2)) - b**2) / b**2, tuple("kzbm"))
    found = SeparateGroups((*PLAIN, ScaledGroups(OF_GROUPS))).propose(rows, Deadline.after(600))
    assert any(is_exact(law) for law in found)


def test_a_product_has_one_factor_and_inputs_of_any_name():
    X = np.random.default_rng(0).uniform(1, 3, (50, 2))
    rows = Rows(X, np.ones(50), ("v [m/s]", "two words"))
    v, w, k = sympy.Symbol("v [m/s]"), sympy.Symbol("two words"), sympy.Symbol("k1")
    laws = [Law(k * v**2, {k: 3.0}, "", 0.0), Law(5 * (w + k), {k: 2.0}, "", 0.0)]
    total, start = product_of_laws(laws, 15 * X[:, 0] ** 2 * (X[:, 1] + 2), rows)
    assert np.allclose(values_of(total, start, rows), 15 * X[:, 0] ** 2 * (X[:, 1] + 2))
    assert len(start) == 2
