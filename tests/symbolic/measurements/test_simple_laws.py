"""Simple laws win over richer ones within the noise, from three rows on."""

import numpy as np
import pytest
import sympy

from kansym import fit_formula
from kansym.shared.deadline import Deadline
from kansym.shared.row_errors import row_errors
from kansym.symbolic.formulas.parsing import parse
from kansym.symbolic.measurements.description_length import description_length
from kansym.symbolic.measurements.simple_laws import simple_laws


def best(names, X, y, sigma=None, seconds=10):
    X = np.asarray(X, dtype=float).reshape(len(y), -1)
    found = simple_laws(names, X, y, row_errors(len(y), sigma), Deadline.after(seconds))
    lengths = [description_length(fit, y) for fit in found]
    assert lengths == sorted(lengths)
    return found[0]


def noise(rows: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=rows)


@pytest.mark.parametrize("rows", [15, 50])
def test_a_noisy_line_is_a_line(rows):
    x = np.linspace(0, 5, rows)
    fit = best(("x",), x, 1 + 2 * x + 0.3 * noise(rows))
    assert sympy.Poly(fit.formula.template, sympy.Symbol("x")).degree() == 1
    assert len(fit.free) == 2


def test_six_points_near_a_line_through_zero_have_one_constant():
    x = np.arange(1.0, 7.0)
    fit = best(("x",), x, 2 * x + 0.05 * noise(6))
    assert len(fit.free) == 1
    assert abs(fit.values[fit.free[0]] - 2) < 0.05


@pytest.mark.parametrize("rows", [3, 4, 5])
def test_very_few_rows_give_something_with_fewer_constants_than_rows(rows):
    x = np.linspace(1, 2, rows)
    assert len(best(("x",), x, 3 * x + 0.01 * noise(rows)).free) < rows


def test_a_product_of_powers_has_errors_on_its_powers():
    rng = np.random.default_rng(2)
    re, pr = 10 ** rng.uniform(2, 5, 16), 10 ** rng.uniform(-0.2, 2, 16)
    nu = 0.6 * re**0.42 * pr**0.29 * (1 + 0.03 * noise(16))
    fit = best(("Re", "Pr"), np.column_stack([re, pr]), nu, 0.03 * nu)
    values = sorted(fit.values.values())
    assert values == pytest.approx([0.29, 0.42, 0.6], abs=0.06)
    assert all(0 < error < 0.1 for error in fit.stderr.values())


def test_a_power_of_one_input_times_an_exponential_of_another():
    c, temperature = np.repeat([0.1, 0.3, 0.9], 5), np.tile(np.linspace(293.15, 343.15, 5), 3)
    rate = 4e7 * c * np.exp(-5900 / temperature) * (1 + 0.02 * noise(15))
    fit = best(("c", "T"), np.column_stack([c, temperature]), rate)
    (k, energy) = sorted(fit.values.values(), reverse=True)
    assert len(fit.free) == 2
    assert fit.formula.template.has(sympy.exp)
    assert abs(energy + 5900) < 200
    assert k > 0


@pytest.mark.parametrize(
    "law", [lambda x: 1.8 * np.sin(1.3 * x), lambda x: 10 * x / (x + 3.7)], ids=["wave", "limit"]
)
def test_a_law_of_two_constants_has_no_third(law):
    x = np.linspace(0.2, 6, 20)
    y = law(x)
    assert len(best(("x",), x, y + 0.01 * np.std(y) * noise(20)).free) == 2


def test_a_product_among_many_inputs_has_its_own_factors_alone():
    rng = np.random.default_rng(3)
    X, names = rng.uniform(1, 2, (60, 30)), tuple(f"x{i + 1}" for i in range(30))
    y = 2 * X[:, 0] * X[:, 1] / X[:, 2] ** 2 * (1 + 0.01 * rng.standard_normal(60))
    assert best(names, X, y, seconds=2).formula.used_inputs == ("x1", "x2", "x3")


def test_an_input_of_two_levels_is_an_input():
    x, on = np.linspace(0, 3, 30), np.arange(30) % 2
    fit = best(("x", "on"), np.column_stack([x, on]), 2 * x + 1.5 * on + 0.05 * noise(30))
    assert {s.name for s in fit.formula.template.free_symbols} >= {"x", "on"}


