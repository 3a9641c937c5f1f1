"""Analytic Jacobians against automatic differentiation, for every edge kind and activation."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from kansym.neural.models.kan import KAN, EdgeKind
from kansym.neural.models.mlp import ACTIVATIONS, MLP
from kansym.neural.training.free_parameters import FreeParameters
from kansym.neural.training.jacobians import row_jacobian_of
from tests.zoo import DEGREES, SEEDS, draw_kan, rows, widths


def by_autograd(model: nn.Module, x: Tensor) -> Tensor:
    """Derivatives of all outputs by the free parameters, in their order, one by one."""
    free = FreeParameters.of(model)
    parameters = [parameter for parameter, mask in free.parts if bool(mask.any())]
    masks = [mask for _, mask in free.parts if bool(mask.any())]
    outputs = model(x)
    columns = []
    for value in outputs.flatten():
        by = torch.autograd.grad(
            value, parameters, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        columns.append(torch.cat([d[mask] for d, mask in zip(by, masks, strict=True)]))
    return torch.stack(columns).reshape(*outputs.shape, -1)


def check(model: nn.Module, x: Tensor) -> None:
    jacobian = row_jacobian_of(model)
    assert jacobian is not None
    outputs, columns = jacobian(x)
    torch.testing.assert_close(outputs, model(x).detach())
    torch.testing.assert_close(columns, by_autograd(model, x), rtol=1e-8, atol=1e-9)
    assert not outputs.requires_grad
    assert not columns.requires_grad


@settings(max_examples=40)
@given(widths(), DEGREES, SEEDS, st.floats(0.5, 3.0))
def test_kans_of_every_edge_kind_and_shape(shape, degree, seed, reach):
    model = draw_kan(shape, degree=degree, seed=seed, kinds=True)
    check(model, rows(4, model.kan_layers[0].n_in, seed=seed, reach=reach))


@pytest.mark.parametrize("kind", EdgeKind)
@pytest.mark.parametrize("target", [0, 1])
def test_each_edge_kind_into_a_sum_and_into_a_product(kind, target):
    model = draw_kan([2, (1, 1), 1], seed=7)
    if kind == EdgeKind.SYMBOL:
        model.fix_edge(0, target, 0, ("sin", "x"), (1.3, 0.2, -0.7, 0.4))
    else:
        model.set_edge(0, target, 0, kind, slope=-0.8)
    check(model, rows(9, 2, reach=1.5))


@pytest.mark.parametrize("constants", [(0.0, 0.3, 2.0, 1.0), (1.0, 0.3, 0.0, 1.0)])
def test_fixed_functions_with_a_vanishing_constant(constants):
    model = draw_kan([1, 1])
    model.fix_edge(0, 0, 0, ("sin", "x"), constants)
    check(model, rows(9, 1))


def test_a_product_with_a_factor_of_zero():
    model = draw_kan([3, (0, 1)])
    model.set_edge(0, 0, 1, EdgeKind.STRAIGHT, slope=0.0)
    check(model, rows(5, 3))


@settings(max_examples=15)
@given(SEEDS)
def test_frozen_edges_have_no_columns(seed):
    model = draw_kan([2, (2, 1), 2], kinds=True, seed=seed)
    size = len(FreeParameters.of(model))
    kind = EdgeKind(int(model.kan_layers[0].kind[0, 0]))
    model.freeze_edge(0, 0, 0)
    fewer = {EdgeKind.ABSENT: 0, EdgeKind.SPLINE: 7, EdgeKind.STRAIGHT: 1, EdgeKind.SYMBOL: 4}
    # A sum node whose only spline is frozen needs its bias again.
    assert size - len(FreeParameters.of(model)) in (fewer[kind], fewer[kind] - 1)
    check(model, rows(5, 2, seed=seed))


def test_a_kan_of_frozen_edges_only_keeps_its_last_bias():
    model = draw_kan([1, 1])
    model.freeze_edge(0, 0, 0)
    assert len(FreeParameters.of(model)) == 1
    check(model, rows(5, 1))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_mlps_of_every_activation(activation):
    model = MLP([2, 5, 4, 3], activation=activation, seed=1)
    check(model, rows(6, 2, reach=2.0))


@pytest.mark.parametrize(
    "activation",
    [
        nn.LeakyReLU(0.2), nn.Hardtanh(), nn.Identity(), nn.GELU(approximate="tanh"),
        nn.ELU(0.7), nn.Softplus(beta=2.0), nn.ReLU(inplace=True),
    ],
    ids=str,
)  # fmt: skip
def test_sequences_of_other_activations(activation):
    model = nn.Sequential(nn.Linear(2, 4), activation, nn.Linear(4, 1)).double()
    check(model, rows(6, 2, reach=2.0))


def test_layers_without_bias_and_with_frozen_weights():
    model = nn.Sequential(
        nn.Linear(2, 4, bias=False), nn.Tanh(), nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 1)
    ).double()
    model[2].weight.requires_grad_(False)
    model[4].bias.requires_grad_(False)
    assert len(FreeParameters.of(model)) == 8 + 3 + 3
    check(model, rows(6, 2))


@pytest.mark.parametrize(
    "model",
    [
        nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2)),
        nn.Sequential(nn.Sequential(nn.Linear(2, 2))),
        nn.Linear(2, 1),
    ],
    ids=["normalised", "nested", "bare"],
)
def test_other_modules_have_no_analytic_jacobian(model):
    assert row_jacobian_of(model) is None


def test_a_layer_used_twice_has_no_analytic_jacobian():
    """Its columns would have to be added up."""
    shared = nn.Linear(2, 2).double()
    model = nn.Sequential(shared, nn.Tanh(), shared)
    assert row_jacobian_of(model) is None


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_jacobian_has_the_models_precision(dtype):
    model = draw_kan([2, 2, 1], dtype=dtype)
    jacobian = row_jacobian_of(model)
    assert jacobian is not None
    outputs, columns = jacobian(rows(5, 2, dtype=dtype))
    assert outputs.dtype == columns.dtype == dtype


@given(SEEDS)
@settings(max_examples=10)
def test_free_parameters_come_and_go_unchanged(seed):
    model = draw_kan([2, (2, 1), 1], kinds=True, seed=seed)
    free = FreeParameters.of(model)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    values = free.get()
    assert len(values) == len(free)
    free.set(values + 1)
    torch.testing.assert_close(free.get(), values + 1)
    free.set(values)
    torch.testing.assert_close(model.state_dict(), before)


def test_masked_gradients_are_zero_where_nothing_is_free():
    model = draw_kan([2, 2, 1])
    model.freeze_edge(0, 1, 0)
    model.set_edge(1, 0, 1, EdgeKind.STRAIGHT, slope=1.0)
    free = FreeParameters.of(model)
    model(rows(20, 2)).square().sum().backward()
    free.mask_gradients()
    gradient = model.kan_layers[0].coef.grad
    assert gradient is not None
    assert float(gradient[1, 0].abs().max()) == 0
    assert float(gradient[0, 0].abs().max()) > 0


def test_a_bias_beside_a_spline_is_no_parameter():
    """It would be a null direction, because the splines of a node contain every constant."""
    model = KAN([1, 1], grid=3, degree=2)
    jacobian = row_jacobian_of(model)
    assert jacobian is not None
    _, columns = jacobian(torch.linspace(-1, 1, 50, dtype=torch.float64)[:, None])
    assert int(torch.linalg.matrix_rank(columns[:, 0])) == columns.shape[2] == 5
