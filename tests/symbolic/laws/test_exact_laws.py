"""Exact laws in which variables repeat, and those of smaller problems."""

import numpy as np
import pytest

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import checked, values_of
from kansym.symbolic.laws.exact_laws import ExactLaws, PlainRelations
from kansym.symbolic.laws.law import Rows

LAWS = {
    "lenses": ("a b c", lambda a, b, c: 1 / (1 / a + 1 / b + 1 / c)),
    "Breit-Wigner": ("E M G k", lambda E, M, G, k: k / ((E**2 - M**2) ** 2 + M**2 * G**2)),
    "competition": ("x y", lambda x, y: 3 * x - 2 * x * y - x**2),
    "predators": ("x y", lambda x, y: x * (4 - x - y / (1 + x))),
    "radiation": ("e s T T0", lambda e, s, T, T0: e * s * (T**4 - T0**4)),
    "Nernst": ("E0 T n F Q", lambda E0, T, n, F, Q: E0 - 8.314 * T * np.log(Q) / (n * F)),
    "magnet": ("x y", lambda x, y: 0.5 * np.sin(x - y) - np.sin(x)),
    "distance": ("x y t", lambda x, y, t: np.sqrt(x**2 + y**2 - 2 * x * y * np.cos(t))),
    "Rutherford": ("q e t", lambda q, e, t: (q / (4 * e * np.sin(t / 2) ** 2)) ** 2),
    "Compton": ("E m c t", lambda E, m, c, t: E / (1 + E / (m * c**2) * (1 - np.cos(t)))),
    "dose": (
        "F D a e V t",
        lambda F, D, a, e, V, t: F * D * a / (V * (a - e)) * (np.exp(-e * t) - np.exp(-a * t)),
    ),
    "interest": ("P r n t", lambda P, r, n, t: P * (1 + r / n) ** (n * t)),
    "three times": (
        "x1 x3 x4",
        lambda a, b, c: 1.5 * a * b * (b**2 * np.exp(-c) + 1) * np.cos(a),
    ),
}


def rows_of(name, low=1.0, high=4.0, seed=0, count=600):
    names, law = LAWS[name]
    X = np.random.default_rng(seed).uniform(low, high, (count, len(names.split())))
    return Rows(X, law(*X.T), tuple(names.split()))


@pytest.mark.parametrize("name", LAWS)
def test_law_is_found_and_holds_beyond_its_rows(name):
    law = next(ExactLaws().propose(rows_of(name), Deadline.after(60)))
    assert law.error < 1e-11
    fresh = rows_of(name, 1.0, 5.0, seed=1)
    assert values_of(law.expr, law.start, fresh) == pytest.approx(fresh.y, rel=1e-7)


def test_realistic_units_are_no_hindrance():
    rng = np.random.default_rng(0)
    q, d = np.exp(rng.uniform(np.log(1e-20), np.log(1e-18), (2, 400)))
    T = rng.uniform(1e8, 3e8, 400)
    rows = Rows(np.column_stack([q, d, T]), 1e-26 * T / (q + d), ("q", "d", "T"))
    law = next(ExactLaws().propose(rows, Deadline.after(30)))
    assert values_of(law.expr, law.start, rows) == pytest.approx(rows.y, rel=1e-9)


def test_noise_is_left_to_other_sources():
    exact = rows_of("competition")
    noisy = Rows(exact.X, exact.y, exact.names, 0.01)
    assert not list(ExactLaws().propose(noisy, Deadline.after(5)))


def test_no_law_is_made_up_for_random_numbers():
    rng = np.random.default_rng(0)
    rows = Rows(rng.uniform(1, 2, (100, 2)), rng.normal(size=100), ("a", "b"))
    assert all(law.error > 1e-9 for law in ExactLaws().propose(rows, Deadline.after(2)))


@pytest.mark.parametrize("blur", [1e-9, 1e-8, 1e-7])
def test_a_relation_is_seen_through_a_blur_of_some_digits(blur):
    rng = np.random.default_rng(0)
    a, b, c = X = rng.uniform(1, 3, (3, 400))
    y = 1.22 * b - b**2 * np.log(a) + 1.54 * b * c * np.log(a)
    rows = Rows(X.T, y + blur * np.std(y) * rng.normal(size=400), ("a", "b", "c"), noise=blur)
    found = list(PlainRelations().propose(rows, Deadline.after(60)))
    true = [checked(law.expr, law.start, "", Rows(X.T, y, rows.names)) for law in found]
    assert any(law is not None and law.error < blur for law in true)


def test_noise_of_percents_is_no_blur():
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 3, (400, 2))
    rows = Rows(X, X[:, 0] * X[:, 1] + 0.01 * rng.normal(size=400), ("a", "b"), noise=0.01)
    assert not list(PlainRelations().propose(rows, Deadline.after(60)))
