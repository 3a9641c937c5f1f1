"""C11: a KAN knows no more than a smooth MLP of its size."""

from collections.abc import Sequence

from kansym.studies.bench.reading_names import FUNCTION
from kansym.studies.claims.claim import Claim, Estimate, Row, Ruling, Verdict
from kansym.studies.claims.estimates import geometric_mean, proportion, several
from kansym.studies.claims.network_readings import (
    EXPERIMENT,
    KIND_WORDS,
    found_in,
    gap,
    kans_of,
    kinds_of,
    readings_plan,
    train_and_read,
)

__all__ = ["CLAIM"]

_SMOOTH = ("mlp-tanh", "mlp-silu")
_MUCH = 10.0
"""Percentage points of recovery that would matter."""


def _judge(rows: Sequence[Row]) -> Ruling:
    smooth = [kind for kind in kinds_of(rows) if kind in _SMOOTH]
    kinds = [*kans_of(rows), *smooth]
    group = "Formulas recovered by function (%)"
    figures: list[Estimate] = []
    for kind in kinds:
        solved = found_in(rows, kind, FUNCTION, "recovered")
        figures.append(proportion(KIND_WORDS[kind], sum(solved), len(solved), group))
    gaps = {(kan, mlp): gap(kan, mlp, FUNCTION, rows) for kan in kans_of(rows) for mlp in smooth}
    figures += gaps.values()
    errors = {KIND_WORDS[kind]: found_in(rows, kind, FUNCTION, "network error") for kind in kinds}
    figures += several(geometric_mean, errors, "Network's error")
    verdict, condition = _verdict(gaps)
    return Ruling(verdict, tuple(figures), condition, _REMARKS)


def _verdict(gaps: dict[tuple[str, str], Estimate]) -> tuple[Verdict, str]:
    """A KAN knows more where every difference from a smooth MLP is above 0."""
    if not gaps or any(figure.low is None for figure in gaps.values()):
        return Verdict.UNDECIDED, ""
    kans = dict.fromkeys(kan for kan, _ in gaps)
    more = [kan for kan in kans if all(f.above(0) for (own, _), f in gaps.items() if own == kan)]
    less = [
        kan for kan in kans if any(f.below(_MUCH) for (own, _), f in gaps.items() if own == kan)
    ]
    if len(less) == len(kans):
        return Verdict.HOLDS, ""
    if len(more) == len(kans):
        return Verdict.DOES_NOT_HOLD, ""
    if less and more:
        return Verdict.ONLY_IF, f"the KAN is the {' or the '.join(KIND_WORDS[kan] for kan in less)}"
    return Verdict.UNDECIDED, ""


_REMARKS = (
    "By function the network alone is asked and judges: its gradients show the structure, its "
    "answers are what formulas are fitted to. Nothing is read off its weights, and no target.",
    "Equal size is an equal number of parameters. A KAN whose shape the rows chose was told "
    "something about the law before its training began; a dense one was not.",
)

CLAIM = Claim(
    identifier="C11",
    title="Knowledge",
    statement="A KAN knows no more than a smooth MLP of equal size.",
    source="what follows if a KAN is an MLP in another layout",
    tried="KANs and tanh and SiLU MLPs with as many parameters, trained on the same rows for the "
    "same time, each read by function: what it computes, not how it is written.",
    rule="Holds if for every KAN the recovery minus that of one of the smooth MLPs has an "
    f"interval that ends below {_MUCH:.0f} percentage points; does not hold if for every KAN it "
    "begins above 0 for both; holds only if it is one of the KANs where they differ; "
    "else not decided.",
    plan=readings_plan,
    measure=train_and_read,
    judge=_judge,
    experiment=EXPERIMENT,
)
