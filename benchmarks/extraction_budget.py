"""Whether `extract` keeps its budget on models that are hard to read.

Nested exponentials, gamma and zeta functions, chains, wide layers, many factors, huge numbers,
noise and jumps; most of them have no formula that could be found. Run with OMP_NUM_THREADS=1.
Prints the budget, the seconds that were taken, and their ratio, the seconds of the processor, and
what was found in which part of the time. Needs the extra operon.

    python benchmarks/extraction_budget.py [--budgets 2,5,20] [--only gamma,noise]
"""

import argparse
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kansym import KAN, MLP, extract
from kansym.neural.models.kan import Width
from kansym.symbolic.engines import engine_named
from kansym.symbolic.formulas.parsing import parse
from kansym.symbolic.formulas.sympy_programs import from_sympy
from kansym.symbolic.library.library import ALL

SHARE, SECONDS = 0.1, 1.0
TARGET = f"allowed beyond the budget: {100 * SHARE:.0f} % and {SECONDS:g} s"

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


CASES: dict[str, Callable[[], Case]] = {
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
}


def processor_seconds() -> float:
    """Of this process and of the children that have ended."""
    used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def run(name: str, budget: float) -> tuple[float, str]:
    """Seconds beyond what is allowed, and a row of the table."""
    model, X, y, settings = CASES[name]()
    started, worked = time.monotonic(), processor_seconds()
    found = extract(model, X, y, budget=budget, progress=False, **settings)
    taken, worked = time.monotonic() - started, processor_seconds() - worked
    parts = " ".join(f"{part} {spent:.1f}" for part, spent in found.provenance.seconds.items())
    bits = found.front[0].complexity if found.front else float("nan")
    over = taken - budget * (1 + SHARE) - SECONDS
    row = (
        f"{name:26s} {budget:6g} {taken:7.2f} {taken / budget:6.2f} {worked:7.2f} "
        f"{'OVER' if over > 0 else 'ok':5s} {len(found.edges):4d} edges {bits:8.0f} bits  {parts}"
    )
    return over, row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budgets", default="2,5,20", help="seconds, with commas")
    parser.add_argument("--only", help="parts of names of cases, with commas")
    options = parser.parse_args()
    wanted = options.only.split(",") if options.only else [""]
    names = [name for name in CASES if any(part in name for part in wanted)]
    # What is loaded at the first call does not count.
    extract(*unknown([1, 1])[:2], budget=1.0, progress=False)
    engine_named("operon")
    print(TARGET)
    print(f"{'case':26s} {'budget':>6s} {'seconds':>7s} {'ratio':>6s} {'CPU':>7s}")
    beyond = []
    for name in names:
        for budget in map(float, options.budgets.split(",")):
            over, row = run(name, budget)
            beyond += [(name, budget, over)] if over > 0 else []
            print(row, flush=True)
    print(f"{len(beyond)} extractions are over")


if __name__ == "__main__":
    main()
