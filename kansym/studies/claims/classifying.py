"""Knots in classes by signature: one split for all networks, and training to convergence."""

import copy
import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from kansym.neural.models.kan import KAN
from kansym.problems.knot_tables import mirrored_table

__all__ = [
    "CLASSES", "Knots", "accuracy", "knots_split", "signature_accuracy", "train_by_batches",
    "train_to_convergence",
]  # fmt: skip

CLASSES = 14
"""Signatures -12, -10, ..., 14, the classes of the published networks."""

_LOWEST = -12
_PATIENCE = 25
"""Steps without a gain after which training has converged."""
_INPUTS = (
    "longitudinal_translation", "meridional_translation_real", "meridional_translation_imag",
    "slope", "volume", "chern_simons", "cusp_volume", "symmetry_order",
)  # fmt: skip


@dataclass(frozen=True)
class Knots:
    """Rows of one part of the split, inputs with mean 0 and spread 1 on the training rows.

    The first three inputs are the translations; ``raw`` has all in their own units.
    """

    x: Float[Tensor, "rows inputs"]
    label: Int[Tensor, " rows"]
    raw: Float[np.ndarray, "rows inputs"]
    signature: Float[np.ndarray, " rows"]


def knots_split(seed: int) -> tuple[Knots, Knots, Knots]:
    """Training, validation and test rows (70, 15, 15 %), split by geometry.

    A knot and its mirror image stay together, and so do mutants, which are different knots with
    equal invariants (73 groups of them in the table): no test row has a twin to learn from.

    Examples
    --------
    >>> train, validation, test = knots_split(0)
    >>> len(train.label), len(validation.label), len(test.label)
    (4158, 892, 890)
    """
    columns = mirrored_table().columns
    raw = np.stack([columns[name] for name in _INPUTS], axis=1)
    good = np.isfinite(raw).all(axis=1)
    raw, signature = raw[good], columns["signature"][good]
    _, geometry = np.unique(np.abs(raw).round(7), axis=0, return_inverse=True)
    order = np.random.default_rng(seed).permutation(geometry.max() + 1)
    ends = np.round(np.array([0.7, 0.85]) * len(order)).astype(int)
    parts = [np.flatnonzero(np.isin(geometry, part)) for part in np.split(order, ends)]
    mean, spread = raw[parts[0]].mean(0), raw[parts[0]].std(0)
    label = ((signature - _LOWEST) / 2).astype(np.int64)
    x = torch.as_tensor((raw - mean) / spread)
    train, validation, test = (
        Knots(x[part], torch.as_tensor(label[part]), raw[part], signature[part]) for part in parts
    )
    return train, validation, test


@torch.no_grad()
def accuracy(model: nn.Module, knots: Knots, inputs: int) -> float:
    """Share of knots in the right class, in per cent."""
    scores = model(knots.x[:, :inputs].to(next(model.parameters())))
    return 100 * float((scores.argmax(1) == knots.label).double().mean())


def signature_accuracy(found: Float[np.ndarray, " rows"], knots: Knots) -> float:
    """Share of knots whose signature is the even number next to what was found, in per cent."""
    return 100 * float(np.mean(2 * np.round(np.nan_to_num(found) / 2) == knots.signature))


class _Best:
    """The state of a network with the lowest loss on rows that it is not trained on.

    ``step`` is when it was, from 1; 0 before the first look.
    """

    def __init__(self, model: nn.Module, knots: Knots, inputs: int):
        self.model, self.x, self.label = model, knots.x[:, :inputs], knots.label
        self.loss, self.step, self.state = math.inf, 0, copy.deepcopy(model.state_dict())

    @torch.no_grad()
    def look(self, step: int) -> bool:
        """Whether the cross-entropy is lower than ever; it never is if the network overflows."""
        scores = self.model(self.x.to(next(self.model.parameters())))
        loss = float(nn.functional.cross_entropy(scores, self.label))
        better = loss < self.loss
        if better:
            self.loss, self.step, self.state = loss, step, copy.deepcopy(self.model.state_dict())
        return better


def train_to_convergence(
    model: nn.Module,
    train: Knots,
    validation: Knots,
    *,
    inputs: int,
    steps: int,
) -> int:
    """L-BFGS on all rows until the validation loss has stopped to fall; the best state is kept.

    A step is five iterations. Returns the steps taken.
    """
    x = train.x[:, :inputs]
    if isinstance(model, KAN):
        model.refit_grids(x, margin=0.05)
    best, step = _Best(model, validation, inputs), 0
    optimiser = torch.optim.LBFGS(
        model.parameters(), max_iter=5, history_size=20, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(model(x), train.label)
        loss.backward()
        return loss

    for step in range(1, steps + 1):
        optimiser.step(closure)  # pyright: ignore[reportArgumentType]
        if not best.look(step) and step - max(best.step, 1) >= _PATIENCE:
            break
    model.load_state_dict(best.state)
    return step


def train_by_batches(
    model: nn.Module,
    train: Knots,
    validation: Knots,
    *,
    inputs: int,
    steps: int,
    seed: int,
    first_rise: bool = False,
) -> int:
    """Adam on batches of 64 with the validation loss looked at every 100; the best state is kept.

    Parameters
    ----------
    steps : batches at most; the rate falls to zero over them unless ``first_rise``.
    first_rise : end at the first look at which the validation loss is no longer the lowest.
    """
    like = next(model.parameters())
    x = train.x[:, :inputs].to(like)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    turns = 1e9 if first_rise else steps
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, int(turns))
    generator = torch.Generator().manual_seed(seed)
    best, step = _Best(model, validation, inputs), 0
    for step in range(1, steps + 1):
        rows = torch.randint(len(x), (64,), generator=generator)
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(x[rows]), train.label[rows]).backward()
        optimiser.step()
        schedule.step()
        if step % 100 and step < steps:
            continue
        if not best.look(step) and first_rise:
            break
    model.load_state_dict(best.state)
    return step
