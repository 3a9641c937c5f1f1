"""Any model answers as a black box: values, gradients, and whether they can be trusted."""

import copy
import ctypes
import threading

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR
from torch import nn

from kansym.neural.readers.black_box import black_box
from kansym.shared.errors import InputError, UnsupportedModelError

X = np.random.default_rng(0).uniform(1, 3, (300, 3))
Y = X[:, 0] * X[:, 1] ** 2 / X[:, 2]


class Normalised(nn.Module):
    """Attention over columns and a layer norm: what no reader by weights opens."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(3, 8)
        self.norm = nn.LayerNorm(8)
        self.down = nn.Linear(8, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.down(self.norm(self.up(x)) * torch.softmax(self.up(x), dim=1))


def stack(activation: type[nn.Module], dtype: torch.dtype = torch.float64) -> nn.Module:
    torch.manual_seed(0)
    layers = (nn.Linear(3, 20), activation(), nn.Linear(20, 20), activation(), nn.Linear(20, 1))
    return nn.Sequential(*layers).to(dtype)


SMOOTH = {
    "tanh": lambda: stack(nn.Tanh),
    "silu in single precision": lambda: stack(nn.SiLU, torch.float32),
    "layer norm and attention": lambda: Normalised().double(),
    "linear": lambda: nn.Linear(3, 1).double(),
    "function": lambda: lambda X: X.prod(axis=1),
    "fast wave": lambda: lambda X: np.sin(30 * X[:, 0]),
    "gaussian process": lambda: GaussianProcessRegressor(alpha=1e-6, optimizer=None).fit(X, Y),
    "support vectors": lambda: SVR(C=10).fit(X, Y),
    "scaled perceptron": lambda: make_pipeline(
        StandardScaler(),
        MLPRegressor(hidden_layer_sizes=(10,), activation="tanh", solver="lbfgs", max_iter=50),
    ).fit(X, Y),
}
ROUGH = {
    "relu": lambda: stack(nn.ReLU),
    "relu in single precision": lambda: stack(nn.ReLU, torch.float32),
    "trees": lambda: GradientBoostingRegressor(n_estimators=20).fit(X, Y),
    "steps": lambda: lambda X: np.floor(4 * X[:, 0]),
    "noise": lambda: Noisy(),
}


class Noisy:
    """A measurement with noise of a thousandth."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)

    def __call__(self, X: np.ndarray) -> np.ndarray:
        return X.prod(axis=1) + 1e-3 * self.rng.normal(size=len(X))


@pytest.fixture(autouse=True)
def _quiet(recwarn: pytest.WarningsRecorder):
    """Optimisers of scikit-learn warn that they have not converged."""
    with pytest.MonkeyPatch.context():
        import warnings

        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("name", SMOOTH)
def test_gradients_of_smooth_models_are_those_of_their_answers(name: str):
    box = black_box(SMOOTH[name](), X)
    assert box.is_smooth(X)
    rows, step = X[:20], 1e-3
    gradients = box.gradients(rows)
    for i in range(3):
        move = step * np.eye(3)[i]
        slopes = (box.answers(rows + move) - box.answers(rows - move)).T / (2 * step)
        size = np.abs(gradients).max()
        assert_allclose(gradients[:, :, i], slopes, atol=2e-3 * size)


@pytest.mark.parametrize("name", ROUGH)
def test_models_whose_gradients_say_little_are_told_apart(name: str):
    assert not black_box(ROUGH[name](), X).is_smooth(X)


def test_a_model_is_not_changed_and_neither_are_random_numbers():
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 1)).double()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002 - the global generator is what must not move
    expected = torch.rand(2), np.random.rand(2)  # noqa: NPY002 - as above
    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002 - as above

    def drawing(X: np.ndarray) -> np.ndarray:
        np.random.rand(5)  # noqa: NPY002 - as above
        X[:] = 0  # what is handed over is a copy
        return np.ones(len(X))

    rows = X.copy()
    black_box(model, rows).gradients(rows)
    black_box(drawing, rows)
    assert model.training
    assert_array_equal(rows, X)
    assert torch.equal(torch.rand(2), expected[0])
    assert_array_equal(np.random.rand(2), expected[1])  # noqa: NPY002 - as above
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


def test_classifiers_answer_with_log_odds():
    labels = X[:, 0] > X[:, 1]
    model = LogisticRegression().fit(X, labels)
    assert_allclose(black_box(model, X).answers(X)[:, 0], model.decision_function(X), rtol=1e-6)


def test_a_class_without_a_vote_counts_as_half_a_vote():
    forest = RandomForestClassifier(10, random_state=0).fit(X, X[:, 0] > X[:, 1])
    shares = forest.predict_proba(X)
    assert (shares == 0).any()
    log_odds = black_box(forest, X).answers(X)[:, 0]
    assert_allclose(np.abs(log_odds).max(), np.log(1 / 0.05))


def test_single_precision_is_no_noise():
    torch.manual_seed(0)
    last = nn.Linear(64, 1)
    with torch.no_grad():
        last.bias += 1000.0
    model = nn.Sequential(nn.Linear(3, 64), nn.Tanh(), last)
    assert black_box(model, X).noise is None


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (lambda X: np.ones(3), "one answer per row"),
        (lambda X: np.full(len(X), np.nan), "no finite answer"),
        (lambda X: ["high"] * len(X), "expected numbers"),
        (lambda X: 1 / 0, "raised ZeroDivisionError"),
        (lambda X: np.random.default_rng().normal(size=len(X)), "differently from call to call"),
    ],
)
def test_answers_that_cannot_be_used_get_one_sentence(model: object, words: str):
    with pytest.raises(InputError, match=words):
        black_box(model, X)


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(UnsupportedModelError, match="cannot be asked"):
        black_box(object(), X)


def test_answers_may_be_printed_over(capsys: pytest.CaptureFixture[str]):
    def talking(X: np.ndarray) -> np.ndarray:
        print("predicting")  # noqa: T201 - what foreign code does
        return X[:, 0]

    black_box(talking, X)
    assert capsys.readouterr().out == ""


class _Passing:
    """Passes every attribute on to what it wraps."""

    def __init__(self, inside: object) -> None:
        self.inside = inside

    def __getattr__(self, name: str) -> object:
        return getattr(self.inside, name)


class _Closed:
    """A handle whose session has ended."""

    def __reduce__(self) -> str:
        return self.session.path  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    ("held", "raised"),
    [
        (threading.Lock(), TypeError),
        (ctypes.pointer(ctypes.c_int(1)), ValueError),
        (torch.ones(1, requires_grad=True) * 2, RuntimeError),
        (_Passing({}), RecursionError),
        (_Closed(), AttributeError),
    ],
    ids=["lock", "pointer", "tensor", "wrapper", "handle"],
)
def test_an_estimator_that_has_no_copy_is_asked_itself(held: object, raised: type[Exception]):
    model = LinearRegression().fit(X, X[:, 0])
    model.held = held  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(raised):
        copy.deepcopy(model)
    assert_allclose(black_box(model, X).answers(X)[:, 0], X[:, 0], atol=1e-9)
