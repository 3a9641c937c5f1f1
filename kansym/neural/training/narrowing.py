"""A trained KAN without the edges, and the curves, that retraining does not miss."""

import copy

from kansym.neural.models.kan import KAN, EdgeKind
from kansym.neural.training.pruning import can_be_straight, prune_edges, straight
from kansym.neural.training.random_starts import GOOD, race_once
from kansym.neural.training.training_run import SEARCH_ROWS, BestModel, TrainingRun

__all__ = ["prune"]

STRAIGHT_STARTS = 6
"""Starts with straight edges in a layer: the lines that come nearest, then some at random."""
NEAR = 3e-5
"""Relative error that is good enough whatever the model had."""


def prune(model: KAN, run: TrainingRun, best: BestModel) -> KAN:
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
    pruned, error = prune_edges(model, short.x, retrain, error, floor=NEAR)
    pruned, error = _straightened(pruned, error, short, max(1.1 * error, NEAR))
    best.replace(pruned, error)
    return pruned


def _straightened(model: KAN, error: float, run: TrainingRun, limit: float) -> tuple[KAN, float]:
    """With lines in place of the splines of a layer, where that fits as well."""
    for position in range(len(model.kan_layers)):
        # The functions into a single node are unique; several nodes may share one out.
        several = int((model.kan_layers[position].kind != EdgeKind.ABSENT).any(1).sum()) > 1
        starts = STRAIGHT_STARTS if several else 1
        for start in range(starts if can_be_straight(model, position) else 0):
            trial = straight(model, position, run.x, seed=start)
            if start and race_once(trial, run, "straight edges") > max(GOOD, 10 * limit):
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
