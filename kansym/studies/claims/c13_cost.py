"""C13: a law costs less from a KAN."""

from collections.abc import Sequence

import numpy as np

from kansym.studies.claims.claim import Claim, Estimate, Row, Ruling, Verdict
from kansym.studies.claims.estimates import bootstrap, median
from kansym.studies.claims.network_readings import (
    EXPERIMENT,
    KIND_WORDS,
    READINGS,
    found_in,
    kans_of,
    kinds_of,
    readings_plan,
    train_and_read,
)
from kansym.studies.claims.rows import rows_by

__all__ = ["CLAIM"]

_Pair = tuple[str, str]
"""A kind and how it was read."""
_MLPS = ("mlp-tanh", "mlp-silu", "mlp-relu")
_SECONDS = "Seconds per recovered law, training and reading, lost runs included"

_SIZES = "Parameters where the law was recovered (median)"


def _judge(rows: Sequence[Row]) -> Ruling:
    kinds = kinds_of(rows)
    spent = {(kind, reading): _spent(rows, kind, reading) for kind in kinds for reading in READINGS}
    found = {pair: table for pair, table in spent.items() if table[1].sum() > 0}
    figures = [
        *(_seconds(_words(pair), table) for pair, table in found.items()),
        *(median(_words(pair), _sizes(rows, *pair), _SIZES) for pair in found),
    ]
    kans, mlps = (
        {pair: table for pair, table in spent.items() if pair[0] in side}
        for side in (kans_of(rows), _MLPS)
    )
    if not found or not kans or not mlps:
        return Ruling(Verdict.UNDECIDED, tuple(figures), remarks=_REMARKS)
    kan, mlp = _cheapest(kans), _cheapest(mlps)
    ratio = _ratio(spent[kan], spent[mlp])
    remark = f"Compared are the cheapest of each side: {_words(kan)}, and {_words(mlp)}."
    return Ruling(_verdict(ratio), (ratio, *figures), remarks=(remark, *_REMARKS))


def _words(pair: _Pair) -> str:
    kind, reading = pair
    return f"{KIND_WORDS[kind]}, by {reading}"


def _sizes(rows: Sequence[Row], kind: str, reading: str) -> list[int]:
    """Parameters of the networks that gave up their law."""
    read = [row["found"][kind].get(reading, {}) for row in rows]
    return [figures["size"] for figures in read if figures.get("recovered")]


def _spent(rows: Sequence[Row], kind: str, reading: str) -> np.ndarray:
    """Mean seconds and share recovered, (2, problems)."""
    table = []
    for own in rows_by(rows, "problem").values():
        seconds = [
            sum(found_in(own, kind, reading, key)) for key in ("training (s)", "reading (s)")
        ]
        solved = found_in(own, kind, reading, "recovered")
        table.append((sum(seconds) / max(len(solved), 1), float(np.mean(solved or [0.0]))))
    return np.array(table).T


def _per_law(table: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    # Half a law where there is none: the least that another problem could make of it.
    half = 0.5 / table.shape[1]
    return table[0][chosen].mean(-1) / np.maximum(table[1][chosen].mean(-1), half)


def _seconds(name: str, table: np.ndarray) -> Estimate:
    return bootstrap(name, table.shape[1], lambda chosen: _per_law(table, chosen), _SECONDS)


def _cheapest(side: dict[_Pair, np.ndarray]) -> _Pair:
    """Kind and reading with the fewest seconds per law."""
    return min(side, key=lambda pair: float(_per_law(side[pair], np.arange(side[pair].shape[1]))))


def _ratio(kan: np.ndarray, mlp: np.ndarray) -> Estimate:
    return bootstrap(
        "cheapest MLP over cheapest KAN",
        kan.shape[1],
        lambda chosen: _per_law(mlp, chosen) / _per_law(kan, chosen),
        "Ratio of seconds per recovered law",
    )


def _verdict(ratio: Estimate) -> Verdict:
    if ratio.low is None:
        return Verdict.UNDECIDED
    if ratio.above(1):
        return Verdict.HOLDS
    return Verdict.DOES_NOT_HOLD if ratio.below(1) else Verdict.UNDECIDED


_REMARKS = (
    "The cheapest of each side is chosen by the same figures, which favours both alike.",
    "Times are those of this program's training and reading; another one's may differ by more than "
    "the kinds of network do.",
)

CLAIM = Claim(
    identifier="C13",
    title="Cost of a law",
    statement="A KAN gives up a law in less time than an MLP of its size.",
    source="what a user pays for interpretability",
    tried="Seconds of training and reading over the number of laws recovered, for every kind and "
    "reading, problems resampled.",
    rule="Holds if the seconds per law of the cheapest MLP over those of the cheapest KAN have an "
    "interval above 1; does not hold if it is below 1; else not decided.",
    plan=readings_plan,
    measure=train_and_read,
    judge=_judge,
    experiment=EXPERIMENT,
)
