"""The search finds the narrowest shape that fits, and leaves shapes drawn by hand alone."""

import numpy as np
import torch

from kansym.neural.models.kan import KAN, EdgeKind
from kansym.neural.training.random_starts import _fresh_copy
from kansym.neural.training.shape_search import _drawn_by_hand
from kansym.neural.training.training import train
from tests.zoo import draw_kan, rows, toy_data


def used_nodes(model: KAN) -> list[int]:
    """Hidden nodes with an edge, per layer."""
    return [int((layer.kind != EdgeKind.ABSENT).any(1).sum()) for layer in model.kan_layers[:-1]]


def test_one_hidden_node_is_enough_for_a_function_of_a_sum():
    X, y = toy_data(1000)
    model = KAN([2, 3, 1], seed=0)
    history = train(model, X, np.exp(y), steps=20)
    assert used_nodes(model) == [1]
    assert model.n_edges() == 3
    assert history.validation < 1e-3


def test_an_input_that_does_not_matter_loses_its_edges():
    X, y = toy_data(300)
    X = np.concatenate([X, rows(300, 1, seed=9).numpy()], axis=1)
    model = KAN([3, 1], seed=0)
    train(model, X, y)
    assert model.kan_layers[0].kind[0].tolist() == [1, 1, 0]


def test_without_pruning_the_shape_stays():
    X, y = toy_data(200)
    model = KAN([2, 3, 1], seed=0)
    train(model, X, y, prune=False, starts=2, steps=5, seconds=5)
    assert model.n_edges() == 9


def test_a_shape_by_hand_stays():
    X, y = toy_data(300)
    model = KAN([2, 2, 1], seed=0)
    model.set_edge(0, 0, 1, EdgeKind.ABSENT)
    model.set_edge(0, 1, 0, EdgeKind.ABSENT)
    model.set_edge(0, 1, 1, EdgeKind.STRAIGHT)
    assert _drawn_by_hand(model)
    assert not _drawn_by_hand(KAN([2, 2, 1]))
    history = train(model, X, y, steps=20)
    assert history.validation < 1e-3
    kind = model.kan_layers[0].kind
    assert int(kind[0, 1]) == int(kind[1, 0]) == EdgeKind.ABSENT
    assert int(kind[1, 1]) in (EdgeKind.STRAIGHT, EdgeKind.ABSENT)


def test_a_known_edge_keeps_its_function_and_its_constants_are_found():
    X, _ = toy_data(300)
    model = KAN([2, 1], seed=0)
    model.fix_edge(0, 0, 0, ("sin", "x"), (2.5, 0.1, 1.0, 0.0))
    train(model, X, np.sin(3 * X[:, 0]) + X[:, 1] ** 2, steps=40)
    (edge,) = model.kan_layers[0].symbols.values()
    a, b, c, _ = edge.constants.tolist()  # pyright: ignore
    np.testing.assert_allclose([a * np.sign(c), abs(c)], [3.0 * np.sign(c), 1.0], atol=1e-3)
    assert abs(np.sin(b)) < 1e-3


def test_frozen_edges_stay_as_they_are():
    X, y = toy_data(200)
    x = torch.as_tensor(X)
    for prune in (True, False):
        model = draw_kan([2, 2, 1], seed=3)
        model.set_edge(0, 0, 1, EdgeKind.STRAIGHT, slope=2.0)
        model.freeze_edge(0, 0, 0)
        model.freeze_edge(0, 0, 1)
        before = model.kan_layers[0].edges(x)[:, 0].detach()
        train(model, X, y, prune=prune, starts=2, steps=10)
        torch.testing.assert_close(
            model.kan_layers[0].edges(x)[:, 0].detach(), before, rtol=1e-6, atol=1e-6
        )


def test_a_fresh_copy_of_another_width_lies_on_the_same_domain():
    model = KAN([2, 5, 1], domain=[(0.0, 2.0), (-3.0, 3.0)], grid=4, degree=2)
    trial = _fresh_copy(model, (2, 2, 1), seed=1)
    assert (trial.widths, trial.grid, trial.degree) == ((2, 2, 1), 4, 2)
    torch.testing.assert_close(trial.domain, model.domain)
    torch.testing.assert_close(trial.kan_layers[0].low, model.kan_layers[0].low)


def test_a_product_whose_factors_change_sign_is_found():
    X = np.random.default_rng(0).uniform(0.2, 3.0, (600, 2))
    y = np.exp(-((2.3 * np.log(X[:, 0] + 0.4) * np.log(X[:, 1] + 0.13) - 0.6) ** 2))
    history = train(KAN([2, (0, 1), 1], seed=0), X, y, prune=False)
    assert history.validation < 1e-3
