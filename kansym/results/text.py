"""A result in plain text, for terminals and logs."""

import math

from kansym.documents.blocks import Inline, Line, Maths
from kansym.documents.mathematics import equation, maths
from kansym.results.parts import Result
from kansym.results.verdict import findings, named_formulas, verdict
from kansym.shared.measured_numbers import measured_interval, measured_number
from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.formulas.formula import Formula

__all__ = ["plain", "summary"]

_MOST_POINTS = 15
_TOLD, _MOST_PAIRS = 0.3, 6
"""Correlations that are told from which size on, and how many."""


def summary(result: Result) -> str:
    """Formula, verdict, constants, Pareto front and warnings, each on lines of its own.

    Parameters
    ----------
    result : the extraction.
    """
    named = named_formulas(result)
    lines = [equation(name, formula.expr, digits=8).text for name, formula in named]
    lines += ["", plain(verdict(result))] if named else [plain(verdict(result))]
    lines += _boundaries(result)
    for name, formula in named:
        lines += _constants(name, formula)
    lines += _front(result)
    readings = result.provenance.readings if len(result.provenance.readings) > 1 else ()
    lines += ["", *(f"read {reading}" for reading in readings)] if readings else []
    lines += ["", *map(str, findings(result))] if findings(result) else []
    return "\n".join(lines)


def _boundaries(result: Result) -> list[str]:
    """Where a classifier whose classes are known is undecided."""
    if not result.formulas or not result.provenance.classes:
        return []
    return ["", *(f"boundary {boundary}" for boundary in result.boundaries())]


def plain(content: Line) -> str:
    """A line of a report in plain letters.

    Examples
    --------
    >>> plain(("about ", Maths("", "x^2", "x**2")))
    'about x**2'
    """
    return "".join(_inline(piece) for piece in content)


def _inline(piece: Inline) -> str:
    match piece:
        case str():
            return piece.replace("’", "'")
        case Maths(_, _, text):
            return text
        case _:
            return str(getattr(piece, "text", piece)).replace("−", "-")


def _constants(name: str, formula: Formula) -> list[str]:
    """Fitted constants with their standard errors and intervals, and how they are correlated."""
    if not formula.constants:
        return []
    lines = ["", f"{equation(name, formula.template).text}   with"]
    lines += [
        f"  {constant.name} = {_measured(constant, formula)}" for constant in formula.constants
    ]
    pairs = sorted(formula.correlations.items(), key=lambda pair: -abs(pair[1]))
    told = [f"{a}, {b}: {r:+.2f}" for (a, b), r in pairs if abs(r) > _TOLD][:_MOST_PAIRS]
    return [*lines, f"  correlations: {'; '.join(told)}"] if told else lines


def _measured(constant: Constant, formula: Formula) -> str:
    """Value and standard error, the interval, and an exact number that may be meant."""
    size = constant.stderr
    unit = f" {constant.unit}" if constant.unit else ""
    value = measured_number(constant.value, size) + unit
    if constant.exact is not None:
        return f"{constant.exact}   (exact; measured {value})" if size else f"{constant.exact}"
    if size is not None and not math.isfinite(size):
        return f"{constant.value:.6g}{unit}   (not determined by these rows)"
    if not size:
        return value
    ends = constant.interval(0.95, formula.freedom)
    near = "" if constant.near is None else f"; {constant.near}"
    return f"{value}   (95 %: {measured_interval(*ends, size)}{near})"


def _front(result: Result) -> list[str]:
    """The Pareto front, the selected formula marked."""
    if len(result.front) < 2:
        return []
    lines = ["", "   bits   error     formula"]
    for point in result.front[:_MOST_POINTS]:
        mark = ">" if point.selected else " "
        text = ";  ".join(maths(formula.expr).text for formula in point.formulas)
        lines.append(f"{mark} {point.complexity:5.0f}   {point.error:.1e}   {text}")
    if len(result.front) > _MOST_POINTS:
        lines.append(f"  and {len(result.front) - _MOST_POINTS} more")
    return [*lines, *_why(result)]


def _why(result: Result) -> list[str]:
    """Why the selected formula is not a more exact one."""
    place = next((i for i, point in enumerate(result.front) if point.selected), None)
    if place is None or place + 1 >= len(result.front):
        return []
    chosen, best = result.front[place], result.front[-1]
    if chosen.bic is None or best.bic is None:
        return []
    words = "what the longer ones gain is within the noise"
    if chosen.bic > best.bic:
        words = "the longer ones gain less than their length costs"
    return [f"> selected: the shortest description of the rows and of itself; {words}"]
