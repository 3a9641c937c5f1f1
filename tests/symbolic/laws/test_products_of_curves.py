"""Laws that are products of functions of single inputs and change sign."""

import numpy as np
import pytest

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.noise_of_rows import noise_of_rows
from kansym.symbolic.laws.products_of_curves import ProductsOfCurves, noise_beside_product
from kansym.symbolic.laws.proposing import OF_GROUPS

PRODUCTS = {
    "standing wave": (
        [(0, 3), (0, 3), (0, 3)],
        lambda x, y, z: 2.3 * np.sin(3.1 * x) * np.cos(2.2 * y) * np.exp(-0.7 * z),
    ),
    "squared cosine": ([(0, 3), (0, 4)], lambda x, y: np.cos(1.5 * x) ** 2 * np.sin(3 * y) * y),
    "orbital": (
        [(0, 8), (0, 3.1)],
        lambda r, t: (r - 2.1) * np.exp(-r / 2) * (3 * np.cos(t) ** 2 - 1),
    ),
    "five inputs": (
        [(1, 3)] * 5,
        lambda a, b, c, d, e: a * np.sin(2 * b) * np.log(c) * (d - 1.5) * e**2,
    ),
}
WITH_A_PAIR = {
    "phase": ([(1, 4)] * 4, lambda a, b, c, d: (1 / a - 1 / b) * c * np.cos(3 * d + 0.4)),
    "wave of a product": (
        [(0, 3)] * 4,
        lambda a, b, c, d: np.sin(a * b) * np.exp(-c) * (d - 1.5),
    ),
}
NO_PRODUCTS = {
    "sum": lambda a, b, c: a * b - c,
    "of a product": lambda a, b, c: np.sin(a * b + c),
    "plane wave": lambda a, b, c: np.sin(3 * a + b) + c,
    "pole": lambda a, b, c: a * c / (b - 1.5) - c,
}


def product(name: str, noise: float, count: int = 1000) -> tuple[Rows, np.ndarray]:
    """Rows of a law with noise, and its values without."""
    ranges, law = (PRODUCTS | WITH_A_PAIR)[name]
    rng = np.random.default_rng(3)
    X = np.stack([rng.uniform(*ends, count) for ends in ranges], axis=1)
    truth = law(*X.T)
    y = truth + noise * np.std(truth) * rng.normal(size=count)
    return Rows(X, y, tuple("abcde")[: len(ranges)], noise), truth


@pytest.mark.parametrize("name", PRODUCTS)
def test_every_factor_is_named_from_exact_rows(name: str):
    rows, _ = product(name, 0.0)
    law = next(ProductsOfCurves().propose(rows, Deadline.after(20)))
    assert law.error < 1e-12


@pytest.mark.parametrize("name", PRODUCTS)
def test_what_noise_leaves_of_it_is_noise(name: str):
    rows, truth = product(name, 0.05)
    law = next(ProductsOfCurves().propose(rows, Deadline.after(20)))
    left = np.std(rows.y - truth) / np.std(rows.y)
    assert law.error == pytest.approx(left, rel=0.03)
    assert len(law.start) <= 8  # its own and few more


@pytest.mark.parametrize("name", WITH_A_PAIR)
@pytest.mark.parametrize("noise", [0.0, pytest.param(0.03, marks=pytest.mark.slow)])
def test_one_factor_may_have_two_inputs(name: str, noise: float):
    rows, truth = product(name, noise)
    assert noise_beside_product(rows) == pytest.approx(noise, rel=0.2)
    assert not list(ProductsOfCurves().propose(rows, Deadline.after(20)))
    law = next(ProductsOfCurves(OF_GROUPS).propose(rows, Deadline.after(20)))
    left = np.std(rows.y - truth) / np.std(rows.y)
    assert law.error == pytest.approx(left, rel=0.03, abs=1e-12)


def test_a_knot_more_or_less_tells_noise_from_a_curve_that_is_not_seen():
    for name in PRODUCTS:
        assert noise_beside_product(product(name, 0.0)[0]) == 0.0
        assert noise_beside_product(product(name, 0.05)[0]) == pytest.approx(0.05, rel=0.2)


@pytest.mark.parametrize("name", NO_PRODUCTS)
@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_what_is_no_product_gives_no_law_and_no_noise(name: str, noise: float):
    rng = np.random.default_rng(1)
    X = rng.uniform(0, 3, (800, 3))
    y = NO_PRODUCTS[name](*X.T)
    y = y + noise * np.std(y) * rng.normal(size=800)
    rows = Rows(X, y, ("a", "b", "c"), noise)
    assert noise_beside_product(rows) == 0.0
    assert not list(ProductsOfCurves().propose(rows, Deadline.after(5)))


def test_what_a_pole_leaves_is_no_noise():
    rng = np.random.default_rng(0)
    X = rng.uniform([1, 1, 1], [5, 5, 5], (1000, 3))
    y = X[:, 2] / np.cos(X[:, 0] - X[:, 2] ** 2) + np.sin(X[:, 1]) / np.cos(X[:, 2])
    assert noise_of_rows(Rows(X, y, ("a", "b", "c")), Deadline.after(10)).size == 0.0
