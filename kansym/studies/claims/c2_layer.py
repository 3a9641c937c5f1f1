"""C2: a KAN layer is expand + shift + ReLU + Linear."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from kansym.neural.models.kan import KAN
from kansym.neural.rewriting.kan_as_mlp import to_mlp
from kansym.studies.claims.claim import Claim, Effort, Estimate, Row, Ruling, Settings, Verdict
from kansym.studies.claims.estimates import largest, mean, several
from kansym.studies.claims.fitting import relative_difference
from kansym.studies.claims.rows import combinations, values_of

__all__ = ["CLAIM"]

_ROUNDING = 1e-10


def _plan(effort: Effort) -> list[Settings]:
    return combinations(layers=effort.of(3, 10, 50), seed=range(effort.of(1, 2, 4)))


def _measure(settings: Settings) -> Row:
    rng = np.random.default_rng(settings["seed"])
    found = [_one_layer(rng) for _ in range(settings["layers"])]
    return {"found": found}


def _one_layer(rng: np.random.Generator) -> Row:
    """A random layer of degree 1, and the MLP made of it."""
    n, m, k = (int(rng.integers(low, high)) for low, high in ((1, 7), (1, 7), (2, 9)))
    kan = KAN([n, m], grid=k, degree=1, seed=int(rng.integers(1 << 31)))
    mlp = to_mlp(kan)
    first, last = (layer for layer in mlp if isinstance(layer, nn.Linear))
    inside = torch.as_tensor(rng.uniform(-1, 1, (500, n)))
    outside = torch.as_tensor(rng.uniform(-20, 20, (500, n)))
    features = kan.kan_layers[0].basis(inside).flatten(1), torch.relu(first(inside))
    return {
        "n": n,
        "m": m,
        "k": k,
        "inside": relative_difference(mlp, kan, inside),
        "outside": relative_difference(mlp, kan, outside),
        "weights": last.weight.numel(),
        "one input per unit": bool(((first.weight != 0).sum(1) == 1).all()),
        "stored kan": kan.n_parameters(),
        "stored mlp": sum(parameter.numel() for parameter in mlp.parameters()),
        "independent kan": m * _rank(features[0]),
        "independent mlp": m * _rank(features[1]),
        "cubic units": _cubic_units(n, k),
    }


def _rank(features: Tensor) -> int:
    """Independent columns, the constant of the bias among them."""
    return int(torch.linalg.matrix_rank(torch.cat([features, torch.ones(len(features), 1)], 1)))


def _cubic_units(n: int, k: int) -> float:
    """Units per input that a cubic layer needs for k intervals."""
    return len(next(to_mlp(KAN([n, 1], grid=k, degree=3)).parameters())) / n


def _judge(rows: Sequence[Row]) -> Ruling:
    found = [layer for row in rows for layer in row["found"]]
    exact = all(
        max(layer["inside"], layer["outside"]) < _ROUNDING
        and layer["weights"] == layer["n"] * layer["m"] * layer["k"]
        and layer["independent kan"] == layer["independent mlp"] == layer["weights"] + layer["m"]
        and layer["one input per unit"]
        for layer in found
    )
    if not exact:
        return Ruling(Verdict.DOES_NOT_HOLD, _figures(found), "", _REMARKS)
    if all(layer["stored kan"] == layer["weights"] + layer["m"] for layer in found):
        return Ruling(Verdict.HOLDS, _figures(found), "", _REMARKS)
    return Ruling(Verdict.ONLY_IF, _figures(found), _CONDITION, _REMARKS)


_CONDITION = (
    "the splines are of degree 1, all edges that leave a node share its grid, and independent "
    "numbers are counted, without the knots"
)
_REMARKS = (
    "Both forms have n m k + m independent numbers, found as ranks. A B-spline edge of degree 1 "
    "stores k + 1 numbers, one more than an edge of the MLP form: every edge brings a constant of "
    "its own, of which a node needs one.",
    "The expand and shift steps hold no trained numbers in the KAN (the knots are its grid). "
    "Stored as a Linear layer they add n k rows.",
    "A cubic layer needs truncated powers in place of ReLUs, a few more per input, and is then as "
    "exact.",
)


def _figures(found: Sequence[Row]) -> tuple[Estimate, ...]:
    counts = "Numbers per edge (n m edges, k pieces)"

    def per_edge(key: str) -> list[float]:
        return [(f[key] - f["m"]) / (f["n"] * f["m"]) - f["k"] for f in found]

    differences = {
        "largest relative difference, inside the grid": values_of(found, "inside"),
        "largest relative difference, to 20 times the grid": values_of(found, "outside"),
    }
    beyond = [abs(f["weights"] - f["n"] * f["m"] * f["k"]) for f in found]
    numbers = {
        "independent numbers of the KAN, beyond k per edge": per_edge("independent kan"),
        "independent numbers of the MLP form, beyond k per edge": per_edge("independent mlp"),
        "stored numbers of the KAN, beyond k per edge": per_edge("stored kan"),
        "units per input of a cubic layer, beyond k": [f["cubic units"] - f["k"] for f in found],
    }
    return (
        *several(largest, differences, "Same function"),
        largest("weights after the ReLUs, beyond n m k", beyond, counts),
        *several(mean, numbers, counts),
    )


CLAIM = Claim(
    identifier="C2",
    title="One layer",
    statement="A KAN layer is expand + shift + ReLU + Linear: n inputs, m outputs and k pieces "
    "give n m k weights, the same function and the same number of parameters.",
    source="the article that calls a KAN just an MLP",
    tried="Random layers (n and m from 1 to 6, k from 2 to 8), rewritten by to_mlp; both forms on "
    "500 rows inside the grid and 500 up to 20 times beyond it; independent parameters as ranks.",
    rule="Holds if functions agree to 1e-10 inside and outside the grid, there are n m k weights, "
    "every unit reads one input, the ranks agree, and the KAN stores as many numbers as the MLP "
    "form has weights and biases; holds only if independent numbers are counted where all but "
    "the last is true.",
    plan=_plan,
    measure=_measure,
    judge=_judge,
)
