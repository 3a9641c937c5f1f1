"""Any network as a KAN: the same function, and the same KAN where it was one."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from kansym.neural.models.kan import KAN, EdgeKind
from kansym.neural.models.mlp import MLP
from kansym.neural.readers.tracing import trace
from kansym.neural.rewriting.kan_as_maxout import to_maxout
from kansym.neural.rewriting.kan_as_mlp import to_mlp
from kansym.neural.rewriting.network_as_kan import to_kan
from kansym.shared.errors import UnsupportedModelError
from tests.disguises import disguised
from tests.network.test_network import forward, kans, sample


@pytest.mark.parametrize("degree", [1, 2, 3])
@pytest.mark.parametrize("widths", [[2, 3, 1], [3, 2, 2, 2], [2, (2, 1), 1], [2, (1, 2), (1, 1)]])
def test_a_kan_comes_back_from_its_mlp_form(widths: list, degree: int) -> None:
    kan, X = KAN(widths, grid=4, degree=degree, seed=1), sample(widths[0])
    back = to_kan(disguised(to_mlp(kan), 1), X)
    assert back.widths == kan.widths
    assert (back.grid, back.degree) == (4, degree)
    assert_allclose(forward(back, X), forward(kan, X), rtol=1e-9, atol=1e-10)
    if all(isinstance(width, int) for width in widths):
        kinds = torch.cat([layer.kind.flatten() for layer in back.kan_layers])
        assert set(kinds.tolist()) == {int(EdgeKind.SPLINE)}
        assert_allclose(forward(back, 9 * X), forward(kan, 9 * X), rtol=1e-9, atol=1e-9)


@given(model=kans())
@settings(max_examples=40)
def test_any_kan_comes_back_as_the_same_function(model: KAN) -> None:
    X = sample(model.kan_layers[0].n_in)
    back, exact = to_kan(to_mlp(model), X), forward(model, X)
    assert_allclose(forward(back, X), exact, rtol=1e-8, atol=1e-8 * (1 + np.abs(exact).max()))
    network = trace(back, X)
    if all(edge.fixed is None for edge in network.edges):  # a fixed function is not named again
        assert network.difference(trace(model, X)) < 1e-6


ACTIVATIONS = ["relu", "tanh", "silu", "gelu", "sigmoid", "softplus", "elu", "sin"]


@pytest.mark.parametrize("activation", ACTIVATIONS)
@given(seed=st.integers(0, 100))
@settings(max_examples=3)
def test_a_dense_mlp_is_a_kan_of_ridge_edges(activation: str, seed: int) -> None:
    mlp, X = MLP([2, 5, 4, 1], activation=activation, seed=seed), sample(2)
    kan = to_kan(torch.nn.Sequential(*mlp), X)
    assert_allclose(forward(kan, X), forward(mlp, X), rtol=1e-9, atol=1e-9)
    straight = kan.kan_layers[0].kind[:, :2] != EdgeKind.SPLINE
    assert bool(straight.all())


def test_a_maxout_form_and_a_skip_connection_become_kans() -> None:
    kan, X = KAN([2, 3, 1], grid=3, degree=1, seed=2), sample(2)
    assert_allclose(forward(to_kan(to_maxout(kan), X), X), forward(kan, X), rtol=1e-9, atol=1e-9)

    class Skip(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = MLP([2, 3, 2], seed=0)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.inner(x)

    model = torch.nn.Sequential(Skip(), Skip())
    back = to_kan(model, X)
    assert_allclose(forward(back, X), forward(model, X), rtol=1e-9, atol=1e-9)


def test_a_kan_is_copied_and_edges_of_unknown_make_are_refused() -> None:
    kan = KAN([2, 1])
    assert to_kan(kan) is not kan
    assert_allclose(forward(to_kan(kan), sample(2)), forward(kan, sample(2)))

    class Bumps(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(2, 1, dtype=torch.float64))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.exp(-(x**2)) @ self.weight

    with pytest.raises(UnsupportedModelError, match="x1 -> y is neither a spline"):
        to_kan(Bumps(), sample(2))
