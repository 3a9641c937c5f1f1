"""How many laws their sources find without a network: ``python benchmarks/laws.py --set bonus``.

Sets: feynman, strogatz, bonus, fastsrb, fields, random (expressions of a grammar, ``--seeds first
last``); ``--every 5 --offset 2`` takes the third of every five.
At noise 0 a law counts if fresh rows agree to 1e-6 of their spread; with noise, if they agree so
once its constants are fitted to the truth, which is the project's rule.
"""

import argparse
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy
from random_expressions import random_expression

from kansym.problems.catalogue import load_problems
from kansym.programs.program import evaluate
from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError
from kansym.symbolic.constants.finishing import finish
from kansym.symbolic.constants.refinement import refine
from kansym.symbolic.formulas.sympy_programs import from_sympy
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.proposing import propose

FRESH = 1000
AGREES = 1e-6
LONGEST = 60


@dataclass(frozen=True)
class Task:
    """A true law and where its inputs come from."""

    name: str
    truth: sympy.Expr
    names: tuple[str, ...]
    ranges: tuple[tuple[float, float, bool], ...]

    def draw(self, rows: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Random rows where the truth is defined."""
        found_X, found_y = [], []
        for _ in range(50):
            X = np.stack([_draw(ends, rows, rng) for ends in self.ranges], axis=1)
            y = values(self.truth, self.names, X)
            kept = np.isfinite(y)
            found_X.append(X[kept])
            found_y.append(y[kept])
            if sum(map(len, found_y)) >= rows:
                break
        return np.concatenate(found_X)[:rows], np.concatenate(found_y)[:rows]


def _draw(ends: tuple[float, float, bool], rows: int, rng: np.random.Generator) -> np.ndarray:
    low, high, logarithmic = ends
    if logarithmic:
        return np.exp(rng.uniform(np.log(low), np.log(high), rows))
    return rng.uniform(low, high, rows)


def values(expr: sympy.Expr, names: tuple[str, ...], X: np.ndarray) -> np.ndarray:
    """An expression on rows."""
    found = evaluate(from_sympy(expr), dict(zip(names, X.T, strict=True)))
    return np.broadcast_to(np.asarray(found, dtype=float), len(X)).copy()


def tasks(name: str, first: int, last: int) -> Iterator[Task]:
    """The tasks of a set."""
    if name == "random":
        for seed in range(first, last):
            yield Task(f"random {seed}", *random_expression(seed))
        return
    for problem in load_problems(name):
        ranges = problem.ranges.values()
        ends = tuple((r.low, r.high, r.distribution == "log-uniform") for r in ranges)
        yield Task(problem.name, problem.truth, tuple(problem.ranges), ends)


def solve(rows: Rows, seconds: float) -> tuple[Law | None, sympy.Expr | None]:
    """The best law found in this time, finished."""
    until, best = Deadline.after(seconds), None
    for law in propose(rows, until):
        best = law
    if best is None:
        return None, None
    try:
        formula = finish(best.expr, best.start, rows.names, rows.X, rows.y)
    except InputError:
        return best, best.expr.xreplace(dict(best.start))
    return best, formula.expr.xreplace({sympy.Symbol(c.name): c.value for c in formula.constants})


def is_right(expr: sympy.Expr | None, task: Task, noise: float) -> bool:
    """Whether fresh rows agree, after a fit of the constants to the truth where there was noise."""
    if expr is None or expr.count_ops() > LONGEST + 3 * task.truth.count_ops():
        return False
    X, y = task.draw(FRESH, np.random.default_rng(987_654))
    found = values(expr, task.names, X)
    if noise > 0 and not agrees(found, y):
        floats = sorted(expr.atoms(sympy.Float), key=float)
        names = {number: sympy.Symbol(f"c_{i}_") for i, number in enumerate(floats)}
        if not names:
            return False
        start = {symbol: float(number) for number, symbol in names.items()}
        refined = refine(expr.xreplace(names), task.names, X, y, start)
        found = values(expr.xreplace(names).subs(refined.substitutions), task.names, X)
    return agrees(found, y)


def agrees(found: np.ndarray, y: np.ndarray) -> bool:
    """Whether two columns are equal up to the rounding of constants."""
    spread = np.std(y) or 1.0
    return bool(np.sqrt(np.mean(((found - y) / spread) ** 2)) < AGREES)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--set", default="feynman,strogatz,bonus")
    parser.add_argument("--noise", type=float, default=0.0)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 50))
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--quiet", action="store_true")
    options = parser.parse_args()
    totals = defaultdict(list)
    for name in options.set.split(","):
        for number, task in enumerate(tasks(name, *options.seeds)):
            if number % options.every != options.offset:
                continue
            if options.only and task.name not in options.only.split(","):
                continue
            rng = np.random.default_rng(1)
            X, y = task.draw(options.rows, rng)
            if options.noise:
                y = y + options.noise * np.std(y) * rng.normal(size=len(y))
            started = time.perf_counter()
            law, expr = solve(Rows(X, y, task.names, options.noise), options.seconds)
            spent = time.perf_counter() - started
            right = is_right(expr, task, options.noise)
            totals[name].append((right, spent))
            if not (options.quiet and right):
                shown = f"{law.source} {law.error:.0e} {str(expr)[:90]}" if law else "nothing"
                verdict = f"{'right' if right else 'WRONG'} {spent:5.1f} s  {task.name:14}"
                print(f"{verdict} {str(task.truth)[:90]}  <-  {shown}", flush=True)
    for name, found in totals.items():
        right, spent = np.array(found).T
        times = f"median {np.median(spent):.2f} s, mean {spent.mean():.2f} s"
        print(f"{name:10} {int(right.sum())} of {len(right)} right, {times}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
