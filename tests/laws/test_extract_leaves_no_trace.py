"""Law 6: extract leaves parameters, random numbers and files alone, and always answers the same."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch

from kansym.extraction import extract
from kansym.symbolic.library.library import LIBRARY, Library
from tests.planted_models import exp_sin

FEW = Library([LIBRARY[name] for name in ("x", "x^2", "exp", "sin", "tanh", "log")])


def files(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_nothing_changes_but_the_answer(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    model = exp_sin()
    model.kan_layers[0].coef.requires_grad_(False)
    state = copy.deepcopy(model.state_dict())
    training = model.training
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    here, where = files(tmp_path), Path.cwd()
    X = np.random.default_rng(3).uniform(-1, 1, (200, 2))
    X_before = X.copy()
    extract(model, X, library=FEW, progress=False)
    torch.testing.assert_close(dict(model.state_dict()), dict(state), rtol=0, atol=0)
    assert model.training == training
    assert not model.kan_layers[0].coef.requires_grad
    assert model.kan_layers[1].coef.grad is None
    torch.testing.assert_close(torch.get_rng_state(), torch_state, rtol=0, atol=0)
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002
    np.testing.assert_array_equal(X, X_before)
    assert (files(tmp_path), Path.cwd()) == (here, where)


@pytest.mark.parametrize("disturb", [0, 1])
def test_the_answer_does_not_depend_on_what_was_forwarded_before(disturb):
    model = exp_sin()
    if disturb:
        torch.manual_seed(5)
        np.random.seed(5)  # noqa: NPY002
        model(torch.full((7, 2), 1e3, dtype=torch.float64))
    assert str(extract(model, library=FEW, progress=False).expr) == "exp(x2**2 + sin(pi*x1))"
