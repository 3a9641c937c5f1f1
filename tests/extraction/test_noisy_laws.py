"""Laws of measured rows whose noise polynomials do not show."""

import numpy as np
import pandas as pd
import pytest

import kansym


@pytest.mark.slow
def test_a_decaying_wave_is_found_though_no_polynomial_shows_its_noise():
    rng = np.random.default_rng(1)
    names = ["A", "g", "w", "t"]
    table = pd.DataFrame(rng.uniform([1, 0.1, 1, 0], [3, 0.8, 3, 6], (400, 4)), columns=names)
    exact = table.A * np.exp(-table.g * table.t) * np.cos(table.w * table.t)
    y = exact + 0.01 * exact.std() * rng.normal(size=400)
    found = kansym.discover(table, y, seconds=90).result
    missed = found.predict(table) - exact
    assert np.sqrt(np.mean(missed**2)) < 0.003 * exact.std()
    assert len(found.formulas[0].constants) <= 3


@pytest.mark.slow
def test_poles_are_not_taken_for_noise():
    X = np.random.default_rng(0).uniform(1, [5, 3, 5], (1000, 3))
    table = pd.DataFrame(X, columns=["a", "b", "c"])
    y = table.c / np.cos(table.a - table.c**2) + np.sin(table.b) / np.cos(table.c)
    found = kansym.discover(table, y, seconds=60).result
    missed = found.predict(table) - y
    assert np.abs(missed).max() < 1e-6 * y.std()


@pytest.mark.slow
def test_a_law_that_explains_nothing_does_not_end_the_search():
    table = pd.DataFrame(np.random.default_rng(0).uniform(0, 6, (500, 2)), columns=["a", "b"])
    y = np.sin(4 * table.a * table.b)
    found = kansym.discover(table, y, seconds=60).result
    missed = found.predict(table) - y
    assert np.abs(missed).max() < 1e-6
