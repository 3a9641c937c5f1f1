"""One sentence that says how good a formula is."""

import math

from kansym.documents.blocks import Line, Number, line
from kansym.documents.numbers import number
from kansym.results.parts import Result
from kansym.shared.status import Finding
from kansym.symbolic.formulas.formula import Formula

__all__ = ["findings", "named_formulas", "relative_error", "share_explained", "verdict"]


def findings(result: Result) -> tuple[Finding, ...]:
    """All that was noticed about the formula, the network and its edges, each once."""
    about_edges = [report.finding for report in result.edges if report.finding is not None]
    return tuple(dict.fromkeys([*result.status, *result.network.findings, *about_edges]))


def named_formulas(result: Result) -> list[tuple[str, Formula]]:
    """Output names with their formulas; empty if the network could not be read."""
    if not result.formulas:
        return []
    return list(zip(result.output_names, result.formulas, strict=True))


def relative_error(r2: float) -> float:
    """Root mean square error over the spread of the output, from the share R² explained.

    Examples
    --------
    >>> round(relative_error(0.99), 12)
    0.1
    """
    return math.sqrt(max(1.0 - r2, 0.0))


def share_explained(r2: float | None) -> Line:
    """R² for a table; written as its distance from 1 when it is near 1.

    Examples
    --------
    >>> share_explained(0.875)
    (Number(mantissa='0.875', exponent=None),)
    >>> [str(piece) for piece in share_explained(1 - 2.5e-9)]
    ['1 − ', '2.5e-9']
    """
    if r2 is None or not math.isfinite(r2) or r2 < 0.999:
        return line(number(r2, 4))
    missing = 1.0 - r2
    if missing < 1e-15:
        return line(Number("1"))
    return line("1 − ", number(missing, 2))


def verdict(result: Result) -> Line:
    """How well the formula does on rows that were not used, and what that rests on.

    Examples are in the reports of :func:`kansym.report`.
    """
    if not result.formulas:
        return line("There is no formula for this network; the reason is given below.")
    measured = result.fidelity
    rows = f"{measured.held_out_rows} rows that were not used to find it"
    if not measured.held_out_rows:
        rows = f"the {measured.rows} rows used to find it"
    if measured.right is not None:
        learnt = measured.right_network
        network = "" if learnt is None else f", the network {100 * learnt:.1f} %"
        start = f"The formula puts {100 * measured.right:.1f} % of {rows} in the right class"
        return line(f"{start}{network}; ", _rest(result))
    by_data = measured.judge == "data" and measured.r2_data is not None
    r2 = measured.r2_data if by_data else measured.r2_network
    if r2 is None or not math.isfinite(r2):
        return line("The formula could not be checked: it is undefined on the rows held out.")
    judge = "data" if by_data else "network"
    words = "formulas reproduce" if len(result.formulas) > 1 else "formula reproduces"
    error = relative_error(r2)
    start = f"The {words} the {judge} on {rows} "
    if error < 1e-14:
        return line(start, "to rounding error; ", _rest(result))
    return line(
        start, "with a root mean square error of ", number(error, 2), " of the output’s spread; ",
        _rest(result),
    )  # fmt: skip


def _rest(result: Result) -> str:
    """Constants and warnings, counted."""
    free = sum(constant.exact is None for f in result.formulas for constant in f.constants)
    fitted = {0: "it has no fitted constant", 1: "it has one fitted constant"}.get(
        free, f"it has {free} fitted constants"
    )
    warnings = sum(finding.status.is_warning for finding in findings(result))
    noted = {0: "nothing gave cause for a warning", 1: "one warning is given below"}.get(
        warnings, f"{warnings} warnings are given below"
    )
    return f"{fitted}, and {noted}."
