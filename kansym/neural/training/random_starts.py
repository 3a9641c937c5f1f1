"""Random starts of one shape: a short race of all, and only the best of them trained on."""

import copy
from dataclasses import dataclass, field

import torch

from kansym.neural.models.kan import KAN, Width
from kansym.neural.training.pruning import embed
from kansym.neural.training.training_run import SEARCH_ROWS, TrainingRun
from kansym.shared.deadline import Deadline

__all__ = ["CLEAR", "GOOD", "Race", "agree", "best_of_shape", "race_once"]

GOOD, CLEAR = 2e-2, 1e-4
"""Relative errors: a start worth refining, a shape that is surely right."""
AGREEING = 0.02
"""Relative difference of the errors of two trainings that have come to the same minimum."""


@dataclass(frozen=True)
class Race:
    """What ends a race of random starts before all have run.

    Attributes
    ----------
    good : relative error of a start that is taken at once.
    agreeing : starts that have come to the same lowest error, which then is the noise.
    until : when it ends in any case.
    """

    good: float = GOOD
    agreeing: int = 4
    until: Deadline = field(default_factory=Deadline.never)


def agree(error: float, other: float) -> bool:
    """Whether two trainings have come to the same minimum."""
    return abs(error - other) <= AGREEING * other


def best_of_shape(
    model: KAN, widths: tuple[Width, ...], run: TrainingRun, starts: int, race: Race
) -> tuple[KAN, float, bool]:
    """The best model of one shape, its error, and whether that falls with the grid.

    A start that fits well but does not improve on a finer grid sits in a wrong minimum: the next
    starts are tried then.
    """
    best: tuple[KAN, float] | None = None
    first = 0
    while first < starts and (first == 0 or not race.until.passed):
        found, coarse, first = _best_start(model, widths, run, range(first, starts), race)
        fine = _doubled(found, run)
        again = best is not None and agree(fine, best[1])
        if best is None or fine < best[1]:
            best = (found, fine)
        if fine < CLEAR or (fine < 0.35 * coarse and fine < GOOD):
            return found, fine, True
        if coarse >= GOOD or again:
            break
    assert best is not None
    return *best, False


def _fresh_copy(model: KAN, widths: tuple[Width, ...], seed: int) -> KAN:
    """An untrained KAN of another width on the same domain; edges by hand stay if it is as wide."""
    if widths == model.widths:
        trial = copy.deepcopy(model)
        trial.reset(seed)
        return trial
    like = model.kan_layers[0].coef
    trial = KAN(
        widths,
        grid=model.grid,
        degree=model.degree,
        seed=seed,
        dtype=like.dtype,
        device=like.device,
    )
    with torch.no_grad():
        trial.kan_layers[0].low.copy_(model.kan_layers[0].low)
        trial.kan_layers[0].high.copy_(model.kan_layers[0].high)
        trial.domain.copy_(model.domain)
    return trial


def _best_start(
    model: KAN, widths: tuple[Width, ...], run: TrainingRun, starts: range, race: Race
) -> tuple[KAN, float, int]:
    """The best of several random starts on coarse splines, its held-out error, the next start.

    All starts run a short race; only the best of them go on. The race ends early when a start is
    good, or when several have come to the same lowest error, which then is the noise.
    """
    short = run.subset(SEARCH_ROWS)
    raced: list[tuple[float, KAN]] = []
    following = starts.start
    for start in starts:
        trial = _fresh_copy(model, widths, run.seed + 1000 * start)
        _vary(trial, start, run.seed)
        raced.append((race_once(trial, short, f"{list(widths)} start {start + 1}"), trial))
        following = start + 1
        best = min(error for error, _ in raced)
        same = sum(error < 1.05 * best for error, _ in raced)
        if best < race.good or same >= race.agreeing or race.until.passed:
            break
    finished: list[tuple[float, KAN]] = []
    for _, trial in sorted(raced, key=lambda pair: pair[0])[:2]:
        trial.refit_grids(short.x)
        short.levenberg_marquardt(
            trial, 30, f"{list(widths)}", smoothness=1e-9, tolerance=1e-3, patience=3
        )
        finished.append((run.validation(trial), trial))
        if finished[0][0] < race.good:
            break
    error, chosen = min(finished, key=lambda pair: pair[0])
    return chosen, error, following


def _vary(trial: KAN, start: int, seed: int) -> None:
    """Starts differ: the model's own splines, wild ones, soft ones, factors with and without sign.

    A factor that stays positive in training never comes to a product whose factors cross zero.
    """
    if start == 0:
        return
    generator = torch.Generator().manual_seed(seed + 1000 * start)
    noise, size = ((1.0, 1.0), (0.3, 0.5))[start % 2]
    crossing = start % 4 >= 2
    with torch.no_grad():
        for layer in trial.kan_layers:
            layer.reset(generator, noise)
            soft = torch.where(layer.frozen, 1.0, size)[..., None]
            layer.coef[: layer.n_sum].mul_(soft[: layer.n_sum])
            if crossing:
                factors = layer.coef[layer.n_sum :]
                free = ~layer.frozen[layer.n_sum :][..., None]
                factors.copy_(torch.where(free, 2 * (factors - 1), factors))


def race_once(trial: KAN, run: TrainingRun, phase: str) -> float:
    """Smooth first, then freer, with grids that follow the nodes' ranges; the error reached."""
    trial.refit_grids(run.x, margin=0.05)
    reached = run.levenberg_marquardt(trial, 12, phase, smoothness=1e-5)
    if reached > 0.95:
        return reached
    trial.refit_grids(run.x, margin=0.02)
    return run.levenberg_marquardt(trial, 15, phase, smoothness=1e-7, tolerance=1e-4)


def _doubled(model: KAN, run: TrainingRun) -> float:
    """Refine once and train a little; the held-out error, the model undone if it got worse."""
    before, error = copy.deepcopy(model), run.validation(model)
    model.refine_grids(2)
    run.subset(2 * SEARCH_ROWS).levenberg_marquardt(
        model, 20, "doubled grid", smoothness=1e-11, tolerance=1e-2, patience=2
    )
    fine = run.validation(model)
    if fine < error:
        return fine
    embed(before, model)
    return error
