"""Values of the formula for the rows of another table: ``--predict NEW --out predicted.csv``."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kansym.shared.errors import InputError

if TYPE_CHECKING:
    from kansym.results.result import Extraction

__all__ = ["predictions_place", "write_predictions"]

_ENDINGS = (".csv", ".tsv")


def predictions_place(options: argparse.Namespace) -> str | None:
    """Where predictions go, which is then no place for a report; None if none are asked for."""
    if getattr(options, "predict", None) is None:
        return None
    if not options.out or Path(options.out).suffix.lower() not in _ENDINGS:
        raise InputError(
            "--predict needs a table to write: give --out predicted.csv (the report is made from "
            "the result: --json result.json, then kansym report)."
        )
    place, options.out = options.out, None
    return place


def write_predictions(
    result: "Extraction", table_path: str, decimal: str | None, place: str
) -> None:
    """Write the table with the values of the formula, and their standard errors if known.

    Parameters
    ----------
    result : its inputs are found among the columns by name.
    table_path, decimal : of the new rows, see `read_table`.
    place : where to write; tabs separate the cells of a .tsv file.
    """
    import numpy as np

    from kansym.shared.table_files import read_table
    from kansym.shared.whole_files import write_text

    table = read_table(table_path, decimal=decimal)
    values, errors = result.predict(table.numbers(result.input_names), return_std=True)
    columns: dict[str, Any] = {}
    pairs = zip(_columns(values), _columns(errors), strict=True)
    for name, (value, error) in zip(result.output_names, pairs, strict=True):
        title = f"{name}_predicted" if name in table.names else name
        columns[title] = value
        if np.isfinite(error).any() and np.any(error > 0):
            columns[f"{title}_stderr"] = error
    separator = "\t" if Path(place).suffix.lower() == ".tsv" else ","
    write_text(place, table.frame.assign(**columns).to_csv(index=False, sep=separator))


def _columns(values: Any) -> Any:
    """Columns of the values of one output or of several."""
    return values[None] if values.ndim == 1 else values.T
