"""Forward and backward of a [100, 100, 100] KAN against an MLP of as many parameters.

Degree 3, grid 5, batch 1024, float32, one thread. The MLP has one hidden width such that its
parameters equal those of the KAN. The dense-basis layer is how efficient-kan
(github.com/Blealtan/efficient-kan) computes: Cox-de Boor on the whole extended grid, then a matrix
product; written anew here from that description. All are timed in turn, in the same run.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import statistics
import time

import torch
from torch import Tensor, nn

import kansym

WIDTHS, GRID, DEGREE, BATCH = (100, 100, 100), 5, 3, 1024
MOST_RATIO = 1.5


class DenseBasisLayer(nn.Module):
    """A KAN layer by Cox-de Boor recursion over all basis functions, plus a SiLU branch."""

    knots: Tensor

    def __init__(self, n_in: int, n_out: int):
        super().__init__()
        step = 2 / GRID
        self.register_buffer("knots", torch.arange(-DEGREE, GRID + DEGREE + 1) * step - 1)
        self.base = nn.Linear(n_in, n_out, bias=False)
        self.coef = nn.Parameter(torch.randn(n_out, n_in * (GRID + DEGREE)) * 0.1)

    def basis(self, x: Tensor) -> Tensor:
        """All B-splines of all inputs, (batch, in, grid + degree)."""
        x, t = x[..., None], self.knots
        values = ((x >= t[:-1]) & (x < t[1:])).to(x)
        for p in range(1, DEGREE + 1):
            left = (x - t[: -(p + 1)]) / (t[p:-1] - t[: -(p + 1)])
            right = (t[p + 1 :] - x) / (t[p + 1 :] - t[1:-p])
            values = left * values[..., :-1] + right * values[..., 1:]
        return values

    def forward(self, x: Tensor) -> Tensor:
        spline = nn.functional.linear(self.basis(x).flatten(1), self.coef)
        return self.base(nn.functional.silu(x)) + spline


def equal_mlp(parameters: int) -> nn.Module:
    """A tanh MLP of two hidden layers with about so many parameters."""
    n_in, n_out = WIDTHS[0], WIDTHS[-1]
    width = min(range(1, 2000), key=lambda w: abs(_size(n_in, w, n_out) - parameters))
    return nn.Sequential(
        nn.Linear(n_in, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(),
        nn.Linear(width, n_out),
    )  # fmt: skip


def _size(n_in: int, width: int, n_out: int) -> int:
    return (n_in + 1) * width + (width + 1) * width + (width + 1) * n_out


def step(model: nn.Module, x: Tensor) -> float:
    """Seconds of one forward and backward pass."""
    begin = time.perf_counter()
    model.zero_grad()
    model(x).square().mean().backward()
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10 repeats in place of 60")
    repeats = 10 if parser.parse_args().quick else 60
    torch.set_num_threads(1)
    torch.manual_seed(0)
    x = torch.rand(BATCH, WIDTHS[0]) * 2 - 1
    kan = kansym.KAN(WIDTHS, grid=GRID, degree=DEGREE, dtype=torch.float32)
    kan.refit_grids(x)
    models = {
        "KAN": kan,
        "MLP of equal size": equal_mlp(kan.n_parameters()),
        "dense basis": nn.Sequential(DenseBasisLayer(100, 100), DenseBasisLayer(100, 100)),
    }
    times: dict[str, list[float]] = {name: [] for name in models}
    for repeat in range(repeats + 3):
        for name, model in models.items():  # in turn, so that a busy machine slows all of them
            seconds = step(model, x)
            if repeat >= 3:
                times[name].append(seconds)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, model in models.items():
        size = sum(parameter.numel() for parameter in model.parameters())
        ratio = medians[name] / medians["MLP of equal size"]
        print(
            f"{name:18s} {size:7d} numbers {1e3 * medians[name]:7.1f} ms, {ratio:.2f} times the MLP"
        )
    ratio = medians["KAN"] / medians["MLP of equal size"]
    print(f"KAN against the MLP: {ratio:.2f} times (target <= {MOST_RATIO})")


if __name__ == "__main__":
    main()
