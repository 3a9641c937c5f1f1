"""A formula of one form for all groups, with constants that are shared or of each group's own."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kansym.shared.errors import InputError
from kansym.shared.measured_numbers import measured_number
from kansym.shared.tables import as_table
from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.measurements.groups import column_names, without_groups

__all__ = ["Grouping", "own_name"]


def own_name(constant: str, label: str) -> str:
    """The name of a group's own constant."""
    return f"{constant}[{label}]"


@dataclass(frozen=True, eq=False)
class Grouping:
    """Which constants of a form the groups share, and which are each group's own.

    Attributes
    ----------
    form : the form of all groups, in inputs and constants.
    name, labels : of the column of groups, and of the groups.
    shared : constants that are the same in all groups.
    own : constants that each group has for itself; they are named ``a[label]``.
    equality : constant's name to the probability of such differences by chance, if it were the
        same in all groups; nan for a constant that was not tested.
    """

    form: Formula
    name: str
    labels: tuple[str, ...]
    shared: tuple[str, ...]
    own: tuple[str, ...]
    equality: Mapping[str, float]

    def of_group(self, label: str, constants: Sequence[Constant]) -> Formula:
        """The formula of one group, from the constants of all."""
        if label not in self.labels:
            raise InputError(f"There is no group {label!r}: there are {', '.join(self.labels)}.")
        known = {c.name: c for c in constants}
        found = tuple(
            replace(known[own_name(c.name, label)], name=c.name)
            if c.name in self.own
            else known.get(c.name, c)
            for c in self.form.constants
        )
        form = self.form
        return Formula(form.template, form.inputs, found, None, math.inf, form.curves)

    def extended(self, X: Any) -> np.ndarray:
        """The inputs, then a column for each group, from a table with the column of groups.

        Raises
        ------
        InputError
            If that column is missing, or holds a label that is none of the groups.
        """
        names = column_names(X)
        if self.name not in names:
            raise InputError(
                f"The formula has constants for each {self.name!r}: give a table with that column, "
                f"which holds {', '.join(self.labels)}."
            )
        labels = [str(label) for label in X[self.name]]
        stray = next((label for label in labels if label not in self.labels), None)
        if stray is not None:
            raise InputError(f"{stray!r} is none of the groups {', '.join(self.labels)}.")
        plain = without_groups(X, self.name)
        missing = next((name for name in self.form.used_inputs if name not in names), None)
        if missing is not None:
            raise InputError(f"The column {missing!r} of the formula is missing from the data.")
        columns = [plain[name] for name in self.form.inputs]
        inputs = as_table(np.column_stack(columns), "X", self.form.inputs).values
        place = np.array([self.labels.index(label) for label in labels])
        return np.hstack([inputs, np.eye(len(self.labels))[place]])

    def lines(self, constants: Sequence[Constant]) -> list[str]:
        """The constants as a table of text, a column for each group."""
        known = {c.name: measured_number(c.value, c.stderr) for c in constants}
        table = [["", *self.labels, ""]]
        for name in self.own:
            p = self.equality.get(name, math.nan)
            word = "" if math.isnan(p) else f"not the same, p = {p:.1g}"
            table.append([name, *(known[own_name(name, g)] for g in self.labels), word])
        for name in self.shared:
            p = self.equality.get(name, math.nan)
            word = "shared" if math.isnan(p) else f"shared: differences by chance, p = {p:.2g}"
            table.append([name, known[name], *[""] * (len(self.labels) - 1), word])
        widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
        return [
            "  " + "   ".join(f"{c:<{w}}" for c, w in zip(line, widths, strict=True)).rstrip()
            for line in table
        ]
