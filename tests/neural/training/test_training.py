"""Training: it fits, repeats, stops when told, refuses bad input, and changes nothing else."""

import copy
import itertools

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from kansym.neural.models.kan import KAN, EdgeKind
from kansym.neural.models.mlp import MLP
from kansym.neural.training.history import History
from kansym.neural.training.training import train
from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError
from tests.zoo import toy_data

X, Y = toy_data(300)
QUICK = {"starts": 2, "steps": 10}


def error_of(model: nn.Module, X: np.ndarray, y: np.ndarray) -> float:
    """Root mean square over the spread, outside of training."""
    like = next(model.parameters())
    with torch.no_grad():
        found = model(torch.as_tensor(X).to(like)).double().numpy()
    residual = found - y.reshape(len(y), -1)
    return float(np.sqrt(np.mean((residual / y.reshape(len(y), -1).std(0)) ** 2)))


def fitted(**settings) -> tuple[KAN, History]:
    model = KAN([2, 1], seed=0)
    return model, train(model, X, Y, **(QUICK | settings))


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_a_sum_is_fitted_in_any_units(size):
    model = KAN([2, 1], seed=0)
    history = train(model, X * size, Y / size + 3 / size)
    assert history.validation < 1e-3
    assert error_of(model, X * size, Y / size + 3 / size) < 1e-3


def test_held_out_rows_are_a_true_test():
    model, history = fitted(steps=40)
    X_new, y_new = toy_data(500, seed=7)
    assert error_of(model, X_new, y_new) < 3 * history.validation + 1e-6


def test_the_history_tells_what_happened():
    model, history = fitted()
    assert (history.optimiser, history.seed, history.widths) == ("lm", 0, (2, 1))
    assert history.rows + history.held_out_rows == 300
    assert history.held_out_rows == 30
    assert history.stopped in ("converged", "steps")
    assert history.records
    np.testing.assert_allclose(
        np.sqrt((history.rows * history.error**2 + 30 * history.validation**2) / 300),
        error_of(model, X, Y),
        rtol=1e-6,
    )
    assert str(history).startswith("trained [2, 1] in ")


@pytest.mark.parametrize("settings", [{"validation": 0.0}, {"rows": 20}])
def test_without_held_out_rows_none_are_claimed(settings):
    n = settings.pop("rows", 300)
    history = train(KAN([2, 1]), X[:n], Y[:n], starts=1, steps=3, **settings)
    assert history.held_out_rows == 0
    assert history.rows == n


def test_the_model_learns_its_names_domain_and_sample():
    frame = pd.DataFrame(X, columns=pd.Index(["mass / kg", "__import__('os')"]))
    model = KAN([2, 1])
    train(model, frame, pd.Series(Y, name="energy"), **QUICK)
    assert model.input_names == ("mass", "__import__('os')")
    assert model.output_names == ("energy",)
    np.testing.assert_allclose(model.domain.numpy(), np.stack([X.min(0), X.max(0)], axis=1))
    assert len(model.sample) == 300
    assert {tuple(row) for row in model.sample.tolist()} <= {tuple(row) for row in X.tolist()}


def test_the_sample_is_a_small_share_of_many_rows():
    big, target = toy_data(5000)
    model = KAN([2, 1])
    train(model, big, target, starts=1, steps=1, prune=False)
    assert len(model.sample) == 2000


@pytest.mark.parametrize("kind", ["numpy", "pandas", "torch", "lists"])
def test_every_kind_of_table_gives_the_same_model(kind):
    expected, _ = fitted()
    tables = {
        "numpy": (X, Y),
        "pandas": (pd.DataFrame(X, columns=pd.Index(["x1", "x2"])), pd.Series(Y, name="y")),
        "torch": (torch.as_tensor(X), torch.as_tensor(Y)[:, None]),
        "lists": (X.tolist(), Y.tolist()),
    }
    model = KAN([2, 1], seed=0)
    train(model, *tables[kind], **QUICK)
    torch.testing.assert_close(model.state_dict(), expected.state_dict(), rtol=1e-5, atol=1e-6)


