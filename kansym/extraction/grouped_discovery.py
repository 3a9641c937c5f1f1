"""One form for all groups of rows: forms that some groups suggest, held against all of them."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import sympy

from kansym.extraction.constant_units import Units, with_units
from kansym.extraction.formulas import front_point, not_dominated
from kansym.extraction.law_reading import kan_of, law_result
from kansym.extraction.settings import Settings
from kansym.extraction.split import split_rows
from kansym.neural.models.kan import KAN
from kansym.results.result import Extraction
from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError
from kansym.shared.row_errors import RowErrors, row_errors
from kansym.shared.status import Finding, Status
from kansym.shared.tables import Table, as_table, as_targets
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.formulas.parsing import written
from kansym.symbolic.formulas.signs import with_plain_signs
from kansym.symbolic.measurements.description_length import description_length
from kansym.symbolic.measurements.formula_fit import FormulaFit
from kansym.symbolic.measurements.formula_fitting import fit_formula
from kansym.symbolic.measurements.group_fitting import fit_groups, untested_groups
from kansym.symbolic.measurements.groups import Groups, without_groups
from kansym.symbolic.measurements.measured_constants import with_measured_constants
from kansym.symbolic.measurements.refitting import Exact

__all__ = ["different_forms", "grouped_fits", "grouped_result", "known_form_in_groups"]

MOST_FORMS = 24
"""Forms that are held against all groups, simplest first."""


def different_forms(formulas: Iterable[Formula]) -> list[Formula]:
    """Formulas that are not the same up to the values of their constants, simplest first."""
    found: dict[sympy.Expr, Formula] = {}
    for formula in formulas:
        if not any(constant.exact is None for constant in formula.constants):
            formula = with_measured_constants(formula)[0]  # exact in one group, others in another
        formula = with_plain_signs(replace(formula, covariance=None))
        order = sorted(str(s) for s in formula.template.free_symbols - set(_inputs(formula)))
        names = {sympy.Symbol(name): sympy.Symbol(f"_{i}") for i, name in enumerate(order)}
        found.setdefault(formula.template.xreplace(names), formula)
    kept = [formula for formula in found.values() if formula.constants and not formula.curves]
    return sorted(kept, key=lambda formula: formula.complexity)[:MOST_FORMS]


def _inputs(formula: Formula) -> list[sympy.Symbol]:
    return [sympy.Symbol(name) for name in formula.inputs]


def grouped_fits(
    forms: Iterable[Formula],
    inputs: Table,
    y: np.ndarray,
    groups: Groups,
    errors: RowErrors,
    exact: Exact,
    deadline: Deadline,
) -> list[FormulaFit]:
    """Forms fitted to all groups, shortest description first; after the deadline the first alone.

    Parameters
    ----------
    forms : with constants near those of some group.
    inputs, y, groups, errors : the rows.
    exact : see `kansym.fit_formula`.
    """
    found: list[tuple[float, FormulaFit]] = []
    for form in forms:
        if deadline.passed and found:
            break
        try:
            with np.errstate(all="ignore"):
                text = written(form.template)
                fit = fit_groups(form, inputs.values, y, groups, errors, text=text, exact=exact)
        except (InputError, np.linalg.LinAlgError, ArithmeticError):
            continue
        length = description_length(fit, y, errors)
        if np.isfinite(fit.chi2) and np.isfinite(length):
            found.append((length, fit))
    return [fit for _, fit in sorted(found, key=lambda pair: pair[0])]


def grouped_result(
    fits: list[FormulaFit],
    inputs: Table,
    target: Table,
    groups: Groups,
    errors: RowErrors | None,
    settings: Settings,
    units: Units | None,
    deadline: Deadline,
) -> tuple[KAN, Extraction]:
    """The result whose inputs are the columns and one more for each group."""
    names = fits[0].formula.inputs
    X = Table(np.hstack([inputs.values, groups.columns()]), names)
    split = split_rows(None, X.values, target, None, settings, errors)
    points = [
        front_point(split.judge, (fit.formula,), selected=fit is fits[0])
        for fit in fits
        if fit.formula.inputs == names
    ]
    model = kan_of(fits[0].formula, X, target.names[0])
    result = law_result(
        points[0], not_dominated(points), model, X, target.names[0], split, settings, {}, deadline
    )
    # Every row is in one group, so that the columns of the groups determine one another.
    untold = (Status.DEPENDENT_INPUTS, Status.OK)
    known = tuple(one for one in result.status if one.status not in untold)
    if fits[0].grouping is not None:
        known += tuple(untested_groups(groups, fits[0].grouping))
    fine = Finding(Status.OK, "formula", f"relative error {points[0].error:.1e} against the data")
    result = replace(result, status=known or (fine,))
    if units is None:
        return model, result
    pure = {name: "1" for name in names if name not in inputs.names}
    return model, with_units(result, Units({**pure, **units.inputs}, units.output))


def known_form_in_groups(
    form: str, X: Any, y: Any, groups: Any, *, sigma: Any = None, **settings: Any
) -> tuple[FormulaFit, KAN, Extraction]:
    """A form that is known, fitted to all groups, as a result like those of a search.

    Parameters
    ----------
    form, X, y, groups, sigma : as for `kansym.fit_formula`.
    settings : further ones of it, such as ``start``.
    """
    table = as_table(without_groups(X, groups))
    target = as_targets(y, len(table))
    members = Groups.of(groups, X, len(table))
    fit = fit_formula(form, X, target.values[:, 0], groups=groups, sigma=sigma, **settings)
    used = [table.names.index(name) for name in fit.formula.inputs if name in table.names]
    names = tuple(table.names[place] for place in used)
    units = {name: unit for name, unit in table.units.items() if name in names}
    inputs = Table(table.values[:, used], names, units)
    errors = None if sigma is None else row_errors(len(table), sigma)
    known = Units.of(inputs, target, None, None)
    never = Deadline.never()
    return fit, *grouped_result([fit], inputs, target, members, errors, Settings(), known, never)
