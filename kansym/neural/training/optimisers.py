"""Optimisers of networks: Levenberg-Marquardt, L-BFGS and Adam behind one signature.

Each is a generator that yields after every step, so that the caller may watch, stop or
interrupt it at any moment with the model in a valid state.

References
----------
K. Madsen, H. B. Nielsen, O. Tingleff, Methods for Non-Linear Least Squares Problems, 2004.
D. P. Kingma, J. Ba, Adam, 2015, arXiv:1412.6980.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from kansym.neural.training.free_parameters import FreeParameters
from kansym.neural.training.jacobians import RowJacobian
from kansym.neural.training.losses import Loss, SquaredError

__all__ = ["QuadraticPenalty", "adam", "lbfgs", "levenberg_marquardt", "mean_loss"]

SQUARED = SquaredError()

CHUNK_NUMBERS = 150_000
"""Numbers in one chunk of a Jacobian: 1.2 MB in float64, and some ten times that on the way."""

MEAN_ROWS = 4096
"""Rows of one chunk of a forward pass."""

QuadraticPenalty = Callable[[], Float[Tensor, "parameters parameters"]]
"""Gives the matrix R of a penalty theta' R theta; asked again before every step."""


@dataclass(frozen=True)
class _Normal:
    """Mean loss with half its Gauss-Newton matrix and half its gradient."""

    mean: float
    matrix: Tensor
    gradient: Tensor


