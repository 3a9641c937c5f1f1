"""Tables that problems draw their rows from: files of the package or of users, computed ones."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from kansym.problems.knot_tables import mirrored_table
from kansym.problems.nuclear import mass_table
from kansym.shared.data_tables import DataTable
from kansym.shared.errors import InputError
from kansym.shared.table_files import read_table

__all__ = ["COMPUTED_TABLES", "DATA_FOLDER", "ProblemData", "problem_table"]

DATA_FOLDER = Path(__file__).parent / "data"

COMPUTED_TABLES: Mapping[str, Callable[[], DataTable]] = {
    "knots mirrored": mirrored_table,
    "masstable AME2012": mass_table,
}


@dataclass(frozen=True)
class ProblemData:
    """A measured or computed table: inputs, output, and what belongs to them.

    ``uncertainty`` is one standard deviation of each y, in its unit; ``labels`` are columns of
    text, such as names; ``groups`` number the rows that belong together in a split (mirror images,
    states of one matrix).
    """

    X: Float[np.ndarray, "rows inputs"]
    y: Float[np.ndarray, "rows"]
    inputs: tuple[str, ...]
    output: str
    units: Mapping[str, str]
    uncertainty: Float[np.ndarray, "rows"] | None = None
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups: Float[np.ndarray, "rows"] | None = None

    def __len__(self) -> int:
        return len(self.y)


def problem_table(
    place: str, problem: str, columns: Sequence[str | None], given: Mapping[str, str]
) -> ProblemData:
    """The table of a problem, rows without a value left out.

    Parameters
    ----------
    place : name of a table of the package or a computed one, or absolute path.
    problem : name of the problem, for messages.
    columns : inputs, output, then uncertainty and group, which may be None.
    given : units that the problem gives; the table may give others.
    """
    if place in COMPUTED_TABLES:
        table = COMPUTED_TABLES[place]()
    else:
        table = read_table(Path(place) if Path(place).is_absolute() else DATA_FOLDER / place)
    *wanted, uncertainty, group = columns
    wanted = [name for name in wanted if name is not None]
    for name in filter(None, columns):
        if name not in table.columns:
            raise InputError(
                f"Problem {problem!r} needs the numeric column {name!r}, but its table has "
                f"{', '.join(table.columns)}: mend the name."
            )
    values = np.column_stack([table.columns[name] for name in wanted])
    kept = np.isfinite(values).all(axis=1)
    if not kept.any():
        raise InputError(f"The table of {problem!r} has no complete row: fill its gaps.")

    def optional(name: str | None) -> Any:
        return None if name is None else table.columns[name][kept]

    units = {**table.units, **given}
    return ProblemData(
        values[kept, :-1],
        values[kept, -1],
        tuple(wanted[:-1]),
        wanted[-1],
        {name: units[name] for name in wanted if name in units},
        optional(uncertainty),
        {name: tuple(np.array(cells)[kept].tolist()) for name, cells in table.labels.items()},
        optional(group),
    )
