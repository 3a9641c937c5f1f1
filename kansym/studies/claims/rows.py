"""Settings of pieces of work, and what the rows that come of them hold."""

from collections.abc import Sequence
from functools import reduce
from itertools import product
from operator import getitem
from typing import Any

from kansym.studies.claims.claim import Row, Settings

__all__ = ["combinations", "rows_by", "rows_where", "values_of"]


def combinations(**settings: Any) -> list[Settings]:
    """All combinations of settings: lists and ranges hold choices, anything else is the same.

    Examples
    --------
    >>> combinations(seed=range(2), rows=100)
    [{'seed': 0, 'rows': 100}, {'seed': 1, 'rows': 100}]
    """
    choices = [value if isinstance(value, list | range) else [value] for value in settings.values()]
    return [dict(zip(settings, chosen, strict=True)) for chosen in product(*choices)]


def rows_where(rows: Sequence[Row], **values: Any) -> list[Row]:
    """The rows that have these values.

    Examples
    --------
    >>> rows_where([{"a": 1, "b": 2}, {"a": 2}], a=1)
    [{'a': 1, 'b': 2}]
    """
    return [row for row in rows if all(row.get(key) == value for key, value in values.items())]


def rows_by(rows: Sequence[Row], key: str) -> dict[Any, list[Row]]:
    """The rows by the value of one key, in the order in which the values occur."""
    values = dict.fromkeys(row[key] for row in rows if key in row)
    return {value: rows_where(rows, **{key: value}) for value in values}


def values_of(rows: Sequence[Row], *keys: str) -> list[Any]:
    """What every row holds under keys, one within the other; rows with None there are left out.

    Examples
    --------
    >>> values_of([{"error": {"kan": 0.1}}, {"error": {"kan": None}}], "error", "kan")
    [0.1]
    """
    found = [reduce(getitem, keys, row) for row in rows]
    return [value for value in found if value is not None]
