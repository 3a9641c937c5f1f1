"""Peak memory of second-order training at 1e3, 1e4 and 1e5 rows, each in its own process.

Levenberg-Marquardt keeps P^2 numbers and one chunk of the Jacobian; the whole Jacobian would be
rows x P numbers. What is printed is the growth of the process's peak beyond its state with data
and model in place.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import resource
import subprocess
import sys

import numpy as np

ROWS = (1_000, 10_000, 100_000)
WIDTHS, GRID = (4, 6, 1), 8


def peak() -> float:
    """Largest resident size so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(rows: int, steps: int) -> None:
    """Train on so many rows; print parameters and the growth of the peak in MB."""
    import torch

    import kansym
    from kansym.neural.training.free_parameters import FreeParameters

    torch.set_num_threads(1)
    small = np.random.default_rng(1).uniform(-1, 1, (500, WIDTHS[0]))
    X = np.random.default_rng(0).uniform(-1, 1, (rows, WIDTHS[0]))
    y = np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2) + X[:, 2] * X[:, 3]
    model = kansym.KAN(WIDTHS, grid=GRID)
    # Whatever is loaded once is loaded before the first reading.
    options = {"starts": 1, "prune": False, "progress": False, "optimiser": "lm"}
    kansym.train(kansym.KAN(WIDTHS, grid=1), small, small[:, 0] ** 2, steps=1, **options)
    before = peak()
    kansym.train(model, X, y, steps=steps, seconds=60 if steps > 1 else 10, **options)
    # Splines are refined on the way, the more the rows allow: what counts is the final number.
    print(len(FreeParameters.of(model)), peak() - before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few steps, up to 1e4 rows")
    parser.add_argument("--rows", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    steps = 1 if options.quick else 3
    if options.rows:
        measure(options.rows, steps)
        return
    grown = []
    counts = ROWS[:2] if options.quick else ROWS
    for rows in counts:
        command = [sys.executable, __file__, "--rows", str(rows)]
        command += ["--quick"] if options.quick else []
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        parameters, growth = (float(word) for word in done.stdout.split()[-2:])
        grown.append(growth)
        whole, square = rows * parameters * 8 / 2**20, parameters**2 * 8 / 2**20
        print(
            f"{rows:7d} rows, {parameters:.0f} parameters in the end: peak grew by {growth:.0f} MB "
            f"(a whole Jacobian: {whole:.0f} MB; P^2 numbers: {square:.0f} MB)"
        )
    factor = counts[-1] / counts[0]
    print(
        f"{factor:.0f} times the rows: {grown[-1] / max(grown[0], 1):.1f} times the growth "
        "(target: far below the rows, no whole Jacobian)"
    )


if __name__ == "__main__":
    main()
