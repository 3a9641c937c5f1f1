"""What an edge may compute: a library function, the network's own curve, or nothing."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kansym.network.network import Edge
from kansym.programs.tabulated_curve import TabulatedCurve
from kansym.symbolic.library.candidate import Candidate

__all__ = ["ConstantFunction", "CurveFunction", "EdgeFunction"]


@dataclass(frozen=True, eq=False)
class CurveFunction:
    """The network's own curve in place of a library function, for an edge that none explains."""

    edge: Edge
    name: str
    scale_free: bool = False
    shift_free: bool = False

    @cached_property
    def curve(self) -> TabulatedCurve:
        """The curve as a table: evenly over the edge's range, in the edge's units."""
        x = np.linspace(self.edge.x.min(), self.edge.x.max(), 201)
        return TabulatedCurve(self.name, x, np.asarray(self.edge.function(x)))

    def numpy(self, u: np.ndarray) -> np.ndarray:
        """Values of the curve."""
        return self.curve(u)

    def derivative(self, u: np.ndarray) -> np.ndarray:
        """Slopes of the curve."""
        return self.curve.slope(u)


@dataclass(frozen=True)
class ConstantFunction:
    """An edge that carries nothing: it may be left out."""

    name: str = "constant"
    scale_free: bool = True
    shift_free: bool = True

    def numpy(self, u: np.ndarray) -> np.ndarray:
        """Zero."""
        return np.zeros_like(u)

    def derivative(self, u: np.ndarray) -> np.ndarray:
        """Zero."""
        return np.zeros_like(u)


EdgeFunction = Candidate | CurveFunction | ConstantFunction
"""Everything with a name, values and slopes in numpy, and flags for redundant constants."""
