"""KANs: every edge kind, shape and precision; grids move without moving the function."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.neural.models.kan import KAN, EdgeKind, KANLayer, SymbolEdge
from kansym.shared.errors import InputError
from kansym.symbolic.library.library import LIBRARY
from tests.zoo import DEGREES, SEEDS, draw_kan, rows, scale_of, widths


def one_layer(n_in: int, n_sum: int, n_product: int = 0, seed: int = 0) -> KANLayer:
    return draw_kan([n_in, (n_sum, n_product)], seed=seed).kan_layers[0]


def test_forward_is_the_layers_one_after_the_other():
    model = draw_kan([2, (2, 1), 2, 1], kinds=True, seed=5)
    x = rows(9, 2, reach=2.0)
    entering = model.layer_inputs(x)
    assert [values.shape[1] for values in entering] == [2, 3, 2]
    torch.testing.assert_close(model.kan_layers[-1](entering[-1]), model(x))


def test_nodes_add_and_multiply():
    layer = one_layer(3, 2, 1)
    x = rows(6, 3)
    edges = layer.edges(x)
    with torch.no_grad():
        by_hand = torch.stack(
            [
                edges[:, 0, 0] + edges[:, 0, 1] + edges[:, 0, 2] + layer.bias[0],
                edges[:, 1, 0] + edges[:, 1, 1] + edges[:, 1, 2] + layer.bias[1],
                edges[:, 2, 0] * edges[:, 2, 1] * edges[:, 2, 2] + layer.bias[2],
            ],
            dim=1,
        )
        torch.testing.assert_close(layer(x), by_hand)


def test_an_absent_edge_adds_nothing_and_multiplies_by_one():
    model = draw_kan([2, (1, 1)])
    for target in (0, 1):
        model.set_edge(0, target, 1, EdgeKind.ABSENT)
    edges = model.kan_layers[0].edges(rows(5, 2))
    torch.testing.assert_close(edges[:, 0, 1], torch.zeros(5).double())
    torch.testing.assert_close(edges[:, 1, 1], torch.ones(5).double())


def test_a_straight_edge_is_its_slope_times_x():
    model = draw_kan([2, (1, 1)])
    model.set_edge(0, 0, 1, EdgeKind.STRAIGHT, slope=-2.5)
    model.set_edge(0, 1, 0, EdgeKind.STRAIGHT, slope=0.5)
    x = rows(5, 2, reach=30.0)
    edges = model.kan_layers[0].edges(x)
    torch.testing.assert_close(edges[:, 0, 1], -2.5 * x[:, 1])
    torch.testing.assert_close(edges[:, 1, 0], 0.5 * x[:, 0])


def test_a_fixed_edge_is_its_function_with_four_constants():
    model = draw_kan([2, 1])
    model.fix_edge(0, 0, 1, ("sin", "x"), (2.0, 0.5, 3.0, -1.0))
    x = rows(5, 2)
    torch.testing.assert_close(
        model.kan_layers[0].edges(x)[:, 0, 1], 3 * torch.sin(2 * x[:, 1] + 0.5) - 1
    )


@pytest.mark.parametrize("candidate", LIBRARY, ids=lambda candidate: candidate.name)
def test_every_library_function_may_be_fixed(candidate):
    model = draw_kan([1, 1])
    model.fix_edge(0, 0, 0, candidate)
    u = np.linspace(-3, 3, 61) + 0.0123
    inside = candidate.domain.contains(u)
    with torch.no_grad():
        model.kan_layers[0].bias.zero_()
        found = model(torch.as_tensor(u)[:, None])[:, 0].numpy()
    np.testing.assert_allclose(found[inside], candidate.numpy(u)[inside], rtol=1e-10, atol=1e-12)


def test_an_edge_may_be_fixed_to_a_number():
    model = draw_kan([1, 1])
    model.fix_edge(0, 0, 0, 2.0)
    edges = model.kan_layers[0].edges(rows(4, 1))
    torch.testing.assert_close(edges[:, 0, 0], torch.full((4,), 2.0).double())


def test_setting_a_fixed_edge_anew_forgets_the_function():
    model = draw_kan([1, 1])
    model.fix_edge(0, 0, 0, ("exp", "x"))
    model.fix_edge(0, 0, 0, ("sin", "x"))
    assert len(model.kan_layers[0].symbols) == 1
    model.set_edge(0, 0, 0, EdgeKind.ABSENT)
    assert len(model.kan_layers[0].symbols) == 0
    torch.testing.assert_close(model(rows(3, 1)), model.kan_layers[0].bias.detach().expand(3, 1))


def test_a_late_variable_passes_through_straight_edges():
    """x2 joins in the second layer only: f(x1) + x2 as an ordinary KAN."""
    model = draw_kan([2, 2, 1])
    model.set_edge(0, 0, 1, EdgeKind.ABSENT)
    model.set_edge(0, 1, 0, EdgeKind.ABSENT)
    model.set_edge(0, 1, 1, EdgeKind.STRAIGHT, slope=1.0)
    with torch.no_grad():
        model.kan_layers[0].bias.zero_()
    x = rows(5, 2)
    torch.testing.assert_close(model.layer_inputs(x)[1][:, 1], x[:, 1])


def test_gradients_reach_inputs_and_constants():
    model = draw_kan([2, (1, 1), 1], kinds=True, seed=3)
    x = rows(4, 2, reach=2.0).requires_grad_()
    assert torch.autograd.gradcheck(model, x)
    model(x).sum().backward()
    for _, _, edge in model.kan_layers[0].symbol_edges():
        assert isinstance(edge, SymbolEdge)
        assert edge.constants.grad is not None
        assert bool(torch.isfinite(edge.constants.grad).all())


# -- grids ---------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(widths(), DEGREES, SEEDS, st.integers(2, 3))
def test_refined_grids_keep_the_function(shape, degree, seed, factor):
    model = draw_kan(shape, degree=degree, seed=seed, kinds=True)
    x = rows(40, shape[0], seed=seed, reach=4.0)  # pyright: ignore[reportArgumentType]
    before = model(x)
    model.refine_grids(factor)
    assert all(layer.grid == 4 * factor for layer in model.kan_layers)
    assert float((model(x) - before).detach().abs().max()) <= 1e-9 * scale_of(before)


def test_refitted_grids_end_where_the_data_end():
    model = draw_kan([2, (2, 1), 1], seed=1)
    x = rows(50, 2, reach=0.6) + 0.1
    model.refit_grids(x)
    for layer, entering in zip(model.kan_layers, model.layer_inputs(x), strict=True):
        torch.testing.assert_close(layer.low, entering.amin(0), rtol=1e-6, atol=0.02)
        torch.testing.assert_close(layer.high, entering.amax(0), rtol=1e-6, atol=0.02)


def test_refitting_to_the_same_range_keeps_the_function():
    model = draw_kan([1, 1])
    x = torch.linspace(-1, 1, 60, dtype=torch.float64)[:, None]
    before = model(x)
    model.refit_grids(x)
    torch.testing.assert_close(model(x), before, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_refitting_keeps_what_both_grids_can_express(degree):
    """A polynomial of the splines' degree; for other curves it is a least-squares fit."""
    model = KAN([1, 1], degree=degree, grid=4)
    x = torch.linspace(-1, 1, 60, dtype=torch.float64)[:, None]
    layer = model.kan_layers[0]
    with torch.no_grad():
        basis = layer.basis(x)[:, 0]
        layer.coef[0, 0] = torch.linalg.lstsq(basis, x**degree - x).solution[:, 0]
    model.refit_grids(0.37 * x + 0.2)
    inside = 0.37 * x + 0.2
    torch.testing.assert_close(model(inside), inside**degree - inside, rtol=1e-9, atol=1e-9)


