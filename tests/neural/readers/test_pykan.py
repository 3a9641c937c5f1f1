"""KANs of pykan, as objects and as checkpoints, against pykan's own forward pass."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from numpy.testing import assert_allclose

from kansym.neural.readers.tracing import trace
from kansym.shared.errors import ModelFileError

X = np.random.default_rng(0).uniform(-1, 1, (200, 3))


@pytest.fixture
def pykan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The class of pykan's models, with everything that it writes kept in a folder."""
    monkeypatch.chdir(tmp_path)
    with torch.random.fork_rng(devices=[]):
        import kan

        yield lambda **options: kan.KAN(**{"seed": 1, "auto_save": False} | options)


def forward(model: Any, rows: np.ndarray = X) -> np.ndarray:
    with torch.no_grad():
        return model(torch.tensor(rows, dtype=torch.float32)).double().numpy()


def agree(model: Any, rows: np.ndarray = X) -> None:
    assert_allclose(trace(model, rows)(rows), forward(model, rows), rtol=0, atol=1e-6)


MODELS = [
    {"width": [3, 4, 2], "grid": 5, "k": 3},
    {"width": [3, 2, 2, 1], "grid": 3, "k": 2, "base_fun": "identity"},
    {"width": [3, 2, 1], "grid": 4, "k": 1, "base_fun": "zero"},
    {"width": [3, [2, 2], [1, 1], 1], "grid": 4, "k": 3, "mult_arity": 2},
    {"width": [3, [2, 1], 1], "grid": 4, "k": 3, "mult_arity": 3},
    {"width": [3, [1, 2], 1], "grid": 4, "k": 3, "mult_arity": [[], [2, 4], []]},
    {"width": [3, 4, 1], "grid": 3, "k": 3, "sparse_init": True, "grid_range": [-0.5, 0.5]},
]


@pytest.mark.parametrize("options", MODELS, ids=[str(i) for i in range(len(MODELS))])
def test_models_and_their_checkpoints_are_read(pykan: Any, options: dict[str, Any]) -> None:
    options = options | {"width": [*options["width"]]}
    model = pykan(noise_scale=0.5, **options)
    agree(model)
    model.saveckpt("saved")
    network = trace("saved", X)
    assert_allclose(network(X), forward(model), rtol=0, atol=1e-6)
    assert network.difference(trace(model, X)) == 0.0
    assert network.parameters == trace(Path("saved_config.yml"), X).parameters


def test_masks_scales_symbols_and_products_count(pykan: Any) -> None:
    model = pykan(width=[3, [2, 1], 1], grid=4, k=3)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "node" in name:
                parameter += 0.3 * torch.randn(parameter.shape)
    for edge, symbol in [((0, 0), "sin"), ((1, 1), "x^2"), ((2, 2), "exp"), ((0, 3), "x")]:
        model.fix_symbolic(0, *edge, symbol, fit_params_bool=False, verbose=False)
        model.symbolic_fun[0].affine.data[edge[1], edge[0]] = torch.tensor([0.7, 0.2, 1.3, -0.4])
    model.remove_edge(0, 1, 0)
    agree(model)
    model.saveckpt("saved")
    network = trace("saved", X)
    assert_allclose(network(X), forward(model), rtol=0, atol=1e-6)
    fixed = {edge.fixed for edge in network.edges}
    assert {("sin", "x"), ("pow", "x", 2.0), ("exp", "x")} <= fixed


def test_a_symbol_of_the_users_own_is_read_from_the_object_only(pykan: Any) -> None:
    model = pykan(width=[3, 1], grid=3, k=3)
    model.fix_symbolic(0, 0, 0, lambda x: torch.cosh(x) - 1, fit_params_bool=False, verbose=False)
    agree(model)


def test_pruned_inputs_choose_their_columns(pykan: Any) -> None:
    model = pykan(width=[3, 2, 1], grid=3, k=3)
    model.input_id = torch.tensor([2, 0, 1])
    agree(model)


def test_reading_leaves_an_object_and_the_folder_alone(pykan: Any, tmp_path: Path) -> None:
    model = pykan(width=[3, 2, 1], grid=3, k=3)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    state, cached = torch.get_rng_state(), model.cache_data
    trace(model, X)
    assert model.cache_data is cached
    assert model.acts is None
    assert torch.equal(torch.get_rng_state(), state)
    assert list(tmp_path.iterdir()) == []
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(tensor, before[name], rtol=0, atol=0)


def test_damaged_and_foreign_checkpoints_are_refused(pykan: Any) -> None:
    pykan(width=[3, 2, 1], grid=3, k=3).saveckpt("saved")
    pykan(width=[3, 4, 4, 1], grid=3, k=3).saveckpt("other")
    state, config = Path("saved_state"), Path("saved_config.yml")
    whole = state.read_bytes()

    state.write_bytes(Path("other_state").read_bytes())
    with pytest.raises(ModelFileError, match=r"do not belong together|another architecture"):
        trace("saved", X)
    state.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelFileError, match="saved_state is no file of tensors"):
        trace("saved", X)
    torch.save(torch.nn.Linear(1, 1), state)
    with pytest.raises(ModelFileError, match="that can be read safely"):
        trace("saved", X)
    state.unlink()
    with pytest.raises(ModelFileError, match="saved_state does not exist"):
        trace("saved", X)
    config.write_text("!!python/object/apply:os.system ['touch evil']")
    with pytest.raises(ModelFileError, match="no configuration of a pykan model"):
        trace("saved", X)
    assert not Path("evil").exists()
    config.write_text(yaml.dump([1, 2]))
    with pytest.raises(ModelFileError, match="no configuration of a pykan model"):
        trace("saved", X)
