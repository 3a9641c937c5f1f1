"""Whether a formula is the truth, and how good it is on rows that nothing has seen.

Every kind of network, and every other program, is judged by these functions on the same rows.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import sympy
from jaxtyping import Float
from sympy.core.function import AppliedUndef

from kansym.problems.problem import Problem
from kansym.programs.program import evaluate
from kansym.shared.deadline import Deadline
from kansym.shared.error_measures import r_squared, rmse
from kansym.shared.errors import InputError
from kansym.studies.bench.published_rules import strictly_found
from kansym.studies.bench.rows import DrawnRows
from kansym.symbolic.constants.refinement import refine
from kansym.symbolic.formulas.complexity import complexity
from kansym.symbolic.formulas.equivalence import equivalent
from kansym.symbolic.formulas.sympy_programs import from_sympy

__all__ = ["Recovery", "agreement", "form_of", "gradient_error", "judge", "true_gradient"]

TOLERANCE = 1e-6
"""Largest difference, over the spread of the truth, that rounding of constants may make."""
_SECONDS = 10.0
_MOST_CONSTANTS = 30
_MARK = "measured_number_"


@dataclass(frozen=True)
class Recovery:
    """The verdict on a formula.

    Attributes
    ----------
    recovered : whether either check finds the truth; None if the problem has no formula.
    symbolic : by algebra (`kansym.symbolic.formulas.equivalence`); None if it came to no end.
    strict : the published rule; what algebra cannot decide does not count.
    numerical : whether formula and truth agree at random points.
    difference : the largest difference there, over the spread of the truth.
    r2, rmse : on unused rows, None if the formula is undefined on some of them.
    complexity, truth_complexity : bits.
    form : the formula with measured numbers replaced by c.
    """

    recovered: bool | None
    symbolic: bool | None
    numerical: bool | None
    difference: float | None
    r2: float | None
    rmse: float | None
    complexity: float
    truth_complexity: float | None
    form: str
    strict: bool | None = None


def judge(
    problem: Problem,
    formula: sympy.Expr,
    rows: DrawnRows,
    noise: float = 0.0,
    predicted: Float[np.ndarray, " unused"] | None = None,
    rule: str = "srbench",
) -> Recovery:
    """Compare a formula with the truth of a problem.

    By algebra, `kansym.symbolic.formulas.equivalence`. By numbers, both at random points of the
    problem's ranges: the largest difference must be below 1e-6 of the truth's spread. Noise moves
    the constants of a right formula; with it, the measured numbers of the formula are fitted to
    the truth first, so that a formula of the right form agrees, and no other does.

    Parameters
    ----------
    problem : with or without a formula.
    formula : expression in the problem's inputs.
    rows : their unused part is judged on.
    noise : of the data that the formula was found from.
    predicted : the formula on the unused rows, where it holds curves that only its finder knows.
    rule : name of the published rule that is looked at as well.

    Examples
    --------
    >>> from kansym.studies.bench.rows import draw_rows
    >>> from kansym.problems.catalogue import load_problem
    >>> problem = load_problem("Nguyen-1")
    >>> verdict = judge(problem, problem.truth, draw_rows(problem, 20, 0))
    >>> verdict.recovered, verdict.r2
    (True, 1.0)
    """
    predicted = _values(formula, problem, rows.X_unused) if predicted is None else predicted
    r2, rmse = agreement(predicted, rows.y_unused)
    bits, form = complexity(formula, problem.inputs), form_of(formula)
    truth = problem.truth
    if truth is None:
        return Recovery(None, None, None, None, r2, rmse, bits, None, form)
    truth_bits = complexity(truth, problem.inputs)
    if predicted is None or not np.isfinite(predicted).any():
        return Recovery(False, False, False, None, r2, rmse, bits, truth_bits, form, False)
    symbolic, difference = _equal(formula, truth, rows, predicted)
    if noise > 0 and not difference <= TOLERANCE:
        difference = min(difference, _refitted_difference(formula, problem, rows))
    is_curve = bool(formula.atoms(AppliedUndef))
    numerical = bool(difference <= TOLERANCE) and not is_curve
    strict = False if is_curve else strictly_found(rule, formula, truth, rows, predicted, r2)
    return Recovery(
        symbolic is True or numerical,
        symbolic,
        numerical,
        difference,
        r2,
        rmse,
        bits,
        truth_bits,
        form,
        strict,
    )


def _equal(
    formula: sympy.Expr, truth: sympy.Expr, rows: DrawnRows, predicted: np.ndarray
) -> tuple[bool | None, float]:
    """Both checks; the unused rows stand in where the ranges hold few points of the truth."""
    used = {symbol.name for symbol in formula.free_symbols | truth.free_symbols}  # pyright: ignore
    ranges = {name: ends for name, ends in rows.ranges.items() if name in used}
    if formula.atoms(AppliedUndef):  # a curve without a formula is nothing that was found
        return False, _largest(predicted, rows.y_unused)
    try:
        found = equivalent(formula, truth, ranges=ranges, tolerance=TOLERANCE, seconds=_SECONDS)
    except InputError:
        return None, _largest(predicted, rows.y_unused)
    return found.symbolic, found.difference


def _largest(predicted: np.ndarray, y: np.ndarray) -> float:
    """Largest difference over the spread of the truth, infinite if undefined somewhere."""
    spread = float(np.ptp(y)) or 1.0
    largest = float(np.abs(predicted - y).max()) / spread
    return largest if math.isfinite(largest) else math.inf


def _refitted_difference(formula: sympy.Expr, problem: Problem, rows: DrawnRows) -> float:
    """The difference that is left when the measured numbers are fitted to the truth."""
    if formula.atoms(AppliedUndef):  # only its finder knows the curve, and it is no recovery
        return math.inf
    numbers = sorted(formula.atoms(sympy.Float), key=float)
    if not 0 < len(numbers) <= _MOST_CONSTANTS:
        return math.inf
    names = [sympy.Symbol(f"c_{i}_") for i in range(len(numbers))]
    template = formula.xreplace(dict(zip(numbers, names, strict=True)))
    start = {name: float(value) for name, value in zip(names, numbers, strict=True)}
    inputs, y = list(problem.inputs), rows.y_unused
    deadline = Deadline.after(_SECONDS)
    try:
        found = refine(template, inputs, rows.X_unused, y, start, deadline=deadline)  # pyright: ignore
    except InputError:
        return math.inf
    fitted = template.subs(found.substitutions)
    values = _values(fitted, problem, rows.X_unused)  # pyright: ignore[reportArgumentType]
    return math.inf if values is None else _largest(values, y)


def _values(formula: sympy.Expr, problem: Problem, X: np.ndarray) -> np.ndarray | None:
    """The formula on rows, None if it cannot be computed."""
    try:
        values = evaluate(from_sympy(formula), dict(zip(problem.inputs, X.T, strict=True)))
    except InputError:
        return None
    return np.broadcast_to(np.asarray(values, dtype=np.float64), len(X))


def agreement(
    predicted: np.ndarray | None, y: Float[np.ndarray, " rows"]
) -> tuple[float | None, float | None]:
    """R² and root-mean-square error; None and None where the prediction is not finite.

    Examples
    --------
    >>> agreement(np.array([1.0, 2.0]), np.array([1.0, 3.0]))
    (0.5, 0.7071067811865476)
    """
    if predicted is None or not len(y) or not np.isfinite(predicted).all():
        return None, None
    error, r2 = rmse(predicted, y), r_squared(predicted, y)
    if not math.isfinite(error):
        return None, None
    return (None if math.isnan(r2) else r2), error


def form_of(formula: sympy.Expr) -> str:
    """The formula with measured numbers replaced by c: what stays the same over seeds.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> form_of(2.5 * sympy.sin(3 * x) + 0.25)
    'c*sin(3*x) + c'
    """
    # Numbered marks keep constants apart, so that c - c is not taken for zero.
    numbers = sorted(formula.atoms(sympy.Float), key=float)
    marks = {number: sympy.Symbol(f"{_MARK}{i:03}") for i, number in enumerate(numbers)}
    text = sympy.sstr(formula.xreplace(marks), order="grlex")
    return re.sub(rf"{_MARK}\d{{3,}}", "c", text)


def true_gradient(
    problem: Problem, X: Float[np.ndarray, "rows inputs"]
) -> Float[np.ndarray, "rows inputs"] | None:
    """The gradient of the true formula; None if there is none.

    Examples
    --------
    >>> from kansym.problems.catalogue import load_problem
    >>> true_gradient(load_problem("Nguyen-1"), np.array([[1.0]]))
    array([[6.]])
    """
    if problem.truth is None:
        return None
    derivatives = [sympy.diff(problem.truth, sympy.Symbol(name)) for name in problem.inputs]
    columns: list[np.ndarray] = []
    for each in derivatives:
        values = _values(each, problem, X)  # pyright: ignore[reportArgumentType]
        if values is None:
            return None
        columns.append(values)
    return np.stack(columns, axis=1)


def gradient_error(
    gradient: Callable[[np.ndarray], np.ndarray], problem: Problem, rows: DrawnRows
) -> float | None:
    """How far a network's gradient is from the truth's on unused rows.

    The root mean square of the difference over that of the truth's gradient, with every input in
    units of its spread; None if the truth has no gradient.
    """
    truth = true_gradient(problem, rows.X_unused)
    if truth is None:
        return None
    found, spread = gradient(rows.X_unused), rows.X_unused.std(axis=0)
    kept = np.isfinite(truth).all(axis=1) & np.isfinite(found).all(axis=1)
    size = float(np.square(truth[kept] * spread).sum())
    if not kept.any() or size == 0:
        return None
    return math.sqrt(float(np.square((found - truth)[kept] * spread).sum()) / size)
