"""Rows as a search counts them: none at a pole, and copies of one another as one with a weight."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from kansym.extraction.split import errors_of
from kansym.shared.row_errors import row_errors
from kansym.shared.status import Finding, Status
from kansym.shared.tables import Table, as_targets, named_apart

__all__ = ["UsableRows"]


@dataclass(frozen=True, eq=False)
class UsableRows:
    """The rows that count, ``sigma`` or ``weights`` of them, and what is said about the others."""

    inputs: Table
    targets: Table
    errors: dict[str, Any]
    findings: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, inputs: Table, y: Any, errors: Mapping[str, Any]) -> "UsableRows":
        """Check rows; without errors of y those at a pole are left out.

        Examples
        --------
        >>> rows = UsableRows.of(
        ...     Table(np.array([[1.0], [2.0], [2.0]]), ("x",)),
        ...     np.array([3.0, 5.0, 5.0]),
        ...     {"sigma": None, "weights": None},
        ... )
        >>> len(rows.inputs), rows.errors["weights"]
        (2, array([1., 2.]))
        """
        findings = ()
        unknown = all(each is None for each in errors.values())
        poles = _poles(y) if unknown else np.zeros(0, dtype=bool)
        if poles.any() and len(poles) == len(inputs):
            inputs = replace(inputs, values=inputs.values[~poles])
            y = y[~poles] if isinstance(y, pd.DataFrame | pd.Series) else np.asarray(y)[~poles]
            detail = f"y is infinite on {poles.sum()} of {len(poles)} rows, which were left out"
            findings = (Finding(Status.OUTSIDE_DOMAIN, f"row {int(poles.argmax())}", detail),)
        targets = named_apart(as_targets(y, len(inputs)), inputs.names)
        errors_of(**errors, targets=targets)  # refuses those of several targets
        return cls(inputs, targets, dict(errors), findings)._without_copies()

    def _without_copies(self) -> "UsableRows":
        """Copies as one row with a weight, where equal inputs always have an equal y.

        Measurements that were repeated scatter; copies say nothing new, and a curve through all
        different rows would seem to be confirmed by them.
        """
        if self.errors["sigma"] is not None:
            return self
        rows = pd.DataFrame(self.inputs.values)
        repeated = rows.duplicated()
        if not repeated.any():
            return self
        place = rows.groupby(list(rows.columns), sort=False).ngroup().to_numpy()
        first = np.flatnonzero(~repeated.to_numpy())
        if not np.array_equal(self.targets.values, self.targets.values[first][place]):
            return self
        count = len(rows)
        weights = np.bincount(place, row_errors(count, None, self.errors["weights"]).inverse ** 2)
        detail = f"{count - len(first)} of {count} rows are copies of others"
        return UsableRows(
            replace(self.inputs, values=self.inputs.values[first]),
            replace(self.targets, values=self.targets.values[first]),
            {"sigma": None, "weights": weights if np.ptp(weights) > 0 else None},
            (*self.findings, Finding(Status.COPIED_ROWS, "rows", detail)),
        )


def _poles(y: Any) -> np.ndarray:
    """Rows where a target is infinite, as long as others are numbers (rows,)."""
    try:
        values = np.asarray(y, dtype=float)
    except (OverflowError, RuntimeError, TypeError, ValueError):
        return np.zeros(0, dtype=bool)  # which is refused with its reason
    if values.ndim not in (1, 2):
        return np.zeros(0, dtype=bool)
    infinite = np.any(np.isinf(values.reshape(len(values), -1)), axis=1)
    return np.asarray(infinite & (not infinite.all()))
