"""One run from its rows to its record; this file is loaded where the work is done."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

from kansym.extraction import Extraction, extract
from kansym.shared.versions import versions
from kansym.studies.bench.judging import Recovery, agreement, gradient_error, judge
from kansym.studies.bench.kind_names import REWRITTEN
from kansym.studies.bench.kinds import KINDS, Trained, rewritten
from kansym.studies.bench.record import Record
from kansym.studies.bench.rows import Rows, draw_rows
from kansym.studies.bench.runs import ACCURACY, PARAMETERS, Run

__all__ = ["measure"]

TRAINING_SHARE = 0.6
"""Share of a run's time that training may use; extraction gets what is left."""


def measure(runs: Sequence[Run]) -> Iterator[Record | str]:
    """Do one run, or a KAN and its rewritten form; yield each stage as it begins, each record.

    Parameters
    ----------
    runs : one run; or two of one problem, seed and noise, of which the second is ``kan-as-mlp``.
    """
    run = runs[0]
    started = time.perf_counter()
    rows = draw_rows(run.problem, run.budget.rows, run.seed, run.noise)
    yield "training"
    seconds = TRAINING_SHARE * run.budget.limit
    trained = KINDS[run.kind].train(rows.X, rows.y, seconds, run.seed, run.like)
    for each in runs:
        if each is not run and each.kind == REWRITTEN:
            started, trained = time.perf_counter() - trained.seconds, rewritten(trained)
        if each.wanted:
            yield "extracting"
            yield from _records(each, trained, rows, started)


def _records(run: Run, trained: Trained, rows: Rows, started: float) -> Iterator[Record | str]:
    """Read the formula off a trained network and judge it."""
    extracting = time.perf_counter()
    budget = max(run.budget.limit - trained.seconds, 0.2 * run.budget.limit)
    model = trained.model
    # Recovered is what has the exact numbers of the truth, noise or not.
    extraction = extract(
        model, rows.X, rows.y, budget=budget, seed=run.seed, exact=True, progress=False
    )
    extracted = time.perf_counter()
    yield "judging"
    problem = run.problem
    record = Record(
        problem.name,
        problem.set,
        run.kind,
        run.seed,
        run.noise,
        "ok",
        recovered=None if problem.formula is None else False,
        fidelity=_fidelity(extraction, trained.model, rows),
        gradient_error=gradient_error(lambda X: _gradient(model, X), problem, rows),
        parameters=trained.parameters,
        network=trained.network,
        validation=trained.validation,
        equal=_equal(run),
        widths=trained.widths,
        train_seconds=trained.seconds,
        extract_seconds=extracted - extracting,
        findings=tuple(dict.fromkeys(finding.status.name for finding in extraction.status)),
        truth=problem.formula,
        versions=versions(),
    )
    network_r2, network_rmse = agreement(_outputs(model, rows.X_unused), rows.y_unused)
    record = replace(record, network_r2=network_r2, network_rmse=network_rmse)
    if extraction.formulas:
        formula = extraction.formulas[0]
        predicted = _predicted(extraction, rows)
        judgement = judge(problem, formula.expr, rows, run.noise, predicted)
        record = replace(record, formula=str(formula.expr), **_figures(judgement))
    yield replace(record, seconds=time.perf_counter() - started)


def _equal(run: Run) -> str | None:
    """What the size of a network was chosen by."""
    if run.like is None or run.kind == REWRITTEN:
        return None
    return PARAMETERS if run.like.error is None else ACCURACY


def _figures(judgement: Recovery) -> dict[str, Any]:
    """A judgement by the names that records use."""
    return {
        "recovered": judgement.recovered,
        "recovered_symbolic": judgement.symbolic,
        "recovered_numerical": judgement.numerical,
        "difference": judgement.difference,
        "r2": judgement.r2,
        "rmse": judgement.rmse,
        "complexity": judgement.complexity,
        "truth_complexity": judgement.truth_complexity,
        "form": judgement.form,
    }


def _fidelity(extraction: Extraction, model: nn.Module, rows: Rows) -> float | None:
    """R² of the formula against the network on unused rows."""
    predicted = _predicted(extraction, rows)
    return agreement(predicted, _outputs(model, rows.X_unused))[0]


def _predicted(extraction: Extraction, rows: Rows) -> np.ndarray | None:
    """The formula on unused rows, its curves included."""
    if not extraction.formulas:
        return None
    values = extraction.formulas[0].numpy(*rows.X_unused.T)
    return np.broadcast_to(np.asarray(values, dtype=np.float64), len(rows.X_unused))


def _tensor(model: nn.Module, X: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(X).to(next(model.parameters()))


@torch.no_grad()
def _outputs(model: nn.Module, X: np.ndarray) -> np.ndarray:
    return model(_tensor(model, X))[:, 0].double().numpy()


def _gradient(model: nn.Module, X: np.ndarray) -> np.ndarray:
    """Derivatives of the network's output by its inputs, row by row."""
    x = _tensor(model, X).requires_grad_()
    (found,) = torch.autograd.grad(model(x)[:, 0].sum(), x)
    return found.double().numpy()
