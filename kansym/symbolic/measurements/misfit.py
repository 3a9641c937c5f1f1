"""What is squared and summed: residuals in units of their errors, with exact derivatives.

Each kind of error has its own: independent or correlated rows, errors on inputs, a loss that
outliers do not dominate.

References
----------
P. T. Boggs, R. H. Byrd, R. B. Schnabel, Orthogonal distance regression, doi:10.1137/0908085.
P. J. Huber, Robust estimation of a location parameter, doi:10.1214/aoms/1177703732.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from kansym.shared.row_errors import RowErrors
from kansym.symbolic.measurements.given_formula import GivenFormula

__all__ = ["DownWeighted", "Misfit", "OrthogonalDistance", "RowMisfit"]

_INNER_STEPS = 30
"""Steps of Gauss and Newton's towards the nearest point of the curve, for every row at once."""
_HALVINGS = 6


class Misfit(Protocol):
    """Residuals and their slopes by the free constants."""

    def residuals(self, constants: np.ndarray) -> np.ndarray:
        """Shape (rows,); not finite where the formula is undefined."""
        ...

    def jacobian(self, constants: np.ndarray) -> np.ndarray:
        """Shape (rows, constants)."""
        ...


@dataclass(frozen=True, eq=False)
class RowMisfit:
    """Errors in y: independent, or with a covariance matrix."""

    formula: GivenFormula
    errors: RowErrors

    def residuals(self, constants: np.ndarray) -> np.ndarray:
        left = self.formula.predicted(constants) - self.formula.y
        # Outside its domain the formula has no residual; solvers of triangles refuse nan.
        return self.errors.divided(left) if np.isfinite(left).all() else np.full_like(left, np.inf)

    def jacobian(self, constants: np.ndarray) -> np.ndarray:
        return self.errors.divided(self.formula.slopes(constants))


@dataclass(frozen=True, eq=False)
class DownWeighted:
    """A misfit whose rows count by further weights, shape (rows,)."""

    misfit: Misfit
    roots: np.ndarray

    def residuals(self, constants: np.ndarray) -> np.ndarray:
        return self.misfit.residuals(constants) * self.roots

    def jacobian(self, constants: np.ndarray) -> np.ndarray:
        return self.misfit.jacobian(constants) * self.roots[:, None]


@dataclass(frozen=True, eq=False)
class OrthogonalDistance:
    """Errors in y and in inputs: the distance from a row to the nearest point of the curve.

    For given constants each row has its own nearest point, found by itself; the slope of the
    distance by the constants is then that of the formula at that point, over the joint error.

    Attributes
    ----------
    formula, errors : as for `RowMisfit`.
    input_errors : input's name to the standard error in each row.
    """

    formula: GivenFormula
    errors: RowErrors
    input_errors: Mapping[str, np.ndarray]

    def residuals(self, constants: np.ndarray) -> np.ndarray:
        columns = self._nearest(constants)
        left = self.formula.predicted(constants, columns) - self.formula.y
        return left * self.errors.inverse * self._stretch(constants, columns)

    def jacobian(self, constants: np.ndarray) -> np.ndarray:
        columns = self._nearest(constants)
        share = self.errors.inverse / self._stretch(constants, columns)
        return self.formula.slopes(constants, None, columns) * share[:, None]

    def _steepness(self, constants: np.ndarray, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """Slopes by the inputs, in units of the errors of both, shape (rows, uncertain inputs)."""
        slopes = self.formula.slopes(constants, tuple(self.input_errors), columns)
        sizes = np.stack(list(self.input_errors.values()), axis=1)
        return slopes * sizes * self.errors.inverse[:, None]

    def _stretch(self, constants: np.ndarray, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """Distance over the vertical part of it at the nearest point."""
        return np.sqrt(1.0 + (self._steepness(constants, columns) ** 2).sum(axis=1))

    def _nearest(self, constants: np.ndarray) -> dict[str, np.ndarray]:
        """The inputs of the nearest point of the curve, row by row."""
        moved = np.zeros((len(self.formula.y), len(self.input_errors)))
        best = self._distance(constants, moved)
        for _ in range(_INNER_STEPS):
            columns = self._shifted(moved)
            steep = self._steepness(constants, columns)
            left = self.formula.predicted(constants, columns) - self.formula.y
            left = left * self.errors.inverse - (steep * moved).sum(axis=1)
            wanted = -steep * (left / (1.0 + (steep**2).sum(axis=1)))[:, None]
            step = np.where(np.isfinite(wanted), wanted - moved, 0.0)
            moved, best, gained = self._improved(constants, moved, step, best)
            if not gained:
                break
        return self._shifted(moved)

    def _improved(
        self, constants: np.ndarray, moved: np.ndarray, step: np.ndarray, best: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, bool]:
        """Each row as far along its step as brings it nearer."""
        share, worse = np.ones(len(step)), np.ones(len(step), dtype=bool)
        for _ in range(_HALVINGS):
            trial = moved + share[:, None] * step
            now = self._distance(constants, trial)
            worse = ~(now <= best)
            if not worse.any():
                break
            share[worse] /= 2
        share[worse] = 0.0
        moved = moved + share[:, None] * step
        now = self._distance(constants, moved)
        return moved, now, bool((best - now > 1e-14 * best).any())

    def _distance(self, constants: np.ndarray, moved: np.ndarray) -> np.ndarray:
        left = self.formula.predicted(constants, self._shifted(moved)) - self.formula.y
        return (left * self.errors.inverse) ** 2 + (moved**2).sum(axis=1)

    def _shifted(self, moved: np.ndarray) -> dict[str, np.ndarray]:
        """The columns with inputs moved by multiples of their errors."""
        pairs = zip(self.input_errors.items(), moved.T, strict=True)
        shifted = {name: self.formula.columns[name] + error * step for (name, error), step in pairs}
        return {**self.formula.columns, **shifted}
