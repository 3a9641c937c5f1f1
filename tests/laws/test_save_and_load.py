"""Law 9: what is saved and loaded is the same model."""

from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.neural.models.loading import load
from tests.zoo import DEGREES, SEEDS, draw_kan, rows, widths

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@settings(max_examples=40)
@given(
    widths(), DEGREES, SEEDS, st.integers(1, 7), st.sampled_from([torch.float32, torch.float64]),
    st.data(),
)  # fmt: skip
def test_random_kans_come_back(shape, degree, seed, grid, dtype, data):
    model = draw_kan(shape, degree=degree, grid=grid, seed=seed, kinds=True, dtype=dtype)
    n_in = model.kan_layers[0].n_in
    x = rows(20, n_in, seed=seed, reach=3.0, dtype=dtype)
    model.sample = x
    model.freeze_edge(0, 0, 0)
    model.refit_grids(x)
    model.input_names = tuple(data.draw(st.lists(NAMES, min_size=n_in, max_size=n_in, unique=True)))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        model.save(path)
        found = load(path)
    torch.testing.assert_close(found.state_dict(), model.state_dict(), rtol=0, atol=0)
    torch.testing.assert_close(found(x), model(x), rtol=0, atol=0)
    assert found.input_names == model.input_names
    assert (found.widths, found.seed) == (model.widths, model.seed)
    assert repr(found) == repr(model)
