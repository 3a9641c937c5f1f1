"""Model files that were damaged or made to harm: refused in one sentence, never read as another."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save as to_bytes

from kansym.neural.models.kan import KAN
from kansym.neural.models.loading import load
from kansym.neural.models.mlp import MLP
from kansym.shared.errors import KansymError, ModelFileError

MODELS = (KAN([2, (2, 1), 1], grid=3), MLP([2, 3, 1]))
ODD = (
    None, True, -1, 0, 10**9, 10**400, 0.5, float("nan"), "x", "9", [], {}, [[]], [2, 10**9, 1],
    [2, 1], [2] * 5000, [[2, 10**9]], ["sin", "x"], [{"0_0": ["pow", 9.0, ["pow", 9.0, 9.0]]}],
    [{"99_99": ["sin", "x"]}, {}], {"expression": "x", "unknown": {"a": [9, 9, 9]}},
)  # fmt: skip
TEXTS = ("", "[]", "null", "[" * 100_000, '{"format": ' + "9" * 5000 + "}", '"kansym-model"')


def header_of(model: KAN | MLP, path) -> dict:
    from safetensors import safe_open

    model.save(path)
    with safe_open(path, framework="pt") as file:
        return json.loads(file.metadata()["kansym"])


@pytest.mark.parametrize("number", [150, pytest.param(5000, marks=pytest.mark.slow)])
def test_a_flipped_bit_is_noticed(number, tmp_path):
    rng = np.random.default_rng(number)
    path = tmp_path / "model.safetensors"
    for model in MODELS:
        model.save(path)
        whole, numbers = path.read_bytes(), model.state_dict()
        for _ in range(number // 2):
            content = bytearray(whole)
            content[int(rng.integers(len(content)))] ^= 1 << int(rng.integers(8))
            path.write_bytes(content)
            try:
                loaded = load(path)
            except KansymError:
                continue
            # Only the name of the checksum may have suffered.
            for name, tensor in loaded.state_dict().items():
                assert torch.equal(tensor, numbers[name])


@pytest.mark.parametrize("number", [150, pytest.param(5000, marks=pytest.mark.slow)])
def test_a_header_that_lies_takes_no_memory_and_no_time(number, tmp_path):
    rng = np.random.default_rng(number)
    said: list[str] = []
    path = tmp_path / "model.safetensors"
    for model in MODELS:
        header, tensors = header_of(model, path), dict(model.state_dict())
        for _ in range(number // 2):
            changed = dict(header)
            for key in rng.choice(list(header), int(rng.integers(1, 3))):
                changed[str(key)] = ODD[int(rng.integers(len(ODD)))]
            path.write_bytes(to_bytes(tensors, {"kansym": json.dumps(changed)}))
            try:
                loaded = load(path)
            except KansymError as error:
                said.append(str(error))
                continue
            assert list(loaded.state_dict()) == list(tensors)
    assert max(map(len, said)) < 3000


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_header_that_is_none_is_refused(text, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(to_bytes({"a": torch.zeros(1)}, {"kansym": text}))
    with pytest.raises(ModelFileError):
        load(path)


def test_a_file_cut_short_is_refused(tmp_path):
    path = tmp_path / "model.safetensors"
    for model in MODELS:
        model.save(path)
        whole = path.read_bytes()
        for length in range(0, len(whole), 37):
            path.write_bytes(whole[:length])
            with pytest.raises(ModelFileError):
                load(path)


def test_a_file_without_a_checksum_is_still_read(tmp_path):
    path = tmp_path / "model.safetensors"
    for model in MODELS:
        header = header_of(model, path)
        path.write_bytes(to_bytes(dict(model.state_dict()), {"kansym": json.dumps(header)}))
        assert str(load(path)) == str(model)
