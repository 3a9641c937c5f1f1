"""Eight small formulas, from 1000 rows to the formula: training and extraction on one core.

Run with OMP_NUM_THREADS=1. Prints, per formula and seed, the seconds, those of them for the
extraction, and whether the formula that was read is equivalent to the truth (rule of SRBench, and
numerically). Where no shape is given, the KAN is chosen by the rows. Peers get the same rows, the
same judge and 60 s each.

    python benchmarks/eight_formulas.py [--seeds 3] [--only a,c] [--judge network|data]
        [--peers operon,pykan,pykan_exact]
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.peers.peer import PEERS, PREFIX, measure
from kansym import KAN, Problem, equivalent, extract, train
from kansym.neural.models.kan import Width
from kansym.problems.ranges import Range
from kansym.studies.bench import Budget, plan, read_results, run_benchmark
from kansym.studies.bench.kinds import best_kan
from kansym.studies.bench.rows import draw_rows
from kansym.symbolic.formulas.parsing import parse

TARGET = "target: all 8 equivalent on all seeds, median under 20 s each; extraction of h: 5 s"
ROWS = 1000
SECONDS = 60.0
"""Of a search for the shape of a KAN, and of a peer."""
SQUARE = (-1.0, 1.0)
FORMULAS: dict[str, tuple[str, dict[str, tuple[float, float]], list[Width] | None]] = {
    "a": ("exp(sin(pi*x) + y**2)", dict.fromkeys("xy", SQUARE), [2, 5, 1]),
    "b": ("x*y", dict.fromkeys("xy", SQUARE), [2, 2, 1]),
    "b*": ("x*y", dict.fromkeys("xy", SQUARE), [2, (0, 1)]),
    "c": ("(x + y)/(1 + x*y)", dict.fromkeys("xy", (-0.9, 0.9)), [2, 1, 1]),
    "d": ("exp(-x**2/(2*s**2))/(sqrt(2*pi)*s)", dict.fromkeys("xs", (1.0, 3.0)), None),
    "e": (
        "sqrt((x2 - x1)**2 + (y2 - y1)**2)",
        dict.fromkeys(("x1", "x2", "y1", "y2"), (1.0, 5.0)),
        [4, 2, 1, 1],
    ),
    "f": (
        "q1*q2/(4*pi*eps*r**2)",
        dict.fromkeys(("q1", "q2", "eps", "r"), (1.0, 5.0)),
        None,
    ),
    "g": (
        "m/sqrt(1 - v**2/c**2)",
        {"m": (1.0, 5.0), "v": (1.0, 2.0), "c": (3.0, 10.0)},
        None,
    ),
    "h": (
        "exp((sin(pi*(x1**2 + x2**2)) + sin(pi*(x3**2 + x4**2)))/2)",
        dict.fromkeys(("x1", "x2", "x3", "x4"), SQUARE),
        [4, 2, 1, 1],
    ),
}


def problem(name: str) -> Problem:
    """A formula and its ranges as a problem."""
    text, ranges, _ = FORMULAS[name]
    limits = {key: Range(*pair) for key, pair in ranges.items()}
    return Problem(name, "eight formulas", tuple(ranges), "result", text, ranges=limits)


@dataclass(frozen=True)
class Run:
    """One formula and seed: whether it was recovered, seconds, and the formula that was read."""

    recovered: bool
    seconds: float
    extraction: float
    """Seconds of these that `extract` took."""
    formula: str


def run(name: str, seed: int, judge: str) -> Run:
    """Train and extract."""
    text, ranges, widths = FORMULAS[name]
    rows = draw_rows(problem(name), ROWS, seed, 0.0)
    started = time.perf_counter()
    if widths is None:
        model = best_kan(rows.X, rows.y, SECONDS, seed)
    else:
        model = KAN(widths, seed=seed)
        train(model, rows.X, rows.y, progress=False)
    data = (rows.X, rows.y) if judge == "data" else ()
    trained = time.perf_counter()
    result = extract(model, *data, progress=False)
    ended = time.perf_counter()
    found = equivalent(result.formulas[0], parse(text, list(ranges)), ranges=ranges)
    return Run(found.recovered, ended - started, ended - trained, str(result.expr))


def peers(names: Sequence[str], chosen: Sequence[str], seeds: int) -> None:
    """The same problems and seeds for other programs."""
    runs = plan(
        [problem(name) for name in chosen],
        [PREFIX + name for name in names],
        range(seeds),
        [0.0],
        Budget(SECONDS, ROWS),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "peers.jsonl")
        run_benchmark(runs, path, jobs=1, work=measure, progress=False)
        records = read_results(path).records
    for name in names:
        print(name)
        for formula in chosen:
            own = [r for r in records if (r.kind, r.problem) == (PREFIX + name, formula)]
            hits = sum(bool(record.recovered) for record in own)
            middle = statistics.median(record.seconds or SECONDS for record in own)
            print(f"{formula:2} {hits}/{len(own)}  {middle:5.1f} s", flush=True)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description="Eight small formulas.")
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--only", default=",".join(FORMULAS))
    options.add_argument("--judge", choices=("network", "data"), default="data")
    options.add_argument("--peers", default="", help=f"of {', '.join(PEERS)}")
    given = options.parse_args()
    torch.set_num_threads(1)
    chosen = given.only.split(",")
    for name in chosen:
        runs = [run(name, seed, given.judge) for seed in range(given.seeds)]
        hits = sum(one.recovered for one in runs)
        middle = statistics.median(one.seconds for one in runs)
        reading = statistics.median(one.extraction for one in runs)
        print(
            f"{name:2} {hits}/{len(runs)}  {middle:5.1f} s, extraction {reading:4.1f} s  "
            f"{FORMULAS[name][0]}"
        )
        for one in runs:
            print(
                f"      {'yes' if one.recovered else 'no ':3} {one.seconds:5.1f} s  "
                f"{one.formula[:100]}",
                flush=True,
            )
    print(TARGET)
    if given.peers:
        peers(given.peers.split(","), [name for name in chosen if name != "b*"], given.seeds)


if __name__ == "__main__":
    main()
