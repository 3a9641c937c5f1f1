"""One training run under equal conditions: the same rows, starts, steps and optimiser for all."""

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from jaxtyping import Float
from torch import Tensor, nn

from kansym.neural.models.kan import KAN
from kansym.neural.models.mlp import MLP
from kansym.neural.training.jacobians import row_jacobian_of
from kansym.neural.training.losses import Loss
from kansym.neural.training.optimisers import (
    SQUARED,
    adam,
    lbfgs,
    levenberg_marquardt,
    mean_loss,
)
from kansym.problems.catalogue import load_problem
from kansym.shared.errors import InputError
from kansym.studies.mlp_widths import mlp_widths

__all__ = [
    "ScaledRows", "dense", "fit_once", "relative_difference", "relative_error", "rows_of",
]  # fmt: skip

_WORST = 10.0


@dataclass(frozen=True)
class ScaledRows:
    """Training and test rows: inputs scaled to [-1, 1], targets to mean 0 and spread 1."""

    x: Float[Tensor, "rows inputs"]
    y: Float[Tensor, "rows 1"]
    x_test: Float[Tensor, "test_rows inputs"]
    y_test: Float[Tensor, "test_rows 1"]


def rows_of(problem: str, rows: int, seed: int, test_rows: int = 1000) -> ScaledRows:
    """ScaledRows of a problem by name; the test rows are new ones.

    Examples
    --------
    >>> rows = rows_of("toy-product", 100, seed=0)
    >>> rows.x.shape, round(float(rows.y.std(correction=0)), 12)
    (torch.Size([100, 2]), 1.0)
    """
    X, y = load_problem(problem).sample(rows + test_rows, seed=seed)
    low, high = X[:rows].min(0), X[:rows].max(0)
    X = 2 * (X - low) / (high - low) - 1
    y = (y - y[:rows].mean()) / y[:rows].std()
    x, target = torch.as_tensor(X), torch.as_tensor(y)[:, None]
    return ScaledRows(x[:rows], target[:rows], x[rows:], target[rows:])


@torch.no_grad()
def relative_difference(model: nn.Module, truth: nn.Module, x: Tensor) -> float:
    """Largest difference of two networks on some rows, over the largest value of the second."""
    expected = truth(x)
    return float((model(x) - expected).abs().max() / expected.abs().max().clamp_min(1e-300))


@torch.no_grad()
def relative_error(model: nn.Module, rows: ScaledRows) -> float:
    """Root mean square error on the test rows over the spread of the target.

    A network that blew up counts as 10, ten times as bad as the mean.
    """
    error = float((model(rows.x_test) - rows.y_test).square().mean().sqrt())
    return min(error, _WORST) if math.isfinite(error) else _WORST


def fit_once(
    model: nn.Module,
    rows: ScaledRows,
    *,
    optimiser: str,
    steps: int,
    seed: int = 0,
    starts: int = 1,
    loss: Loss = SQUARED,
) -> list[float]:
    """Train in place, from one start or the best of a few short ones; returns the losses.

    Grids of a KAN follow the values of its nodes once before and once during training; no other
    favour is done to either kind of network. A step of L-BFGS is five iterations of it.

    Parameters
    ----------
    optimiser : ``"lm"``, ``"lbfgs"`` or ``"adam"``.
    starts : random starts that run a tenth of the steps; the best of them goes on.
    loss : for L-BFGS and Adam, which may be penalised.
    """
    if starts > 1:
        _best_start(model, rows, optimiser, max(5, steps // 10), seed, starts)
    if not isinstance(model, KAN):
        return _phase(model, rows, optimiser, steps, seed, loss)
    first = max(1, steps // 4)
    model.refit_grids(rows.x, margin=0.05)
    losses = _phase(model, rows, optimiser, first, seed, loss)
    if math.isfinite(losses[-1]):
        model.refit_grids(rows.x, margin=0.02)
    return losses + _phase(model, rows, optimiser, steps - first, seed, loss)


def _best_start(
    model: nn.Module, rows: ScaledRows, optimiser: str, steps: int, seed: int, starts: int
) -> None:
    """Leave the model at the best of several starts."""
    found: list[tuple[float, nn.Module]] = []
    for start in range(starts):
        trial = copy.deepcopy(model)
        trial.reset(seed + 1000 * start)  # pyright: ignore[reportCallIssue] - a KAN or an MLP
        loss = fit_once(trial, rows, optimiser=optimiser, steps=steps, seed=seed)[-1]
        found.append((loss if math.isfinite(loss) else math.inf, trial))
    _, best = min(found, key=lambda pair: pair[0])
    if isinstance(model, KAN) and isinstance(best, KAN):
        for layer, chosen in zip(model.kan_layers, best.kan_layers, strict=True):
            layer.load_state_dict(chosen.state_dict())
    else:
        model.load_state_dict(best.state_dict())


def _phase(
    model: nn.Module, rows: ScaledRows, optimiser: str, steps: int, seed: int, loss: Loss
) -> list[float]:
    """So many steps of an optimiser; at least one loss is returned."""
    taken = islice(_iteration(model, rows, optimiser, steps, seed, loss), steps)
    return list(taken) or [mean_loss(model, rows.x, rows.y)]


def _iteration(
    model: nn.Module, rows: ScaledRows, optimiser: str, steps: int, seed: int, loss: Loss
) -> Iterator[float]:
    match optimiser:
        case "lm":
            jacobian = row_jacobian_of(model)
            if jacobian is None or loss is not SQUARED:
                raise InputError(
                    f"{type(model).__name__} cannot be trained by Levenberg-Marquardt with these "
                    "settings: use L-BFGS."
                )
            return levenberg_marquardt(model, jacobian, rows.x, rows.y)
        case "lbfgs":
            return lbfgs(model, rows.x, rows.y, loss=loss)
        case "adam":
            return adam(model, rows.x, rows.y, seed=seed, steps=steps, loss=loss)
    raise InputError(f"optimiser={optimiser!r} is not known: use 'lm', 'lbfgs' or 'adam'.")


def dense(n_inputs: int, parameters: int, activation: str, seed: int, *, layers: int = 2) -> MLP:
    """An MLP with one output and equal hidden layers that has about so many parameters.

    Examples
    --------
    >>> dense(2, 126, "tanh", seed=0).widths
    (2, 9, 9, 1)
    """
    widths = mlp_widths(n_inputs, parameters, layers)
    return MLP(widths, activation=activation, seed=seed, device="cpu")
