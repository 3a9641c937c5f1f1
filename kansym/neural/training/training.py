"""Training: from data to the smallest network that fits, second order by default."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from kansym.neural.models.change_of_units import scale_inputs, scale_outputs
from kansym.neural.models.kan import KAN, EdgeKind
from kansym.neural.models.mlp import MLP
from kansym.neural.training.free_parameters import FreeParameters
from kansym.neural.training.history import History
from kansym.neural.training.jacobians import row_jacobian_of
from kansym.neural.training.losses import CrossEntropy, Loss, SquaredError, Weighted
from kansym.neural.training.optimisers import adam, lbfgs, mean_loss
from kansym.neural.training.shape_search import train_kan
from kansym.neural.training.training_run import (
    SEARCH_ROWS,
    BestModel,
    OutOfTime,
    TrainingRun,
)
from kansym.neural.training.training_settings import check_settings, check_trainable
from kansym.shared.class_labels import as_labels
from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError
from kansym.shared.progress import ProgressCallback, progress_bar
from kansym.shared.row_errors import row_errors
from kansym.shared.tables import as_table, as_targets

__all__ = ["attach_rows", "prepare", "train"]

Optimiser = Literal["lm", "lbfgs", "adam"]
LossName = Literal["squared", "cross-entropy"]
SAMPLE_ROWS = 2000
"""Rows that a model remembers, on which it is traced later."""
LM_PARAMETERS, LBFGS_PARAMETERS = 2500, 50_000
"""Most parameters for Levenberg-Marquardt, whose matrix has their square, and for L-BFGS."""


@np.errstate(all="ignore")
def train(  # noqa: PLR0913 - the settings of training, all by keyword
    model: nn.Module,
    X: Any,
    y: Any,
    *,
    sigma: Any = None,
    weights: Any = None,
    loss: LossName = "squared",
    optimiser: Optimiser | None = None,
    steps: int | None = None,
    starts: int = 24,
    prune: bool = True,
    sparsity: float = 0.0,
    validation: float = 0.1,
    seed: int | None = None,
    seconds: float = float("inf"),
    progress: bool | ProgressCallback | None = None,
) -> History:
    """Train a KAN or an MLP in place on rows of inputs and targets.

    A fresh KAN is searched for the narrowest of its sub-networks that fits (``prune=True``), from
    several starts on coarse splines; the splines are then refined while the held-out error falls.
    A model that was trained before is trained on as it is. A known start
    (`KAN.from_expression`) keeps its shape; only its constants and splines move.

    Parameters
    ----------
    model : a `KAN`, an `MLP`, or a ``torch.nn.Sequential`` of Linear layers and activations.
    X : inputs, shape (rows, inputs), in any units; array, data frame or tensor.
    y : targets, shape (rows,) or (rows, outputs); or classes, any labels of shape (rows,).
    sigma, weights : standard error of each row's target, or how much the row counts: one over the
        variance, up to a factor.
    loss : ``"squared"``, or ``"cross-entropy"`` for classes: the outputs, one fewer than there are
        classes, are then the log-odds of each class against the first in order.
    optimiser : ``"lm"`` (Levenberg-Marquardt), ``"lbfgs"`` or ``"adam"``; by size if not given.
    steps : most steps of the last phase; a default by optimiser.
    starts : most random starts per shape, at least 1; fewer are made once one fits well.
    prune : search narrower networks and remove edges that are not needed.
    sparsity : weight of a penalty on the spread of every edge, 0 for none; 1e-3 is strong.
    validation : share of rows held out to stop refinement, 0 to 0.5.
    seed : of starts and of the split; the model's own by default.
    seconds : time limit; the best model so far is kept.
    progress : True or False for a bar, or a callback; by default a bar on a terminal.

    Returns
    -------
    `History`; an interrupt from the keyboard ends training and keeps the best model so far.

    Raises
    ------
    InputError
        For data that cannot be used, each with its reason.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(-1, 1, (300, 2))
    >>> model = KAN([2, 1], grid=5, seed=0)
    >>> history = train(model, X, np.sin(X[:, 0]) + X[:, 1] ** 2)
    >>> history.validation < 1e-3
    True
    """
    inputs = as_table(X)
    targets = _Targets.of(loss, y, len(inputs), _outputs(model, len(inputs.names)))
    seed = int(getattr(model, "seed", 0)) if seed is None else seed
    check_settings(
        optimiser=optimiser,
        validation=validation,
        starts=starts,
        prune=prune,
        steps=steps,
        sparsity=sparsity,
        seed=seed,
        seconds=seconds,
    )
    check_trainable(model, len(inputs))
    chosen = optimiser or _by_size(model)

    shift, spread = targets.units()
    scaled, objective = targets.weighted(sigma, weights)
    with progress_bar(progress, "training") as tell:
        run = prepare(
            model, inputs.values, scaled, validation, seed, seconds, sparsity, tell, objective
        )
        fresh = attach_rows(model, inputs.values, inputs.names, targets.names, seed)
        scale_outputs(model, 1 / spread, -shift / spread)
        best = run.best = BestModel(model, run, fresh)
        stopped = "converged"
        try:
            _work(model, run, best, chosen, steps, starts if fresh else 1, prune and fresh)
            tell(1.0, "done")
        except OutOfTime:
            stopped = "time"
        except KeyboardInterrupt:
            stopped = "interrupted"
        finally:
            best.restore(model)
            scale_outputs(model, spread, shift)
    return _history(model, run, targets, stopped, chosen)


def _outputs(model: nn.Module, columns: int) -> int:
    """Outputs of a model that takes so many columns."""
    n_inputs, n_outputs = _sizes(model)
    if columns != n_inputs:
        raise InputError(
            f"X has {columns} columns but the model has {n_inputs} inputs: make them equal."
        )
    return n_outputs


@dataclass(frozen=True)
class _Targets:
    """What is to be learnt: names of outputs, values (rows, outputs), loss, and classes if any."""

    names: tuple[str, ...]
    values: Float[np.ndarray, "rows outputs"]
    loss: SquaredError | CrossEntropy
    classes: tuple[str, ...] = ()

    @classmethod
    def of(cls, loss: LossName, y: Any, n_rows: int, n_outputs: int) -> "_Targets":
        """Columns of numbers, or labels of as many classes as a model tells apart."""
        if not isinstance(loss, str) or loss not in ("squared", "cross-entropy"):
            raise InputError(f"loss={loss!r} is not known: use 'squared' or 'cross-entropy'.")
        if loss == "squared":
            targets = as_targets(y, n_rows, n_outputs)
            return cls(targets.names, targets.values, SquaredError())
        labels = as_labels(y, n_rows)
        if len(labels.classes) != n_outputs + 1:
            raise InputError(
                f"The labels are of {len(labels.classes)} classes, for which a model has "
                f"{len(labels.classes) - 1} outputs (log-odds against the first class), not "
                f"{n_outputs}: change its last width."
            )
        names = labels.outputs
        return cls(names, labels.targets, CrossEntropy(labels.entropy), labels.classes)

    def units(self) -> tuple[Float[np.ndarray, " outputs"], Float[np.ndarray, " outputs"]]:
        """Mean and spread of each column; log-odds have their own scale."""
        if self.classes:
            outputs = len(self.names)
            return np.zeros(outputs), np.ones(outputs)
        return self.values.mean(0), self.values.std(0)

    def weighted(self, sigma: Any, weights: Any) -> tuple[np.ndarray, Loss]:
        """Columns of mean 0 and spread 1, one of weights if they are given, and the loss."""
        shift, spread = self.units()
        scaled = (self.values - shift) / spread
        if sigma is None and weights is None:
            return scaled, self.loss
        outputs = len(self.names)
        if sigma is not None and (self.classes or outputs > 1):
            raise InputError("sigma= are errors of one column of numbers: give weights= instead.")
        share = row_errors(len(scaled), sigma, weights).inverse ** 2
        # The weights are a column of the targets, over whose number the loss is the mean.
        share *= (outputs + 1) / outputs / share.mean()
        return np.column_stack([scaled, share]), Weighted(self.loss)


def _sizes(model: nn.Module) -> tuple[int, int]:
    """Inputs and outputs of a model that can be trained here."""
    if isinstance(model, KAN):
        return model.kan_layers[0].n_in, model.kan_layers[-1].n_out
    ends = (model[0], model[-1]) if isinstance(model, nn.Sequential) and len(model) else ()
    if not ends or not all(isinstance(end, nn.Linear) and end.bias is not None for end in ends):
        raise InputError(
            f"{type(model).__name__} cannot be trained here: give a KAN, an MLP, or a "
            "torch.nn.Sequential that starts and ends with a Linear layer with bias."
        )
    first, last = ends
    return int(first.in_features), int(last.out_features)  # pyright: ignore


def _by_size(model: nn.Module) -> Optimiser:
    """Second order while P^2 numbers are few, quasi-Newton next, first order beyond."""
    size = len(FreeParameters.of(model))
    if size <= LM_PARAMETERS and row_jacobian_of(model) is not None:
        return "lm"
    return "lbfgs" if size <= LBFGS_PARAMETERS else "adam"


def prepare(  # noqa: PLR0913 - a model, its data, and how far to go
    model: nn.Module,
    x: Float[np.ndarray, "rows inputs"],
    y: Float[np.ndarray, "rows outputs"],
    share: float,
    seed: int,
    seconds: float,
    sparsity: float,
    tell: ProgressCallback,
    loss: Loss,
) -> TrainingRun:
    """Shuffle and split the rows, on the model's device and in its precision."""
    order = np.random.default_rng(seed).permutation(len(x))
    held = int(share * len(x)) if len(x) >= 40 else 0
    like = next(model.parameters())
    x_all = torch.as_tensor(x[order]).to(like)
    y_all = torch.as_tensor(y[order]).to(like)
    x_kept, y_kept = x_all[held:], y_all[held:]
    split = (x_all[:held], y_all[:held]) if held else (x_kept, y_kept)
    return TrainingRun(x_kept, y_kept, *split, seed, sparsity, Deadline.after(seconds), tell, loss)


