"""The report on a formula as a tree of blocks; what it says, not how it looks."""

from collections.abc import Iterable
from datetime import UTC, datetime

from kansym.documents.blocks import (
    Block,
    Details,
    Document,
    Equation,
    Illustration,
    Listing,
    Paragraph,
    line,
)
from kansym.documents.html import fragment
from kansym.documents.mathematics import equation
from kansym.documents.names import symbol
from kansym.documents.pictures import Picture
from kansym.results import plots, sections
from kansym.results.data_section import data_section
from kansym.results.parts import Result
from kansym.results.verdict import named_formulas, verdict
from kansym.symbolic.formulas.formula import Formula

__all__ = ["document", "notebook_html"]

MOST_PICTURES = 3
"""Outputs whose pictures are shown in a notebook."""


def document(
    result: Result,
    title: str | None = None,
    extra: Iterable[Block] = (),
    *,
    brief: bool = False,
) -> Document:
    """Everything that an extraction found, in the order in which one asks.

    Parameters
    ----------
    result : the extraction.
    title : of the page; ``"Formula for y"`` by default, with the name of the output.
    extra : blocks to add before the account of how the result was made.
    brief : without the drawings of the network and its edges.
    """
    names = ", ".join(result.output_names)
    made = result.provenance
    subtitle = line(f"Read from {made.model}, {made.parameters} parameters. {_day(made.created)}")
    blocks = (
        *_formulas(result),
        Paragraph(verdict(result), lead=True),
        *sections.boundaries(result),
        *sections.notices(result),
        *sections.constants(result),
        *data_section(result),
        *sections.fidelity(result),
        *([] if brief else sections.network(result)),
        *sections.edges(result, drawn=not brief),
        *sections.front(result),
        *extra,
        *sections.provenance(result),
        *sections.references(result),
    )
    return Document(title or f"Formula for {names}", tuple(blocks), subtitle)


def notebook_html(result: Result) -> str:
    """The short form for a notebook cell: formula, verdict, constants and a picture, as HTML."""
    blocks = [Equation(equation(name, formula.expr)) for name, formula in named_formulas(result)]
    tables = sections.constants(result)
    said = (Paragraph(verdict(result)), *sections.notices(result))
    return fragment((*blocks, *said, *tables, *_pictures(result)))


def _pictures(result: Result) -> list[Block]:
    """The formula beside the rows, one picture for each of the first outputs."""
    if result.data is None and not len(result.network.sample):
        return []
    blocks: list[Block] = []
    for name, _ in named_formulas(result)[:MOST_PICTURES]:
        caption = line("The formula for ", symbol(name), " and the rows.")
        picture = Picture(plots.plot(result, output=name))
        blocks.append(Illustration(picture, caption, f"The formula for {name} and the rows"))
    return blocks


def _formulas(result: Result) -> list[Block]:
    """Every formula, typeset, with its sources to copy folded away."""
    blocks: list[Block] = []
    for name, formula in named_formulas(result):
        blocks.append(Equation(equation(name, formula.expr)))
        blocks.append(_sources(name, formula))
    return blocks


def _day(created: str) -> str:
    """Date and time of day, in words of this side of ISO 8601.

    Examples
    --------
    >>> _day("2026-01-02T03:04:05+00:00")
    '2026-01-02 03:04 UTC'
    """
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return created
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment.tzinfo else created


def _sources(name: str, formula: Formula) -> Details:
    """LaTeX and Python source of a formula."""
    latex = equation(name, formula.expr, digits=10).latex
    listings = (
        Paragraph(line("LaTeX")),
        Listing(latex, "latex"),
        Paragraph(line("Python")),
        Listing(formula.python(), "python"),
    )
    return Details("Source of the formula (LaTeX, Python)", listings)
