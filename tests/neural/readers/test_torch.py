"""Torch modules against their own forward pass."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn
from torch.nn import functional

from kansym.neural.models.kan import KAN
from kansym.neural.models.mlp import MLP, Maxout, PerUnit, PowerReLU, Sine
from kansym.neural.readers.tracing import trace
from kansym.shared.errors import InputError, UnsupportedModelError

X = np.random.default_rng(0).uniform(-2, 2, (300, 3))
TOLERANCE = {torch.float32: 1e-6, torch.float64: 1e-12}


def agree(model: nn.Module, dtype: torch.dtype) -> None:
    model = model.to(dtype).eval()
    with torch.no_grad():
        exact = model(torch.tensor(X, dtype=dtype)).double().numpy()
    network = trace(model, X)
    size = max(1.0, float(np.abs(exact).max()))
    assert_allclose(network(X), exact.reshape(len(X), -1), rtol=0, atol=TOLERANCE[dtype] * size)


def seeded(model_of, seed: int = 0) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return model_of()


LAYERS = [
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.PReLU,
    lambda: nn.PReLU(5),
    lambda: nn.Hardtanh(-0.5, 0.7),
    nn.Tanh,
    nn.SiLU,
    nn.GELU,
    lambda: nn.GELU("tanh"),
    lambda: nn.Softplus(2.0, 3.0),
    nn.Sigmoid,
    nn.LogSigmoid,
    lambda: nn.ELU(0.7),
    lambda: nn.CELU(0.7),
    nn.SELU,
    nn.Mish,
    nn.Softsign,
    nn.Hardsigmoid,
    nn.Hardswish,
    nn.Identity,
    Sine,
    lambda: nn.Dropout(0.5),
    lambda: PowerReLU(torch.tensor([1.0, 2.0, 3.0, 2.0, 1.0]), torch.full((5,), 0.8)),
    lambda: PerUnit([nn.Tanh(), nn.ReLU()], [2, 3]),
    lambda: nn.BatchNorm1d(5, affine=False),
]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("layer", LAYERS, ids=[str(i) for i in range(len(LAYERS))])
def test_layers(layer, dtype: torch.dtype) -> None:
    def build() -> nn.Module:
        inner = nn.Sequential(nn.Linear(3, 5), layer())
        return nn.Sequential(nn.Flatten(), inner, nn.Linear(5, 2, bias=False))

    agree(seeded(build), dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_batch_norm_is_folded_with_its_running_statistics(dtype: torch.dtype) -> None:
    norm = nn.BatchNorm1d(4)
    with torch.no_grad():
        assert norm.running_mean is not None
        assert norm.running_var is not None
        norm.running_mean.copy_(torch.tensor([1.0, -2.0, 0.5, 0.0]))
        norm.running_var.copy_(torch.tensor([0.1, 2.0, 1.0, 3.0]))
        norm.weight.copy_(torch.tensor([1.0, 2.0, -1.0, 0.5]))
        norm.bias.copy_(torch.tensor([0.0, 1.0, 2.0, 3.0]))
    model = seeded(lambda: nn.Sequential(nn.Linear(3, 4), norm, nn.ReLU(), nn.Linear(4, 1)))
    agree(model, dtype)


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.inner(x)


class Assorted(nn.Module):
    """Functions, constants, parts, joins and a gate."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, 2), nn.Linear(3, 2)
        self.shift = nn.Parameter(torch.tensor([0.3, -0.2]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gated = self.first(x) * torch.sigmoid(self.second(x)) - self.shift
        part = functional.gelu(x[:, 1:]) / 2 + 1
        both = torch.cat([gated, part.tanh()], dim=1)
        return torch.exp(-both) - functional.leaky_relu(both, 0.2) ** 2


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_skip_connections_and_functions_are_followed(dtype: torch.dtype) -> None:
    agree(seeded(lambda: nn.Sequential(Residual(), Residual(), nn.Linear(3, 1))), dtype)
    agree(seeded(lambda: nn.Sequential(Residual(), Assorted(), nn.Linear(4, 2))), dtype)


@pytest.mark.parametrize("pieces", [1, 2, 4])
def test_maxout_of_any_directions_is_read_exactly(pieces: int) -> None:
    generator = torch.Generator().manual_seed(pieces)
    weight = torch.randn(5, pieces, 3, generator=generator)
    bias = torch.randn(5, pieces, generator=generator)
    agree(nn.Sequential(Maxout(weight, bias), seeded(lambda: nn.Linear(5, 1))), torch.float64)


class Normalised(nn.Module):
    """Looks like a layer of edges but is not one."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(3)
        self.last = nn.Linear(3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.norm(x))


@pytest.mark.parametrize(
    ("layer", "name"), [(Normalised(), "LayerNorm"), (nn.Softmax(dim=1), "Softmax")]
)
def test_layers_whose_inputs_interact_are_refused_by_name(layer: nn.Module, name: str) -> None:
    with pytest.raises(UnsupportedModelError) as refused:
        trace(nn.Sequential(layer), X)
    message = str(refused.value)
    assert name in message
    assert "interact: their mixed difference is" in message
    assert "kansym.register_reader" in message


class Branching(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Linear(3, 1), nn.Linear(3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.one(x) if x.mean() > 0 else self.other(x)


class Ranked(nn.Module):
    """Depends on the rows beside it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x - x.amax(dim=0)


@pytest.mark.parametrize("layer", [Branching(), Ranked()])
def test_a_forward_pass_that_depends_on_the_batch_is_refused(layer: nn.Module) -> None:
    with pytest.raises(UnsupportedModelError, match=type(layer).__name__):
        trace(layer, X)


class Doubled(nn.Linear):
    """A known layer that computes something else."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return 2 * super().forward(input)


class Squared(MLP):
    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return super().forward(input) ** 2


class Twice(KAN):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * super().forward(x)


@pytest.mark.parametrize(
    "model",
    [
        nn.Sequential(Doubled(3, 4), nn.Tanh(), nn.Linear(4, 1)),
        Squared([3, 4, 1]),
        Twice([3, 2, 1]),
    ],
)
def test_an_overridden_forward_pass_is_what_is_read(model: nn.Module) -> None:
    agree(model, torch.float64)


def test_a_replaced_forward_pass_is_read_or_refused() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    first, second = model[0].forward, model[1].forward
    model[0].forward = lambda x: 2 * first(x)
    with torch.no_grad():
        exact = model(torch.tensor(X, dtype=torch.float32)).double().numpy()
    assert_allclose(trace(model, X)(X), exact, rtol=0, atol=1e-6)
    model[1].forward = lambda x: 2 * second(x)
    with pytest.raises(UnsupportedModelError, match="differs from its own forward pass"):
        trace(model, X)


class Paired(nn.Module):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x, x


def test_what_returns_no_tensor_is_refused() -> None:
    with pytest.raises(UnsupportedModelError, match=r"Paired.*returns a tuple, not a tensor"):
        trace(Paired(), X)


class Hidden(nn.Module):
    """Dropout that is no module of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.dropout(self.inner(x), 0.5, training=self.training)


def test_dropout_that_is_off_is_read_and_dropout_that_is_on_refused() -> None:
    agree(Hidden(), torch.float64)
    with pytest.raises(InputError, match="training mode"):
        trace(Hidden().train(), X)
