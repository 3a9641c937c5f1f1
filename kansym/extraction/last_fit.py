"""The last fit of a formula: to all rows, constants measured where the rows are."""

import math
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import sympy
from scipy import special

from kansym.extraction.formulas import fitted_front
from kansym.extraction.split import Split
from kansym.results.parts import FrontPoint
from kansym.shared.bounded_time import within
from kansym.shared.deadline import Deadline
from kansym.shared.row_errors import RowErrors
from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.formulas.exact_hypothesis import ExactHypothesis
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.formulas.signs import with_plain_signs
from kansym.symbolic.measurements.formula_fit import FormulaFit
from kansym.symbolic.measurements.measured_constants import with_measured_constants
from kansym.symbolic.measurements.refitting import Exact, refitted

__all__ = ["with_last_fits"]

EXACT_ROWS = 1e-7
"""Residual over the spread of y below which rows are computed, to single precision at least."""
LEAST = 0.2
"""Seconds for the fits when the time is up: most take a hundredth."""
_NO_WORSE, _ROUNDING = 1.0 + 1e-6, 1e-13
"""Growth of a sum of squares, and residual over y, that are no more than rounding."""


def with_last_fits(
    split: Split,
    formulas: tuple[Formula, ...],
    front: tuple[FrontPoint, ...],
    exact: Exact,
    deadline: Deadline,
    *,
    kept: bool = False,
) -> tuple[tuple[Formula, ...], tuple[FrontPoint, ...], tuple[FormulaFit, ...]]:
    """Formulas, and those of the front, with their constants fitted to all rows.

    The fits are those of the formulas, as far as there are any. A form that is ``kept`` was not
    held against exact numbers before. After the deadline there is a moment for the formulas; those
    of the front that are not fitted by then stay as they are.
    """
    if split.measured is None:
        return formulas, front, ()
    X, y, errors = split.measured

    fit_one = partial(_fitted, numbers={}) if kept else _last_fit

    def fitted(each: tuple[Formula, ...], until: Deadline) -> tuple[FormulaFit | None, ...]:
        columns = y.T if len(each) > 1 else [y[:, 0]]
        calls = [
            partial(fit_one, formula, _Data(X, column, errors, split.loss), exact=exact)
            for formula, column in zip(each, columns, strict=True)
        ]
        return tuple(within(until.left(), call, None, failures=()) for call in calls)

    def replaced(each: tuple[Formula, ...], fits: tuple[FormulaFit | None, ...]):
        pairs = zip(each, fits, strict=True)
        return tuple(formula if fit is None else fit.formula for formula, fit in pairs)

    def measured(point: FrontPoint, fits: tuple[FormulaFit | None, ...]) -> FrontPoint:
        known = [fit for fit in fits if fit is not None]
        point = replace(point, formulas=replaced(point.formulas, fits))
        # The numbers of a tabulated curve are constants too, but nobody counted them.
        if len(known) < len(fits) or any(formula.curves for formula in point.formulas):
            return point
        return replace(
            point,
            chi2=sum(fit.chi2 for fit in known),
            freedom=sum(fit.freedom for fit in known),
            bic=sum(fit.bic for fit in known),
        )

    until = deadline.or_after(LEAST)
    fits = fitted(formulas, until)
    points = [
        measured(point, fits if point.selected else fitted(point.formulas, until))
        for point in front
    ]
    front = fitted_front(points, split.judge)
    return replaced(formulas, fits), front, tuple(fit for fit in fits if fit is not None)


@dataclass(frozen=True, eq=False)
class _Data:
    """All rows of one output, their errors, and the loss."""

    X: np.ndarray
    y: np.ndarray
    errors: RowErrors
    loss: str


def _last_fit(formula: Formula, data: _Data, exact: Exact) -> FormulaFit | None:
    """A formula with its constants fitted to all rows; None if that is not possible.

    Parameters
    ----------
    formula : as it was found.
    data : all rows.
    exact : ``"report"``: exact numbers become measured constants with the numbers as hypotheses,
        unless the rows are exact; True: they stay; False: they become measured constants.
    """
    if formula.covariance is None:
        formula = with_plain_signs(_measurable(formula))
    residual = data.y - formula.numpy(*data.X.T)
    if not np.isfinite(residual).all():
        return None
    spread = float(np.std(data.y)) or 1.0
    computed = float(np.sqrt(np.mean(residual**2))) <= EXACT_ROWS * spread
    if exact is True or computed:
        return _fitted(formula, data, {}, False)
    found, numbers = with_measured_constants(formula)
    while numbers:
        if len(found.constants) >= len(data.y):
            break
        fit = _fitted(found, data, {} if exact is False else numbers, exact)
        undetermined = _undetermined(fit, numbers)
        if fit is not None and undetermined is None:
            return fit
        name = undetermined or next(reversed(numbers))
        found = _exact_again(found, name, numbers.pop(name))
    return _fitted(formula, data, {}, exact)


def _measurable(formula: Formula) -> Formula:
    """A formula that there was no time to refine has constants to measure, none that is held."""
    if any(c.exact is not None or c.stderr is not None for c in formula.constants):
        return formula
    free = tuple(replace(constant, stderr=math.inf) for constant in formula.constants)
    return replace(formula, constants=free)


def _undetermined(fit: FormulaFit | None, numbers: dict[str, sympy.Expr]) -> str | None:
    """One of the numbers that as a constant would not be determined."""
    if fit is None:
        return None
    return next((name for name in reversed(numbers) if not np.isfinite(fit.stderr[name])), None)


def _exact_again(formula: Formula, name: str, number: sympy.Expr) -> Formula:
    """With one constant back as the number that it was."""
    template = formula.template.xreplace({sympy.Symbol(name): number})
    left = tuple(c for c in formula.constants if c.name != name)
    return Formula(template, formula.inputs, left, None, formula.freedom, formula.curves)


def _fitted(
    formula: Formula, data: _Data, numbers: dict[str, sympy.Expr], exact: Exact
) -> FormulaFit | None:
    """The constants at their minimum; None if the fit fails."""
    X, y, errors = data.X, data.y, data.errors
    try:
        fit = refitted(formula, X, y, errors, exact=exact, loss=data.loss)
    except (np.linalg.LinAlgError, ArithmeticError):
        return None
    before = float(np.sum(((y - formula.numpy(*X.T)) * errors.inverse) ** 2))
    rounding = float(np.sum((_ROUNDING * y * errors.inverse) ** 2))
    if data.loss == "squared" and not fit.chi2 <= before * _NO_WORSE + rounding:
        return None
    constants = tuple(
        replace(c, near=_hypothesis(c, numbers[c.name], fit.formula.freedom))
        if c.name in numbers
        else c
        for c in fit.formula.constants
    )
    return replace(fit, formula=replace(fit.formula, constants=constants))


def _hypothesis(constant: Constant, number: sympy.Expr, freedom: float) -> ExactHypothesis | None:
    """That a constant is the number that was put in its place."""
    if not constant.stderr or not math.isfinite(constant.stderr):
        return None
    away = abs(constant.value - float(number)) / constant.stderr
    tail = special.ndtr(-away) if math.isinf(freedom) else special.stdtr(freedom, -away)
    return ExactHypothesis(number, float(2 * tail))
