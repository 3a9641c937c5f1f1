"""The page on the claims: per claim the statement, what was run, figures and verdict."""

from collections.abc import Sequence
from itertools import groupby
from typing import Literal

from kansym.documents.blocks import (
    Block,
    Details,
    Document,
    Illustration,
    Items,
    Line,
    Listing,
    Notice,
    Paragraph,
    Section,
    Strong,
    Tabular,
    line,
    row,
)
from kansym.documents.numbers import number
from kansym.documents.pictures import Picture
from kansym.studies.claims.claim import Estimate, Verdict
from kansym.studies.claims.runner import ClaimResult, ClaimsReport

__all__ = ["claims_document", "estimate_tables"]

_KIND: dict[Verdict, Literal["good", "remark", "warning"]] = {
    Verdict.HOLDS: "good",
    Verdict.ONLY_IF: "remark",
    Verdict.DOES_NOT_HOLD: "warning",
    Verdict.UNDECIDED: "remark",
}


def claims_document(report: ClaimsReport) -> Document:
    """The tree of blocks of the page."""
    blocks: list[Block] = [
        Paragraph(
            line(
                "Statements on Kolmogorov-Arnold networks and multilayer perceptrons, each with "
                "what was run, the figures with 95 % confidence intervals over runs, and the "
                "verdict that follows from the figures by the rule that is stated."
            ),
            lead=True,
        ),
        _summary(report),
        *(_section(result) for result in report.results),
        _made(report),
    ]
    subtitle = line(f"{report.effort.value.capitalize()} run, kansym {report.versions['kansym']}")
    return Document("KAN and MLP, claim by claim", tuple(blocks), subtitle)


def _summary(report: ClaimsReport) -> Tabular:
    """One line per claim."""
    rows = tuple(
        row(result.claim.identifier, result.claim.statement, Strong(str(result.ruling)))
        for result in report.results
    )
    return Tabular(row("", "statement", "verdict"), rows, "lll", line("All claims"))


def _section(result: ClaimResult) -> Section:
    """Everything about one claim."""
    claim, ruling, words = result.claim, result.ruling, str(result.ruling)
    blocks: list[Block] = [
        Paragraph(line(Strong("Statement."), f" {claim.statement} ({claim.source})")),
        Notice(_KIND[ruling.verdict], words[:1].upper() + words[1:], line(claim.rule)),
        Paragraph(line(Strong("What was run."), f" {claim.tried}")),
        *(Illustration(Picture(p.axes), line(p.caption), p.description) for p in ruling.plots),
        *estimate_tables(ruling.figures),
    ]
    if ruling.formulas:
        read = tuple(row(origin, text) for origin, text in ruling.formulas)
        blocks.append(Tabular(row("read from", "formula"), read, "ll", line("Formulas")))
    if ruling.remarks:
        blocks.append(Items(tuple(line(remark) for remark in ruling.remarks)))
    effort = f"{result.pieces} pieces of work, {result.seconds:.0f} s of processor time."
    blocks.append(Paragraph(line(effort)))
    if result.failures:
        title = f"{len(result.failures)} pieces gave no figures"
        blocks.append(Details(title, (Listing("\n".join(result.failures)),)))
    return Section(f"{claim.identifier} {claim.title}", tuple(blocks))


def estimate_tables(figures: Sequence[Estimate]) -> list[Block]:
    """One table per group of figures."""
    return [
        Tabular(
            row("", "value", "95 % interval", "runs"),
            tuple(_figure(figure) for figure in members),
            "lrrr",
            line(group or "Figures"),
        )
        for group, members in groupby(figures, key=lambda figure: figure.group)
    ]


def _figure(figure: Estimate) -> tuple[Line, ...]:
    """A row for one figure."""
    interval: Line = line("–")
    if figure.low is not None and figure.high is not None:
        interval = line(number(figure.low, 3), " to ", number(figure.high, 3))
    return row(figure.name, number(figure.value, 3), interval, str(figure.runs))


def _made(report: ClaimsReport) -> Section:
    """How the page was made."""
    versions = ", ".join(f"{name} {found}" for name, found in report.versions.items())
    words = [
        line(f"{report.seconds:.0f} s; {report.reused} pieces of work came from an earlier run."),
        line(versions),
        line(
            "Intervals: Student's for means (of logarithms, for errors and ratios), Wilson's for "
            "shares, percentiles over resampled runs for spreads and differences of shares."
        ),
    ]
    return Section("How this page was made", (Items(tuple(words)),))
