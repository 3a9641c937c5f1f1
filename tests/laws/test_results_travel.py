"""Results go through pickle and deepcopy whole, and say briefly what they are."""

import copy
import pickle

import numpy as np
import pytest
import torch

from kansym.extraction.discovery import Discovery, discover
from kansym.extraction.extract import extract
from kansym.neural.models.mlp import MLP
from kansym.neural.training.training import train
from kansym.symbolic.library.library import LIBRARY, Library
from tests.planted_models import exp_sin, rows

FEW = Library([LIBRARY[name] for name in ("x", "x^2", "exp", "sin")])


def sent(value):
    return pickle.loads(pickle.dumps(value))  # noqa: S301 - our own bytes


@pytest.fixture(scope="module")
def result():
    return extract(exp_sin(), library=FEW, progress=lambda part, words: None)


@pytest.mark.parametrize("way", [sent, copy.deepcopy])
def test_a_result_is_the_same_after_the_journey(result, way):
    arrived = way(result)
    assert str(arrived) == str(result)
    assert arrived.to_json() == result.to_json()
    X = rows(5)
    np.testing.assert_array_equal(arrived.network(X), result.network(X))
    assert arrived.evidence is not None


def test_what_holds_a_function_of_the_caller_travels_without_its_evidence():
    net = torch.nn.Sequential(torch.nn.Linear(1, 1))
    X = np.linspace(0, 1, 60)[:, None]
    result = extract(lambda X: net(torch.tensor(X).float()).detach().numpy(), X, budget=2)
    assert str(sent(result)) == str(result)


def test_a_discovery_travels_and_is_brief():
    X = np.linspace(1, 2, 40)[:, None]
    found = discover(X, 3 * X[:, 0] + 1, seconds=3)
    arrived = sent(found)
    assert isinstance(arrived, Discovery)
    assert str(arrived) == str(found)
    assert len(repr(found)) < 300


def test_what_is_shown_without_asking_is_brief(result):
    X = np.linspace(0, 1, 30)[:, None]
    history = train(MLP([1, 2, 1]), X, X, steps=3)
    shown = [result, result.network, result.edges[0].edge, history, sent(FEW)]
    assert max(len(repr(each)) for each in shown) < 300
    assert repr(result).startswith("Extraction(y = exp")
