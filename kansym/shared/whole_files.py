"""Files that are whole or not there: written beside their place, then moved into it."""

import os
import tempfile
from pathlib import Path

from kansym.shared.errors import InputError

__all__ = ["check_place", "write_bytes", "write_text"]


def check_place(path: str | Path, what: str = "the report") -> Path:
    """Refuse a place that cannot be written, before any long work begins.

    Examples
    --------
    >>> check_place("report.html").name
    'report.html'
    """
    place = Path(path)
    if place.is_dir():
        raise InputError(f"{str(place)!r} is a directory: give {what} a file name in it.")
    if not place.parent.is_dir():
        raise InputError(
            f"The directory {str(place.parent)!r} of {str(place)!r} does not exist: create it or "
            f"choose another place for {what}."
        )
    if not os.access(place.parent, os.W_OK):
        raise InputError(
            f"The directory {str(place.parent)!r} may not be written to: choose another place for "
            f"{what}."
        )
    return place


def write_text(path: str | Path, text: str) -> Path:
    """Write UTF-8 text; a reader of the path sees the old file or the new one, never a part.

    Raises
    ------
    InputError
        If the directory does not exist.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_text(Path(folder) / "a.txt", "words").read_text(encoding="utf-8")
    'words'
    """
    return write_bytes(path, text.encode("utf-8"))


def write_bytes(path: str | Path, content: bytes, what: str = "the report") -> Path:
    """Write bytes, as `write_text` does with text."""
    place = check_place(path, what)
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        part.chmod(_mode(place))
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)
    return place


def _mode(place: Path) -> int:
    """Permissions of the file that is replaced, or those that a new file would get."""
    if place.exists():
        return place.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
