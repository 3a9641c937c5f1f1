"""C4: a wider Linear without expand and shift has more modelling power, but costs parameters."""

from collections.abc import Sequence

import torch
from torch import nn

from kansym.neural.models.kan import KAN
from kansym.neural.models.parameter_counts import parameter_counts
from kansym.neural.rewriting.kan_as_mlp import to_mlp
from kansym.studies.claims.claim import Claim, Effort, Estimate, Row, Ruling, Settings, Verdict
from kansym.studies.claims.estimates import geometric_mean, largest, several, times
from kansym.studies.claims.fitting import dense, fit_once, relative_error, rows_of
from kansym.studies.claims.kan_layouts import same_layout, widened
from kansym.studies.claims.rows import combinations, rows_by, values_of

__all__ = ["CLAIM"]

_ROUNDING = 1e-10
_NAMES = {
    "kan": "KAN of degree 1",
    "rewritten": "(a) KAN rewritten, all weights freed",
    "layout": "(b) the same layout from random weights",
    "equal": "(c) dense MLP of equal parameter count",
    "wide": "(d) dense MLP as wide as the layout",
}


def _plan(effort: Effort) -> list[Settings]:
    problems = effort.of(
        ["toy-exp-sin"],
        ["toy-exp-sin", "toy-product"],
        ["toy-exp-sin", "toy-product", "toy-division", "toy-phase-transition", "I.6.2"],
    )
    return combinations(
        problem=problems,
        seed=range(effort.of(1, 3, 10)),
        steps=effort.of(8, 30, 80),
        rows=effort.of(200, 500, 1500),
    )


def _measure(settings: Settings) -> Row:
    """All five networks on the same rows; the KAN's training counts as half of (a)'s."""
    seed, steps = settings["seed"], settings["steps"]
    rows = rows_of(settings["problem"], settings["rows"], seed)
    kan = KAN([rows.x.shape[1], 3, 1], grid=4, degree=1, seed=seed)
    fit_once(kan, rows, optimiser="lm", steps=steps, seed=seed, starts=3)
    rewritten = to_mlp(kan)
    with torch.no_grad():
        difference = float((rewritten(rows.x_test) - kan(rows.x_test)).abs().max())
    networks: dict[str, nn.Module] = {
        "rewritten": rewritten,
        "layout": same_layout(kan, seed + 500),
        "equal": dense(rows.x.shape[1], kan.n_parameters(), "relu", seed),
        "wide": widened(kan, seed),
    }
    fit_once(rewritten, rows, optimiser="lm", steps=steps, seed=seed)
    fit_once(networks["layout"], rows, optimiser="lm", steps=2 * steps, seed=seed)
    for name in ("equal", "wide"):
        fit_once(networks[name], rows, optimiser="lm", steps=2 * steps, seed=seed, starts=3)
    fit_once(kan, rows, optimiser="lm", steps=steps, seed=seed)
    networks["kan"] = kan
    return {
        "inclusion": difference,
        "error": {name: relative_error(model, rows) for name, model in networks.items()},
        "size": {name: parameter_counts(model).stored for name, model in networks.items()},
    }


def _judge(rows: Sequence[Row]) -> Ruling:
    inclusion = largest("KAN within the wide MLP: largest difference", values_of(rows, "inclusion"))
    sizes = [row["size"]["wide"] / row["size"]["kan"] for row in rows]
    cost = geometric_mean("parameters, (d) over KAN", sizes)
    kan = values_of(rows, "error", "kan")
    power = {
        name: times(f"test error, {words[:3]} over KAN", values_of(rows, "error", name), kan)
        for name, words in _NAMES.items()
        if name != "kan"
    }
    figures = [inclusion, cost, *power.values()]
    for problem, own in rows_by(rows, "problem").items():
        errors = {
            f"{words}, {own[0]['size'][name]} parameters": values_of(own, "error", name)
            for name, words in _NAMES.items()
        }
        group = f"Test error over the spread of the target: {problem}"
        figures += several(geometric_mean, errors, group)
    larger = inclusion.value < _ROUNDING and cost.value > 1
    verdict, condition = _verdict(power) if larger else (Verdict.DOES_NOT_HOLD, "")
    return Ruling(verdict, tuple(figures), condition, _REMARKS)


def _verdict(power: dict[str, Estimate]) -> tuple[Verdict, str]:
    """What training made of the power that the wide MLP has."""
    if power["wide"].high is None:
        return Verdict.UNDECIDED, ""
    if power["wide"].below(1):
        return Verdict.HOLDS, ""
    if power["rewritten"].below(1):
        return Verdict.ONLY_IF, "training starts from a KAN that was rewritten"
    return Verdict.ONLY_IF, "power means the set of functions, not what training reaches in it"


_REMARKS = (
    "Every KAN of degree 1 is one point in the weights of the wide MLP (checked by rewriting), so "
    "the wide MLP can never be the weaker one as a set of functions. Test error is the question "
    "of what training finds there, from the stated rows and steps.",
    "Once expand and shift are multiplied into the Linear before them, (b) and (d) are the same "
    "architecture and differ only in the weights from which training starts.",
    "All networks take the same number of Levenberg-Marquardt steps: those of (a) are half in the "
    "KAN and half after rewriting. (b) has one random start, the others the best of three.",
)

CLAIM = Claim(
    identifier="C4",
    title="The wider Linear",
    statement="A wider Linear without expand and shift has more modelling power, but costs "
    "parameters.",
    source="the article that calls a KAN just an MLP",
    tried="A KAN [n, 3, 1] of degree 1 with 4 pieces; the same rewritten and trained on with all "
    "weights free (a); its layout from random weights (b); dense ReLU MLPs of its parameter count "
    "(c) and of the layout's width (d). The same rows, steps and optimiser for all.",
    rule="Holds if every KAN lies within the wide MLP (1e-10), the wide MLP has more parameters, "
    "and its error divided by the KAN's has an interval below 1. Where the last fails: holds only "
    "if training starts from the KAN, when (a) has such an interval, else only as sets of "
    "functions.",
    plan=_plan,
    measure=_measure,
    judge=_judge,
)
