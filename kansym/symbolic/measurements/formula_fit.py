"""The constants of a given formula as measured: values, errors, correlations, and doubts."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from kansym.shared.errors import InputError
from kansym.shared.measured_numbers import measured_interval, measured_number
from kansym.shared.status import Finding
from kansym.symbolic.formulas.exact_hypothesis import ExactHypothesis
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.formulas.sympy_programs import from_sympy
from kansym.symbolic.measurements.grouping import Grouping

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FormulaFit", "predicted_stderr"]

_SHOWN_CORRELATION = 0.3
_MOST_CORRELATIONS = 6


@dataclass(frozen=True, eq=False)
class FormulaFit:
    """Constants of a formula fitted to rows, with everything that they rest on.

    Attributes
    ----------
    text : the formula as it was given.
    formula : the same with its constants; exact ones carry their measured values as well.
    free : names of the constants that were fitted.
    covariance : of the fitted constants, in that order; infinite for what is not determined.
    intervals : constant's name to both ends of its interval; one of them is the value itself if
        the constant is at a bound, and there is none without degrees of freedom.
    level : of the intervals.
    rows : number of rows.
    freedom : degrees of freedom, rows less fitted constants.
    chi2 : sum of the squared residuals in units of their errors.
    absolute : whether these errors were given; if not, chi2 is in units of y (or of the weights),
        and the errors of the constants come from the scatter itself.
    residuals : y less the formula, shape (rows,).
    standardised : residuals in units of their errors, shape (rows,).
    fixed : constants that were kept at a value.
    findings : what is doubtful.
    noise : standard deviation of the residual, degrees of freedom counted; nan without any.
    r2 : share of the variance of y that the formula explains, rows weighted.
    grouping : which constants groups of rows share; their columns are inputs of the formula.
    """

    text: str
    formula: Formula
    free: tuple[str, ...]
    covariance: np.ndarray
    intervals: Mapping[str, tuple[float, float]]
    level: float
    rows: int
    freedom: int
    chi2: float
    absolute: bool
    residuals: np.ndarray = field(repr=False)
    standardised: np.ndarray = field(repr=False)
    noise: float
    r2: float
    fixed: Mapping[str, float]
    findings: tuple[Finding, ...]
    grouping: Grouping | None = None

    # Constants ---------------------------------------------------------------------------------

    @property
    def values(self) -> dict[str, float]:
        """Measured value of each fitted constant."""
        return {c.name: c.value for c in self.formula.constants if c.name in self.free}

    @property
    def stderr(self) -> dict[str, float]:
        """Standard error of each fitted constant; infinite if not determined, nan if unknown."""
        roots = np.sqrt(np.diag(self.covariance))
        return dict(zip(self.free, roots.tolist(), strict=True))

    @property
    def hypotheses(self) -> dict[str, ExactHypothesis]:
        """Constant's name to an exact number that it may stand for."""
        return {c.name: c.near for c in self.formula.constants if c.near is not None}

    @property
    def correlation(self) -> np.ndarray:
        """Correlations of the fitted constants; nan beside one that is not determined."""
        spread = np.sqrt(np.diag(self.covariance))
        with np.errstate(all="ignore"):
            return self.covariance / np.outer(spread, spread)

    # Figures of the whole fit --------------------------------------------------------------------

    @property
    def reduced_chi2(self) -> float:
        """chi2 per degree of freedom; nan if there is none."""
        return self.chi2 / self.freedom if self.freedom > 0 else math.nan

    @property
    def aic(self) -> float:
        """Akaike's criterion, up to a constant of the data."""
        return self._deviance + 2 * len(self.free)

    @property
    def bic(self) -> float:
        """Schwarz' criterion, up to a constant of the data."""
        return self._deviance + math.log(self.rows) * len(self.free)

    @property
    def _deviance(self) -> float:
        if self.absolute:
            return self.chi2
        return self.rows * math.log(max(self.chi2, 1e-300) / self.rows)

    # The formula -------------------------------------------------------------------------------

    @property
    def expr(self) -> sympy.Expr:
        """The expression, constants rounded to the digits that their errors support."""
        return self.formula.expr

    def predict(
        self, X: Any, *, return_std: bool = False, new_row: bool = False
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Values of the formula, and their standard errors if asked for.

        Parameters
        ----------
        X : array (rows, inputs) or a data frame with the columns by name, that of the groups
            among them if there are any.
        return_std : whether to return standard errors as well, shape (rows,).
        new_row : whether these are of one further measured row, its noise included, instead of
            the formula's value alone.
        """
        X = X if self.grouping is None else self.grouping.extended(X)
        values = self.formula.predict(X)
        if not return_std:
            return values
        std = formula_stderr(self.formula, self.free, self.covariance, X)
        return values, np.hypot(std, self.noise) if new_row else std

    def of_group(self, label: str) -> Formula:
        """The formula of one group of rows."""
        if self.grouping is None:
            raise InputError("The fit has no groups: give groups= to fit_formula.")
        return self.grouping.of_group(label, self.formula.constants)

    def frame(self) -> "pd.DataFrame":
        """The constants as a table: value, error, interval, nearby exact number."""
        import pandas as pd

        rows = []
        for constant in self.formula.constants:
            name = constant.name
            low, high = self.intervals.get(name, (math.nan, math.nan))
            near = self.hypotheses.get(name)
            rows.append(
                {
                    "constant": name,
                    "value": constant.value,
                    "stderr": self.stderr.get(name, 0.0),
                    "low": low,
                    "high": high,
                    "fixed": name in self.fixed,
                    "exact": None if near is None else str(near.number),
                    "p": math.nan if near is None else near.p,
                }
            )
        return pd.DataFrame(rows).set_index("constant") if rows else pd.DataFrame()

    def __str__(self) -> str:
        lines = [self.text, *self._constant_lines(), *self._correlation_lines()]
        if self.grouping is not None:
            lines = [self.text, *self.grouping.lines(self.formula.constants)]
        lines += self._goodness()
        return "\n".join([*lines, *map(str, self.findings)])

    def _constant_lines(self) -> list[str]:
        entries = []
        for c in self.formula.constants:
            if c.name in self.fixed:
                entries.append((c.name, f"{c.value:.10g}", "fixed"))
                continue
            notes = []
            if c.name in self.intervals:
                low, high = self.intervals[c.name]
                error = c.stderr or (high - low) / 2 or abs(c.value)
                notes.append(f"{100 * self.level:g} %: {measured_interval(low, high, error)}")
            if c.exact is not None:
                entries.append((c.name, str(c.exact), f"measured {_value(c.value, c.stderr)}"))
                continue
            if c.name in self.hypotheses:
                notes.append(str(self.hypotheses[c.name]))
            entries.append((c.name, _value(c.value, c.stderr), "; ".join(notes)))
        if not entries:
            return []
        names, values = (max(len(entry[i]) for entry in entries) for i in (0, 1))
        return [f"  {n:<{names}} = {v:<{values}}   {w}".rstrip() for n, v, w in entries]

    def _correlation_lines(self) -> list[str]:
        pairs = [
            (abs(self.correlation[i, j]), f"{self.free[j]}, {self.free[i]}: {r:+.2f}")
            for i in range(len(self.free))
            for j in range(i)
            if abs(r := float(self.correlation[i, j])) > _SHOWN_CORRELATION
        ]
        pairs.sort(key=lambda pair: -pair[0])
        more = (
            f"; {len(pairs) - _MOST_CORRELATIONS} more" if len(pairs) > _MOST_CORRELATIONS else ""
        )
        shown = "; ".join(text for _, text in pairs[:_MOST_CORRELATIONS])
        return [f"correlations: {shown}{more}"] if pairs else []

    def _goodness(self) -> list[str]:
        parts = [f"{self.rows} rows", f"{self.freedom} degrees of freedom"]
        if self.freedom > 0:
            per = f"chi2 = {self.chi2:.4g}, {self.reduced_chi2:.3g} per degree"
            parts.append(per if self.absolute else f"standard deviation {self.noise:.3g}")
        criteria = f"R2 = {self.r2:.6g}; AIC = {self.aic:.4g}; BIC = {self.bic:.4g}"
        return ["; ".join(parts), criteria]


def _value(value: float, stderr: float | None) -> str:
    if stderr is not None and math.isinf(stderr):
        return f"{value:.6g}, not determined"
    return measured_number(value, stderr)


def predicted_stderr(formula: Formula, X: Any) -> np.ndarray:
    """Standard error of a formula's values, (rows,), that those of its constants cause.

    Parameters
    ----------
    formula : 0 is returned if all its constants are exact, nan if their errors are not known.
    X : array (rows, inputs), or a data frame with the columns by name.
    """
    free = tuple(c.name for c in formula.constants if c.exact is None)
    covariance = np.zeros((0, 0)) if not free else formula.covariance
    if covariance is None or len(covariance) != len(free) or not np.isfinite(covariance).all():
        return np.full(len(X), np.nan)
    return formula_stderr(formula, free, covariance, X)


def formula_stderr(
    formula: Formula, free: tuple[str, ...], covariance: np.ndarray, X: Any
) -> np.ndarray:
    """Standard error of a formula's values that the errors of its constants cause, (rows,)."""
    from kansym.programs.gradients import DifferentiableProgram

    columns = formula._columns(X)
    rows = len(next(iter(columns.values())))
    tape = DifferentiableProgram(
        from_sympy(formula.template), {curve.name: curve for curve in formula.curves}
    )
    _, slopes = tape.slopes({**columns, **formula.values}, free)
    if not free:
        return np.zeros(rows)
    j = np.stack([np.broadcast_to(s, (rows,)) for s in slopes], axis=1)
    return np.sqrt(np.maximum(np.einsum("ni,ij,nj->n", j, covariance, j), 0.0))
