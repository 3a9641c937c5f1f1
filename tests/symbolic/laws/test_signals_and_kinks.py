"""Sums of waves, decays and peaks, kinks and steps are found for what they are."""

import numpy as np
import pytest
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.univariate import univariate_laws

X = sympy.Symbol("x")
SPAN, LINE = np.linspace(-2, 2, 400), np.linspace(0, 10, 91)
RANDOM = np.sort(np.random.default_rng(0).uniform(0.3, 5, 120))


def keijzer(x):
    return x**3 * np.exp(-x) * np.sin(x) * np.cos(x) * (np.sin(x) ** 2 * np.cos(x) - 1)


KINDS = {
    "three sines": (SPAN, lambda x: sum(np.sin(k * np.pi * x) for k in (2, 4, 10)), 7),
    "two decays": (RANDOM, lambda x: 2 * np.exp(-0.5 * x) + 3 * np.exp(-2.2 * x) + 0.4, 5),
    "resonance": (RANDOM, lambda x: 1.4 * x * np.cos(4.3 * x + 0.3) + 2 * np.sin(4.3 * x), 5),
    "trend and wave": (RANDOM, lambda x: 0.3 * x + 1.1 + np.sin(3.7 * x), 5),
    "critical damping": (RANDOM, lambda x: (2 - 3 * x) * np.exp(-1.7 * x), 4),
    "grating": (RANDOM / 2, lambda x: np.sin(3 * x) ** 2 / np.sin(x) ** 2, 5),
    "two slopes": (LINE, lambda x: np.where(x <= 7, 4 + 1.5 * x, 14.5 + 9.2 * (x - 7)), 4),
    "between two bounds": (LINE, lambda x: np.clip(x, 2.2, 7.1), 6),
    "step": (LINE, lambda x: np.where(x < 4.2, 1.0, 3.0), 3),
    "power times waves": (np.linspace(0.05, 10, 101), keijzer, 10),
    "two peaks": (
        LINE,
        lambda x: 3 * np.exp(-(((x - 3) / 1.1) ** 2)) + 2 * np.exp(-(((x - 6.5) / 0.8) ** 2)),
        7,
    ),
    "logarithm of a wave": (SPAN / 4, lambda x: np.log(np.cos(x + 0.36)), 3),
}


LONG = ("power times waves", "two peaks")
"""Signals of ten and seven constants take about ten seconds each."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in LONG else ()) for name in KINDS]
)
def test_kinds_of_signals_are_found(name):
    x, truth, most = KINDS[name]
    law = next(univariate_laws(x, truth(x), "x", 0.0, Deadline.after(200)))
    assert law.error < 1e-9
    assert len(law.start) <= most
    between = np.sort(np.random.default_rng(1).choice(x, 60))
    found = sympy.lambdify(X, law.expr.subs(law.start), ["numpy", "scipy"])(between)
    assert np.abs(found - truth(between)).max() < 1e-8 * np.std(truth(x))
    assert not any(abs(float(value)) > 1e3 * np.ptp(truth(x)) for value in law.start.values())


def test_a_noisy_curve_has_no_constant_that_does_nothing_though_all_time_is_spent():
    x = np.random.default_rng(3).uniform(0, 4, 250)
    y = x * np.sin(3 * x)
    y += 0.01 * np.std(y) * np.random.default_rng(4).normal(size=250)
    law = next(univariate_laws(x, y, "x", 0.01, Deadline.after(4)))
    assert len(law.start) <= 2
