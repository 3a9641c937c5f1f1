"""Finished pieces of work in a file, one JSON object per line, so that nothing is done twice."""

import json
import os
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kansym.shared.errors import InputError
from kansym.studies.claims.claim import Claim, Row, Settings

__all__ = ["Finished", "ResultsFile", "key_of"]

_FORMAT = "kansym claims"


@dataclass(frozen=True)
class Finished:
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
    'C1 1 {"seed": 0}'
    """
    return f"{claim.identifier} {claim.version} {json.dumps(settings, sort_keys=True)}"


class ResultsFile:
    """The file of finished pieces; every line is on the disk before the next piece is counted.

    Parameters
    ----------
    path : where; None keeps nothing.

    Raises
    ------
    InputError
        If the file is another kind of file, or cannot be read or written.
    """

    def __init__(self, path: str | Path | None):
        self.path = None if path is None else Path(path)
        self._found: dict[str, Finished] = {}
        if self.path is not None and self.path.exists():
            self._read(self.path)

    def get(self, key: str) -> Finished | None:
        """The stored piece, if it was finished."""
        return self._found.get(key)

    def add(self, key: str, piece: Finished) -> None:
        """Keep a piece; one that failed is tried again next time."""
        if piece.failure is None:
            self._found[key] = piece
        if self.path is None:
            return
        entry = {"format": _FORMAT, "kansym": version("kansym"), "key": key, **vars(piece)}
        try:
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(entry) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise InputError(
                f"The results file {str(self.path)!r} cannot be written ({error.strerror}): "
                "make room or choose another place; what it holds so far is kept."
            ) from error

    def _read(self, path: Path) -> None:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"The results file {str(path)!r} cannot be read ({error}): name another one."
            ) from error
        for number, line in enumerate(text.splitlines(), 1):
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                if number == len(text.splitlines()) and not text.endswith("\n"):
                    self._cut(path, text, line)
                    return
                raise InputError(
                    f"Line {number} of {str(path)!r} is no result of kansym claims: "
                    "name another file."
                ) from error

    def _take(self, entry: dict[str, Any]) -> None:
        """One line; results of another version of kansym are not used."""
        if entry["format"] != _FORMAT:
            raise ValueError(entry["format"])
        piece = Finished(
            entry["claim"], entry["settings"], entry["row"], entry["failure"], entry["seconds"]
        )
        if piece.failure is None and entry["kansym"] == version("kansym"):
            self._found[entry["key"]] = piece

    def _cut(self, path: Path, text: str, line: str) -> None:
        """Remove a last line that an interruption left incomplete."""
        with path.open("rb+") as stream:
            stream.truncate(len(text.encode()) - len(line.encode()))
