"""Operon (pyoperon), as it selects its model: minimum description length.

B. Burlacu, G. Kronberger, M. Kommenda, Operon C++, 2020, doi:10.1145/3377929.3398099.
"""

import numpy as np
import sympy
from pyoperon.sklearn import SymbolicRegressor

from benchmarks.peers.peer import symbols
from kansym.symbolic.formulas.parsing import parse

ALLOWED = "add,sub,mul,div,constant,variable,exp,log,sin,cos,tanh,sqrt,square,asin"


def solve(X: np.ndarray, y: np.ndarray, seconds: float, seed: int) -> sympy.Expr:
    """The selected model."""
    model = SymbolicRegressor(
        allowed_symbols=ALLOWED,
        objectives=["r2", "length"],
        optimizer_iterations=10,
        max_length=40,
        population_size=1000,
        max_time=max(1, round(seconds)),
        max_evaluations=10**9,
        generations=10**6,
        epsilon=1e-6,
        random_state=seed,
        n_threads=1,
    )
    model.fit(X, y)
    names = [symbol.name for symbol in symbols(X.shape[1])]
    return parse(model.get_model_string(model.model_, 15, names), names)
