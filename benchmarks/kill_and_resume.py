"""Kill a benchmark by force at random moments, go on each time, and compare with one left alone.

Run ``python benchmarks/kill_and_resume.py``: 20 kills of a benchmark of fast toy problems; exits
with 1 if the results files differ.
"""

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from kansym.studies.bench import Budget, Record, find_problems, plan, read_results, run_benchmark
from tests.bench_work import good

ROOT = Path(__file__).parents[1]
SEEDS = 100


def toy_benchmark(path: str) -> None:
    """Quick runs with deterministic results."""
    problems = find_problems(["Nguyen-1", "Nguyen-2"])
    runs = plan(problems, ["kan", "kan-as-mlp", "mlp-silu"], range(SEEDS), [0.0], Budget(5.0, 20))
    run_benchmark(runs, path, jobs=2, work=good, progress=False)


def started(path: Path) -> subprocess.Popen[bytes]:
    """The toy benchmark in a process of its own."""
    command = [sys.executable, __file__, str(path)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)


def killed_repeatedly(path: Path, times: int, seed: int) -> list[int]:
    """Start and kill so many times; the numbers of rows after each kill."""
    rng, rows = random.Random(seed), []
    for _ in range(times):
        process = started(path)
        before = path.stat().st_size if path.exists() else 0
        # Half of the kills at any moment, half once rows are being written.
        if rng.random() < 0.5:
            while process.poll() is None and (
                not path.exists() or path.stat().st_size <= max(before, 500)
            ):
                time.sleep(0.002)
            time.sleep(rng.uniform(0.0, 0.3))
        else:
            time.sleep(rng.uniform(0.0, 3.0))
        process.kill()
        process.wait()
        rows.append(path.read_bytes().count(b"\n") if path.exists() else 0)
    return rows


def without_times(path: Path) -> list[Record]:
    """Records of a results file; toy ones hold no times."""
    found = read_results(path)
    assert not found.cut
    return list(found.records)


def main(times: int = 20) -> int:
    """Kill, resume, compare; 0 if both files are the same."""
    with tempfile.TemporaryDirectory() as folder:
        alone, killed = Path(folder, "alone.jsonl"), Path(folder, "killed.jsonl")
        assert started(alone).wait() == 0
        rows = killed_repeatedly(killed, times, seed=0)
        assert started(killed).wait() == 0
        same = alone.read_bytes() == killed.read_bytes()
        print(f"lines after each of {times} kills: {rows}")
        print(f"{len(without_times(alone))} runs; files are the same: {same}")
    return int(not same)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        toy_benchmark(sys.argv[1])
    else:
        sys.exit(main())
