"""Laws for the log-odds of classes: measured rows suggest forms, and labels choose between them.

Near given log-odds labels are like measured values with known errors (the working responses of
Fisher's scoring), so that every source of laws serves classes too. The log-odds of the best forms
give better responses, for which laws are sought again.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations_with_replacement, count
from typing import Any

import numpy as np
import sympy

from kansym.extraction.agreement import predicted
from kansym.extraction.attempt import Attempt
from kansym.extraction.formulas import STEP, front_point, not_dominated
from kansym.extraction.grouped_discovery import different_forms
from kansym.extraction.law_reading import kan_of, law_result
from kansym.extraction.limits import Limits
from kansym.extraction.searches import Searches, SearchOutcome, every_output
from kansym.extraction.settings import Settings
from kansym.extraction.split import DATA_FLOOR, Split
from kansym.extraction.weights_reading import as_interrupted
from kansym.neural.models.kan import KAN
from kansym.results.joined import joined
from kansym.results.parts import FrontPoint
from kansym.results.result import Extraction
from kansym.shared.class_labels import Labels
from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError
from kansym.shared.row_errors import RowErrors
from kansym.shared.status import Finding, Status
from kansym.shared.tables import Table, named_apart
from kansym.symbolic.choosing.class_judge import LabelledRows
from kansym.symbolic.choosing.judge import Judge
from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.relevance import relevant_inputs
from kansym.symbolic.measurements.description_length import description_length
from kansym.symbolic.measurements.formula_fit import FormulaFit
from kansym.symbolic.measurements.refitting import refitted_form

__all__ = ["LogOddsLaws", "laws_of_classes"]

ROUNDS, SEARCHING = 3, 0.7
"""Most times that laws are sought, each near the log-odds of the last, and their share of the time;
the rest is for fitting forms to the labels."""

MOST_SURE = 30.0
"""Log-odds beyond which a class is certain to rounding: what a form says there is no better."""

MOST_DEGREE, ROWS_OF_A_TERM, MOST_CELLS = 4, 10, 10_000_000
"""Of the polynomials to begin with, in the inputs that matter, with a term for so many rows; and
the size of the table of their terms."""
SURE = 3.0
"""Root mean square of log-odds to begin with, at most: surer rows would hardly count."""
MOST_ROWS = 5000
"""Rows that forms are sought for; where there are more, the shortest ones are fitted to all."""
SUGGESTED, LEAST = 6, 0.3
"""Forms of a search that are fitted to the labels, and seconds for that when the time is up."""


@dataclass(frozen=True, eq=False)
class _Form:
    """A formula for the log-odds of one class, where it makes the labels likeliest."""

    formula: Formula
    values: np.ndarray
    bits: float


class LogOddsLaws:
    """Forms for the log-odds of every class but the first against the first.

    Parameters
    ----------
    inputs : the rows.
    labels : their classes.
    limits : what a formula may be.
    scores : log-odds of a model to begin with (rows, outputs); of polynomials unless given.
    """

    def __init__(
        self,
        inputs: Table,
        labels: Labels,
        limits: Limits,
        scores: np.ndarray | None = None,
    ):
        self.inputs, self.labels, self.limits = inputs, labels, limits
        self.names = named_apart(Table(labels.targets, labels.outputs), inputs.names).names
        self._rows = np.arange(len(inputs))
        found = _of_polynomials(inputs.values, labels) if scores is None else scores
        found = np.clip(found, -MOST_SURE, MOST_SURE)
        size = float(np.sqrt(np.mean(found**2)))
        self.scores = found * min(1.0, SURE / size) if size > 0 else found
        self._forms: list[dict[sympy.Expr, _Form]] = [{} for _ in self.names]

    @property
    def responses(self) -> tuple[Table, np.ndarray]:
        """Values that the log-odds should have near those so far, and their standard errors."""
        responses, weights = self.labels.working_responses(self.scores, self._rows)
        return Table(responses, self.names), 1 / np.sqrt(weights)

    def add(self, output: int, tried: Sequence[Attempt], deadline: Deadline) -> bool:
        """Choose anew for an output, with what a search tried; whether the choice is another."""
        return self._choose(output, self._suggested(output, tried), deadline)

    def adopt(self, others: "LogOddsLaws", deadline: Deadline) -> None:
        """Fit the shortest forms that were found for some of the rows."""
        for output in range(len(self.names)):
            known = sorted(others._forms[output].values(), key=lambda form: form.bits)
            self._choose(output, [form.formula for form in known[:SUGGESTED]], deadline)

    def _choose(self, output: int, new: Sequence[Formula], deadline: Deadline) -> bool:
        """Fit new forms of an output, and choose; whether the choice is another."""
        forms = self._forms[output]
        before = self._best(output).formula.template if forms else None
        # What is likeliest for one class depends on the log-odds of the others.
        old = [form.formula for form in forms.values()] if len(self.names) > 1 else []
        until = deadline.or_after(LEAST)
        for formula in (*old, *new):
            if forms and until.passed:
                break
            if (likeliest := self._likeliest(output, formula)) is not None:
                forms[formula.template] = likeliest
        if not forms:
            return False
        best = self._best(output)
        self.scores = self._with(output, best.values)
        return best.formula.template != before

    def _suggested(self, output: int, tried: Sequence[Attempt]) -> list[Formula]:
        """New forms that describe the responses shortest, each with and without an offset."""
        judge = self._judge(output)

        def length(point: FrontPoint) -> float:
            return judge.length(point.error, point.complexity)

        points = [p for attempt in tried for p in attempt.points if self.limits.allow(p)]
        best = sorted(points, key=length)[:SUGGESTED]
        suggested = different_forms(f for point in best for f in point.formulas)
        again = [front_point(judge, (form,), selected=False) for form in suggested]
        nothing = Formula(sympy.Integer(0), self.inputs.names, ())
        forms = [*(f for point in sorted(again, key=length) for f in point.formulas), nothing]
        new = chain(*((*_with_offset(form), form) for form in forms))
        known = self._forms[output]
        return [f for f in new if f.constants and f.template not in known and self._is_wanted(f)]

    def _is_wanted(self, form: Formula) -> bool:
        """Whether a form is within the limits."""
        return self.limits.allow(FrontPoint((form,), form.complexity, 0.0))

    def _best(self, output: int) -> _Form:
        """The form of the shortest description."""
        return min(self._forms[output].values(), key=lambda form: form.bits)

    def _with(self, output: int, values: np.ndarray) -> np.ndarray:
        """The log-odds with others of one output."""
        scores = self.scores.copy()
        scores[:, output] = np.clip(values, -MOST_SURE, MOST_SURE)
        return scores

    def _likeliest(self, output: int, formula: Formula) -> _Form | None:
        """A form with the constants that make the labels likeliest, the other outputs as they are.

        None if it has no value on some row, or no minimum.
        """
        X, undefined = self.inputs.values, np.full_like(self.scores, np.nan)

        def fit(form: Formula, y: np.ndarray, weights: np.ndarray) -> tuple[Any, np.ndarray]:
            errors = RowErrors(np.sqrt(weights[:, output]), absolute=True)
            found = refitted_form(form, X, y[:, output], errors)
            return found, undefined if found is None else self._with(
                output, found.formula.numpy(*X.T)
            )

        def again(fitted: FormulaFit, *responses: np.ndarray) -> tuple[Any, np.ndarray]:
            return fit(fitted.formula, *responses)

        with np.errstate(all="ignore"):
            first, scores = fit(formula, *self.labels.working_responses(self.scores, self._rows))
            found, scores, loss = self.labels.likeliest(again, first, scores, self._rows)
        if not np.isfinite(loss):
            return None
        deviance = 2 * np.log(2) * self.labels.surprise(scores)
        bits = description_length(replace(found, chi2=deviance), found.residuals)
        return _Form(found.formula, scores[:, output], bits)

    def result(self, settings: Settings, deadline: Deadline) -> tuple[tuple[KAN, ...], Extraction]:
        """A KAN for each output, and the result for all.

        Raises
        ------
        InputError
            If no form of some output has a value on all rows.
        """
        made = [self._result(output, settings, deadline) for output in range(len(self.names))]
        result = joined([one for _, one in made])
        scores = predicted(result.formulas, self.inputs.values)
        right = self.labels.right(scores, self._rows)
        fidelity = replace(result.fidelity, right=right, right_network=None)
        doubts = tuple(one for one in result.status if one.status is not Status.OK)
        fine = Finding(Status.OK, "formula", f"{100 * right:.1f} % of the rows in the right class")
        return tuple(model for model, _ in made), replace(
            result, fidelity=fidelity, status=doubts or (fine,)
        )

    def _judge(self, output: int) -> Judge:
        """The responses of an output as they are now."""
        responses, errors = self.responses
        y, weights = responses.values[:, [output]], errors[:, [output]] ** -2
        return Judge(self.inputs.values, y, "data", DATA_FLOOR, weights)

    def _result(
        self, output: int, settings: Settings, deadline: Deadline
    ) -> tuple[KAN, Extraction]:
        """The KAN and the result of one output."""
        judge, X = self._judge(output), self.inputs.values
        split = Split(judge, X[:0], labelled=LabelledRows(self.labels, self._rows, self._rows[:0]))
        if not self._forms[output]:
            raise InputError(
                f"No formula for the {self.names[output]} within the limits has a value on every "
                "row: give more rows, more seconds, or wider limits."
            )
        best, spent = self._best(output), {"search": settings.budget - deadline.left()}
        points = [
            front_point(judge, (form.formula,), selected=form is best)
            for form in self._forms[output].values()
        ]
        front = not_dominated(points, STEP)
        point = next(point for point in front if point.selected)
        name, model = self.names[output], kan_of(best.formula, self.inputs, self.names[output])
        result = law_result(
            point, front, model, self.inputs, name, split, settings, spent, deadline
        )
        return model, result


def _of_polynomials(X: np.ndarray, labels: Labels) -> np.ndarray:
    """Log-odds by polynomials with shrunk coefficients: near enough for the first responses."""
    rows = len(X)
    shown = Rows(X, labels.targets[:, 0], tuple(f"x{i}" for i in range(X.shape[1])))
    X = X[:, relevant_inputs(shown)]
    inputs = X.shape[1]
    most = min(rows / ROWS_OF_A_TERM, MOST_CELLS / rows)
    degrees = range(1, MOST_DEGREE + 1)
    degree = max(1, sum(math.comb(inputs + degree, degree) < most for degree in degrees))
    spread = X.std(axis=0)
    scaled = (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    terms = chain(*(combinations_with_replacement(scaled.T, d) for d in range(degree + 1)))
    columns = np.stack([np.prod(np.array([np.ones(rows), *term]), axis=0) for term in terms], 1)

    def fit(_: Any, y: np.ndarray, weights: np.ndarray) -> tuple[None, np.ndarray]:
        ridge = np.eye(columns.shape[1])
        solved = [
            np.linalg.solve(columns.T @ (w[:, None] * columns) + ridge, columns.T @ (w * z))
            for z, w in zip(y.T, weights.T, strict=True)
        ]
        return None, columns @ np.transpose(solved)

    first = np.zeros((rows, len(labels.classes) - 1))
    return labels.likeliest(fit, None, first, np.arange(rows))[1]


def _with_offset(formula: Formula) -> tuple[Formula, ...]:
    """A formula with a free constant added, if it has none: classes are not equally common."""
    free = {sympy.Symbol(c.name) for c in formula.constants if c.exact is None}
    if free & set(sympy.Add.make_args(formula.template)):
        return ()
    taken = {*formula.inputs, *(constant.name for constant in formula.constants)}
    name = next(name for n in count(1) if (name := f"c{n}") not in taken)
    constants = (*formula.constants, Constant(name, 0.0))
    template = formula.template + sympy.Symbol(name)
    return (replace(formula, template=template, constants=constants, covariance=None),)


def laws_of_classes(
    searches: Searches, labels: Labels, laws: LogOddsLaws | None = None
) -> tuple[Extraction, tuple[KAN, ...], tuple[Attempt, ...]]:
    """Laws for the log-odds of classes, the KANs that compute them, and all that was tried.

    Parameters
    ----------
    searches : what each search is given beside its target.
    labels : of the rows.
    laws : that know forms already.
    """
    deadline, limits, inputs = searches.deadline, Limits.of(searches.settings), searches.inputs
    settings = replace(searches.settings, loss="cross-entropy", classes=labels.classes)
    whole = LogOddsLaws(inputs, labels, limits) if laws is None else laws
    if laws is None and len(inputs) > MOST_ROWS:
        shown = np.random.default_rng(0).permutation(len(inputs))[:MOST_ROWS]
        some = Table(inputs.values[shown], inputs.names, inputs.units)
        laws = LogOddsLaws(some, labels.of_rows(shown), limits)
        tried, interrupted = _seek(laws, replace(searches, inputs=some))
        deadline = deadline.within(0.0) if interrupted else deadline
        whole.adopt(laws, deadline)
    else:
        tried, interrupted = _seek(whole, searches)
        deadline = deadline.within(0.0) if interrupted else deadline
    models, result = whole.result(settings, deadline)
    return as_interrupted(result) if interrupted else result, models, tried


def _seek(laws: LogOddsLaws, searches: Searches) -> tuple[tuple[Attempt, ...], bool]:
    """Searches near log-odds that become better, until they suggest nothing new or a Ctrl-C."""
    tried, deadline, interrupted = list[Attempt](), searches.deadline, False
    for number in range(ROUNDS):
        until = deadline.share(1 / (ROUNDS - number))
        found = _near(laws, searches, until.share(SEARCHING))
        tried += [attempt for one in found for attempt in one.attempts]
        if interrupted := any(one.interrupted for one in found):
            deadline = deadline.within(0.0)
        changed = [laws.add(k, one.attempts, deadline) for k, one in enumerate(found)]
        if not any(changed) or deadline.passed:
            break
    return tuple(tried), interrupted


def _near(laws: LogOddsLaws, searches: Searches, until: Deadline) -> list[SearchOutcome]:
    """What is found for the responses near the log-odds of now."""
    targets, errors = laws.responses

    def search_for(output: int, seconds: float) -> dict[str, Any]:
        target = Table(targets.values[:, [output]], (targets.names[output],))
        known = {"sigma": errors[:, output], "weights": None}
        return searches.given(target, known, seconds, doubted=False, earlier=())

    return every_output(search_for, len(targets.names), searches.jobs, until, searches.tell)
