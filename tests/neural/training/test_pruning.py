"""Pruning: shapes, embedding without change, and removal of what is not needed."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.neural.models.kan import KAN, EdgeKind
from kansym.neural.training.pruning import (
    _drop_dead_nodes,
    _without,
    edge_importances,
    embed,
    narrower_widths,
    prune_edges,
)
from tests.zoo import DEGREES, SEEDS, draw_kan, rows, widths


@given(widths(most=9, depth=4))
def test_shapes_grow_to_the_given_one_and_keep_inputs_and_outputs(shape):
    shapes = list(narrower_widths(tuple(shape)))
    assert shapes[-1] == tuple(shape)
    assert len(set(shapes)) == len(shapes)
    for narrow in shapes:
        assert (narrow[0], narrow[-1], len(narrow)) == (shape[0], shape[-1], len(shape))
        KAN(narrow)  # every one of them is a network


def test_pairs_are_limited_by_kind():
    assert list(narrower_widths((2, (5, 1), 1))) == [
        (2, (1, 1), 1), (2, (2, 1), 1), (2, (3, 1), 1), (2, (5, 1), 1)
    ]  # fmt: skip


@settings(max_examples=40)
@given(widths(depth=3), DEGREES, SEEDS, st.data())
def test_embedding_keeps_the_function(shape, degree, seed, data):
    narrow = data.draw(st.sampled_from(list(narrower_widths(tuple(shape)))))
    small = draw_kan(list(narrow), degree=degree, grid=3, seed=seed, kinds=True)
    large = draw_kan(shape, degree=degree, grid=5, seed=seed + 1, kinds=True)
    small.refit_grids(rows(30, small.kan_layers[0].n_in, seed=seed, reach=2.0))
    embed(small, large)
    x = rows(12, small.kan_layers[0].n_in, seed=seed, reach=3.0)
    torch.testing.assert_close(large(x), small(x), rtol=1e-10, atol=1e-10)
    assert large.n_edges() == small.n_edges()
    assert large.widths == tuple(shape)


def test_embedding_copies_and_does_not_share():
    small, large = draw_kan([2, 1, 1], kinds=True, seed=1), draw_kan([2, 3, 1])
    small.freeze_edge(0, 0, 0)
    embed(small, large)
    before = large(rows(5, 2)).detach()
    with torch.no_grad():
        for parameter in small.parameters():
            parameter.add_(1.0)
    torch.testing.assert_close(large(rows(5, 2)).detach(), before)
    assert bool(large.kan_layers[0].frozen[0, 0])


def test_importances_are_shares_of_the_spread_of_a_node():
    model = draw_kan([2, 2, 1], seed=3)
    x = rows(300, 2)
    shares = edge_importances(model, x)
    torch.testing.assert_close(
        shares[1].square().sum(1), torch.ones(1).double(), rtol=1e-6, atol=1e-6
    )
    spread = model.kan_layers[1].edges(model.layer_inputs(x)[1]).detach().std(0)[0]
    torch.testing.assert_close(shares[1][0] / shares[1][0].max(), spread / spread.max())


def test_absent_and_constant_edges_have_no_importance():
    model = draw_kan([3, 2, 1], seed=3)
    model.set_edge(0, 0, 0, EdgeKind.ABSENT)
    with torch.no_grad():
        model.kan_layers[0].coef[1, 1] = 0.7
    shares = edge_importances(model, rows(100, 3))
    assert float(shares[0][0, 0]) == 0
    assert float(shares[0][1, 1]) < 1e-12
    assert float(shares[0][0, 1]) > 0


def test_what_leads_to_nothing_has_no_importance():
    model = draw_kan([2, 2, 1], seed=3)
    with torch.no_grad():
        model.kan_layers[1].coef[0, 1] = 0.0
    assert float(edge_importances(model, rows(100, 2))[0][1].max()) < 1e-12


@settings(max_examples=25)
@given(SEEDS)
def test_a_removed_edge_leaves_its_mean(seed):
    model = draw_kan([3, (1, 1)], seed=seed, kinds=True)
    x = rows(200, 3, seed=seed)
    edges = model.kan_layers[0].edges(x).detach()
    for target in (0, 1):
        present = (model.kan_layers[0].kind[target] != EdgeKind.ABSENT).nonzero().flatten()
        if len(present) < 2:
            continue
        source = int(present[0])
        smaller = _without(model, 0, target, source, x)
        edges_then = edges.clone()
        edges_then[:, target, source] = edges[:, target, source].mean()
        expected = model.kan_layers[0].combine(edges_then).detach()[:, target]
        torch.testing.assert_close(smaller(x).detach()[:, target], expected)


def test_the_only_factor_of_a_product_leaves_its_mean_as_well():
    model = draw_kan([2, (1, 1)], seed=1)
    model.set_edge(0, 1, 1, EdgeKind.ABSENT)
    x = rows(100, 2)
    expected = model(x).detach()[:, 1].mean()
    smaller = _without(model, 0, 1, 0, x)
    torch.testing.assert_close(smaller(x).detach()[:, 1], expected.expand(100))


def test_nodes_that_lead_nowhere_or_come_from_nowhere_go_with_their_edges():
    model = draw_kan([2, (2, 1), 1], seed=4)
    for target in (0, 2):
        for source in (0, 1):
            model.set_edge(0, target, source, EdgeKind.ABSENT)
    model.set_edge(1, 0, 1, EdgeKind.ABSENT)
    x = rows(10, 2)
    before = model(x).detach()
    with torch.no_grad():
        _drop_dead_nodes(model, x)
    torch.testing.assert_close(model(x).detach(), before)
    assert model.n_edges() == 0


def test_needless_edges_are_found_and_needed_ones_stay():
    model = draw_kan([3, 1], grid=4, seed=2)
    x = rows(200, 3)
    with torch.no_grad():
        model.kan_layers[0].coef[0, 2] *= 1e-9
    target = model(x).detach()

    def error(smaller: KAN) -> float:
        return float((smaller(x) - target).detach().square().mean().sqrt())

    pruned, reached = prune_edges(model, x, error, 0.0, floor=1e-6)
    kinds = pruned.kan_layers[0].kind[0].tolist()
    assert kinds == [EdgeKind.SPLINE, EdgeKind.SPLINE, EdgeKind.ABSENT]
    np.testing.assert_allclose(reached, error(pruned))
    assert reached <= 1e-6
    assert model.n_edges() == 3


@pytest.mark.parametrize("frozen", [True, False])
def test_frozen_edges_are_never_removed(frozen):
    model = draw_kan([2, 1], seed=2)
    with torch.no_grad():
        model.kan_layers[0].coef[0, 1] = 0.0
    model.freeze_edge(0, 0, 1, frozen)
    pruned, _ = prune_edges(model, rows(50, 2), lambda _: 0.0, 1.0, most=0.1)
    assert pruned.n_edges() == (2 if frozen else 1)


def test_at_least_one_edge_remains():
    model = draw_kan([2, 2, 1], seed=2)
    pruned, _ = prune_edges(model, rows(50, 2), lambda _: 0.0, 1.0, most=10.0)
    assert pruned.n_edges() >= 1
