"""C3: regrouped from Linear to Linear, a KAN is a plain MLP."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from kansym.neural.models.kan import KAN
from kansym.neural.models.parameter_counts import parameter_counts
from kansym.neural.readers.tracing import trace
from kansym.neural.rewriting.kan_as_mlp import to_mlp
from kansym.studies.claims.claim import Claim, Effort, Estimate, Row, Ruling, Settings, Verdict
from kansym.studies.claims.estimates import geometric_mean, largest

__all__ = ["CLAIM"]

_ROUNDING, _SAME_NETWORK = 1e-10, 1e-7


def _plan(effort: Effort) -> list[Settings]:
    return [{"networks": effort.of(2, 5, 25), "seed": seed} for seed in range(effort.of(1, 2, 4))]


def _measure(settings: Settings) -> Row:
    rng = np.random.default_rng(settings["seed"])
    found = [_one_network(rng) for _ in range(settings["networks"])]
    return {"found": found}


def _one_network(rng: np.random.Generator) -> Row:
    """A random KAN of degree 1 with two or three layers, and its MLP form."""
    widths = [int(width) for width in rng.integers(1, 5, int(rng.integers(2, 4)))] + [1]
    grid, seed = int(rng.integers(2, 7)), int(rng.integers(1 << 31))
    kan = KAN(widths, grid=grid, degree=1, seed=seed)
    mlp = to_mlp(kan)
    x = torch.as_tensor(rng.uniform(-3, 3, (1000, widths[0])))
    counts = parameter_counts(mlp)
    traced = trace(kan, x.numpy()), trace(_disguised(mlp, rng), x.numpy())
    return {
        "plain": all(isinstance(module, nn.Linear | nn.ReLU) for module in mlp),
        "difference": _difference(kan, mlp, x),
        "networks": traced[0].difference(traced[1]),
        "stored": counts.stored / kan.n_parameters(),
        "distinct": counts.distinct / kan.n_parameters(),
        "cubic": _difference(*_pair(KAN(widths, grid=grid, degree=3, seed=seed)), x),
    }


def _pair(kan: KAN) -> tuple[KAN, nn.Sequential]:
    return kan, to_mlp(kan)


@torch.no_grad()
def _difference(kan: KAN, mlp: nn.Module, x: Tensor) -> float:
    """Largest difference over the largest value."""
    truth = kan(x)
    return float((mlp(x) - truth).abs().max() / truth.abs().max().clamp_min(1e-300))


@torch.no_grad()
def _disguised(mlp: nn.Sequential, rng: np.random.Generator) -> nn.Sequential:
    """The same function with the units of every hidden layer shuffled and rescaled."""
    linear = [module for module in mlp if isinstance(module, nn.Linear)]
    for before, after in pairwise(linear):
        order = torch.as_tensor(rng.permutation(before.out_features))
        scale = torch.as_tensor(rng.uniform(0.5, 2.0, before.out_features))
        before.weight.copy_(before.weight[order] * scale[:, None])
        before.bias.copy_(before.bias[order] * scale)
        after.weight.copy_(after.weight[:, order] / scale)
    return mlp


def _judge(rows: Sequence[Row]) -> Ruling:
    found = [network for row in rows for network in row["found"]]
    plain = all(network["plain"] for network in found)
    equal = max(network["difference"] for network in found) < _ROUNDING
    same = [network["networks"] for network in found]
    verdict, condition = Verdict.DOES_NOT_HOLD, ""
    if plain and equal:
        verdict, condition = Verdict.ONLY_IF, "the splines are of degree 1"
    return Ruling(verdict, _figures(found, same), condition, _REMARKS)


def _figures(found: Sequence[Row], same: Sequence[float]) -> tuple[Estimate, ...]:
    return (
        largest("largest relative difference of the outputs", [f["difference"] for f in found]),
        Estimate(
            "networks that trace to the same curves (%)",
            100 * float(np.mean([value < _SAME_NETWORK for value in same])),
            runs=len(same),
        ),
        largest("the same with cubic splines and powers of ReLUs", [f["cubic"] for f in found]),
        geometric_mean("stored numbers, MLP over KAN", [f["stored"] for f in found]),
        geometric_mean("distinct numbers, MLP over KAN", [f["distinct"] for f in found]),
    )


_REMARKS = (
    "Published KANs are cubic. Their MLP form is as exact, but its activations are capped powers "
    "of ReLUs of order 1 to 3, which no framework calls a plain layer.",
    "Regrouping multiplies the expand step into the Linear layer before it: each row is stored k "
    "times. The copies are found again from the weights alone, after shuffling and rescaling.",
)

CLAIM = Claim(
    identifier="C3",
    title="A plain MLP",
    statement="Regrouped from Linear to Linear, a KAN is an MLP: a plain torch.nn.Sequential of "
    "Linear and ReLU.",
    source="the article that calls a KAN just an MLP",
    tried="Random KANs of two and three layers, rewritten by to_mlp; outputs on 1000 rows, three "
    "times as wide as the grids; units then shuffled and rescaled, and both networks traced.",
    rule="Holds only if the degree is 1 when every module is Linear or ReLU and outputs agree to "
    "1e-10 (higher degrees need other activations, by construction); does not hold otherwise.",
    plan=_plan,
    measure=_measure,
    judge=_judge,
)
