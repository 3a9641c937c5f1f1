"""What a formula may be, searches that stop when told, and that go on where they stopped."""

import numpy as np
import pytest
import sympy
import torch

import kansym
from kansym.extraction.limits import Limits
from kansym.results.parts import FrontPoint
from kansym.shared.errors import InputError
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.library.library import ALL, LIBRARY, Library, as_library
from tests.planted_models import know, plant

x = sympy.Symbol("x")
ROWS = np.random.default_rng(0).uniform(1, 3, (60, 1))


def _point(expression, bits, error, selected=False) -> FrontPoint:
    return FrontPoint((Formula(expression, ("x",)),), bits, error, selected)


def _length(point: FrontPoint) -> float:
    return point.complexity + 10 * point.error


POINTS = (_point(x, 5, 9.0), _point(x**2, 8, 2.0), _point(sympy.exp(x), 20, 0.0, True))


def test_without_limits_the_choice_stays():
    assert Limits().within(POINTS, _length) == POINTS


def test_of_the_formulas_within_the_limits_the_shortest_description_is_chosen():
    short = Limits(max_complexity=10).within(POINTS, _length)
    assert [point.selected for point in short] == [False, True]
    plain = Limits(as_library("sin,x^2")).within(POINTS, _length)
    assert [str(point.formulas[0]) for point in plain if point.selected] == ["x**2"]
    assert Limits(max_complexity=1).within(POINTS, _length) == ()


def test_a_library_by_names_of_sets_and_functions():
    assert as_library("physics") == ALL.subset("physics")
    assert as_library("sin, exp") == as_library(["sin", "exp"]) == Library([ALL["sin"], ALL["exp"]])
    assert as_library("-tan") == as_library(["elementary", "-tan"]) == LIBRARY - "tan"
    pulse = kansym.Candidate("pulse", "x*exp(-x)")
    assert as_library(["sin", pulse]).names == ("sin", "pulse")
    with pytest.raises(InputError, match="no set and no function 'sinn': did you mean 'sin'"):
        as_library("sinn")
    with pytest.raises(InputError, match="given a int"):
        as_library([3])


def test_a_law_has_no_function_that_was_ruled_out():
    y = np.exp(ROWS[:, 0]) - 1
    found = kansym.discover(ROWS, y, library="elementary").result.expr
    assert found.has(sympy.exp)
    kept = kansym.discover(ROWS, y, library="x^2,x^3,sqrt,1/x", seconds=1, engine=None).result
    assert not any(formula.template.atoms(sympy.Function) for formula in kept.formulas)


def test_a_formula_is_no_longer_than_wanted():
    y = ROWS[:, 0] ** 2 + 0.01 * np.sin(9 * ROWS[:, 0])
    found = kansym.discover(ROWS, y, max_complexity=30, seconds=1).result
    assert all(point.complexity <= 30 for point in found.front)
    with pytest.raises(InputError, match="within the limits"):
        kansym.discover(ROWS, y, max_complexity=0.5, seconds=0.5)
    with pytest.raises(InputError, match="max_complexity=-1"):
        kansym.discover(ROWS, y, max_complexity=-1)


def test_a_callback_sees_attempts_and_ends_the_search():
    X = np.random.default_rng(0).uniform(1, 3, (600, 1))  # of fewer, all plain laws come first
    seen = []

    def enough(attempt) -> bool:
        seen.append(attempt)
        return True

    kansym.discover(X, X[:, 0] ** 2 + np.sin(9 * X[:, 0]), callback=enough)
    assert len(seen) == 1
    assert seen[0].best is not None


def test_a_search_goes_on_where_it_stopped():
    y = 2 * ROWS[:, 0] ** 2
    first = kansym.discover(ROWS, y)
    again = kansym.discover(ROWS, y, resume=first)
    assert again.attempts[: len(first.attempts)] == first.attempts
    assert again.result.expr == first.result.expr
    assert again.seconds > first.seconds
    with pytest.raises(InputError, match="other rows"):
        kansym.discover(ROWS, 3 * y, resume=first)


def test_rows_without_a_law_have_a_mean():
    y = np.random.default_rng(1).normal(size=len(ROWS))
    found = kansym.discover(ROWS, y, seconds=1)
    (formula,) = found.result.formulas
    assert not formula.used_inputs
    assert found.result.predict(ROWS) == pytest.approx(y.mean(), abs=3 / len(ROWS) ** 0.5)


def test_required_inputs_are_in_the_formula():
    rng = np.random.default_rng(0)
    X = {"a": rng.uniform(1, 3, 40), "b": rng.uniform(1, 3, 40)}
    y = 2 * X["a"] + 0.05 * X["b"] + 0.1 * rng.normal(size=40)
    plain = kansym.discover(X, y, seconds=1, progress=False).result
    asked = kansym.discover(X, y, required=["b"], seconds=1, progress=False).result
    assert "b" not in plain.formulas[0].used_inputs
    assert "b" in asked.formulas[0].used_inputs
    with pytest.raises(InputError, match="required= names 'c', which is no input"):
        kansym.discover(X, y, required=["c"])
    with pytest.raises(InputError, match="groups= and required= were both given"):
        kansym.discover(X, y, required=["b"], groups=["g"] * 40)


def test_an_extraction_has_the_longest_formula_that_is_allowed():
    X = np.linspace(0, 2, 60)[:, None]
    y = np.exp(X[:, 0]) + 0.05 * np.random.default_rng(0).normal(size=60)
    model = kansym.KAN([1, 1], grid=20, domain=(0.0, 2.0))
    plant(model, 0, 0, 0, torch.exp)
    know(model, X)
    bits = [p.complexity for p in kansym.extract(model, X, y, budget=1, progress=False).front]
    asked = kansym.extract(model, X, y, max_complexity=bits[1], budget=1, progress=False)
    assert next(p.complexity for p in asked.front if p.selected) <= bits[1]
    with pytest.raises(InputError, match="No formula of at most"):
        kansym.extract(model, X, y, max_complexity=0.5, budget=1, progress=False)
