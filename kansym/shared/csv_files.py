"""Tables from text files: comma-separated values with a header, comments allowed.

Every complaint names the line and the column; cells are numbers or they are refused, and nothing
in a file is evaluated.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint

__all__ = ["CsvTable", "read_table"]

_DELIMITERS = ",;\t"
_MISSING = {"", "na", "n/a", "nan", "null", "none", "-", "?"}


@dataclass(frozen=True)
class CsvTable:
    """Columns of a text file, as read, with the line of the file that each row came from.

    Parameters
    ----------
    path : of the file, for messages.
    frame : pandas data frame.
    lines : line number of every row, counted from 1.
    """

    path: str
    frame: pd.DataFrame
    lines: tuple[int, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in the order of the file."""
        return tuple(self.frame.columns)

    def numbers(self, names: Sequence[str]) -> pd.DataFrame:
        """Some columns as finite float64.

        Raises
        ------
        InputError
            Naming the first cell that is missing, infinite or no number.
        """
        return pd.DataFrame({name: self._column(name) for name in names})

    def split(
        self, target: str, inputs: Sequence[str] | None = None
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Inputs and target as numbers; the inputs are all other columns unless named.

        Raises
        ------
        InputError
            For a column that is not there, a target among the inputs, or a cell that is no number.
        """
        return self.numbers(self._inputs(target, inputs)), self.numbers([target])

    def labelled(
        self, target: str, inputs: Sequence[str] | None = None
    ) -> tuple[pd.DataFrame, pd.Series]:
        """Inputs as numbers and the classes of a target as they stand; see `split`.

        Raises
        ------
        InputError
            As `split`, or for a row without a class.
        """
        chosen = self._inputs(target, inputs)
        labels = self.frame[target].astype(str).str.strip()
        empty = np.flatnonzero(self.frame[target].isna() | labels.str.lower().isin(_MISSING))
        if empty.size:
            raise InputError(
                f"{self.path}, line {self.lines[empty[0]]}, column {target!r}: the cell is empty "
                f"({empty.size} such cells in this column); fill it or remove the row."
            )
        return self.numbers(chosen), labels

    def _inputs(self, target: str, inputs: Sequence[str] | None) -> list[str]:
        """Names of the inputs beside a target, checked."""
        self._check(target, "target")
        chosen = [name for name in self.names if name != target] if inputs is None else list(inputs)
        for name in chosen:
            self._check(name, "input")
        if target in chosen:
            raise InputError(f"{target!r} is the target and an input: leave it out of the inputs.")
        twice = next((name for name in chosen if chosen.count(name) > 1), None)
        if twice is not None:
            raise InputError(f"The input {twice!r} is named twice: name it once.")
        if not chosen:
            raise InputError(
                f"{self.path} has no column besides the target {target!r}: add the inputs."
            )
        return chosen

    def _check(self, name: str, role: str) -> None:
        """Refuse a name that is no column, with the nearest ones."""
        if name in self.names:
            return
        raise InputError(
            f"{self.path} has no column {name!r} for the {role}: {hint(name, self.names)}."
        )

    def _column(self, name: str) -> np.ndarray:
        """One column as finite float64."""
        raw = self.frame[name]
        values = np.asarray(pd.to_numeric(raw, errors="coerce"), dtype=np.float64)
        bad = np.flatnonzero(~np.isfinite(values))
        if not bad.size:
            return values
        first = int(bad[0])
        cell = raw.iloc[first]
        what, remedy = _trouble(cell)
        raise InputError(
            f"{self.path}, line {self.lines[first]}, column {name!r}: {what} "
            f"({bad.size} such cells in this column); {remedy}."
        )


def _trouble(cell: Any) -> tuple[str, str]:
    """What is wrong with a cell, and what to do about it."""
    text = "" if cell is None or cell is pd.NA or cell != cell else str(cell).strip()
    if text.lower() in _MISSING:
        return "the cell is empty", "fill it or remove the row"
    if text.lower().lstrip("+-") in {"inf", "infinity"}:
        return "the cell is infinite", "give a finite number or remove the row"
    return f"{text[:40]!r} is not a number", "convert the column or leave it out of the inputs"


def read_table(path: str | Path) -> CsvTable:
    r"""Read a text file: a header line, then rows of numbers; lines starting with # are skipped.

    Commas, semicolons or tabs separate the cells, whichever the header uses most.

    Raises
    ------
    InputError
        For a file that is missing, empty, not text, without a header, or with columns of one name.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     place = Path(folder) / "a.csv"
    ...     _ = place.write_text("# a comment\nx,y\n1,2\n3,4\n")
    ...     table = read_table(place)
    >>> table.names, table.lines, table.split("y")[0]["x"].tolist()
    (('x', 'y'), (3, 4), [1.0, 3.0])
    """
    place = str(path)
    kept = [
        (number, text)
        for number, text in enumerate(_text(path).splitlines(), start=1)
        if text.strip() and not text.lstrip().startswith("#")
    ]
    if not kept:
        raise InputError(f"{place} is empty: give a header line and rows of numbers.")
    delimiter = max(_DELIMITERS, key=kept[0][1].count)
    names = _header(kept[0][1], delimiter, place)
    if len(kept) == 1:
        raise InputError(f"{place} has a header but no rows: add rows of numbers.")
    frame = _parse(kept[1:], names, delimiter, place)
    lines = tuple(number for number, _ in kept[1:])
    if len(lines) != len(frame):
        lines = tuple(range(kept[0][0] + 1, kept[0][0] + 1 + len(frame)))
    return CsvTable(place, frame, lines)


def _text(path: str | Path) -> str:
    """The contents of a text file."""
    place = Path(path)
    if place.is_dir():
        raise InputError(f"{str(path)!r} is a directory: give the name of a CSV file in it.")
    try:
        return place.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise InputError(f"There is no file {str(path)!r}: check its name and folder.") from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{str(path)!r} is not a text file in UTF-8: save the table as CSV (UTF-8)."
        ) from error


def _header(text: str, delimiter: str, place: str) -> list[str]:
    """Column names, distinct and not numbers."""
    names = [cell.strip() for cell in next(csv.reader([text], delimiter=delimiter))]
    if all(_is_number(name) for name in names):
        raise InputError(
            f"The first line of {place} holds numbers where the column names should be: "
            "add a header line."
        )
    if "" in names:
        raise InputError(
            f"Column {names.index('') + 1} of {place} has no name: give every column one."
        )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{place} has several columns named {twice!r}: rename all but one.")
    return names


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _parse(
    rows: Sequence[tuple[int, str]], names: list[str], delimiter: str, place: str
) -> pd.DataFrame:
    """The rows; a row with more cells than the header is refused, not cut."""
    try:
        frame = pd.read_csv(
            io.StringIO("\n".join(text for _, text in rows)),
            sep=delimiter,
            header=None,
            skipinitialspace=True,
            low_memory=False,
            index_col=False,
        )
    except pd.errors.ParserError as error:
        raise InputError(_long_row(rows, len(names), delimiter, place)) from error
    if frame.shape[1] != len(names):
        raise InputError(_long_row(rows, len(names), delimiter, place))
    return frame.set_axis(names, axis="columns")


def _long_row(rows: Sequence[tuple[int, str]], columns: int, delimiter: str, place: str) -> str:
    """What to say about rows that do not fit the header."""
    for number, text in rows:
        cells = len(next(csv.reader([text], delimiter=delimiter)))
        if cells > columns:
            return (
                f"{place}, line {number}: {cells} cells, but the header names {columns} columns; "
                "mend the line or the header."
            )
    return f"{place} has {columns} column names but fewer cells in its rows: make them equal."
