"""Laws of one variable: the right value on fresh rows, and the right form where rows are noisy."""

import numpy as np
import pytest
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.univariate import Univariate, univariate_laws

X = sympy.Symbol("x")
UNIFORM = np.random.default_rng(0).uniform(0.5, 5.0, 300)


def first(x, y, noise=0.0, seconds=60.0):
    return next(univariate_laws(x, y, "x", noise, Deadline.after(seconds)))


def formula(law):
    return law.expr.subs(law.start)


def predicted(law, x):
    return np.broadcast_to(sympy.lambdify(X, formula(law), ["numpy", "scipy"])(x), x.shape)


def error(law, truth, x):
    y = truth(x)
    return float(np.sqrt(np.mean((predicted(law, x) - y) ** 2)) / np.std(y))


EXACT = {
    "real power": (UNIFORM, lambda x: x**0.42),
    "power and offset": (UNIFORM, lambda x: 2 * x**1.7 + 3),
    "Arrhenius": (UNIFORM, lambda x: np.exp(-3 / x)),
    "Hill": (UNIFORM, lambda x: 1 / (1 + (1.5 / x) ** 2.7)),
    "quotient": (np.linspace(0.1, 10, 300), lambda x: x / (x**2 + 3 * x + 5)),
    "product in a logarithm": (
        UNIFORM,
        lambda x: np.log(x) + np.log(x + 1) + np.log(x**2 + 1),
    ),
    "root of a quotient": (np.linspace(-0.9, 0.8, 100), lambda x: (1 + x) / np.sqrt(1 - x**2)),
    "occupation": (UNIFORM, lambda x: 1 / (np.exp(1 / x) - 1)),
    "offset of the input": (
        np.linspace(6555, 6561, 100),
        lambda x: 0.5 + 3 * np.exp(-(((x - 6557.5) / 1.2) ** 2)),
    ),
    "tiny input": (np.linspace(1e-6, 4e-6, 80), lambda x: 1e-9 / (1 + (x / 2e-6) ** 2)),
    "decades": (np.geomspace(1e-3, 1e5, 60), lambda x: 4e-7 * x**2.5),
}


@pytest.mark.parametrize("name", EXACT)
def test_exact_rows_give_the_law(name):
    x, truth = EXACT[name]
    law = first(x, truth(x))
    assert law.error < 1e-9
    beyond = np.linspace(x.min(), x.max() + 0.05 * np.ptp(x), 77)
    assert error(law, truth, beyond) < 1e-6


def test_noise_leaves_a_line_a_line():
    r = np.random.default_rng(1)
    x = np.sort(r.uniform(0, 10, 15))
    law = first(x, 2 * x + 1 + r.normal(0, 0.5, 15))
    assert sympy.Poly(formula(law), X).degree() == 1


@pytest.mark.parametrize("seed", range(5))
def test_six_rows_near_a_line_give_no_polynomial_through_them(seed):
    x = np.arange(1.0, 7)
    law = first(x, 2 * x + np.random.default_rng(seed).normal(0, 0.1, 6))
    assert len(law.start) <= 2
    assert error(law, lambda x: 2 * x, x) < 0.1


def test_vapour_pressures_give_their_law():
    cold = [329.1, 339.4, 344.1, 347, 350.8, 353.5, 355.6]
    T = np.array([*cold, 360.5, 362.4, 364.9, 366.7, 369, 371.9, 372.9])
    law = first(T, np.round(np.exp(17.58 - 4940 / T), 2))
    assert error(law, lambda T: np.exp(17.58 - 4940 / T), np.linspace(310.0, 400, 50)) < 5e-3
    assert len(law.start) == 2


def test_evenly_spaced_rows_give_the_slow_wave():
    h = np.arange(24.0)
    truth = lambda h: 0.64 * np.sin(2 * np.pi * (h - 8.2) / 24)  # noqa: E731
    law = first(h, truth(h) + np.random.default_rng(0).normal(0, 0.02, 24))
    assert error(law, truth, np.linspace(0, 48, 97)) < 0.1


def test_microseconds():
    t = np.linspace(0, 2.5e-6, 400)
    truth = lambda t: 66000 * np.exp(-7.6e5 * t) * np.sin(2.84e6 * t)  # noqa: E731
    law = first(t, truth(t) + np.random.default_rng(0).normal(0, 300, 400))
    assert error(law, truth, t) < 0.02


def test_a_table_whose_other_columns_do_not_vary():
    x = np.linspace(1.0, 2.0, 30)
    rows = Rows(np.c_[np.ones(30), x], 3 * x**1.5, ("a", "x"))
    law = next(Univariate().propose(rows, Deadline.after(60)))
    assert error(law, lambda x: 3 * x**1.5, x) < 1e-9


def test_constant_target_and_few_rows():
    x = np.array([1.0, 2.0, 3.0])
    assert float(formula(first(x, np.full(3, 7.0)))) == 7
    assert len(first(x, np.array([2.1, 3.9, 6.05])).start) <= 2
    assert list(univariate_laws(x[:1], x[:1], "x", 0.0, Deadline.after(1))) == []


def test_a_wave_is_the_slowest_that_evenly_spaced_rows_allow():
    x = np.radians(np.arange(0, 181, 10.0))
    noise = 0.8 * np.random.default_rng(17).normal(size=19)
    law = first(x, 52 * np.cos(x) ** 2 + 3 + noise, seconds=10.0)
    assert error(law, lambda u: 52 * np.cos(u) ** 2 + 3, np.linspace(0, np.pi, 100)) < 0.05


@pytest.mark.slow
def test_a_smooth_error_is_no_reason_for_more_constants():
    u = np.linspace(0.2, 0.9, 300)
    model = np.sqrt((1 + u) / (1 - u)) + 1e-4 * np.sin(7 * u)
    until = Deadline.after(20)
    law = next(univariate_laws(u, model, "x", 1e-4, until, independent=60))
    assert len(law.start) <= 3
    np.testing.assert_allclose(predicted(law, u), np.sqrt((1 + u) / (1 - u)), rtol=1e-3)
