"""A comparison in words: every sentence follows from figures, and says how sure it is."""

from collections.abc import Iterator, Sequence

from kansym.studies.bench.reading_names import FUNCTION, QUESTIONS, WEIGHTS
from kansym.studies.comparison.figures import (
    EQUAL_FIDELITY,
    KindSummary,
    PairedDifference,
    Sizes,
)
from kansym.studies.intervals import Interval

__all__ = ["percent", "summary", "verdict"]

_FEWEST = 5
"""Problems from which an interval decides anything."""


def percent(found: Interval | None, sign: bool = False) -> str:
    """A share with its interval.

    Examples
    --------
    >>> percent(Interval(0.5, 0.25, 0.75, 20, 60))
    '50 % (25 to 75)'
    """
    if found is None:
        return "–"
    first = f"{100 * found.value:+.0f}" if sign else f"{100 * found.value:.0f}"
    return f"{_minus(first)} % ({_minus(f'{100 * found.low:.0f} to {100 * found.high:.0f}')})"


def verdict(
    kinds: Sequence[KindSummary], pairs: Sequence[PairedDifference], sizes: Sizes
) -> Iterator[str]:
    """The sentences of the answer: noise by noise, question by question, then both together."""
    for noise in dict.fromkeys(one.noise for one in kinds):
        here = [pair for pair in pairs if pair.noise == noise]
        for reading in dict.fromkeys(one.reading for one in kinds if one.noise == noise):
            asked = [one for one in kinds if (one.noise, one.reading) == (noise, reading)]
            yield from _first(asked, noise, reading)
            for pair in here:
                if pair.reading == reading:
                    yield _recovery_words(pair)
                    yield from _other_words(pair)
        yield from (_recovery_words(pair) for pair in here if not pair.reading)
        yield from _both_answers(here)
    yield from _size_words(sizes)
    failures = sum(one.failed for one in kinds)
    if failures:
        runs = sum(one.runs for one in kinds)
        yield f"{failures} of {runs} runs failed; they count as not recovered."


def _size_words(sizes: Sizes) -> Iterator[str]:
    """How accurate MLPs are that were widened for it."""
    if sizes.accuracy:
        yield (
            f"MLPs were widened until their error on rows held out was at most twice that of the "
            f"KAN, or their time was up: {sizes.reached} of {sizes.accuracy} runs came to that."
        )


def _first(kinds: list[KindSummary], noise: float, reading: str) -> Iterator[str]:
    """Who recovered how much."""
    known = [one for one in kinds if one.recovered is not None]
    if not known:
        yield "No problem here has a known formula, so recovery cannot be judged."
        return
    known.sort(key=lambda one: -one.recovered.value)  # pyright: ignore[reportOptionalMemberAccess]
    parts = [f"{one.kind} {percent(one.recovered)}" for one in known]
    problems = max(one.recovered.problems for one in known)  # pyright: ignore
    words = "Without noise" if noise == 0 else f"With noise of {100 * noise:g} %"
    yield (
        f"{QUESTIONS[reading]} {words}, read by {reading}, the true formula was recovered on this "
        f"share of {problems} problems (95 % intervals): {', '.join(parts)}."
    )


def _both_answers(pairs: Sequence[PairedDifference]) -> Iterator[str]:
    """Whether what one kind shows in its weights is known to the other as well."""
    written, known = (
        {(pair.first, pair.second): pair.recovery for pair in pairs if pair.reading == reading}
        for reading in (WEIGHTS, FUNCTION)
    )
    for (first, second), shown in written.items():
        learnt = known.get((first, second))
        if shown is not None and learnt is not None:
            seen = _which(shown, "written in", first, second)
            yield (
                f"Both questions, {first} minus {second}: written {percent(shown, sign=True)}, "
                f"known {percent(learnt, sign=True)}. The formula is {seen}, and "
                f"{_which(learnt, 'known to', first, second)}."
            )


