"""Networks: what they compute, and the laws of condensing."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.errors import InputError
from kansym.kan import KAN, EdgeKind
from kansym.mlp import MLP
from kansym.network import Edge, Network, Node
from kansym.rewriting import to_maxout, to_mlp
from kansym.tracing import trace
from tests.disguises import disguised

WIDTHS = st.lists(
    st.one_of(st.integers(1, 3), st.sampled_from([(1, 1), (0, 2), (2, 1), (0, 1)])),
    min_size=1,
    max_size=3,
)


def sample(n_inputs: int, seed: int = 0, rows: int = 300) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1.5, 1.5, (rows, n_inputs))


def forward(model: torch.nn.Module, X: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return model(torch.tensor(X)).numpy()


@st.composite
def kans(draw: st.DrawFn) -> KAN:
    """KANs of any sparse shape: absent, straight and fixed edges among the splines."""
    n_inputs, seed = draw(st.integers(1, 3)), draw(st.integers(0, 10**6))
    widths = [n_inputs, *draw(WIDTHS)]
    model = KAN(widths, grid=draw(st.integers(1, 5)), degree=draw(st.integers(1, 3)), seed=seed)
    rng = np.random.default_rng(seed)
    with torch.no_grad():
        for position, layer in enumerate(model.kan_layers):
            layer.bias.copy_(torch.tensor(rng.normal(size=layer.n_out)))
            layer.coef += 0.3 * torch.tensor(rng.normal(size=layer.coef.shape))
            for target in range(layer.n_out):
                for source in range(layer.n_in):
                    kind = rng.choice(["spline"] * 5 + ["absent", "straight", "fixed"])
                    if kind == "absent":
                        model.set_edge(position, target, source, EdgeKind.ABSENT)
                    elif kind == "straight":
                        slope = float(rng.normal())
                        model.set_edge(position, target, source, EdgeKind.STRAIGHT, slope)
                    elif kind == "fixed":
                        constants = tuple(rng.uniform(0.5, 1.5, 4).tolist())
                        model.fix_edge(position, target, source, ("sin", "x"), constants)
    return model


@given(model=kans(), seed=st.integers(0, 10**6))
@settings(max_examples=200)
def test_an_mlp_form_however_it_is_disguised_is_the_network_of_its_kan(
    model: KAN, seed: int
) -> None:
    X = sample(model.kan_layers[0].n_in, seed)
    network = trace(model, X)
    np.testing.assert_allclose(network(X), forward(model, X), rtol=1e-9, atol=1e-9)
    mlp = disguised(to_mlp(model), seed)
    np.testing.assert_allclose(forward(mlp, X), forward(model, X), rtol=1e-9, atol=1e-9)
    assert network.difference(trace(mlp, X)) < 1e-8
