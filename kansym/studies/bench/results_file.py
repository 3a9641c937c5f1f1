"""Results as JSON lines, a header first: only ever added to, and never lost.

Every row is written with one call and forced to the disk. A process that is killed leaves at most
a part of its last line behind, which the next one removes.
"""

import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from kansym.shared.errors import InputError
from kansym.studies.bench.record import Record
from kansym.studies.bench.runs import PARAMETERS, Key

__all__ = ["FORMAT", "VERSION", "Results", "ResultsFile", "read_results"]

FORMAT, VERSION = "kansym-bench", 1


@dataclass(frozen=True)
class Results:
    """Contents of a results file.

    Attributes
    ----------
    settings : what the runs of all kinds had: limit, rows, and what is equal.
    records : one per run, in the order of the file.
    whole : length in bytes of the part that is in order.
    cut : whether the last line is cut off; it is left out.
    """

    settings: dict[str, Any]
    records: tuple[Record, ...]
    whole: int
    cut: bool


def read_results(path: str | os.PathLike[str]) -> Results:
    """Read a results file; a last line that was cut off is left out.

    Raises
    ------
    InputError
        If there is no such file, it is of another kind or version, or damaged before its end.
    """
    place = Path(path)
    try:
        content = place.read_bytes()
    except FileNotFoundError:
        raise InputError(f"There is no results file {str(place)!r}: check its name.") from None
    except IsADirectoryError:
        raise InputError(f"{str(place)!r} is a directory: name a results file in it.") from None
    whole = content.rfind(b"\n") + 1
    lines = content[:whole].split(b"\n")[:-1]
    if not lines:
        raise InputError(f"{str(place)!r} has no header: it is no results file of kansym bench.")
    settings = _header(lines[0], place)
    records: dict[Key, Record] = {}
    for number, text in enumerate(lines[1:], 2):
        record = _record(text, number, place)
        records.setdefault(record.key, record)
    return Results(settings, tuple(records.values()), whole, whole < len(content))


def _header(text: bytes, place: Path) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except ValueError:
        header = None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise InputError(
            f"{str(place)!r} is no results file of kansym bench: give a file that it wrote, or a "
            "new name."
        )
    if header.get("version") != VERSION:
        raise InputError(
            f"{str(place)!r} has version {header.get('version')!r} of the format, this kansym "
            f"reads version {VERSION}: use the kansym that wrote it, or a new file."
        )
    settings = header.get("settings")
    # Earlier files do not say what is equal, since there was no choice.
    return {"equal": PARAMETERS} | (settings if isinstance(settings, dict) else {})


def _record(text: bytes, number: int, place: Path) -> Record:
    try:
        return Record.from_data(json.loads(text))
    except (ValueError, InputError, TypeError):
        raise InputError(
            f"Line {number} of {str(place)!r} is damaged: remove that line, its run is then done "
            "again."
        ) from None


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
    [Key(problem='P', kind='kan', seed=0, noise=0.0)]

    Raises
    ------
    InputError
        If the place cannot be written, another process writes it, or its settings differ.
    """

    def __init__(self, path: str | os.PathLike[str], settings: Mapping[str, Any]) -> None:
        self.path = Path(path)
        self._settings = dict(settings)
        self.done: dict[Key, Record] = {}
        self._handle = self._open()
        try:
            _lock(self._handle, self.path)
            self._go_on()
        except BaseException:
            self.close()
            raise

    def _open(self) -> int:
        try:
            return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        except OSError as error:
            raise InputError(
                f"Results cannot be written to {str(self.path)!r} ({error.strerror}): give --out "
                "a file name in a folder that exists."
            ) from error

    def _go_on(self) -> None:
        """Read what is there and remove a cut last line, or begin with a header."""
        content = os.pread(self._handle, 1 << 16, 0)
        if not content or (b"\n" not in content and _begins_like(content, self._first_line())):
            os.ftruncate(self._handle, 0)
            self._write(self._first_line())
            return
        found = read_results(self.path)
        for name, value in self._settings.items():
            if found.settings.get(name) != value:
                raise InputError(
                    f"{str(self.path)!r} was made with --{name} {found.settings.get(name)}, now "
                    f"{value} is asked for: give the same, or another --out."
                )
        if found.cut:
            os.ftruncate(self._handle, found.whole)
        self.done = {record.key: record for record in found.records}

    def _first_line(self) -> bytes:
        return _line({"format": FORMAT, "version": VERSION, "settings": self._settings})

    def append(self, records: Iterable[Record]) -> None:
        """Add rows; they are on the disk when this returns.

        Raises
        ------
        InputError
            If there is no space; a part that was written is removed again.
        """
        records = list(records)
        self._write(b"".join(_line(record.to_data()) for record in records))
        self.done.update({record.key: record for record in records})

    def _write(self, text: bytes) -> None:
        end = os.fstat(self._handle).st_size
        try:
            written = 0
            while written < len(text):
                written += os.write(self._handle, text[written:])
            os.fsync(self._handle)
        except OSError as error:
            os.ftruncate(self._handle, end)
            raise InputError(
                f"A row could not be written to {str(self.path)!r} ({error.strerror}): the "
                f"{len(self.done)} rows before it are kept; make room and run the same again."
            ) from error

    def put_in_order(self, keys: Iterable[Key]) -> None:
        """Write the rows in a given order, others after them; the file is exchanged at once."""
        places = {key: place for place, key in enumerate(keys)}
        ordered = sorted(self.done, key=lambda key: places.get(key, len(places)))
        if ordered == list(self.done):
            return
        from kansym.shared.whole_files import write_text

        rows = b"".join(_line(self.done[key].to_data()) for key in ordered)
        write_text(self.path, (self._first_line() + rows).decode())
        self.close()
        self._handle = self._open()
        _lock(self._handle, self.path)
        self.done = {key: self.done[key] for key in ordered}

    def close(self) -> None:
        """Close the file and let others write it."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _begins_like(content: bytes, header: bytes) -> bool:
    """Whether a file is a header that was cut off."""
    return header.startswith(content)


def _line(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _lock(handle: int, path: Path) -> None:
    """Keep other processes from writing the same file; the system unlocks it at our end."""
    if sys.platform == "win32":
        return
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError(
            f"Another process is writing {str(path)!r}: wait for it, or give another --out."
        ) from None
