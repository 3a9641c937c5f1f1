"""The door: what it asks for, what it leaves alone, and what it refuses."""

import random
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from kansym.neural.models.kan import KAN
from kansym.neural.models.mlp import MLP
from kansym.neural.readers.registry import _READERS
from kansym.neural.readers.tracing import MOST_ROWS, register_reader, trace
from kansym.shared.errors import (
    InputError,
    MissingPackageError,
    ModelFileError,
    UnsupportedModelError,
)

X = np.random.default_rng(0).uniform(-1, 1, (200, 3))


def linear(n_in: int = 3, n_out: int = 2) -> nn.Sequential:
    return nn.Sequential(nn.Linear(n_in, 4), nn.Tanh(), nn.Linear(4, n_out))


# -- rows and names ------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [X, X.tolist(), torch.tensor(X), pd.DataFrame(X)])
def test_rows_may_be_arrays_lists_tensors_or_frames(rows: Any) -> None:
    assert trace(linear(), rows).sample.shape == (200, 3)


def test_columns_of_a_frame_and_of_a_model_name_the_inputs() -> None:
    frame = pd.DataFrame(X, columns=["mass", "speed of light", "x"])
    assert trace(linear(), frame).inputs == ("mass", "speed of light", "x")
    model = KAN([3, 2, 1])
    assert trace(model, frame).inputs == ("mass", "speed of light", "x")
    model.input_names, model.output_names = ("a", "b", "c"), ("energy",)
    network = trace(model, X)
    assert network.inputs == ("a", "b", "c")
    assert network.outputs == ("energy",)
    with pytest.raises(InputError, match="no column 'a'"):
        trace(model, frame)
    with pytest.raises(InputError, match="another order"):
        trace(model, pd.DataFrame(X, columns=["c", "b", "a"]))


def test_an_output_is_never_named_like_an_input() -> None:
    frame = pd.DataFrame(X[:, :2], columns=["y", "h1.1"])
    network = trace(linear(2, 1), frame)
    assert network.outputs == ("_y",)
    assert len({node.name for node in network.nodes}) == len(network.nodes)


def test_models_of_kansym_remember_their_rows_and_others_ask_for_them() -> None:
    model = KAN([3, 2, 1])
    with pytest.raises(InputError, match="remembers no rows"):
        trace(model)
    model.sample = torch.tensor(X)
    assert_allclose(trace(model).sample, X)
    with pytest.raises(InputError, match=r"Sequential remembers no rows.*give X"):
        trace(linear())


def test_of_many_rows_some_are_chosen_and_the_extremes_are_kept() -> None:
    many = np.random.default_rng(1).normal(size=(50_000, 3))
    network = trace(linear(), many)
    assert MOST_ROWS <= len(network.sample) <= MOST_ROWS + 6
    assert_allclose(network.sample.min(axis=0), many.min(axis=0))
    assert_allclose(network.sample.max(axis=0), many.max(axis=0))
    assert trace(linear(), many).sample.tolist() == network.sample.tolist()


# -- purity --------------------------------------------------------------------------------------


class Sines(nn.Module):
    """A layer that only probing can read."""

    def __init__(self, n_in: int, n_out: int):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in))
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        torch.rand(1)
        return (torch.sin(x[:, None, :] * self.weight)).sum(-1)


def test_tracing_leaves_model_random_numbers_and_files_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), Sines(4, 2), nn.Linear(2, 1)).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    python, numpy_state, torch_state = (
        random.getstate(),
        np.random.get_state()[1].tolist(),  # noqa: NPY002
        torch.get_rng_state(),
    )
    trace(model, X)
    assert model.training
    assert list(tmp_path.iterdir()) == []
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(tensor, before[name], rtol=0, atol=0)
    assert all(not module._forward_hooks for module in model.modules())
    assert random.getstate() == python
    assert np.random.get_state()[1].tolist() == numpy_state  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), torch_state)


# -- readers of users ----------------------------------------------------------------------------


