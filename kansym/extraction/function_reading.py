"""A model read by its function: what it computes, whatever is written in it.

Structure comes from the model's own gradients; sparse KANs of that structure, and laws that its
answers suggest, are fitted and judged by the data, or by the model where there are none.
"""

import time
from dataclasses import replace
from typing import Any

from kansym.extraction.agreement import agreement, predicted
from kansym.extraction.search import Search
from kansym.extraction.settings import Settings
from kansym.extraction.split import Split, errors_of, split_rows
from kansym.extraction.weights_reading import reading_of
from kansym.neural.readers.black_box import BlackBox, black_box
from kansym.neural.readers.tracing import rows_of
from kansym.neural.training.student import Student, more_rows
from kansym.results.joined import joined
from kansym.results.result import Extraction
from kansym.shared.errors import InputError
from kansym.shared.progress import ProgressCallback, progress_bar
from kansym.shared.status import Finding, Status
from kansym.shared.tables import Table, as_targets, named_apart, output_names

__all__ = ["read_function"]

FEWEST = 20
"""Rows below which nothing can be said about a function."""
ANSWERS, NOISY_ANSWERS = 1000, 2000
"""Rows on which a model answers, if it judges and was given fewer; the same where noise has to
average out."""
LEAST = 0.02
"""Least seconds for an output."""
STUDENT = 0.25
"""Share of the time for a smooth student of a rough model."""
BETTER = 0.5
"""Error of a formula over that of the model below which it knows more than the model."""
FAITHFUL = 1e-3
"""Relative error below which a formula misses nothing that matters."""
SHAPE = {"grid": 4, "degree": 3, "starts": 6}
"""Of the dense KANs that are tried where gradients show no structure."""


def read_function(
    model: Any,
    X: Any,
    y: Any,
    settings: Settings,
    progress: bool | ProgressCallback | None = None,
    *,
    sigma: Any = None,
    weights: Any = None,
) -> Extraction:
    """A formula for what a model computes.

    Parameters
    ----------
    model : anything that `kansym.neural.readers.black_box.black_box` asks.
    X, y, sigma, weights : as in `kansym.extract`.
    settings : of the reading; its budget is the time for everything.
    progress : as in `kansym.extract`.

    Raises
    ------
    InputError
        If there are fewer than 20 rows, or the model's answers cannot be used.
    """
    started = time.monotonic()
    rows = rows_of(model, X)
    if len(rows) < FEWEST:
        raise InputError(
            f"X has {len(rows)} rows, too few to see what a model computes: give at least {FEWEST}."
        )
    box = black_box(model, rows.values)
    measured = y is not None or box.noise is not None  # answers with noise are like data
    more = ANSWERS if box.noise is None else NOISY_ANSWERS
    asked = rows if y is not None else Table(more_rows(rows.values, more), rows.names)
    findings, answers = [], box.finite_answers(asked.values)
    names = output_names(answers.shape[1], rows.names)
    targets = Table(answers, names) if y is None else as_targets(y, len(rows), len(names))
    targets = named_apart(targets, rows.names)
    with progress_bar(progress, "reading") as tell:
        smooth = box
        if not box.is_smooth(asked.values):
            smooth = Student(box, rows.values, STUDENT * settings.budget)
            findings.append(Finding(Status.SMOOTH_STUDENT, "model", box.source))
        results, total = [], settings.budget
        for position, name in enumerate(targets.names):
            left = total - (time.monotonic() - started)
            budget = max(LEAST, left / (len(names) - position))
            target = Table(targets.values[:, position : position + 1], (name,))
            noise = None if box.noise is None or y is not None else box.noise[[position]]
            own, output = _Output(box, position), _Output(smooth, position, noise, smooth is box)
            errors = errors_of(sigma, weights, None if y is None else target)
            data = target if measured else None
            split = split_rows(own.answers, asked.values, data, None, settings, errors)
            limited, given = replace(settings, budget=budget), {"sigma": sigma, "weights": weights}
            search = Search(asked, target, split, limited, SHAPE, tell, output, given)
            results.append(_compared(search.run()[1], own, split))
            if search.interrupted:
                total = 0.0  # the other outputs have no time left
    return _signed(joined(results), box, findings, time.monotonic() - started)


def _signed(
    result: Extraction, box: BlackBox, findings: list[Finding], seconds: float
) -> Extraction:
    """The result with what was read, how, and in what time."""
    reading = reading_of("function", result, seconds)
    made = replace(result.provenance, model=box.source, readings=(reading,))
    status = (*findings, *result.status) if findings else result.status
    return replace(result, provenance=made, status=status)


def _compared(result: Extraction, box: BlackBox, split: Split) -> Extraction:
    """The result with its fidelity to the model, and what that says about the model."""
    X = split.check_X if len(split.check_X) else split.judge.X
    answers, values = box.answers(X), predicted(result.formulas, X)
    rmse_network, r2_network = agreement(values, answers)
    fidelity = replace(result.fidelity, rmse_network=rmse_network, r2_network=r2_network)
    doubts = [finding for finding in result.status if finding.status is not Status.OK]
    if split.judge.kind == "data":
        own = split.judge.error(box.answers(split.judge.X))
        error = split.judge.error(predicted(result.formulas, split.judge.X))
        detail = f"relative error {error:.1e}, that of the model is {own:.1e}"
        if error < BETTER * own:
            doubts.append(Finding(Status.BETTER_THAN_NETWORK, "formula", detail))
        elif error > max(own / BETTER, FAITHFUL):
            doubts.append(Finding(Status.LOW_FIDELITY, "formula", detail))
    return replace(result, fidelity=fidelity, status=tuple(doubts) or result.status)


class _Output(BlackBox):
    """One output of a black box, and whether the model that it stands for is smooth."""

    def __init__(self, box: BlackBox, position: int, noise: Any = None, smooth: bool = True):
        self.box, self.position, self.noise, self.smooth = box, position, noise, smooth
        self.source, self.learned = box.source, box.learned

    def answers(self, X: Any) -> Any:
        return self.box.answers(X)[:, self.position : self.position + 1]

    def gradients(self, X: Any) -> Any:
        return self.box.gradients(X)[self.position : self.position + 1]