def test_several_outputs_each_in_its_own_unit():
    target = np.stack([Y, 1e6 * X[:, 0] * 2 + 1e7], axis=1)
    model = KAN([2, 2])
    history = train(model, X, target)
    assert history.validation < 1e-3
    assert error_of(model, X, target) < 1e-3
    assert model.output_names == ("y1", "y2")


@pytest.mark.parametrize("model", [KAN([2, 1]), MLP([2, 6, 1])], ids=["KAN", "MLP"])
def test_float32(model):
    model = copy.deepcopy(model).float()
    history = train(model, X, Y, starts=1, steps=60)
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert history.error < 0.05
    assert error_of(model, X, Y) < 0.05


# -- seeds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimiser", ["lm", "lbfgs", "adam"])
@pytest.mark.parametrize("kind", ["KAN", "MLP"])
def test_seeds_are_all_that_chance_depends_on(optimiser, kind):
    def weights(seed: int | None, disturb: int) -> list[torch.Tensor]:
        torch.manual_seed(disturb)
        np.random.seed(disturb)  # noqa: NPY002 - the global generator, which must not matter
        model = KAN([2, 2, 1], seed=1) if kind == "KAN" else MLP([2, 3, 1], seed=1)
        train(model, X, Y, optimiser=optimiser, starts=2, steps=5, prune=False, seed=seed)
        return [parameter.detach() for parameter in model.parameters()]

    first = weights(3, 0)
    torch.testing.assert_close(weights(3, 99), first, rtol=1e-6, atol=1e-7)
    other = zip(weights(4, 0), first, strict=True)
    assert any(a.shape != b.shape or float((a - b).abs().max()) > 1e-5 for a, b in other)


@pytest.mark.parametrize("optimiser", ["lm", "lbfgs", "adam"])
def test_global_random_numbers_are_left_alone(optimiser):
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    train(KAN([2, 2, 1]), X, Y, optimiser=optimiser, **QUICK)
    torch.testing.assert_close(torch.get_rng_state(), torch_state, rtol=0, atol=0)
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002


def test_the_models_seed_is_the_default():
    assert train(KAN([2, 1], seed=7), X, Y, **QUICK).seed == 7
    assert train(KAN([2, 1], seed=7), X, Y, seed=2, **QUICK).seed == 2


def test_the_data_are_not_changed():
    X_before, y_before = X.copy(), Y.copy()
    fitted()
    np.testing.assert_array_equal(X, X_before)
    np.testing.assert_array_equal(Y, y_before)


# -- stopping -------------------------------------------------------------------------------------


def interrupt_at(call: int):
    """A progress callback that presses control-C at a given call."""
    calls = iter(range(1, 10**6))

    def tell(fraction: float, message: str) -> None:
        if next(calls) >= call:
            raise KeyboardInterrupt

    return tell


@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize("kind", ["KAN", "MLP"])
def test_an_interrupt_returns_the_best_model_so_far(kind, call):
    model = KAN([2, 3, 1]) if kind == "KAN" else MLP([2, 8, 1])
    history = train(model, X, np.exp(Y), progress=interrupt_at(call))
    assert history.stopped == "interrupted"
    assert history.records
    assert history.validation <= 2 * min(record.validation for record in history.records)
    assert error_of(model, X, np.exp(Y)) < 1.2 * max(history.validation, history.error) + 1e-9
    assert model.input_names == ("x1", "x2")


@pytest.mark.parametrize("optimiser", ["lbfgs", "adam"])
def test_an_interrupt_of_the_other_optimisers(optimiser):
    model = KAN([2, 3, 1])
    history = train(model, X, Y, optimiser=optimiser, steps=50, progress=interrupt_at(20))
    assert history.stopped == "interrupted"
    assert history.validation <= 2 * min(record.validation for record in history.records)


