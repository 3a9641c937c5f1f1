"""Sparse polynomials: exact where a few terms are all there is, each on lower ones, never blind."""

import numpy as np
import pytest

from kansym.symbolic.laws.smooth import smooth
from kansym.symbolic.laws.sparse_polynomial import SparsePolynomial, chebyshev_factors

LAWS = {
    "rough along one": lambda x: x[:, 0] * np.sqrt(1 + 3 * np.cos(2 * x[:, 1]) ** 2) / x[:, 2] ** 3,
    "a sum of curves": lambda x: np.sin(3 * x[:, 0]) + np.exp(x[:, 1]) + 1 / x[:, 2],
    "one pair": lambda x: np.exp(x[:, 0] / x[:, 1]) + x[:, 2],
}


def grown(x: np.ndarray, y: np.ndarray, most: int) -> SparsePolynomial:
    """Fitted to the first four of five rows."""
    fitted = 4 * len(x) // 5
    spread = np.std(y)

    def judge(found: np.ndarray) -> float:
        return float(np.sqrt(np.mean((found - y[fitted:]) ** 2)) / spread)

    polynomial = SparsePolynomial(chebyshev_factors(x), y, fitted, np.ones(len(y)), judge)
    polynomial.grow(most)
    return polynomial


def test_a_polynomial_of_few_terms_is_met_to_rounding() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (150, 4))
    y = 2 + x[:, 0] ** 9 - 3 * x[:, 1] * x[:, 2] + x[:, 3]
    polynomial = grown(x, y, 60)
    assert polynomial.error < 1e-12
    assert polynomial.best < 40  # 715 up to degree 9


@pytest.mark.parametrize("name", LAWS)
def test_terms_stand_on_lower_ones(name: str) -> None:
    x = np.random.default_rng(1).uniform(1, 2, (200, 3))
    terms = set(map(tuple, grown(2 * x - 3, LAWS[name](x), 90).exponents().tolist()))
    for term in terms:
        for k, power in enumerate(term):
            lower = {(*term[:k], power - less, *term[k + 1 :]) for less in (1, 2)}
            assert power == 0 or lower & terms


@pytest.mark.parametrize("name", LAWS)
def test_the_gradient_is_that_of_the_law(name: str) -> None:
    x = np.random.default_rng(2).uniform(1, 2, (240, 3))
    y, step = LAWS[name](x), 1e-6
    fit = smooth(x, y)
    assert fit is not None
    for k in range(3):
        shift = step * np.eye(3)[k]
        true = (LAWS[name](x + shift) - LAWS[name](x - shift)) / (2 * step)
        off = (fit.gradient[:, k] - true)[fit.trusted]
        assert np.sqrt(np.mean(off**2)) < 0.02 * np.sqrt(np.mean(true**2))


def test_it_is_nearer_than_total_degree_where_the_rows_are_few() -> None:
    x = np.random.default_rng(3).uniform(-1, 1, (120, 5))
    y = np.cos(4 * x[:, 0]) * x[:, 1] + np.exp(x[:, 2]) + x[:, 3] * x[:, 4]
    columns = [np.ones(120), *x.T, *(x[:, i] * x[:, j] for i in range(5) for j in range(i + 1))]
    basis = np.stack(columns, axis=1)
    weights = np.linalg.lstsq(basis[:96], y[:96], rcond=None)[0]
    total = np.sqrt(np.mean((basis[96:] @ weights - y[96:]) ** 2)) / np.std(y)
    assert grown(x, y, 60).error < 0.2 * total


def test_inputs_that_determine_one_another_do_no_harm() -> None:
    rng = np.random.default_rng(4)
    one = rng.uniform(-1, 1, 100)
    x = np.stack([one, one, np.sign(one)], axis=1)
    assert grown(x, one**3 + np.sign(one), 40).error < 1e-10


def test_noise_is_left_over() -> None:
    rng = np.random.default_rng(5)
    x = rng.uniform(-1, 1, (300, 3))
    clean = x[:, 0] * x[:, 1]
    y = clean + 0.1 * np.std(clean) * rng.normal(size=300)
    assert 0.05 < grown(x, y, 150).error < 0.2
