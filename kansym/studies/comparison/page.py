"""A comparison as a page: verdict, tables and plots in the block tree that reports use."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

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
from kansym.documents.charts import LEARNED, SYMBOL
from kansym.documents.pictures import GREY, INK, Picture, new_axes, styled
from kansym.studies.bench.record import Record
from kansym.studies.comparison.comparison import Comparison
from kansym.studies.comparison.figures import KindSummary, Sizes
from kansym.studies.comparison.tables import cost_table, pair_table, recovery_table
from kansym.studies.intervals import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["comparison_document"]

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
        f"{len(records)} runs: {len(problems)} problems, {', '.join(kinds)}; "
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


def _at(comparison: Comparison, noise: float) -> list[KindSummary]:
    return [one for one in comparison.kinds if one.noise == noise]


def _sections(comparison: Comparison) -> list[Block]:
    """One section per level of noise."""
    sections: list[Block] = []
    for noise in comparison.noises:
        kinds = _at(comparison, noise)
        pairs = [pair for pair in comparison.pairs if pair.noise == noise]
        blocks: list[Block] = [
            *_plot(kinds, lambda one: one.recovered, False, "share of problems recovered"),
            recovery_table(kinds),
            *pair_table(pairs),
            *_plot(kinds, lambda one: one.gradient_error, True, "relative error of the gradient"),
            cost_table(kinds),
        ]
        title = "Without noise" if noise == 0 else f"With noise of {100 * noise:g} %"
        sections.append(Section(title, tuple(blocks)))
    return sections


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
    picture = Picture(_intervals_plot(found, logarithmic, words))
    caption = line(f"{words.capitalize()}, with 95 % intervals.")
    return [Illustration(picture, caption, f"{words}; the tables hold the numbers")]


@styled()
def _intervals_plot(found: Sequence[tuple[str, Interval]], logarithmic: bool, words: str) -> "Axes":
    """A row per kind: its value as a dot on its interval."""
    ax = new_axes(570, 26 * len(found) + 52, left=118, right=30, below=44, top=8)
    for place, (kind, interval) in enumerate(found):
        kan = kind.startswith("kan")
        ends = (interval.low, interval.high)
        ax.plot(ends, [place, place], color=LEARNED if kan else GREY, linewidth=2.2)
        ax.plot(interval.value, place, "o", color=SYMBOL if kan else INK, markersize=6)
    if logarithmic:
        ax.set_xscale("log")
    else:
        ax.set_xlim(0, max(1.0, ax.get_xlim()[1]))
    ax.set_yticks(range(len(found)), [kind for kind, _ in found])
    ax.set(ylim=(len(found) - 0.5, -0.5), xlabel=words)
    ax.grid(visible=False, axis="y")
    return ax


# -- details -----------------------------------------------------------------------------------


def _by_problem(comparison: Comparison) -> Block:
    """Recovered seeds per problem and kind."""
    kinds = list(dict.fromkeys(record.kind for record in comparison.records))
    found: dict[tuple[str, float], dict[str, list[Record]]] = {}
    for record in comparison.records:
        cells = found.setdefault((record.problem, record.noise), {})
        cells.setdefault(record.kind, []).append(record)
    rows = tuple(
        row(problem, f"{noise:g}", *(_cell(cells.get(kind, [])) for kind in kinds))
        for (problem, noise), cells in list(found.items())[:_MOST_ROWS]
    )
    caption = line("Seeds that recovered the formula, of those tried.")
    table = Tabular(row("problem", "noise", *kinds), rows, "lr" + "r" * len(kinds), caption)
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
    rows = tuple(
        row(record.problem, record.kind, str(record.seed), record.reason or "–")
        for record in failed[:_MOST_ROWS]
    )
    table = Tabular(row("problem", "kind", "seed", "reason"), rows, "llrl", line("Failed runs."))
    words = line(f"{len(failed)} runs failed and count as not recovered.")
    return [Section("Failures", (Notice("warning", "Failures", words), Details("All", (table,))))]


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
