"""Fit the constants of a given formula to measured rows, without any network."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError
from kansym.shared.row_errors import RowErrors, per_row, row_errors
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.measurements.counts import count_errors, count_misfit
from kansym.symbolic.measurements.formula_fit import FormulaFit
from kansym.symbolic.measurements.given_formula import GivenFormula, given_formula
from kansym.symbolic.measurements.group_fitting import fit_groups
from kansym.symbolic.measurements.groups import Groups, without_groups
from kansym.symbolic.measurements.minimum import minimum_at, one_of_many
from kansym.symbolic.measurements.misfit import Misfit, OrthogonalDistance, RowMisfit
from kansym.symbolic.measurements.refitting import Exact, fit_result
from kansym.symbolic.measurements.search import bounds_of, search

__all__ = ["fit_formula"]


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
    groups: Any = None,
    shared: Sequence[str] | None = None,
    loss: Literal["squared", "huber", "poisson", "binomial"] = "squared",
    trials: Any = None,
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
    groups : the name of a column of X, or a label for each row: constants are then each group's
        own, ``a[label]``, unless their differences between groups are no more than chance.
    shared : constants that all groups share; tests find them unless given.
    loss : ``"huber"`` if outliers are to be expected: they are named and count little;
        ``"poisson"`` if y are counts and the formula their mean; ``"binomial"`` if it is the
        probability that a trial counts.
    trials : of each row, or one for all, for a binomial.
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
    _check(loss, exact, level, (sigma, weights, covariance, input_sigma), groups)
    members = None if groups is None else Groups.of(groups, X, np.size(y))
    given = given_formula(formula, without_groups(X, groups), y, inputs, fixed or {})
    rows = row_errors(len(given.y), sigma, weights, covariance)
    first = dict(formula.values) if isinstance(formula, Formula) else {}
    first = {name: value for name, value in first.items() if name in given.free}
    first.update({str(name): float(value) for name, value in (start or {}).items()})
    limits = bounds_of(bounds, given.free)
    misfit, sought = _misfit(given, rows, input_sigma), given
    if loss in ("poisson", "binomial"):
        misfit = count_misfit(given, loss, trials)
        rows = count_errors(misfit)
        sought = replace(given, y=given.y if misfit.trials is None else given.y / misfit.trials)
    deadline = Deadline.after(budget)
    found = search(sought, rows, misfit, first, limits, seed, deadline)
    found = one_of_many(sought, rows, misfit, found, first, limits)
    if not np.isfinite(misfit.residuals(found.constants)).all() and sought is not given:
        raise InputError(
            "The formula gives counts that cannot be, such as a mean below zero, wherever the "
            "search began: give start= or bounds=."
        )
    minimum = minimum_at(given, rows, misfit, found, limits, loss)
    fit = fit_result(minimum, rows, exact=exact, profile=profile, level=level)
    if members is None:
        return fit
    settings = {"text": given.text, "shared": shared, "exact": exact}
    return fit_groups(fit.formula, given.X, given.y, members, rows, **settings)


_LOSSES = ("squared", "huber", "poisson", "binomial")


def _check(loss: str, exact: Any, level: float, errors: Sequence[Any], groups: Any) -> None:
    if loss not in _LOSSES:
        raise InputError(f"loss={loss!r} is not known: give one of {', '.join(_LOSSES)}.")
    if loss in ("poisson", "binomial") and any(given is not None for given in errors):
        raise InputError(f"loss={loss!r} knows the errors of counts: give no errors beside it.")
    if loss != "squared" and groups is not None:
        raise InputError(f"groups= goes with loss='squared' alone, {loss!r} was given.")
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
