"""The zoo: small models of every form, drawn from seeds, and strategies that choose among them."""

from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from kansym.neural.models.kan import KAN, EdgeKind, Width
from kansym.programs.program import Program

SMOOTH_FUNCTIONS: tuple[Program, ...] = (
    ("sin", "x"),
    ("tanh", "x"),
    ("exp", ("neg", ("pow", "x", 2.0))),
    ("atan", "x"),
)
"""Functions for fixed edges, defined and tame on the whole real line."""

SEEDS = st.integers(0, 10_000)
DEGREES = st.integers(1, 3)


@st.composite
def widths(draw: Any, *, most: int = 3, depth: int = 3, products: bool = True) -> list[Width]:
    """Inputs, then one to ``depth`` layers of sum nodes and, if wanted, product nodes."""
    count = st.integers(1, most)
    pair = st.tuples(st.integers(0, most), st.integers(0, 2)).filter(lambda two: sum(two) > 0)
    entry = st.one_of(count, pair) if products else count
    layers = draw(st.lists(entry, min_size=1, max_size=depth))
    return [draw(count), *layers]


def draw_kan(
    shape: list[Width],
    *,
    grid: int = 4,
    degree: int = 3,
    seed: int = 0,
    kinds: bool = False,
    dtype: torch.dtype = torch.float64,
) -> KAN:
    """A KAN with wild splines and biases; with ``kinds``, every kind of edge occurs."""
    model = KAN(shape, grid=grid, degree=degree, seed=seed, dtype=dtype)
    rng = np.random.default_rng(seed)
    with torch.no_grad():
        for layer in model.kan_layers:
            wild = torch.as_tensor(rng.normal(size=tuple(layer.coef.shape)))
            layer.coef.add_(0.3 * wild.to(dtype))
            layer.bias.copy_(torch.as_tensor(rng.normal(size=layer.n_out)).to(dtype))
    if kinds:
        _vary_kinds(model, rng)
    return model


def _vary_kinds(model: KAN, rng: np.random.Generator) -> None:
    """Choose a kind for every edge; each node keeps at least one spline."""
    for position, layer in enumerate(model.kan_layers):
        for target in range(layer.n_out):
            kept = rng.integers(layer.n_in)
            for source in range(layer.n_in):
                kind = EdgeKind(rng.integers(4))
                if source == kept or kind == EdgeKind.SPLINE:
                    continue
                if kind == EdgeKind.SYMBOL:
                    function = SMOOTH_FUNCTIONS[rng.integers(len(SMOOTH_FUNCTIONS))]
                    constants = (rng.uniform(0.5, 2), rng.normal(), rng.uniform(0.5, 2), 0.3)
                    model.fix_edge(position, target, source, function, constants)
                else:
                    model.set_edge(position, target, source, kind, slope=rng.normal())


def rows(
    n: int, inputs: int, *, seed: int = 0, reach: float = 1.0, dtype: torch.dtype = torch.float64
) -> Tensor:
    """Random rows in [-reach, reach]."""
    values = np.random.default_rng(seed).uniform(-reach, reach, (n, inputs))
    return torch.as_tensor(values).to(dtype)


def scale_of(values: Tensor) -> float:
    """The size of an output, at least 1."""
    return max(1.0, float(values.detach().abs().max()))


def toy_data(n: int = 300, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows of sin(2 x1) + x2^2 on [-1, 1]^2."""
    X = np.random.default_rng(seed).uniform(-1, 1, (n, 2))
    return X, np.sin(2 * X[:, 0]) + X[:, 1] ** 2
