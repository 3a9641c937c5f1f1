"""Training of KANs by second order: the narrowest shape first, coarse splines before fine ones."""

import copy
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from kansym.neural.models.kan import KAN, EdgeKind, Width
from kansym.neural.training.jacobians import FreeParameters
from kansym.neural.training.pruning import (
    can_be_straight,
    embed,
    narrower_widths,
    prune_edges,
    straight,
)
from kansym.neural.training.residual_noise import is_noise
from kansym.neural.training.training_run import SEARCH_ROWS, BestModel, TrainingRun

__all__ = [
    "CLEAR",
    "best_of_shape",
    "from_known_start",
    "prune",
    "refine",
    "search_shapes",
    "share_of_time",
    "train_kan",
]

GOOD, CLEAR, PERFECT = 2e-2, 1e-4, 1e-6
"""Relative errors: a start worth refining, a shape that is surely right, nothing left to gain."""
MOST_PARAMETERS = 2500
LOWER = 0.3
"""Share of the error of a wrong minimum below which a start is in another one."""
AGAIN = 6
"""Trainings from other starts where the best one leaves more than noise."""
AGREEING = 0.02
"""Relative difference of the errors of two trainings that have come to the same minimum."""
AGAIN_SECONDS = 15.0
"""Time until which they are begun; twice that of the first if it took longer."""
LINES = 6
"""Starts with straight edges in a layer: the lines that come nearest, then some at random."""
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
        until = run.started + max(AGAIN_SECONDS, 2 * (time.perf_counter() - run.started))
        for number in range(1, AGAIN + 1):
            late = time.perf_counter() > until
            if late or starts == 1 or best.error < CLEAR or _only_noise(best.model, run):
                break
            # A fine error with a pattern in it is a wrong minimum more often than not.
            other, elsewhere = BestModel(model, run, fresh=True), copy.copy(run)
            elsewhere.seed = run.seed + 100_000 * number
            longer = Race(good=min(GOOD, LOWER * best.error), agreeing=starts, until=until)
            _from_scratch(model, [chosen.widths], elsewhere, other, steps, starts, pruning, longer)
            again = _agree(other.error, best.error)
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


def _agree(error: float, other: float) -> bool:
    """Whether two trainings have come to the same minimum."""
    return abs(error - other) <= AGREEING * other


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
        reached = _race(trial, short, f"known start {start + 1}")
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


@dataclass(frozen=True)
class Race:
    """What ends a race of random starts before all have run.

    Attributes
    ----------
    good : relative error of a start that is taken at once.
    agreeing : starts that have come to the same lowest error, which then is the noise.
    until : time, of `time.perf_counter`.
    """

    good: float = GOOD
    agreeing: int = 4
    until: float = math.inf


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
        until = min(race.until, share_of_time(run, len(shapes) - number))
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


def share_of_time(run: TrainingRun, shapes_left: int) -> float:
    """When to go on to the next shape: nobody gets more than twice an equal share."""
    now = time.perf_counter()
    return now + 2.0 * (run.deadline - now) / (shapes_left + 1)


def best_of_shape(
    model: KAN, widths: tuple[Width, ...], run: TrainingRun, starts: int, race: Race
) -> tuple[KAN, float, bool]:
    """The best model of one shape, its error, and whether that falls with the grid.

    A start that fits well but does not improve on a finer grid sits in a wrong minimum: the next
    starts are tried then.
    """
    best: tuple[KAN, float] | None = None
    first = 0
    while first < starts and (first == 0 or time.perf_counter() < race.until):
        found, coarse, first = _best_start(model, widths, run, range(first, starts), race)
        fine = _doubled(found, run)
        again = best is not None and _agree(fine, best[1])
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
        raced.append((_race(trial, short, f"{list(widths)} start {start + 1}"), trial))
        following = start + 1
        best = min(error for error, _ in raced)
        same = sum(error < 1.05 * best for error, _ in raced)
        if best < race.good or same >= race.agreeing or time.perf_counter() > race.until:
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


def _race(trial: KAN, run: TrainingRun, phase: str) -> float:
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


def prune(model: KAN, run: TrainingRun, best: BestModel, floor: float = 3e-5) -> KAN:
    """Without the edges that retraining does not miss."""
    short = run.subset(SEARCH_ROWS)

    def retrain(smaller: KAN) -> float:
        short.levenberg_marquardt(
            smaller, 15, "pruning", smoothness=1e-11, tolerance=1e-2, patience=2
        )
        return run.validation(smaller)

    error = run.validation(model)
    sparse = _sparsified(model, short)
    if retrain(sparse) <= 1.5 * error:
        model, error = sparse, run.validation(sparse)
    pruned, error = prune_edges(model, short.x, retrain, error, floor=floor)
    pruned, error = _straightened(pruned, error, short, max(1.1 * error, floor))
    best.replace(pruned, error)
    return pruned


def _straightened(model: KAN, error: float, run: TrainingRun, limit: float) -> tuple[KAN, float]:
    """With lines in place of the splines of a layer, where that fits as well."""
    for position in range(len(model.kan_layers)):
        # The functions into a single node are unique; several nodes may share one out.
        several = int((model.kan_layers[position].kind != EdgeKind.ABSENT).any(1).sum()) > 1
        starts = LINES if several else 1
        for start in range(starts if can_be_straight(model, position) else 0):
            trial = straight(model, position, run.x, seed=start)
            if start and _race(trial, run, "straight edges") > max(GOOD, 10 * limit):
                continue
            run.levenberg_marquardt(
                trial, 20, "straight edges", smoothness=1e-11, tolerance=1e-3, patience=2
            )
            reached = run.validation(trial)
            if reached <= limit:
                model, error = trial, reached
                break
    return model, error


def _sparsified(model: KAN, run: TrainingRun) -> KAN:
    """Pulled towards few large edges: among equal fits, the one that a person would draw."""
    sparse = copy.deepcopy(model)
    pulled = copy.copy(run)
    for weight in (1e-2, 1e-3, 1e-4):
        pulled.sparsity = weight
        pulled.levenberg_marquardt(sparse, 12, "sparsity", tolerance=1e-3, patience=2)
        sparse.refit_grids(run.x, margin=0.01)
    return sparse


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
