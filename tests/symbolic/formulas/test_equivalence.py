"""Equivalence: SRBench's rule and fifty digits, in bounded time."""

import pytest
import sympy

from kansym.shared.errors import InputError
from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.formulas.equivalence import equivalent
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.formulas.parsing import parse
from tests.clock import at_most

SPEEDS = {"m": (1, 5), "v": (1, 2), "c": (3, 10)}


@pytest.mark.parametrize(
    ("f", "g", "ranges", "symbolic", "numerical"),
    [
        ("exp(log(x) + 2*log(y))", "x*y**2", {}, True, True),
        ("c*m/sqrt(c**2 - v**2)", "m/sqrt(1 - v**2/c**2)", SPEEDS, True, True),
        (
            "tanh(atanh(x) + atanh(y))",
            "(x + y)/(1 + x*y)",
            {"x": (-0.9, 0.9), "y": (-0.9, 0.9)},
            True,
            True,
        ),
        ("x + 3.2", "x", {}, True, False),
        ("2.5*x", "x", {}, True, False),
        ("1.0003*sin(3.14159*x)", "sin(pi*x)", {}, True, False),
        ("sin(x)", "x", {}, False, False),
        ("x**2.01", "x**2", {}, False, False),
        ("sqrt(x**2)", "x", {"x": (-1, 1)}, False, False),
        ("besselj0(x)", "besselj0(x)", {}, True, True),
        ("0*x", "x", {}, False, False),
    ],
)
def test_verdicts(f, g, ranges, symbolic, numerical):
    verdict = equivalent(f, g, ranges=ranges)
    assert verdict.symbolic is symbolic
    assert verdict.numerical is numerical
    assert verdict.recovered == (symbolic or numerical) == bool(verdict)


def test_a_formula_with_fitted_constants():
    a, x = sympy.symbols("a x")
    f = Formula(a * sympy.sin(x), ("x",), (Constant("a", 2.0000001, 1e-7),))
    verdict = equivalent(f, "2*sin(x)")
    assert verdict.numerical
    assert 0 < verdict.difference < 1e-6
    assert not equivalent(f, "2*sin(x)", tolerance=1e-9).numerical


def test_small_differences_are_seen_in_fifty_digits():
    verdict = equivalent(parse("x + x**2/10**30"), parse("x"), tolerance=1e-40)
    assert not verdict.numerical
    assert 0 < verdict.difference < 1e-28


def test_it_ends_in_time():
    f = "+".join(f"sin({i}*x + y)**{i}/(x**{i} + y)" for i in range(2, 25))
    g = "+".join(f"cos({i}*x + y - pi/2)**{i}/(y + x**{i})" for i in range(2, 25))
    with at_most(5.0):
        equivalent(f, g, seconds=2.0)


def test_a_truth_that_is_undefined_in_the_ranges():
    with pytest.raises(InputError, match="ranges"):
        equivalent("x", "log(x)", ranges={"x": (-2, -1)})
    with pytest.raises(InputError, match="sympy expression or text"):
        equivalent(3, "x")


def test_numbers_beyond_double_precision_are_no_error():
    huge = sympy.Float("1e400") * sympy.Symbol("x") + 1
    assert not equivalent(huge, sympy.Symbol("x"), ranges={"x": (1.0, 2.0)}).symbolic
