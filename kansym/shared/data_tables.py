"""Tables of numbers in CSV files whose comment lines say where they come from.

::

    # title: Fraunhofer lines
    # source: J. Fraunhofer, Denkschr. Akad. Wiss. München 5 (1814) 193
    # output: wavelength
    # unit wavelength: nm
    name,wavelength
    ...

Comment lines are optional and hold ``key: value``; the first other line names the columns. Columns
with text in them are labels. A file name that ends in ``.gz`` is compressed.
"""

import csv
import gzip
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from kansym.shared.errors import InputError

__all__ = ["DataTable", "read_csv"]


@dataclass(frozen=True)
class DataTable:
    """Columns of numbers, columns of labels, and what the comment lines say.

    Examples
    --------
    >>> table = DataTable({"n": np.array([1.0, 2.0])}, {"name": ("a", "b")}, {"unit n": "1"})
    >>> len(table), table.unit("n")
    (2, '1')
    """

    columns: Mapping[str, Float[np.ndarray, "rows"]]
    labels: Mapping[str, tuple[str, ...]]
    comments: Mapping[str, str]

    def __len__(self) -> int:
        return max(
            (len(column) for column in (*self.columns.values(), *self.labels.values())), default=0
        )

    def unit(self, column: str) -> str | None:
        """Unit that a comment line gives for the column."""
        return self.comments.get(f"unit {column}")


def read_csv(path: str | os.PathLike[str]) -> DataTable:
    r"""Read a table.

    Raises
    ------
    InputError
        If the file is absent, is no text, has no rows, repeats a column name, or has a row of
        another length, with the number of the line.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "t.csv")
    ...     _ = path.write_text("# unit x: m\nname,x\na,1\nb,2.5\n")
    ...     table = read_csv(path)
    >>> table.columns["x"], table.labels["name"]
    (array([1. , 2.5]), ('a', 'b'))
    """
    lines = _text(Path(path)).splitlines()
    comments = _comments(lines)
    numbered = [
        (number, line)
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.startswith("#")
    ]
    if len(numbered) < 2:
        raise InputError(f"The table {path} has no rows: give a line of column names and data.")
    header, *rows = csv.reader(line for _, line in numbered)
    header = [name.strip() for name in header]
    _check(path, header, rows, [number for number, _ in numbered[1:]])
    numbers, labels = {}, {}
    for name, *cells in zip(header, *rows, strict=True):
        column = _numeric(cells)
        if column is None:
            labels[name] = tuple(cell.strip() for cell in cells)
        else:
            numbers[name] = column
    return DataTable(numbers, labels, comments)


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.GzipFile(fileobj=io.BytesIO(data)).read()
        return data.decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"There is no file {path}: give the path of a CSV table.") from None
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(
            f"The table {path} cannot be read ({error}): save it as UTF-8 text."
        ) from error


def _comments(lines: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        if not line.startswith("#"):
            break
        key, colon, value = line[1:].partition(":")
        if colon:
            found[key.strip()] = value.strip()
    return found


def _check(
    path: str | os.PathLike[str],
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    numbers: Sequence[int],
) -> None:
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise InputError(f"The table {path} has several columns {twice[0]!r}: rename all but one.")
    for number, row in zip(numbers, rows, strict=True):
        if len(row) != len(header):
            raise InputError(
                f"Line {number} of {path} has {len(row)} values, but there are {len(header)} "
                "columns: mend the line."
            )


def _numeric(cells: Sequence[str]) -> Float[np.ndarray, "rows"] | None:
    """Numbers (an empty cell is nan), or None for a column with text."""
    try:
        return np.array([float(cell) if cell.strip() else np.nan for cell in cells])
    except ValueError:
        return None
