"""Straight edges where a network with them fits as well as the one that was found."""

import numpy as np
import pytest
import torch

from kansym.neural.models.kan import KAN, EdgeKind
from kansym.neural.training.pruning import can_be_straight, straight
from kansym.neural.training.training import train

X = np.random.default_rng(0).uniform(-1, 1, (800, 2))


def kinds(model: KAN, layer: int) -> set[int]:
    present = model.kan_layers[layer].kind
    return set(present[present != EdgeKind.ABSENT].tolist())


@pytest.mark.parametrize("seed", [2, 3])
def test_a_product_from_sums_is_read_from_lines(seed):
    model = KAN([2, 2, 1], seed=seed)
    history = train(model, X, X[:, 0] * X[:, 1], progress=False)
    assert history.validation < 1e-4
    assert kinds(model, 0) == {EdgeKind.STRAIGHT}


def test_edges_that_must_bend_stay_splines():
    model = KAN([2, 2, 1], seed=0)
    history = train(model, X, np.exp(np.sin(3 * X[:, 0]) + X[:, 1] ** 2), progress=False)
    assert history.validation < 1e-3
    assert EdgeKind.SPLINE in kinds(model, 0)


def test_lines_that_come_nearest_keep_a_straight_function():
    model, x = KAN([2, 2, 1], seed=1), torch.tensor(X)
    for layer in model.kan_layers:
        layer.reset(torch.Generator().manual_seed(1), 1e-3)
    found = straight(model, 0, x)
    torch.testing.assert_close(found(x), model(x), rtol=1e-2, atol=1e-2)
    assert kinds(found, 0) == {EdgeKind.STRAIGHT}
    assert kinds(model, 0) == {EdgeKind.SPLINE}


def test_lines_at_random_differ_by_seed_and_not_between_calls():
    model, x = KAN([2, 2, 1], seed=1), torch.tensor(X)
    first, again, other = (straight(model, 0, x, seed=seed)(x) for seed in (1, 1, 2))
    torch.testing.assert_close(first, again)
    assert not torch.allclose(first, other)


def test_the_last_layer_and_what_is_frozen_stay():
    model = KAN([2, 2, 1], seed=0)
    assert can_be_straight(model, 0)
    assert not can_be_straight(model, 1)
    model.kan_layers[0].frozen.fill_(True)
    assert not can_be_straight(model, 0)
