"""The measured tables of the problem set `measured`: what `discover` makes of each.

Printed are whether the published law is selected, on the front or missed, the seconds, and the
formula selected; the whole front with `-v`. A formula is the law if, fitted to what the law says on
the rows, it leaves less than a thousandth of the spread, with one constant more at most.

Some tables need a word. The lines of hydrogen are averages over fine structure, which the law
leaves out and which no noise hides: 1e-5 is not worth explaining there. The errors of the radial
accelerations are those of the velocities alone, a third of what the rows scatter by, so the rows
are asked without them, and for measured constants alone; given them, a power of 0.65 is nearer
(chi2 per row 3.0 against 3.3). For Moseley's rows a power of 1.05 is nearer than the line (relative
residual 5e-3 against 1e-2): heavy atoms lie above the line by their screening and by relativity.
Masses of nuclei have no noise, and the law leaves out pairing and shells: its four terms are found,
with Z^2 for Z (Z - 1), and leave 7.5e-3, but N^2 Z^a exp(-b (Z + Z^3/N^2)) (N + Z + 1)^c, as many
constants in a shorter form, leaves 5.6e-3, so they are not on the front.

`python benchmarks/measured_tables.py [names]` runs all tables, or those named.
"""

import sys
import time
from typing import Any

import pandas as pd
from measured_laws import fitted

from kansym import discover
from kansym.problems.catalogue import load_problems
from kansym.problems.problem import Problem
from kansym.symbolic.formulas.formula import Formula

SECONDS, EXACT = 10.0, 1e-3
SETTINGS: dict[str, dict[str, Any]] = {
    "hydrogen-lines": {"accuracy": 1e-5},
    "radial-acceleration": {"sigma": None, "exact": False},
}


def is_law(formula: Formula, problem: Problem) -> bool:
    """Whether a formula is the published law of a table."""
    free = [c for c in formula.constants if c.exact is None]
    if formula.curves or len(free) > len(problem.constants) + 1:
        return False
    X = problem.data().X
    fit = fitted(formula, X, problem.value(X))
    return fit is not None and 1 - fit.r2 < EXACT**2


def main() -> None:
    wanted = [name for name in sys.argv[1:] if name != "-v"]
    for problem in load_problems("measured"):
        if wanted and problem.name not in wanted:
            continue
        data = problem.data()
        table = pd.DataFrame(data.X, columns=list(problem.inputs))
        settings = {"sigma": data.uncertainty, **SETTINGS.get(problem.name, {})}
        begin = time.perf_counter()
        result = discover(table, data.y, seconds=SECONDS, progress=False, **settings).result
        seconds = time.perf_counter() - begin
        rights = [point.selected for point in result.front if is_law(point.formulas[0], problem)]
        word = "selected" if any(rights) else "front" if rights else "missed"
        print(f"{problem.name:20s} {word:8s} {seconds:5.1f} s  {result.expr}", flush=True)
        if "-v" in sys.argv:
            for point in result.front:
                print(f"    {point.complexity:5.0f} {point.error:.2e} {point.formulas[0]}")


if __name__ == "__main__":
    main()
