"""One form for all groups: own constants first, then shared ones as far as the rows allow."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import sympy
from scipy import special

from kansym.shared.errors import InputError
from kansym.shared.row_errors import RowErrors
from kansym.shared.status import Finding, Status
from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.measurements.formula_fit import FormulaFit
from kansym.symbolic.measurements.grouping import Grouping, own_name
from kansym.symbolic.measurements.groups import Groups
from kansym.symbolic.measurements.refitting import Exact, refitted

__all__ = ["fit_groups", "untested_groups"]

_EQUAL = 0.01
"""Probability of differences as large as those found, from which on a constant is shared."""


def fit_groups(
    formula: Formula,
    X: np.ndarray,
    y: np.ndarray,
    groups: Groups,
    errors: RowErrors,
    *,
    text: str = "",
    shared: Sequence[str] | None = None,
    exact: Exact = "report",
) -> FormulaFit:
    """Fit a formula to all groups at once, and find which of its constants are the same in all.

    Every constant starts as each group's own. The one whose differences between groups chance
    explains best (F test, or chi2 if the errors of the rows are known) becomes shared, again and
    again, until the differences of all that are left are significant.

    Parameters
    ----------
    formula : its constants near those of the groups.
    X, y : shapes (rows, inputs) and (rows,).
    groups, errors : of the rows.
    text : how the formula was written.
    shared : constants that are shared; tests find them unless given.
    exact : as in `kansym.fit_formula`.

    Raises
    ------
    InputError
        If a group has fewer rows than constants of its own.
    """
    free = [c.name for c in formula.constants if c.exact is None]
    own = [name for name in free if name not in (shared or ())]
    rows = _GroupedRows(formula, X, y, groups, errors)
    equality: dict[str, float] = {}
    while own and shared is None:
        tests = {name: rows.probability(own, name) for name in own}
        equality |= tests
        most = max(tests, key=lambda name: tests[name])
        if not tests[most] > _EQUAL:
            break
        own.remove(most)
    _refuse_small(groups, own)
    fit = rows.joint(own, exact)
    grouping = Grouping(
        formula,
        groups.name,
        groups.labels,
        tuple(name for name in free if name not in own),
        tuple(own),
        {name: equality.get(name, math.nan) for name in free},
    )
    findings = (*fit.findings, *_same(fit, groups, own), *untested_groups(groups, grouping))
    return replace(fit, text=text or fit.text, findings=findings, grouping=grouping)


class _GroupedRows:
    """Fits of a form to the same groups, with one constant after the other shared."""

    def __init__(
        self, formula: Formula, X: np.ndarray, y: np.ndarray, groups: Groups, errors: RowErrors
    ):
        self.formula, self.X, self.y = formula, X, y
        self.groups, self.errors = groups, errors
        self.columns = [_column_name(groups.name, label, formula) for label in groups.labels]
        self.starts = [self._alone(np.flatnonzero(groups.place == k)) for k in range(groups.count)]
        self._fits: dict[tuple[str, ...], FormulaFit] = {}

    def _alone(self, rows: np.ndarray) -> dict[str, float]:
        """Constants of a group by itself, if it has rows enough."""
        formula = _all_free(self.formula)
        if len(rows) < len(formula.constants):
            return formula.values
        try:
            with np.errstate(all="ignore"):
                errors = self.errors.of_rows(rows)
                fit = refitted(formula, self.X[rows], self.y[rows], errors, exact=False)
        except (np.linalg.LinAlgError, ArithmeticError):
            return formula.values
        return fit.formula.values if np.isfinite(fit.chi2) else formula.values

    def joint(self, own: Sequence[str], exact: Exact = False) -> FormulaFit:
        """All groups in one fit; an own constant is a sum over the columns of groups."""
        labels = self.groups.labels
        sums = {
            sympy.Symbol(name): sympy.Add(
                *(
                    sympy.Symbol(own_name(name, label)) * sympy.Symbol(column)
                    for label, column in zip(labels, self.columns, strict=True)
                )
            )
            for name in own
        }
        constants: list[Constant] = []
        for c in _all_free(self.formula).constants:
            starts = [start.get(c.name, c.value) for start in self.starts]
            if c.name in own:
                pairs = zip(labels, starts, strict=True)
                constants += [Constant(own_name(c.name, g), v, np.inf) for g, v in pairs]
            else:
                shared = c.value if c.exact is not None else float(np.median(starts))
                constants.append(replace(c, value=shared))
        joint = Formula(
            self.formula.template.xreplace(sums),
            (*self.formula.inputs, *self.columns),
            tuple(constants),
            curves=self.formula.curves,
        )
        X = np.hstack([self.X, self.groups.columns()])
        return refitted(joint, X, self.y, self.errors, exact=exact)

    def probability(self, own: Sequence[str], name: str) -> float:
        """Of the differences between groups by chance, if a constant is the same in all."""
        fewer = tuple(other for other in own if other != name)
        for names in (tuple(own), fewer):
            if names not in self._fits:
                self._fits[names] = self.joint(names)
        return _probability(self._fits[tuple(own)], self._fits[fewer], self.groups.count - 1)


def _all_free(formula: Formula) -> Formula:
    constants = tuple(
        c if c.exact is not None else replace(c, stderr=np.inf, near=None)
        for c in formula.constants
    )
    return replace(formula, constants=constants, covariance=None)


def _column_name(name: str, label: str, formula: Formula) -> str:
    plain = f"{name}={label}"
    return plain if plain not in formula.inputs else f"{plain}'"


def _probability(richer: FormulaFit, simpler: FormulaFit, freedom: int) -> float:
    """Of such a growth of chi2 by chance, if the simpler of two nested fits is right."""
    if not np.isfinite(richer.chi2):
        return 1.0
    growth = max(simpler.chi2 - richer.chi2, 0.0)
    if richer.absolute:
        return float(special.chdtrc(freedom, growth))
    if richer.freedom <= 0:
        return 1.0
    ratio = growth / freedom / max(richer.chi2 / richer.freedom, 1e-300)
    return float(special.fdtrc(freedom, richer.freedom, ratio))


def _refuse_small(groups: Groups, own: Sequence[str]) -> None:
    label, rows = min(groups.counts.items(), key=lambda pair: pair[1])
    if rows < len(own):
        raise InputError(
            f"Group {label!r} has {rows} row{'s' * (rows > 1)}, but the formula has {len(own)} "
            f"constants of its own for each group ({', '.join(own)}): leave the group out, or say "
            "which are shared, such as "
            f"shared=[{own[-1]!r}]."
        )


def untested_groups(groups: Groups, grouping: Grouping) -> list[Finding]:
    """Groups with as many rows as constants of their own: these rows test nothing."""
    own = len(grouping.own)
    few = [label for label, rows in groups.counts.items() if rows <= own]
    if not few:
        return []
    named = ", ".join(few[:5]) + (f" and {len(few) - 5} more" if len(few) > 5 else "")
    detail = (
        f"{named}: {own} row{'s' * (own > 1)} and as many constants of its own "
        f"({', '.join(grouping.own)}), which fit whatever was measured there"
    )
    return [Finding(Status.NO_FREEDOM, groups.name, detail)]


def _same(fit: FormulaFit, groups: Groups, own: Sequence[str]) -> list[Finding]:
    """Pairs of groups that a constant does not tell apart, where it tells others apart."""
    found = []
    place = {name: i for i, name in enumerate(fit.free)}
    for name in own if len(groups.labels) > 2 else ():
        pairs = []
        for j, b in enumerate(groups.labels):
            for a in groups.labels[:j]:
                i, k = place[own_name(name, a)], place[own_name(name, b)]
                c = fit.covariance
                spread = math.sqrt(max(c[i, i] + c[k, k] - 2 * c[i, k], 0.0))
                away = abs(fit.values[own_name(name, a)] - fit.values[own_name(name, b)])
                if spread > 0 and special.ndtr(-away / spread) * 2 > _EQUAL:
                    pairs.append(f"{a} and {b}")
        if pairs:
            detail = f"{name} is the same within its error in {', '.join(pairs[:5])}"
            found.append(Finding(Status.EQUAL_GROUPS, name, detail))
    return found