def _which(found: Interval, verb: str, first: str, second: str) -> str:
    """Which of two kinds has more, as far as the interval tells."""
    if not _decides(found):
        return f"{verb} neither more often as far as these runs tell"
    return f"{verb} {first if found.value > 0 else second} more often"


def _decides(found: Interval) -> bool:
    """Whether an interval on enough problems excludes zero."""
    return found.excludes_zero and found.problems >= _FEWEST


def _recovery_words(pair: PairedDifference) -> str:
    """Whether one kind recovers more than the other."""
    found = pair.recovery
    where = f" by {pair.reading}" if pair.reading else ""
    where += "" if pair.noise == 0 else f" at noise {pair.noise:g}"
    if found is None:
        return f"{pair.first} and {pair.second} share no problem with a known formula{where}."
    counts = (
        f"only {pair.first} recovered {pair.only_first} of {found.runs} runs, only {pair.second} "
        f"{pair.only_second}, both {pair.both}, neither {pair.neither}"
    )
    apart = f"difference {percent(found, sign=True)}, {counts}"
    if pair.only_first == pair.only_second == 0:
        return (
            f"{pair.first} and {pair.second} recovered exactly the same runs{where} "
            f"({pair.both} of {found.runs})."
        )
    if not _decides(found):
        return (
            f"Whether {pair.first} or {pair.second} recovers more cannot be told{where} from "
            f"{found.problems} problems: {apart}."
        )
    more, less = (pair.first, pair.second) if found.value > 0 else (pair.second, pair.first)
    return f"{more} recovers more than {less}{where}: {apart}."


def _other_words(pair: PairedDifference) -> Iterator[str]:
    """Complexity, gradients and time, where the interval says something."""
    found = pair.complexity
    if found is not None and _decides(found):
        word = "simpler" if found.value < 0 else "more complex"
        yield (
            f"Where both formulas are as faithful (R² of {EQUAL_FIDELITY} or more on unused rows; "
            f"{found.problems} problems), those of {pair.first} are {word} than those of "
            f"{pair.second} by {abs(found.value):.0f} bits ({_span(found)})."
        )
    found = pair.gradient
    if found is not None and _decides(found):
        word = "nearer to" if found.value < 0 else "further from"
        yield (
            f"The gradients of {pair.first} are {word} the truth than those of {pair.second}, by a "
            f"factor of {10 ** abs(found.value):.3g}."
        )
    found = pair.seconds
    if found is not None and _decides(found):
        word = "less" if found.value < 0 else "more"
        yield (
            f"{pair.first} takes {word} time than {pair.second}, by a factor of "
            f"{10 ** abs(found.value):.2g}."
        )


def _span(found: Interval) -> str:
    low, high = sorted((abs(found.low), abs(found.high)))
    return f"{low:.0f} to {high:.0f}"


def _minus(text: str) -> str:
    return text.replace("-", "−")


def summary(kinds: Sequence[KindSummary], sentences: Sequence[str]) -> str:
    """Tabular and verdict as plain text."""
    header = (
        "kind", "reading", "noise", "runs", "failed", "recovered", "strict", "network", "formula",
        "bits", "trained", "read", "stable",
    )  # fmt: skip
    rows = [header, *(_row(one) for one in kinds)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    lines = [
        "  ".join(
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join([*lines, "", *sentences])


def _row(one: KindSummary) -> tuple[str, ...]:
    return (
        one.kind,
        one.reading,
        f"{one.noise:g}",
        str(one.runs),
        str(one.failed),
        percent(one.recovered),
        percent(one.strict),
        _figure(one.network_error),
        _figure(one.formula_error),
        _figure(one.complexity, ".0f"),
        _figure(one.train_seconds, ".1f"),
        _figure(one.extract_seconds, ".1f"),
        percent(one.stable),
    )


def _figure(found: Interval | None, form: str = ".1e") -> str:
    return "–" if found is None else format(found.value, form)
