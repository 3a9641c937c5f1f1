"""Models on disk: what is saved comes back, and every other file gets a sentence."""

import json
import os
import pickle
import stat

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from safetensors import safe_open
from safetensors.torch import save_file

import kansym
from kansym.neural.models.kan import KAN
from kansym.neural.models.loading import load
from kansym.neural.models.mlp import ACTIVATIONS, MLP
from kansym.neural.training.training import train
from kansym.shared.errors import InputError, ModelFileError
from tests.zoo import SEEDS, draw_kan, rows, toy_data


@pytest.fixture
def saved(tmp_path):
    """A saved KAN: its path, its header, its tensors."""
    path = tmp_path / "model.safetensors"
    model = draw_kan([2, (2, 1), 1], kinds=True, seed=2)
    model.save(path)
    with safe_open(path, framework="pt") as file:
        header = json.loads(file.metadata()["kansym"])
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    return path, header, tensors


@settings(max_examples=3)
@given(SEEDS)
def test_names_of_any_length_come_back(seed):
    """A file starts with the length of its header, whose first byte may be anything."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        for extra in range(0, 256, 8):
            model = KAN([1, 1], seed=seed)
            model.input_names = ("x" * (1 + extra + seed % 8),)
            model.save(path)
            found = load(path)
            assert found.input_names == model.input_names


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_after_training_everything_comes_back(tmp_path, dtype):
    X, y = toy_data(100)
    model = KAN([2, 3, 1], seed=4, dtype=dtype)
    train(model, X, y, starts=1, steps=5, prune=False, optimiser="lbfgs")
    model.save(tmp_path / "model.safetensors")
    found = kansym.load(tmp_path / "model.safetensors")
    assert isinstance(found, KAN)
    torch.testing.assert_close(found.state_dict(), model.state_dict(), rtol=0, atol=0)
    assert (found.widths, found.degree, found.seed) == (model.widths, model.degree, model.seed)
    assert (found.input_names, found.output_names) == (("x1", "x2"), ("y",))
    x = rows(20, 2, reach=3.0, dtype=dtype)
    torch.testing.assert_close(found(x), model(x), rtol=0, atol=0)


def test_a_loaded_model_can_be_trained_on(tmp_path):
    X, y = toy_data(100)
    model = KAN([2, 2, 1])
    model.save(tmp_path / "model")
    found = load(tmp_path / "model")
    assert train(found, X, y, starts=1, prune=False, steps=10).error < 0.3


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_mlps_come_back(tmp_path, activation):
    model = MLP([2, 3, 1], activation=activation, seed=5, dtype=torch.float32)
    model.input_names = ("φ", "<b>mass</b>")
    model.save(tmp_path / "model")
    found = load(tmp_path / "model")
    torch.testing.assert_close(found.state_dict(), model.state_dict(), rtol=0, atol=0)
    assert found.input_names == model.input_names
    assert isinstance(found, MLP)
    assert (found.activation, found.seed) == (activation, 5)


def test_others_read_what_the_folder_allows(saved):
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(saved[0].stat().st_mode) == 0o666 & ~mask


def test_a_seed_of_numpy_is_saved(tmp_path):
    model = KAN([1, 1])
    model.seed = np.int64(3)  # pyright: ignore[reportAttributeAccessIssue]
    model.save(tmp_path / "model")
    assert load(tmp_path / "model").seed == 3


def test_nothing_half_written_is_left(tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    path = tmp_path / "model"
    KAN([1, 1], seed=1).save(path)
    before = path.read_bytes()
    monkeypatch.setattr("kansym.shared.whole_files.os.fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        KAN([1, 1], seed=2).save(path)
    assert [file.name for file in tmp_path.iterdir()] == ["model"]
    assert path.read_bytes() == before


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        KAN([1, 1]).save(tmp_path / "nowhere" / "model")


# -- files that are something else -----------------------------------------------------------------


class Bomb:
    """Creates a file when it is unpickled."""

    def __init__(self, path: str):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_is_never_opened(tmp_path, protocol):
    path, witness = tmp_path / "model", tmp_path / "witness"
    path.write_bytes(pickle.dumps(Bomb(str(witness)), protocol=protocol))
    with pytest.raises(ModelFileError, match="pickle" if protocol > 1 else "no whole safetensors"):
        load(path)
    assert not witness.exists()


def test_a_torch_archive_is_called_one(tmp_path):
    torch.save(KAN([1, 1]).state_dict(), tmp_path / "model.pt")
    with pytest.raises(ModelFileError, match="pickle or a PyTorch archive"):
        load(tmp_path / "model.pt")


@pytest.mark.parametrize("name", ["model.pkl", "model.pt", "model.PTH", "model.joblib"])
def test_a_pickle_is_also_known_by_its_name(tmp_path, name):
    (tmp_path / name).write_bytes(pickle.dumps({"a": 1}, protocol=0))
    with pytest.raises(ModelFileError, match=r"pickle.*torch.load\(path, weights_only=True\)"):
        load(tmp_path / name)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.99])
def test_a_file_cut_short_is_called_that(saved, share):
    path = saved[0]
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelFileError, match="cut short"):
        load(path)


def test_other_bytes_are_no_model(tmp_path):
    rng = np.random.default_rng(0)
    for content in (b"x1,x2,y\n1,2,3\n", b"\0" * 100, rng.bytes(1000), b"PK\x05\x06"):
        (tmp_path / "model").write_bytes(content)
        with pytest.raises(ModelFileError):
            load(tmp_path / "model")


def test_a_file_that_is_not_there_is_named(tmp_path):
    for path, words in ((tmp_path / "absent.safetensors", "does not exist"), (tmp_path, "folder")):
        with pytest.raises(ModelFileError, match=f"{path} .*{words}"):
            load(path)


def test_safetensors_of_another_program_are_called_that(tmp_path):
    for metadata in (None, {"format": "pt"}, {"kansym": "[]"}, {"kansym": "{"}, {"kansym": "3"}):
        save_file({"w": torch.ones(2)}, tmp_path / "model", metadata)
        with pytest.raises(ModelFileError, match="of another program"):
            load(tmp_path / "model")


def test_a_newer_version_is_called_that(saved):
    path, header, tensors = saved
    save_file(tensors, path, {"kansym": json.dumps(header | {"version": 99})})
    with pytest.raises(ModelFileError, match="version 99"):
        load(path)


def _without(mapping: dict, key: str) -> dict:
    return {other: value for other, value in mapping.items() if other != key}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda h, t: (_without(h, "input_names"), t), id="no input names"),
        pytest.param(lambda h, t: (_without(h, "output_names"), t), id="no output names"),
        pytest.param(lambda h, t: (h | {"input_names": 3}, t), id="names that are none"),
        pytest.param(lambda h, t: (h | {"input_names": ["a"]}, t), id="too few names"),
        pytest.param(lambda h, t: (h | {"seed": "abc"}, t), id="seed that is none"),
        pytest.param(lambda h, t: (_without(h, "widths"), t), id="no widths"),
        pytest.param(lambda h, t: (h | {"widths": [3, 1]}, t), id="other widths"),
        pytest.param(lambda h, t: (h | {"widths": "abc"}, t), id="widths that are none"),
        pytest.param(lambda h, t: (h | {"degree": 2}, t), id="other degree"),
        pytest.param(lambda h, t: (h | {"grids": [4]}, t), id="too few grids"),
        pytest.param(lambda h, t: (h | {"grids": [4, 99]}, t), id="other grids"),
        pytest.param(lambda h, t: (h | {"symbols": []}, t), id="no symbols"),
        pytest.param(lambda h, t: (h | {"symbols": [{"9_9": "x"}, {}]}, t), id="symbol nowhere"),
        pytest.param(
            lambda h, t: (h | {"symbols": [{"0_0": ["__import__", "os"]}, {}]}, t), id="no symbol"
        ),
        pytest.param(lambda h, t: (h | {"kind": "GAN"}, t), id="another kind"),
        pytest.param(lambda h, t: (h | {"kind": "MLP", "activation": "relu"}, t), id="as MLP"),
        pytest.param(lambda h, t: (h, _without(t, "sample")), id="no sample"),
        pytest.param(
            lambda h, t: (h, t | {"sample": torch.ones(5, 7).double()}), id="other sample"
        ),
        pytest.param(lambda h, t: (h, t | {"domain": torch.ones(3).double()}), id="other domain"),
        pytest.param(lambda h, t: (h, t | {"extra": torch.ones(3)}), id="more tensors"),
        pytest.param(lambda h, t: (h, _without(t, "layers.1.bias")), id="fewer tensors"),
        pytest.param(
            lambda h, t: (h, t | {"layers.0.low": t["layers.0.high"] + 1}), id="empty grid"
        ),
    ],
)
def test_parts_that_do_not_belong_together_are_called_damaged(saved, change):
    path, header, tensors = saved
    header, tensors = change(header, tensors)
    save_file(tensors, path, {"kansym": json.dumps(header)})
    with pytest.raises(ModelFileError, match=r"damaged|another program"):
        load(path)
