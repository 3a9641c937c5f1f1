"""What a benchmark says: in which networks the true formula is written, and which know it."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np

from kansym.documents.pictures import on_screen
from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint
from kansym.studies.bench.kind_names import KAN_KINDS
from kansym.studies.bench.reading_names import DATA, FUNCTION, QUESTIONS, WEIGHTS
from kansym.studies.bench.record import Record
from kansym.studies.bench.results_file import read_results
from kansym.studies.bench.runs import ACCURACY, AS_ACCURATE, PARAMETERS, Key
from kansym.studies.comparison.figures import (
    EQUAL_FIDELITY,
    LEARNT,
    KindSummary,
    PairedDifference,
    Sizes,
)
from kansym.studies.comparison.plots import intervals_plot
from kansym.studies.comparison.words import summary, verdict
from kansym.studies.intervals import Interval, mean_over_problems, median_over_problems

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Comparison", "KindSummary", "PairedDifference", "Sizes", "compare"]


@dataclass(frozen=True)
class Comparison:
    """The answer that results give.

    Attributes
    ----------
    records : what it rests on.
    reference : the kind that the others are paired with.
    kinds : figures per kind, reading and noise.
    pairs : the reference against every other kind, per reading and noise; and every kind read by
        function against itself read by weights.
    """

    records: tuple[Record, ...]
    reference: str
    kinds: tuple[KindSummary, ...]
    pairs: tuple[PairedDifference, ...]

    @property
    def noises(self) -> tuple[float, ...]:
        """Levels of noise."""
        return tuple(dict.fromkeys(summary.noise for summary in self.kinds))

    @property
    def readings(self) -> tuple[str, ...]:
        """Ways in which networks were read, each the answer to a question of its own."""
        return tuple(dict.fromkeys(summary.reading for summary in self.kinds))

    @property
    def sizes(self) -> Sizes:
        """What the sizes of MLPs were chosen by."""
        return _sizes(self.records)

    @property
    def verdict(self) -> tuple[str, ...]:
        """The answer in sentences that follow from the figures."""
        return tuple(verdict(self.kinds, self.pairs, self.sizes))

    def __str__(self) -> str:
        return summary(self.kinds, self.verdict)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        reading: str | None = None,
        noise: float | None = None,
    ) -> "Axes":
        """Share of problems recovered by each kind, with its 95 % interval.

        Parameters
        ----------
        ax : axes of matplotlib to draw on; new ones of pyplot unless given.
        reading, noise : which figures; the first of `readings` and the lowest of `noises` unless
            given.
        """
        reading = self.readings[0] if reading is None else reading
        noise = self.noises[0] if noise is None else noise
        found = [
            (one.kind, one.recovered)
            for one in self.kinds
            if (one.reading, one.noise) == (reading, noise) and one.recovered is not None
        ]
        if not found:
            raise InputError(
                f"Nothing was recovered or missed by {reading!r} at noise {noise!r}: there are "
                f"{', '.join(map(repr, self.readings))} at {', '.join(map(repr, self.noises))}."
            )
        with on_screen():
            return intervals_plot(found, False, "share of problems recovered", ax)

    def _repr_html_(self) -> str:
        from kansym.studies.comparison.tables import notebook_html

        return notebook_html(self.kinds, self.verdict)


Results = str | os.PathLike[str] | Record


def compare(results: Results | Iterable[Results], *, reference: str | None = None) -> Comparison:
    """Compare kinds of networks, and other programs, by the results of a benchmark.

    Parameters
    ----------
    results : results files, or records.
    reference : the kind to pair the others with; by default ``kan`` or ``kan-dense`` if it is
        there, else the first.

    Raises
    ------
    InputError
        If there are no results, one run occurs twice with different outcomes, or the reference is
        not among the kinds.

    Examples
    --------
    >>> runs = [("kan", 0, True), ("kan", 1, True), ("mlp-silu", 0, False), ("mlp-silu", 1, True)]
    >>> records = [Record("P", "mine", kind, seed, 0.0, "ok", recovered=found)
    ...            for kind, seed, found in runs]
    >>> compare(records).pairs[0].recovery.value
    0.5
    """
    records = _records(results)
    kinds = list(dict.fromkeys(record.kind for record in records))
    usual = next((kind for kind in KAN_KINDS if kind in kinds), kinds[0])
    reference = usual if reference is None else reference
    if reference not in kinds:
        raise InputError(
            f"The results have no kind {reference!r} to compare with: {hint(reference, kinds)}."
        )
    groups: dict[tuple[float, str, str], list[Record]] = defaultdict(list)
    for noise, reading in product(sorted({record.noise for record in records}), QUESTIONS):
        for record in records:
            if (record.noise, record.reading) == (noise, reading):
                groups[noise, reading, record.kind].append(record)
    summaries = [_summary(*key, found) for key, found in groups.items()]
    return Comparison(tuple(records), reference, tuple(summaries), tuple(_pairs(reference, groups)))


Groups = Mapping[tuple[float, str, str], Sequence[Record]]
"""Records by noise, reading and kind."""


def _pairs(reference: str, groups: Groups) -> Iterator[PairedDifference]:
    """The reference against the others, reading by reading, then readings of one kind."""
    asked = [(noise, reading) for noise, reading, _ in groups if reading != DATA]
    kinds = list(dict.fromkeys(kind for _, _, kind in groups))
    for noise, reading in dict.fromkeys(asked or [key[:2] for key in groups]):
        first = _group(groups, noise, reading, reference)
        for kind in kinds:
            second = _group(groups, noise, reading, kind)
            if kind != reference and (pairs := _paired(first, second)):
                yield _pair(reference, kind, noise, reading, pairs)
    for noise, kind in dict.fromkeys((noise, kind) for noise, _, kind in groups):
        known, written = (groups.get((noise, each, kind), ()) for each in (FUNCTION, WEIGHTS))
        if pairs := _paired(known, written):
            yield _pair(f"{kind} by function", f"{kind} by weights", noise, "", pairs)


def _group(groups: Groups, noise: float, reading: str, kind: str) -> Sequence[Record]:
    """Records of a kind in a reading; a search without a network has only its own."""
    return groups.get((noise, reading, kind)) or groups.get((noise, DATA, kind)) or ()


def _records(results: Results | Iterable[Results]) -> list[Record]:
    """All records, each run once."""
    single = isinstance(results, str | os.PathLike | Record)
    given: Iterable[Results] = [results] if single else results  # pyright: ignore
    found: dict[Key, Record] = {}
    for one in given:
        for record in (one,) if isinstance(one, Record) else read_results(one).records:
            if found.setdefault(record.key, record) != record:
                raise InputError(
                    f"{record.problem} with {record.kind} by {record.reading}, seed {record.seed}, "
                    "is in the results twice with different outcomes: compare files that do not "
                    "overlap."
                )
    if not found:
        raise InputError("There are no results to compare: run kansym bench first.")
    return list(found.values())


def _sizes(records: Sequence[Record]) -> Sizes:
    by_key = {record.key: record for record in records}
    widened = [record for record in records if record.equal == ACCURACY]
    kans = [
        [by_key.get(record.key._replace(kind=kind)) for kind in KAN_KINDS] for record in widened
    ]
    errors = [
        (record.validation, next((kan.validation for kan in found if kan is not None), None))
        for record, found in zip(widened, kans, strict=True)
    ]
    return Sizes(
        sum(record.equal == PARAMETERS for record in records),
        len(widened),
        sum(a is not None and b is not None and a <= AS_ACCURATE * b for a, b in errors),
    )


Quantity = Callable[[Record], float | bool | None]


def _by_problem(records: Iterable[Record], figure: Quantity) -> dict[str, list[float]]:
    """Values of a figure per problem, where there are any."""
    found: dict[str, list[float]] = defaultdict(list)
    for record in records:
        value = figure(record)
        if value is not None:
            found[record.problem].append(float(value))
    return found


def _share(records: Sequence[Record], figure: Quantity) -> Interval | None:
    """Share of runs with a truth for which a figure is true."""
    known = [record for record in records if record.recovered is not None]
    return mean_over_problems(_by_problem(known, lambda r: bool(figure(r))), bounds=(0.0, 1.0))


def _median(records: Sequence[Record], figure: Quantity) -> Interval | None:
    return median_over_problems(_by_problem(records, figure))


def _error(r2: float | None) -> float | None:
    """Root-mean-square error over the spread, from R²."""
    return None if r2 is None else max(1.0 - r2, 0.0) ** 0.5


def _summary(noise: float, reading: str, kind: str, records: Sequence[Record]) -> KindSummary:
    learnt = [r for r in records if r.network_r2 is not None and _error(r.network_r2) < LEARNT]  # pyright: ignore
    return KindSummary(
        kind=kind,
        noise=noise,
        reading=reading,
        runs=len(records),
        failed=sum(record.status != "ok" for record in records),
        recovered=_share(records, lambda r: r.recovered),
        symbolic=_share(records, lambda r: r.recovered_symbolic),
        numerical=_share(records, lambda r: r.recovered_numerical),
        strict=_share([r for r in records if r.strict is not None], lambda r: r.strict),
        where_learnt=_share(learnt, lambda r: r.recovered),
        network_error=_median(records, lambda r: _error(r.network_r2)),
        formula_error=_median(records, lambda r: _error(r.r2)),
        fidelity_error=_median(records, lambda r: _error(r.fidelity)),
        gradient_error=_median(records, lambda r: r.gradient_error),
        complexity=_median(records, lambda r: r.complexity),
        parameters=_median(records, lambda r: r.parameters),
        train_seconds=_median(records, lambda r: r.train_seconds),
        extract_seconds=_median(records, lambda r: r.extract_seconds),
        stable=_stability(records),
    )


def _stability(records: Sequence[Record]) -> Interval | None:
    """How often two seeds agree on the form of the formula."""
    forms: dict[str, list[str | None]] = defaultdict(list)
    for record in records:
        forms[record.problem].append(record.form)
    same = {
        problem: [float(a is not None and a == b) for a, b in combinations(found, 2)]
        for problem, found in forms.items()
        if len(found) > 1
    }
    return mean_over_problems(same, bounds=(0.0, 1.0))


Pairs = Sequence[tuple[Record, Record]]


def _pair(first: str, second: str, noise: float, reading: str, pairs: Pairs) -> PairedDifference:
    """Differences over runs that both have."""
    known = [(a, b) for a, b in pairs if a.recovered is not None and b.recovered is not None]
    counts = [
        sum((bool(a.recovered), bool(b.recovered)) == outcome for a, b in known)
        for outcome in ((True, True), (True, False), (False, True), (False, False))
    ]
    recovery = _differences(known, lambda a, b: float(bool(a.recovered)) - bool(b.recovered))
    return PairedDifference(
        first,
        second,
        noise,
        reading,
        mean_over_problems(recovery, bounds=(-1.0, 1.0)),
        *counts,
        complexity=median_over_problems(_differences(pairs, _bits_apart)),
        gradient=median_over_problems(_differences(pairs, _gradients_apart)),
        seconds=median_over_problems(_differences(pairs, _times_apart)),
    )


def _paired(first: Sequence[Record], second: Sequence[Record]) -> Pairs:
    """Records of the same problem and seed."""
    others = {(record.problem, record.seed): record for record in second}
    pairs = ((record, others.get((record.problem, record.seed))) for record in first)
    return [(one, other) for one, other in pairs if other is not None]


def _differences(
    pairs: Iterable[tuple[Record, Record]], difference: Callable[[Record, Record], float | None]
) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for a, b in pairs:
        value = difference(a, b)
        if value is not None:
            found[a.problem].append(value)
    return found


def _bits_apart(a: Record, b: Record) -> float | None:
    """Difference of complexity at equal fidelity."""
    faithful = all(r.r2 is not None and r.r2 >= EQUAL_FIDELITY for r in (a, b))
    if not faithful or a.complexity is None or b.complexity is None:
        return None
    return a.complexity - b.complexity


def _gradients_apart(a: Record, b: Record) -> float | None:
    return _log_ratio(a.gradient_error, b.gradient_error)


def _times_apart(a: Record, b: Record) -> float | None:
    times = [r.train_seconds for r in (a, b)] + [r.extract_seconds for r in (a, b)]
    if any(time is None for time in times):
        return None
    return _log_ratio(times[0] + times[2], times[1] + times[3])  # pyright: ignore


def _log_ratio(a: float | None, b: float | None) -> float | None:
    if a is None or b is None or a <= 0 or b <= 0:
        return None
    return float(np.log10(a) - np.log10(b))