def test_an_interrupt_at_the_very_end_is_too_late():
    def tell(fraction: float, message: str) -> None:
        if fraction == 1.0:
            raise KeyboardInterrupt

    assert train(KAN([2, 1]), X, Y, progress=tell, **QUICK).validation < 0.1


@pytest.mark.parametrize("kind", ["KAN", "MLP"])
def test_past_the_deadline_the_best_model_so_far_is_kept(kind, monkeypatch):
    looks = itertools.count()
    monkeypatch.setattr(Deadline, "passed", property(lambda _: next(looks) > 40))
    model = KAN([2, 5, 1]) if kind == "KAN" else MLP([2, 20, 1])
    history = train(model, X, np.exp(Y), seconds=60.0)
    assert history.stopped == "time"
    assert len(history.records) >= 30
    assert history.validation <= 2 * min(record.validation for record in history.records)


def test_time_is_up_at_once():
    history = train(KAN([2, 5, 1]), X, Y, seconds=0.0)
    assert history.stopped == "time"
    assert len(history.records) == 1


def test_training_on_does_not_get_worse():
    model, history = fitted(steps=3, prune=False)
    again = train(model, X, Y, steps=20)
    assert again.validation <= 1.001 * history.validation


def test_progress_rises_to_one():
    told: list[float] = []
    train(KAN([2, 2, 1]), X, Y, progress=lambda fraction, message: told.append(fraction), **QUICK)
    assert told[-1] == 1.0
    assert told == sorted(told)
    assert all(0 <= fraction <= 1 for fraction in told)


# -- optimisers and models ------------------------------------------------------------------------


@pytest.mark.parametrize("optimiser", ["lm", "lbfgs", "adam"])
def test_every_optimiser_trains_every_model(optimiser):
    for model in (KAN([2, 2, 1]), MLP([2, 6, 1])):
        steps = {"lm": 30, "lbfgs": 60, "adam": 600}[optimiser]
        history = train(model, X, Y, optimiser=optimiser, starts=1, steps=steps, prune=False)
        assert history.optimiser == optimiser
        assert history.validation < 0.8
        np.testing.assert_allclose(
            error_of(model, X, Y), (0.9 * history.error**2 + 0.1 * history.validation**2) ** 0.5,
            rtol=1e-6,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (KAN([2, 5, 1]), "lm"),
        (MLP([2, 20, 1]), "lm"),
        (KAN([10, 40, 1]), "lbfgs"),
        (nn.Sequential(nn.Linear(2, 4), nn.LayerNorm(4), nn.Linear(4, 1)).double(), "lbfgs"),
        (KAN([100, 100, 100]), "adam"),
    ],
    ids=["KAN", "MLP", "larger KAN", "other layers", "large KAN"],
)
def test_the_optimiser_is_chosen_by_size(model, expected):
    from kansym.neural.training.training import _by_size

    assert _by_size(model) == expected


@pytest.mark.parametrize("activation", [nn.Tanh(), nn.SiLU(), nn.ReLU(inplace=True)], ids=str)
def test_a_plain_sequence_is_trained_too(activation):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 8), activation, nn.Linear(8, 1)).double()
    history = train(model, X, 1000 * Y + 5, steps=60)
    assert history.error < 0.6
    np.testing.assert_allclose(error_of(model, X, 1000 * Y + 5), history.error, rtol=0.2)


def test_a_sequence_that_ends_with_an_activation_is_refused():
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1), nn.Softplus()).double()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(InputError, match="Linear"):
        train(model, X, 10 + Y, steps=60)
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)


def test_a_function_undefined_on_some_rows_is_an_error_of_the_fit_not_of_the_program():
    model = KAN([2, 1, 1])
    model.fix_edge(0, 0, 0, ("log", "x"))
    history = train(model, X, Y, starts=2, steps=5, prune=False)
    assert not history.validation < 1e-3


