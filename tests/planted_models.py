"""Trained-looking models whose formula is known, without any training."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from kansym.neural.models.kan import KAN
from kansym.neural.models.splines import spline_coefficients

Function = Callable[[Tensor], Tensor]


@torch.no_grad()
def plant(model: KAN, layer: int, target: int, source: int, function: Function) -> None:
    """Make a spline edge follow a function over its grid."""
    here = model.kan_layers[layer]
    steps = torch.linspace(0, 1, 12 * (here.grid + here.degree), dtype=torch.float64)
    points = here.low[:, None] + (here.high - here.low)[:, None] * steps
    values = function(points)[None].to(here.coef)
    coef = spline_coefficients(points, values, here.low, here.high, here.grid, here.degree)
    here.coef[target, source] = coef[0, source]


def know(model: KAN, X: np.ndarray, names: tuple[str, ...] = ()) -> None:
    """Let a model remember rows, as after training."""
    model.sample = torch.as_tensor(X).to(model.sample)
    model.input_names = names or tuple(f"x{i + 1}" for i in range(X.shape[1]))
    model.output_names = ("y",) if model.kan_layers[-1].n_out == 1 else ()


def rows(n: int = 400, inputs: int = 2, seed: int = 0, low: float = -1.0) -> np.ndarray:
    """Random inputs between low and 1."""
    return np.random.default_rng(seed).uniform(low, 1.0, (n, inputs))


def two_layers(first: Function, second: Function, outer: Function, low: float = -1.0) -> KAN:
    """A [2, 1, 1] KAN for outer(first(x1) + second(x2)) on [low, 1]^2."""
    model = KAN([2, 1, 1], grid=60, domain=(low, 1.0))
    X = rows(low=low)
    plant(model, 0, 0, 0, first)
    plant(model, 0, 0, 1, second)
    inner = first(torch.linspace(low, 1, 500)), second(torch.linspace(low, 1, 500))
    with torch.no_grad():
        last = model.kan_layers[1]
        last.low.fill_(float(inner[0].min() + inner[1].min()))
        last.high.fill_(float(inner[0].max() + inner[1].max()))
    plant(model, 1, 0, 0, outer)
    know(model, X)
    return model


def exp_sin() -> KAN:
    """exp(sin(pi x1) + x2^2)."""
    return two_layers(lambda u: torch.sin(torch.pi * u), torch.square, torch.exp)