def test_refitting_stays_close_for_wild_splines():
    model = draw_kan([2, 3, 1], grid=8, seed=2)
    x = rows(300, 2, reach=0.95)
    before = model(x).detach()
    model.refit_grids(x)
    error = (model(x) - before).detach().square().mean().sqrt()
    assert float(error / before.std()) < 0.05


def test_a_node_that_does_not_vary_keeps_a_usable_grid():
    model = draw_kan([2, 1])
    x = rows(20, 2)
    x[:, 1] = 0.3
    model.refit_grids(x)
    layer = model.kan_layers[0]
    assert bool((layer.high > layer.low).all())
    assert bool(torch.isfinite(model(x)).all())


def test_the_margin_widens_the_grids():
    model = draw_kan([1, 1])
    x = torch.linspace(0, 1, 20, dtype=torch.float64)[:, None]
    model.refit_grids(x, margin=0.1)
    torch.testing.assert_close(model.kan_layers[0].low, torch.tensor([-0.1]).double())
    torch.testing.assert_close(model.kan_layers[0].high, torch.tensor([1.1]).double())


# -- seeds, sizes, settings ----------------------------------------------------------------------


def test_seeds_decide_and_the_global_generator_does_not():
    torch.manual_seed(1)
    first = KAN([2, 3, 1], seed=4).state_dict()
    torch.manual_seed(2)
    state = torch.get_rng_state()
    again = KAN([2, 3, 1], seed=4).state_dict()
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    torch.testing.assert_close(torch.get_rng_state(), state, rtol=0, atol=0)
    other = KAN([2, 3, 1], seed=5)
    assert not torch.equal(other.kan_layers[0].coef, first["layers.0.coef"])


