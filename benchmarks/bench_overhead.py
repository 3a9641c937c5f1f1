"""What kansym bench costs beyond training and extraction, and how long a worker takes to start.

Run ``OMP_NUM_THREADS=1 python benchmarks/bench_overhead.py`` on a machine with nothing else to do.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kansym.shared.limited_work import LimitedProcess
from kansym.studies.bench import Budget, Record, find_problems, plan, read_results, run_benchmark
from kansym.studies.bench.measuring import measure

PROBLEMS = "I.12.1,I.14.3,I.25.13,I.29.4,I.39.1,II.3.24,I.9.18,II.35.18"


@dataclass(frozen=True)
class Overhead:
    """Where the time of a benchmark went, in seconds of one job.

    Attributes
    ----------
    whole : wall clock times jobs.
    worked : training and extraction; all of a run that was ended in them.
    judging : rows, judging and gradients.
    """

    whole: float
    worked: float
    judging: float

    @property
    def rest(self) -> float:
        """Start-up of workers, handing out work, writing rows, and workers without work at last."""
        return self.whole - self.worked - self.judging

    def __str__(self) -> str:
        judging, rest = (100 * each / self.whole for each in (self.judging, self.rest))
        return (
            f"Of {self.whole:.0f} s, rows and judging took {judging:.1f} %, start-up, file and "
            f"waiting for the last run {rest:.1f} %; the rest is training and extraction."
        )


def overhead(records: Sequence[Record], seconds: float, jobs: int) -> Overhead:
    """Where the time of a benchmark went that did all of these records."""
    done = [record for record in records if record.status == "ok"]
    worked = sum((r.train_seconds or 0.0) + (r.extract_seconds or 0.0) for r in done)
    inside = sum(record.seconds or 0.0 for record in done)
    ended = sum(record.seconds or 0.0 for record in records if record.status != "ok")
    return Overhead(jobs * seconds, worked + ended, inside - worked)


def start_up() -> tuple[float, float]:
    """Seconds until a fresh worker can begin, and seconds to begin each further run."""
    process, times = LimitedProcess(measure), []
    for _ in range(6):
        started = time.perf_counter()
        process.do((), 10.0)  # ends at once, there being no run
        times.append(time.perf_counter() - started)
    process.end()
    return times[0], sorted(times[1:])[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", default=PROBLEMS)
    parser.add_argument("--limit", type=float, default=60.0)
    options = parser.parse_args()
    first, further = start_up()
    print(f"start-up of a worker: {first:.2f} s, of a further run: {1000 * further:.0f} ms")

    runs = plan(
        find_problems(options.problems.split(",")), ["kan"], [0], [0.0], Budget(options.limit)
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "results.jsonl")
        outcome = run_benchmark(runs, path, jobs=1)
        found = overhead(read_results(path).records, outcome.seconds, 1)
    print(f"{outcome.done} runs ({outcome.failed} failed), {outcome.seconds:.1f} s in all")
    print(f"training and extraction: {found.worked:.1f} s")
    for words, seconds in (
        ("rows, judging and gradients", found.judging),
        ("workers, start-up and file", found.rest),
        ("overhead together", found.judging + found.rest),
    ):
        print(f"{words}: {seconds:.1f} s, {100 * seconds / found.whole:.1f} % of the run time")


if __name__ == "__main__":
    main()
