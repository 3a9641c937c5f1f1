"""Two readings of one model: what is written in it, and what it computes."""

import numpy as np
import pytest
import torch

import kansym
from kansym import KAN, MLP, Extraction, Status, equivalent, extract, train
from kansym.shared.errors import InputError

X = np.random.default_rng(0).uniform(1, 3, (400, 3))
Y = X[:, 0] * X[:, 1] / X[:, 2] ** 2
LAW = "x1*x2/x3**2"


def statuses(result: Extraction) -> set[Status]:
    return {finding.status for finding in result.status}


@pytest.fixture(scope="module")
def perceptron() -> MLP:
    model = MLP([3, 12, 12, 1], activation="tanh", seed=0)
    train(model, X, Y, seconds=20, progress=False)
    return model


def test_a_function_of_rows_is_read():
    result = extract(lambda X: X[:, 0] * X[:, 1] / X[:, 2] ** 2, X, budget=20, progress=False)
    assert equivalent(result.formulas[0], LAW)
    assert result.reading == "function"


def test_a_dense_perceptron_gives_up_its_law_by_function_and_not_by_weights(perceptron: MLP):
    by_function = extract(perceptron, X, Y, reading="function", budget=30, progress=False)
    assert equivalent(by_function.formulas[0], LAW)
    assert by_function.reading == "function"
    assert Status.BETTER_THAN_NETWORK in statuses(by_function)
    by_weights = extract(perceptron, X, Y, reading="weights", budget=30, progress=False)
    assert Status.TRANSCRIBED in statuses(by_weights)
    bits = by_weights.provenance.readings[0].complexity
    assert bits is not None
    assert bits > 1000


def test_both_readings_are_told_and_the_shorter_one_kept(perceptron: MLP):
    result = extract(perceptron, X, Y, budget=30, progress=False)
    first, second = result.provenance.readings
    assert (first.kind, second.kind) == ("function", "weights")
    assert "transcribed" in second.words
    assert "read by function" in str(result)
    again = Extraction.from_json(result.to_json())
    assert again.provenance.readings == result.provenance.readings
    assert again.reading == "function"


def test_a_sparse_kan_is_read_by_its_weights_alone():
    model = KAN.from_expression("2*sin(x1) + x2", X=X[:, :2])
    result = extract(model, X[:, :2], budget=20, progress=False)
    assert [reading.kind for reading in result.provenance.readings] == ["weights"]


def test_a_model_that_no_reader_opens_is_read_by_its_function():
    class Squared(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cumsum(x, dim=1)[:, 1:2] ** 2

    result = extract(Squared(), X[:, :2], budget=20, progress=False)
    assert equivalent(result.formulas[0], "(x1 + x2)**2", tolerance=1e-4)
    assert result.reading == "function"


def test_several_outputs_get_a_law_each():
    result = extract(lambda X: np.c_[X[:, 0] ** 2, X[:, 1] * X[:, 2]], X, budget=20, progress=False)
    assert result.output_names == ("y1", "y2")
    assert equivalent(result.formulas[0], "x1**2")
    assert equivalent(result.formulas[1], "x2*x3")
    np.testing.assert_allclose(result.network(X), result.predict(X), rtol=1e-6)


def test_a_rough_model_is_read_from_a_smooth_student():
    model = MLP([2, 30, 1], activation="relu", seed=0)
    train(model, X[:, :2], X[:, 0] * X[:, 1], seconds=10, progress=False)
    result = extract(model, X[:, :2], X[:, 0] * X[:, 1], budget=25, reading="function")
    assert Status.SMOOTH_STUDENT in statuses(result)
    assert equivalent(result.formulas[0], "x1*x2")


def test_structure_is_shown_without_a_formula():
    found = kansym.structure(lambda X: X[:, 0] * np.sin(X[:, 1]) + X[:, 2], X)
    assert found.tolerance is not None
    assert "x3" in str(found).splitlines()[0]
    assert found.importance.shape == (3,)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"X": X[:10]}, "too few"),
        ({}, "remembers no rows"),
        ({"X": X, "reading": "thoughts"}, "is not known"),
    ],
)
def test_bad_input_gets_one_sentence(arguments: dict, words: str):
    with pytest.raises(InputError, match=words):
        extract(lambda X: X[:, 0], **arguments)
