"""Simple laws beside the formula of a network: the shortest description of noisy rows wins."""

from dataclasses import replace

from kansym.extraction.few_rows import LOOKED_AT, LOOKING, FewRows, by_their_scatter
from kansym.extraction.formulas import front_point
from kansym.extraction.settings import Settings
from kansym.extraction.split import Split
from kansym.results.parts import FrontPoint
from kansym.shared.deadline import Deadline
from kansym.shared.status import Finding
from kansym.symbolic.formulas.formula import Formula

__all__ = ["beside_simple_laws"]

LATE, SEARCHING = (0.2, 1.0), 2.5
"""Seconds for the laws: least and most of them after the time is up, and most before."""
FINISHED = 2
CLOSE_BITS = 10.0
"""Bits behind the best within which a law may win once its numbers are exact."""


def beside_simple_laws(
    split: Split,
    inputs: tuple[str, ...],
    formulas: tuple[Formula, ...],
    front: tuple[FrontPoint, ...],
    settings: Settings,
    deadline: Deadline,
) -> tuple[tuple[Formula, ...], tuple[FrontPoint, ...], Split, list[Finding]]:
    """The formula of shortest description, and the front with all simple laws beside it.

    And the rows with errors that grow with y, if that is how they scatter, and that said.

    Parameters
    ----------
    split : data judge by its rows; else nothing changes.
    inputs : names of the inputs.
    formulas, front : of the network.
    settings : of the extraction.
    deadline : of the extraction.
    """
    rows = FewRows.of(split, inputs)
    if rows is None or settings.physical_constants:
        return formulas, front, *by_their_scatter(split, rows, formulas, deadline)
    judge = split.judge
    until = deadline.share(0.5).within(SEARCHING).or_after(settings.overtime(*LATE))
    laws = rows.laws(until)
    likeliest = (*formulas, *(law.formula for law in laws[:LOOKED_AT]))
    split, scatter = by_their_scatter(split, rows, likeliest, deadline)
    if scatter:
        rows = rows.of_errors(split.errors_used)
        laws = rows.again((law.formula for law in laws), until.or_after(LOOKING))
    best, least = formulas[0], rows.length(formulas[0])
    for law in laws[:FINISHED]:
        if rows.length(law.formula) > least + CLOSE_BITS:
            break
        finished = rows.finished(law, settings, until)
        if rows.length(finished) < least:
            best, least = finished, rows.length(finished)
    points = [replace(point, selected=point.selected and best is formulas[0]) for point in front]
    if best is not formulas[0]:
        points.append(front_point(judge, (best,), selected=True))
    seen = {str(point.formulas[0]) for point in points}
    for law in laws:
        if str(law.formula) not in seen:
            seen.add(str(law.formula))
            points.append(front_point(judge, (law.formula,), selected=False))
    chosen = formulas if best is formulas[0] else (best,)
    return chosen, tuple(points), split, scatter
