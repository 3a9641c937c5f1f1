"""Data as checked tables: numpy, pandas or torch in, finite float64 with column names out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from kansym.shared.errors import InputError
from kansym.shared.printable_text import shortened
from kansym.shared.units import is_unit

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Table", "as_table", "as_targets", "check_distinct", "named_apart", "output_names",
    "split_unit", "split_units", "tensor_values", "without_units",
]  # fmt: skip

_LARGEST = 1e150
"""Size of numbers whose squares are still finite."""
_LONGEST_NAME = 200
# A unit behind a name, in brackets or, with a space before it, in parentheses.
_WITH_UNIT = re.compile(r"(\S.*?)(?:\s*\[([^\[\]]*)\]|\s+\(([\w\s*/^.·°%µΩ+-]{1,40})\))\s*")
# The quotient of quantity and unit that ISO 80000 prefers: t / s, c / (mol/L); tight as U/V only
# for a symbol of one letter that is no unit itself, for m/s is one and V/m may be.
_OVER_UNIT = re.compile(r"(\S.*?)(?:\s+/\s*|\s*/\s*(?=\())(.{1,40}?)\s*")
_TIGHT = re.compile(r"([^\W\d_mgskKVANJW](?:_?\w+)?)/([^\W\d_]{2,}|[smgKVAJW])\s*")
_SYMBOL = re.compile(r"[^\W\d_](?:\d+|_\w+)?")


@dataclass(frozen=True)
class Table:
    """Finite numbers with column names, and the units of columns that have one.

    Examples
    --------
    >>> table = as_table([[1, 2], [3, 4]], names=("a", "b"))
    >>> table.names, table.values.shape, table.units
    (('a', 'b'), (2, 2), {})
    """

    values: Float[np.ndarray, "rows columns"]
    names: tuple[str, ...]
    units: Mapping[str, str] = field(default_factory=dict)

    def frame(self) -> "pd.DataFrame":
        """The numbers with the column names."""
        import pandas as pd

        return pd.DataFrame(self.values, columns=list(self.names))

    def __len__(self) -> int:
        return len(self.values)


def split_unit(name: str) -> tuple[str, str]:
    """A column's name and its unit, which is empty if there is none.

    Examples
    --------
    >>> split_unit("v [m/s]"), split_unit("L (m)"), split_unit("f(x)")
    (('v', 'm/s'), ('L', 'm'), ('f(x)', ''))
    >>> split_unit("c / (mol/L)"), split_unit("U/V"), split_unit("x/y"), split_unit("km/h")
    (('c', 'mol/L'), ('U', 'V'), ('x/y', ''), ('km/h', ''))
    """
    if "/" in name and (found := _over_unit(name)) is not None:
        return found
    found = _WITH_UNIT.fullmatch(name)
    return (found[1], (found[2] or found[3] or "").strip()) if found else (name, "")


def _over_unit(name: str) -> tuple[str, str] | None:
    """Quantity and unit of a name that is their quotient; None if it is not."""
    found = _OVER_UNIT.fullmatch(name) or _TIGHT.fullmatch(name)
    if found is None or (found.re is _TIGHT and not _SYMBOL.fullmatch(found[1])):
        return None
    unit = found[2].strip()
    unit = unit[1:-1].strip() if unit.startswith("(") and unit.endswith(")") else unit
    return (found[1], unit) if is_unit(unit) else None


def split_units(names: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Names without their units, and the units; names that would be equal keep theirs."""
    pairs = [split_unit(name) for name in names]
    plain = [name for name, _ in pairs]
    if len(set(plain)) < len(plain):
        return list(names), {}
    return plain, {name: unit for name, unit in pairs if unit}


def without_units(data: Any) -> Any:
    """A data frame whose columns are named without their units; anything else as it is."""
    if type(data).__module__.split(".")[0] != "pandas" or data.ndim != 2:
        return data
    names, units = split_units([str(name) for name in data.columns])
    if not units:
        return data
    found = data.set_axis(names, axis=1)
    found.attrs["units"] = {**data.attrs.get("units", {}), **units}
    return found


def _columns_of(
    data: Any, what: str
) -> tuple[np.ndarray, tuple[str, ...] | None, Mapping[str, str]]:
    """A two-dimensional array and, for a table, data frame or series, its names and units."""
    if isinstance(data, Table):
        return data.values, data.names, data.units
    if isinstance(data, Mapping):
        data = _frame_of(data, what)
    library = type(data).__module__.split(".")[0]
    names: tuple[str, ...] | None = None
    units: Mapping[str, str] = {}
    if library == "pandas" and hasattr(data, "to_frame" if data.ndim == 1 else "columns"):
        frame = without_units(data.infer_objects().to_frame() if data.ndim == 1 else data)
        if data.ndim == 2 or data.name is not None:
            names, units = tuple(map(str, frame.columns)), frame.attrs.get("units", {})
        _check_numeric(frame, what)
        data = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    elif library == "torch":
        data = tensor_values(data, what)
    array = _as_floats(data, what)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2:
        raise InputError(
            f"{what} has {array.ndim} dimensions, expected 2 (rows, columns): reshape it."
        )
    return array, names, units


def _frame_of(columns: Mapping[Any, Any], what: str) -> "pd.DataFrame":
    """A data frame of named columns."""
    import pandas as pd

    try:
        return pd.DataFrame(dict(columns))
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{what} is no table ({shortened(str(error), 200)}): give columns of equal lengths."
        ) from error


