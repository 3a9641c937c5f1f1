"""C6: Maxout is the same idea in other words."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from kansym.neural.models.kan import KAN, EdgeKind
from kansym.neural.models.mlp import Maxout
from kansym.neural.models.parameter_counts import parameter_counts
from kansym.neural.rewriting.kan_as_maxout import to_maxout
from kansym.neural.rewriting.kan_as_mlp import to_mlp
from kansym.studies.claims.claim import Claim, Effort, Row, Ruling, Settings, Verdict
from kansym.studies.claims.estimates import geometric_mean, largest, several
from kansym.studies.claims.fitting import relative_difference
from kansym.studies.claims.rows import combinations, values_of

__all__ = ["CLAIM"]

_ROUNDING = 1e-10


def _plan(effort: Effort) -> list[Settings]:
    return combinations(networks=effort.of(3, 10, 50), seed=range(effort.of(1, 2, 4)))


def _measure(settings: Settings) -> Row:
    rng = np.random.default_rng(settings["seed"])
    return {
        "forward": [_forward(rng) for _ in range(settings["networks"])],
        "backward": [_backward(rng) for _ in range(settings["networks"])],
    }


def _forward(rng: np.random.Generator) -> Row:
    """A random KAN of degree 1 as a Maxout network."""
    widths = [int(width) for width in rng.integers(1, 5, int(rng.integers(2, 4)))] + [1]
    kan = KAN(widths, grid=int(rng.integers(2, 8)), degree=1, seed=int(rng.integers(1 << 31)))
    maxout = to_maxout(kan)
    counts, mlp = parameter_counts(maxout), parameter_counts(to_mlp(kan))
    size = kan.n_parameters()
    x = torch.as_tensor(rng.uniform(-3, 3, (500, widths[0])))
    return {
        "difference": relative_difference(maxout, kan, x),
        "stored": counts.stored / size,
        "nonzero": counts.nonzero / size,
        "mlp nonzero": mlp.nonzero / size,
    }


def _backward(rng: np.random.Generator) -> Row:
    """A Maxout unit of two lines in n inputs, as a KAN of two layers and not of one."""
    n = int(rng.integers(2, 6))
    unit = Maxout(
        torch.as_tensor(rng.normal(size=(1, 2, n))), torch.as_tensor(rng.normal(size=(1, 2)))
    )
    kan = _as_kan(unit, n)
    x = torch.as_tensor(rng.uniform(-3, 3, (500, n)))
    return {"difference": relative_difference(kan, unit, x), "not additive": _mixed(unit, x)}


@torch.no_grad()
def _as_kan(unit: Maxout, n: int) -> KAN:
    """max(a, b) = a + relu(b - a): straight edges to a and b - a, then a line and a ReLU."""
    kan = KAN([n, 2, 1], grid=2, degree=1)
    first, second = unit.weight[0]
    for source in range(n):
        kan.set_edge(0, 0, source, EdgeKind.STRAIGHT, slope=float(first[source]))
        kan.set_edge(0, 1, source, EdgeKind.STRAIGHT, slope=float((second - first)[source]))
    shift = unit.bias[0]
    kan.kan_layers[0].bias.copy_(torch.stack([shift[0], shift[1] - shift[0]]))
    kan.set_edge(1, 0, 0, EdgeKind.STRAIGHT, slope=1.0)
    kan.kan_layers[1].coef[0, 1] = torch.tensor([0.0, 0.0, 1.0])
    return kan


@torch.no_grad()
def _mixed(unit: Maxout, x: Tensor) -> float:
    """Largest mixed difference over the largest value: 0 for a sum of functions of one input."""
    y = x[torch.arange(len(x) - 1, -1, -1)]
    swapped, other = x.clone(), y.clone()
    swapped[:, 0], other[:, 0] = y[:, 0], x[:, 0]
    mixed = unit(x) + unit(y) - unit(swapped) - unit(other)
    return float(mixed.abs().max() / unit(x).abs().max())


def _judge(rows: Sequence[Row]) -> Ruling:
    forward = [network for row in rows for network in row["forward"]]
    backward = [unit for row in rows for unit in row["backward"]]
    there, back = "A KAN of degree 1 as Maxout", "A Maxout unit of two lines as a KAN"
    numbers = {
        "stored numbers, Maxout over KAN": values_of(forward, "stored"),
        "numbers not zero, Maxout over KAN": values_of(forward, "nonzero"),
        "numbers not zero, MLP over KAN": values_of(forward, "mlp nonzero"),
    }
    exact = [
        largest("largest relative difference", values_of(forward, "difference"), there),
        largest("two layers: largest relative difference", values_of(backward, "difference"), back),
    ]
    mixed = values_of(backward, "not additive")
    figures = (
        exact[0],
        *several(geometric_mean, numbers, there),
        exact[1],
        geometric_mean("one layer: mixed difference, over the largest value", mixed, back),
    )
    if not all(figure.value < _ROUNDING for figure in exact):
        return Ruling(Verdict.DOES_NOT_HOLD, figures, "", _REMARKS)
    if max(mixed) < _ROUNDING:
        return Ruling(Verdict.HOLDS, figures, "", _REMARKS)
    return Ruling(Verdict.ONLY_IF, figures, _CONDITION, _REMARKS)


_CONDITION = (
    "the splines are of degree 1, and a Maxout unit over several inputs may take two KAN layers"
)
_REMARKS = (
    "A piecewise-linear edge is the difference of two convex ones, and each of those is the "
    "maximum of its lines: two Maxout units per edge and a Linear that subtracts them.",
    "The other way, max(a, b) = a + relu(b - a) is a KAN of two layers. No single KAN layer "
    "computes it, since a layer has no mixed differences and the maximum has.",
    "The Maxout form writes every line with a slope and an intercept, the MLP form every kink with "
    "one weight: the same function with more numbers.",
)

CLAIM = Claim(
    identifier="C6",
    title="Maxout",
    statement="Maxout is the same idea in other words.",
    source="the article that calls a KAN just an MLP; Maxout: arXiv:1302.4389",
    tried="Random KANs of degree 1, rewritten by to_maxout, on rows up to three times as wide as "
    "the grids; random Maxout units of two lines over two to five inputs, written as KANs.",
    rule="Holds if both rewrites agree to 1e-10 and one KAN layer is enough for a Maxout unit; "
    "holds only with more layers where just the first is true.",
    plan=_plan,
    measure=_measure,
    judge=_judge,
)
