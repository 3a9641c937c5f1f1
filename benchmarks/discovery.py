"""`kansym.discover` on sets of problems, one figure each, by ``kansym bench --kinds discover``.

``OMP_NUM_THREADS=1 python benchmarks/discovery.py feynman`` for the 100 Feynman equations;
``--every 10``, ``--limit 20`` and any other option of ``kansym bench`` may follow. Results are kept
in ``discovery-FIGURE.jsonl``; a run that was stopped goes on there. Laws of one variable are
measured by `benchmarks/univariate.py`, other programs by `benchmarks/peers/run.py`.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.random_expressions import random_expression
from kansym.cli import main as kansym
from kansym.studies.bench import read_results

FIGURES = {
    "feynman": ["--problems", "feynman", "--limit", "60"],
    "feynman-long": ["--problems", "feynman", "--limit", "300", "--rows", "10000"],
    "srbench": ["--protocol", "srbench", "--limit", "120", "--page", "srbench.md"],
    "strogatz": ["--problems", "strogatz", "--limit", "60"],
    "bonus": ["--problems", "bonus", "--limit", "60"],
    "fastsrb": ["--protocol", "fastsrb", "--limit", "60", "--page", "fastsrb.md"],
    "srsd": ["--protocol", "srsd", "--limit", "60", "--page", "srsd.md"],
    "expressions": ["--problems", "expressions.toml", "--limit", "60"],
}


def write_expressions(place: Path, seeds: range) -> None:
    """Random expressions as problems, for ``kansym bench``."""
    lines = []
    for seed in seeds:
        formula, names, ranges = random_expression(seed)
        ends = ", ".join(
            f"{name} = [{low}, {high}]" for name, (low, high, _) in zip(names, ranges, strict=True)
        )
        lines.append(
            f'[[problem]]\nname = "random-{seed}"\nformula = "{formula}"\nranges = {{ {ends} }}\n'
        )
    place.write_text("\n".join(lines), encoding="utf-8")


def main() -> int:
    """Run a figure, then say how many were recovered, in what time, and where laws came from."""
    parser = argparse.ArgumentParser(description=__doc__, add_help=False)
    parser.add_argument("figure", choices=FIGURES)
    parser.add_argument("--seed", type=int, default=0, help="first seed of random expressions")
    parser.add_argument("--count", type=int, default=200, help="number of random expressions")
    known, rest = parser.parse_known_args()
    out = f"discovery-{known.figure}.jsonl"
    if known.figure == "expressions":
        write_expressions(Path("expressions.toml"), range(known.seed, known.seed + known.count))
    words = ["bench", "--kinds", "discover", "--out", out, *FIGURES[known.figure], *rest]
    status = kansym(words)
    if status:
        return status
    records = read_results(out).records
    for noise in dict.fromkeys(record.noise for record in records):
        here = [record for record in records if record.noise == noise]
        good = [record for record in here if record.recovered]
        median = np.median([record.seconds or 0.0 for record in here])
        print(
            f"noise {noise:g}: recovered {len(good)} of {len(here)}, by the strict rule "
            f"{sum(bool(record.strict) for record in here)}, median {median:.1f} s; laws from "
            f"{dict(Counter(record.network for record in good))}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
