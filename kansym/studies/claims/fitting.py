"""One training run under equal conditions: the same rows, starts, steps and optimiser for all."""

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from kansym.neural.models.kan import KAN
from kansym.neural.models.mlp import MLP
from kansym.neural.training.jacobians import row_jacobian_of
from kansym.neural.training.optimisers import adam, lbfgs, levenberg_marquardt
from kansym.problems.catalogue import load_problem
from kansym.shared.errors import InputError

__all__ = ["Rows", "dense", "fit_once", "relative_error", "rows_of", "size_of"]

Penalty = Callable[[], Tensor]
_WORST = 10.0


@dataclass(frozen=True)
class Rows:
    """Training and test rows: inputs scaled to [-1, 1], targets to mean 0 and spread 1."""

    x: Float[Tensor, "rows inputs"]
    y: Float[Tensor, "rows 1"]
    x_test: Float[Tensor, "test_rows inputs"]
    y_test: Float[Tensor, "test_rows 1"]


def rows_of(problem: str, rows: int, seed: int, test_rows: int = 1000) -> Rows:
    """Rows of a problem by name; the test rows are new ones.

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
    return Rows(x[:rows], target[:rows], x[rows:], target[rows:])


@torch.no_grad()
def relative_error(model: nn.Module, rows: Rows) -> float:
    """Root mean square error on the test rows over the spread of the target.

    A network that blew up counts as 10, ten times as bad as the mean.
    """
    error = float((model(rows.x_test) - rows.y_test).square().mean().sqrt())
    return min(error, _WORST) if math.isfinite(error) else _WORST


def fit_once(
    model: nn.Module,
    rows: Rows,
    *,
    optimiser: str,
    steps: int,
    seed: int = 0,
    starts: int = 1,
    penalty: Penalty | None = None,
) -> list[float]:
    """Train in place, from one start or the best of a few short ones; returns the losses.

    Grids of a KAN follow the values of its nodes once before and once during training; no other
    favour is done to either kind of network. A step of L-BFGS is five iterations of it.

    Parameters
    ----------
    optimiser : ``"lm"``, ``"lbfgs"`` or ``"adam"``.
    starts : random starts that run a tenth of the steps; the best of them goes on.
    penalty : differentiable number added to the loss, for L-BFGS and Adam.
    """
    if starts > 1:
        _best_start(model, rows, optimiser, max(5, steps // 10), seed, starts)
    if not isinstance(model, KAN):
        return _phase(model, rows, optimiser, steps, seed, penalty)
    first = max(1, steps // 4)
    model.refit_grids(rows.x, margin=0.05)
    losses = _phase(model, rows, optimiser, first, seed, penalty)
    if math.isfinite(losses[-1]):
        model.refit_grids(rows.x, margin=0.02)
    return losses + _phase(model, rows, optimiser, steps - first, seed, penalty)


def _best_start(
    model: nn.Module, rows: Rows, optimiser: str, steps: int, seed: int, starts: int
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
    model: nn.Module, rows: Rows, optimiser: str, steps: int, seed: int, penalty: Penalty | None
) -> list[float]:
    """So many steps of an optimiser; at least one loss is returned."""
    losses = [
        loss
        for _, loss in zip(
            range(steps), _iteration(model, rows, optimiser, steps, seed, penalty), strict=False
        )
    ]
    if losses:
        return losses
    with torch.no_grad():
        return [float((model(rows.x) - rows.y).square().mean())]


def _iteration(
    model: nn.Module, rows: Rows, optimiser: str, steps: int, seed: int, penalty: Penalty | None
) -> Iterator[float]:
    match optimiser:
        case "lm":
            jacobian = row_jacobian_of(model)
            if jacobian is None or penalty is not None:
                raise InputError(
                    f"{type(model).__name__} cannot be trained by Levenberg-Marquardt with these "
                    "settings: use L-BFGS."
                )
            return levenberg_marquardt(model, jacobian, rows.x, rows.y)
        case "lbfgs":
            return lbfgs(model, rows.x, rows.y, penalty=penalty)
        case "adam":
            return adam(model, rows.x, rows.y, seed=seed, steps=steps, penalty=penalty)
    raise InputError(f"optimiser={optimiser!r} is not known: use 'lm', 'lbfgs' or 'adam'.")


def size_of(model: nn.Module) -> int:
    """Parameters of a network, absent edges of a KAN not counted."""
    if isinstance(model, KAN):
        return model.n_parameters()
    return sum(parameter.numel() for parameter in model.parameters())


def dense(n_inputs: int, parameters: int, activation: str, seed: int, *, layers: int = 2) -> MLP:
    """An MLP with one output and equal hidden layers that has about so many parameters.

    Examples
    --------
    >>> dense(2, 126, "tanh", seed=0).widths
    (2, 9, 9, 1)
    """

    def size(width: int) -> int:
        return (n_inputs + 1) * width + (layers - 1) * (width + 1) * width + width + 1

    width = min(range(1, 2000), key=lambda width: abs(size(width) - parameters))
    widths = [n_inputs, *[width] * layers, 1]
    return MLP(widths, activation=activation, seed=seed, device="cpu")
