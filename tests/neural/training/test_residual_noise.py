"""Noise is told from what a better model would explain."""

import numpy as np
import pytest

from kansym.neural.training.residual_noise import is_noise


@pytest.mark.parametrize("inputs", [1, 2, 4])
@pytest.mark.parametrize("seed", range(5))
def test_independent_residuals_are_noise_whatever_the_units(inputs, seed):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (800, inputs)) * 10.0 ** rng.integers(-9, 9, inputs)
    assert is_noise(X, 1e-7 * rng.normal(size=(800, 2)))


@pytest.mark.parametrize("inputs", [1, 2, 3])
def test_a_pattern_is_found_beneath_noise_of_its_own_size(inputs):
    rng = np.random.default_rng(1)
    X = rng.uniform(-1, 1, (1000, inputs))
    pattern = np.sin(4 * X.sum(axis=1))
    assert not is_noise(X, (pattern + rng.normal(0, 0.5, 1000))[:, None])


def test_one_output_with_a_pattern_is_enough():
    rng = np.random.default_rng(2)
    X = rng.uniform(-1, 1, (500, 2))
    assert not is_noise(X, np.stack([rng.normal(size=500), X[:, 0]], axis=1))


def test_what_cannot_be_told_counts_as_noise():
    assert is_noise(np.zeros((2, 1)), np.ones((2, 1)))
    assert is_noise(np.ones((100, 2)), np.arange(100.0)[:, None])
    assert is_noise(np.random.default_rng(0).normal(size=(100, 2)), np.zeros((100, 1)))
