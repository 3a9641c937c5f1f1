"""Tables of a comparison, as blocks of a page."""

from collections.abc import Sequence

from kansym.documents.blocks import Block, Inline, Line, Paragraph, Tabular, line, row
from kansym.documents.html import fragment
from kansym.documents.numbers import number
from kansym.studies.bench.reading_names import QUESTIONS
from kansym.studies.comparison.figures import (
    EQUAL_FIDELITY,
    LEARNT,
    KindSummary,
    PairedDifference,
)
from kansym.studies.comparison.words import percent
from kansym.studies.intervals import Interval

__all__ = ["cost_table", "notebook_html", "pair_table", "recovery_table"]


def notebook_html(kinds: Sequence[KindSummary], sentences: Sequence[str]) -> str:
    """Verdict and table as HTML for a notebook cell."""
    blocks: list[Block] = [Paragraph(line(words)) for words in sentences]
    blocks += [
        recovery_table([one for one in kinds if (one.noise, one.reading) == asked])
        for asked in dict.fromkeys((one.noise, one.reading) for one in kinds)
    ]
    return fragment(tuple(blocks))


def recovery_table(kinds: Sequence[KindSummary]) -> Tabular:
    """How often each kind gave up the true formula; how good the network was, and the time."""
    header = row(
        "kind", "runs", "failed", "recovered", "by algebra", "by numbers", "strict",
        "where learnt", "error of network", "training (s)", "reading (s)", "stable form",
    )  # fmt: skip
    rows = tuple(
        row(
            one.kind,
            str(one.runs),
            str(one.failed),
            *(
                percent(found)
                for found in (
                    one.recovered,
                    one.symbolic,
                    one.numerical,
                    one.strict,
                    one.where_learnt,
                )
            ),
            *(_value(found) for found in (one.network_error, one.train_seconds)),
            _value(one.extract_seconds),
            percent(one.stable),
        )
        for one in kinds
    )
    caption = line(
        f"{QUESTIONS[kinds[0].reading]} Recovery of the true formula: share of problems with 95 % "
        "bootstrap intervals over problems. Strict: by the published rule, nothing refitted. Where "
        f"learnt: among runs whose network has an error below {LEARNT:g} of the spread. Error and "
        "times are medians. Stable form: share of pairs of seeds that gave a formula of the same "
        "form."
    )
    return Tabular(header, rows, "l" + 11 * "r", caption)


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
    """Size of each kind, and errors of its formula."""
    header = row(
        "kind", "parameters", "error of formula", "formula against network", "error of gradient",
        "bits",
    )  # fmt: skip
    rows = tuple(
        row(
            one.kind,
            *(
                _value(found)
                for found in (
                    one.parameters,
                    one.formula_error,
                    one.fidelity_error,
                    one.gradient_error,
                    one.complexity,
                )
            ),
        )
        for one in kinds
    )
    caption = line(
        "Medians over problems. Errors are root mean squares on unused rows over the spread of "
        "the output; that of the gradient is over the size of the true gradient."
    )
    return Tabular(header, rows, "lrrrrr", caption)


def _value(found: Interval | None) -> Inline:
    return number(None if found is None else found.value, 3)


def _interval(found: Interval | None) -> Line:
    if found is None:
        return line("–")
    return line(
        number(found.value, 3), " (", number(found.low, 3), " to ", number(found.high, 3), ")"
    )
