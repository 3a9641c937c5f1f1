r"""Tables from files: text with a header line, spreadsheets, parquet.

Commas, semicolons, tabs or spaces separate the cells of a text, whichever its header uses; lines
that begin with # are comments, a line of units may follow the header. The kind of a file is seen
from its first bytes, gzip included. Every complaint names the line; cells are numbers or they are
refused where numbers are needed, and nothing in a file is evaluated. Comments at the beginning may
say what is known about the table::

    # title: Fraunhofer lines
    # source: J. Fraunhofer, Denkschr. Akad. Wiss. München 5 (1814) 193
    # output: wavelength
    # unit wavelength: nm
    name,wavelength
    ...
"""

import csv
import gzip
import io
import re
import sys
import zlib
from collections.abc import Iterable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import pandas as pd

from kansym.shared.data_tables import MISSING, DataTable
from kansym.shared.errors import InputError, require
from kansym.shared.tables import check_distinct, split_units
from kansym.shared.units import is_unit

__all__ = ["read_table"]

_DELIMITERS = ",;\t"
_SPACES = r"\s+"
# Error values of spreadsheets, which begin like a comment.
_ERRORS = ("#N/A", "#NA", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!")
# Whole cells of digits with commas, in lines that something else separates.
_COMMA_NUMBER = re.compile(r'(?<![^\s;"])[+-]?\d*(?:,\d+)+(?:[eE][+-]?\d+)?(?![^\s;"])')
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+")
_NAME = re.compile(r'"[^"]*"|[^\s\[("]+(?:\s+(?:\[[^\]]*\]|\([^)]*\))|\[[^\]]*\]|\([^)]*\))*')
# How files begin that are no plain text.
_GZIP, _PARQUET, _XLSX, _XLS = b"\x1f\x8b", b"PAR1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"

Lines = list[tuple[int, str]]


def read_table(path: str | Path, *, decimal: str | None = None) -> DataTable:
    r"""Read a table: text (also compressed), Excel or parquet.

    Parameters
    ----------
    path : of the file; ``-`` reads the standard input.
    decimal : ``"."`` or ``","`` in numbers of a text; found out where that is possible.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     place = Path(folder) / "a.csv"
    ...     _ = place.write_text("# a comment\nx [m],y\n1,2\n3,4\n")
    ...     table = read_table(place)
    >>> table.names, table.units, table.lines, table.split("y")[0]["x"].tolist()
    (('x', 'y'), {'x': 'm'}, (3, 4), [1.0, 3.0])
    """
    place = "the standard input" if str(path) == "-" else str(path)
    data = _bytes(path)
    if data.startswith(_PARQUET):
        return _parquet(data, place)
    if data.startswith(_XLSX):
        return _excel(data, place)
    if data.startswith(_XLS):
        raise InputError(f"{place} is an old spreadsheet (.xls): save it as .xlsx or CSV.")
    return _text_table(_text(data, place), place, decimal)


# -- bytes -----------------------------------------------------------------------------------------


def _bytes(path: str | Path) -> bytes:
    """Contents of a file or of the standard input, decompressed."""
    place = Path(path)
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read()
        elif place.is_dir():
            raise InputError(f"{str(path)!r} is a directory: give the name of a table in it.")
        elif place.is_block_device() or place.is_char_device():
            raise InputError(f"{str(path)!r} is a device, not a file: give the name of a table.")
        else:
            data = place.read_bytes()
        return gzip.decompress(data) if data.startswith(_GZIP) else data
    except FileNotFoundError as error:
        raise InputError(f"There is no file {str(path)!r}: check its name and folder.") from error
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"The table {path} cannot be read ({error}): save it again.") from error


