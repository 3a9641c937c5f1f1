"""Tables of a comparison, as blocks of a page."""

from collections.abc import Sequence

from kansym.documents.blocks import Block, Inline, Line, Paragraph, Tabular, line, row
from kansym.documents.html import fragment
from kansym.documents.numbers import number
from kansym.studies.comparison.figures import EQUAL_FIDELITY, KindSummary, PairedDifference
from kansym.studies.comparison.words import percent
from kansym.studies.intervals import Interval

__all__ = ["cost_table", "notebook_html", "pair_table", "recovery_table"]


def notebook_html(kinds: Sequence[KindSummary], sentences: Sequence[str]) -> str:
    """Verdict and table as HTML for a notebook cell."""
    blocks: list[Block] = [Paragraph(line(words)) for words in sentences]
    noises = dict.fromkeys(one.noise for one in kinds)
    blocks += [recovery_table([one for one in kinds if one.noise == noise]) for noise in noises]
    return fragment(tuple(blocks))


def recovery_table(kinds: Sequence[KindSummary]) -> Tabular:
    """How often each kind gave up the true formula."""
    header = row("kind", "runs", "failed", "recovered", "by algebra", "by numbers", "stable form")
    rows = tuple(
        row(
            one.kind,
            str(one.runs),
            str(one.failed),
            percent(one.recovered),
            percent(one.symbolic),
            percent(one.numerical),
            percent(one.stable),
        )
        for one in kinds
    )
    caption = line(
        "Recovery of the true formula: share of problems with 95 % bootstrap intervals over "
        "problems. Stable form: share of pairs of seeds that gave a formula of the same form."
    )
    return Tabular(header, rows, "lrrrrrr", caption)


def pair_table(pairs: Sequence[PairedDifference]) -> list[Block]:
    """Differences of recovery on the same runs; nothing where there are no pairs."""
    if not pairs:
        return []
    header = row("pair", "difference", "both", "only first", "only second", "neither", "bits apart")
    rows = tuple(
        row(
            f"{pair.first} − {pair.second}",
            percent(pair.recovery, sign=True),
            str(pair.both),
            str(pair.only_first),
            str(pair.only_second),
            str(pair.neither),
            _interval(pair.complexity),
        )
        for pair in pairs
    )
    caption = line(
        "Paired differences in recovery on the same problem and seed, in numbers of runs. Bits "
        f"apart: median difference of complexity where both formulas reach R² of {EQUAL_FIDELITY} "
        "on unused rows."
    )
    return [Tabular(header, rows, "lrrrrrr", caption)]


def cost_table(kinds: Sequence[KindSummary]) -> Tabular:
    """Sizes, errors and times of each kind."""
    header = row(
        "kind", "parameters", "error of network", "error of formula", "formula against network",
        "error of gradient", "bits", "training (s)", "extraction (s)",
    )  # fmt: skip
    rows = tuple(
        row(
            one.kind,
            *(
                _value(found)
                for found in (
                    one.parameters,
                    one.network_error,
                    one.formula_error,
                    one.fidelity_error,
                    one.gradient_error,
                    one.complexity,
                    one.train_seconds,
                    one.extract_seconds,
                )
            ),
        )
        for one in kinds
    )
    caption = line(
        "Medians over problems. Errors are root mean squares on unused rows over the spread of "
        "the output; that of the gradient is over the size of the true gradient."
    )
    return Tabular(header, rows, "lrrrrrrrr", caption)


def _value(found: Interval | None) -> Inline:
    return number(None if found is None else found.value, 3)


def _interval(found: Interval | None) -> Line:
    if found is None:
        return line("–")
    return line(
        number(found.value, 3), " (", number(found.low, 3), " to ", number(found.high, 3), ")"
    )
