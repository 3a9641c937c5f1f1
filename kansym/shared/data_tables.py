"""Columns of a file as they were read: numbers are checked when they are asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint
from kansym.shared.printable_text import shortened
from kansym.shared.tables import split_unit

__all__ = ["MISSING", "DataTable"]

MISSING = ("", "na", "n/a", "#n/a", "nan", "null", "none", "-", "?")
"""What stands in a cell without a value, whatever its case."""

_ANSWERS = ({"yes": 1, "no": 0}, {"true": 1, "false": 0}, {"on": 1, "off": 0})
"""Words that stand for one and zero."""


@dataclass(frozen=True)
class DataTable:
    """A data frame with what is known about it.

    Attributes
    ----------
    path : where it comes from, for messages.
    frame : pandas data frame, its columns named without their units.
    lines : number of every row in its file, counted from 1; none for rows that were computed.
    units : units of columns that have one.
    comments : what ``key: value`` comments at the beginning of the file say.
    row_word : what a row is called in messages.

    Examples
    --------
    >>> table = DataTable("t", pd.DataFrame({"name": ["a", "b"], "n": [1, None]}), (2, 3))
    >>> table.columns["n"], table.labels["name"]
    (array([ 1., nan]), ('a', 'b'))
    """

    path: str
    frame: pd.DataFrame
    lines: tuple[int, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)
    row_word: str = "line"

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in the order of the file."""
        return tuple(self.frame.columns)

    @cached_property
    def columns(self) -> Mapping[str, Float[np.ndarray, "rows"]]:
        """Columns that hold only numbers; an empty cell is nan."""
        found = {name: _as_numbers(self.frame[name]) for name in self.names}
        return {
            name: values
            for name, values in found.items()
            if all(_is_missing(cell) for cell in self.frame[name][np.isnan(values)])
        }

    @cached_property
    def labels(self) -> Mapping[str, tuple[str, ...]]:
        """Columns with text in them."""
        others = [name for name in self.names if name not in self.columns]
        return {name: tuple(self.frame[name].astype(str).str.strip()) for name in others}

    def numbers(self, names: Sequence[str]) -> pd.DataFrame:
        """Some columns as finite float64; ``attrs["units"]`` holds their units."""
        frame = pd.DataFrame({name: self._column(name) for name in map(self.known, names)})
        frame.attrs["units"] = {n: self.units[n] for n in frame.columns if n in self.units}
        return frame

    def split(
        self, target: str, inputs: Sequence[str] | None = None
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Inputs and target as numbers; the inputs are all other columns unless named."""
        return self.numbers(self._inputs(target, inputs)), self.numbers([target])

    def labelled(
        self, target: str, inputs: Sequence[str] | None = None
    ) -> tuple[pd.DataFrame, pd.Series]:
        """Inputs as numbers and the classes of a target as they stand; see `split`."""
        chosen = self._inputs(target, inputs)
        cells = self.frame[self.known(target)]
        empty = np.flatnonzero([_is_missing(cell) for cell in cells])
        if empty.size:
            raise self._bad_cell(target, empty, "the cell is empty", "fill it or remove the row")
        return self.numbers(chosen), cells.astype(str).str.strip()

    def _inputs(self, target: str, inputs: Sequence[str] | None) -> list[str]:
        """Names of the inputs beside a target, checked."""
        target = self.known(target, "target")
        others = [name for name in self.names if name != target]
        chosen = others if inputs is None else [self.known(name, "input") for name in inputs]
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

    def known(self, name: str, role: str = "input") -> str:
        """The name of a column, which may be given with its unit."""
        plain = name if name in self.names else split_unit(name)[0]
        if plain not in self.names:
            raise InputError(
                f"{self.path} has no column {shortened(name)!r} for the {role}: "
                f"{hint(name, self.names)}."
            )
        return plain

    def _column(self, name: str) -> np.ndarray:
        """One column as finite float64."""
        values = _as_numbers(self.frame[name])
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            raise self._bad_cell(name, bad, *_trouble(self.frame[name].iloc[int(bad[0])]))
        return values

    def _bad_cell(self, name: str, bad: np.ndarray, what: str, remedy: str) -> InputError:
        """The error about cells of a column, which names the first."""
        line = self.lines[bad[0]] if self.lines else int(bad[0]) + 1
        return InputError(
            f"{self.path}, {self.row_word} {line}, column {name!r}: {what} "
            f"({bad.size} such cells in this column); {remedy}."
        )


def _as_numbers(cells: pd.Series) -> Float[np.ndarray, " rows"]:
    """A column as float64, nan for what is no number; dates are none."""
    if cells.dtype.kind in "mM":
        return np.full(len(cells), np.nan)
    if cells.dtype == object:
        cells = cells.where([not hasattr(cell, "tzinfo") for cell in cells])
    if not pd.api.types.is_numeric_dtype(cells):
        cells = _without_words(cells)
    try:
        found = pd.to_numeric(cells, errors="coerce")
    except OverflowError:  # whole numbers beyond the largest floating-point one
        found = pd.to_numeric(cells.where([_is_float(cell) for cell in cells]), errors="coerce")
    return found.to_numpy(dtype=np.float64, na_value=np.nan)


def _without_words(cells: pd.Series) -> pd.Series:
    """A column of yes and no as 1 and 0; any other as it is."""
    words = {str(cell).strip().lower() for cell in cells if not _is_missing(cell)}
    pair = next((pair for pair in _ANSWERS if words and words <= pair.keys()), None)
    if pair is None:
        return cells
    return cells.map(lambda cell: cell if _is_missing(cell) else pair[str(cell).strip().lower()])


def _is_float(cell: Any) -> bool:
    """Whether a cell is a number, or text of one, that is not too large."""
    try:
        float(cell)
    except (OverflowError, TypeError, ValueError):
        return False
    return np.isfinite(float(cell))


def _is_missing(cell: Any) -> bool:
    return bool(pd.isna(cell)) or str(cell).strip().lower() in MISSING


def _trouble(cell: Any) -> tuple[str, str]:
    """What is wrong with a cell, and what to do about it."""
    if _is_missing(cell):
        return "the cell is empty", "fill it or remove the row"
    text = str(cell).strip()
    if text.lower().lstrip("+-") in {"inf", "infinity"}:
        return "the cell is infinite", "give a finite number or remove the row"
    return f"{text[:40]!r} is not a number", (
        "convert the column, leave it out of the inputs, or take it as groups (--groups) or, if it "
        "is the target, as classes (--classes)"
    )
