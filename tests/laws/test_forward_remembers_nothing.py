"""Law 6, first part: a model is pure; what was forwarded before changes nothing."""

import copy

import pytest
import torch
from torch import nn

from kansym.neural.models.mlp import MLP
from kansym.neural.rewriting.kan_as_maxout import to_maxout
from kansym.neural.rewriting.kan_as_mlp import to_mlp
from tests.zoo import draw_kan, rows

ZOO = {
    "KAN": draw_kan([2, (2, 1), 1], kinds=True, seed=1),
    "piecewise linear KAN": draw_kan([2, 3, 1], degree=1),
    "MLP form": to_mlp(draw_kan([2, (1, 1), 1])),
    "Maxout form": to_maxout(draw_kan([2, 2, 1], degree=1)),
    "MLP": MLP([2, 4, 1]),
}


@pytest.mark.parametrize("model", ZOO.values(), ids=ZOO)
def test_forward_leaves_the_model_as_it_was(model: nn.Module):
    before = copy.deepcopy(model.state_dict())
    attributes = {name: dict(module.__dict__) for name, module in model.named_modules()}
    state = torch.get_rng_state()
    first = model(rows(10, 2)).detach()
    model(rows(500, 2, seed=3, reach=1e3))
    torch.testing.assert_close(model(rows(10, 2)).detach(), first, rtol=0, atol=0)
    torch.testing.assert_close(dict(model.state_dict()), dict(before), rtol=0, atol=0)
    torch.testing.assert_close(torch.get_rng_state(), state, rtol=0, atol=0)
    for name, module in model.named_modules():
        assert set(module.__dict__) == set(attributes[name])
