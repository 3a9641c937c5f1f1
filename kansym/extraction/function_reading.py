"""A model read by its function: what it computes, whatever is written in it.

Structure comes from the model's own gradients; sparse KANs of that structure, and laws that its
answers suggest, are fitted and judged by the data, or by the model where there are none.
"""

import time
from dataclasses import replace
from typing import Any

import numpy as np

from kansym.extraction.agreement import agreement, predicted
from kansym.extraction.class_discovery import LogOddsLaws, laws_of_classes
from kansym.extraction.gathering import labels_of
from kansym.extraction.limits import Limits
from kansym.extraction.model_doubts import better_than_model, model_doubts
from kansym.extraction.plainness import transcription
from kansym.extraction.search import Search
from kansym.extraction.searches import Searches
from kansym.extraction.settings import Settings
from kansym.extraction.split import Split, errors_of, split_rows
from kansym.extraction.weights_reading import reading_of
from kansym.neural.readers.black_box import BlackBox, black_box
from kansym.neural.readers.log_odds import LogOdds
from kansym.neural.readers.tracing import rows_of
from kansym.neural.training.student import Student, more_rows
from kansym.results.joined import joined
from kansym.results.result import Extraction
from kansym.shared.class_labels import Labels, class_shares
from kansym.shared.deadline import Deadline
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
OF_THE_KAN = {Status.OK, Status.LOW_FIDELITY, Status.POOR_NETWORK, Status.TRANSCRIBED}
"""Findings about a KAN that stands for the model: whether it was hit, or transcribed."""
UNFAITHFUL = {Status.LOW_FIDELITY, Status.NETWORK_DIFFERS, Status.TRANSCRIBED}
"""Findings that what a model of classes computes is no formula: the labels choose one then."""
OF_THE_MODEL = 0.5
"""Share of the time for what a model of classes computes."""
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
    box, labels = black_box(model, rows.values), None
    if settings.loss == "cross-entropy":
        labels, y = labels_of(y, len(rows), sigma), None
        box = LogOdds(box, rows.values, len(labels.classes))
        settings = replace(settings, classes=labels.classes)
    asked = rows
    if y is None and labels is None:
        more = ANSWERS if box.noise is None else NOISY_ANSWERS
        asked = Table(more_rows(rows.values, more), rows.names)
    question = _Question(box, asked, y, {"sigma": sigma, "weights": weights}, settings)
    results, searches = [], list[Search]()
    total = settings.budget * (1.0 if labels is None else OF_THE_MODEL)
    with progress_bar(progress, "reading") as tell:
        for position in range(len(question.names)):
            left = total - (time.monotonic() - started)
            search = question.search(position, left, tell)
            results.append(_compared(search.run()[1], question.output(position), search.split))
            searches.append(search)
            if search.interrupted:
                total = 0.0  # the other outputs have no time left
        result = joined(results)
        if labels is not None:
            left = settings.budget - (time.monotonic() - started)
            if any(one.status in UNFAITHFUL for one in result.status) and total > 0:
                result = _by_labels(question, labels, searches, left, tell)
            result = _classified(result, question, labels)
    return _signed(result, question, time.monotonic() - started)


class _Question:
    """What is asked of a black box: its answers at rows, or what was measured there."""

    def __init__(
        self, box: BlackBox, rows: Table, y: Any, errors: dict[str, Any], settings: Settings
    ):
        self.box, self.rows, self.errors, self.settings = box, rows, errors, settings
        self.answers, self.measured = box.finite_answers(rows.values), y is not None
        names = output_names(self.answers.shape[1], rows.names)
        targets = as_targets(y, len(rows), len(names)) if self.measured else None
        self.targets = named_apart(targets or Table(self.answers, names), rows.names)
        self.names = self.targets.names
        self.smooth = box
        if not box.is_smooth(rows.values):
            self.smooth = Student(box, rows.values, STUDENT * settings.budget)

    def output(self, position: int) -> BlackBox:
        """One output of the model."""
        return _Output(self.box, position)

    def search(self, position: int, seconds: float, tell: ProgressCallback) -> Search:
        """The search for the law of an output, in its share of the seconds left for the others."""
        budget = max(LEAST, seconds / (len(self.names) - position))
        target = Table(self.targets.values[:, [position]], (self.names[position],))
        noise = None if self.box.noise is None or self.measured else self.box.noise[[position]]
        output = _Output(self.smooth, position, noise, self.smooth is self.box)
        # Answers with noise are like data.
        data = target if self.measured or self.box.noise is not None else None
        known = self.errors
        if self.box.classifies and not self.measured:
            known = {"sigma": None, "weights": self._doubt(position)}
        errors = errors_of(**known, targets=target if known is not self.errors else data)
        own, rows = self.output(position), self.rows
        split = split_rows(own.answers, rows.values, data, None, self.settings, errors)
        limited = replace(self.settings, budget=budget, loss="squared")
        return Search(rows, target, split, limited, SHAPE, tell, output, known)

    def _doubt(self, position: int) -> np.ndarray:
        """What rows count for a class: p (1 - p), at least as for a share that no row shows."""
        share = class_shares(self.answers)[:, position]
        doubt = np.maximum(share * (1 - share), 1 / len(share))
        own = self.errors["weights"]
        return doubt if own is None else doubt * np.asarray(own, dtype=float)


