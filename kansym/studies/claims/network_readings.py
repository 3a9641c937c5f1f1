"""Networks trained on small problems and read in both ways: what C9 and C11 to C13 rest on."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kansym.problems.catalogue import load_problem
from kansym.studies.bench.kind_names import KAN_KINDS, trained_kind
from kansym.studies.bench.measuring import TRAINING_SHARE, measure
from kansym.studies.bench.reading_names import FUNCTION, WEIGHTS
from kansym.studies.bench.record import Record
from kansym.studies.bench.runs import Budget, Like, Run
from kansym.studies.claims.claim import Effort, Estimate, Row, Settings
from kansym.studies.claims.rows import combinations, rows_by, values_of
from kansym.studies.intervals import mean_over_problems

__all__ = [
    "EXPERIMENT", "KIND_WORDS", "READINGS", "found_in", "gap", "kans_of", "kinds_of",
    "over_problems", "readings_of_records", "readings_plan", "train_and_read",
]  # fmt: skip

EXPERIMENT = "readings"
"""Name of these runs in files of finished pieces."""
READINGS = (WEIGHTS, FUNCTION)
KIND_WORDS = {
    "kan-dense": "KAN",
    "kan-dense-as-mlp": "the same network as an MLP",
    "kan": "KAN whose shape the rows chose",
    "kan-as-mlp": "that network as an MLP",
    "mlp-form": "MLP in the layout of a KAN",
    "mlp-tanh": "tanh MLP of its size",
    "mlp-silu": "SiLU MLP of its size",
    "mlp-relu": "ReLU MLP of its size",
}
"""Kinds in words, in the order of tables."""
_RUN = ("kan-dense", "kan-dense-as-mlp", "mlp-tanh", "mlp-silu", "mlp-relu")
_PROBLEMS = [
    "toy-exp-sin", "toy-product", "toy-division", "Nguyen-1", "Nguyen-5", "I.6.2a", "I.12.1",
    "I.14.4", "I.29.4", "II.3.24",
]  # fmt: skip


def readings_plan(effort: Effort) -> list[Settings]:
    """A piece of work per problem and seed."""
    problems = effort.of(["I.12.1"], ["I.12.1", "Nguyen-1", "I.14.4"], _PROBLEMS)
    return combinations(
        problem=problems,
        seed=range(effort.of(2, 2, 4)),
        seconds=effort.of(1.0, 3.0, 10.0),
        rows=effort.of(100, 200, 1000),
    )


def train_and_read(settings: Settings) -> Row:
    """Train a KAN and MLPs of its size, and read all of them in both ways."""
    budget = Budget(settings["seconds"] / TRAINING_SHARE, settings["rows"])
    problem, records = load_problem(settings["problem"]), []
    like: Like | None = None
    for trained in dict.fromkeys(trained_kind(kind) for kind in _RUN):
        runs = [
            Run(problem, kind, settings["seed"], 0.0, budget, like, reading)
            for kind in _RUN
            if trained_kind(kind) == trained
            for reading in READINGS
        ]
        records += [told for told in measure(runs) if isinstance(told, Record)]
        if like is None:
            assert records[0].parameters is not None
            assert records[0].widths is not None
            like = Like(records[0].parameters, records[0].widths)
    return {"found": _by_kind(records)}


def readings_of_records(records: Iterable[Record]) -> list[Row]:
    """The rows that `train_and_read` would give, from those of a benchmark without noise.

    Examples
    --------
    >>> record = Record("P", "mine", "kan", 0, 0.0, "ok", recovered=True, form="c*x")
    >>> rows = readings_of_records([record])
    >>> rows[0]["problem"], rows[0]["found"]["kan"]["weights"]["form"]
    ('P', 'c*x')
    """
    pieces: dict[tuple[str, int], list[Record]] = {}
    for record in records:
        if record.noise == 0 and record.reading in READINGS and record.kind in KIND_WORDS:
            pieces.setdefault((record.problem, record.seed), []).append(record)
    return [
        {"problem": problem, "seed": seed, "found": _by_kind(own)}
        for (problem, seed), own in pieces.items()
    ]


def _by_kind(records: Iterable[Record]) -> dict[str, dict[str, Row]]:
    found: dict[str, dict[str, Row]] = {}
    for record in records:
        found.setdefault(record.kind, {})[record.reading] = _figures(record)
    return found


def _figures(record: Record) -> Row:
    return {
        "network error": _error(record.network_r2),
        "size": record.parameters,
        "recovered": bool(record.recovered),
        "formula": "none" if record.formula is None else record.formula[:500],
        "form": record.form,
        "formula error": None if record.formula is None else _error(record.r2),
        "complexity": record.complexity,
        "training (s)": record.train_seconds,
        "reading (s)": record.extract_seconds,
    }


def _error(r2: float | None) -> float:
    """Root mean square error over the spread, from 1e-16 to 10; 10 where it is not finite."""
    return 10.0 if r2 is None else min(max(max(1.0 - r2, 0.0) ** 0.5, 1e-16), 10.0)


# -- what the rows hold ------------------------------------------------------------------------


def kinds_of(rows: Sequence[Row]) -> list[str]:
    """Kinds that every row has, in the order of tables."""
    return [kind for kind in KIND_WORDS if all(kind in row["found"] for row in rows)]


def kans_of(rows: Sequence[Row]) -> list[str]:
    """The KANs among them."""
    return [kind for kind in kinds_of(rows) if kind in KAN_KINDS]


def found_in(rows: Sequence[Row], kind: str, reading: str, key: str) -> list[Any]:
    """What the rows hold of a kind in one reading; those without it are left out."""
    own = [row for row in rows if reading in row["found"].get(kind, {})]
    return values_of(own, "found", kind, reading, key)


def gap(first: str, second: str, reading: str, rows: Sequence[Row]) -> Estimate:
    """Recovered by one kind minus recovered by another, in percentage points, over problems."""
    gains = {
        problem: [
            float(one) - float(other)
            for one, other in zip(
                found_in(own, first, reading, "recovered"),
                found_in(own, second, reading, "recovered"),
                strict=True,
            )
        ]
        for problem, own in rows_by(rows, "problem").items()
    }
    group = f"Differences of recovery by {reading} (percentage points, over problems)"
    name = f"{KIND_WORDS[first]} minus {KIND_WORDS[second]}"
    return over_problems(name, gains, (-1.0, 1.0), group)


def over_problems(
    name: str, values: Mapping[str, Sequence[float]], bounds: tuple[float, float], group: str
) -> Estimate:
    """Mean of shares or of their differences over problems, in per cent."""
    found = mean_over_problems(values, bounds=bounds)
    assert found is not None
    if found.problems < 3:
        return Estimate(name, 100 * found.value, runs=found.problems, group=group)
    low, high = 100 * found.low, 100 * found.high
    return Estimate(name, 100 * found.value, low, high, found.problems, group)