def _chunks(n_rows: int, n_outputs: int, n_parameters: int) -> Iterator[slice]:
    """Row ranges whose Jacobian stays small."""
    size = max(16, CHUNK_NUMBERS // max(1, n_outputs * n_parameters))
    for start in range(0, n_rows, size):
        yield slice(start, start + size)


def _normal_equations(
    jacobian: RowJacobian, x: Tensor, y: Tensor, n_parameters: int, loss: Loss
) -> _Normal:
    """Accumulate J'J and J'r over chunks of rows: memory P^2, not rows x P."""
    matrix = torch.zeros(n_parameters, n_parameters, dtype=torch.float64, device=x.device)
    gradient = torch.zeros(n_parameters, dtype=torch.float64, device=x.device)
    total = 0.0
    for rows in _chunks(y.shape[0], y.shape[1], n_parameters):
        outputs, columns = jacobian(x[rows])
        outputs, columns = outputs.double(), columns.double()
        matrix += loss.curvature(outputs, columns, y[rows])
        residual = loss.residual(outputs, y[rows]).flatten()
        gradient.addmv_(columns.flatten(0, 1).T, residual)
        total += float(loss.total(outputs, y[rows]))
    return _Normal(total / y.numel(), matrix / y.numel(), gradient / y.numel())


@torch.no_grad()
def mean_loss(
    model: Callable[[Tensor], Tensor], x: Tensor, y: Tensor, loss: Loss = SQUARED
) -> float:
    """Mean loss over all rows and outputs: by default, the mean squared error."""
    total = 0.0
    for start in range(0, len(x), MEAN_ROWS):
        rows = slice(start, start + MEAN_ROWS)
        total += float(loss.total(model(x[rows]), y[rows]))
    return total / y.numel()


def levenberg_marquardt(  # noqa: PLR0913 - a model, its data, and how far to go
    model: nn.Module,
    jacobian: RowJacobian,
    x: Float[Tensor, "rows inputs"],
    y: Float[Tensor, "rows outputs"],
    *,
    loss: Loss = SQUARED,
    penalty: QuadraticPenalty | None = None,
    damping: float = 1e-2,
    tolerance: float = 1e-5,
    patience: int = 4,
) -> Iterator[float]:
    """Damped Gauss-Newton steps on the mean loss; yields it after every step.

    (J'J + R + mu diag(J'J + R)) step = -(J'r + R theta), with mu lowered or raised by the
    ratio of the actual to the predicted gain.

    Parameters
    ----------
    jacobian : outputs and row Jacobian of the model.
    loss : what is made small, by default the squared error.
    penalty : quadratic penalty, such as smoothness or sparsity.
    damping : first value of mu.
    tolerance : a relative gain below this ...
    patience : ... for so many steps in a row means convergence, and the iteration ends.
    """
    free = FreeParameters.of(model)
    theta = free.get().double()
    mu, growth, idle = damping, 2.0, 0
    normal = _normal_equations(jacobian, x, y, len(free), loss)
    while True:
        roughness = torch.zeros_like(normal.matrix) if penalty is None else penalty()
        matrix = normal.matrix + roughness
        gradient = normal.gradient + roughness @ theta
        cost = normal.mean + float(theta @ roughness @ theta)
        scale = matrix.diagonal().clamp_min(1e-10 * float(matrix.diagonal().max()) + 1e-300)
        accepted, new_cost, mean = False, cost, normal.mean
        for _ in range(12):
            damped = matrix.clone()
            damped.diagonal().add_(mu * scale)
            factor, failed = torch.linalg.cholesky_ex(damped)
            if int(failed) == 0:
                step = -torch.cholesky_solve(gradient[:, None], factor)[:, 0]
                free.set(theta + step)
                mean = mean_loss(model, x, y, loss)
                trial = theta + step
                new_cost = mean + float(trial @ roughness @ trial)
                predicted = float(step @ (mu * scale * step - gradient))
                if new_cost < cost and predicted > 0:
                    ratio = (cost - new_cost) / predicted
                    mu = max(mu * max(1 / 5, 1 - (2 * ratio - 1) ** 3), 1e-14)
                    growth, accepted, theta = 2.0, True, trial
                    break
            mu, growth = mu * growth, growth * 2
            if mu > 1e12:
                break
        if not accepted:
            free.set(theta)
            return
        yield mean
        idle = idle + 1 if cost - new_cost < tolerance * cost else 0
        if idle >= patience:
            return
        normal = _normal_equations(jacobian, x, y, len(free), loss)


def _differentiated(
    model: nn.Module, free: FreeParameters, x: Tensor, y: Tensor, loss: Loss
) -> Tensor:
    """Mean loss of some rows; its gradient is left at the free parameters."""
    model.zero_grad()
    mean = loss.total(model(x), y) / y.numel()
    mean.backward()
    free.mask_gradients()
    return mean.detach()


def lbfgs(
    model: nn.Module,
    x: Float[Tensor, "rows inputs"],
    y: Float[Tensor, "rows outputs"],
    *,
    loss: Loss = SQUARED,
    tolerance: float = 1e-7,
    patience: int = 10,
) -> Iterator[float]:
    """Limited-memory BFGS on all rows with a strong Wolfe line search; yields the loss.

    Parameters
    ----------
    loss : what is made small, by default the squared error.
    tolerance, patience : relative gain below which, and steps after which, it ends.
    """
    free = FreeParameters.of(model)
    optimiser = torch.optim.LBFGS(
        [parameter for parameter, _ in free.parts],
        history_size=20,
        max_iter=5,
        line_search_fn="strong_wolfe",
    )

    last, idle = float("inf"), 0
    while True:
        optimiser.step(lambda: _differentiated(model, free, x, y, loss))  # pyright: ignore
        mean = mean_loss(model, x, y, loss)
        yield mean
        idle = idle + 1 if not last - mean > tolerance * last else 0
        last = min(last, mean)
        if idle >= patience:
            return


def adam(
    model: nn.Module,
    x: Float[Tensor, "rows inputs"],
    y: Float[Tensor, "rows outputs"],
    *,
    seed: int,
    steps: int,
    batch: int = 512,
    rate: float = 3e-3,
    loss: Loss = SQUARED,
) -> Iterator[float]:
    """Adam on mini-batches with a cosine schedule; yields a running loss after every batch.

    Parameters
    ----------
    seed : of the order of the rows.
    steps : batches in all; the rate falls to zero over them.
    batch : rows per batch.
    rate : first step size.
    loss : what is made small, by default the squared error.
    """
    free = FreeParameters.of(model)
    optimiser = torch.optim.Adam([parameter for parameter, _ in free.parts], lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    generator = torch.Generator().manual_seed(seed)
    running, done = 0.0, 0
    while done < steps:
        order = torch.randperm(len(x), generator=generator).to(x.device)
        for start in range(0, len(x), batch):
            rows = order[start : start + batch]
            value = float(_differentiated(model, free, x[rows], y[rows], loss))
            optimiser.step()
            schedule.step()
            running = value if done == 0 else 0.98 * running + 0.02 * value
            done += 1
            yield running
            if done == steps:
                return