def attach_rows(
    model: nn.Module,
    x: Float[np.ndarray, "rows inputs"],
    names: tuple[str, ...],
    outputs: tuple[str, ...],
    seed: int,
) -> bool:
    """Set names, domain and sample of a model; whether it had none, as before any training."""
    if not isinstance(model, KAN | MLP):
        return False
    fresh = len(model.sample) == 0
    rows = np.random.default_rng(seed).permutation(len(x))[:SAMPLE_ROWS]
    model.input_names, model.output_names = names, outputs
    model.sample = torch.as_tensor(x[np.sort(rows)]).to(model.sample)
    model.domain = torch.as_tensor(np.stack([x.min(0), x.max(0)], axis=1)).to(model.domain)
    if fresh and isinstance(model, MLP):
        spread = np.where(x.std(0) > 0, x.std(0), 1.0)
        scale_inputs(model, 1 / spread, -x.mean(0) / spread)
    if fresh and isinstance(model, KAN):
        first = model.kan_layers[0]
        low, high = model.domain[:, 0], model.domain[:, 1]
        frozen = (first.frozen & (first.kind == EdgeKind.SPLINE)).any(0)
        low = torch.where(frozen, first.low, low)
        high = torch.where(frozen, first.high, high)
        wide = high > low
        first.low = torch.where(wide, low, low - 0.5)
        first.high = torch.where(wide, high, high + 0.5)
    return fresh


