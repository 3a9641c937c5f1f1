"""Optimisers against scipy, in chunks as at once, with penalties, watched step by step."""

from itertools import islice

import numpy as np
import pytest
import torch
from scipy.optimize import least_squares
from torch import nn

from kansym.neural.models.mlp import MLP
from kansym.neural.training import optimisers
from kansym.neural.training.free_parameters import FreeParameters
from kansym.neural.training.jacobians import row_jacobian_of
from kansym.neural.training.optimisers import adam, lbfgs, levenberg_marquardt
from kansym.neural.training.penalties import penalty_matrix
from tests.zoo import draw_kan, rows, toy_data


def data(n: int = 300) -> tuple[torch.Tensor, torch.Tensor]:
    X, y = toy_data(n)
    return torch.as_tensor(X), torch.as_tensor(y)[:, None]


def marquardt(model: nn.Module, x: torch.Tensor, y: torch.Tensor, steps: int, **options):
    jacobian = row_jacobian_of(model)
    assert jacobian is not None
    return list(islice(levenberg_marquardt(model, jacobian, x, y, **options), steps))


def mse(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    return float((model(x) - y).detach().square().mean())


def scipy_minimum(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    """The least mean square that scipy reaches from the model's own start."""
    free = FreeParameters.of(model)
    start = free.get()

    def residual(theta: np.ndarray) -> np.ndarray:
        free.set(torch.as_tensor(theta))
        return (model(x) - y).detach().flatten().numpy()

    def jacobian(theta: np.ndarray) -> np.ndarray:
        free.set(torch.as_tensor(theta))
        of_rows = row_jacobian_of(model)
        assert of_rows is not None
        return of_rows(x)[1].flatten(0, 1).numpy()

    found = least_squares(residual, start.numpy(), jacobian, method="lm", max_nfev=400)
    free.set(start)
    return 2 * found.cost / y.numel()


def test_a_linear_problem_reaches_scipys_minimum():
    x, y = data()
    y = y + 0.1 * rows(300, 1, seed=5)
    model = draw_kan([2, 1], grid=4)
    expected = scipy_minimum(model, x, y)
    np.testing.assert_allclose(marquardt(model, x, y, 40)[-1], expected, rtol=1e-6)


@pytest.mark.parametrize(
    "model",
    [MLP([2, 4, 1], seed=2), draw_kan([2, (1, 1), 1], grid=2, degree=2, seed=4)],
    ids=["MLP", "KAN"],
)
def test_near_a_minimum_it_comes_as_low_as_scipy(model):
    """From near the weights that made the data, with noise, both fall to the same minimum."""
    x = rows(150, 2)
    y = model(x).detach() + 0.05 * rows(150, 1, seed=3)
    free = FreeParameters.of(model)
    free.set(free.get() + 0.03 * rows(len(free), 1, seed=4)[:, 0])
    expected = scipy_minimum(model, x, y)
    np.testing.assert_allclose(marquardt(model, x, y, 200, tolerance=1e-9)[-1], expected, rtol=0.02)


def test_every_step_goes_down_and_reports_what_the_model_has():
    x, y = data()
    model = draw_kan([2, 3, 1], seed=1)
    jacobian = row_jacobian_of(model)
    assert jacobian is not None
    last = mse(model, x, y)
    for found in islice(levenberg_marquardt(model, jacobian, x, y), 12):
        np.testing.assert_allclose(found, mse(model, x, y), rtol=1e-12)
        assert found < last
        last = found


def test_at_a_minimum_it_stops_and_leaves_the_model():
    x, y = data()
    model = draw_kan([2, 1], grid=4)
    marquardt(model, x, y, 100, tolerance=0.0)
    before = FreeParameters.of(model).get()
    assert len(marquardt(model, x, y, 100)) <= 8
    torch.testing.assert_close(FreeParameters.of(model).get(), before, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("numbers", [1, 1000, 20_000])
def test_chunks_of_rows_give_the_same_steps(numbers, monkeypatch):
    x, y = data()
    y = torch.cat([y, y**2], dim=1)
    whole, chunked = (draw_kan([2, 2, 2], seed=3) for _ in range(2))
    expected = marquardt(whole, x, y, 5)
    monkeypatch.setattr(optimisers, "CHUNK_NUMBERS", numbers)
    np.testing.assert_allclose(marquardt(chunked, x, y, 5), expected, rtol=1e-6)


def test_chunks_cover_every_row_once():
    covered = [i for part in optimisers._chunks(1003, 2, 40_000) for i in range(1003)[part]]
    assert covered == list(range(1003))
    sizes = [part.stop - part.start for part in optimisers._chunks(10**6, 2, 100)]
    assert max(sizes) * 2 * 100 <= optimisers.CHUNK_NUMBERS


def test_a_penalty_is_minimised_with_the_error():
    """Ridge regression in closed form: (J'J / N + R) theta = J'y / N, from theta = 0."""
    x, y = data()
    model = draw_kan([2, 1], grid=4)
    free = FreeParameters.of(model)
    with torch.no_grad():
        model.kan_layers[0].bias.zero_()
    ridge = 0.03 * torch.eye(len(free)).double()
    jacobian = row_jacobian_of(model)
    assert jacobian is not None
    J = jacobian(x)[1][:, 0]
    expected = torch.linalg.solve(J.T @ J / len(x) + ridge, J.T @ y[:, 0] / len(x))
    marquardt(model, x, y, 100, penalty=lambda: ridge, tolerance=0.0)
    torch.testing.assert_close(free.get(), expected, rtol=1e-4, atol=1e-5)


def test_float32_trains_to_its_precision():
    x, y = data()
    model = draw_kan([2, 1], grid=8, dtype=torch.float32)
    assert marquardt(model, x.float(), y.float(), 40)[-1] < 1e-7
    assert model.kan_layers[0].coef.dtype == torch.float32


def test_a_model_that_overflows_is_left_where_it_was():
    x, y = data()
    model = draw_kan([2, 1])
    model.fix_edge(0, 0, 0, ("exp", "x"), (1000.0, 1000.0, 1.0, 0.0))
    before = FreeParameters.of(model).get()
    assert marquardt(model, x, y, 5) == []
    torch.testing.assert_close(FreeParameters.of(model).get(), before)


@pytest.mark.parametrize("name", ["lbfgs", "adam"])
@pytest.mark.parametrize("kind", ["KAN", "MLP"])
def test_the_others_go_down_too(name, kind):
    x, y = data()
    model = draw_kan([2, 3, 1], seed=1) if kind == "KAN" else MLP([2, 8, 1], seed=1)
    before = mse(model, x, y)
    if name == "lbfgs":
        steps = list(islice(lbfgs(model, x, y), 15))
        np.testing.assert_allclose(steps[-1], mse(model, x, y), rtol=1e-12)
    else:
        steps = list(adam(model, x, y, seed=0, steps=120, rate=1e-2))
        assert len(steps) == 120
    assert mse(model, x, y) < 0.3 * before
    assert np.isfinite(steps).all()


def test_lbfgs_reaches_the_minimum_of_a_linear_problem():
    x, y = data()
    y = y + 0.1 * rows(300, 1, seed=5)
    model = draw_kan([2, 1], grid=4)
    expected = scipy_minimum(model, x, y)
    *_, last = lbfgs(model, x, y)
    np.testing.assert_allclose(last, expected, rtol=1e-3)


@pytest.mark.parametrize("name", ["lbfgs", "adam"])
def test_the_others_leave_frozen_edges_alone(name):
    x, y = data(100)
    model = draw_kan([2, 2, 1], kinds=True, seed=6)
    model.freeze_edge(0, 0, 0)
    model.freeze_edge(1, 0, 1)
    frozen = [layer.edges(x[:, : layer.n_in])[:, 0] for layer in model.kan_layers]
    before = [frozen[0][:, 0].detach(), frozen[1][:, 1].detach()]
    steps = lbfgs(model, x, y) if name == "lbfgs" else adam(model, x, y, seed=0, steps=30)
    list(islice(steps, 5))
    after = [layer.edges(x[:, : layer.n_in])[:, 0] for layer in model.kan_layers]
    torch.testing.assert_close([after[0][:, 0].detach(), after[1][:, 1].detach()], before)


def test_adam_depends_on_its_seed_only():
    x, y = data(100)
    found = []
    for seed in (0, 0, 1):
        torch.manual_seed(len(found))
        model = draw_kan([2, 1])
        found.append(list(adam(model, x, y, seed=seed, steps=10, batch=32)))
    assert found[0] == found[1] != found[2]


def test_sparsity_and_smoothness_go_into_the_steps():
    x, y = data()
    model = draw_kan([2, 1], grid=10)
    penalty = penalty_matrix(model, x, smoothness=10.0, sparsity=0.0)
    marquardt(model, x, y, 30, penalty=penalty)
    second = torch.diff(model.kan_layers[0].coef.detach(), n=2)
    assert float(second.abs().max()) < 1e-2
