"""Training of KANs by second order: the narrowest shape first, coarse splines before fine ones."""

import copy
import math
from collections.abc import Sequence
from dataclasses import replace

import torch

from kansym.neural.models.kan import KAN, EdgeKind, Width
from kansym.neural.training.free_parameters import FreeParameters
from kansym.neural.training.narrowing import prune
from kansym.neural.training.pruning import narrower_widths
from kansym.neural.training.random_starts import (
    CLEAR,
    GOOD,
    Race,
    agree,
    best_of_shape,
    race_once,
)
from kansym.neural.training.residual_noise import is_noise
from kansym.neural.training.training_run import SEARCH_ROWS, BestModel, TrainingRun
from kansym.shared.deadline import Deadline

__all__ = ["train_kan"]

PERFECT = 1e-6
"""Relative error below which nothing is left to gain."""
MOST_PARAMETERS = 2500
"""Free numbers above which splines are not refined: a step solves a system of their size."""
LOWER = 0.3
"""Share of the error of a wrong minimum below which a start is in another one."""
AGAIN = 6
"""Trainings from other starts where the best one leaves more than noise."""
AGAIN_SECONDS = 15.0
"""Time until which they are begun; twice that of the first if it took longer."""
NEAR, NEAR_STARTS = 0.7, 8
"""Spread of the logarithms of constants around a known start, and starts until one fits."""


def train_kan(
    model: KAN, run: TrainingRun, best: BestModel, steps: int, starts: int, pruning: bool
) -> None:
    """Search shapes and starts on coarse splines, prune, then refine the splines."""
    if (starts > 1 or pruning) and model.known_start:
        refine(from_known_start(model, run, best, starts), run, best, steps)
    elif starts > 1 or pruning:
        shapes = [model.widths]
        if pruning and not _drawn_by_hand(model):
            shapes = list(narrower_widths(model.widths))
        chosen = _from_scratch(model, shapes, run, best, steps, starts, pruning)
        until = Deadline.after(max(AGAIN_SECONDS - run.elapsed(), run.elapsed()))
        for number in range(1, AGAIN + 1):
            if until.passed or starts == 1 or best.error < CLEAR or _only_noise(best.model, run):
                break
            # A fine error with a pattern in it is a wrong minimum more often than not.
            other, elsewhere = BestModel(model, run, fresh=True), copy.copy(run)
            elsewhere.seed = run.seed + 100_000 * number
            longer = Race(good=min(GOOD, LOWER * best.error), agreeing=starts, until=until)
            _from_scratch(model, [chosen.widths], elsewhere, other, steps, starts, pruning, longer)
            again = agree(other.error, best.error)
            best.offer(other.model, other.error)
            if again:
                break
    else:
        chosen = copy.deepcopy(model)
        best.offer(chosen, run.validation(chosen))
        run.levenberg_marquardt(chosen, steps, "continued", smoothness=1e-9)
        best.offer(chosen, run.validation(chosen))
        refine(chosen, run, best, steps)


def _from_scratch(
    model: KAN,
    shapes: Sequence[tuple[Width, ...]],
    run: TrainingRun,
    best: BestModel,
    steps: int,
    starts: int,
    pruning: bool,
    race: "Race | None" = None,
) -> KAN:
    """Search, prune and refine; the model whose splines were refined."""
    chosen = search_shapes(model, shapes, run, best, starts, race or Race())
    if pruning:
        run.tell(0.6, "pruning")
        chosen = prune(chosen, run, best)
    refine(chosen, run, best, steps)
    return chosen


@torch.no_grad()
def _only_noise(model: torch.nn.Module, run: TrainingRun) -> bool:
    """Whether the residual has no pattern left."""
    y = run.y if run.x_held is run.x else torch.cat([run.y, run.y_held])
    residual = run.loss.residual(model(run.x_all), y)
    return is_noise(run.x_all.cpu().double().numpy(), residual.cpu().double().numpy())