def _text(data: bytes, place: str) -> str:
    """Bytes as text."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InputError(
            f"{place!r} is not a text file in UTF-8: save the table as CSV (UTF-8), Excel or "
            "parquet."
        )
    return text


# -- spreadsheets and parquet ----------------------------------------------------------------------


def _parquet(data: bytes, place: str) -> DataTable:
    require("pyarrow", "tables")
    try:
        frame = pd.read_parquet(io.BytesIO(data))
    except Exception as error:
        raise _unreadable(place, "parquet file", error) from error
    names, units = split_units(_header([str(name) for name in frame.columns], place))
    if not len(frame):
        raise InputError(f"{place} has column names but no rows: add rows of numbers.")
    lines = tuple(range(1, len(frame) + 1))
    return DataTable(place, frame.set_axis(names, axis=1), lines, units, row_word="row")


def _excel(data: bytes, place: str) -> DataTable:
    """The first sheet, by the same rules as a text."""
    require("openpyxl", "tables")
    try:
        sheet = pd.read_excel(io.BytesIO(data), header=None, dtype=object, engine="openpyxl")
    except Exception as error:
        raise _unreadable(place, "Excel file (.xlsx)", error) from error
    sheet = sheet.dropna(axis="columns", how="all").dropna(axis="index", how="all")
    notes = [isinstance(cell, str) and _is_comment(cell) for cell in sheet.iloc[:, :1].squeeze(1)]
    body = sheet[[not note for note in notes]]
    if not len(body):
        raise InputError(f"{place} is empty: give a header line and rows of numbers.")
    raw = _header(["" if pd.isna(c) else str(c) for c in body.iloc[0]], place)
    cells = [["" if pd.isna(c) else str(c) for c in row] for row in body.iloc[1:3].to_numpy()]
    names, units, first = _names_and_units(raw, cells)
    rows = body.iloc[1 + first :]
    if not len(rows):
        raise InputError(f"{place} has a header but no rows: add rows of numbers.")
    frame = rows.set_axis(names, axis=1).reset_index(drop=True).infer_objects()
    lines = tuple(int(number) + 1 for number in rows.index)
    comments = _comments(str(cell) for cell in sheet.iloc[:, 0][notes])
    return DataTable(place, frame, lines, units | _units_of(comments), comments)


def _unreadable(place: str, kind: str, error: Exception) -> InputError:
    words = " ".join(str(error).split())[:200] or type(error).__name__
    return InputError(f"{place} cannot be read as the {kind} that it seems to be: {words}.")


# -- text ------------------------------------------------------------------------------------------


def _text_table(text: str, place: str, decimal: str | None) -> DataTable:
    """Comments, header, units and rows of a text."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    kept = [(number, line) for number, line in lines if not _is_comment(line)]
    notes = [line for _, line in takewhile(lambda pair: _is_comment(pair[1]), lines)]
    if not kept:
        raise InputError(
            f"{place} is empty and has no rows: give a header line and rows of numbers."
        )
    separator = _separator([line for _, line in kept[:2]])
    raw, rows = _cells(kept[0][1], separator), kept[1:]
    if all(map(_is_number, raw)) and notes:
        # A header behind the sign of a comment, as numpy writes it.
        above = _cells(notes[-1].lstrip("# "), separator)
        if len(above) == len(raw) and not any(map(_is_number, above)):
            raw, rows = above, kept
    raw = _header(raw, place)
    if not rows:
        raise InputError(f"{place} has a header but no rows: add rows of numbers.")
    names, units, first = _names_and_units(raw, [_cells(line, separator) for _, line in rows[:2]])
    rows = rows[first:]
    frame = _parsed(rows, names, separator, place, decimal)
    numbers = tuple(number for number, _ in rows)
    if len(numbers) != len(frame):  # quoted cells that hold ends of lines
        numbers = tuple(range(rows[0][0], rows[0][0] + len(frame)))
    comments = _comments(notes)
    return DataTable(place, frame, numbers, units | _units_of(comments), comments)


def _is_comment(line: str) -> bool:
    text = line.lstrip()
    return text.startswith("#") and re.split(r"[,;\t ]", text, maxsplit=1)[0] not in _ERRORS


def _comments(lines: Iterable[str]) -> dict[str, str]:
    """What comments of the form ``# key: value`` say."""
    pairs = (line.lstrip().lstrip("#").partition(":") for line in lines)
    return {key.strip(): value.strip() for key, colon, value in pairs if colon}


def _units_of(comments: dict[str, str]) -> dict[str, str]:
    return {key[5:].strip(): unit for key, unit in comments.items() if key.startswith("unit ")}