def test_sparsity_trains_too():
    model, history = fitted(sparsity=1e-4, steps=20)
    assert history.validation < 0.05
    assert model.n_edges() == 2


# -- input that cannot be used --------------------------------------------------------------------


def _with(row: int, column: int, value: float) -> np.ndarray:
    changed = X.copy()
    changed[row, column] = value
    return changed


@pytest.mark.parametrize(
    ("bad_X", "bad_y", "settings", "sentence"),
    [
        (_with(3, 1, np.nan), Y, {}, r"row 3 of column 'x2' \(nan\)"),
        (_with(3, 0, np.inf), Y, {}, r"row 3 of column 'x1' \(inf\)"),
        (X, np.where(np.arange(300) == 5, np.nan, Y), {}, r"y has 1 cells .* row 5"),
        (pd.DataFrame({"a": X[:, 0], "b": ["red"] * 300}), Y, {}, "'b' of X is not numeric"),
        (pd.DataFrame(X, columns=pd.Index(["a", "a"])), Y, {}, "several columns named 'a'"),
        (X, np.full(300, 2.0), {}, "target 'y' is constant"),
        (X[:1], Y[:1], {}, "One row was given"),
        (X[:0], Y[:0], {}, "X is empty"),
        (np.ones((300, 3)), Y, {}, "X has 3 columns but the model has 2 inputs"),
        (X, np.stack([Y, Y], axis=1), {}, "y has 2 columns but the model has 1 outputs"),
        (X, Y[:299], {}, "X has 300 rows but y has 299"),
        (X, Y, {"optimiser": "sgd"}, "optimiser='sgd' is not known"),
        (X, Y, {"validation": 0.9}, "validation=0.9"),
        (X, Y, {"starts": 0}, "starts=0"),
    ],
)
def test_bad_input_gets_one_sentence_and_leaves_the_model(bad_X, bad_y, settings, sentence):
    model = KAN([2, 1])
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(InputError, match=sentence) as caught:
        train(model, bad_X, bad_y, **settings)
    assert "\n" not in str(caught.value)
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)
    assert model.input_names == ("x1", "x2")


def test_a_module_without_linear_layers_is_refused():
    with pytest.raises(InputError, match="ReLU cannot be trained here"):
        train(nn.ReLU(), X, Y)


def test_a_column_that_never_varies_does_no_harm():
    constant = np.stack([X[:, 0], np.full(300, 3.0)], axis=1)
    model = KAN([2, 1])
    assert train(model, constant, np.sin(X[:, 0]), **QUICK).validation < 1e-2
    assert int(model.kan_layers[0].kind[0, 1]) == EdgeKind.ABSENT


def test_two_rows_are_enough_to_run():
    history = train(KAN([2, 1]), X[:2], Y[:2], starts=1, steps=3)
    assert history.rows == 2


@pytest.mark.gpu
def test_training_on_a_gpu():
    model = KAN([2, 1]).cuda()
    assert train(model, X, Y).validation < 1e-3
    assert model.kan_layers[0].coef.is_cuda


def test_rows_of_small_weight_hardly_count():
    x = np.linspace(0, 1, 60)[:, None]
    y = 2 * x[:, 0] + 1
    y[::2] += 5
    model = KAN([1, 1], seed=0)
    train(model, x, y, weights=np.where(np.arange(60) % 2, 1.0, 1e-6), seconds=3, progress=False)
    with torch.no_grad():
        assert model(torch.tensor(x[1::2])).numpy()[:, 0] == pytest.approx(y[1::2], abs=1e-2)
    with pytest.raises(InputError, match="sigma is 0 in row 0"):
        train(model, x, y, sigma=0.0, progress=False)
    with pytest.raises(InputError, match="give weights= instead"):
        train(model, x, y > 3, sigma=1.0, loss="cross-entropy", progress=False)
