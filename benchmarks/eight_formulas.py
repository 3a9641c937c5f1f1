"""Eight small formulas, from 1000 rows to the formula: training and extraction on one core.

Run with OMP_NUM_THREADS=1. Prints, per formula and seed, the seconds and whether the formula that
was read is equivalent to the truth (rule of SRBench, and numerically).

    python benchmarks/eight_formulas.py [--seeds 3] [--only a,c] [--judge network|data]
"""

import argparse
import statistics
import time

import numpy as np
import sympy
import torch

from kansym import KAN, equivalent, extract, train
from kansym.kan import Width
from kansym.parsing import parse

TARGET = "target: all 8 equivalent on all seeds, median under 20 s each"

SQUARE = (-1.0, 1.0)
FORMULAS: dict[str, tuple[str, dict[str, tuple[float, float]], list[Width]]] = {
    "a": ("exp(sin(pi*x) + y**2)", dict.fromkeys("xy", SQUARE), [2, 5, 1]),
    "b": ("x*y", dict.fromkeys("xy", SQUARE), [2, 2, 1]),
    "b*": ("x*y", dict.fromkeys("xy", SQUARE), [2, (0, 1)]),
    "c": ("(x + y)/(1 + x*y)", dict.fromkeys("xy", (-0.9, 0.9)), [2, 1, 1]),
    "d": (
        "exp(-x**2/(2*s**2))/(sqrt(2*pi)*s)",
        dict.fromkeys("xs", (1.0, 3.0)),
        [2, (0, 2), (0, 1)],
    ),
    "e": (
        "sqrt((x2 - x1)**2 + (y2 - y1)**2)",
        dict.fromkeys(("x1", "x2", "y1", "y2"), (1.0, 5.0)),
        [4, 2, 1, 1],
    ),
    "f": (
        "q1*q2/(4*pi*eps*r**2)",
        dict.fromkeys(("q1", "q2", "eps", "r"), (1.0, 5.0)),
        [4, (0, 1)],
    ),
    "g": (
        "m/sqrt(1 - v**2/c**2)",
        {"m": (1.0, 5.0), "v": (1.0, 2.0), "c": (3.0, 10.0)},
        [3, 2, (0, 1)],
    ),
    "h": (
        "exp((sin(pi*(x1**2 + x2**2)) + sin(pi*(x3**2 + x4**2)))/2)",
        dict.fromkeys(("x1", "x2", "x3", "x4"), SQUARE),
        [4, 2, 1, 1],
    ),
}


def run(name: str, seed: int, judge: str) -> tuple[bool, float, str]:
    """One formula and seed: whether it was recovered, seconds, and the formula that was read."""
    import pandas as pd

    text, ranges, widths = FORMULAS[name]
    truth = parse(text, list(ranges))
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({key: rng.uniform(*limits, 1000) for key, limits in ranges.items()})
    value = sympy.lambdify([sympy.Symbol(key) for key in ranges], truth, "numpy")
    y = value(*X.to_numpy().T)
    started = time.perf_counter()
    model = KAN(widths, seed=seed)
    train(model, X, y, progress=False)
    result = extract(model, progress=False) if judge == "network" else extract(model, X, y)
    seconds = time.perf_counter() - started
    found = equivalent(result.formulas[0], truth, ranges=ranges)
    return found.recovered, seconds, str(result.expr)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description="Eight small formulas.")
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--only", default=",".join(FORMULAS))
    options.add_argument("--judge", choices=("network", "data"), default="data")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    for name in chosen.only.split(","):
        runs = [run(name, seed, chosen.judge) for seed in range(chosen.seeds)]
        hits = sum(recovered for recovered, _, _ in runs)
        middle = statistics.median(seconds for _, seconds, _ in runs)
        print(f"{name:2} {hits}/{len(runs)}  {middle:5.1f} s  {FORMULAS[name][0]}")
        for recovered, seconds, text in runs:
            print(
                f"      {'yes' if recovered else 'no ':3} {seconds:5.1f} s  {text[:100]}",
                flush=True,
            )
    print(TARGET)


if __name__ == "__main__":
    main()
