"""Few measured rows: which formula describes them shortest, its constants counted as measured."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import sympy

from kansym.extraction.attempt import Attempt
from kansym.extraction.formulas import front_point
from kansym.extraction.settings import Settings
from kansym.extraction.split import Split
from kansym.results.result import Extraction
from kansym.shared.bounded_time import within
from kansym.shared.deadline import Deadline
from kansym.shared.row_errors import RowErrors, row_errors
from kansym.shared.status import Finding, Status
from kansym.symbolic.choosing.judge import Judge
from kansym.symbolic.constants.finishing import finish
from kansym.symbolic.formulas.anonymous_form import anonymous_form
from kansym.symbolic.formulas.complexity import complexity, complexity_of_form
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.measurements.description_length import description_length
from kansym.symbolic.measurements.equal_constants import with_equal_constants
from kansym.symbolic.measurements.formula_fit import FormulaFit
from kansym.symbolic.measurements.growing_errors import (
    ROUNDING,
    growing_errors,
    scatter_finding,
    weights_of,
)
from kansym.symbolic.measurements.refitting import Exact, refitted_form
from kansym.symbolic.measurements.simple_laws import simple_laws

__all__ = [
    "LOOKED_AT",
    "LOOKING",
    "FewRows",
    "by_their_scatter",
    "may_be_exact",
    "with_scatter",
]

LIKELIEST, COMPUTED = 3, 1e-6
"""How many simple laws are finished, and error of rows that were computed."""
SOUGHT, UNUSUAL = 4.0, 0.3
"""Bits that a law costs whose form is none of the simple ones, and for each bit of its form: of the
many that were sought, the more the longer they are, some fit few rows by chance."""
LONGER = 4.0
"""Bits by which a usual form may be longer than another with as many constants."""
_TURN_BITS = 2.0
"""For each doubling of a wave's turns: the frequencies that rows tell apart, and their phases."""
RIVAL, _RIVALS, _SAME = 4.3, 3, 0.02
"""Bits that a rival takes more at most, a BIC of 6; how many are told; and how far apart, in parts
of the residual, two formulas are two."""
MOST = 200
"""Rows up to which a network may have learned the noise; more of them are read from it alone."""
LOOKING, LOOKED_AT = 0.2, 12
"""Seconds for a look at the scatter of the rows when the time is up, and laws that it is seen by: a
rich one may follow what is only the scatter of large values."""
SIMPLE_LAWS = 60
"""Most simple laws that are looked at: there are more of very many inputs."""
FINISHING = 0.7
"""Seconds for the exact numbers of a law."""


def may_be_exact(exact: Exact, error: float, *, few: bool) -> bool:
    """Whether constants may become exact numbers, if that is asked, and a law has that error.

    The constants of few measured rows are measured; only exponents are plain numbers, and others
    are hypotheses beside them. Rows that a law misses by next to nothing were computed.
    """
    return exact is True or (exact is not False and not few) or error < COMPUTED


