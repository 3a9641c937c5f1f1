"""One run of training: its rows in units of spread 1, its record, its best model so far."""

import copy
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from kansym.neural.models.kan import KAN
from kansym.neural.training.jacobians import row_jacobian_of
from kansym.neural.training.losses import Loss, SquaredError
from kansym.neural.training.optimisers import levenberg_marquardt, mean_loss
from kansym.neural.training.penalties import penalty_matrix
from kansym.neural.training.pruning import embed
from kansym.shared.deadline import Deadline
from kansym.shared.progress import ProgressCallback

__all__ = ["SEARCH_ROWS", "BestModel", "OutOfTime", "TrainingRun", "TrainingStep"]

SEARCH_ROWS = 1000
"""Rows that suffice to tell good starts from bad ones."""
VALIDATION_STEPS = 5
"""Steps between looks at the held-out rows."""
STALLED = 30
"""Steps without a lower error on the held-out rows after which a phase ends."""


@dataclass(frozen=True)
class TrainingStep:
    """One step of training: errors are roots of the mean loss, 1 for the best constant."""

    phase: str
    step: int
    error: float
    validation: float
    seconds: float


class OutOfTime(Exception):
    """Time is up."""


@dataclass
class TrainingRun:
    """Data of one call of `train`, in units of spread 1, and its running record."""

    x: Tensor
    y: Tensor
    x_held: Tensor
    y_held: Tensor
    seed: int
    sparsity: float
    deadline: Deadline
    tell: ProgressCallback
    loss: Loss = field(default_factory=SquaredError)
    started: float = field(default_factory=time.perf_counter)
    records: list[TrainingStep] = field(default_factory=list)
    best: "BestModel | None" = None
    """Where an interrupted phase leaves its model."""

    @property
    def x_all(self) -> Tensor:
        """Rows trained on and rows held out: grids should span both."""
        return self.x if self.x_held is self.x else torch.cat([self.x, self.x_held])

    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.perf_counter() - self.started

    def subset(self, rows: int) -> "TrainingRun":
        """The same run on its first rows only; rows are in random order already."""
        smaller = copy.copy(self)
        smaller.x, smaller.y = self.x[:rows], self.y[:rows]
        return smaller

    @torch.no_grad()
    def validation(self, model: nn.Module) -> float:
        """Relative error on the held-out rows; infinite if the model overflows."""
        value = mean_loss(model, self.x_held, self.y_held, self.loss) ** 0.5
        return value if np.isfinite(value) else float("inf")

    def note(self, phase: str, step: int, mean: float, model: nn.Module) -> None:
        """Record a step; raise `OutOfTime` past the deadline."""
        stale = step % VALIDATION_STEPS != 0 and bool(self.records)
        validation = self.records[-1].validation if stale else self.validation(model)
        self.records.append(TrainingStep(phase, step, mean**0.5, validation, self.elapsed()))
        if self.deadline.passed:
            raise OutOfTime

    def levenberg_marquardt(
        self, model: nn.Module, steps: int, phase: str, *, smoothness: float = 0.0, **options: Any
    ) -> float:
        """So many steps at most, fewer if the held-out error has stopped falling.

        Returns the relative error on the rows trained on.
        """
        jacobian = row_jacobian_of(model)
        assert jacobian is not None
        penalty = None
        if isinstance(model, KAN) and (smoothness > 0 or self.sparsity > 0):
            rows = self.x[:SEARCH_ROWS]
            penalty = penalty_matrix(model, rows, smoothness=smoothness, sparsity=self.sparsity)
        iteration = levenberg_marquardt(
            model, jacobian, self.x, self.y, loss=self.loss, penalty=penalty, **options
        )
        mean = mean_loss(model, self.x, self.y, self.loss)
        lowest, since = float("inf"), 0
        try:
            for step, mean in zip(range(steps), iteration, strict=False):
                self.note(phase, step, mean, model)
                if self.records[-1].validation < lowest:
                    lowest, since = self.records[-1].validation, step
                elif step - since >= STALLED:
                    break
        except (OutOfTime, KeyboardInterrupt):
            if self.best is not None:
                self.best.offer(model, self.validation(model))
            raise
        return mean**0.5


class BestModel:
    """The best model so far by held-out error, kept for interrupts and time limits."""

    def __init__(self, model: nn.Module, run: TrainingRun, fresh: bool):
        self.model = copy.deepcopy(model)
        self.error = float("inf") if fresh else run.validation(model)

    def offer(self, model: nn.Module, error: float) -> None:
        """Keep a copy if it is better."""
        if error < self.error:
            self.model, self.error = copy.deepcopy(model), error

    def replace(self, model: nn.Module, error: float) -> None:
        """Keep a copy in any case, such as a smaller model of about the same error."""
        self.model, self.error = copy.deepcopy(model), error

    def restore(self, model: nn.Module) -> None:
        """Write the best model back into the caller's."""
        if isinstance(model, KAN) and isinstance(self.model, KAN):
            embed(self.model, model)
        else:
            model.load_state_dict(self.model.state_dict())
