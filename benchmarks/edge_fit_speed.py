"""Speed and accuracy of fitting edges: all candidates of the library against many curves.

Run with OMP_NUM_THREADS=1 for figures of one core. Prints the seconds for 30 and 248 edges, and
how often the function that made a curve is found, exact and with relative noise.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

import kansym
from kansym.neural.readers.tracing import trace
from kansym.symbolic.fitting.fit import EdgeFit, fit_curves
from kansym.symbolic.library.library import LIBRARY

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.curve_draws import Draw, draw_curve

NOISE = 1e-3
EDGE_ARRAYS = ("x", "y", "density")


def network_like(edges: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Curves as a trained network has them: named functions and sums, with smooth errors."""
    x = np.linspace(-1.0, 1.0, 128) * rng.uniform(0.5, 3.0, (edges, 1)) + rng.normal(
        size=(edges, 1)
    )
    a, b = rng.normal(size=(2, edges, 1))
    kinds = [np.sin(3 * a * x + b), np.exp(a * x), np.tanh(3 * a * x) + 0.3 * x]
    kinds += [a * x**2 + b * x, np.sin(x) + 0.2 * x**2]
    y = np.choose(np.arange(edges)[:, None] % 5, kinds)
    return x, y + 1e-4 * y.std(axis=1, keepdims=True) * np.sin(9.0 * x)


def seconds(edges: int, rng: np.random.Generator) -> tuple[float, float]:
    """Wall-clock and processor seconds of one fit of that many edges."""
    x, y = network_like(edges, rng)
    wall, processor = time.perf_counter(), time.process_time()
    fit_curves(x, y)
    return time.perf_counter() - wall, time.process_time() - processor


def trained_network(widths: list[int], seed: int) -> float:
    """Wall-clock seconds for all edges of a KAN trained on sums and products of its inputs."""
    X = np.random.default_rng(seed).uniform(-1, 1, (1000, widths[0]))
    phases = np.arange(widths[-1])
    y = np.exp(np.sin(np.pi * X[:, :1]) + X[:, 1:2] * X[:, 2:3] + np.cos(phases) * X[:, 3:4])
    model = kansym.KAN(widths, grid=5, seed=seed)
    kansym.train(model, X, y, prune=False, starts=1, steps=40, progress=False)
    edges = trace(model, X).edges
    x, y, density = (np.stack([getattr(edge, name) for edge in edges]) for name in EDGE_ARRAYS)
    start = time.perf_counter()
    fit_curves(x, y, density)
    print(f"trained {widths}: {len(edges)} edges: ", end="")
    return time.perf_counter() - start


def fitted(draws: list[Draw], noise: float, rng: np.random.Generator) -> list[list[EdgeFit]]:
    """Fits of all draws, at most 250 at a time."""
    fits: list[list[EdgeFit]] = []
    for start in range(0, len(draws), 250):
        part = draws[start : start + 250]
        x, y = np.stack([draw.x for draw in part]), np.stack([draw.y for draw in part])
        y = y + noise * y.std(axis=1, keepdims=True) * rng.standard_normal(y.shape)
        fits += fit_curves(x, y)
    return fits


def accuracy(each: int, rng: np.random.Generator) -> None:
    """Print how often the truth is found."""
    draws = [draw_curve(candidate, rng) for candidate in LIBRARY for _ in range(each)]
    clean = fitted(draws, 0.0, rng)
    pairs = list(zip(draws, clean, strict=True))
    reached = [
        any(f.candidate == d.candidate and f.error < 1e-8 for f in fits) for d, fits in pairs
    ]
    first = [fits[0].candidate == d.candidate or fits[0].error < 4e-6 for d, fits in pairs]
    print(f"exact curves: {len(draws)}")
    print(f"  truth fitted to 1e-8:                {100 * np.mean(reached):.1f} %")
    print(f"  first is the truth or within 4e-6:   {100 * np.mean(first):.1f} %")
    telling = [
        draw
        for draw, fits in pairs
        if sum(f.error < 3 * NOISE and f.candidate != draw.candidate for f in fits) < 3
    ]
    noisy = zip(telling, fitted(telling, NOISE, rng), strict=True)
    top = [d.candidate in [f.candidate for f in fits[:3]] for d, fits in noisy]
    print(f"noise {NOISE:g}, {len(telling)} curves that fewer than 3 other functions reproduce:")
    print(f"  truth among the first three:         {100 * np.mean(top):.1f} %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=30, help="curves per candidate")
    each = parser.parse_args().each
    rng = np.random.default_rng(0)
    cold, _ = seconds(5, rng)
    print(f"{len(LIBRARY)} candidates; first call, 5 edges: {cold:.2f} s")
    for edges in (1, 30, 248):
        wall, processor = seconds(edges, rng)
        print(f"{edges:4d} edges: {wall:.2f} s ({processor:.2f} s of processor time)")
    print(f"{trained_network([5, 5, 1], seed=0):.2f} s (target <= 2 s)")
    print(f"{trained_network([17, 8, 14], seed=0):.2f} s (target <= 10 s)")
    accuracy(each, rng)


if __name__ == "__main__":
    main()
