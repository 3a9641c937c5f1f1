"""The 100 Feynman equations with kind kan: one seed, no noise, 60 s each; and the table for docs.

``OMP_NUM_THREADS=1 python benchmarks/feynman.py --out feynman.jsonl --table feynman.md`` takes an
hour or two on two cores; it may be stopped and started again.
"""

import argparse
import os
from pathlib import Path

from kansym.bench import Budget, Record, find_problems, plan, read_results, run_benchmark
from kansym.comparison import compare
from kansym.comparison_words import percent

PUBLISHED = (
    ("PySR (hours a problem)", "60 %"),
    ("AI Feynman 2 (hours a problem)", "56 %"),
    ("Operon (hours a problem)", "17 %"),
)


def table(records: tuple[Record, ...], limit: float) -> str:
    """Summary and one row per equation, in Markdown."""
    (kind,) = compare(records).kinds
    found = sum(bool(record.recovered) for record in records)
    seconds = sum(record.seconds or 0.0 for record in records)
    lines = [
        f"{found} of {len(records)} equations recovered ({percent(kind.recovered)} with the 95 % "
        f"interval), {kind.failed} runs failed; at most {limit:g} s each, "
        f"{seconds / 60:.0f} min of one core together.",
        "",
        "| program | recovered |",
        "| :--- | ---: |",
        f"| kansym, kind kan ({limit:g} s a problem) | {found} of {len(records)} |",
        *(f"| {name}, published | {share} |" for name, share in PUBLISHED),
        "",
        "| equation | truth | recovered | R² | bits | true bits | network | s | formula |",
        "| :--- | :--- | :---: | ---: | ---: | ---: | :--- | ---: | :--- |",
        *(_row(record) for record in records),
    ]
    return "\n".join(lines) + "\n"


def _row(record: Record) -> str:
    cells = [
        record.problem,
        f"`{record.truth}`",
        "yes" if record.recovered else "no",
        "–" if record.r2 is None else f"{record.r2:.6f}",
        *("–" if b is None else f"{b:.0f}" for b in (record.complexity, record.truth_complexity)),
        (record.network or "–").partition(":")[0],
        "–" if record.seconds is None else f"{record.seconds:.0f}",
        f"`{record.formula}`" if record.formula else record.reason or "–",
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="feynman.jsonl")
    parser.add_argument("--table", metavar="FILE.md")
    parser.add_argument("--problems", default="feynman", help="a part of them, for a trial")
    parser.add_argument("--limit", type=float, default=60.0)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    budget = Budget(options.limit, options.rows)
    runs = plan(find_problems(options.problems.split(",")), ["kan"], [0], [0.0], budget)
    print(run_benchmark(runs, options.out, jobs=options.jobs))
    text = table(read_results(options.out).records, options.limit)
    print("\n".join(text.splitlines()[:8]))
    if options.table:
        Path(options.table).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
