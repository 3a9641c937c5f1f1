"""Runs from their rows to their records; this file is loaded where the work is done."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from kansym.extraction import Extraction, extract
from kansym.extraction.discovery import Discovery, discover
from kansym.neural.readers.black_box import black_box
from kansym.shared.versions import versions
from kansym.studies.bench.judging import Recovery, agreement, gradient_error, judge
from kansym.studies.bench.kind_names import DISCOVER, REWRITES, trained_kind
from kansym.studies.bench.kinds import KINDS, Trained, rewritten
from kansym.studies.bench.protocols import rows_of, rule_of
from kansym.studies.bench.reading_names import FUNCTION, WEIGHTS
from kansym.studies.bench.record import Record
from kansym.studies.bench.rows import DrawnRows
from kansym.studies.bench.runs import ACCURACY, PARAMETERS, Run

__all__ = ["TRAINING_SHARE", "figures", "measure", "read"]

TRAINING_SHARE = 0.6
"""Share of a run's time that training may use; each reading gets what is left."""


def measure(runs: Sequence[Run]) -> Iterator[Record | str]:
    """Do the runs that share one training; yield each stage as it begins, each record.

    Parameters
    ----------
    runs : of one problem, seed and noise, and of one network: read in several ways, as it is and
        rewritten as an MLP.
    """
    run = runs[0]
    rows = rows_of(run)
    if run.kind == DISCOVER:
        yield "searching"
        yield from _searched(run, rows)
        return
    yield "training"
    seconds = TRAINING_SHARE * run.budget.limit
    trained = KINDS[trained_kind(run.kind)](rows.X, rows.y, seconds, run.seed, run.like)
    for each in runs:
        form = rewritten(trained) if each.kind in REWRITES else trained
        budget = max(each.budget.limit - form.seconds, 0.2 * each.budget.limit)
        yield from read(each, form, rows, budget)


def read(run: Run, trained: Trained, rows: DrawnRows, seconds: float) -> Iterator[Record | str]:
    """Read the formula off a trained network in one way, and judge it.

    Parameters
    ----------
    run : says which way.
    trained : the network, of any kind that `kansym.extract` takes.
    rows : those that it learnt from, and others.
    seconds : for the reading.
    """
    yield "reading"
    started, model = time.perf_counter(), trained.model
    # Recovered is what has the exact numbers of the truth, noise or not.
    extraction = extract(
        model,
        rows.X,
        None if run.reading == FUNCTION else rows.y,
        reading="weights" if run.reading == WEIGHTS else "function",
        budget=seconds,
        seed=run.seed,
        exact=True,
        progress=False,
    )
    read_in = time.perf_counter() - started
    yield "judging"
    box = black_box(model, rows.X.to_numpy(dtype=np.float64))
    outputs = box.answers(rows.X_unused)[:, 0]
    network_r2, network_rmse = agreement(outputs, rows.y_unused)
    # What a network alone says is as noisy as the network is wrong.
    noise = max(run.noise, trained.validation) if run.reading == FUNCTION else run.noise
    record = replace(
        _record(run, extraction, rows, noise),
        fidelity=agreement(_predicted(extraction, rows), outputs)[0],
        gradient_error=gradient_error(lambda X: box.gradients(X)[0], run.problem, rows),
        parameters=trained.parameters,
        network=trained.network,
        network_r2=network_r2,
        network_rmse=network_rmse,
        validation=trained.validation,
        equal=_equal(run),
        widths=trained.widths,
        train_seconds=trained.seconds,
        extract_seconds=read_in,
    )
    yield replace(record, seconds=trained.seconds + time.perf_counter() - started)


def _searched(run: Run, rows: DrawnRows) -> Iterator[Record | str]:
    """Search the rows for a law, without a network that was trained before."""
    started = time.perf_counter()
    found = discover(
        rows.X, rows.y, seconds=run.budget.limit, seed=run.seed, exact=True, progress=False
    )
    searched = time.perf_counter() - started
    yield "judging"
    record = replace(
        _record(run, found.result, rows, run.noise),
        network=_origin(found),
        train_seconds=0.0,
        extract_seconds=searched,
    )
    yield replace(record, seconds=time.perf_counter() - started)


def _origin(found: Discovery) -> str:
    """Where the law came from: a source of laws, or the shape of a KAN."""
    read = [attempt for attempt in found.attempts if attempt.best is not None]
    chosen = str(found.result.expr)
    same = [a for a in read for point in a.points if str(point.formulas[0].expr) == chosen]
    nearest = min(read, key=lambda attempt: min(point.error for point in attempt.points))
    return (same or [nearest])[0].origin


def _record(run: Run, extraction: Extraction, rows: DrawnRows, noise: float) -> Record:
    """The record of a run without what is told by its network."""
    problem = run.problem
    record = Record(
        problem.name,
        problem.set,
        run.kind,
        run.seed,
        run.noise,
        "ok",
        recovered=None if problem.formula is None else False,
        strict=None if problem.formula is None else False,
        findings=tuple(dict.fromkeys(finding.status.name for finding in extraction.status)),
        truth=problem.formula,
        versions=versions(),
        reading=run.reading,
    )
    if not extraction.formulas:
        return record
    formula = extraction.formulas[0].expr
    predicted = _predicted(extraction, rows)
    judgement = judge(problem, formula, rows, noise, predicted, rule_of(run))
    return replace(record, formula=str(formula), **figures(judgement))


def _equal(run: Run) -> str | None:
    """What the size of a network was chosen by."""
    if run.like is None:
        return None
    return PARAMETERS if run.like.error is None else ACCURACY


def figures(judgement: Recovery) -> dict[str, Any]:
    """A judgement by the names that records use."""
    found = asdict(judgement)
    checks = {f"recovered_{name}": found.pop(name) for name in ("symbolic", "numerical")}
    return found | checks


def _predicted(extraction: Extraction, rows: DrawnRows) -> np.ndarray | None:
    """The formula on unused rows, its curves included."""
    if not extraction.formulas:
        return None
    values = extraction.formulas[0].numpy(*rows.X_unused.T)
    return np.broadcast_to(np.asarray(values, dtype=np.float64), len(rows.X_unused))
