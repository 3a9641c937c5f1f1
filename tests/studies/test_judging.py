"""One rule judges every formula, whoever found it."""

import numpy as np
import pytest
import sympy

from kansym.problems.catalogue import load_problem
from kansym.problems.problem import Problem
from kansym.problems.ranges import Range
from kansym.studies.bench.judging import gradient_error, judge
from kansym.studies.bench.rows import draw_rows


@pytest.fixture(scope="module")
def gauss() -> Problem:
    return Problem("g", "mine", ("x",), "y", "2*exp(-x**2/2) + 0.5", ranges={"x": Range(-2.0, 2.0)})


@pytest.mark.parametrize(
    ("formula", "noise", "recovered"),
    [
        ("2*exp(-x**2/2) + 0.5", 0.0, True),
        ("2.0000000001*exp(-0.5*x**2) + 0.5", 0.0, True),
        ("2*exp(-x**2/2)", 0.0, True),  # SRBench: up to a constant
        ("2.004*exp(-0.5*x**2) + 0.5", 0.0, False),
        ("2.004*exp(-0.502*x**2) + 0.503", 0.01, True),  # noise moves constants, not the form
        ("2.5 - 0.99*x**2 + 0.19*x**4", 0.01, False),
        ("2.5 - 0.99*x**2 + 0.19*x**4", 0.0, False),
    ],
)
def test_one_rule_judges_formulas(gauss, formula, noise, recovered):
    from kansym.symbolic.formulas.parsing import parse

    found = judge(gauss, parse(formula), draw_rows(gauss, 100, 0), noise)
    assert found.recovered is recovered


@pytest.mark.parametrize("noise", [0.0, 0.1])
@pytest.mark.parametrize("missed", [0.0, 0.1])
def test_a_curve_in_the_formula_is_no_recovery(gauss, noise, missed):
    formula = sympy.Float(1.5) * sympy.Function("f5")(sympy.Symbol("x")) + 1
    rows = draw_rows(gauss, 100, 0)
    found = judge(gauss, formula, rows, noise, predicted=rows.y_unused + missed)
    assert found.recovered is False
    assert found.r2 is not None
    assert (found.r2 == 1.0) == (missed == 0.0)


def test_an_undefined_formula_has_no_r2(gauss):
    found = judge(gauss, sympy.log(sympy.Symbol("x")), draw_rows(gauss, 100, 0))
    assert found.r2 is None
    assert found.recovered is False


def test_the_gradient_error_of_the_truth_is_zero_and_of_a_wrong_one_known():
    problem = load_problem("I.12.11")
    rows = draw_rows(problem, 50, 0)

    def exact(X: np.ndarray) -> np.ndarray:
        q, Ef, B, v, theta = X.T
        return np.stack(
            [
                Ef + B * v * np.sin(theta), q, q * v * np.sin(theta), q * B * np.sin(theta),
                q * B * v * np.cos(theta),
            ],
            axis=1,
        )  # fmt: skip

    found = gradient_error(exact, problem, rows)
    assert found is not None
    assert found < 1e-12
    doubled = gradient_error(lambda X: 2 * exact(X), problem, rows)
    assert doubled == pytest.approx(1.0)
