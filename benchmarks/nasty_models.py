"""Models that are hard to read: what `extraction_budget.py` times `extract` on.

Nested exponentials, gamma and zeta functions, chains, wide and deep layers, many factors, huge
numbers, noise and jumps; most of them have no formula that could be found.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kansym import KAN, MLP
from kansym.neural.models.kan import Width
from kansym.symbolic.formulas.parsing import parse
from kansym.symbolic.formulas.sympy_programs import from_sympy
from kansym.symbolic.library.library import ALL

__all__ = ["MODELS", "Case", "unknown"]

Case = tuple[Any, np.ndarray, np.ndarray | None, dict[str, Any]]


def rows(n: int, inputs: int, low: float = -1.0, high: float = 1.0) -> np.ndarray:
    """Random inputs."""
    return np.random.default_rng(0).uniform(low, high, (n, inputs))


def program(text: str) -> Any:
    """A function of x as data."""
    return from_sympy(parse(text, ("x",)))


@torch.no_grad()
def wild(widths: list[Width], X: np.ndarray, grid: int = 6, degree: int = 3) -> KAN:
    """A KAN of random splines that no library function explains, its grids where the data are."""
    domain = np.stack([X.min(0), X.max(0)], axis=1).tolist()
    model = KAN(widths, grid=grid, degree=degree, seed=1, domain=domain)
    generator = torch.Generator().manual_seed(1)
    for layer in model.kan_layers:
        noise = torch.randn(layer.coef.shape, generator=generator, dtype=torch.float64)
        layer.coef.add_(0.5 * noise / layer.n_in**0.5)
    model.refit_grids(torch.as_tensor(X))
    return model


@torch.no_grad()
def known(widths: list[Width], *functions: str, low: float = -1.0, high: float = 1.0) -> Case:
    """A KAN of edges fixed to functions in turn, each of which is used from low to high."""
    model = KAN(widths)
    X = rows(600, model.kan_layers[0].n_in, low, high)
    entering, count = torch.as_tensor(X), 0
    for position, layer in enumerate(model.kan_layers):
        bottom, top = entering.amin(0), entering.amax(0)
        a = (high - low) / (top - bottom)
        b = low - a * bottom
        for target in range(layer.n_out):
            for source in range(layer.n_in):
                inner = (float(a[source]), float(b[source]))
                function = program(functions[count % len(functions)])
                model.fix_edge(position, target, source, function, (*inner, 0.7, 0.2))
                count += 1
        entering = layer(entering)
    return model, X, None, {}


def unknown(widths: list[Width], n: int = 800, **settings: Any) -> Case:
    """A KAN of wild splines on random rows."""
    X = rows(n, int(widths[0]))  # pyright: ignore[reportArgumentType]
    return wild(widths, X), X, None, settings


def judged(widths: list[Width], target: Callable[[np.ndarray], np.ndarray], grid: int = 6) -> Case:
    """Wild splines judged by data that they do not fit."""
    X = rows(1000, int(widths[0]))  # pyright: ignore[reportArgumentType]
    return wild(widths, X, grid), X, target(X), {}


def huge() -> Case:
    """Inputs and outputs of the order of 1e30."""
    X = 1e30 * rows(600, 3, 1.0, 2.0)
    model = wild([3, 3, 1], X)
    with torch.no_grad():
        model.kan_layers[-1].coef.mul_(1e30)
    return model, X, None, {}


def rectified() -> Case:
    """A dense ReLU network."""
    return MLP([4, 12, 12, 1], activation="relu", seed=0), rows(800, 4), None, {}


def dense(widths: list[int], activation: str) -> Case:
    """A dense network that was never trained."""
    return MLP(widths, activation=activation, seed=0), rows(500, widths[0]), None, {}


def called(function: Callable[[np.ndarray], np.ndarray], inputs: int = 2) -> Case:
    """A plain function of rows."""
    return function, rows(500, inputs), None, {}


def slow(X: np.ndarray) -> np.ndarray:
    """Takes a tenth of a millisecond for a row."""
    time.sleep(1e-4 * len(X))
    return X[:, 0] * X[:, 1]


MODELS: dict[str, Callable[[], Case]] = {
    "exp(exp), 3 layers": lambda: known([2, 2, 2, 1], "exp(exp(x))", "exp(x)"),
    "gamma, 2 layers": lambda: known([2, 2, 1], "gamma(x)", "loggamma(x)", low=1.0, high=2.0),
    "zeta, 2 layers": lambda: known([2, 2, 1], "zeta(x)", "x**(137/1000)", low=2.0, high=3.0),
    "elliptic and Bessel": lambda: known(
        [2, 3, 1], "elliptic_k(x)", "besselj(0, x)", "airyai(x)", low=-1.0, high=0.0
    ),
    "sin(40 sin(40 x))": lambda: known([2, 2, 1], "sin(40*sin(40*x))"),
    "power towers": lambda: known([3, 3, 1], "x**67.5", "x**0.137", "x**x", low=0.5, high=1.0),
    "chain of 8 fixed": lambda: known([1] * 9, "sin(x)", "exp(x)", "tanh(x)", "sqrt(1 + x**2)"),
    "chain of 8 splines": lambda: unknown([1] * 9),
    "3 wide, 5 deep": lambda: unknown([3, 3, 3, 3, 3, 1]),
    "products of 6 factors": lambda: unknown([6, (0, 3), (0, 1)]),
    "sums and products": lambda: unknown([4, (2, 2), (2, 2), 1]),
    "ten inputs": lambda: unknown([10, 4, 1]),
    "wide [17, 8, 14]": lambda: unknown([17, 8, 14]),
    "14 outputs": lambda: unknown([3, 2, 14]),
    "whole library, constants": lambda: unknown([4, 3, 1], library=ALL, constants=("c", "h", "k")),
    "numbers of 1e30": huge,
    "pure noise": lambda: judged(
        [3, 4, 1], lambda X: np.random.default_rng(1).standard_normal(len(X))
    ),
    "jumps": lambda: judged(
        [2, 3, 1], lambda X: np.floor(4 * X[:, 0]) + np.sign(np.sin(9 * X[:, 1])), grid=40
    ),
    "100,000 rows": lambda: unknown([3, 3, 1], n=100_000),
    "dense ReLU": rectified,
    "Operon on wild edges": lambda: unknown([2, 2, 1], engine="operon"),
    "3 wide, 10 deep": lambda: unknown([3] * 11 + [1]),
    "5 wide, 10 deep": lambda: unknown([5] * 11 + [1]),
    "chain of 20 splines": lambda: unknown([1] * 21),
    "60 inputs": lambda: unknown([60, 5, 1]),
    "200 inputs": lambda: unknown([200, 1]),
    "grid of 500": lambda: judged([2, 3, 1], lambda X: np.sin(50 * X[:, 0]), grid=500),
    "200 rows": lambda: unknown([3, 3, 1], n=200),
    "50 outputs": lambda: unknown([2, 2, 50]),
    "dense tanh 20, 20": lambda: dense([3, 20, 20, 1], "tanh"),
    "dense tanh 200, 200": lambda: dense([3, 200, 200, 1], "tanh"),
    "dense tanh 5000": lambda: dense([3, 5000, 1], "tanh"),
    "dense ReLU 5000": lambda: dense([3, 5000, 1], "relu"),
    "dense SiLU, 10 deep": lambda: dense([3] + [10] * 10 + [1], "silu"),
    "dense sin, 60 inputs": lambda: dense([60, 8, 1], "sin"),
    "function with noise": lambda: called(lambda X: X[:, 0] + np.sin(1e9 * X[:, 1])),
    "function of steps": lambda: called(lambda X: np.floor(9 * X[:, 0]) * X[:, 1]),
    "function of 30 inputs": lambda: called(lambda X: np.prod(2 + X, axis=1), inputs=30),
    "function with poles": lambda: called(lambda X: 1 / (X[:, 0] - X[:, 1] + 1e-9)),
    "slow function": lambda: called(slow),
}
