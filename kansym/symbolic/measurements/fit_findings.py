"""What is doubtful about constants that were fitted."""

import math

import numpy as np
from scipy import special

from kansym.shared.status import Finding, Status
from kansym.symbolic.measurements.minimum import Minimum
from kansym.symbolic.measurements.residual_tests import residual_findings

__all__ = ["fit_findings"]

_DISAGREE = 1e-3
"""p-value of chi2 below which the errors of the rows cannot be right."""
_NAMED_ROWS = 5


def fit_findings(
    minimum: Minimum,
    covariance: np.ndarray,
    standardised: np.ndarray,
    *,
    computed: bool,
) -> list[Finding]:
    """About the search, the constants one by one, the size of the residual and its pattern.

    Parameters
    ----------
    minimum : the fit.
    covariance : of the constants.
    standardised : residuals in units of their errors.
    computed : whether the rows are exact to rounding, so that nothing is noise.
    """
    formula, free = minimum.formula, minimum.formula.free
    findings = []
    if not minimum.found.converged and not computed:
        findings.append(Finding(Status.NOT_CONVERGED, "constants"))
    if minimum.freedom <= 0:
        detail = f"{len(formula.y)} rows, {len(free)} constants"
        findings.append(Finding(Status.NO_FREEDOM, "constants", detail))
    for group in minimum.errors.inseparable:
        names = [free[i] for i in group]
        detail = f"{' and '.join(names)} cannot be told apart"
        if len(names) == 1:
            detail = f"{names[0]} has no effect on these rows"
        findings.append(Finding(Status.INSEPARABLE_CONSTANTS, ", ".join(names), detail))
    findings += [
        Finding(Status.CONSTANT_AT_BOUND, name, f"{minimum.found.constants[i]:g}")
        for i, name in enumerate(free)
        if minimum.found.active[i]
    ]
    for i, name in enumerate(free):
        error = math.sqrt(covariance[i, i]) if covariance[i, i] >= 0 else math.nan
        value = float(minimum.found.constants[i])
        if abs(value) < error < math.inf and not computed:
            detail = f"{value:.2g} with a standard error of {error:.2g}"
            findings.append(Finding(Status.UNCERTAIN_CONSTANT, name, detail))
    if computed or minimum.freedom <= 0:
        return findings
    if minimum.absolute:
        findings += _size(minimum)
    if minimum.outlying:
        # They pull the formula, so the other residuals show a pattern too.
        return [*findings, _outlying(minimum.outlying)]
    return findings + residual_findings(standardised, formula.columns)


def _size(minimum: Minimum) -> list[Finding]:
    """Whether chi2 is what errors of that size give."""
    above = float(special.chdtrc(minimum.freedom, minimum.chi2))
    if min(above, 1.0 - above) * 2 >= _DISAGREE:
        return []
    ratio = math.sqrt(minimum.chi2 / minimum.freedom)
    word = f"{ratio:.3g} times as large" if ratio > 1 else f"{1 / ratio:.3g} times smaller"
    detail = f"the residual is {word} as the errors of the rows say"
    return [Finding(Status.ERRORS_DISAGREE, "sigma", detail.replace("smaller as", "smaller than"))]


def _outlying(outlying: tuple[tuple[int, float], ...]) -> Finding:
    named = ", ".join(f"row {i} by {abs(t):.1f}" for i, t in outlying[:_NAMED_ROWS])
    more = f" and {len(outlying) - _NAMED_ROWS} more" if len(outlying) > _NAMED_ROWS else ""
    return Finding(
        Status.OUTLYING_ROWS, "rows", f"off the formula, in standard errors: {named}{more}"
    )
