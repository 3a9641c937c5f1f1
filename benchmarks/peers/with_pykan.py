"""pykan as its documentation shows: train, prune, refine, snap to symbols, train.

Z. Liu et al., KAN 2.0, 2024, arXiv:2408.10205.
"""

import logging
import time

import numpy as np
import sympy
import torch
from kan import KAN

from benchmarks.peers.peer import symbols

LIBRARY = ["x", "x^2", "x^3", "x^4", "1/x", "1/x^2", "sqrt", "exp", "log", "sin", "tanh", "abs"]
STEPS, BITE = 30, 5
"""Steps of LBFGS for each fit, and how many are made between two looks at the clock."""
TRAINED, REFINED, FINISHED = 0.3, 0.5, 0.9
"""Shares of the time at which the first fit, those on finer grids, and the last one end."""
ROWS, FEWEST = 400, 20
"""Rows times edges on which functions are tried for edges, since all rows would take minutes."""


def solve(
    X: np.ndarray, y: np.ndarray, seconds: float, seed: int, weight_simple: float = 0.8
) -> sympy.Expr:
    """The formula after automatic symbolic regression of every edge."""
    logging.disable(logging.WARNING)
    started = time.perf_counter()

    def fit(share: float, **settings: float) -> None:
        for _ in range(0, STEPS, BITE):
            if time.perf_counter() - started > share * seconds:
                return
            model.fit(data, opt="LBFGS", steps=BITE, **settings)

    torch.set_default_dtype(torch.float64)
    low, high = X.min(0), X.max(0)
    scaled = 2 * (X - low) / np.where(high > low, high - low, 1.0) - 1
    shift, spread = float(y.mean()), float(y.std())
    x, target = torch.as_tensor(scaled), torch.as_tensor((y - shift) / spread)[:, None]
    held = len(x) // 5
    data = {
        "train_input": x[held:],
        "train_label": target[held:],
        "test_input": x[:held],
        "test_label": target[:held],
    }
    model = KAN(width=[X.shape[1], 5, 1], grid=3, k=3, seed=seed)
    fit(TRAINED, lamb=0.001)
    model = model.prune()
    for grid in (5, 10):
        if time.perf_counter() - started < REFINED * seconds:
            model = model.refine(grid)
            fit(REFINED)
    edges = sum(int((layer.mask != 0).sum()) for layer in model.act_fun)
    model.get_act(x[: max(FEWEST, ROWS // max(edges, 1))])
    model.auto_symbolic(lib=LIBRARY, verbose=0, weight_simple=weight_simple)
    fit(FINISHED)
    inputs = symbols(X.shape[1])
    found = model.symbolic_formula(var=[f"u{i}" for i in range(len(inputs))])[0][0]
    back = {
        sympy.Symbol(f"u{i}"): 2 * (x_i - float(a)) / float(b - a) - 1
        for i, (x_i, a, b) in enumerate(zip(inputs, low, high, strict=True))
    }
    return spread * sympy.sympify(found).xreplace(back) + shift