@dataclass(frozen=True, eq=False)
class FewRows:
    """Rows that decide, so few that a richer form may fit them better by chance.

    Attributes
    ----------
    names : of the inputs.
    X, y, errors : shapes (rows, inputs) and (rows,), and the errors of the rows.
    simple : forms that tables follow most often; any other costs what seeking it does.
    """

    names: tuple[str, ...]
    X: np.ndarray
    y: np.ndarray
    errors: RowErrors
    simple: set[sympy.Expr] = field(default_factory=set, repr=False)
    _fits: dict[str, FormulaFit | None] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, split: Split, names: tuple[str, ...]) -> Self | None:
        """The rows of a judge; None if they are many, or no measured ones of one output."""
        judge = split.judge
        if split.measured is None or judge.y.shape[1] != 1 or len(judge.X) > MOST:
            return None
        return cls(names, judge.X, judge.y[:, 0], split.errors_used or row_errors(len(judge.X)))

    def of_errors(self, errors: RowErrors | None) -> Self:
        """The same rows with other errors."""
        known = errors or row_errors(len(self.y))
        return replace(self, errors=known, _fits={})

    def laws(self, until: Deadline) -> list[FormulaFit]:
        """Simple laws fitted to the rows, shortest description first."""
        laws = simple_laws(self.names, self.X, self.y, self.errors, until)[:SIMPLE_LAWS]
        self.simple.update(self._form(law.formula) for law in laws)
        self._fits.update((law.formula.to_json(), law) for law in laws)
        return laws

    def _form(self, formula: Formula) -> sympy.Expr:
        """A form, whose constants may be 1: another number in place of one is sought."""
        exact = {sympy.Symbol(c.name): c.exact for c in formula.constants if c.exact is not None}
        return anonymous_form(formula.template.xreplace(exact), self.names, told_apart=True)

    def attempts(
        self, laws: list[FormulaFit], judge: Judge, output: str, settings: Settings, until: Deadline
    ) -> list[Attempt]:
        """Simple laws for an output, the likeliest of them finished as well."""
        finished = [self.finished(law, settings, until) for law in laws[:LIKELIEST]]
        formulas = (*finished, *(law.formula for law in laws))
        points = [front_point(judge, (formula,), selected=True) for formula in formulas]
        return [Attempt(output, "simple law", point.error, (point,)) for point in points]

    def again(self, formulas: Iterable[Formula], until: Deadline) -> list[FormulaFit]:
        """Formulas fitted to these rows from where they are, shortest description first.

        After the deadline no more than one is fitted.
        """
        found: list[FormulaFit] = []
        for formula in formulas:
            if found and until.passed:
                break
            fit = self._fit(formula)
            found += [] if fit is None else [fit]
        return sorted(found, key=lambda fit: description_length(fit, self.y, self.errors))

    def length(self, formula: Formula) -> float:
        """Description length of the rows by a formula and of its form; infinite for no fit."""
        return self._length(formula) + self.charge(formula)

    def charge(self, formula: Formula) -> float:
        """Bits for having sought a form that is none of the simple ones."""
        if self._form(formula) in self.simple:
            return 0.0
        form = complexity_of_form(formula.template, self.names)
        return SOUGHT + UNUSUAL * max(form, 0.0)

    def _length(self, formula: Formula) -> float:
        fit = self._fit(formula)
        if fit is None:
            return np.inf
        return description_length(fit, self.y, self.errors) + self._turns_bits(fit.formula)

    def _turns_bits(self, formula: Formula) -> float:
        """What waves cost for their turns over the rows: of many turns one fits by chance."""
        waves = formula.template.atoms(sympy.sin, sympy.cos, sympy.tan)
        phases = [replace(formula, template=wave.args[0], covariance=None) for wave in waves]
        turns = [np.ptp(phase.numpy(*self.X.T)) / (2 * np.pi) for phase in phases]
        return float(sum(_TURN_BITS * np.log2(max(turn, 1.0)) for turn in turns))

    def _fit(self, formula: Formula) -> FormulaFit | None:
        """All constants at their minimum, fitted once; None if there is none."""
        text = formula.to_json()
        if text not in self._fits:
            self._fits[text] = refitted_form(formula, self.X, self.y, self.errors)
        return self._fits[text]

    def likeliest(
        self, attempts: Iterable[Attempt], length: Callable[[Attempt], float], most: int = LIKELIEST
    ) -> list[Attempt]:
        """Those of shortest description, one of each form."""
        found: dict[Any, Attempt] = {}
        for attempt in sorted(attempts, key=length):
            if attempt.best is not None and len(found) < most:
                found.setdefault(self._form(attempt.best.formulas[0]), attempt)
        return list(found.values())

    def with_rivals(
        self,
        result: Extraction,
        attempts: Iterable[Attempt],
        length: Callable[[Attempt], float],
    ) -> Extraction:
        """A result that says which forms of no more constants describe the rows about as well."""
        (formula,) = result.formulas
        chosen = self._fit(formula)
        if chosen is None or chosen.freedom <= 0 or chosen.r2 > 1 - COMPUTED**2:
            return result
        bits, told = self.length(formula), list[str]()
        for attempt in self.likeliest(attempts, length, LOOKED_AT):
            fit = self._fit(attempt.best.formulas[0]) if attempt.best else None
            more = length(attempt) - bits
            if fit is None or len(fit.free) > len(chosen.free) or more > RIVAL:
                continue
            apart = np.std(fit.residuals - chosen.residuals)
            if apart > _SAME * np.std(chosen.residuals):  # else it is the formula in other words
                told.append(f"{fit.formula} takes {max(more, 0.0):.1f} bits more")
        if not told:
            return result
        finding = Finding(Status.RIVAL_FORMS, "formula", "; ".join(told[:_RIVALS]))
        return replace(result, status=(*result.status, finding))

    def with_equal_constants(self, attempts: Iterable[Attempt], judge: Judge) -> list[Attempt]:
        """Laws with constants that agree as one, where that describes the rows shorter."""
        found = []
        for attempt in attempts:
            formula = attempt.best.formulas[0] if attempt.best else None
            if formula is not None and (tied := self._tied(formula)) is not formula:
                point = front_point(judge, (tied,), selected=True)
                origin = f"{attempt.origin}, equal constants"
                found.append(Attempt(attempt.output, origin, point.error, (point,)))
        return found

    def _tied(self, formula: Formula) -> Formula:
        """A formula with constants that agree as one, as long as it gets shorter."""
        fit = self._fit(formula)
        for tied in with_equal_constants(fit) if fit else ():
            if self.length(tied) < self.length(formula):
                return self._tied(tied)
        return formula

    def finished(self, law: FormulaFit, settings: Settings, until: Deadline) -> Formula:
        """A law with plain exponents where the rows allow, and exact numbers in computed rows.

        Else it is as it was, with the constants of the usual form, unless that is much longer.
        """
        seconds = min(FINISHING, until.left())
        if seconds <= 0:
            return law.formula
        found = within(
            seconds,
            lambda: finish(
                law.formula.template,
                law.formula.values,
                self.names,
                self.X,
                self.y,
                weights=self.errors.inverse**2,
                accuracy=settings.accuracy or 0.0,
                exact=may_be_exact(settings.exact, np.sqrt(max(1 - law.r2, 0.0)), few=True),
                deadline=Deadline.after(0.75 * seconds),
            ),
            law.formula,
        )
        measured = sum(constant.exact is None for constant in found.constants)
        bits = [complexity(formula.template, self.names) for formula in (found, law.formula)]
        if measured == len(law.free) and bits[1] < bits[0] + LONGER:
            return law.formula
        self.simple.add(self._form(found))
        return found


def by_their_scatter(
    split: Split, rows: FewRows | None, formulas: Iterable[Formula], deadline: Deadline
) -> tuple[Split, list[Finding]]:
    """Few rows with errors that grow with y, if they scatter so about a formula, and that said."""
    if rows is None or split.errors is not None:
        return split, []
    until = deadline.or_after(LOOKING)
    found = growing_errors(rows.again(formulas, until), rows.X, rows.y, until, rows.charge)
    if found is None:
        return split, []
    X, y = split.judge.X, split.judge.y[:, 0]
    if split.check_y is not None and len(split.check_y):
        X, y = np.vstack([X, split.check_X]), np.append(y, split.check_y[:, 0])
    weights = weights_of(*found, X)
    said = scatter_finding(y, found[0].predict(X), found[1])
    return replace(split, errors=RowErrors(np.sqrt(weights))), [said]


def with_scatter(result: Extraction, X: np.ndarray, y: np.ndarray, power: float) -> Extraction:
    """A result that says how the errors of the rows were taken to grow, if it leaves any."""
    values = result.predict(X)
    if np.abs(y - values).max() <= ROUNDING * np.abs(y).max():
        return result
    return replace(result, status=(*result.status, scatter_finding(y, values, power)))
