"""Forward and backward of a KAN, and a step of Levenberg-Marquardt, against an MLP of equal size.

The layer [100, 100, 100], batch 1024, float32, and shapes that laws are searched with, 1000 rows,
float64; degree 3, grid 5, one thread. The MLP has two equal hidden layers. The dense-basis layer is
how efficient-kan (github.com/Blealtan/efficient-kan) computes: Cox-de Boor on the whole extended
grid, then a matrix product; written anew here from that description. All are timed in turn, in the
same run, by the processor's time of the thread: other programs then matter less.

What bounds it: of the 21 ms that [100, 100, 100] takes where the MLP takes 10, matrix products take
7; the basis takes the others, some 35 passes over 100,000 points, each as long as it takes to read
and write them. Points taken in blocks that stay in the cache (4,096 to 65,536 at once) were no
faster, nor was the closed form (relu(2 - |v|)^3 - 4 relu(1 - |v|)^3) / 6 of all cubic functions at
once. The small shapes are bound by the number of operations, 10 to 20 us each.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

import kansym
from kansym.neural.training.free_parameters import FreeParameters
from kansym.neural.training.jacobians import row_jacobian_of
from kansym.neural.training.optimisers import levenberg_marquardt
from kansym.studies.mlp_widths import mlp_widths

GRID, DEGREE = 5, 3
LARGE, BATCH = (100, 100, 100), 1024
SMALL, ROWS = ((2, 5, 1), (5, 7, 1)), 1000
TARGET = 1.3


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


def equal_mlp(parameters: int, n_in: int, n_out: int, dtype: torch.dtype) -> nn.Sequential:
    """An MLP of two hidden layers with about so many parameters."""
    n_in, width, _, n_out = mlp_widths(n_in, parameters, outputs=n_out)
    return nn.Sequential(
        nn.Linear(n_in, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(),
        nn.Linear(width, n_out),
    ).to(dtype)  # fmt: skip


def forward_backward(model: nn.Module, x: Tensor) -> Callable[[], None]:
    """One forward and backward pass."""

    def step() -> None:
        model.zero_grad()
        model(x).square().mean().backward()

    return step


def marquardt(model: nn.Module, x: Tensor) -> Callable[[], None]:
    """One accepted step of Levenberg-Marquardt, from the same place each time."""
    y = torch.sin(3 * x.sum(1, keepdim=True))
    free = FreeParameters.of(model)
    start = free.get()

    def step() -> None:
        free.set(start)
        jacobian = row_jacobian_of(model)
        assert jacobian is not None
        next(levenberg_marquardt(model, jacobian, x, y))

    return step


def compare(steps: dict[str, Callable[[], None]], repeats: int) -> dict[str, float]:
    """Median milliseconds of some steps, timed in turn."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for repeat in range(repeats + 3):
        for name, step in steps.items():
            begin = time.thread_time()
            step()
            if repeat >= 3:
                times[name].append(1e3 * (time.thread_time() - begin))
    return {name: statistics.median(values) for name, values in times.items()}


def models(
    widths: tuple[int, ...], rows: int, dtype: torch.dtype
) -> tuple[kansym.KAN, nn.Sequential, Tensor]:
    """A KAN, an MLP of equal size, and rows."""
    x = torch.rand(rows, widths[0], dtype=dtype) * 2 - 1
    kan = kansym.KAN(widths, grid=GRID, degree=DEGREE, dtype=dtype)
    kan.refit_grids(x)
    return kan, equal_mlp(kan.n_parameters(), widths[0], widths[-1], dtype), x


def say(what: str, medians: dict[str, float]) -> float:
    """Print times and the ratio of the KAN to the MLP, and return it."""
    ratio = medians["KAN"] / medians["MLP"]
    listed = ", ".join(f"{name} {ms:.2f} ms" for name, ms in medians.items())
    print(f"{what:48s} {listed}: KAN {ratio:.2f} times the MLP")
    return ratio


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10 repeats in place of 60")
    repeats = 10 if parser.parse_args().quick else 60
    torch.set_num_threads(1)
    torch.manual_seed(0)
    for widths in SMALL:
        kan, mlp, x = models(widths, ROWS, torch.float64)
        for name, kind in {
            "forward and backward": forward_backward,
            "a step of LM": marquardt,
        }.items():
            steps = {"KAN": kind(kan, x), "MLP": kind(mlp, x)}
            say(f"{list(widths)}, {ROWS} rows, {name}", compare(steps, repeats))
    kan, mlp, x = models(LARGE, BATCH, torch.float32)
    dense = nn.Sequential(DenseBasisLayer(100, 100), DenseBasisLayer(100, 100))
    steps = {"KAN": kan, "MLP": mlp, "dense basis": dense}
    times = compare({name: forward_backward(model, x) for name, model in steps.items()}, repeats)
    ratio = say(f"{list(LARGE)}, {BATCH} rows, forward and backward", times)
    print(f"KAN against the MLP: {ratio:.2f} times (target <= {TARGET})")


if __name__ == "__main__":
    main()