def from_known_start(model: KAN, run: TrainingRun, best: BestModel, starts: int) -> KAN:
    """The best of several starts of one shape: the constants as given first, then others near."""
    short = run.subset(SEARCH_ROWS)
    raced: list[tuple[float, KAN]] = []
    for start in range(min(starts, NEAR_STARTS)):
        trial = copy.deepcopy(model)
        if start:
            _move_constants(trial, run.seed + 1000 * start)
        reached = race_once(trial, short, f"known start {start + 1}")
        # Constants far off may leave the domain of a function.
        raced.append((reached if math.isfinite(reached) else math.inf, trial))
        best.offer(trial, run.validation(trial))
        lowest = min(error for error, _ in raced)
        run.tell(0.6 * (start + 1) / NEAR_STARTS, f"known start, error {lowest:.1e}")
        agreeing = sum(error < 1.05 * lowest for error, _ in raced)
        if lowest < GOOD or agreeing >= 3:
            break
    _, chosen = min(raced, key=lambda pair: pair[0])
    chosen.refit_grids(run.x, margin=0.01)
    return chosen


def _move_constants(model: KAN, seed: int) -> None:
    """Multiply every free number outside the splines by a random factor near 1."""
    generator = torch.Generator().manual_seed(seed)
    splines = {id(layer.coef) for layer in model.kan_layers}
    with torch.no_grad():
        for parameter, free in FreeParameters.of(model).parts:
            if id(parameter) not in splines:
                factor = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
                factor = (NEAR * factor).exp().to(parameter)
                parameter.mul_(torch.where(free, factor, 1.0))


def _drawn_by_hand(model: KAN) -> bool:
    """Whether somebody chose kinds of edges; then the shape is not ours to change."""
    return any(
        bool((layer.kind != EdgeKind.SPLINE).any() | layer.frozen.any())
        for layer in model.kan_layers
    )


def search_shapes(
    model: KAN,
    shapes: Sequence[tuple[Width, ...]],
    run: TrainingRun,
    best: BestModel,
    starts: int,
    race: Race,
) -> KAN:
    """The first of some shapes whose error falls with the grid as the right shape's does.

    If none does, the first whose error is close to the smallest.

    Parameters
    ----------
    model : gives grid, degree, domain and precision; and its own splines to its own shape.
    shapes : simplest first.
    starts : most random starts for the last shape; the others get a third.
    race : what ends the race of the starts.
    """
    tried: list[tuple[float, KAN]] = []
    for number, widths in enumerate(shapes):
        few = starts if number + 1 == len(shapes) else (starts + 2) // 3
        until = share_of_time(run, len(shapes) - number).within(race.until.left())
        limited = replace(race, until=until)
        found, error, converging = best_of_shape(model, widths, run, few, limited)
        tried.append((error, found))
        best.offer(found, error)
        run.tell(0.6 * (number + 1) / len(shapes), f"{list(widths)}, error {error:.1e}")
        if converging or error < CLEAR:
            break
    smallest_error = min(error for error, _ in tried)
    # Below GOOD the error is mostly that of coarse splines, which wider shapes hide.
    factor = 3.0 if smallest_error < GOOD / 3 else 1.25
    error, chosen = next(pair for pair in tried if pair[0] <= factor * smallest_error)
    best.replace(chosen, error)
    return chosen


def share_of_time(run: TrainingRun, shapes_left: int) -> Deadline:
    """When to go on to the next shape: nobody gets more than twice an equal share."""
    return run.deadline.share(2 / (shapes_left + 1))


def refine(model: KAN, run: TrainingRun, best: BestModel, steps: int) -> None:
    """Finer and finer splines while the held-out error falls."""
    run.levenberg_marquardt(model, steps, "refinement", smoothness=1e-11)
    error = run.validation(model)
    best.offer(model, error)
    while error > PERFECT:
        splines = max(layer.grid for layer in model.kan_layers)
        finer = copy.deepcopy(model)
        finer.refit_grids(run.x_all, margin=0.01)
        finer.refine_grids(2)
        size = len(FreeParameters.of(finer))
        if size > min(MOST_PARAMETERS, len(run.x) * run.y.shape[1]) or 2 * splines > len(run.x) / 4:
            return
        run.tell(min(0.95, 0.7 + splines / 200), f"grid {2 * splines}, error {error:.1e}")
        run.levenberg_marquardt(finer, steps, f"grid {2 * splines}", smoothness=1e-13)
        finer_error = run.validation(finer)
        if not finer_error < 0.9 * error:
            return
        model, error = finer, finer_error
        best.offer(model, error)