class Doubling(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * x.prod(dim=1, keepdim=True)


def test_a_registered_reader_opens_a_layer_or_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kansym.neural.readers.registry._READERS", dict(_READERS))
    model = nn.Sequential(nn.Linear(3, 2), Doubling())
    with pytest.raises(UnsupportedModelError, match=r"Doubling.*register_reader\(Doubling\)"):
        trace(model, X)

    @register_reader(Doubling)
    def read(layer: Doubling, stage: Any) -> Any:
        del layer
        return stage.multiply([range(stage.width)]).scale(2.0)

    with torch.no_grad():
        exact = model(torch.tensor(X, dtype=torch.float32)).numpy()
    assert_allclose(trace(model, X)(X), exact, atol=1e-6)

    class Formula:
        """A model of no package."""

    register_reader(Formula)(lambda _, stage: stage.elementwise(np.exp))
    assert_allclose(trace(Formula(), X)(X), np.exp(X), rtol=1e-12)


# -- bad input -----------------------------------------------------------------------------------


def test_a_wrong_width_is_refused() -> None:
    with pytest.raises(InputError, match=r"X has 3 columns but the model \(Linear\(2, 4\)\) takes"):
        trace(linear(2), X)
    with pytest.raises(InputError, match="X has 3 columns"):
        trace(KAN([2, 1]), X)
    with pytest.raises(InputError, match="4 values but 5 reach it"):
        trace(nn.Sequential(nn.Linear(3, 5), nn.Linear(4, 1)), X)


def test_hooks_are_refused() -> None:
    model = linear()
    model[1].register_forward_hook(lambda *called: 2 * called[2])
    with pytest.raises(InputError, match=r"Tanh \(1\) has forward hooks.*remove"):
        trace(model, X)


class Waves(nn.Module):
    """A layer of edges of no known make."""

    def __init__(self, n_in: int = 3, n_out: int = 2, normalised: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.linspace(-1, 1, 4 * n_in * n_out).view(n_out, n_in, 4))
        self.norm = nn.LayerNorm(n_in) if normalised else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norm(x)
        waves = torch.sin(x[..., None] * torch.arange(1, 5, dtype=x.dtype))
        return torch.einsum("bif,oif->bo", waves, self.weight)


class Skipping(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + torch.tanh(self.inner(x))


@pytest.mark.parametrize("model", [Waves(), nn.Sequential(Waves(), Waves(2, 1)), Skipping()])
def test_a_wrong_width_is_refused_where_the_layer_is_not_known(model: nn.Module) -> None:
    with pytest.raises(InputError, match=r"X has 2 columns but the model \(\w+\) takes 3: give"):
        trace(model, X[:, :2])
    with pytest.raises(InputError, match="takes 3 values but 4 reach it"):
        trace(nn.Sequential(nn.Linear(3, 4), model), X)


def test_a_norm_in_a_network_of_edges_says_which_inputs_interact_and_how_much() -> None:
    with pytest.raises(UnsupportedModelError) as refused:
        trace(nn.Sequential(Waves(3, 4), Waves(4, 1, normalised=True)), X)
    message = str(refused.value)
    assert "LayerNorm" in message
    assert "kansym.register_reader(LayerNorm)" in message
    found = re.search(r"inputs (\d) and (\d) interact: their mixed difference is ([\d.]+)", message)
    assert found is not None
    assert int(found[1]) < int(found[2]) <= 4
    assert 0.05 < float(found[3]) < 2


@pytest.mark.parametrize("layer", [nn.Dropout(0.5), nn.BatchNorm1d(4)])
def test_training_mode_is_refused_where_it_matters(layer: nn.Module) -> None:
    model = nn.Sequential(nn.Linear(3, 4), layer, nn.Linear(4, 1))
    with pytest.raises(InputError, match=r"is in training mode.*model.eval\(\)"):
        trace(model, X)
    assert len(trace(model.eval(), X).edges) == 3


def test_dropout_that_drops_nothing_is_the_same_in_training() -> None:
    assert trace(nn.Sequential(nn.Linear(3, 1), nn.Dropout(0.0)), X).outputs == ("y",)


def test_batch_norm_without_running_statistics_is_refused() -> None:
    norm = nn.BatchNorm1d(3, track_running_stats=False).eval()
    with pytest.raises(InputError, match="track_running_stats=True"):
        trace(nn.Sequential(norm, nn.Linear(3, 1)), X)


def test_weights_that_are_no_finite_real_numbers_are_refused() -> None:
    model = linear()
    with torch.no_grad():
        next(model[2].parameters())[0, 1] = float("nan")
    with pytest.raises(InputError, match=r"1 of the 8 numbers in the parameter 2.weight"):
        trace(model, X)
    whole = nn.Linear(3, 1)
    whole.weight = nn.Parameter(torch.ones(1, 3, dtype=torch.int64), requires_grad=False)
    with pytest.raises(InputError, match=r"weight has the type torch.int64.*model.float\(\)"):
        trace(whole, X)
    norm = nn.BatchNorm1d(3).eval()
    assert norm.running_var is not None
    norm.running_var[1] = float("nan")
    with pytest.raises(InputError, match=r"1 of the 3 numbers in the buffer 0.running_var"):
        trace(nn.Sequential(norm, nn.Linear(3, 1)), X)


def test_weights_that_are_not_there_are_refused() -> None:
    with pytest.raises(InputError, match="has no shape yet"):
        trace(nn.Sequential(nn.LazyLinear(1)), X)
    with pytest.raises(InputError, match="holds no numbers"):
        trace(nn.Sequential(nn.Linear(3, 1, device="meta")), X)


def test_quantized_weights_are_refused() -> None:
    layer = nn.Linear(3, 1)
    # The class is what quantization leaves behind; making one needs a backend.
    layer.__class__ = type("Linear", (nn.Linear,), {"__module__": "torch.ao.nn.quantized.dynamic"})
    with pytest.raises(InputError, match=r"Linear \(0\) holds quantized weights"):
        trace(nn.Sequential(layer), X)


def test_half_precision_merges_no_units_that_differ() -> None:
    model = linear().bfloat16()
    assert len(trace(model, X).nodes) == 3 + 4 + 2


def test_bad_rows_are_refused() -> None:
    bad = X.copy()
    bad[3, 1] = np.inf
    with pytest.raises(InputError, match="not finite"):
        trace(linear(), bad)
    with pytest.raises(InputError, match="empty"):
        trace(linear(), X[:0])


def test_rows_without_a_finite_value_are_refused() -> None:
    model = KAN([3, 1])
    model.fix_edge(0, 0, 0, ("log", "x"))
    with pytest.raises(InputError, match=r"KAN \[3, 1\] gives no finite value on \d+ of 200 rows"):
        trace(model, X)
    assert len(trace(model, np.abs(X)).edges) == 3


@pytest.mark.parametrize("tolerance", [0.0, -1.0, 1.0, float("nan")])
def test_a_tolerance_must_be_a_share(tolerance: float) -> None:
    with pytest.raises(InputError, match="tolerance"):
        trace(linear(), X, tolerance=tolerance)


def test_what_is_no_model_is_refused() -> None:
    for rows in (X, None):
        with pytest.raises(UnsupportedModelError, match=r"state dict.*load_state_dict"):
            trace(linear().state_dict(), rows)
    with pytest.raises(UnsupportedModelError, match=r"builtins.int.*register_reader"):
        trace(3, X)


def test_files_of_kansym_are_opened_and_pickles_refused(tmp_path: Path) -> None:
    model = MLP([3, 4, 1], seed=1)
    model.sample = torch.tensor(X)
    model.save(tmp_path / "model.safetensors")
    assert trace(str(tmp_path / "model.safetensors")).difference(trace(model)) == 0.0
    for name in ("model.pt", "model.pth", "model.pkl", "model.onnx", "model.safetensors"):
        torch.save(model, tmp_path / name)
        with pytest.raises(ModelFileError, match=r"pickle.*weights_only=True.*kansym.extract"):
            trace(tmp_path / name, X)
    with pytest.raises(ModelFileError):
        trace(tmp_path / "absent.safetensors", X)


def test_a_missing_package_is_named_with_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "0.1_config.yml").write_text("width: [3, 1]\n")
    for package, extra, path in (
        ("onnx", "onnx", tmp_path / "model.onnx"),
        ("yaml", "pykan", tmp_path / "0.1"),
    ):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(MissingPackageError, match=rf"'{package}'.*'kansym\[{extra}\]'"):
            trace(path, X)
