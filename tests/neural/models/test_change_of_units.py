"""Changes of units are exact for every form of model."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import nn

from kansym.neural.models.change_of_units import scale_inputs, scale_outputs
from kansym.neural.models.kan import EdgeKind
from kansym.neural.models.mlp import ACTIVATIONS, MLP
from kansym.shared.errors import InputError
from tests.zoo import DEGREES, SEEDS, draw_kan, rows, widths


@settings(max_examples=40)
@given(widths(), DEGREES, SEEDS)
def test_outputs_of_kans(shape, degree, seed):
    model = draw_kan(shape, degree=degree, seed=seed, kinds=True)
    rng = np.random.default_rng(seed)
    n_outputs = model.kan_layers[-1].n_out
    factor, shift = rng.normal(size=n_outputs), rng.normal(size=n_outputs)
    x = rows(9, model.kan_layers[0].n_in, seed=seed, reach=3.0)
    expected = torch.as_tensor(factor) * model(x).detach() + torch.as_tensor(shift)
    scale_outputs(model, factor, shift)
    torch.testing.assert_close(model(x).detach(), expected, rtol=1e-9, atol=1e-9)


def test_a_product_of_nothing_is_scaled_too():
    model = draw_kan([2, (1, 1)])
    for source in (0, 1):
        model.set_edge(0, 1, source, EdgeKind.ABSENT)
    x = rows(4, 2)
    expected = 3 * model(x).detach() + 1
    scale_outputs(model, np.full(2, 3.0), np.ones(2))
    torch.testing.assert_close(model(x).detach(), expected)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_inputs_and_outputs_of_mlps(activation):
    model = MLP([2, 4, 3], activation=activation, seed=1)
    factor, shift = np.array([2.0, -0.5]), np.array([0.3, 7.0])
    by, add = np.array([1.0, -4.0, 1e6]), np.array([0.0, 2.0, -1.0])
    x = rows(9, 2)
    inner = torch.as_tensor(factor) * x + torch.as_tensor(shift)
    expected = torch.as_tensor(by) * model(inner).detach() + torch.as_tensor(add)
    scale_inputs(model, factor, shift)
    scale_outputs(model, by, add)
    torch.testing.assert_close(model(x).detach(), expected)


def test_without_a_last_bias_it_refuses_and_leaves_the_model():
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1, bias=False))
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(InputError, match="bias"):
        scale_outputs(model, np.array([2.0]), np.array([1.0]))
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)
