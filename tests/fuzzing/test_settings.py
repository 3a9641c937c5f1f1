"""Settings that make no sense: refused in one sentence, or work that ends in time."""

import numpy as np
import pytest
import torch

from kansym.extraction.discovery import discover
from kansym.extraction.extract import extract
from kansym.neural.models.kan import KAN
from kansym.neural.models.mlp import MLP
from kansym.neural.training.training import train
from kansym.shared.errors import KansymError
from tests.clock import at_most

ODD = (
    None, True, -1, 0, 3, 0.5, 10**6, 10**12, 10**30, float("nan"), float("inf"), -float("inf"),
    1e308, 1e-308, 1 + 1j, "a", "", "1", [], [1, 2], {}, (), np.array([1, 2]), np.float32(0.5),
    np.int64(2), b"a", object(), lambda: 0, torch.zeros(2),
)  # fmt: skip
TRAINING = (
    "steps",
    "starts",
    "prune",
    "sparsity",
    "validation",
    "seed",
    "optimiser",
    "loss",
    "progress",
)
READING = (
    "reading", "loss", "accuracy", "tolerance", "held_out", "seed", "constants", "engine", "exact",
    "library", "sigma", "weights", "costs", "max_complexity", "progress",
)  # fmt: skip
SEARCHING = (
    "sigma", "weights", "exact", "library", "accuracy", "grid", "degree", "starts", "seed",
    "engine", "costs", "max_complexity", "required", "units", "output_unit", "loss", "groups",
    "resume", "callback", "n_jobs", "progress",
)  # fmt: skip
MAKING = ("grid", "degree", "seed", "domain")
LIMIT = 10.0
"""Seconds for what may take 0.2 s, on slow machines."""


def work(rng: np.random.Generator, kind: str) -> None:
    """One of the verbs with one or two odd settings."""
    X = rng.uniform(1, 2, (40, 2))
    y = X[:, 0] * X[:, 1]
    keys = {"train": TRAINING, "extract": READING, "discover": SEARCHING, "KAN": MAKING}[kind]
    odd = {str(k): ODD[int(rng.integers(len(ODD)))] for k in rng.choice(keys, rng.integers(1, 3))}
    match kind:
        case "KAN":
            KAN([2, 2, 1], **odd)
        case "train":
            train(MLP([2, 2, 1]), X, y, **{"steps": 3, "seconds": 0.2, "progress": False, **odd})
        case "extract":
            extract(MLP([2, 2, 1]), X, y, **{"budget": 0.2, "progress": False, **odd})
        case "discover":
            discover(X, y, **{"seconds": 0.2, "progress": False, **odd})


@pytest.mark.parametrize("kind", ["KAN", "train", "extract", "discover"])
@pytest.mark.parametrize("number", [8, pytest.param(700, marks=pytest.mark.slow)])
def test_settings_are_refused_or_the_work_ends(kind, number):
    rng = np.random.default_rng(number)
    said = [""]
    for _ in range(number):
        with at_most(LIMIT):
            try:
                work(rng, kind)
            except KansymError as error:
                said.append(str(error))
    assert max(map(len, said)) < 1500