def _by_labels(
    question: _Question,
    labels: Labels,
    tried: list[Search],
    seconds: float,
    tell: ProgressCallback,
) -> Extraction:
    """Formulas that the labels choose, near the log-odds of a model that is none itself."""
    settings = replace(question.settings, loss="squared")
    searches = Searches(question.rows, settings, SHAPE, None, 1, Deadline.after(seconds), tell)
    laws = LogOddsLaws(question.rows, labels, Limits.of(settings), question.answers)
    for output, search in enumerate(tried):
        laws.add(output, search.attempts, searches.deadline)
    result = laws_of_classes(searches, labels, laws)[0]
    rmse, r2 = agreement(predicted(result.formulas, question.rows.values), question.answers)
    return replace(result, fidelity=replace(result.fidelity, rmse_network=rmse, r2_network=r2))


def _classified(result: Extraction, question: _Question, labels: Labels) -> Extraction:
    """The result with the shares of all rows that formula and model put in the right class."""
    every = np.arange(len(question.rows))
    fidelity = replace(
        result.fidelity,
        rows=len(every),
        held_out_rows=0,
        right=labels.right(predicted(result.formulas, question.rows.values), every),
        right_network=labels.right(question.answers, every),
    )
    made = replace(result.provenance, settings=question.settings.record())
    return replace(result, fidelity=fidelity, provenance=made)


def _signed(result: Extraction, question: _Question, seconds: float) -> Extraction:
    """The result with what was read, how, and in what time."""
    source, reading = question.box.source, reading_of("function", result, seconds)
    made = replace(result.provenance, model=source, readings=(reading,))
    status = result.status
    if question.smooth is not question.box:
        status = (Finding(Status.SMOOTH_STUDENT, "model", source), *status)
    return replace(result, provenance=made, status=status)


def _compared(result: Extraction, box: BlackBox, split: Split) -> Extraction:
    """The result with its fidelity to the model, and what that says about the model."""
    judge, X = split.judge, split.check_X if len(split.check_X) else split.judge.X
    answers, values = box.answers(X), predicted(result.formulas, X)
    rmse_network, r2_network = agreement(values, answers)
    fidelity = replace(result.fidelity, rmse_network=rmse_network, r2_network=r2_network)
    error, long = judge.error(predicted(result.formulas, judge.X)), transcription(result)
    if judge.kind == "data":
        own = box.answers(judge.X)
        said = better_than_model(judge, error, own) or model_doubts(judge, error, own)
    else:
        said = model_doubts(judge, error, plain=long is None)
    # What was found of the KAN of the formula is not meant of the model.
    doubts = [one for one in result.status if one.status not in OF_THE_KAN]
    doubts += [*said, *([] if long is None else [long])]
    fine = Finding(Status.OK, "formula", f"relative error {error:.1e} against the {judge.kind}")
    return replace(result, fidelity=fidelity, status=tuple(doubts) or (fine,))


class _Output(BlackBox):
    """One output of a black box, and whether the model that it stands for is smooth."""

    def __init__(self, box: BlackBox, position: int, noise: Any = None, smooth: bool = True):
        self.box, self.position, self.noise, self.smooth = box, position, noise, smooth
        self.source, self.learned = box.source, box.learned

    def answers(self, X: Any) -> Any:
        return self.box.answers(X)[:, self.position : self.position + 1]

    def gradients(self, X: Any) -> Any:
        return self.box.gradients(X)[self.position : self.position + 1]
