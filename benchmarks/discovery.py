"""`kansym.discover` on sets of problems: recovered by the project's rule, seconds, origins.

``OMP_NUM_THREADS=1 python benchmarks/discovery.py feynman --seconds 60 --jobs 2`` for the 100
Feynman equations; ``strogatz``, ``bonus``, ``fastsrb`` and the other sets of `kansym.problems`
likewise. Lines are appended to ``--results`` as they come, and a run that was stopped goes on
there.
"""

import argparse
import json
import os
import time
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from joblib import Parallel, delayed

from kansym import discover
from kansym.problems import Problem, load_problem, load_problems
from kansym.studies.bench.judging import judge
from kansym.studies.bench.rows import draw_rows


def solved(name: str, rows: int, noise: float, seconds: float, seed: int) -> dict[str, object]:
    """One problem, and how it went."""
    warnings.simplefilter("ignore")
    problem = load_problem(name)
    drawn = draw_rows(problem, rows, seed, noise)
    started = time.perf_counter()
    line: dict[str, object] = {"problem": name, "noise": noise, "rows": rows, "seed": seed}
    try:
        found = discover(drawn.X, drawn.y, seconds=seconds, seed=seed, progress=False)
    except Exception as error:  # noqa: BLE001 - a run that fails counts as not recovered
        return line | {"recovered": False, "failed": repr(error)[:200], "seconds": seconds}
    spent = time.perf_counter() - started
    verdict = judge(problem, found.result.expr, drawn, noise)
    best = min(found.attempts, key=lambda attempt: attempt.best is None or attempt.best.error)
    return line | {
        "recovered": bool(verdict.recovered),
        "symbolic": verdict.symbolic,
        "difference": verdict.difference,
        "seconds": round(spent, 2),
        "origin": best.origin,
        "formula": str(found.result.expr)[:300],
        "bits": verdict.complexity,
        "truth": str(problem.formula),
    }


def main() -> None:
    """Print a line per problem and the totals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", help="names of problem sets, or of problems")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--noise", type=float, default=0.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--every", type=int, default=1, help="take one problem in so many")
    parser.add_argument("--results", type=Path)
    options = parser.parse_args()
    names = [problem.name for name in options.sets for problem in _problems(name)]
    lines = _known(options.results)
    done = {one["problem"] for one in lines}
    todo = [name for name in names[:: options.every] if name not in done]
    tasks = (
        delayed(solved)(name, options.rows, options.noise, options.seconds, options.seed)
        for name in todo
    )
    for line in Parallel(options.jobs, return_as="generator_unordered")(tasks):
        lines.append(line)
        mark = "ok  " if line["recovered"] else "MISS"
        what = line.get("formula", line.get("failed"))
        print(f"{mark} {line['problem']:14} {line['seconds']:6.1f} s  {what!s:.110}", flush=True)
        if options.results:
            with options.results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, default=str) + "\n")
    good = [line for line in lines if line["recovered"]]
    seconds = [float(str(line["seconds"])) for line in lines]
    print(f"recovered {len(good)} of {len(lines)}, median {np.median(seconds):.1f} s")


def _problems(name: str) -> list[Problem]:
    """The problems of a set, or one problem."""
    try:
        return list(load_problems(name))
    except ValueError:
        return [load_problem(name)]


def _known(path: Path | None) -> list[dict[str, object]]:
    """Lines of an earlier run."""
    if path is None or not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    main()
