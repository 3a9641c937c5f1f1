"""Results under a published protocol, beside the figures that others have published."""

from collections.abc import Sequence

from kansym.documents.blocks import Block, Document, Items, Paragraph, Section, Tabular, line, row
from kansym.studies.bench.protocols import Protocol
from kansym.studies.bench.record import Record
from kansym.studies.bench.runs import Budget
from kansym.studies.comparison.comparison import compare
from kansym.studies.comparison.words import percent

__all__ = ["protocol_document"]


def protocol_document(
    protocol: Protocol, records: Sequence[Record], budget: Budget, jobs: int
) -> Document:
    """The page: both rules, published figures, what differs, and every problem.

    Parameters
    ----------
    protocol, records : what was asked, and what came of it.
    budget, jobs : time and rows of each run, and how many went on at once.
    """
    blocks = (
        Paragraph(line(f"{protocol.source}.")),
        Section("Beside published figures", (_figures(protocol, records, budget),)),
        Section("Rule", (Paragraph(line(protocol.words)),)),
        Section("What differs", (Items(tuple(map(line, _differs(protocol, records, budget)))),)),
        Section("Every problem", (_every(records),)),
    )
    runs = f"{len(records)} runs, {budget.limit:g} s each on one core, {jobs} at once"
    return Document(protocol.title, blocks, line(runs))


def _figures(protocol: Protocol, records: Sequence[Record], budget: Budget) -> Block:
    """A line per program; ours by the published rule and by our own."""
    noises = tuple(f"{noise:g}" for noise in protocol.noise)
    rows = [
        row(
            published.program,
            published.time,
            "yes" if published.units else "no",
            *(f"{published.shares[n]:g} %" if n in published.shares else "–" for n in noises),
            published.source,
        )
        for published in protocol.published
    ]
    kinds = compare(records).kinds
    for kind, reading in dict.fromkeys((one.kind, one.reading) for one in kinds):
        asked = [one for one in kinds if (one.kind, one.reading) == (kind, reading)]
        strict, own = (
            {f"{one.noise:g}": percent(share(one)) for one in asked}
            for share in (lambda one: one.strict, lambda one: one.recovered)
        )
        for words, found in (("strict", strict), ("constants refitted under noise", own)):
            cells = (found.get(noise, "–") for noise in noises)
            name = f"kansym, {kind} by {reading}"
            rows.append(row(name, f"{budget.limit:g} s, 1 core", "no", *cells, words))
    header = row("program", "time", "units told", *(f"noise {n}" for n in noises), "source or rule")
    caption = line("Problems solved, ours with 95 % intervals over problems.")
    return Tabular(header, tuple(rows), "lll" + "r" * len(noises) + "l", caption)


def _differs(protocol: Protocol, records: Sequence[Record], budget: Budget) -> list[str]:
    """What is done otherwise than published: by the protocol here, and in this run."""
    asked, judged = {record.problem for record in records}, protocol.problems()
    words = [
        "Published figures come from other machines and other limits of time, as the table says.",
        *protocol.differs,
    ]
    published = max(rows for rows, _ in protocol.sets.values())
    if budget.rows < published:
        words.append(f"{budget.rows} rows to learn from, where the protocol has {published}.")
    if len(asked) < len(judged):
        words.append(f"{len(asked)} of the {len(judged)} problems were run.")
    return words


def _every(records: Sequence[Record]) -> Block:
    """A line per run."""
    verdict = {True: "yes", False: "no", None: "–"}
    rows = tuple(
        row(
            record.problem,
            f"{record.noise:g}",
            verdict[record.strict],
            verdict[record.recovered],
            "–" if record.seconds is None else f"{record.seconds:.0f}",
            (record.formula or record.reason or "–")[:160],
        )
        for record in records
    )
    header = row("problem", "noise", "strict", "recovered", "s", "formula")
    return Tabular(header, rows, "lrllrl", line("Formulas as they were found."))
