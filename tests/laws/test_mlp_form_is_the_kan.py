"""Law 4: to_mlp(kan)(x) == kan(x) to 1e-9 of the output's scale, inside and far outside."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.neural.rewriting.kan_as_mlp import to_mlp
from tests.zoo import DEGREES, SEEDS, draw_kan, rows, scale_of, widths


@settings(max_examples=60)
@given(widths(depth=4), DEGREES, SEEDS, st.integers(1, 6), st.sampled_from([1.0, 10.0]))
def test_random_kans_of_depth_one_to_four(shape, degree, seed, grid, reach):
    model = draw_kan(shape, degree=degree, grid=grid, seed=seed)
    x = rows(60, model.kan_layers[0].n_in, seed=seed, reach=reach)
    expected = model(x).detach()
    found = to_mlp(model)(x).detach()
    assert float((found - expected).abs().max()) <= 1e-9 * scale_of(expected)


@pytest.mark.parametrize("degree", [1, 2, 3])
@pytest.mark.parametrize("middle", [4, (2, 2), (0, 3)])
def test_refitted_kans_with_and_without_products(degree, middle):
    model = draw_kan([3, middle, 2, 1], degree=degree, grid=10, seed=8)
    x = rows(300, 3)
    model.refit_grids(x)
    form = to_mlp(model)
    for points in (x, 10 * x, 10 * torch.sign(x)):
        expected = model(points).detach()
        error = (form(points).detach() - expected).abs().max()
        assert float(error) <= 1e-9 * scale_of(expected)
