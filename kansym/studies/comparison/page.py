"""A comparison as a page: verdict, tables and plots in the block tree that reports use."""

from collections.abc import Callable, Sequence

from kansym.documents.blocks import (
    Block,
    Details,
    Document,
    Illustration,
    Items,
    Notice,
    Paragraph,
    Section,
    Tabular,
    line,
    row,
)
from kansym.documents.pictures import Picture
from kansym.studies.bench.reading_names import DATA, QUESTIONS
from kansym.studies.bench.record import Record
from kansym.studies.comparison.comparison import Comparison
from kansym.studies.comparison.figures import KindSummary, Sizes
from kansym.studies.comparison.plots import intervals_plot
from kansym.studies.comparison.tables import cost_table, pair_table, recovery_table
from kansym.studies.intervals import Interval

__all__ = ["comparison_document", "failures_table"]

_MOST_ROWS = 500


def comparison_document(comparison: Comparison, title: str | None = None) -> Document:
    """The page on a comparison.

    Parameters
    ----------
    comparison : of `kansym.studies.comparison.comparison.compare`.
    title : of the page.
    """
    records = comparison.records
    kinds = list(dict.fromkeys(record.kind for record in records))
    problems = {record.problem for record in records}
    subtitle = line(
        f"{len(records)} runs: {len(problems)} problems, {', '.join(kinds)}; read by "
        f"{', '.join(comparison.readings)}; "
        f"{len({record.seed for record in records})} seeds; noise "
        f"{', '.join(f'{noise:g}' for noise in comparison.noises)}"
    )
    blocks = (
        Section("Verdict", (Items(tuple(line(words) for words in comparison.verdict)),)),
        *_sections(comparison),
        _by_problem(comparison),
        *_failures(comparison),
        _method(comparison.sizes),
        _versions(comparison),
    )
    return Document(title or "Which networks give up their formula", blocks, subtitle)


def _sections(comparison: Comparison) -> list[Block]:
    """One section per level of noise and question, then what networks know beyond their weights."""
    sections: list[Block] = []
    for noise, reading in dict.fromkeys((one.noise, one.reading) for one in comparison.kinds):
        kinds = [one for one in comparison.kinds if (one.noise, one.reading) == (noise, reading)]
        pairs = [p for p in comparison.pairs if (p.noise, p.reading) == (noise, reading)]
        blocks: list[Block] = [
            *_plot(kinds, lambda one: one.recovered, False, "share of problems recovered"),
            recovery_table(kinds),
            *pair_table(pairs),
            *_plot(kinds, lambda one: one.gradient_error, True, "relative error of the gradient"),
            cost_table(kinds),
        ]
        sections.append(Section(f"{QUESTIONS[reading]} {_with(noise)}", tuple(blocks)))
    across = [pair for pair in comparison.pairs if not pair.reading]
    for noise in dict.fromkeys(pair.noise for pair in across):
        table = pair_table([pair for pair in across if pair.noise == noise])
        sections.append(Section(f"Known beyond what is written? {_with(noise)}", tuple(table)))
    return sections


def _with(noise: float) -> str:
    return "Without noise" if noise == 0 else f"With noise of {100 * noise:g} %"


# -- plots -------------------------------------------------------------------------------------


def _plot(
    kinds: Sequence[KindSummary],
    figure: Callable[[KindSummary], Interval | None],
    logarithmic: bool,
    words: str,
) -> list[Block]:
    """A figure of every kind as a dot on its interval."""
    found = [(one.kind, interval) for one in kinds if (interval := figure(one)) is not None]
    if logarithmic:
        found = [pair for pair in found if pair[1].low > 0]
    if not found:
        return []
    picture = Picture(intervals_plot(found, logarithmic, words))
    caption = line(f"{words.capitalize()}, with 95 % intervals.")
    return [Illustration(picture, caption, f"{words}; the tables hold the numbers")]


