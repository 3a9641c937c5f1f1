"""The knot table that comes with kansym: all 2,977 knots with 3 to 12 crossings.

It was computed by `kansym.problems.knots.build_knots`, and is read without any of its packages.
Larger
tables, to 13 crossings, come from the same builder.
"""

import csv
import gzip
import io
import math
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kansym.problems.knots import Knot, mirror
from kansym.shared.data_tables import DataTable
from kansym.shared.table_files import read_table

__all__ = ["as_csv", "knot_table", "mirrored_table", "ready_knots"]

_INTEGERS = ("crossings", "alternating", "signature", "determinant", "symmetry_order")
_NUMBERS = (
    "slope",
    "volume",
    "chern_simons",
    "longitudinal_translation",
    "meridional_translation_real",
    "meridional_translation_imag",
    "cusp_volume",
)
_HEADER = """\
# title: invariants of the knots with 3 to 12 crossings
# source: computed with SnapPy 3.3 (M. Culler et al., snappy.computop.org) and spherogram 2.4 from \
the planar diagrams of KnotInfo (C. Livingston, A. H. Moore, knotinfo.org)
# output: signature
# geometric invariants are absent for torus knots
"""


@cache
def ready_knots() -> tuple[Knot, ...]:
    """The knots that come with the package.

    Examples
    --------
    >>> len(ready_knots()), str(ready_knots()[1])
    (2977, '4_1: signature 0, volume 2.029883')
    """
    table = read_table(Path(__file__).parent / "data" / "knots.csv.gz")
    names = table.labels["name"]
    return tuple(_knot(name, table.columns, row) for row, name in enumerate(names))


def _knot(name: str, columns: Mapping[str, np.ndarray], row: int) -> Knot:
    whole = {
        column: None if math.isnan(columns[column][row]) else int(columns[column][row])
        for column in _INTEGERS
    }
    numbers: dict[str, Any] = {column: float(columns[column][row]) for column in _NUMBERS}
    return Knot(
        name,
        whole["crossings"] or 0,
        bool(whole["alternating"]),
        whole["signature"],
        whole["determinant"],
        symmetry_order=whole["symmetry_order"],
        **numbers,
    )


def knot_table(knots: Iterable[Knot], *, mirrors: bool = False) -> DataTable:
    """Knots as columns of numbers.

    Parameters
    ----------
    knots : from `ready_knots` or `kansym.problems.knots.build_knots`.
    mirrors : also add each mirror image. The chirality of published tables is arbitrary and
        skewed, so that without mirror images inputs look informative where symmetry forbids it.

    Returns
    -------
    A table whose column ``knot`` is the same for a knot and its mirror image: keep them together
    when rows are split.

    Examples
    --------
    >>> table = knot_table(ready_knots()[:3], mirrors=True)
    >>> table.labels["name"]
    ('3_1', 'm3_1', '4_1', 'm4_1', '5_1', 'm5_1')
    >>> table.columns["signature"].astype(int)
    array([-2,  2,  0,  0, -4,  4])
    """
    rows = [
        (number, image)
        for number, knot in enumerate(knots)
        for image in ((knot, mirror(knot)) if mirrors else (knot,))
    ]
    columns = {
        name: np.array([_float(getattr(knot, name)) for _, knot in rows])
        for name in (*_INTEGERS, *_NUMBERS)
    }
    columns["knot"] = np.array([float(number) for number, _ in rows])
    names = [knot.name for _, knot in rows]
    return DataTable("knots", pd.DataFrame({"name": names, **columns}))


def _float(value: float | int | None) -> float:
    return math.nan if value is None else float(value)


def mirrored_table() -> DataTable:
    """The ready table with every mirror image."""
    return knot_table(ready_knots(), mirrors=True)


def as_csv(knots: Iterable[Knot]) -> bytes:
    """The compressed CSV text of a knot table, the same bytes for the same knots."""
    text = io.StringIO()
    text.write(_HEADER)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("name", *_INTEGERS, *_NUMBERS))
    for knot in knots:
        # An amphicheiral knot has exact zeros, which come out of floating point as about 1e-16.
        numbers = [f"{round(getattr(knot, name), 9) + 0.0:.9g}" for name in _NUMBERS]
        whole = ["" if (v := getattr(knot, name)) is None else int(v) for name in _INTEGERS]
        writer.writerow((knot.name, *whole, *(n if n != "nan" else "" for n in numbers)))
    return gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0)
