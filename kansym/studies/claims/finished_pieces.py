"""Finished pieces of work, kept in a file so that nothing is done twice."""

import json
from dataclasses import dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from kansym.studies.claims.claim import Claim, Row, Settings
from kansym.studies.json_lines import JsonLines, LineFormat

__all__ = ["FinishedPiece", "FinishedPieces", "key_of"]


@dataclass(frozen=True)
class FinishedPiece:
    """One piece of work: what it found, or why it failed, and its seconds of processor time."""

    claim: str
    settings: Settings
    row: Row | None
    failure: str | None
    seconds: float


def key_of(claim: Claim, settings: Settings) -> str:
    """What tells one piece of work from all others.

    Examples
    --------
    >>> from kansym.studies.claims import CLAIMS
    >>> key_of(CLAIMS["C1"], {"seed": 0})
    'C1 2 {"seed": 0}'
    """
    run = claim.experiment or claim.identifier
    return f"{run} {claim.version} {json.dumps(settings, sort_keys=True)}"


def _parsed(entry: Any) -> tuple[str, str, FinishedPiece]:
    """Version of kansym, key and piece of a line."""
    piece = {field.name: entry[field.name] for field in fields(FinishedPiece)}
    return entry["kansym"], entry["key"], FinishedPiece(**piece)


FORMAT = LineFormat("kansym-claims", 1, "kansym claims", "--results", _parsed)


class FinishedPieces:
    """The pieces that this version of kansym has finished; one that failed is tried again.

    A piece is in the file, if there is one, before the next is counted.
    """

    def __init__(self, path: str | Path | None):
        self._lines = None if path is None else JsonLines(path, FORMAT, {})
        rows = () if self._lines is None else self._lines.found.rows
        self._found = {
            key: piece
            for made_by, key, piece in rows
            if piece.failure is None and made_by == version("kansym")
        }

    def get(self, key: str) -> FinishedPiece | None:
        """The stored piece, if it was finished."""
        return self._found.get(key)

    def add(self, key: str, piece: FinishedPiece) -> None:
        """Keep a piece."""
        if piece.failure is None:
            self._found[key] = piece
        if self._lines is not None:
            self._lines.append([{"kansym": version("kansym"), "key": key, **vars(piece)}])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._lines is not None:
            self._lines.close()