def _work(
    model: nn.Module,
    run: TrainingRun,
    best: BestModel,
    optimiser: Optimiser,
    steps: int | None,
    starts: int,
    prune: bool,
) -> None:
    """Train with the chosen optimiser and leave the best model in ``best``."""
    if optimiser == "lm" and isinstance(model, KAN):
        train_kan(model, run, best, steps or 60, starts, prune)
    elif optimiser == "lm":
        _second_order_mlp(model, run, best, steps or 200, min(starts, 6))
    else:
        _first_order(model, run, best, optimiser, steps)


# -- first order and quasi-Newton -------------------------------------------------------------


def _first_order(
    model: nn.Module, run: TrainingRun, best: BestModel, optimiser: Optimiser, steps: int | None
) -> None:
    """L-BFGS or Adam on the whole model, with the held-out rows watched."""
    if isinstance(model, KAN):
        model.refit_grids(run.x[:SEARCH_ROWS])
    if optimiser == "lbfgs":
        most = steps or 400
        iteration: Iterator[float] = lbfgs(model, run.x, run.y, loss=run.loss)
        look = 1
    else:
        most = steps or max(2000, 40 * len(run.x) // 512)
        iteration = adam(model, run.x, run.y, seed=run.seed, steps=most, loss=run.loss)
        look = max(1, most // 200)
    for step, mean in enumerate(iteration):
        if step % look == 0 or step + 1 == most:
            run.note(optimiser, step, mean, model)
            best.offer(model, run.validation(model))
            run.tell((step + 1) / most, f"{optimiser}, error {run.records[-1].validation:.1e}")
        if step + 1 >= most:
            return


# -- Levenberg-Marquardt ----------------------------------------------------------------------


def _second_order_mlp(
    model: nn.Module, run: TrainingRun, best: BestModel, steps: int, starts: int
) -> None:
    """Several starts of some steps, the best of them to the end."""
    tried: list[tuple[float, nn.Module]] = []
    several = starts if isinstance(model, MLP) else 1
    short = run.subset(SEARCH_ROWS)
    for start in range(several):
        trial = copy.deepcopy(model)
        if start and isinstance(trial, MLP):
            trial.reset(run.seed + 1000 * start)
        short.levenberg_marquardt(trial, max(10, steps // 5), f"start {start + 1}")
        tried.append((run.validation(trial), trial))
        best.offer(trial, tried[-1][0])
        run.tell(0.5 * (start + 1) / several, f"start {start + 1}, error {tried[-1][0]:.1e}")
        if tried[-1][0] < 1e-3:
            break
    _, chosen = min(tried, key=lambda pair: pair[0])
    run.levenberg_marquardt(chosen, steps, "refinement", tolerance=1e-4)
    best.offer(chosen, run.validation(chosen))


# -- what came of it --------------------------------------------------------------------------


def _history(
    model: nn.Module, run: TrainingRun, targets: _Targets, stopped: str, optimiser: Optimiser
) -> History:
    """What a run did, with the errors of a model that is back in the units of its targets."""
    shift, spread = (torch.as_tensor(unit).to(run.y) for unit in targets.units())

    def relative_error(x: Tensor, y: Tensor) -> float:
        """Against targets in units of spread 1."""
        return mean_loss(lambda rows: (model(rows) - shift) / spread, x, y, run.loss) ** 0.5

    return History(
        records=tuple(run.records),
        error=relative_error(run.x, run.y),
        validation=relative_error(run.x_held, run.y_held),
        seconds=run.elapsed(),
        stopped=stopped,
        optimiser=optimiser,
        seed=run.seed,
        widths=tuple(getattr(model, "widths", _sizes(model))),
        rows=len(run.x),
        held_out_rows=len(run.x_held) if run.x_held is not run.x else 0,
        classes=targets.classes,
    )
