"""C9: a KAN gives up its formula where an MLP does not."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kansym.problems.catalogue import load_problem
from kansym.studies.bench.kind_names import trained_kind
from kansym.studies.bench.measuring import TRAINING_SHARE, measure
from kansym.studies.bench.reading_names import FUNCTION, QUESTIONS, WEIGHTS
from kansym.studies.bench.record import Record
from kansym.studies.bench.runs import Budget, Like, Run
from kansym.studies.claims.claim import Claim, Effort, Estimate, Row, Ruling, Settings, Verdict
from kansym.studies.claims.estimates import bootstrap, geometric_mean, median, proportion, several
from kansym.studies.claims.rows import combinations, rows_by, values_of

__all__ = ["CLAIM"]

_KAN, _FORM = "kan-dense", "kan-dense-as-mlp"
_KINDS = {
    _KAN: "KAN",
    _FORM: "the same network as an MLP",
    "mlp-tanh": "tanh MLP of its size",
    "mlp-relu": "ReLU MLP of its size",
}
_TRAINED = ("mlp-tanh", "mlp-relu")
_READINGS = (WEIGHTS, FUNCTION)
_PROBLEMS = [
    "toy-exp-sin", "toy-product", "toy-division", "Nguyen-1", "Nguyen-5", "I.6.2a", "I.12.1",
    "I.14.4", "I.29.4", "II.3.24",
]  # fmt: skip


def _plan(effort: Effort) -> list[Settings]:
    problems = effort.of(["I.12.1"], ["I.12.1", "Nguyen-1", "I.14.4"], _PROBLEMS)
    return combinations(
        problem=problems,
        seed=range(effort.of(1, 1, 4)),
        seconds=effort.of(1.0, 3.0, 25.0),
        rows=effort.of(100, 200, 1000),
    )


def _measure(settings: Settings) -> Row:
    """Train a KAN and MLPs of its size, and read all of them in both ways."""
    budget = Budget(settings["seconds"] / TRAINING_SHARE, settings["rows"])
    problem, found = load_problem(settings["problem"]), {}
    like: Like | None = None
    for trained in dict.fromkeys(trained_kind(kind) for kind in _KINDS):
        runs = [
            Run(problem, kind, settings["seed"], 0.0, budget, like, reading)
            for kind in _KINDS
            if trained_kind(kind) == trained
            for reading in _READINGS
        ]
        records = [told for told in measure(runs) if isinstance(told, Record)]
        found |= {kind: {} for kind in dict.fromkeys(run.kind for run in runs)}
        for record in records:
            found[record.kind][record.reading] = _figures(record)
        if like is None:
            assert records[0].parameters is not None
            assert records[0].widths is not None
            like = Like(records[0].parameters, records[0].widths)
    return {"found": found}


def _figures(record: Record) -> Row:
    return {
        "network error": _error(record.network_r2),
        "size": record.parameters,
        "recovered": bool(record.recovered),
        "formula": "none" if record.formula is None else record.formula[:500],
        "formula error": None if record.formula is None else _error(record.r2),
        "complexity": record.complexity,
        "training (s)": record.train_seconds,
        "reading (s)": record.extract_seconds,
    }


def _error(r2: float | None) -> float:
    """Root mean square error over the spread, from 1e-16 to 10; 10 where it is not finite."""
    return 10.0 if r2 is None else min(max(max(1.0 - r2, 0.0) ** 0.5, 1e-16), 10.0)


def _judge(rows: Sequence[Row]) -> Ruling:
    figures: list[Estimate] = []
    shares: dict[tuple[str, str], float] = {}
    gaps: dict[str, dict[str, Estimate]] = {}
    for reading in _READINGS:
        for kind, words in _KINDS.items():
            solved = sum(_found(rows, kind, reading, "recovered"))
            group = f"{QUESTIONS[reading]} Formulas recovered by {reading} (%)"
            figures.append(proportion(words, solved, len(rows), group))
            shares[kind, reading] = figures[-1].value
        gaps[reading] = {kind: _gap(kind, reading, rows) for kind in _KINDS if kind != _KAN}
        figures += gaps[reading].values()
    errors = {words: _found(rows, kind, WEIGHTS, "network error") for kind, words in _KINDS.items()}
    figures += several(geometric_mean, errors, "Network's error")
    for key in ("formula error", "complexity", "training (s)", "reading (s)"):
        values = {
            f"{words}, by {reading}": own
            for kind, words in _KINDS.items()
            for reading in _READINGS[: 1 if key == "training (s)" else 2]
            if (own := _found(rows, kind, reading, key))
        }
        figures += several(median, values, f"{key.capitalize()} (median)")
    formulas = tuple(
        (f"{problem}, {words}, by {reading}", own[0]["found"][kind][reading]["formula"])
        for problem, own in rows_by(rows, "problem").items()
        for kind, words in _KINDS.items()
        for reading in _READINGS
    )
    verdict, condition = _verdict(gaps, shares)
    return Ruling(verdict, tuple(figures), condition, _REMARKS, formulas)


def _found(rows: Sequence[Row], kind: str, reading: str, key: str) -> list[Any]:
    return values_of(rows, "found", kind, reading, key)


def _gap(kind: str, reading: str, rows: Sequence[Row]) -> Estimate:
    """Recovered by the KAN minus recovered by another kind; problems are resampled."""

    def share(own: Sequence[Row], kind: str) -> float:
        return 100 * float(np.mean(_found(own, kind, reading, "recovered")))

    problems = rows_by(rows, "problem").values()
    gains = np.array([share(own, _KAN) - share(own, kind) for own in problems])
    group = f"Differences of recovery by {reading} (percentage points, over problems)"
    name = f"KAN minus {_KINDS[kind]}"
    return bootstrap(name, len(gains), lambda chosen: gains[chosen].mean(-1), group)


def _verdict(
    gaps: dict[str, dict[str, Estimate]], shares: dict[tuple[str, str], float]
) -> tuple[Verdict, str]:
    """From the paired differences of recovery: by weights first, then by function."""
    written, known = gaps[WEIGHTS], gaps[FUNCTION]
    if any(figure.low is None for figure in (*written.values(), *known.values())):
        return Verdict.UNDECIDED, ""
    if not all(written[kind].above(0) for kind in _TRAINED):
        none = all(written[kind].value <= 0 for kind in _TRAINED)
        return (Verdict.DOES_NOT_HOLD if none else Verdict.UNDECIDED), ""
    conditions = []
    if not written[_FORM].above(0):
        conditions.append(
            "KAN means how the network was trained, not how it is written: the same network as an "
            f"MLP gives up {shares[_FORM, WEIGHTS]:.0f} % where the KAN gives up "
            f"{shares[_KAN, WEIGHTS]:.0f} %"
        )
    if not all(known[kind].above(0) for kind in _TRAINED):
        best = max(shares[kind, FUNCTION] for kind in _TRAINED)
        conditions.append(
            "interpretable means that the formula is seen in the weights: asked for what it "
            f"computes, an MLP gives up {best:.0f} %, the KAN {shares[_KAN, FUNCTION]:.0f} %"
        )
    return (Verdict.ONLY_IF if conditions else Verdict.HOLDS), "; and ".join(conditions)


_REMARKS = (
    "One pipeline reads all four in both ways: by weights, what is written unit by unit, judged by "
    "the data; by function, what the network computes, the network alone being asked.",
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
    "an MLP, and from tanh and ReLU MLPs trained as such, by their weights and by their function, "
    "on small problems with a known truth.",
    rule="Holds if recovery by the KAN minus recovery by its MLP form and by both trained MLPs has "
    "an interval above 0, by weights and, for the trained MLPs, by function; holds only if KAN "
    "means how it was trained, or interpretable what is seen in the weights, where the intervals "
    "for the MLP form, or by function, are not above 0; does not hold if by weights no trained MLP "
    "recovers fewer; else not decided.",
    plan=_plan,
    measure=_measure,
    judge=_judge,
)
