"""C3: regrouped from Linear to Linear, a KAN is a plain MLP."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import nn

from kansym.neural.models.kan import KAN
from kansym.neural.models.parameter_counts import parameter_counts
from kansym.neural.readers.tracing import trace
from kansym.neural.rewriting.kan_as_mlp import to_mlp
from kansym.studies.claims.claim import Claim, Effort, Estimate, Row, Ruling, Settings, Verdict
from kansym.studies.claims.estimates import geometric_mean, largest, several
from kansym.studies.claims.fitting import relative_difference
from kansym.studies.claims.rows import combinations, values_of

__all__ = ["CLAIM"]

_ROUNDING, _SAME_NETWORK = 1e-10, 1e-7


def _plan(effort: Effort) -> list[Settings]:
    return combinations(networks=effort.of(2, 5, 25), seed=range(effort.of(1, 2, 4)))


def _measure(settings: Settings) -> Row:
    rng = np.random.default_rng(settings["seed"])
    found = [_one_network(rng) for _ in range(settings["networks"])]
    return {"found": found}


def _one_network(rng: np.random.Generator) -> Row:
    """A random KAN of degree 1 with two or three layers, and its MLP form."""
    widths = [int(width) for width in rng.integers(1, 5, int(rng.integers(2, 4)))] + [1]
    grid, seed = int(rng.integers(2, 7)), int(rng.integers(1 << 31))
    kan, cubic = (KAN(widths, grid=grid, degree=degree, seed=seed) for degree in (1, 3))
    mlp = to_mlp(kan)
    x = torch.as_tensor(rng.uniform(-3, 3, (1000, widths[0])))
    counts = parameter_counts(mlp)
    traced = trace(kan, x.numpy()), trace(_disguised(mlp, rng), x.numpy())
    return {
        "plain": all(isinstance(module, nn.Linear | nn.ReLU) for module in mlp),
        "difference": relative_difference(mlp, kan, x),
        "networks": traced[0].difference(traced[1]),
        "stored": counts.stored / kan.n_parameters(),
        "distinct": counts.distinct / kan.n_parameters(),
        "cubic": relative_difference(to_mlp(cubic), cubic, x),
    }


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
    figures = _figures(found)
    if all(values_of(found, "plain")) and figures[0].value < _ROUNDING:
        return Ruling(Verdict.ONLY_IF, figures, "the splines are of degree 1", _REMARKS)
    return Ruling(Verdict.DOES_NOT_HOLD, figures, "", _REMARKS)


def _figures(found: Sequence[Row]) -> tuple[Estimate, ...]:
    same = [100.0 * (value < _SAME_NETWORK) for value in values_of(found, "networks")]
    numbers = {
        "stored numbers, MLP over KAN": values_of(found, "stored"),
        "distinct numbers, MLP over KAN": values_of(found, "distinct"),
    }
    return (
        largest("largest relative difference of the outputs", values_of(found, "difference")),
        Estimate(
            "networks that trace to the same curves (%)", float(np.mean(same)), runs=len(same)
        ),
        largest("the same with cubic splines and powers of ReLUs", values_of(found, "cubic")),
        *several(geometric_mean, numbers),
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