def test_rows_without_noise_are_exact():
    t = np.linspace(273, 373, 14)
    fit = best(("T",), t, np.exp(20.386 - 5132 / t))
    assert fit.r2 > 1 - 1e-12


def test_what_rounding_leaves_is_not_worth_a_constant():
    x = np.array([0.8, 1.3, 2.0, 3.1, 4.4, 6.0])
    rounded = np.round(2 * x + 1 + 1e-3 * (x - 2) * (x - 5), 1)
    lengths = []
    for form in ("a*x + b", "a*x**2 + b*x + c"):
        fit = fit_formula(form, {"x": x}, rounded)
        lengths.append(description_length(fit, rounded))
    assert lengths[0] + 3 < lengths[1]


def test_decimals_are_not_rounding_where_a_law_has_them_all():
    n = np.arange(1.0, 9.0)
    fits = [fit_formula(form, {"n": n}, n**2 + n) for form in ("a*n**2 + b*n", "a*n**2")]
    first, second = (description_length(fit, n**2 + n) for fit in fits)
    assert first + 100 < second


@pytest.mark.parametrize("power", [2.0, 0.5, -1.0, -2.0])
def test_inputs_that_add_up_in_a_power(power):
    sides = np.random.default_rng(3).uniform(1, 5, (12, 2))
    y = (sides**power @ np.array([1.0, 2.0])) ** (1 / power)
    fit = best(("a", "b"), sides, y * (1 + 0.01 * noise(12)))
    assert len(fit.free) == 2
    assert fit.predict({"a": [2.0], "b": [3.0]}) == pytest.approx(
        (2.0**power + 2 * 3.0**power) ** (1 / power), rel=0.03
    )


@pytest.mark.parametrize(
    "law",
    [
        lambda x: 0.7 * x + 0.05 * x**3,
        lambda x: np.sqrt(4 / x + 3 * x),
        lambda x: np.sqrt(9 + 4 * x**2),
        lambda x: 4.2 * x / (1 + 0.8 * x) ** 2,
        lambda x: np.arcsin(0.16 * x),
        lambda x: 1 / (1 + np.exp(2 * (2.4 - x))),
    ],
    ids=["cubic", "root", "hyperbola", "two sites", "angle", "share seen"],
)
def test_plain_laws_of_few_rows_are_themselves(law):
    x = np.linspace(0.3, 5, 14)
    y = law(x)
    fit = best(("x",), x, y + 0.003 * np.std(y) * noise(14))
    assert len(fit.free) <= 2
    between = np.linspace(0.4, 4.9, 40)
    error = fit.predict({"x": between}) - law(between)
    assert np.sqrt(np.mean(error**2)) < 0.005 * np.std(y)


def levels(**inputs: list[float]) -> tuple[tuple[str, ...], np.ndarray]:
    """All combinations of levels (rows, inputs)."""
    grid = np.meshgrid(*map(np.asarray, inputs.values()), indexing="ij")
    return tuple(inputs), np.column_stack([column.ravel() for column in grid])


OF_LEVELS = {
    "radiation": (
        levels(T=[400, 500, 600, 700], S=[280, 300, 330]),
        lambda T, S: 4.6e-8 * (T**4 - S**4),
        "c1*T**4 + c2*S**4",
    ),
    "beam, two heights": (
        levels(F=[5, 10, 20], L=[0.3, 0.5, 0.8], h=[3, 5]),
        lambda F, L, h: 0.021 * F * L**3 / h**3,
        "c1*F*L**3/h**3",
    ),
    "expansion": (
        levels(L=[0.5, 1, 2], T=[20, 60, 100, 140]),
        lambda L, T: L * (0.9995 + 1e-3 * T),
        "L*(c1 + c2*T)",
    ),
}


@pytest.mark.parametrize("name", OF_LEVELS)
def test_tables_of_levels(name):
    (names, X), law, form = OF_LEVELS[name]
    values = law(*X.T)
    y = values * (1 + 0.003 * noise(len(X)))
    assert best(names, X, y, 0.003 * values).formula.template == parse(form)


def test_noise_takes_small_values_of_a_power_across_zero():
    x = np.linspace(0.5, 5, 20)
    y = 0.057 * x**4 + 0.2 * noise(20)
    assert y.min() < 0
    assert best(("x",), x, y).formula.template == parse("c1*x**4")
