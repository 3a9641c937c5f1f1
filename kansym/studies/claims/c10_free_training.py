"""C10: trained on with all weights free, the MLP form of a KAN stays readable as a KAN."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from kansym.neural.models.kan import KAN
from kansym.neural.readers.tracing import trace
from kansym.neural.rewriting.kan_as_mlp import to_mlp
from kansym.neural.training.losses import SquaredError
from kansym.neural.training.optimisers import SQUARED
from kansym.shared.error_measures import rmse
from kansym.studies.claims.claim import Claim, Effort, Estimate, Row, Ruling, Settings, Verdict
from kansym.studies.claims.estimates import geometric_mean, mean, several
from kansym.studies.claims.fitting import ScaledRows, fit_once, relative_error, rows_of
from kansym.studies.claims.kan_layouts import direction_groups, direction_penalty, same_layout
from kansym.studies.claims.rows import combinations, rows_by, values_of

__all__ = ["CLAIM"]

_HIDDEN = 3
_STRENGTHS = (0.0, 1.0, 100.0)
_TOLERANCES = (0.01, 0.03, 0.1)
_COSTLESS = 1.5
_STARTS = {"rewritten": "from a trained KAN", "layout": "from random weights in the layout"}


def _plan(effort: Effort) -> list[Settings]:
    problems = effort.of(["toy-exp-sin"], ["toy-exp-sin"], ["toy-exp-sin", "toy-product", "I.6.2"])
    return combinations(
        problem=problems,
        start=effort.of(["rewritten"], list(_STARTS), list(_STARTS)),
        seed=range(effort.of(1, 3, 10)),
        steps=effort.of(3, 15, 150),
        rows=effort.of(200, 400, 1500),
    )


def _measure(settings: Settings) -> Row:
    """One start, trained with each strength of the penalty, merged within each tolerance."""
    seed, steps = settings["seed"], settings["steps"]
    rows = rows_of(settings["problem"], settings["rows"], seed)
    kan = KAN([rows.x.shape[1], _HIDDEN, 1], grid=4, degree=1, seed=seed)
    if settings["start"] == "rewritten":
        fit_once(kan, rows, optimiser="lm", steps=steps, seed=seed, starts=3)
    found = []
    for strength in _STRENGTHS:
        model = to_mlp(kan) if settings["start"] == "rewritten" else same_layout(kan, seed)
        sizes = [rows.x.shape[1], _HIDDEN]
        groups = direction_groups(model, sizes)
        loss = _Penalised(model, groups, strength) if strength else SQUARED
        fit_once(model, rows, optimiser="lbfgs", steps=steps, seed=seed, loss=loss)
        drift = float(direction_penalty(model, groups).detach()) ** 0.5
        merged = [_merged(model, rows, tolerance, kan.n_edges()) for tolerance in _TOLERANCES]
        found.append({"error": relative_error(model, rows), "drift": drift, "merged": merged})
    return {"found": found}


@dataclass(frozen=True)
class _Penalised(SquaredError):
    """The squared error, and a penalty on copies that leave their direction."""

    model: nn.Sequential
    groups: list[list[list[int]]]
    strength: float

    def total(self, outputs: Tensor, y: Tensor) -> Tensor:
        penalty = self.strength * direction_penalty(self.model, self.groups)
        return super().total(outputs, y) + penalty * y.numel()


@torch.no_grad()
def _merged(model: nn.Sequential, rows: ScaledRows, tolerance: float, edges: int) -> Row:
    """What merging within a tolerance leaves, and what it costs on the test rows."""
    network = trace(model, rows.x.numpy(), tolerance=tolerance)
    found = network(rows.x_test.numpy())
    output, truth = model(rows.x_test).numpy(), rows.y_test.numpy()
    return {
        "edges": len(network.edges) / edges,
        "readable": len(network.edges) <= edges,
        "cost": rmse(found, output),
        "error": rmse(found, truth),
    }


def _judge(rows: Sequence[Row]) -> Ruling:
    figures: list[Estimate] = []
    good: dict[str, list[str]] = {}
    for start, own in rows_by(rows, "start").items():
        words = _STARTS[start]
        good[words] = []
        for strength, found in zip(
            _STRENGTHS, zip(*values_of(own, "found"), strict=True), strict=True
        ):
            figures += _figures(found, f"Trained {words}, penalty {strength:g}")
            if _readable(found):
                good[words].append(f"{strength:g}")
    verdict, condition = _verdict(good)
    return Ruling(verdict, tuple(figures), condition, _REMARKS)


def _figures(found: Sequence[Row], group: str) -> list[Estimate]:
    """Drift, error, and edges and cost after merging, for one strength of the penalty."""
    drift = "drift of the copies from one direction (sine of the angle)"
    figures = [
        mean(drift, values_of(found, "drift"), group),
        geometric_mean("test error before merging", values_of(found, "error"), group),
    ]
    for i, tolerance in enumerate(_TOLERANCES):
        merged, within = [run["merged"][i] for run in found], f"within {tolerance:g}"
        errors = {
            f"test error after merging {within}": values_of(merged, "error"),
            "change of the function by it, over the spread": values_of(merged, "cost"),
        }
        edges = f"edges over the KAN's, merged {within}"
        figures += [mean(edges, values_of(merged, "edges"), group)]
        figures += several(geometric_mean, errors, group)
    return figures


def _readable(found: Sequence[Row]) -> bool:
    """Whether, in most runs, one tolerance gives a KAN's edges at little cost."""
    kept = [
        any(m["readable"] and m["error"] <= _COSTLESS * run["error"] for m in run["merged"])
        for run in found
    ]
    return 2 * sum(kept) > len(kept)


def _verdict(good: dict[str, list[str]]) -> tuple[Verdict, str]:
    """Readable without a penalty, with one, or not."""
    if good and all("0" in strengths for strengths in good.values()):
        return Verdict.HOLDS, ""
    conditions = [
        f"it starts {start} with a penalty of {' or '.join(strengths)}"
        if "0" not in strengths
        else f"it starts {start}"
        for start, strengths in good.items()
        if strengths
    ]
    if conditions:
        return Verdict.ONLY_IF, "; or ".join(conditions)
    return Verdict.DOES_NOT_HOLD, ""


_REMARKS = (
    "Copies are the hidden units of a group, which differ by their shifts only at the start. The "
    "penalty is the mean squared sine of the angle between a unit and its group's direction.",
    "Merging is trace(model, X, tolerance=...): nodes within the tolerance of one direction become "
    "one node at the mean direction, and nothing is trained afterwards. The same tolerance decides "
    "which curves count as straight or constant, so that a large one costs more than merging does.",
)

CLAIM = Claim(
    identifier="C10",
    title="Training in MLP form",
    statement="An MLP trained in the form of a KAN, with all weights free, can still be read as a "
    "KAN.",
    source="a question that the article leaves open",
    tried="A KAN [n, 3, 1] of degree 1, rewritten as an MLP and trained on with all weights free, "
    "and the same layout from random weights; L-BFGS with penalties of 0, 1 and 100 on copies "
    "that leave their direction; merged within three tolerances.",
    rule="Readable means: in most runs some tolerance leaves no more edges than the KAN has, with "
    "at most 1.5 times the test error. Holds if readable without a penalty from both starts; "
    "holds only if for the starts and penalties for which it is; does not hold if for none.",
    plan=_plan,
    measure=_measure,
    judge=_judge,
)
