"""The measured tables of the problem set `measured`: what `discover` makes of each.

Printed are the formula selected, and the whole front with `-v`.
`python benchmarks/measured_tables.py [names]` runs all tables, or those named.
"""

import sys
import time

import pandas as pd

from kansym import discover
from kansym.problems.catalogue import load_problems

SECONDS = 10.0


def main() -> None:
    wanted = [name for name in sys.argv[1:] if name != "-v"]
    for problem in load_problems("measured"):
        if wanted and problem.name not in wanted:
            continue
        data = problem.data()
        table = pd.DataFrame(data.X, columns=list(problem.inputs))
        errors = {} if data.uncertainty is None else {"sigma": data.uncertainty}
        begin = time.perf_counter()
        result = discover(table, data.y, seconds=SECONDS, progress=False, **errors).result
        seconds = time.perf_counter() - begin
        print(f"{problem.name:20s} {seconds:5.1f} s  {str(result.expr)[:90]}", flush=True)
        if "-v" in sys.argv:
            for point in result.front:
                print(f"    {point.complexity:5.0f} {point.error:.2e} {point.formulas[0]}")


if __name__ == "__main__":
    main()
