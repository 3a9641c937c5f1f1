"""The results file of a benchmark: one record for every run that was done."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from kansym.shared.errors import InputError
from kansym.studies.bench.record import Record
from kansym.studies.bench.runs import PARAMETERS, Key
from kansym.studies.json_lines import JsonLines, LineFormat

__all__ = ["FORMAT", "Results", "ResultsFile", "read_results"]

FORMAT = LineFormat("kansym-bench", 1, "kansym bench", "--out", Record.from_data)


@dataclass(frozen=True)
class Results:
    """Contents of a results file.

    Attributes
    ----------
    settings : what the runs of all kinds had: limit, rows, and what is equal.
    records : one per run, in the order of the file.
    cut : whether the last line is cut off; it is left out.
    """

    settings: dict[str, Any]
    records: tuple[Record, ...]
    cut: bool


def read_results(path: str | os.PathLike[str]) -> Results:
    """Read a results file; a last line that was cut off is left out.

    Raises
    ------
    InputError
        If there is no such file, it is of another kind or version, or damaged before its end.
    """
    found = FORMAT.read(path)
    records: dict[Key, Record] = {}
    for record in found.rows:
        records.setdefault(record.key, record)
    return Results(_settings(found.header), tuple(records.values()), found.cut)


def _settings(header: Mapping[str, Any]) -> dict[str, Any]:
    """Earlier files do not say what is equal, since there was no choice."""
    settings = header.get("settings")
    return {"equal": PARAMETERS} | (settings if isinstance(settings, dict) else {})


class ResultsFile:
    """A results file that is being written, by one process at a time.

    Parameters
    ----------
    path : of the file; it is made if it is not there, and gone on with if it is.
    settings : as of `kansym.studies.bench.Budget`; a file is gone on with only under the same ones.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "results.jsonl")
    ...     with ResultsFile(path, {"rows": 10}) as file:
    ...         file.append([Record("P", "mine", "kan", 0, 0.0, "ok")])
    ...     with ResultsFile(path, {"rows": 10}) as file:
    ...         sorted(file.done)
    [Key(problem='P', kind='kan', seed=0, noise=0.0, reading='weights')]

    Raises
    ------
    InputError
        If the place cannot be written, another process writes it, or its settings differ.
    """

    def __init__(self, path: str | os.PathLike[str], settings: Mapping[str, Any]) -> None:
        self.path = Path(path)
        self._lines = JsonLines(path, FORMAT, settings)
        found = _settings(self._lines.found.header)
        for name, value in settings.items():
            if found.get(name) != value:
                self.close()
                raise InputError(
                    f"{str(self.path)!r} was made with --{name} {found.get(name)}, now {value} is "
                    "asked for: give the same, or another --out."
                )
        self.done: dict[Key, Record] = {}
        for record in self._lines.found.rows:
            self.done.setdefault(record.key, record)

    def append(self, records: Iterable[Record]) -> None:
        """Add rows; they are on the disk when this returns."""
        records = list(records)
        self._lines.append([record.to_data() for record in records])
        self.done.update({record.key: record for record in records})

    def put_in_order(self, keys: Iterable[Key]) -> None:
        """Write the rows in a given order, others after them; the file is exchanged at once."""
        places = {key: place for place, key in enumerate(keys)}
        ordered = sorted(self.done, key=lambda key: places.get(key, len(places)))
        if ordered != list(self.done):
            self._lines.exchange([self.done[key].to_data() for key in ordered])
            self.done = {key: self.done[key] for key in ordered}

    def close(self) -> None:
        """Close the file and let others write it."""
        self._lines.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
