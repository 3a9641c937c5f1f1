"""Rows in groups, such as those of each planet: their labels, and a column for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint

__all__ = ["Groups", "column_names", "without_groups"]

_MOST = 50
"""Groups beyond which a column is rather a measured one."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Which group each row belongs to.

    Attributes
    ----------
    name : of the column of labels.
    labels : of the groups, in order of appearance.
    place : position of each row's group in ``labels``, shape (rows,).
    """

    name: str
    labels: tuple[str, ...]
    place: np.ndarray

    @classmethod
    def of(cls, groups: Any, X: Any, rows: int) -> Self:
        """Read labels from the name of a column of X, or from one label for each row.

        Raises
        ------
        InputError
            If there is no such column, or there are missing labels, too many groups or but one.
        """
        name, given = str(getattr(groups, "name", None) or "group"), groups
        if isinstance(groups, str):
            name, given = groups, _column(X, groups)
        labels = np.asarray(given, dtype=object).ravel()
        if len(labels) != rows:
            raise InputError(f"groups= has {len(labels)} labels but there are {rows} rows.")
        missing = [i for i, label in enumerate(labels) if label is None or label != label]
        if missing:
            raise InputError(
                f"The group is missing in row {missing[0]} ({len(missing)} such rows): fill it in "
                "or leave those rows out."
            )
        texts = [str(label) for label in labels]
        different = tuple(dict.fromkeys(texts))
        if len(different) < 2:
            label = ", ".join(map(repr, different)) or "none"
            raise InputError(f"All rows are in one group, {label}: leave groups= out.")
        if len(different) > _MOST:
            raise InputError(
                f"groups={name!r} has {len(different)} groups: give a column of at most {_MOST}."
            )
        place = {label: i for i, label in enumerate(different)}
        return cls(name, different, np.array([place[text] for text in texts]))

    def columns(self) -> np.ndarray:
        """1 where a row is in the group, else 0, shape (rows, groups)."""
        return np.eye(len(self.labels))[self.place]

    @property
    def count(self) -> int:
        """How many groups there are."""
        return len(self.labels)

    @property
    def counts(self) -> dict[str, int]:
        """Rows of each group."""
        sizes = np.bincount(self.place, minlength=len(self.labels))
        return dict(zip(self.labels, sizes.tolist(), strict=True))


def without_groups(X: Any, groups: Any) -> Any:
    """X without the column of labels, if that is one of X."""
    if not isinstance(groups, str):
        return X
    if isinstance(X, Mapping):
        return {name: column for name, column in X.items() if name != groups}
    return X.drop(columns=[groups]) if hasattr(X, "drop") else X


def column_names(X: Any) -> list[str]:
    """Names of the columns of a table; none of plain arrays."""
    return [str(name) for name in getattr(X, "columns", X if isinstance(X, Mapping) else ())]


def _column(X: Any, name: str) -> Any:
    names = column_names(X)
    if name not in names:
        raise InputError(
            f"groups={name!r} is no column of X: "
            + (hint(name, names) if names else "give one label for each row")
            + "."
        )
    return X[name]
