"""How often the search for pairs finds a function that is a sum or a product of two.

Random curves on [0.2, 3], f + g or f g with f and g from twelve plain functions at random
constants. A curve is found if a formula reproduces it to 1e-6 of its spread. Operon gets the same
curves and several seconds each (extra operon). Run with OMP_NUM_THREADS=1.

    python benchmarks/pair_search.py [--curves 100] [--seconds 3] [--no-operon]
"""

import argparse
import statistics
import time

import numpy as np
from scipy import stats

from kansym.symbolic.engines import Engine, Operon, Pairs
from kansym.symbolic.library.candidate import Candidate
from kansym.symbolic.library.library import LIBRARY

NAMES = ["x", "x^2", "x^3", "1/x", "1/x^2", "sqrt", "exp", "log", "sin", "tanh", "atan", "gaussian"]
X = np.linspace(0.2, 3.0, 200)
LARGEST = 200.0
"""Greatest range of a function: beyond it the other one is not seen."""
FOUND = 1e-6


def values(part: Candidate, rng: np.random.Generator) -> np.ndarray:
    """f(a x + b), with a positive argument."""
    a = 1.0 if part.scale_free else rng.uniform(0.5, 2.0)
    b = 0.0 if part.shift_free else rng.uniform(0.1, 0.6)
    return part.numpy(a * X + b)


def curve(rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """A sum or a product of two different functions, drawn until both are seen."""
    while True:
        names = rng.choice(NAMES, 2, replace=False).tolist()
        f, g = (values(LIBRARY[name], rng) for name in names)
        if max(np.ptp(f), np.ptp(g)) < LARGEST:
            break
    if rng.random() < 0.5:
        return " * ".join(names), f * g
    return " + ".join(names), f / np.std(f) + rng.uniform(0.3, 2.0) * g / np.std(g)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--curves", type=int, default=100)
    options.add_argument("--seconds", type=float, default=3.0, help="of Operon, per curve")
    options.add_argument("--no-operon", action="store_true")
    chosen = options.parse_args()
    engines: list[Engine] = [Pairs()] if chosen.no_operon else [Pairs(), Operon()]
    rng = np.random.default_rng(20261128)
    curves = [curve(rng) for _ in range(chosen.curves)]
    Pairs().search(X, np.sin(X))  # what is loaded at the first call does not count
    for engine in engines:
        missed, seconds = [], []
        for name, y in curves:
            started = time.perf_counter()
            found = engine.search(X, y, seconds=chosen.seconds, seed=0)
            seconds.append(time.perf_counter() - started)
            if not min((one.error for one in found), default=np.inf) < FOUND:
                missed.append(name)
        hits = len(curves) - len(missed)
        low, high = stats.binomtest(hits, len(curves)).proportion_ci(method="wilson")
        print(
            f"{engine.name}: {hits} of {len(curves)} found "
            f"({100 * low:.0f} to {100 * high:.0f} %), median {statistics.median(seconds):.1f} s; "
            f"not {', '.join(missed)}"
        )


if __name__ == "__main__":
    main()
