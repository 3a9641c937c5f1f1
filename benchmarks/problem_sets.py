"""Check every built-in problem: it parses, samples finite values, and its units agree.

Run ``python benchmarks/problem_sets.py``; it prints one row per set and exits with 1 on a failure.
"""

import sys
import time
from collections import Counter

import numpy as np

from kansym.problems import Problem, list_sets, load_problems
from kansym.shared.errors import KansymError, MissingPackageError


def examine(problem: Problem, rows: int = 1000) -> Counter[str]:
    """What is true of one problem, and the reasons why something is not."""
    found: Counter[str] = Counter(problems=1)
    try:
        found["parsed"] += problem.template is not None
        found["closed form"] += problem.formula is not None
        X, y = problem.sample(rows, seed=0)
        found["finite"] += bool(np.isfinite(X).all() and np.isfinite(y).all())
        found["units given"] += bool(problem.units)
        found["units agree"] += problem.check_units() is True
    except MissingPackageError:
        found["left out"] += 1
    except KansymError as error:
        found["failures"] += 1
        sys.stdout.write(f"{problem.name}: {error}\n")
    return found


def main() -> int:
    """Print the table; 0 if nothing failed."""
    columns = (
        "problems",
        "closed form",
        "parsed",
        "finite",
        "units given",
        "units agree",
        "left out",
    )
    sys.stdout.write(f"{'set':24}" + "".join(f"{column:>13}" for column in columns) + "\n")
    start, total = time.perf_counter(), Counter[str]()
    for name in list_sets():
        found = sum((examine(problem) for problem in load_problems(name)), Counter[str]())
        sys.stdout.write(f"{name:24}" + "".join(f"{found[column]:13}" for column in columns) + "\n")
        total += found
    sys.stdout.write(f"{'all':24}" + "".join(f"{total[column]:13}" for column in columns) + "\n")
    sys.stdout.write(f"{time.perf_counter() - start:.1f} s\n")
    return int(
        total["failures"] > 0
        or total["parsed"] != total["closed form"]
        or total["finite"] + total["left out"] != total["problems"]
    )


if __name__ == "__main__":
    sys.exit(main())
