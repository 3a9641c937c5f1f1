"""What decides between formulas: error on rows, and bits of functions and constants.

The shortest description wins: bits of the residual plus bits of the functions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from kansym.shared.error_measures import rmse
from kansym.symbolic.choosing.edge_functions import EdgeFunction
from kansym.symbolic.choosing.symbolic_network import MARGIN, Refit, SymbolicNetwork
from kansym.symbolic.fitting.edge_fit import EdgeFit
from kansym.symbolic.fitting.fit import CONSTANT_BITS
from kansym.symbolic.library.candidate import Candidate

__all__ = ["Choice", "Judge", "Option"]

SMOOTH_ROWS = 60
"""Rows that count as independent against a network: residuals of smooth functions are smooth."""
TRIVIAL = (1e-6, 1e-2)
"""Bounds of the relative difference up to which a scale counts as 1, or a shift as 0: the error of
the formula between them."""
COUNTED_ROWS = 200
"""Rows that show the sizes that constants are compared with."""


@dataclass(frozen=True)
class Option:
    """One function that an edge may take, with constants to start from."""

    function: EdgeFunction
    constants: tuple[float, float, float, float]
    bits: float
    fit: EdgeFit | None
    engine: str = ""
    """The search engine that found it, if one did."""


@dataclass(frozen=True)
class Judge:
    """Rows that decide, and how much their error counts.

    Attributes
    ----------
    X, y : inputs (rows, inputs) and what the formula should give (rows, outputs).
    kind : ``"data"`` or ``"network"``.
    floor : relative error below which an improvement means nothing.
    weights : what each target counts, up to a factor for each output; all the same if None.
    """

    X: Float[np.ndarray, "rows inputs"]
    y: Float[np.ndarray, "rows outputs"]
    kind: str
    floor: float
    weights: Float[np.ndarray, "rows outputs"] | None = None

    @property
    def scale(self) -> Float[np.ndarray, "rows outputs"]:
        """What a residual is divided by: the spread of the output, more where little counts."""
        weights = np.ones(self.y.shape) if self.weights is None else self.weights
        weights = weights / weights.mean(axis=0)
        mean = (weights * self.y).mean(axis=0)
        spread = np.sqrt((weights * (self.y - mean) ** 2).mean(axis=0))
        return np.where(spread > 0, spread, 1.0) / np.sqrt(weights)

    def error(self, predicted: Float[np.ndarray, "rows outputs"]) -> float:
        """Root mean square of the residual over the spread; infinite if something is undefined."""
        value = rmse((predicted - self.y) / self.scale, np.zeros(1))
        return value if np.isfinite(value) else float("inf")

    @property
    def weight(self) -> float:
        """Independent rows: residuals against a network are smooth, so few of them are."""
        return float(len(self.X)) if self.kind == "data" else float(min(len(self.X), SMOOTH_ROWS))

    def length(self, error: float, bits: float) -> float:
        """Description length in bits of a formula with this relative error."""
        if not np.isfinite(error):
            return float("inf")
        return self.weight * float(np.log2(np.hypot(error, self.floor))) + bits

    def choice(
        self,
        picks: tuple[int, ...],
        options: Sequence[Option],
        symbolic: SymbolicNetwork,
        refit: Refit,
    ) -> "Choice":
        """Options that were refitted together, with the bits of what they have come to be."""
        options = _counted(options, symbolic, refit, self.X[:COUNTED_ROWS])
        bits = sum(option.bits for option in options)
        return Choice(picks, options, refit, bits, self.length(refit.error, bits))

    def hopeless(self, best: "Choice", more_bits: float) -> float:
        """Error early in a refit with which a choice of more or fewer bits cannot beat another."""
        saved = max(-more_bits / self.weight, 0.0)
        return MARGIN * max(best.error, self.floor) * 2.0**saved


@dataclass(frozen=True)
class Choice:
    """One option per edge, refitted together."""

    picks: tuple[int, ...]
    """Positions among the options offered; -1 for a function that is none of them."""
    options: tuple[Option, ...]
    refit: Refit
    bits: float
    length: float

    @property
    def error(self) -> float:
        """Relative error against the judge."""
        return self.refit.error


def _counted(
    options: Sequence[Option],
    symbolic: SymbolicNetwork,
    refit: Refit,
    X: Float[np.ndarray, "rows inputs"],
) -> tuple[Option, ...]:
    """With the bits of the constants that a refit has come to need.

    Those are scales and shifts before a function, and shifts after it if it is a factor. The scale
    of a hidden node is arbitrary, so that a scale of 1 after it is no simpler than any other; nor
    is a shift of 0 after a hidden sum, which has a bias of its own.
    """
    wiring = symbolic.wiring
    arguments, values = symbolic.curves(refit, X)
    near = float(np.clip(refit.error, *TRIVIAL))
    found = []
    for edge, (option, (a, b, _, d)) in enumerate(zip(options, refit.constants, strict=True)):
        function, fit = option.function, option.fit
        if not isinstance(function, Candidate) or fit is None:
            found.append(option)
            continue
        source, target = wiring.sources[edge], wiring.targets[edge]
        hidden, factor = source >= wiring.n_inputs, wiring.is_product[target]
        summed = hidden and not wiring.is_product[source]
        needed = (
            not function.scale_free and (hidden or abs(abs(a) - 1) > near),
            not function.shift_free and (summed or abs(b) > near * _size(arguments[:, edge] - b)),
            factor and abs(d) > near * _size(values[:, edge] - d),
        )
        shown = int(fit.constants[0] not in (1, -1)) + int(fit.constants[1] != 0)
        bits = fit.complexity + CONSTANT_BITS * (sum(needed) - shown)
        found.append(replace(option, bits=bits))
    return tuple(found)


def _size(values: Float[np.ndarray, " rows"]) -> float:
    """Largest absolute value."""
    return float(np.abs(values).max())
