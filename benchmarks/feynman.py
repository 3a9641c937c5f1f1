"""The 100 Feynman equations by kansym.discover: one seed, no noise, 60 s each; and the docs' page.

``OMP_NUM_THREADS=1 python benchmarks/feynman.py --page docs/feynman.md`` takes some minutes on two
cores with nothing else to do; it may be stopped and started again.
"""

import argparse
import math
import os
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import fill

from benchmarks.bench_overhead import overhead
from kansym.studies.bench import Budget, Record, find_problems, plan, read_results, run_benchmark
from kansym.studies.comparison.comparison import compare
from kansym.studies.comparison.words import percent

COMMAND = "OMP_NUM_THREADS=1 python benchmarks/feynman.py --page docs/feynman.md"
FITS = 1e-2
"""Relative error up to which a formula counts as one that is near the equation."""
MOST = 160
"""Characters of a formula that are shown."""

PAGE = """\
# The Feynman equations

{summary}

## Protocol

The 100 equations of {{doc}}`problems`, by `kansym.discover`, one seed, no noise. A run has {rows}
rows, drawn at random from the published ranges, and {limit:g} s on one core; {jobs} runs go on at
the same time. {late} No run is told anything about the equation: not its units, nor which functions
it holds. A run ends when a law is exact.

An equation counts as recovered if the formula differs from it by a constant, or by a constant
factor, after the constants are rounded to three decimals and algebra has simplified the difference
or the ratio (the rule of SRBench, [arXiv:2107.14351](https://arxiv.org/abs/2107.14351)), or if both
agree to one part in a million of the spread at 100 random points of the ranges, computed with fifty
digits. The interval is a bootstrap over equations.

This page was written by

```console
{command}
```

with {versions}.{cost} Time counts here: on a machine that does other things as well, fewer
equations are recovered.

## Beside published figures

| program | time per equation | recovered |
| :--- | :--- | ---: |
| `kansym.discover` | median {median:.2g} s | {found} of {asked} |
| PySR, published | hours | 60 % |
| AI Feynman 2, published | hours | 56 % |
| Operon, published | hours | 17 % |

The published figures come from other machines, other numbers of rows, other rules for stopping and
partly other rules for what counts. They say where the field stands; they are no race. Programs that
run here are compared on the same rows and by the same rule with `benchmarks/peers/run.py`.

## What was not recovered

{missed}

## Every equation

| equation | truth | recovered | strict | s | from | formula |
| :--- | :--- | :---: | :---: | ---: | :--- | :--- |
{every}
"""

MISSED = """The error is that of the formula on unused rows, over the spread of the output.

| equation | truth | error | cause |
| :--- | :--- | ---: | :--- |
"""
FAILED, FAR, NEAR = (
    "no result in time",
    f"no law was found: the error is above {100 * FITS:g} %",
    "a formula near the equation, in another form",
)


def page(records: Sequence[Record], limit: float, rows: int, jobs: int, cost: str = "") -> str:
    """The page on a run, in Markdown."""
    (kind,) = compare(records).kinds
    found = sum(bool(record.recovered) for record in records)
    seconds = sum(record.seconds or 0.0 for record in records)
    missed = [record for record in records if not record.recovered]
    versions = next((record.versions for record in records if record.versions), {})
    text = PAGE.format(
        summary=(
            f"**{found} of {len(records)} recovered**, {percent(kind.recovered)} with the 95 % "
            f"interval ({percent(kind.strict)} by the rule of SRBench alone), with a limit of "
            f"{limit:g} s each; {kind.failed} runs failed. Together they took {seconds:.0f} s of "
            "one core, judging included."
        ),
        rows=rows,
        limit=limit,
        jobs=jobs,
        late=_late(records, Budget(limit, rows)),
        command=COMMAND,
        versions=", ".join(f"{name} {version}" for name, version in versions.items()),
        cost=f" {cost}" if cost else "",
        found=found,
        asked=len(records),
        median=statistics.median(r.extract_seconds or limit for r in records),
        missed=MISSED + _lines((r.problem, _code(r.truth), _error(r.r2), cause(r)) for r in missed)
        if missed
        else "Nothing.",
        every=_lines(
            (
                r.problem,
                _code(r.truth),
                "yes" if r.recovered else "no",
                "yes" if r.strict else "no",
                "–" if r.extract_seconds is None else f"{r.extract_seconds:.1f}",
                r.network or "–",
                _code(r.formula) if r.formula else r.reason or "–",
            )
            for r in records
        ),
    )
    return "\n\n".join(_filled(part) for part in text.split("\n\n"))


def _filled(part: str) -> str:
    """A paragraph in lines of one length; tables, code and headings as they are."""
    if part.startswith(("|", "#", "```")):
        return part
    return fill(part, 120, break_long_words=False, break_on_hyphens=False)


def _late(records: Sequence[Record], budget: Budget) -> str:
    """How the limit was kept to."""
    late = sum((record.seconds or 0.0) > 1.05 * budget.limit for record in records)
    return (
        f"The limit is looked at between stages, so that {late} runs took longer, judging "
        f"included; what is not done after {budget.hard_limit:g} s is ended and counts as failed."
    )


def cause(record: Record) -> str:
    """Why an equation was not recovered, as far as the errors tell."""
    if record.status != "ok":
        return FAILED
    return FAR if _relative(record.r2) > FITS else NEAR


def _relative(r2: float | None) -> float:
    """Root-mean-square error over the spread."""
    return math.inf if r2 is None else math.sqrt(max(1.0 - r2, 0.0))


def _error(r2: float | None) -> str:
    return "–" if r2 is None else f"{_relative(r2):.1e}"


def _code(formula: str | None) -> str:
    if not formula:
        return "–"
    return f"`{formula if len(formula) <= MOST else formula[:MOST] + ' …'}`"


def _lines(rows: Iterable[tuple[object, ...]]) -> str:
    """Rows of a table."""
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="feynman.jsonl")
    parser.add_argument("--page", metavar="FILE.md")
    parser.add_argument("--problems", default="feynman", help="a part of them, for a trial")
    parser.add_argument("--limit", type=float, default=60.0)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    budget = Budget(options.limit, options.rows)
    runs = plan(find_problems(options.problems.split(",")), ["discover"], [0], [0.0], budget)
    outcome = run_benchmark(runs, options.out, jobs=options.jobs)
    print(outcome)
    records = read_results(options.out).records
    cost = "" if outcome.already else str(overhead(records, outcome.seconds, options.jobs))
    text = page(records, options.limit, options.rows, options.jobs, cost)
    print(text.split("\n\n")[1], cost, sep="\n")
    if options.page:
        Path(options.page).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
