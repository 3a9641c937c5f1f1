"""Dimensions: an independent dimension calculus on random products is the oracle."""

from fractions import Fraction

import pint
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from kansym.problems.dimensions import dimension_of
from kansym.shared.errors import InputError
from kansym.shared.units import ONE, is_unit, parse_unit, unit_scale
from kansym.symbolic.formulas.parsing import parse

POWERS = st.lists(st.integers(-4, 4), min_size=7, max_size=7)


def _text(powers: list[int]) -> str:
    names = ("m", "s", "kg", "A", "K", "mol", "cd")
    return " ".join(f"{name}^{power}" for name, power in zip(names, powers, strict=True))


@given(POWERS)
def test_a_unit_is_read_as_its_powers(powers: list[int]) -> None:
    assert parse_unit(_text(powers)).powers == tuple(map(Fraction, powers))


@given(POWERS)
def test_a_dimension_prints_as_a_unit_that_reads_back(powers: list[int]) -> None:
    dimension = parse_unit(_text(powers))
    assert parse_unit(str(dimension)) == dimension


@given(POWERS, POWERS, st.integers(-3, 3))
def test_products_and_powers_add_and_multiply_exponents(
    one: list[int], other: list[int], exponent: int
) -> None:
    units = {"a": parse_unit(_text(one)), "b": parse_unit(_text(other))}
    a, b = sympy.symbols("a b")
    expected = tuple(Fraction(x + exponent * y) for x, y in zip(one, other, strict=True))
    assert dimension_of(a * b**exponent, units).powers == expected


@pytest.mark.parametrize(
    ("derived", "base"),
    [
        ("N", "kg m s^-2"),
        ("J", "N m"),
        ("W", "J/s"),
        ("C", "J/V"),
        ("A", "C/s"),
        ("F", "C/V"),
        ("ohm", "V/A"),
        ("Pa", "N/m^2"),
        ("km/s/Mpc", "1/s"),
        ("V", "W/A"),
        ("mT", "V s m^-2"),
        ("kmol", "mol"),
        ("lx", "cd sr m^-2"),
        ("µm", "m"),
        ("°C", "K"),
        ("Jy", "W m^-2 Hz^-1"),
        ("1e-10 m s^-2", "m/s**2"),
        ("Hz^1/2", "s^-1/2"),
        ("rad", "1"),
        ("", "1"),
    ],
)
def test_derived_units_equal_their_definition(derived: str, base: str) -> None:
    assert parse_unit(derived) == parse_unit(base)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("x + t", "adds"),
        ("x + 1", "adds"),
        ("sin(x)", "sin is taken of x"),
        ("exp(t)", "exp is taken of t"),
        ("2**x", "exponent"),
        ("x**n", "raised to a power that varies"),
        ("max(x, t)", "adds"),
        ("x*unitless", "has no unit"),
    ],
)
def test_disagreeing_dimensions_are_refused(formula: str, message: str) -> None:
    units = {"x": parse_unit("m"), "t": parse_unit("s"), "n": ONE}
    with pytest.raises(InputError, match=message):
        dimension_of(parse(formula), units)


@pytest.mark.parametrize(
    ("formula", "unit"),
    [
        ("sqrt(x**2 + (v*t)**2)", "m"),
        ("abs(x)/t", "m/s"),
        ("sign(x)*heaviside(t)", "1"),
        ("exp(-x/(v*t))*sin(v*t/x)", "1"),
        ("n**n*x", "m"),
        ("max(x, v*t)", "m"),
    ],
)
def test_agreeing_dimensions_are_found(formula: str, unit: str) -> None:
    units = {"x": parse_unit("m"), "t": parse_unit("s"), "v": parse_unit("m/s"), "n": ONE}
    assert dimension_of(parse(formula), units) == parse_unit(unit)


@pytest.mark.parametrize("text", ["furlonk", "m^^2", "kg!", "m^x"])
def test_an_unreadable_unit_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="unit"):
        parse_unit(text)


@pytest.mark.parametrize(
    ("text", "amount", "same"),
    [
        ("km/h", 1, "km/h"),
        ("10^3 kg", None, ""),
        ("1e3 kg", 1e3, "kg"),
        ("10 cm^2", 10, "cm**2"),
        ("W m^-2 sr^-1", 1, "W/m**2/sr"),
        ("eV", 1, "eV"),
        ("mT", 1, "mT"),
    ],
)
def test_scales_of_units_are_those_of_pint(text, amount, same):
    if amount is None:  # a power of a bare number is no unit
        with pytest.raises(InputError, match="cannot be read"):
            unit_scale(text)
    else:
        expected = amount * pint.application_registry.Quantity(1.0, same).to_base_units().magnitude
        assert unit_scale(text) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "text", ["nan", "if", "m**9**9**9", "m/0", "9" * 40 + "m^", "m|s", "''m", "red/"]
)
def test_texts_of_any_kind_are_asked_about_in_no_time(text: str) -> None:
    assert not is_unit(text)


def test_raised_powers_are_powers() -> None:
    assert parse_unit("kg m² s⁻²") == parse_unit("J")
    assert unit_scale("cm²") == unit_scale("cm^2")
