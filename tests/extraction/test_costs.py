"""What functions cost, and which are forbidden, holds for every source of formulas."""

import numpy as np
import pytest
import sympy

from kansym import KAN, discover, extract, train
from kansym.shared.errors import InputError
from kansym.symbolic.formulas.complexity import charging, complexity
from kansym.symbolic.library.costs import checked_costs
from kansym.symbolic.library.library import LIBRARY, as_library

X = np.random.default_rng(0).uniform(0.5, 2, (200, 2))
x = sympy.Symbol("x")


def functions(result) -> set[type]:
    """The functions on the front of a result."""
    templates = [formula.template for point in result.front for formula in point.formulas]
    return {type(one) for template in templates for one in template.atoms(sympy.Function)}


@pytest.mark.parametrize("text", ["sin(x)", "cos(2*x) + 1", "x/sin(x)", "tan(x)**2", "exp(x)*x"])
def test_a_cost_multiplies_the_bits_of_its_function_alone(text):
    expr = sympy.sympify(text)
    plain = complexity(expr)
    with charging(checked_costs({"sin": 3.0})):
        more = complexity(expr)
    assert more - plain == pytest.approx(12.0 * expr.has(sympy.sin, sympy.cos))
    assert complexity(expr) == plain


@pytest.mark.parametrize(
    ("name", "text"), [("+", "x + 1"), ("*", "2*x"), ("/", "1/x"), ("^", "x**2")]
)
def test_operations_have_costs(name, text):
    expr = sympy.sympify(text)
    with charging(checked_costs({name: 2.0})):
        more = complexity(expr)
    assert more - complexity(expr) == 4.0


@pytest.mark.parametrize(
    "costs",
    [{"sine": 2}, {"sin": 0}, {"sin": -1}, {"sin": "much"}, {"sin": np.nan}, "sin", ["sin"]],
)
def test_costs_that_are_none(costs):
    with pytest.raises(InputError, match=r"^[^\n]+\.$"):
        discover(X, X[:, 0], costs=costs)


def test_what_costs_more_is_chosen_only_if_it_explains_more():
    rng = np.random.default_rng(0)
    rows = rng.uniform(0, 1.2, (300, 1))
    y = np.sin(rows[:, 0]) + 0.005 * rng.normal(size=300)
    settings = {"seconds": 20, "progress": False}
    assert functions(discover(rows, y, **settings).result) == {sympy.sin}
    dear = discover(rows, y, costs={"sin": 20}, **settings).result
    assert not functions(dear) & {sympy.sin, sympy.cos}
    assert dear.provenance.settings["costs"] == {"sin": 20}


def test_costs_choose_the_functions_of_edges():
    rows = np.random.default_rng(0).uniform(-1, 1, (300, 1))
    model = KAN([1, 1], seed=0)
    train(model, rows, np.tanh(rows[:, 0]), progress=False)
    settings = {"library": "x,tanh,atan", "reading": "weights", "accuracy": 0.01, "progress": False}
    assert functions(extract(model, **settings)) == {sympy.tanh}
    assert functions(extract(model, costs={"tanh": 30}, **settings)) == {sympy.atan}


@pytest.mark.parametrize(
    ("library", "y"),
    [
        ("sin", np.exp(X[:, 0]) * X[:, 1]),
        ("x,1/x", np.tanh(X[:, 0]) + X[:, 1]),
        ("log", np.exp(X[:, 0]) * X[:, 1]),
    ],
    ids=["sin", "none", "log"],
)
def test_no_source_of_laws_brings_a_function_that_the_library_lacks(library, y):
    found = discover(X, y, library=library, seconds=1.5, progress=False)
    assert functions(found.result) <= as_library(library).functions
    points = [point for attempt in found.attempts for point in attempt.points if point.selected]
    assert points


def test_a_law_is_written_in_the_functions_that_there_are():
    y = np.tanh(X[:, 0]) + X[:, 1]
    found = discover(X, y, library="exp", progress=False).result
    assert functions(found) == {sympy.exp}
    assert found.front[-1].error < 1e-9


def test_a_forbidden_function_does_not_end_the_search():
    """The sources find x2*sinh(x1) first, which is not what was asked for."""
    y = X[:, 1] * np.sinh(X[:, 0])
    found = discover(X, y, library=LIBRARY - "sinh", progress=False).result
    assert sympy.sinh not in functions(found)
    assert found.front[-1].error < 1e-3
