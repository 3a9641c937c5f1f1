"""Files that are whole or not there: written beside their place, then moved into it."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from kansym.shared.errors import InputError

__all__ = ["check_place", "write_bytes", "write_text"]


def check_place(
    path: str | Path, what: str = "the report", read: Iterable[str | Path] = ()
) -> Path:
    """Refuse a place that cannot be written, before any long work begins.

    Parameters
    ----------
    path : the place.
    what : shall be written there, for messages.
    read : files that the same work reads or writes, none of which may be overwritten.

    Examples
    --------
    >>> check_place("report.html").name
    'report.html'
    """
    place = Path(path)
    if place.is_dir():
        raise InputError(f"{str(place)!r} is a directory: give {what} a file name in it.")
    if place.exists() and not place.is_file():
        raise InputError(f"{str(place)!r} is a pipe or a device: give {what} the name of a file.")
    for other in read:
        if not place.exists() and place.resolve() == Path(other).resolve():
            raise InputError(f"{str(place)!r} was given twice: give {what} another name.")
        if place.exists() and Path(other).exists() and place.samefile(other):
            raise InputError(
                f"{str(place)!r} is read and would be overwritten: give {what} another name."
            )
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
    place = place.resolve() if place.is_symlink() else place  # the link stays, its target changes
    check_place(place, what)
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
    return Path(path)


def _mode(place: Path) -> int:
    """Permissions of the file that is replaced, or those that a new file would get."""
    if place.exists():
        return place.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