def _separator(lines: Sequence[str]) -> str:
    """What separates cells: the header's most frequent delimiter, spaces if it has none."""
    most = max(_DELIMITERS, key=lines[0].count)
    if most in lines[0] or all(len(line.split()) < 2 for line in lines):
        return most
    return _SPACES


def _cells(line: str, separator: str) -> list[str]:
    if separator == _SPACES:
        return [cell.strip('"') for cell in _NAME.findall(line)]
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]


def _header(names: list[str], place: str) -> list[str]:
    """Column names, distinct and not numbers."""
    if all(_is_number(name) for name in names):
        raise InputError(
            f"The first line of {place} holds numbers where the column names should be: "
            "add a header line."
        )
    if "" in names:
        raise InputError(
            f"Column {names.index('') + 1} of {place} has no name: give every column one."
        )
    check_distinct(names, place)
    return names


def _names_and_units(
    header: list[str], rows: Sequence[Sequence[str]]
) -> tuple[list[str], dict[str, str], int]:
    """Names, units, and how many of the rows below the header belong to them."""
    names, units = split_units(header)
    if len(rows) < 2 or not _is_unit_row(*rows):
        return names, units, 0
    below = {name: cell.strip("[]() ") for name, cell in zip(names, rows[0], strict=False)}
    return names, units | {name: unit for name, unit in below.items() if unit not in ("", "-")}, 1


def _is_unit_row(cells: Sequence[str], below: Sequence[str]) -> bool:
    """Whether cells name the units of the numbers below them."""
    named = [c for c, number in zip(cells, below, strict=False) if c and _is_number(number)]
    return bool(named) and not all(map(_is_number, named)) and all(map(_is_unit, cells))


def _is_unit(text: str) -> bool:
    """Whether a text is a unit: in brackets, or by its name."""
    if text in ("", "-", "1") or re.fullmatch(r"\[.*\]|\(.*\)", text):
        return True
    return not _is_number(text) and is_unit(text)


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def _parsed(
    rows: Lines, names: list[str], separator: str, place: str, decimal: str | None
) -> pd.DataFrame:
    """The rows; a row with more cells than the header is refused, not cut."""
    body = "\n".join(line for _, line in rows)
    mark = decimal or (_decimal(rows, place) if separator != "," and "," in body else ".")
    try:
        frame: Any = pd.read_csv(
            io.StringIO(body),
            sep=separator,
            header=None,
            skipinitialspace=True,
            low_memory=False,
            index_col=False,
            decimal=mark,
            thousands="," if decimal == "." and separator != "," else None,
            na_values=[cell for text in MISSING for cell in (text, text.upper(), text.title())],
        )
    except (pd.errors.ParserError, ValueError) as error:
        raise InputError(_long_row(rows, len(names), separator, place)) from error
    if frame.shape[1] != len(names):
        raise InputError(_long_row(rows, len(names), separator, place))
    return frame.set_axis(names, axis="columns")


def _decimal(rows: Lines, place: str) -> str:
    """Point or comma; commas that could also stand between thousands are asked about."""
    found = [(n, cell) for n, line in rows for cell in _COMMA_NUMBER.findall(line)]
    if not found:
        return "."
    if any(not _THOUSANDS.fullmatch(cell) for _, cell in found):
        return ","
    number, cell = found[0]
    raise InputError(
        f"{place}, line {number}: {cell!r} may be {cell.replace(',', '.', 1)} or "
        f"{cell.replace(',', '')}: write it without the comma, or say which by decimal=',' or '.' "
        "(--decimal)."
    )


def _long_row(rows: Lines, columns: int, separator: str, place: str) -> str:
    """What to say about rows that do not fit the header."""
    for number, line in rows:
        cells = line.split() if separator == _SPACES else _cells(line, separator)
        if len(cells) > columns:
            commas = separator == "," and len(cells) >= 2 * columns and all(map(_is_number, cells))
            decimal = " (separate cells by semicolons if its commas are decimal)" if commas else ""
            return (
                f"{place}, line {number}: {len(cells)} cells, but the header names {columns} "
                f"columns; mend the line or the header{decimal}."
            )
    return f"{place} has {columns} column names but fewer cells in its rows: make them equal."
