"""The gradient of a target where it is trusted, and what is read off columns of it."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from kansym.symbolic.laws.reduced import Reduced
from kansym.symbolic.laws.smooth import Smooth
from kansym.symbolic.laws.targets import Target

__all__ = ["Slope", "bent", "explained", "near_fraction", "shares", "shares_of_two"]

_TIMES_ERROR = 30.0
"""Relative error of derivatives over that of values, about."""
_STRICT, _SEPARATE = 0.02, 0.15
"""Least and largest part of a derivative that may be left where structure explains it."""
_LARGEST_POWER = 6.2
_NEAR = 0.07
"""Distance of an exponent from the fraction that it is taken for."""


@dataclass(frozen=True, eq=False)
class Slope:
    """Quantities, target and gradient on rows where the gradient is trusted."""

    x: Float[np.ndarray, "rows quantities"]
    z: Float[np.ndarray, " rows"]
    gradient: Float[np.ndarray, "rows quantities"]
    error: float

    @classmethod
    def of(cls, state: Reduced, fit: Smooth) -> "Slope":
        """On the trusted rows."""
        kept = np.flatnonzero(fit.trusted)
        return cls(state.quantities.values[kept], state.rest[kept], fit.gradient[kept], fit.error)

    @property
    def loose(self) -> float:
        """Relative error of derivatives that a structure may have."""
        return float(np.clip(_TIMES_ERROR * self.error, _STRICT, _SEPARATE))


def bent(fit: Smooth, target: Target, z: np.ndarray) -> Smooth:
    """The smooth fit of a function of the target, by the chain rule."""
    slope = target.slope(z[: len(fit.gradient)])
    trusted = fit.trusted & np.isfinite(slope)
    gradient = np.nan_to_num(fit.gradient * slope[:, None])
    return replace(fit, gradient=gradient, trusted=trusted)


def explained(slope: np.ndarray, basis: np.ndarray) -> tuple[float, float]:
    """Part of a derivative that a multiple of a column leaves, and the multiple."""
    if not np.isfinite(basis).all():
        return np.inf, 0.0
    with np.errstate(all="ignore"):
        weight = float(slope @ basis / max(float(basis @ basis), 1e-300))
        size = float(np.linalg.norm(slope))
        left = float(np.linalg.norm(slope - weight * basis)) / size if size else np.inf
    return (left if np.isfinite(left) else np.inf), weight


def shares(
    slope: Float[np.ndarray, " rows"], columns: Float[np.ndarray, "rows columns"]
) -> tuple[Float[np.ndarray, " columns"], Float[np.ndarray, " columns"]]:
    """Part of a derivative that a multiple of each column leaves, and the multiples."""
    with np.errstate(all="ignore"):
        along, size = slope @ columns, np.einsum("rc,rc->c", columns, columns)
        weights = along / size
        left = 1 - weights * along / float(slope @ slope)
    return np.sqrt(np.maximum(np.nan_to_num(left, nan=np.inf), 0.0)), weights


def shares_of_two(
    slope: Float[np.ndarray, " rows"],
    columns: Float[np.ndarray, "rows columns"],
    beside: Float[np.ndarray, " rows"],
) -> tuple[Float[np.ndarray, " columns"], Float[np.ndarray, "columns 2"]]:
    """The same of each column with one that stands beside all, and both weights."""
    with np.errstate(all="ignore"):
        a, b, c = np.einsum("rc,rc->c", columns, columns), beside @ columns, float(beside @ beside)
        p, q = slope @ columns, float(slope @ beside)
        determinant = a * c - b**2
        determinant = np.where(determinant > _DEPENDENT * a * c, determinant, np.nan)
        weights = np.stack([c * p - b * q, a * q - b * p], axis=1) / determinant[:, None]
        left = 1 - (weights[:, 0] * p + weights[:, 1] * q) / float(slope @ slope)
    return np.sqrt(np.maximum(np.nan_to_num(left, nan=np.inf), 0.0)), weights


_DEPENDENT = 1e-12
"""Square of the sine of the angle between columns that are one."""


def near_fraction(value: float) -> float:
    """The near fraction of small denominator, nan if there is none or it is large."""
    if not abs(value) <= _LARGEST_POWER:
        return float("nan")
    for denominator in (1, 2, 3):
        rounded = round(value * denominator) / denominator
        if abs(value - rounded) < _NEAR / denominator * max(1.0, abs(rounded) / 2):
            return rounded
    return float("nan")
