"""Simple laws beside the formula of a network: the shortest description of noisy rows wins."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kansym.extraction.formulas import front_point, not_dominated
from kansym.extraction.settings import Settings
from kansym.extraction.split import Split
from kansym.results.parts import FrontPoint
from kansym.shared.bounded_time import within
from kansym.shared.deadline import Deadline
from kansym.symbolic.constants.finishing import finish
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.measurements.formula_fit import FormulaFit
from kansym.symbolic.measurements.formula_fitting import refitted
from kansym.symbolic.measurements.row_errors import RowErrors, row_errors
from kansym.symbolic.measurements.simple_laws import description_length, simple_laws

__all__ = ["beside_simple_laws"]

FEW_ROWS = 200
"""Rows up to which a network may have learned the noise; more of them are read from it alone."""
LEAST, SEARCHING, FINISHING = 1.0, 2.5, 0.7
"""Least and most seconds for the laws, and those for the exact numbers of one."""
FINISHED, MOST_POINTS = 2, 15
CLOSE_BITS = 10.0
"""Bits behind the best within which a law may win once its numbers are exact."""


def beside_simple_laws(
    split: Split,
    inputs: tuple[str, ...],
    formulas: tuple[Formula, ...],
    front: tuple[FrontPoint, ...],
    settings: Settings,
    deadline: Deadline,
) -> tuple[tuple[Formula, ...], tuple[FrontPoint, ...]]:
    """The formula of shortest description, and the front with the simple laws on it.

    Parameters
    ----------
    split : data judge by its rows; else nothing changes.
    inputs : names of the inputs.
    formulas, front : of the network.
    settings : of the extraction.
    deadline : of the extraction.
    """
    if split.measured is None or len(formulas) != 1 or settings.physical_constants:
        return formulas, front
    judge = split.judge
    if len(judge.X) > FEW_ROWS:
        return formulas, front
    X, y = judge.X, judge.y[:, 0]
    errors = split.errors_used or row_errors(len(X))
    until = Deadline.after(float(np.clip(deadline.left() / 2, LEAST, SEARCHING)))
    laws = simple_laws(inputs, X, y, errors, until)
    lengths = {id(law): description_length(law, y) for law in laws}
    best, least = formulas[0], _length(formulas[0], X, y, errors)
    for law in laws[:FINISHED]:
        if lengths[id(law)] > least + CLOSE_BITS:
            break
        finished = _finished(law, split, settings)
        length = _length(finished, X, y, errors)
        if length < least:
            best, least = finished, length
    points = [replace(point, selected=point.selected and best is formulas[0]) for point in front]
    if best is not formulas[0]:
        points.append(front_point(judge, (best,), selected=True))
    seen = {str(point.formulas[0]) for point in points}
    for law in laws:
        if str(law.formula) not in seen:
            seen.add(str(law.formula))
            points.append(front_point(judge, (law.formula,), selected=False))
    chosen = formulas if best is formulas[0] else (best,)
    return chosen, _thinned(not_dominated(points))


def _length(formula: Formula, X: np.ndarray, y: np.ndarray, errors: RowErrors) -> float:
    """Description length, infinite for what cannot be fitted."""
    try:
        with np.errstate(all="ignore"):
            constants = tuple(replace(c, stderr=np.inf) for c in formula.constants)
            free = replace(formula, constants=constants, covariance=None)
            fit: FormulaFit = refitted(free, X, y, errors, exact=False)
    except (np.linalg.LinAlgError, ArithmeticError):
        return float("inf")
    return description_length(fit, y) if np.isfinite(fit.chi2) else float("inf")


def _finished(law: FormulaFit, split: Split, settings: Settings) -> Formula:
    """With exact numbers where the rows allow, in exponents above all."""
    judge = split.judge
    weights = None if judge.weights is None else judge.weights[:, 0]
    return within(
        FINISHING,
        lambda: finish(
            law.formula.template,
            law.formula.values,
            law.formula.inputs,
            judge.X,
            judge.y[:, 0],
            weights=weights,
            accuracy=settings.accuracy or 0.0,
            deadline=Deadline.after(0.75 * FINISHING),
        ),
        law.formula,
    )


def _thinned(front: Sequence[FrontPoint]) -> tuple[FrontPoint, ...]:
    """At most so many points, the selected one among them."""
    if len(front) <= MOST_POINTS:
        return tuple(front)
    kept = set(np.linspace(0, len(front) - 1, MOST_POINTS).astype(int).tolist())
    return tuple(point for i, point in enumerate(front) if i in kept or point.selected)
