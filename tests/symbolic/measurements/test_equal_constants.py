"""Constants that agree within their errors become one, and unrelated ones stay apart."""

import numpy as np
import pytest
import sympy

from kansym import fit_formula
from kansym.symbolic.measurements.equal_constants import with_equal_constants

NOISE, ROWS = 0.003, 15
LENGTHS = np.linspace(0.5, 5.0, ROWS)
OTHERS = np.random.default_rng(0).uniform(1.0, 5.0, ROWS)
AGREEING = {
    "a*x + b*z": ({"a": 2.1, "b": 2.1}, "a*(x + z)"),
    "a + b*exp(c*x)": ({"a": 2.3, "b": -2.3, "c": -0.7}, "a*(1 - exp(c*x))"),
    "a*exp(-x/b)": ({"a": 0.8, "b": 1.25}, "a*exp(-a*x)"),
    "a*sqrt(x**2 + b*z**2)": ({"a": 2.0, "b": 1.0}, "a*sqrt(x**2 + z**2)"),
    "a*x**p*z**q": ({"a": 2.0, "p": 0.4, "q": 0.4}, "a*x**p*z**p"),
    "a*atan(b*x/z)": ({"a": 1.0, "b": 0.4}, "atan(b*x/z)"),
    "a*exp(-b*x)": ({"a": 1.0, "b": 0.4}, "exp(-b*x)"),
    "1/(a/x + b/z)": ({"a": 1.7, "b": 1.7}, "1/(a*(1/z + 1/x))"),
}


def _fit(form: str, constants: dict[str, float], seed: int = 0):
    """A form fitted to what it gives with these constants, and noise."""
    known = {sympy.Symbol(name): value for name, value in constants.items()}
    exact = sympy.sympify(form).xreplace(known)
    y = sympy.lambdify(sympy.symbols("x z"), exact)(LENGTHS, OTHERS)
    noise = np.random.default_rng(seed).normal(size=ROWS)
    rows = {"x": LENGTHS, "z": OTHERS}
    return fit_formula(form, rows, y * (1 + NOISE * noise), sigma=NOISE * np.abs(y), exact=False)


@pytest.mark.parametrize("form", AGREEING)
def test_constants_that_agree_become_one(form: str):
    constants, expected = AGREEING[form]
    forms = [str(tied.template) for tied in with_equal_constants(_fit(form, constants))]
    assert expected in forms


def test_the_factor_of_a_power_is_measured():
    forms = [str(tied.template) for tied in with_equal_constants(_fit("a*x**2", {"a": 1.0}))]
    assert not forms


def test_unrelated_constants_seldom_agree():
    draws = np.exp(np.random.default_rng(1).uniform(-1.0, 1.0, (60, 2)))
    fits = [_fit("a + b*x", {"a": a, "b": b}, seed) for seed, (a, b) in enumerate(draws.tolist())]
    assert sum(any(with_equal_constants(fit)) for fit in fits) <= 3
