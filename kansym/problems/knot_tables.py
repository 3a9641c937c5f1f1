"""The knot table that comes with kansym: all 2,977 knots with 3 to 12 crossings.

It was computed by `kansym.problems.knots.build_knots`, and is read without any of its packages.
Larger
tables, to 13 crossings, come from the same builder.
"""

import gzip
import math
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

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
    rows = pd.DataFrame(table.columns).to_dict("records")
    return tuple(map(_knot, table.labels["name"], rows))


def _knot(name: str, row: Mapping[Any, float]) -> Knot:
    whole = {key: None if math.isnan(row[key]) else int(row[key]) for key in _INTEGERS}
    values: dict[str, Any] = whole | {key: row[key] for key in _NUMBERS}
    values["alternating"] = bool(whole["alternating"])
    return Knot(name=name, **values)


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
    frame = pd.DataFrame([vars(knot) for _, knot in rows])
    numbers = frame[[*_INTEGERS, *_NUMBERS]].astype(float)
    numbers["knot"] = [float(number) for number, _ in rows]
    return DataTable("knots", pd.concat([frame["name"], numbers], axis=1))


def mirrored_table() -> DataTable:
    """The ready table with every mirror image."""
    return knot_table(ready_knots(), mirrors=True)


def as_csv(knots: Iterable[Knot]) -> bytes:
    """The compressed CSV text of a knot table, the same bytes for the same knots."""
    frame = pd.DataFrame([vars(knot) for knot in knots])
    whole = frame[list(_INTEGERS)].astype(float).astype("Int64")
    # An amphicheiral knot has exact zeros, which come out of floating point as about 1e-16.
    numbers = frame[list(_NUMBERS)].round(9) + 0.0
    table = pd.concat([frame["name"], whole, numbers], axis=1)
    text = table.to_csv(index=False, float_format="%.9g", lineterminator="\n")
    return gzip.compress((_HEADER + text).encode(), compresslevel=9, mtime=0)