# -- details -----------------------------------------------------------------------------------


def _label(record: Record, readings: Sequence[str]) -> str:
    """A kind, with its reading where there are several."""
    several = len(readings) > 1 and record.reading != DATA
    return f"{record.kind} by {record.reading}" if several else record.kind


def _by_problem(comparison: Comparison) -> Block:
    """Recovered seeds per problem, kind and reading."""
    found: dict[tuple[str, float], dict[str, list[Record]]] = {}
    labels: dict[str, None] = {}
    for record in comparison.records:
        label = _label(record, comparison.readings)
        labels[label] = None
        found.setdefault((record.problem, record.noise), {}).setdefault(label, []).append(record)
    rows = tuple(
        row(problem, f"{noise:g}", *(_cell(cells.get(label, [])) for label in labels))
        for (problem, noise), cells in list(found.items())[:_MOST_ROWS]
    )
    caption = line("Seeds that recovered the formula, of those tried.")
    table = Tabular(row("problem", "noise", *labels), rows, "lr" + "r" * len(labels), caption)
    return Details("Every problem", (table,))


def _cell(records: Sequence[Record]) -> str:
    known = [record for record in records if record.recovered is not None]
    if not known:
        return "–"
    return f"{sum(bool(record.recovered) for record in known)}/{len(known)}"


def _failures(comparison: Comparison) -> list[Block]:
    """Runs that came to nothing, by reason."""
    failed = [record for record in comparison.records if record.status != "ok"]
    if not failed:
        return []
    words = line(f"{len(failed)} runs failed and count as not recovered.")
    return [
        Section(
            "Failures",
            (
                Notice("warning", "Failures", words),
                Details("All", (failures_table(failed[:_MOST_ROWS]),)),
            ),
        )
    ]


def failures_table(failed: Sequence[Record]) -> Tabular:
    """Runs that came to nothing, by name and reason."""
    rows = tuple(
        row(r.problem, r.kind, r.reading, str(r.seed), f"{r.noise:g}", r.reason or "–")
        for r in failed
    )
    header = row("problem", "kind", "reading", "seed", "noise", "reason")
    return Tabular(header, rows, "lllrrl", line("Failed runs."))


def _sizes(sizes: Sizes) -> str:
    few = "each MLP has about as many parameters as the KAN"
    wide = "each MLP was widened until it was as accurate as the KAN, or its time was up"
    if not sizes.accuracy:
        return few
    return f"{few}, or {wide}, as the rows say" if sizes.parameters else wide


def _method(sizes: Sizes) -> Block:
    words = (
        "A formula counts as recovered if its difference from the truth, or its ratio to it, "
        "simplifies to a constant after constants are rounded to three decimals (the rule of "
        "SRBench), or if both agree to 1e-6 of the spread at random points. Noise moves the "
        "constants of a right formula: there, the measured numbers are fitted to the truth "
        "before the numerical check.",
        "By weights, what is written in a network is read unit by unit, and the data judge. By "
        "function, the network alone is asked: its gradients show the structure, its answers "
        "judge, and the targets are withheld, since with them a law could be found that the "
        "network does not know; its error counts as noise. A network is trained once for all "
        "readings.",
        "All networks of one problem, seed and noise level learn from the same rows with the "
        f"same optimiser and the same time; {_sizes(sizes)}.",
        "Intervals resample problems, not runs, since runs of one problem are not independent. "
        "Where all problems agree the interval is that of Clopper and Pearson.",
    )
    return Section("How this was judged", tuple(Paragraph(line(each)) for each in words))


def _versions(comparison: Comparison) -> Block:
    seen = {tuple(sorted(record.versions.items())) for record in comparison.records}
    rows = tuple(
        row(name, version) for name, version in sorted({pair for each in seen for pair in each})
    )
    return Details(
        "Versions", (Tabular(row("software", "version"), rows, "ll", line("Versions.")),)
    )
