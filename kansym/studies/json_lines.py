"""Results as JSON lines, a header first: only ever added to, by one process, and never lost.

Every row is forced to the disk before it counts. A process that is killed leaves at most a part of
its last line behind, which the next one removes. A file that something else wrote is left alone.
"""

import gzip
import json
import os
import sys
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from kansym.shared.errors import InputError
from kansym.shared.whole_files import write_bytes

__all__ = ["Contents", "JsonLines", "LineFormat"]

T = TypeVar("T")
# Where Windows locks one byte: far behind any end, for it keeps others from reading that byte.
_LOCKED = 1 << 60


@dataclass(frozen=True)
class LineFormat(Generic[T]):
    """What the lines of a file are.

    Attributes
    ----------
    name, version : as the header says.
    command : that writes such files.
    option : of the command, which names the file.
    parse : makes a row of data; raises ValueError, TypeError or KeyError for what is none.
    """

    name: str
    version: int
    command: str
    option: str
    parse: Callable[[Any], T]

    def read(self, path: str | os.PathLike[str]) -> "Contents[T]":
        """Read a file, compressed or not; a last line that was cut off is left out.

        Raises
        ------
        InputError
            If there is no such file, it is of another kind or version, or damaged before its end.
        """
        place = Path(path)
        try:
            content = place.read_bytes()
            if place.suffix == ".gz":
                content = gzip.decompress(content)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise InputError(
                f"{str(place)!r} cannot be decompressed: give a file that gzip wrote, whole."
            ) from None
        except FileNotFoundError:
            raise InputError(f"There is no results file {str(place)!r}: check its name.") from None
        except IsADirectoryError:
            raise InputError(f"{str(place)!r} is a directory: name a results file in it.") from None
        except OSError as error:
            raise InputError(
                f"The results file {str(place)!r} cannot be read ({error.strerror}): name another."
            ) from error
        whole = content.rfind(b"\n") + 1
        first, *lines = content[:whole].split(b"\n")[:-1] or [b""]
        header = self._header(first, place)
        rows = tuple(self._row(line, number, place) for number, line in enumerate(lines, 2))
        return Contents(header, rows, whole, whole < len(content))

    def first_line(self, settings: Mapping[str, Any]) -> bytes:
        """The header as text."""
        return _line({"format": self.name, "version": self.version, "settings": dict(settings)})

    def _header(self, text: bytes, place: Path) -> dict[str, Any]:
        try:
            header = json.loads(text)
        except ValueError:
            header = None
        if not isinstance(header, dict) or header.get("format") != self.name:
            raise InputError(
                f"{str(place)!r} is no results file of {self.command}: give a file that it wrote, "
                "or a new name."
            )
        if header.get("version") != self.version:
            raise InputError(
                f"{str(place)!r} has version {header.get('version')!r} of the format, this kansym "
                f"reads version {self.version}: use the kansym that wrote it, or a new file."
            )
        return header

    def _row(self, text: bytes, number: int, place: Path) -> T:
        try:
            return self.parse(json.loads(text))
        except (ValueError, TypeError, KeyError):
            raise InputError(
                f"Line {number} of {str(place)!r} is damaged: remove that line, what it held is "
                "then done again."
            ) from None


@dataclass(frozen=True)
class Contents(Generic[T]):
    """Contents of a file.

    Attributes
    ----------
    header : its first line.
    rows : parsed, in the order of the file.
    whole : length in bytes of the part that is in order.
    cut : whether the last line is cut off; it is left out.
    """

    header: dict[str, Any]
    rows: tuple[T, ...]
    whole: int
    cut: bool


class JsonLines(Generic[T]):
    """A file that is being written, by one process at a time.

    Parameters
    ----------
    path : of the file; it is made if it is not there, and gone on with if it is.
    form : of its lines.
    settings : for the header of a new file.

    Attributes
    ----------
    found : what was there already.

    Raises
    ------
    InputError
        If the place cannot be written, another process writes it, or it is another kind of file.
    """

    def __init__(
        self, path: str | os.PathLike[str], form: LineFormat[T], settings: Mapping[str, Any]
    ) -> None:
        self.path, self._form = Path(path), form
        self._first = form.first_line(settings)
        self._handle = self._open()
        try:
            self.found = self._go_on()
        except BaseException:
            self.close()
            raise

    def _open(self) -> int:
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
            handle = os.open(self.path, flags, 0o666)
        except OSError as error:
            raise InputError(
                f"Results cannot be written to {str(self.path)!r} ({error.strerror}): give "
                f"{self._form.option} a file name in a folder that exists."
            ) from error
        try:
            _lock(handle)
        except OSError:
            os.close(handle)
            raise InputError(
                f"Another process is writing {str(self.path)!r}: wait for it, or give another "
                f"{self._form.option}."
            ) from None
        return handle

    def _go_on(self) -> Contents[T]:
        """Read what is there and remove a cut last line, or begin with a header."""
        os.lseek(self._handle, 0, os.SEEK_SET)
        content = os.read(self._handle, len(self._first))
        if not content or (b"\n" not in content and self._first.startswith(content)):
            os.ftruncate(self._handle, 0)
            self._write(self._first)
        found = self._form.read(self.path)
        if found.cut:
            os.ftruncate(self._handle, found.whole)
        return found

    def append(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows; they are on the disk when this returns.

        Raises
        ------
        InputError
            If there is no space; a part that was written is removed again.
        """
        self._write(b"".join(map(_line, rows)))

    def exchange(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write other rows in place of those that are there, all at once."""
        write_bytes(self.path, self._first + b"".join(map(_line, rows)), "the results")
        self.close()
        self._handle = self._open()

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
                f"A row could not be written to {str(self.path)!r} ({error.strerror}): what is "
                "there is kept; make room and run the same again."
            ) from error

    def close(self) -> None:
        """Close the file and let others write it."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _line(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _lock(handle: int) -> None:
    """Keep other processes from writing the same file; the system unlocks it at our end."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, _LOCKED, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        return
    import fcntl

    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
