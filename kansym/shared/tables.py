"""Data as checked tables: numpy, pandas or torch in, finite float64 with column names out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from kansym.shared.errors import InputError

__all__ = ["Table", "as_table", "as_targets"]


@dataclass(frozen=True)
class Table:
    """Finite numbers with column names.

    Examples
    --------
    >>> table = as_table([[1, 2], [3, 4]], names=("a", "b"))
    >>> table.names, table.values.shape
    (('a', 'b'), (2, 2))
    """

    values: Float[np.ndarray, "rows columns"]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.values)


def _columns_of(data: Any, what: str) -> tuple[np.ndarray, tuple[str, ...] | None]:
    """A two-dimensional array and, for a table, data frame or series, its names."""
    if isinstance(data, Table):
        return data.values, data.names
    library = type(data).__module__.split(".")[0]
    names: tuple[str, ...] | None = None
    if library == "pandas":
        if data.ndim == 1:
            names = (str(data.name),) if data.name is not None else None
        else:
            names = tuple(str(name) for name in data.columns)
            _check_numeric(data, what)
        data = data.to_numpy()
    elif library == "torch":
        data = data.detach().cpu()
        data = (data if data.is_complex() else data.double()).numpy()
    try:
        if np.iscomplexobj(data):
            raise InputError(
                f"{what} has complex numbers: give real and imaginary parts as columns."
            )
        array = np.asarray(data, dtype=np.float64)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{what} is not a table of numbers ({error}): give an array or data frame with "
            "numeric columns only."
        ) from error
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2:
        raise InputError(
            f"{what} has {array.ndim} dimensions, expected 2 (rows, columns): reshape it."
        )
    return array, names


def _check_numeric(frame: Any, what: str) -> None:
    """Refuse duplicate and non-numeric columns of a data frame, by name."""
    names = [str(name) for name in frame.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{what} has several columns named {twice[0]!r}: rename all but one.")
    for name in frame.columns:
        if frame[name].dtype.kind not in "fiub":
            first = frame[name].iloc[0] if len(frame) else "nothing"
            raise InputError(
                f"Column {str(name)!r} of {what} is not numeric (it starts with {first!r}): "
                "convert it to numbers or leave it out."
            )


def as_table(data: Any, what: str = "X", names: Sequence[str] | None = None) -> Table:
    """Check inputs: two dimensions, at least one row and column, finite, distinct names.

    Parameters
    ----------
    data : numpy array, nested list, torch tensor, or pandas data frame; one-dimensional data
        is one column.
    what : what to call the data in errors.
    names : column names; those of a data frame by default, else ``x1, x2, ...``.

    Raises
    ------
    InputError
        Naming the first offending row and column.

    Examples
    --------
    >>> as_table(np.zeros((3, 2))).names
    ('x1', 'x2')
    """
    array, own = _columns_of(data, what)
    rows, columns = array.shape
    if rows == 0 or columns == 0:
        raise InputError(f"{what} is empty ({rows} rows, {columns} columns): give some data.")
    given = tuple(names) if names is not None else own
    found = given if given is not None else tuple(f"x{i + 1}" for i in range(columns))
    if len(found) != columns:
        raise InputError(
            f"{len(found)} names were given for the {columns} columns of {what}: "
            "give one name per column."
        )
    if len(set(found)) < columns:
        twice = next(name for name in found if found.count(name) > 1)
        raise InputError(f"{what} has several columns named {twice!r}: rename all but one.")
    bad = ~np.isfinite(array)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise InputError(
            f"{what} has {int(bad.sum())} cells that are not finite, the first in row {row} of "
            f"column {found[column]!r} ({array[row, column]}): remove or fill them."
        )
    return Table(array, found)


def as_targets(data: Any, n_rows: int, n_outputs: int | None = None) -> Table:
    """Check targets: as many rows as the inputs, at least two, and something that varies.

    Parameters
    ----------
    data : shape (rows,) or (rows, outputs).
    n_rows : rows of the inputs.
    n_outputs : outputs of the model, if one is to be trained.

    Examples
    --------
    >>> as_targets([1.0, 2.0], 2).names
    ('y',)
    """
    array, own = _columns_of(data, "y")
    columns = array.shape[1]
    default = ("y",) if columns == 1 else tuple(f"y{i + 1}" for i in range(columns))
    table = as_table(array, "y", own if own is not None else default)
    if len(table) != n_rows:
        raise InputError(f"X has {n_rows} rows but y has {len(table)}: give one target per row.")
    if n_outputs is not None and columns != n_outputs:
        raise InputError(
            f"y has {columns} columns but the model has {n_outputs} outputs: make them equal."
        )
    if n_rows < 2:
        raise InputError("One row was given: a function needs at least two, better some hundreds.")
    for name, column in zip(table.names, table.values.T, strict=True):
        largest = float(np.abs(column).max())
        if np.ptp(column) == 0:
            raise InputError(
                f"The target {name!r} is constant ({column[0]:g} in every row): "
                "there is nothing to learn."
            )
        if not (np.ptp(column) > 1e-150 and largest < 1e150):
            raise InputError(
                f"The target {name!r} has values of size {largest:.0e}, too far from 1 for "
                "double precision: choose another unit."
            )
    return table