def tensor_values(data: Any, what: str) -> np.ndarray:
    """The numbers of a torch tensor, in double precision if they are no whole numbers.

    Raises
    ------
    InputError
        If it holds none, or not as a plain array.
    """
    try:
        data = data.detach().cpu()
        return (data.double() if data.is_floating_point() else data).numpy()
    # torch's own refusals: of sparse and quantised ones, of nested ones, of those without data.
    except (TypeError, RuntimeError) as error:
        kind = getattr(data, "layout", None) or type(data).__name__
        raise InputError(
            f"{what} is a torch tensor without a plain array of numbers ({kind}, on "
            f"{getattr(data, 'device', 'no device')}): give a dense one, by to_dense() or "
            "dequantize()."
        ) from error


def _as_floats(data: Any, what: str) -> np.ndarray:
    """Real numbers in double precision; masked cells become nan, dates are none."""
    try:
        if np.iscomplexobj(data):
            raise InputError(
                f"{what} has complex numbers: give real and imaginary parts as columns."
            )
        if np.asarray(data).dtype.kind in "mM":
            raise InputError(
                f"{what} has dates or durations: give numbers, such as seconds since the first."
            )
        if hasattr(data, "toarray"):
            raise InputError(f"{what} is a sparse matrix: give {what}.toarray().")
        if isinstance(data, np.ma.MaskedArray):
            data = np.ma.filled(data.astype(np.float64), np.nan)
        return np.asarray(data, dtype=np.float64)
    except InputError:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        classes = " or, for classes, loss='cross-entropy'" if what == "y" else ""
        raise InputError(
            f"{what} is not a table of numbers ({shortened(str(error), 200)}): give an array or "
            f"data frame with numeric columns only{classes}."
        ) from error


def _check_numeric(frame: Any, what: str) -> None:
    """Refuse duplicate and non-numeric columns of a data frame, by name."""
    names = [str(name) for name in frame.columns]
    check_distinct(names, what)
    for name in frame.columns:
        if frame[name].dtype.kind not in "fiub":
            raise InputError(
                f"Column {str(name)!r} of {what} is not numeric ({_first_text(frame[name])}): "
                "convert it to numbers or leave it out."
            )


def _first_text(column: Any) -> str:
    """Where a column first holds what is no number, in words."""
    for row, value in enumerate(column):
        try:
            float(value)
        except OverflowError:
            return f"row {row} holds a number beyond 1e308"
        except (TypeError, ValueError):
            return f"row {row} holds {value!r}"
    return f"it holds {column.iloc[0]!r} as text" if len(column) else "it is empty"


def check_distinct(names: Sequence[str], what: str) -> None:
    """Refuse columns of one name, and names that nobody could read."""
    long = next((name for name in names if len(name) > _LONGEST_NAME), None)
    if long is not None:
        raise InputError(
            f"A column of {what} has a name of {len(long)} characters, {long[:30]!r} and so on: "
            "rename it."
        )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{what} has several columns named {twice!r}: rename all but one.")


def as_table(data: Any, what: str = "X", names: Sequence[str] | None = None) -> Table:
    """Check inputs: two dimensions, at least one row and column, finite, distinct names.

    Parameters
    ----------
    data : numpy array, nested list, torch tensor, or pandas data frame; one-dimensional data
        is one column.
    what : what to call the data in errors.
    names : column names; those of a data frame by default, else ``x1, x2, ...``.

    Examples
    --------
    >>> as_table(np.zeros((3, 2))).names
    ('x1', 'x2')
    """
    array, own, units = _columns_of(data, what)
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
    check_distinct(found, what)
    bad = ~np.isfinite(array)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        of_column = "" if given is None and what == "y" else f" of column {found[column]!r}"
        raise InputError(
            f"{what} has {int(bad.sum())} cells that are not finite, the first in row {row}"
            f"{of_column} ({array[row, column]}): remove or fill them."
        )
    largest = np.abs(array).max(axis=0)
    outside = (largest > _LARGEST) | ((largest < 1 / _LARGEST) & (largest > 0))
    if outside.any():
        far = int(outside.argmax())
        raise InputError(
            f"Column {found[far]!r} of {what} has values of size {largest[far]:.0e}, too far from "
            "1 for double precision: choose another unit."
        )
    return Table(array, found, units if found == own else {})


def output_names(width: int, inputs: Sequence[str] = ()) -> tuple[str, ...]:
    """``y``, or ``y1``, ``y2``, ..., with underscores in front if an input has that name."""
    names = ("y",) if width == 1 else tuple(f"y{i + 1}" for i in range(width))
    while set(names) & set(inputs):
        names = tuple(f"_{name}" for name in names)
    return names


def named_apart(targets: Table, inputs: Sequence[str]) -> Table:
    """Targets under names of their own, where an input has one of theirs."""
    if not set(targets.names) & set(inputs):
        return targets
    return Table(targets.values, output_names(len(targets.names), inputs))


def as_targets(data: Any, n_rows: int, n_outputs: int | None = None) -> Table:
    """Check targets: as many rows as the inputs, at least two, and something that varies.

    Examples
    --------
    >>> as_targets([1.0, 2.0], 2).names
    ('y',)
    """
    array, own, units = _columns_of(data, "y")
    columns = array.shape[1]
    default = output_names(columns)
    table = replace(as_table(array, "y", own if own is not None else default), units=units)
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
        if not (np.ptp(column) > 1 / _LARGEST and largest < _LARGEST):
            raise InputError(
                f"The target {name!r} has values of size {largest:.0e}, too far from 1 for "
                "double precision: choose another unit."
            )
    return table
