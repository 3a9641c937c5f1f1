"""From the least misfit to a fit with errors, intervals and tests; formulas fitted again."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
import sympy

from kansym.shared.row_errors import RowErrors
from kansym.symbolic.constants.recognition import recognise
from kansym.symbolic.constants.template_fit import Observations
from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.formulas.exact_hypothesis import ExactHypothesis
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.measurements.exact_hypotheses import exact_hypothesis
from kansym.symbolic.measurements.fit_findings import fit_findings
from kansym.symbolic.measurements.formula_fit import FormulaFit
from kansym.symbolic.measurements.given_formula import GivenFormula
from kansym.symbolic.measurements.minimum import Minimum, minimum_at
from kansym.symbolic.measurements.misfit import DownWeighted, RowMisfit
from kansym.symbolic.measurements.profile_intervals import Profile
from kansym.symbolic.measurements.search import LocalMinimum, bounds_of

__all__ = ["Exact", "fit_result", "refitted", "refitted_form"]

_ROUNDING = 1e-9
"""Residual over the data below which the rows are computed ones, exact to rounding."""

Exact = Literal["report"] | bool


def refitted(
    formula: Formula,
    X: np.ndarray,
    y: np.ndarray,
    rows: RowErrors,
    *,
    exact: Exact = "report",
    loss: str = "squared",
) -> FormulaFit:
    """The measured constants of a formula fitted again, from where they are, to all rows.

    Parameters
    ----------
    formula : constants without a standard error, and exact ones, keep their values.
    X, y : shapes (rows, inputs) and (rows,).
    rows : errors of the rows.
    exact, loss : as for `fit_formula`; squared or Huber's.
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
    minimum = minimum_at(given, rows, RowMisfit(given, rows), found, bounds, loss)
    return fit_result(minimum, rows, exact=exact, profile=False, level=0.95)


def refitted_form(
    formula: Formula, X: np.ndarray, y: np.ndarray, rows: RowErrors
) -> FormulaFit | None:
    """A formula fitted to compare it with others, all constants free, from where they are.

    It is tested along its own inputs only, which are few. None if there is no minimum.
    """
    used = formula.used_inputs or formula.inputs[:1]
    columns = X[:, [formula.inputs.index(name) for name in used]]
    free = tuple(replace(constant, stderr=math.inf) for constant in formula.constants)
    try:
        with np.errstate(all="ignore"):
            form = replace(formula, inputs=used, constants=free, covariance=None)
            fit = refitted(form, columns, y, rows, exact=False)
    except (np.linalg.LinAlgError, ArithmeticError):
        return None
    fit = replace(fit, formula=replace(fit.formula, inputs=formula.inputs))
    return fit if np.isfinite(fit.chi2) else None


def fit_result(
    minimum: Minimum,
    rows: RowErrors,
    *,
    exact: Exact,
    profile: bool,
    level: float,
) -> FormulaFit:
    """Constants with errors and intervals, tests of the residual, and what is doubtful."""
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
