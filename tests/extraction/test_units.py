"""Units: what they forbid, what they give to constants, and what is said about wrong ones."""

import numpy as np
import pandas as pd
import pytest

from kansym.extraction.constant_units import Units
from kansym.extraction.discovery import discover
from kansym.shared.errors import InputError
from kansym.shared.tables import Table
from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.formulas.parsing import parse

INPUTS = {"L": "m", "g": "m/s^2", "T": "K", "t": "s"}


def units(output, **inputs):
    names = tuple(inputs) or tuple(INPUTS)
    table = Table(np.ones((1, len(names))), names)
    target = Table(np.ones((1, 1)), ("y",))
    found = Units.of(table, target, inputs or INPUTS, output)
    assert found is not None
    return found


def formula(text):
    expr = parse(text)
    names = sorted(s.name for s in expr.free_symbols if s.name not in INPUTS)
    constants = tuple(Constant(name, 1.5, 0.1) for name in names)
    return Formula(expr, tuple(INPUTS), constants)


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("2*pi*sqrt(L/g)", "s"),
        ("a*sqrt(L)", "s"),
        ("a*exp(b/T)", "1/s"),
        ("a + b*log(t)", "K"),
        ("a*sin(b*t + c)", "m"),
        ("a*t**2 + b*t + c", "m"),
        ("a*L**p", "s"),
        ("L/t", None),
    ],
)
def test_what_constants_can_make_right_is_allowed(text, output):
    assert units(output).mismatch(formula(text)) is None


@pytest.mark.parametrize(
    ("text", "output", "words"),
    [
        ("L/t", "s", "the whole is in s"),
        ("a*exp(T)", "m", "exp is taken of T"),
        ("a*(L + t)", "m", "is added to"),
        ("sin(L)", "1", "sin is taken of L"),
        ("a**t", "m", "t is an exponent"),
    ],
)
def test_what_no_constant_makes_right_is_named(text, output, words):
    assert words in (units(output).mismatch(formula(text)) or "")


@pytest.mark.parametrize(
    ("text", "output", "constant", "unit"),
    [
        ("a*sqrt(L)", "s", "a", "m^-1/2 s"),
        ("a*exp(b/T)", "1/s", "b", "K"),
        ("a*exp(b*t)", "km", "a", "km"),
        ("a*exp(b*t)", "km", "b", "s^-1"),
        ("a*sqrt(L/g)", "s", "a", ""),
    ],
)
def test_constants_have_the_units_that_the_formula_needs(text, output, constant, unit):
    found = units(output).of_constants(formula(text))
    assert {c.name: c.unit for c in found.constants}[constant] == unit
    assert Formula.from_json(found.to_json()).constants == found.constants


def test_the_only_product_of_powers_is_proposed():
    law = units("s", L="m", g="m/s^2").monomial(("L", "g"))
    assert law is not None
    assert law.expr == parse("c*sqrt(L)/sqrt(g)")
    assert units("K", L="m", g="m/s^2").monomial(("L", "g")) is None


def test_columns_with_units_give_a_constant_its_unit():
    length = np.linspace(0.1, 2, 15)
    noise = 0.01 * np.random.default_rng(0).normal(size=15)
    period = pd.Series(2.006 * np.sqrt(length) + noise, name="T [s]")
    found = discover(pd.DataFrame({"L [m]": length}), period, seconds=3, progress=False)
    (constant,) = found.result.formulas[0].constants
    assert constant.unit == "m^-1/2 s"
    assert "m^-1/2 s" in str(found)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"units": {"M": "m"}}, "names 'M', which is no input"),
        ({"units": {"x1": "flubs"}}, "unknown name 'flubs'"),
        ({"output_unit": "parsecond"}, "unknown name 'parsecond'"),
    ],
)
def test_a_wrong_unit_is_one_sentence(given, words):
    with pytest.raises(InputError, match=words):
        discover(np.arange(5.0), np.arange(5.0), seconds=1, **given)


def test_units_of_constants_are_those_of_the_table():
    table = Table(np.ones((1, 1)), ("p",), {"p": "bar"})
    target = Table(np.ones((1, 1)), ("q",), {"q": "mmol/g"})
    found = Units.of(table, target, None, None)
    law = Formula(parse("a*p/(b + p)"), ("p",), (Constant("a", 1.5, 0.1), Constant("b", 1.5, 0.1)))
    assert found is not None
    assert [c.unit for c in found.of_constants(law).constants] == ["mmol g^-1", "bar"]


def test_a_unit_that_the_table_does_not_determine_is_not_said():
    law = Formula(parse("a*V + b"), ("V",), (Constant("a", 1.5, 0.1), Constant("b", 1.5, 0.1)))
    table, target = Table(np.ones((1, 1)), ("V",), {"V": "mL"}), Table(np.ones((1, 1)), ("y",))
    found = Units.of(table, target, None, None)
    assert found is not None
    assert [c.unit for c in found.of_constants(law).constants] == ["", ""]
