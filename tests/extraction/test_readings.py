"""Two readings of one model: what is written in it, and what it computes."""

import numpy as np
import pandas as pd
import pytest
import torch

import kansym
from kansym import KAN, MLP, Extraction, Status, equivalent, extract, train
from kansym.neural.readers.black_box import black_box
from kansym.shared.errors import InputError

X = np.random.default_rng(0).uniform(1, 3, (400, 3))
Y = X[:, 0] * X[:, 1] / X[:, 2] ** 2
Y_TWO = X[:, 0] * X[:, 1]
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


def test_a_law_that_a_network_obeys_within_its_error_is_read_without_data():
    class Nearly(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            product = x[:, :1] * x[:, 1:]
            return product / x[:, 1:] ** 3 * (1 + 1e-4 * torch.sin(9 * product))

    result = extract(Nearly(), X[:, :2], reading="function", budget=20, progress=False)
    assert str(result.expr) == "x1/x2**2"
    assert statuses(result) == {Status.OK}


@pytest.mark.slow
def test_a_law_that_a_network_misses_by_a_hundredth_is_read_without_data():
    class Roughly(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            law = x[:, :1] / torch.sqrt(x[:, 1:2] ** 2 + x[:, 2:] ** 2)
            return law + 2e-3 * torch.sin(3 * x[:, :1] - 2 * x[:, 1:2] * x[:, 2:])

    result = extract(Roughly(), X, reading="function", budget=20, progress=False)
    assert equivalent(result.formulas[0], "x1/sqrt(x2**2 + x3**2)")
    assert result.fidelity.judge == "network"


def test_a_kan_that_is_read_for_a_model_is_judged_by_the_model():
    class Nearly(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.asin(x[:, :1] / x[:, 1:] / 3) + 1e-5 * torch.sin(9 * x[:, :1])

    result = extract(Nearly(), X[:, :2], reading="function", budget=3, progress=False)
    assert result.fidelity.judge == "network"
    assert result.data is None
    assert Status.OUTLYING_ROWS not in statuses(result)


def test_an_input_may_have_the_name_of_the_target():
    table = pd.DataFrame(X[:, :2], columns=["y", "z"])
    result = extract(lambda X: X[:, 0] * X[:, 1], table, Y_TWO, budget=20, progress=False)
    assert str(result.expr) == "y*z"
    assert not set(result.output_names) & set(result.input_names)


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


def test_a_tree_that_the_answers_do_not_follow_is_none():
    rows = np.random.default_rng(0).uniform(-1, 1, (800, 2))
    found = kansym.structure(lambda X: X[:, 0] ** 3 - X[:, 0] * X[:, 1] + X[:, 1] ** 2, rows)
    assert found.tolerance is None
    assert "No tree" in str(found.section())


def test_inputs_over_many_decades_are_looked_at_by_their_logarithms():
    rows = 10 ** np.random.default_rng(0).uniform(-6, 6, (800, 2))
    found = kansym.structure(lambda X: X[:, 0] * X[:, 1], rows)
    assert found.student is None
    assert ("product", ("x1", "x2")) in {(one.kind, one.inputs) for one in found.symmetries}


def test_a_plain_law_that_a_network_misses_is_left_open_without_data_and_settled_by_them():
    class Unfinished(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            error = torch.sin(7 * x[:, :1]) * torch.cos(5 * x[:, 1:2])
            return x[:, :1] * x[:, 1:2] + 0.08 * error

    alone = extract(Unfinished(), X[:, :2], reading="function", budget=5, progress=False)
    assert equivalent(alone.formulas[0], "x1*x2")
    assert Status.NETWORK_DIFFERS in statuses(alone)
    assert Status.LOW_FIDELITY not in statuses(alone)
    with_data = extract(Unfinished(), X[:, :2], Y_TWO, reading="function", budget=5, progress=False)
    assert statuses(with_data) == {Status.BETTER_THAN_NETWORK}


class Raising(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("no such rows")


class Total(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.sum()


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Raising(), "raised RuntimeError"),
        (Total(), r"with the shape \(\)"),
        (lambda X: X[:, 0] * 1j, "complex numbers"),
        (lambda X: X[:, :0], "one answer per row"),
        (lambda X: np.where(X[:, 0] > 2, np.nan, 1.0), "no finite answer"),
        (lambda X: X[:5, 0], "one answer per row"),
        (lambda X: ["many"] * len(X), "expected numbers"),
        (lambda X: np.random.default_rng().normal(size=len(X)), "from call to call"),
    ],
    ids=["raises", "total", "complex", "empty", "nan", "few", "text", "random"],
)
def test_answers_that_cannot_be_used_are_refused_in_one_sentence(model: object, words: str):
    with pytest.raises(InputError, match=words):
        extract(model, X, reading="function")


def test_noise_in_the_answers_is_known_however_it_is_drawn():
    own = np.random.default_rng(0)
    drawn = (lambda n: own.normal(size=n), lambda n: np.random.normal(size=n))  # noqa: NPY002
    for normal in drawn:
        box = black_box(lambda X, normal=normal: X[:, 0] + 1e-2 * normal(len(X)), X)
        assert box.noise is not None
        np.testing.assert_allclose(box.noise, 1e-2, rtol=0.3)
    assert black_box(lambda X: X[:, 0], X).noise is None


def test_a_model_that_prints_and_counts_stays_as_it_was(capsys: pytest.CaptureFixture):
    class Counting:
        asked = 0

        def predict(self, X: np.ndarray) -> np.ndarray:
            print("asked")  # noqa: T201 - what a careless estimator does
            self.asked += 1
            X[:] = X**2
            return X[:, 0] + X[:, 1]

    model, rows = Counting(), X[:, :2].copy()
    result = extract(model, rows, budget=10, progress=False)
    assert equivalent(result.formulas[0], "x1**2 + x2**2")
    assert model.asked == 0
    assert capsys.readouterr().out == ""
    np.testing.assert_array_equal(rows, X[:, :2])


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


def test_structure_is_drawn_and_goes_into_a_report():
    found = kansym.structure(lambda X: X[:, 0] * (X[:, 1] + X[:, 2]), X)
    axes = found.plot()
    words = {text.get_text() for text in axes.texts}
    assert {"Π", "Σ"} <= words
    section = found.section()
    assert section.title == "Structure of y"
    assert "<svg" in found._repr_html_()


def test_the_structure_of_an_open_function_and_of_an_input_is_drawn():
    for law in (
        lambda X: X[:, 1],
        lambda X: np.sin(X[:, 0] * X[:, 1] + X[:, 2]) * X[:, 2] ** X[:, 0],
    ):
        assert kansym.structure(law, X).plot().patches
