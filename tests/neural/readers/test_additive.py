"""KANs of any make, read by probing, against their own forward pass."""

import copy
import importlib
import warnings
from types import ModuleType

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from kansym.neural.readers.additive import strongest_interaction
from kansym.neural.readers.tracing import trace

X = np.random.default_rng(0).uniform(-1, 1, (300, 3))


def other(name: str) -> ModuleType:
    """A package of other KANs, loaded where it is tested: flashkan loads the compiler of torch."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


class Layer(nn.Module):
    """Edges as weighted functions from a basis, (batch, in) to (batch, in, functions)."""

    def __init__(self, n_in: int, n_out: int, functions: int, basis):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in, functions) / functions)
        self.bias = nn.Parameter(torch.randn(n_out))
        self.basis = basis

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.einsum("bif,oif->bo", self.basis(x), self.weight) + self.bias


def fourier(x: torch.Tensor) -> torch.Tensor:
    angles = x[..., None] * torch.arange(1, 4, dtype=x.dtype)
    return torch.cat([torch.sin(angles), torch.cos(angles)], dim=-1)


def chebyshev(x: torch.Tensor) -> torch.Tensor:
    orders = torch.arange(6, dtype=x.dtype)
    return torch.cos(orders * torch.acos(torch.tanh(x)[..., None]))


def radial(x: torch.Tensor) -> torch.Tensor:
    return torch.exp(-((x[..., None] - torch.linspace(-2, 2, 6, dtype=x.dtype)) ** 2))


class Stack(nn.Module):
    def __init__(self, *layers: nn.Module):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


def built(kind: str) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        basis = {"fourier": fourier, "chebyshev": chebyshev, "radial": radial}.get(kind)
        if basis is not None:
            return Stack(Layer(3, 4, 6, basis), Layer(4, 2, 6, basis))
        if kind == "inkan":
            return other("inkan").KANNetwork([3, 4, 2], compile_basis=False)
        return other("flashkan").KANNetwork([3, 4, 2])


KINDS = ["fourier", "chebyshev", "radial", "inkan", "flashkan"]


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the compiler of torch, which some layers ask for and which takes a minute."""
    plain = other("flashkan").basis.bspline_basis_eager
    monkeypatch.setattr("flashkan.layer.bspline_basis", plain)


@pytest.mark.parametrize("kind", KINDS)
def test_the_network_is_the_forward_pass_in_double_precision(kind: str) -> None:
    model = built(kind)
    network = trace(model, X)
    with torch.no_grad():
        exact = copy.deepcopy(model).double()(torch.tensor(X)).numpy()
    assert_allclose(network(X), exact, rtol=0, atol=1e-12)
    assert len(network.edges) == 20
    assert [node.name for node in network.nodes][3:] == ["h1.1", "h1.2", "h1.3", "h1.4", "y1", "y2"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_network_is_the_forward_pass_in_single_precision(kind: str) -> None:
    model = built(kind)
    with torch.no_grad():
        single = model(torch.tensor(X, dtype=torch.float32)).numpy()
        double = copy.deepcopy(model).double()(torch.tensor(X)).numpy()
    # What the layer's own single precision loses is not the reader's.
    own = np.abs(single - double).max()
    assert_allclose(trace(model, X)(X), single, rtol=0, atol=1e-6 + own)


def test_the_strongest_interaction_is_found_and_measured() -> None:
    def layer(x: np.ndarray) -> np.ndarray:
        return (np.sin(x[:, :1]) + 3 * x[:, 1:2] * x[:, 3:4] + 0.1 * x[:, :1] * x[:, 2:3]).copy()

    values = np.random.default_rng(0).uniform(-1, 1, (100, 4))
    found = strongest_interaction(layer, values)
    assert found is not None
    assert (found.first, found.second) == (1, 3)
    assert found.strength > 0.3
    assert "inputs 2 and 4 interact" in str(found)


def test_a_layer_in_a_plain_stack_is_read_between_known_ones() -> None:
    layer = other("inkan").KANLayer(2, 1, compile_basis=False)
    model = nn.Sequential(nn.Linear(3, 2), layer, nn.Tanh())
    with torch.no_grad():
        exact = copy.deepcopy(model).double()(torch.tensor(X)).numpy()
    assert_allclose(trace(model, X)(X), exact, atol=1e-12)
