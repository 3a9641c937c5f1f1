"""C4: a wider Linear without expand and shift has more modelling power, but costs parameters."""

from collections.abc import Sequence

import torch
from torch import nn

from kansym.neural.models.kan import KAN
from kansym.neural.models.parameter_counts import parameter_counts
from kansym.neural.rewriting.kan_as_mlp import to_mlp
from kansym.studies.claims.claim import (
    Claim,
    Effort,
    Estimate,
    Row,
    Ruling,
    Settings,
    Verdict,
    rows_where,
)
from kansym.studies.claims.estimates import geometric_mean, largest, times
from kansym.studies.claims.fitting import fit_once, relative_error, rows_of
from kansym.studies.claims.kan_layouts import dense_of_size, same_layout, widened

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
    seeds, steps, rows = effort.of(1, 3, 10), effort.of(8, 30, 80), effort.of(200, 500, 1500)
    return [
        {"problem": problem, "seed": seed, "steps": steps, "rows": rows}
        for problem in problems
        for seed in range(seeds)
    ]


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
        "equal": dense_of_size(kan, seed),
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
    figures = [
        largest("KAN within the wide MLP: largest difference", [r["inclusion"] for r in rows])
    ]
    for problem in dict.fromkeys(row["problem"] for row in rows):
        figures += _errors(problem, rows_where(rows, problem=problem))
    cost = geometric_mean("parameters, (d) over KAN", [_ratio(r, "size", "wide") for r in rows])
    power = [
        times(f"test error, {label} over KAN", _errors_of(rows, name), _errors_of(rows, "kan"))
        for name, label in (
            ("rewritten", "(a)"),
            ("layout", "(b)"),
            ("equal", "(c)"),
            ("wide", "(d)"),
        )
    ]
    included = figures[0].value < _ROUNDING
    verdict, condition = _verdict(included, cost, power[0], power[-1])
    figures = [*figures[:1], cost, *power, *figures[1:]]
    return Ruling(verdict, tuple(figures), condition, _REMARKS)


def _errors_of(rows: Sequence[Row], name: str) -> list[float]:
    return [row["error"][name] for row in rows]


def _ratio(row: Row, figure: str, name: str) -> float:
    return row[figure][name] / row[figure]["kan"]


def _errors(problem: str, rows: Sequence[Row]) -> list[Estimate]:
    """Errors and sizes on one problem."""
    group = f"Test error over the spread of the target: {problem}"
    return [
        geometric_mean(
            f"{label}, {rows[0]['size'][name]} parameters", _errors_of(rows, name), group
        )
        for name, label in _NAMES.items()
    ]


def _verdict(
    included: bool, cost: Estimate, freed: Estimate, wide: Estimate
) -> tuple[Verdict, str]:
    """From the inclusion, the cost and what power training made of it."""
    if not included or cost.value <= 1:
        return Verdict.DOES_NOT_HOLD, ""
    if wide.high is None or freed.high is None:
        return Verdict.UNDECIDED, ""
    if wide.high < 1:
        return Verdict.HOLDS, ""
    if freed.high < 1:
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
