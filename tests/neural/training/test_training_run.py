"""A run of training: its record, its clock, and its best model."""

import numpy as np
import pytest
import torch

from kansym.neural.models.kan import KAN
from kansym.neural.models.mlp import MLP
from kansym.neural.training.training_run import BestModel, OutOfTime, TrainingRun
from kansym.shared.deadline import Deadline
from tests.zoo import draw_kan, toy_data


def a_run(seconds: float = float("inf"), sparsity: float = 0.0) -> TrainingRun:
    X, y = toy_data(200)
    x, target = torch.as_tensor(X), torch.as_tensor((y - y.mean()) / y.std())[:, None]
    told: list[tuple[float, str]] = []
    return TrainingRun(
        x[40:], target[40:], x[:40], target[:40], 0, sparsity, Deadline.after(seconds),
        lambda fraction, message: told.append((fraction, message)),
    )  # fmt: skip


def test_validation_is_the_error_on_held_out_rows():
    run, model = a_run(), draw_kan([2, 1])
    by_hand = (model(run.x_held) - run.y_held).detach().square().mean().sqrt()
    np.testing.assert_allclose(run.validation(model), float(by_hand))


def test_a_model_that_overflows_has_infinite_error():
    model = draw_kan([2, 1])
    with torch.no_grad():
        model.kan_layers[0].bias.fill_(torch.nan)
    assert a_run().validation(model) == float("inf")


def test_every_step_is_recorded_with_falling_errors():
    run, model = a_run(), draw_kan([2, 2, 1])
    reached = run.levenberg_marquardt(model, 6, "here")
    assert [record.step for record in run.records] == list(range(len(run.records)))
    assert {record.phase for record in run.records} == {"here"}
    errors = [record.error for record in run.records]
    assert errors == sorted(errors, reverse=True)
    assert reached == errors[-1]
    seconds = [record.seconds for record in run.records]
    assert seconds == sorted(seconds)


def test_a_model_that_cannot_improve_reports_the_error_that_it_has():
    run, model = a_run(), draw_kan([2, 1], grid=3)
    run.levenberg_marquardt(model, 200, "first", tolerance=0.0)
    error = run.records[-1].error
    reached = run.levenberg_marquardt(model, 200, "again")
    np.testing.assert_allclose(reached, error, rtol=1e-3)


def test_a_subset_shares_the_record():
    run = a_run()
    short = run.subset(50)
    assert len(short.x) == len(short.y) == 50
    short.levenberg_marquardt(draw_kan([2, 1]), 2, "short")
    assert len(run.records) == 2


def test_past_the_deadline_it_stops():
    run = a_run(seconds=-1.0)
    with pytest.raises(OutOfTime):
        run.levenberg_marquardt(draw_kan([2, 1]), 5, "late")
    assert len(run.records) == 1


@pytest.mark.parametrize("model", [KAN([2, 3, 1]), MLP([2, 3, 1])], ids=["KAN", "MLP"])
def test_the_best_model_is_kept_and_restored(model):
    run = a_run()
    best = BestModel(model, run, fresh=False)
    first = best.error
    run.levenberg_marquardt(model, 8, "better")
    better = run.validation(model)
    best.offer(model, better)
    assert best.error == better < first
    x = run.x_held
    expected = model(x).detach()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.5)
    best.offer(model, 10.0)
    best.restore(model)
    torch.testing.assert_close(model(x).detach(), expected)


def test_a_narrower_best_model_is_restored_into_a_wider_one():
    run, wide, narrow = a_run(), KAN([2, 5, 1]), draw_kan([2, 1, 1], grid=3)
    best = BestModel(wide, run, fresh=True)
    best.replace(narrow, 0.1)
    best.restore(wide)
    torch.testing.assert_close(wide(run.x), narrow(run.x))
    assert wide.n_edges() == 3
