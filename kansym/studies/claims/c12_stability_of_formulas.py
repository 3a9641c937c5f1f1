"""C12: what is written in a KAN does not depend on the seed."""

from collections.abc import Sequence
from itertools import combinations

from kansym.studies.bench.reading_names import FUNCTION, WEIGHTS
from kansym.studies.claims.claim import Claim, Estimate, Row, Ruling, Verdict
from kansym.studies.claims.network_readings import (
    EXPERIMENT,
    KIND_WORDS,
    READINGS,
    kans_of,
    kinds_of,
    over_problems,
    readings_plan,
    train_and_read,
)
from kansym.studies.claims.rows import rows_by

__all__ = ["CLAIM"]

_MOST = 50.0
"""Per cent of pairs of seeds from which a form counts as one that stays."""


def _judge(rows: Sequence[Row]) -> Ruling:
    figures = [
        figure
        for reading in READINGS
        for kind in kinds_of(rows)
        if (figure := _agreement(rows, kind, reading)) is not None
    ]
    found = {(figure.name, figure.group): figure for figure in figures}
    verdict, condition = _verdict(
        {
            kan: found[KIND_WORDS[kan], _group(WEIGHTS)]
            for kan in kans_of(rows)
            if (KIND_WORDS[kan], _group(WEIGHTS)) in found
        }
    )
    return Ruling(verdict, tuple(figures), condition, _remarks(found, rows))


def _group(reading: str) -> str:
    return f"Pairs of seeds that gave a formula of the same form, by {reading} (%)"


def _agreement(rows: Sequence[Row], kind: str, reading: str) -> Estimate | None:
    """Share of pairs of seeds whose formulas have the same form, over problems."""
    same: dict[str, list[float]] = {}
    for problem, own in rows_by(rows, "problem").items():
        read = [row["found"][kind].get(reading) for row in own]
        forms = [figures["form"] for figures in read if figures is not None]
        pairs = [float(a is not None and a == b) for a, b in combinations(forms, 2)]
        if pairs:
            same[problem] = pairs
    return over_problems(KIND_WORDS[kind], same, (0.0, 1.0), _group(reading)) if same else None


def _verdict(written: dict[str, Estimate]) -> tuple[Verdict, str]:
    if not written or any(figure.low is None for figure in written.values()):
        return Verdict.UNDECIDED, ""
    stable = [kan for kan, figure in written.items() if figure.above(_MOST)]
    if len(stable) == len(written):
        return Verdict.HOLDS, ""
    if stable:
        return Verdict.ONLY_IF, f"it is a {' or a '.join(KIND_WORDS[kan] for kan in stable)}"
    unstable = all(figure.below(_MOST) for figure in written.values())
    return (Verdict.DOES_NOT_HOLD if unstable else Verdict.UNDECIDED), ""


def _remarks(found: dict[tuple[str, str], Estimate], rows: Sequence[Row]) -> tuple[str, ...]:
    steadier = [
        KIND_WORDS[kan]
        for kan in kans_of(rows)
        if (KIND_WORDS[kan], _group(WEIGHTS)) in found
        and found[KIND_WORDS[kan], _group(FUNCTION)].value
        > found[KIND_WORDS[kan], _group(WEIGHTS)].value
    ]
    by_function = (
        f"What it computes is steadier than what is written in it: {', '.join(steadier)}.",
    )
    return (
        *(by_function if steadier else ()),
        "A form is the formula with every measured number replaced by one sign: two seeds agree if "
        "they differ in constants only. Seeds change the rows and the first weights.",
        "Training goes on until the loss stops to fall or the time is up; the dense KAN is "
        "sparsified and pruned on the way.",
    )


CLAIM = Claim(
    identifier="C12",
    title="Stability of formulas",
    statement="What is written in a KAN after training and sparsification is the same for another "
    "seed.",
    source="what interpretability needs",
    tried="Networks of every kind trained from several seeds on rows of the same law, each read by "
    "its weights and by its function, and the forms of their formulas compared.",
    rule="Holds if for every KAN, by weights, the share of pairs of seeds that agree has an "
    f"interval above {_MOST:.0f} %; holds only if it is one of the KANs where just that one has; "
    "does not hold if all intervals are below; else not decided.",
    plan=readings_plan,
    measure=train_and_read,
    judge=_judge,
    experiment=EXPERIMENT,
)