def test_resetting_leaves_frozen_edges_as_they_are():
    model = draw_kan([2, 1])
    model.set_edge(0, 0, 1, EdgeKind.STRAIGHT, slope=2.0)
    for source in (0, 1):
        model.freeze_edge(0, 0, source)
    before = model.kan_layers[0].edges(rows(5, 2)).detach()
    model.reset(99)
    torch.testing.assert_close(model.kan_layers[0].edges(rows(5, 2)).detach(), before)


def test_parameters_and_edges_are_counted_by_kind():
    model = KAN([2, 3, 1], grid=5, degree=3)
    assert (model.n_edges(), model.n_parameters()) == (9, 9 * 8 + 4)
    model.set_edge(0, 0, 0, EdgeKind.ABSENT)
    model.set_edge(0, 1, 0, EdgeKind.STRAIGHT, slope=1.0)
    model.fix_edge(0, 2, 0, ("exp", "x"))
    assert (model.n_edges(), model.n_parameters()) == (8, 6 * 8 + 1 + 4 + 4)


def test_the_domain_is_that_of_the_first_grids():
    model = KAN([2, 1], domain=[(0.0, 2.0), (-5.0, 5.0)])
    torch.testing.assert_close(model.domain, torch.tensor([[0.0, 2.0], [-5.0, 5.0]]).double())
    torch.testing.assert_close(model.kan_layers[0].low, torch.tensor([0.0, -5.0]).double())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_everything_is_in_the_chosen_precision(dtype):
    model = draw_kan([2, (2, 1), 1], kinds=True, dtype=dtype)
    model.refit_grids(rows(30, 2, dtype=dtype))
    model.refine_grids(2)
    floats = [t for t in model.state_dict().values() if t.is_floating_point()]
    assert {tensor.dtype for tensor in floats} == {dtype}
    assert model(rows(3, 2, dtype=dtype)).dtype == dtype


def test_whole_numbers_of_every_kind_describe_a_network():
    plain = KAN([2, (2, 1), 1], grid=5, degree=2, seed=3)
    other = KAN(
        np.array([2, 3, 1]).tolist(),
        grid=np.int64(5),
        degree=np.int32(2),
        seed=3,
    )
    assert other.grid == plain.grid
    assert KAN([np.int64(2), 1]).widths == (2, 1)  # pyright: ignore[reportArgumentType]
    assert KAN([2, 1], seed=np.int64(3)).seed == 3  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"widths": [2]}, "give at least the numbers of inputs and outputs"),
        ({"widths": [2, 0, 1]}, "whole number of at least 1"),
        ({"widths": [2, -3, 1]}, "whole number of at least 1"),
        ({"widths": [2, 2.5, 1]}, "whole number of at least 1"),
        ({"widths": [(2, 1), 1]}, "after the first"),
        ({"widths": [2, (1, 1, 1), 1]}, "whole number of at least 1"),
        ({"widths": [2, (0, 0), 1]}, "whole number of at least 1"),
        ({"grid": 0}, "grid=0"),
        ({"grid": 2.5}, "grid=2.5"),
        ({"degree": 0}, "degree=0"),
        ({"domain": (1.0, -1.0)}, "low < high"),
        ({"domain": (1.0, float("nan"))}, "low < high"),
        ({"domain": [(0.0, 1.0)] * 3}, "domain="),
        ({"domain": (0.0, 1.0, 2.0)}, "domain="),
    ],
)
def test_settings_that_are_no_network_get_a_sentence(settings, sentence):
    with pytest.raises(InputError, match=sentence):
        KAN(**({"widths": [2, 1]} | settings))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda m: m.set_edge(1, 0, 0, EdgeKind.ABSENT), "no layer 1"),
        (lambda m: m.set_edge(0, 0, 2, EdgeKind.ABSENT), "2 sources and 1 targets"),
        (lambda m: m.set_edge(0, -1, 0, EdgeKind.ABSENT), "to node -1"),
        (lambda m: m.set_edge(0, 0, 0, EdgeKind.SYMBOL), "fix_edge"),
        (lambda m: m.freeze_edge(0, 1, 0), "no edge from node 0 to node 1"),
        (lambda m: m.fix_edge(0, 0, 5, ("exp", "x")), "no edge from node 5"),
    ],
)
def test_edges_that_do_not_exist_get_a_sentence(change, sentence):
    with pytest.raises(InputError, match=sentence):
        change(KAN([2, 1]))


def test_a_model_prints_what_it_is():
    assert repr(KAN([2, (3, 1), 1])) == (
        "KAN([2, (3, 1), 1], grid=5, degree=3): 12 edges, 101 parameters"
    )


@pytest.mark.gpu
def test_a_gpu_computes_the_same():
    model = draw_kan([2, (2, 1), 1], kinds=True)
    x = rows(20, 2, reach=3.0)
    expected = model(x)
    torch.testing.assert_close(model.cuda()(x.cuda()).cpu(), expected, rtol=1e-10, atol=1e-10)
