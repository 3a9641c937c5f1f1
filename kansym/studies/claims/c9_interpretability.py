"""C9: a KAN gives up its formula where an MLP does not."""

from collections.abc import Iterator, Sequence

from kansym.studies.bench.kind_names import REWRITES
from kansym.studies.bench.reading_names import FUNCTION, QUESTIONS, WEIGHTS
from kansym.studies.claims.claim import Claim, Estimate, Row, Ruling, Verdict
from kansym.studies.claims.estimates import geometric_mean, median, proportion, several
from kansym.studies.claims.network_readings import (
    EXPERIMENT,
    KIND_WORDS,
    READINGS,
    found_in,
    gap,
    kans_of,
    kinds_of,
    readings_plan,
    train_and_read,
)
from kansym.studies.claims.rows import rows_by

__all__ = ["CLAIM"]

_TRAINED = ("mlp-tanh", "mlp-silu", "mlp-relu")
_Gaps = dict[str, dict[str, Estimate]]


def _judge(rows: Sequence[Row]) -> Ruling:
    kinds, kan = kinds_of(rows), kans_of(rows)[0]
    figures: list[Estimate] = []
    shares: dict[tuple[str, str], float] = {}
    gaps: _Gaps = {}
    for reading in READINGS:
        for kind in kinds:
            solved = found_in(rows, kind, reading, "recovered")
            group = f"{QUESTIONS[reading]} Formulas recovered by {reading} (%)"
            figures.append(proportion(KIND_WORDS[kind], sum(solved), len(solved), group))
            shares[kind, reading] = figures[-1].value
        # A form is compared with the KAN that it was rewritten from.
        gaps[reading] = {
            kind: gap(REWRITES.get(kind, kan), kind, reading, rows) for kind in kinds if kind != kan
        }
        figures += gaps[reading].values()
    figures += _medians(rows, kinds)
    formulas = tuple(
        (f"{problem}, {KIND_WORDS[kind]}, by {reading}", text)
        for problem, own in rows_by(rows, "problem").items()
        for kind in kinds
        for reading in READINGS
        for text in found_in(own, kind, reading, "formula")[:1]
    )
    verdict, condition = _verdict(gaps, shares, kan)
    return Ruling(verdict, tuple(figures), condition, _REMARKS, formulas)


def _medians(rows: Sequence[Row], kinds: Sequence[str]) -> Iterator[Estimate]:
    """Errors, sizes of formulas and times of every kind."""
    errors = {KIND_WORDS[kind]: found_in(rows, kind, WEIGHTS, "network error") for kind in kinds}
    yield from several(geometric_mean, errors, "Network's error")
    for key in ("formula error", "complexity", "training (s)", "reading (s)"):
        values = {
            f"{KIND_WORDS[kind]}, by {reading}": own
            for kind in kinds
            for reading in READINGS[: 1 if key == "training (s)" else 2]
            if (own := found_in(rows, kind, reading, key))
        }
        yield from several(median, values, f"{key.capitalize()} (median)")


def _verdict(gaps: _Gaps, shares: dict[tuple[str, str], float], kan: str) -> tuple[Verdict, str]:
    """From the paired differences of recovery: by weights first, then by function."""
    written, known = gaps[WEIGHTS], gaps[FUNCTION]
    if any(figure.low is None for figure in (*written.values(), *known.values())):
        return Verdict.UNDECIDED, ""
    trained = [kind for kind in _TRAINED if kind in written]
    if not all(written[kind].above(0) for kind in trained):
        none = all(written[kind].value <= 0 for kind in trained)
        return (Verdict.DOES_NOT_HOLD if none else Verdict.UNDECIDED), ""
    conditions = [
        "KAN means how the network was trained, not how it is written: the same network as an "
        f"MLP gives up {shares[form, WEIGHTS]:.0f} % where the KAN gives up "
        f"{shares[REWRITES[form], WEIGHTS]:.0f} %"
        for form in REWRITES
        if form in written and not written[form].above(0)
    ]
    if not all(known[kind].above(0) for kind in trained):
        best = max(shares[kind, FUNCTION] for kind in trained)
        conditions.append(
            "interpretable means that the formula is seen in the weights: asked for what it "
            f"computes, an MLP gives up {best:.0f} %, the KAN {shares[kan, FUNCTION]:.0f} %"
        )
    return (Verdict.ONLY_IF if conditions else Verdict.HOLDS), "; and ".join(conditions)


_REMARKS = (
    "One pipeline reads all of them in both ways: by weights, what is written unit by unit, "
    "judged by the data; by function, what the network computes, the network alone being asked.",
    "The KAN is dense, sparsified and pruned by threshold, as its authors do it. The MLPs have as "
    "many parameters, two hidden layers, the same optimiser, time and rows. A formula counts as "
    "recovered if it equals the truth by algebra or to 1e-6 at all points; by function, its "
    "measured constants are fitted to the truth first, since the network's error moves them.",
    "The problems are few and small; kansym bench runs all of them.",
)

CLAIM = Claim(
    identifier="C9",
    title="Interpretability",
    statement="KANs are interpretable where MLPs are not: a trained KAN gives up the true formula, "
    "an MLP does not.",
    source="arXiv:2404.19756; both sides of the dispute take it for the real claim",
    tried="Formulas read by kansym.extract from a trained KAN, from the same network rewritten as "
    "an MLP, and from tanh, SiLU and ReLU MLPs trained as such, by their weights and by their "
    "function, on small problems with a known truth.",
    rule="Holds if recovery by the KAN minus recovery by its MLP form and by the trained MLPs has "
    "an interval above 0, by weights and, for the trained MLPs, by function; holds only if KAN "
    "means how it was trained, or interpretable what is seen in the weights, where the intervals "
    "for the MLP form, or by function, are not above 0; does not hold if by weights no trained MLP "
    "recovers fewer; else not decided.",
    plan=readings_plan,
    measure=train_and_read,
    judge=_judge,
    experiment=EXPERIMENT,
)
