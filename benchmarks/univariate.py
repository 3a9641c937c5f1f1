"""Laws of one variable: how many are found again, and in how much time on one core.

    python benchmarks/univariate.py                          # 60 random compositions of seed 0
    python benchmarks/univariate.py --seed 7 --rows 20 --noise 0.01
    python benchmarks/univariate.py --set catalogue          # problems of the library, one input

A law counts as found where it predicts rows that reach a little beyond the range with a relative
error below 1e-6; with noise, below three times what the true form would have, and with at most
twice as many constants.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import sympy

from kansym.problems import list_problems, load_problem
from kansym.shared.deadline import Deadline
from kansym.symbolic.formulas.parsing import parse
from kansym.symbolic.laws.univariate import univariate_laws

X = sympy.Symbol("x")
BEYOND = 0.05
"""Part of the range by which fresh rows reach beyond it."""
EXACT, HELD = 1e-6, 1e-9
"""Largest error on fresh rows, and on the rows: a good approximation is no law."""
MOST_CONSTANTS = 12


@dataclass(frozen=True)
class Task:
    """A function and the range on which it is known."""

    name: str
    expr: sympy.Expr
    low: float
    high: float

    @property
    def function(self) -> Callable[[np.ndarray], np.ndarray]:
        """Its values, nan where undefined."""
        found = sympy.lambdify(X, self.expr, ["numpy", "scipy"])

        def values(x: np.ndarray) -> np.ndarray:
            with np.errstate(all="ignore"):
                return np.real_if_close(np.broadcast_to(found(x), x.shape)).astype(float)

        return values


INNER = (
    "x", "x", "x", "x**2", "x**2", "x**3", "k*x", "k*x", "k*x**2", "x**2 + x", "x + 1", "x**2 + 1",
    "x + k", "x**2 + k*x", "1/x", "sqrt(x)", "k*x + m",
)  # fmt: skip
OUTER = (
    "sin(u)", "sin(u)", "cos(u)", "cos(u)", "exp(u)", "exp(-u)", "log(u)", "sqrt(u)", "u", "u**2",
    "1/u", "tanh(u)", "u**3", "1/(1 + u**2)",
)  # fmt: skip
SHAPES = (
    "A*B + k", "A*B + k", "A + B", "A + B + C", "A*B*C", "A/B", "k*A + m*B", "A*(B + k)",
    "A*B + C", "A + x**2 + x", "x**2*A", "N", "N", "N + A", "N*A", "k*N + m", "(A + k)/(B + m)",
)  # fmt: skip


def compositions(seed: int, count: int) -> Iterator[Task]:
    """Random compositions of elementary functions."""
    rng = np.random.default_rng(seed)
    made = 0
    while made < count:
        low, high = [(-1.0, 1.0), (0.0, 2.0), (0.5, 5.0), (-3.0, 3.0), (1.0, 4.0)][rng.integers(5)]
        task = Task(f"{seed}.{made}", composition(rng), low, high)
        if sensible(task):
            made += 1
            yield task


def composition(rng: np.random.Generator) -> sympy.Expr:
    """One of them."""

    def pick(texts: tuple[str, ...]) -> str:
        return texts[rng.integers(len(texts))]

    def number() -> sympy.Expr:
        if rng.random() < 0.5:
            return sympy.Integer(int(rng.integers(1, 4)))
        return sympy.Float(round(float(rng.uniform(0.3, 3.0)), 2))

    def filled(text: str, **parts: sympy.Expr) -> sympy.Expr:
        expr = parse(text)
        numbers = {sympy.Symbol(name): number() for name in ("k", "m")}
        return expr.xreplace({sympy.Symbol(n): p for n, p in parts.items()} | numbers)

    def plain() -> sympy.Expr:
        return filled(pick(OUTER), u=filled(pick(INNER)))

    nested = filled(pick(OUTER), u=plain())
    return filled(pick(SHAPES), A=plain(), B=plain(), C=plain(), N=nested)


def sensible(task: Task) -> bool:
    """Whether a function is real, bounded and no constant on its range and a little beyond."""
    if not task.expr.has(X):
        return False
    y = task.function(fresh_inputs(task))
    return bool(np.isfinite(y).all() and np.std(y) > 1e-2 and np.abs(y).max() < 1e3)


def fresh_inputs(task: Task) -> np.ndarray:
    """Inputs on the range and a little beyond, where the function may go on."""
    reach = BEYOND * (task.high - task.low)
    low = task.low if task.low == 0 else task.low - reach
    return np.linspace(low, task.high + reach, 203)


def catalogue() -> Iterator[Task]:
    """The problems of kansym with one input."""
    for name in list_problems():
        problem = load_problem(name)
        if len(problem.inputs) == 1 and problem.formula and problem.ranges:
            (one,) = problem.inputs
            expr = parse(problem.formula).xreplace({sympy.Symbol(one): X})
            yield Task(name, expr, problem.ranges[one].low, problem.ranges[one].high)


def solved(task: Task, rows: int, noise: float, seconds: float, seed: int) -> tuple[bool, str]:
    """Whether the law is found, and what was."""
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(task.low, task.high, rows))
    truth = task.function
    y = truth(x)
    y = y + noise * np.std(y) * rng.normal(size=rows)
    law = next(univariate_laws(x, y, "x", noise, Deadline.after(seconds)), None)
    if law is None:
        return False, "nothing"
    expr = law.expr.subs(law.start)
    fresh = fresh_inputs(task)
    wanted = truth(fresh)
    with np.errstate(all="ignore"):
        found = np.broadcast_to(sympy.lambdify(X, expr, ["numpy", "scipy"])(fresh), fresh.shape)
        error = np.sqrt(np.mean(np.abs(found - wanted) ** 2)) / np.std(wanted)
    most = MOST_CONSTANTS
    limit = EXACT if noise == 0 else 3 * noise * np.sqrt(len(law.start) / rows) + EXACT
    text = str(expr.xreplace({n: n.round(5) for n in expr.atoms(sympy.Float)}))
    shown = f"{len(law.start)} constants, {law.error:.0e} on rows, {error:.0e}: {text[:150]}"
    held = noise > 0 or law.error < HELD
    return bool(error < limit and held and len(law.start) <= most), shown


def main() -> None:
    """Print every task that was missed, and the share that was found."""
    parser = argparse.ArgumentParser(description="Laws of one variable.")
    parser.add_argument("--set", choices=["random", "catalogue"], default="random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--noise", type=float, default=0.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    tasks = (
        catalogue()
        if arguments.set == "catalogue"
        else compositions(arguments.seed, arguments.count)
    )
    times, found = [], 0
    for task in tasks:
        if arguments.only and task.name not in arguments.only.split(","):
            continue
        started = time.process_time()
        right, shown = solved(task, arguments.rows, arguments.noise, arguments.seconds, 1)
        times.append(time.process_time() - started)
        found += right
        mark = "found " if right else "MISSED"
        print(f"{mark} {times[-1]:6.2f} s  {task.name}: {task.expr} on {task.low:g}..{task.high:g}")
        if not right or arguments.only:
            print(f"        {shown}", flush=True)
    print(
        f"{found} of {len(times)} found; seconds on one core: median {np.median(times):.2f}, "
        f"most {max(times):.1f}"
    )


if __name__ == "__main__":
    main()
