"""What has been measured so far, read from the files of rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kansym.studies.bench.record import Record
from kansym.studies.bench.results_file import read_results
from kansym.studies.bench.runs import ACCURACY, PARAMETERS
from kansym.studies.claims.claim import Claim, Effort, Ruling
from kansym.studies.claims.network_readings import EXPERIMENT, readings_of_records
from kansym.studies.claims.registry import CLAIMS
from kansym.studies.claims.runner import finished_claims
from kansym.studies.comparison.comparison import Comparison, compare
from kansym.studies.evidence.design import PEERS, design

__all__ = ["CLAIMS_FILE", "ClaimRuling", "Evidence"]

CLAIMS_FILE = "claims.jsonl.gz"
"""Finished pieces of the claims, beside the rows."""


@dataclass(frozen=True)
class ClaimRuling:
    """A claim, its verdict, and the runs from which it follows."""

    claim: Claim
    ruling: Ruling
    runs: str


@dataclass(frozen=True)
class Evidence:
    """Rows of the measurement that `kansym.studies.evidence.design` lays down.

    Attributes
    ----------
    records : networks of equal size, of every problem, seed and noise that has all kinds.
    widened : MLPs widened until they are as accurate as the KAN, and that KAN.
    peers : other programs, from the same rows without noise.
    left_out : rows where a kind is missing still.
    folder : where the files are.
    """

    records: tuple[Record, ...]
    widened: tuple[Record, ...]
    peers: tuple[Record, ...]
    left_out: int
    folder: Path

    @classmethod
    def read(cls, folder: Path) -> "Evidence":
        """The compressed files of a folder.

        Raises
        ------
        InputError
            If the rows at equal size are not there, or damaged.
        """
        found = {
            name: read_results(path).records
            for name in (PARAMETERS, ACCURACY, PEERS)
            if (path := folder / f"{name}.jsonl.gz").exists() or name == PARAMETERS
        }
        whole = {name: _whole(records) for name, records in found.items()}
        left_out = sum(map(len, found.values())) - sum(map(len, whole.values()))
        widened, peers = whole.get(ACCURACY, ()), whole.get(PEERS, ())
        return cls(whole[PARAMETERS], widened, peers, left_out, folder)

    @cached_property
    def comparison(self) -> Comparison:
        """Of the runs at equal size."""
        return compare(self.records)

    @property
    def planned(self) -> int:
        """Rows of the whole design."""
        return sum(len(step.runs) for step in design())

    def claims(self) -> list[ClaimRuling]:
        """Every claim that has been run: C9 and C11 to C13 by these rows, others by their own."""
        rows = readings_of_records(self.records)
        rulings = {
            claim.identifier: ClaimRuling(claim, claim.judge(rows), "these runs")
            for claim in CLAIMS.values()
            if claim.experiment == EXPERIMENT
        }
        path = self.folder / CLAIMS_FILE
        for effort in (Effort.FULL, Effort.QUICK) if path.exists() else ():
            for result in finished_claims(path, effort):
                words = f"{effort.value} run of its own, {result.pieces} pieces"
                rulings.setdefault(
                    result.claim.identifier, ClaimRuling(result.claim, result.ruling, words)
                )
        return [rulings[identifier] for identifier in CLAIMS if identifier in rulings]


def _whole(records: Sequence[Record]) -> tuple[Record, ...]:
    """Rows of the problems, seeds and levels of noise that have every kind of the file."""
    kinds: dict[tuple[str, int, float], set[str]] = {}
    for record in records:
        kinds.setdefault((record.problem, record.seed, record.noise), set()).add(record.kind)
    most = set().union(*kinds.values())
    return tuple(r for r in records if kinds[r.problem, r.seed, r.noise] == most)
