"""The MLP form and the Maxout form: the same function everywhere, as many numbers as promised."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from kansym.neural.models.kan import EdgeKind
from kansym.neural.models.mlp import MLP, Maxout, PowerReLU
from kansym.neural.models.parameter_counts import parameter_counts
from kansym.neural.rewriting.kan_as_maxout import to_maxout
from kansym.neural.rewriting.kan_as_mlp import to_mlp
from kansym.shared.errors import InputError
from tests.zoo import DEGREES, SEEDS, draw_kan, rows, scale_of, widths


def difference(model, form, x) -> float:
    """Largest difference over the scale of the output on these rows."""
    expected = model(x).detach()
    return float((form(x).detach() - expected).abs().max()) / scale_of(expected)


@settings(max_examples=40)
@given(widths(depth=3), DEGREES, SEEDS, st.integers(1, 8))
def test_every_kind_of_edge_is_rewritten(shape, degree, seed, grid):
    model = draw_kan(shape, degree=degree, grid=grid, seed=seed, kinds=True)
    form = to_mlp(model)
    n_in = model.kan_layers[0].n_in
    for reach in (1.0, 10.0):
        assert difference(model, form, rows(50, n_in, seed=seed, reach=reach)) < 1e-9


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
@pytest.mark.parametrize("grid", [1, 2, 20])
def test_the_knots_themselves(degree, grid):
    model = draw_kan([1, 1], degree=degree, grid=grid)
    x = torch.linspace(-1, 1, grid + 1, dtype=torch.float64)[:, None]
    assert difference(model, to_mlp(model), x) < 1e-9


@settings(max_examples=20)
@given(widths(depth=4), DEGREES, SEEDS)
def test_values_of_any_size_far_outside_fitted_grids(shape, degree, seed):
    model = draw_kan(shape, degree=degree, seed=seed)
    n_in = model.kan_layers[0].n_in
    model.refit_grids(rows(200, n_in, seed=seed))
    form = to_mlp(model)
    for reach in (1.0, 10.0):
        assert difference(model, form, rows(50, n_in, seed=seed, reach=reach)) < 1e-9


def test_grids_of_any_range():
    model = draw_kan([2, 3, 1], seed=2)
    x = rows(200, 2) * torch.tensor([1e6, 1e-6]).double() + torch.tensor([5e6, 1e-3]).double()
    model.refit_grids(x)
    assert difference(model, to_mlp(model), x) < 1e-9


@pytest.mark.parametrize("factors", [1, 2, 3, 4, 5])
def test_products_of_any_number_of_factors(factors):
    model = draw_kan([factors, (0, 1), 1], seed=factors)
    form = to_mlp(model)
    assert difference(model, form, rows(100, factors, reach=2.0)) < 1e-9
    squares = [m for m in form if isinstance(m, PowerReLU) and bool((m.power == 2).any())]
    assert len(squares) >= (factors > 1)


def test_without_any_edge_a_constant_remains():
    model = draw_kan([2, (1, 1)])
    for target in (0, 1):
        for source in (0, 1):
            model.set_edge(0, target, source, EdgeKind.ABSENT)
    assert difference(model, to_mlp(model), rows(5, 2)) < 1e-14


def test_piecewise_linear_sums_become_a_plain_network():
    form = to_mlp(draw_kan([2, 4, 3, 1], degree=1))
    kinds = [type(module) for module in form]
    assert kinds == [nn.Linear, nn.ReLU] * 3 + [nn.Linear]
    assert type(form) is nn.Sequential


@given(st.integers(1, 4), st.integers(1, 4), st.integers(2, 8))
def test_a_layer_has_as_many_weights_as_the_kan(n, m, pieces):
    """N inputs, m outputs, k pieces: n m k weights, on n k units."""
    form = to_mlp(draw_kan([n, m], degree=1, grid=pieces))
    readout = form[-1]
    assert isinstance(readout, nn.Linear)
    assert readout.weight.numel() == n * m * pieces


def test_the_expand_map_copies_inputs():
    expand = to_mlp(draw_kan([3, 2, 1], degree=1, grid=5))[0]
    assert isinstance(expand, nn.Linear)
    assert expand.weight.shape == (15, 3)
    assert set(expand.weight.detach().unique().tolist()) == {-1.0, 0.0, 1.0}
    assert bool(((expand.weight != 0).sum(1) == 1).all())


def test_parameters_are_counted_stored_nonzero_and_distinct():
    linear = nn.Linear(3, 2)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[0.0, 1.0, 1.0], [2.0, 0.0, 1.0]]))
        linear.bias.copy_(torch.tensor([0.0, 2.0]))
    counts = parameter_counts(linear)
    assert (counts.stored, counts.nonzero, counts.distinct) == (8, 5, 3)
    assert str(counts) == "8 parameters (5 not zero, 3 distinct)"


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_a_kan_counts_what_it_can_train(degree):
    model = draw_kan([2, 3, 1], degree=degree)
    assert parameter_counts(model).stored == model.n_parameters()


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-4), (torch.float64, 1e-12)])
def test_the_form_has_the_models_precision(dtype, tolerance):
    model = draw_kan([2, (2, 1), 1], degree=2, dtype=dtype)
    form = to_mlp(model)
    assert {parameter.dtype for parameter in form.parameters()} == {dtype}
    assert difference(model, form, rows(50, 2, reach=3.0, dtype=dtype)) < tolerance


def test_the_form_is_a_copy_that_can_be_trained():
    model = draw_kan([2, 2, 1], kinds=True)
    form = to_mlp(model)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    form(rows(5, 2)).sum().backward()
    with torch.no_grad():
        for parameter in form.parameters():
            assert parameter.grad is not None
            parameter.add_(1.0)
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)


@settings(max_examples=30)
@given(widths(depth=3, products=False), SEEDS, st.integers(1, 6))
def test_the_maxout_form_is_the_same_function(shape, seed, grid):
    model = draw_kan(shape, degree=1, grid=grid, seed=seed)
    form = to_maxout(model)
    n_in = model.kan_layers[0].n_in
    for reach in (1.0, 10.0):
        assert difference(model, form, rows(50, n_in, seed=seed, reach=reach)) < 1e-9
    assert [type(module) for module in form] == [Maxout, nn.Linear] * (len(shape) - 1)


def test_the_maxout_form_knows_straight_and_absent_edges():
    model = draw_kan([3, 2, 1], degree=1, seed=3)
    model.set_edge(0, 0, 1, EdgeKind.STRAIGHT, slope=-2.0)
    model.set_edge(0, 1, 2, EdgeKind.ABSENT)
    assert difference(model, to_maxout(model), rows(50, 3, reach=5.0)) < 1e-10


def test_maxout_refuses_what_is_not_piecewise_linear():
    fixed = draw_kan([1, 1], degree=1)
    fixed.fix_edge(0, 0, 0, ("sin", "x"))
    for model in (draw_kan([2, 1]), draw_kan([2, (1, 1)], degree=1), fixed):
        with pytest.raises(InputError, match="not piecewise linear"):
            to_maxout(model)


def test_an_mlp_cannot_be_rewritten():
    with pytest.raises(InputError, match="KAN"):
        to_mlp(MLP([2, 3, 1]))  # pyright: ignore[reportArgumentType]
