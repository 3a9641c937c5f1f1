"""Searches with several seeds: what is one formula, and how many found it."""

from dataclasses import replace

import numpy as np
import pytest
import sympy

import kansym
from kansym.extraction.discovery import Discovery
from kansym.extraction.seeds import SeedAgreement, _groups, discover_over_seeds
from kansym.results.parts import MeasuredRows
from kansym.shared.errors import InputError
from kansym.symbolic.formulas.formula import Formula
from tests.planted_results import planted_result

x = sympy.Symbol("x1")


def _result(expression, noise: float):
    at = np.linspace(1, 2, 20)
    y = at**2 + noise * (-1.0) ** np.arange(20)
    rows = MeasuredRows(at[:, None], y[:, None])
    formula = Formula(expression, ("x1",))
    return replace(planted_result(inputs=("x1",)), formulas=(formula,), data=rows)


def test_formulas_are_one_within_what_is_left_over():
    exact = [_result(e, 0.0) for e in (x**2, x**3, x * x, x**2 + x / 1000)]
    assert _groups(exact) == ((0, 2), (1,), (3,))
    noisy = [_result(a * x**2, 0.5) for a in (1.11, 1.12, 1.19)]
    assert _groups(noisy) == ((0, 1), (2,))


def test_the_best_is_of_the_largest_group():
    found = tuple(Discovery(_result(e, 0.0), (), (), 1.0) for e in (x**3, x**2, x**2))
    agreement = SeedAgreement(found, _groups([each.result for each in found]))
    assert agreement.best is found[1]
    assert agreement.share == pytest.approx(2 / 3)
    assert str(agreement).splitlines() == ["2 of 3 seeds: y = x1**2", "1 of 3 seeds: y = x1**3"]


def test_every_seed_finds_an_exact_law():
    X = np.random.default_rng(0).uniform(1, 2, (400, 2))
    found = discover_over_seeds(X, X[:, 0] * X[:, 1], seeds=3)
    assert found.share == 1
    assert [each.result.provenance.seed for each in found.found] == [0, 1, 2]
    with pytest.raises(InputError, match="seeds=1"):
        kansym.discover_over_seeds(X, X[:, 0], seeds=1)
