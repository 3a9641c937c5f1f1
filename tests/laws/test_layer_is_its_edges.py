"""Law 3: layer(x) == combine(layer.edges(x)), for every shape, degree, kind and precision."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.neural.models.kan import EdgeKind
from tests.zoo import DEGREES, SEEDS, draw_kan, rows, scale_of, widths


@settings(max_examples=60)
@given(
    widths(depth=2),
    DEGREES,
    SEEDS,
    st.booleans(),
    st.sampled_from([0.9, 10.0]),
    st.sampled_from([torch.float32, torch.float64]),
)
def test_a_kan_layer_is_its_edges_combined(shape, degree, seed, kinds, reach, dtype):
    model = draw_kan(shape, degree=degree, seed=seed, kinds=kinds, dtype=dtype)
    for layer in model.kan_layers:
        x = rows(8, layer.n_in, seed=seed, reach=reach, dtype=dtype)
        edges, values = layer.edges(x), layer(x)
        assert edges.shape == (8, layer.n_out, layer.n_in)
        rounding = 1e-4 if dtype == torch.float32 else 1e-12
        sums = edges[:, : layer.n_sum].sum(-1)
        products = edges[:, layer.n_sum :].prod(-1)
        by_hand = torch.cat([sums, products], dim=1) + layer.bias
        for other in (layer.combine(edges), by_hand):
            error = (values - other).detach().abs().max()
            assert float(error) <= rounding * scale_of(edges)


@pytest.mark.parametrize("kind", EdgeKind)
@pytest.mark.parametrize("n_product", [0, 1])
def test_every_kind_of_edge_alone(kind, n_product):
    model = draw_kan([1, (1 - n_product, n_product)])
    if kind == EdgeKind.SYMBOL:
        model.fix_edge(0, 0, 0, ("exp", "x"), (0.5, 0.1, 2.0, -1.0))
    else:
        model.set_edge(0, 0, 0, kind, slope=0.7)
    x = rows(8, 1, reach=2.0)
    layer = model.kan_layers[0]
    torch.testing.assert_close(layer(x), layer.edges(x)[:, :, 0] + layer.bias)
