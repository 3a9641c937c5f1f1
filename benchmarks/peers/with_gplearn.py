"""gplearn, one generation at a time until the time is up.

T. Stephens, gplearn, https://gplearn.readthedocs.io.
"""

import time

import numpy as np
import sympy
from gplearn.genetic import SymbolicRegressor

from benchmarks.peers.peer import symbols

FUNCTIONS = ("add", "sub", "mul", "div", "sqrt", "log", "neg", "inv", "sin", "cos")
PATIENCE = 1e-12


def solve(X: np.ndarray, y: np.ndarray, seconds: float, seed: int) -> sympy.Expr:
    """The program of the best raw fitness in the last generation."""
    started, generations = time.perf_counter(), 0
    model = SymbolicRegressor(
        population_size=1000,
        generations=1,
        function_set=FUNCTIONS,
        parsimony_coefficient=1e-3 * float(np.std(y)),
        metric="rmse",
        warm_start=True,
        random_state=seed,
    )
    while time.perf_counter() - started < 0.95 * seconds:
        generations += 1
        model.set_params(generations=generations)
        model.fit(X, y)
        if model._program.raw_fitness_ < PATIENCE * float(np.std(y)):
            break
    return expression(model._program.program, X.shape[1])


def expression(program: list, inputs: int) -> sympy.Expr:
    """A program in prefix order as an expression; protected functions as plain ones."""
    rest, variables = iter(program), symbols(inputs)

    def part() -> sympy.Expr:
        node = next(rest)
        if isinstance(node, int | np.integer):
            return variables[node]
        if isinstance(node, float | np.floating):
            return sympy.Float(float(node))
        return _OPERATIONS[node.name](*(part() for _ in range(node.arity)))

    return part()


_OPERATIONS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "inv": lambda a: 1 / a,
    "sqrt": lambda a: sympy.sqrt(sympy.Abs(a)),
    "log": lambda a: sympy.log(sympy.Abs(a)),
    "sin": sympy.sin,
    "cos": sympy.cos,
}
