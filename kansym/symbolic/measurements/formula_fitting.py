"""Fit the constants of a given formula to measured rows, without any network."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import sympy

from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError
from kansym.symbolic.constants.recognition import recognise
from kansym.symbolic.constants.template_fit import Observations
from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.formulas.exact_hypothesis import ExactHypothesis
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.measurements.exact_hypotheses import exact_hypothesis
from kansym.symbolic.measurements.fit_findings import fit_findings
from kansym.symbolic.measurements.formula_fit import FormulaFit
from kansym.symbolic.measurements.given_formula import GivenFormula, given_formula
from kansym.symbolic.measurements.minimum import Minimum, minimum_at, one_of_many
from kansym.symbolic.measurements.misfit import (
    DownWeighted,
    Misfit,
    OrthogonalDistance,
    RowMisfit,
)
from kansym.symbolic.measurements.profile_intervals import Profile
from kansym.symbolic.measurements.row_errors import RowErrors, per_row, row_errors
from kansym.symbolic.measurements.search import LocalMinimum, bounds_of, search

__all__ = ["Exact", "fit_formula", "refitted"]

_ROUNDING = 1e-9
"""Residual over the data below which the rows are computed ones, exact to rounding."""

Exact = Literal["report"] | bool


def fit_formula(  # noqa: PLR0913 - the settings of a fit, all by keyword
    formula: Any,
    X: Any,
    y: Any,
    *,
    inputs: Sequence[str] | None = None,
    start: Mapping[str, float] | None = None,
    bounds: Mapping[str, Any] | None = None,
    fixed: Mapping[str, float] | None = None,
    sigma: Any = None,
    weights: Any = None,
    covariance: Any = None,
    input_sigma: Mapping[str, Any] | None = None,
    loss: Literal["squared", "huber"] = "squared",
    exact: Exact = "report",
    profile: bool = False,
    level: float = 0.95,
    budget: float = 10.0,
    seed: int = 0,
) -> FormulaFit:
    """Fit the constants of a given formula to rows.

    Parameters
    ----------
    formula : text such as ``"a*L**p"``, a sympy expression or a `Formula`; every name that is no
        column of X is a constant.
    X : inputs (rows, inputs): an array, a data frame (further columns are left aside), or a
        mapping of columns.
    y : values (rows,).
    inputs : names of the columns of X, if it has none.
    start : values of constants to start from; many are drawn for the others.
    bounds : constant's name to its lowest and highest value, None for no bound.
    fixed : constants that keep a value.
    sigma : standard error of each row, or one for all: chi2 tells whether the formula holds.
    weights : instead, one over the variance of each row up to a common factor, which is estimated.
    covariance : instead, the covariance matrix of the rows, (rows, rows).
    input_sigma : standard errors of inputs, by name, one for all rows or one for each: distances
        from the curve are then orthogonal, in units of both errors.
    loss : ``"huber"`` if outliers are to be expected: they are named and count little.
    exact : ``"report"`` prints exact numbers beside the measured constants that they agree with;
        where the rows are exact to rounding, and with True, they take their places; False leaves
        them out.
    profile : whether intervals are found by refitting, which is right for curved problems too.
    level : of the intervals.
    budget : seconds after which no further start is tried.
    seed : of the starts drawn.

    Returns
    -------
    `FormulaFit`.

    Raises
    ------
    InputError
        For a formula, rows or settings that do not go together, in one sentence.

    Examples
    --------
    >>> import kansym
    >>> rng = np.random.default_rng(0)
    >>> L = np.linspace(0.1, 2.0, 20)
    >>> T = 2.006 * np.sqrt(L) + rng.normal(0, 0.01, 20)
    >>> fit = kansym.fit_formula("a*L**p", {"L": L}, T, sigma=0.01)
    >>> print(fit)
    a*L**p
      a = 2.0041(24)   95 %: [1.9995, 2.0088]; 2 agrees
      p = 0.4991(22)   95 %: [0.4947, 0.5034]; 1/2 agrees
    correlations: a, p: -0.41
    20 rows; 18 degrees of freedom; chi2 = 13.89, 0.772 per degree
    R2 = 0.999825; AIC = 17.89; BIC = 19.88
    """
    _check(loss, exact, level)
    given = given_formula(formula, X, y, inputs, fixed or {})
    rows = row_errors(len(given.y), sigma, weights, covariance)
    first = dict(formula.values) if isinstance(formula, Formula) else {}
    first = {name: value for name, value in first.items() if name in given.free}
    first.update({str(name): float(value) for name, value in (start or {}).items()})
    limits = bounds_of(bounds, given.free)
    misfit = _misfit(given, rows, input_sigma)
    deadline = Deadline.after(budget)
    found = search(given, rows, misfit, first, limits, seed, deadline)
    found = one_of_many(given, rows, misfit, found, first, limits)
    minimum = minimum_at(given, rows, misfit, found, limits, loss)
    return _result(minimum, rows, exact=exact, profile=profile, level=level)


def refitted(
    formula: Formula, X: np.ndarray, y: np.ndarray, rows: RowErrors, *, exact: Exact = "report"
) -> FormulaFit:
    """The measured constants of a formula fitted again, from where they are, to all rows.

    Parameters
    ----------
    formula : constants without a standard error, and exact ones, keep their values.
    X, y : shapes (rows, inputs) and (rows,).
    rows : errors of the rows.
    exact : as for `fit_formula`.
    """
    held = {c.name: c.value for c in formula.constants if c.exact is None and c.stderr is None}
    numbers = {sympy.Symbol(c.name): c.exact for c in formula.constants if c.exact is not None}
    free = {c.name: c.value for c in formula.constants if c.exact is None and c.name not in held}
    template = formula.template.xreplace(numbers)
    given = GivenFormula(
        str(template), template, formula.inputs, X, y, tuple(free), held, formula.curves
    )
    bounds = bounds_of(None, given.free)
    found = LocalMinimum(np.array(list(free.values())), True, np.zeros(len(free), dtype=bool))
    minimum = minimum_at(given, rows, RowMisfit(given, rows), found, bounds, "squared")
    return _result(minimum, rows, exact=exact, profile=False, level=0.95)


def _check(loss: str, exact: Any, level: float) -> None:
    if loss not in ("squared", "huber"):
        raise InputError(f"loss={loss!r} is not known: give 'squared' or 'huber'.")
    if exact not in ("report", True, False):
        raise InputError(f"exact={exact!r} is not known: give 'report', True or False.")
    if not (isinstance(level, int | float) and 0 < level < 1):
        raise InputError(f"level={level!r} is no level: give a number between 0 and 1.")


def _misfit(
    formula: GivenFormula, errors: RowErrors, input_sigma: Mapping[str, Any] | None
) -> Misfit:
    if not input_sigma:
        return RowMisfit(formula, errors)
    if not errors.absolute or errors.triangle is not None:
        raise InputError(
            "input_sigma= needs the errors of y beside it: give sigma= (independent rows)."
        )
    sizes = {}
    for name, value in input_sigma.items():
        if name not in formula.inputs:
            raise InputError(
                f"input_sigma= names {name!r}, but the inputs of the formula are "
                f"{', '.join(formula.inputs)}."
            )
        sizes[name] = per_row(len(formula.y), value, f"input_sigma[{name!r}]")
        if (sizes[name] < 0).any():
            row = int(np.argmax(sizes[name] < 0))
            raise InputError(
                f"input_sigma[{name!r}] is {sizes[name][row]:g} in row {row}: a standard error is "
                "at least zero."
            )
    return OrthogonalDistance(formula, errors, sizes)


def _result(
    minimum: Minimum,
    rows: RowErrors,
    *,
    exact: Exact,
    profile: bool,
    level: float,
) -> FormulaFit:
    formula, constants = minimum.formula, minimum.found.constants
    covariance = minimum.errors.covariance * minimum.variance
    residuals = formula.y - formula.predicted(constants)
    values = formula.named(constants)
    intervals = _intervals(minimum, covariance, profile=profile, level=level)
    near = {} if exact is False else _hypotheses(minimum, covariance)
    taken: dict[str, sympy.Expr] = {}
    size = float(np.abs(formula.y).max()) or 1.0
    computed = bool(np.abs(residuals).max() <= _ROUNDING * size)
    if exact is True or (exact == "report" and computed and minimum.freedom > 0):
        taken = _exact(formula, values, rows)
    standardised = -minimum.misfit.residuals(constants)
    if isinstance(minimum.misfit, DownWeighted):
        standardised = -minimum.misfit.misfit.residuals(constants)
    findings = fit_findings(minimum, covariance, standardised, computed=computed)
    return FormulaFit(
        formula.text,
        Formula(
            formula.template,
            formula.inputs,
            _constants(formula, values, covariance, taken, near),
            _covariance_of_measured(formula, covariance, taken),
            minimum.quantile_freedom,
            formula.curves,
        ),
        formula.free,
        covariance,
        intervals,
        level,
        len(formula.y),
        minimum.freedom,
        minimum.chi2,
        minimum.absolute,
        residuals,
        standardised,
        _noise(minimum, residuals),
        _r2(formula.y, residuals, rows),
        dict(formula.fixed),
        tuple(findings),
    )


def _constants(
    formula: GivenFormula,
    values: Mapping[str, float],
    covariance: np.ndarray,
    taken: Mapping[str, sympy.Expr],
    near: Mapping[str, ExactHypothesis],
) -> tuple[Constant, ...]:
    with np.errstate(all="ignore"):
        spread = np.sqrt(np.diag(covariance))
    errors = dict(zip(formula.free, spread.tolist(), strict=True))
    free = [
        Constant(
            name,
            values[name],
            None if math.isnan(errors[name]) else errors[name],
            taken.get(name),
            None if name in taken else near.get(name),
        )
        for name in formula.free
    ]
    return (*free, *(Constant(name, value) for name, value in formula.fixed.items()))


def _covariance_of_measured(
    formula: GivenFormula, covariance: np.ndarray, taken: Mapping[str, sympy.Expr]
) -> np.ndarray | None:
    """As `Formula` wants it: of the constants that are not exact; None if some are not known."""
    kept = [i for i, name in enumerate(formula.free) if name not in taken]
    if formula.fixed or not np.isfinite(covariance).all():
        return None
    return covariance[np.ix_(kept, kept)]


def _intervals(
    minimum: Minimum, covariance: np.ndarray, *, profile: bool, level: float
) -> dict[str, tuple[float, float]]:
    """Interval of each constant that has one."""
    if not minimum.absolute and minimum.freedom <= 0:
        return {}
    with np.errstate(all="ignore"):
        spread = np.sqrt(np.diag(covariance))
    profiled = Profile(
        minimum.misfit,
        minimum.found.constants,
        minimum.bounds,
        minimum.variance or 1e-300,
        minimum.quantile_freedom,
    )
    found = {}
    for i, name in enumerate(minimum.formula.free):
        value = float(minimum.found.constants[i])
        at_bound = bool(minimum.found.active[i])
        if not at_bound and not 0 <= spread[i] < math.inf:
            continue
        if at_bound or (profile and spread[i] > 0):
            step = float(spread[i]) if spread[i] > 0 else _step_from(minimum, i)
            found[name] = profiled.interval(i, step, level)
            continue
        low, high = Constant(name, value, float(spread[i])).interval(
            level, minimum.quantile_freedom
        )
        found[name] = (
            float(max(low, minimum.bounds.low[i])),
            float(min(high, minimum.bounds.high[i])),
        )
    return found


def _step_from(minimum: Minimum, index: int) -> float:
    """About a standard error of a constant at a bound, the others held."""
    slope = float(np.linalg.norm(minimum.misfit.jacobian(minimum.found.constants)[:, index]))
    return math.sqrt(minimum.variance) / slope if slope > 0 else 1.0


def _hypotheses(minimum: Minimum, covariance: np.ndarray) -> dict[str, ExactHypothesis]:
    powers = minimum.formula.template.atoms(sympy.Pow)
    exponents = {p.exp.name for p in powers if p.exp.is_Symbol}
    found = {}
    for i, name in enumerate(minimum.formula.free):
        variance = float(covariance[i, i])
        if not variance > 0 or minimum.found.active[i]:
            continue
        near = exact_hypothesis(
            float(minimum.found.constants[i]),
            math.sqrt(variance),
            minimum.quantile_freedom,
            exponent=name in exponents,
        )
        if near is not None:
            found[name] = near
    return found


def _exact(
    formula: GivenFormula, values: Mapping[str, float], rows: RowErrors
) -> dict[str, sympy.Expr]:
    """Exact numbers that take the place of measured ones, the data not objecting."""
    fixed = {sympy.Symbol(name): sympy.Float(value) for name, value in formula.fixed.items()}
    weights = None if rows.triangle is not None else rows.inverse**2
    data = Observations.checked(formula.inputs, formula.X, formula.y, weights)
    found = recognise(formula.template.xreplace(fixed), data, values)
    # Ties of two constants keep both: a given formula has the constants that it has.
    return {name: number for name, number in found.exact.items() if number.is_number}


def _noise(minimum: Minimum, residuals: np.ndarray) -> float:
    """Standard deviation of the residual; outliers that counted little widen it little."""
    if minimum.freedom <= 0:
        return math.nan
    shares = minimum.misfit.roots**2 if isinstance(minimum.misfit, DownWeighted) else 1.0
    return math.sqrt(float(np.sum(shares * residuals**2)) / minimum.freedom)


def _r2(y: np.ndarray, residuals: np.ndarray, rows: RowErrors) -> float:
    weights = rows.inverse**2
    mean = float(np.sum(weights * y) / np.sum(weights))
    total = float(np.sum(weights * (y - mean) ** 2))
    return 1.0 - float(np.sum(weights * residuals**2)) / total if total > 0 else math.nan
