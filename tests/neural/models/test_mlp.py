"""MLPs: seeds, sizes, activations, and the modules that the MLP form of a KAN is made of."""

import pytest
import torch
from torch import nn

from kansym.neural.models.mlp import (
    ACTIVATIONS,
    MLP,
    Maxout,
    PerUnit,
    PowerReLU,
    ProgramActivation,
    Sine,
)
from kansym.shared.errors import InputError
from tests.zoo import rows


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_it_is_linear_and_activation_in_turn(activation):
    model = MLP([2, 4, 3, 1], activation=activation)
    kinds = [type(module) for module in model]
    inner = ACTIVATIONS[activation]
    assert kinds == [nn.Linear, inner, nn.Linear, inner, nn.Linear]
    assert model(rows(5, 2)).shape == (5, 1)


def test_seeds_decide_and_the_global_generator_does_not():
    torch.manual_seed(1)
    first = MLP([2, 3, 1], seed=4)
    state = torch.get_rng_state()
    again = MLP([2, 3, 1], seed=4)
    torch.testing.assert_close(first.state_dict(), again.state_dict(), rtol=0, atol=0)
    torch.testing.assert_close(torch.get_rng_state(), state, rtol=0, atol=0)
    assert not torch.equal(MLP([2, 3, 1], seed=5)[0].weight, first[0].weight)


def test_weights_stay_in_the_bound_of_glorot_and_bengio():
    layer = MLP([30, 50, 1], seed=0)[0]
    bound = (6 / 80) ** 0.5
    largest = float(layer.weight.detach().abs().max())
    assert 0.9 * bound < largest <= bound


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_everything_is_in_the_chosen_precision(dtype):
    model = MLP([2, 3, 1], dtype=dtype)
    assert {tensor.dtype for tensor in model.state_dict().values()} == {dtype}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"activation": "swish"}, "activation='swish' is not known: use one of relu, tanh"),
        ({"widths": [2]}, "give at least inputs and outputs"),
        ({"widths": [2, 0, 1]}, "whole numbers of at least 1"),
        ({"widths": [2, 1.5, 1]}, "whole numbers of at least 1"),
    ],
)
def test_settings_that_are_no_network_get_a_sentence(settings, sentence):
    with pytest.raises(InputError, match=sentence):
        MLP(**({"widths": [2, 1]} | settings))


def test_sine():
    x = rows(4, 1)
    torch.testing.assert_close(Sine()(x), torch.sin(x))


def test_power_relu_is_cut_below_and_capped_above():
    unit = PowerReLU(torch.tensor([1.0, 3.0]), torch.tensor([torch.inf, 2.0]))
    x = torch.tensor([[-5.0, -5.0], [1.5, 1.5], [9.0, 9.0]])
    torch.testing.assert_close(unit(x), torch.tensor([[0.0, 0.0], [1.5, 1.5**3], [9.0, 8.0]]))


@pytest.mark.parametrize("power", [1.0, 2.0, 3.0])
def test_power_relu_has_a_finite_gradient_everywhere(power):
    unit = PowerReLU(torch.tensor([power]).double(), torch.tensor([2.0]).double())
    x = torch.tensor([[-1.0], [0.0], [1.0], [2.0], [3.0]]).double().requires_grad_()
    unit(x).sum().backward()
    assert x.grad is not None
    assert bool(torch.isfinite(x.grad).all())


def test_per_unit_gives_every_block_its_activation():
    layer = PerUnit([nn.ReLU(), Sine(), nn.Identity()], [2, 1, 1])
    x = rows(6, 4, reach=3.0)
    expected = torch.cat([x[:, :2].relu(), x[:, 2:3].sin(), x[:, 3:]], dim=1)
    torch.testing.assert_close(layer(x), expected)


def test_a_program_as_activation():
    x = rows(6, 2)
    torch.testing.assert_close(ProgramActivation(("exp", ("neg", "x")))(x), torch.exp(-x))
    torch.testing.assert_close(ProgramActivation(2.0)(x), torch.full_like(x, 2.0))


def test_maxout_is_the_largest_of_its_lines():
    weight, bias = rows(3 * 4, 2).reshape(3, 4, 2), rows(3, 4, seed=1)
    x = rows(7, 2, seed=2, reach=3.0)
    lines = torch.stack([x @ weight[:, p].T + bias[:, p] for p in range(4)])
    torch.testing.assert_close(Maxout(weight, bias)(x).detach(), lines.amax(0))
