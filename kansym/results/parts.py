"""The parts of a result, and what its printers ask of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from kansym.network.network import Edge, Network
from kansym.shared.status import Finding
from kansym.symbolic.fitting.edge_fit import EdgeFit
from kansym.symbolic.formulas.class_boundaries import Boundary
from kansym.symbolic.formulas.formula import Formula

__all__ = [
    "EdgeReport",
    "Fidelity",
    "FrontPoint",
    "MeasuredRows",
    "Provenance",
    "Reading",
    "Result",
]


@dataclass(frozen=True)
class FrontPoint:
    """A formula on the Pareto front of error against complexity.

    Attributes
    ----------
    formulas : one per output.
    complexity : bits.
    error : root-mean-square error against the judge over the spread of the output.
    selected : whether this is the formula of the result.
    chi2, freedom, bic : sum of the squared residuals over all measured rows in units of their
        errors, degrees of freedom and Schwarz' criterion, summed over outputs; None without data.
    """

    formulas: tuple[Formula, ...]
    complexity: float
    error: float
    selected: bool = False
    chi2: float | None = None
    freedom: int | None = None
    bic: float | None = None


@dataclass(frozen=True)
class EdgeReport:
    """What was found on one edge.

    Attributes
    ----------
    edge : the traced edge with its curve.
    fit : the chosen function with its own best constants; None if the edge stays a curve.
    alternatives : other functions that fit, best first.
    margin : bits by which the chosen function leads the best of another kind.
    finding : what is doubtful about it, if anything.
    """

    edge: Edge
    fit: EdgeFit | None
    alternatives: tuple[EdgeFit, ...]
    margin: float
    finding: Finding | None = None

    @property
    def name(self) -> str:
        """The edge as ``source -> target``."""
        return f"{self.edge.source} -> {self.edge.target}"

    def __str__(self) -> str:
        return f"{self.name}: {self.fit if self.fit is not None else 'no library function'}"


@dataclass(frozen=True)
class Fidelity:
    """How well the formula agrees with the network and with the data, on unused rows if any.

    Attributes
    ----------
    judge : ``"data"`` or ``"network"``: what the choice was made by.
    rows, held_out_rows : rows used for the choice, and rows on which these figures were made.
    rmse_network, r2_network : formula against network; the error in units of the output.
    rmse_data, r2_data : formula against data, if data were given.
    noise : spread of the residual of the data, relative to the spread of the output.
    right, right_network : share of rows that formula and network put in the right class, if the
        labels of classes were given.
    """

    judge: str
    rows: int
    held_out_rows: int
    rmse_network: float
    r2_network: float
    rmse_data: float | None = None
    r2_data: float | None = None
    noise: float | None = None
    right: float | None = None
    right_network: float | None = None


@dataclass(frozen=True, eq=False)
class MeasuredRows:
    """Rows of the table that a formula was found for, in their order; some of very many.

    Attributes
    ----------
    X, y : inputs and data.
    sigma : standard errors of the data, if they were given.
    units : of inputs and outputs, by name; those that are known.
    """

    X: Float[np.ndarray, "rows inputs"]
    y: Float[np.ndarray, "rows outputs"]
    sigma: Float[np.ndarray, " rows"] | None = None
    units: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.X)

    def thinned(self, most: int) -> "MeasuredRows":
        """At most so many rows, evenly spaced."""
        if len(self) <= most:
            return self
        kept = np.linspace(0, len(self) - 1, most).round().astype(int)
        sigma = None if self.sigma is None else self.sigma[kept]
        return MeasuredRows(self.X[kept], self.y[kept], sigma, self.units)

    def labelled(self, name: str) -> str:
        """A name with its unit, as at the head of a column: ``L [m]``."""
        return f"{name} [{self.units[name]}]" if self.units.get(name) else name


@dataclass(frozen=True)
class Reading:
    """One way in which a formula was sought, and how it fared.

    Attributes
    ----------
    kind : ``"weights"``, what is written in the network; ``"function"``, what it computes; or
        ``"data"``, the rows alone.
    complexity : bits of the formula; None if there was none.
    error : relative error against the judge; None if there was no formula.
    seconds : that it took.
    words : why it was chosen or not.
    """

    kind: str
    complexity: float | None
    error: float | None
    seconds: float
    words: str = ""

    def __str__(self) -> str:
        if self.complexity is None or self.error is None:
            return f"by {self.kind}: {self.words or 'no formula'} ({self.seconds:.1f} s)"
        reason = f"; {self.words}" if self.words else ""
        return (
            f"by {self.kind}: {self.complexity:.0f} bits, relative error {self.error:.1e} "
            f"({self.seconds:.1f} s){reason}"
        )


@dataclass(frozen=True)
class Provenance:
    """Where a result came from, enough to make it again.

    Attributes
    ----------
    readings : the ways in which it was sought, the one that was chosen first.
    """

    model: str
    parameters: int
    settings: dict[str, Any]
    versions: dict[str, str]
    seconds: dict[str, float]
    seed: int
    created: str
    references: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, if labels were given."""
        return tuple(self.settings.get("classes", ()))


@runtime_checkable
class Result(Protocol):
    """What the printers of a result read; `kansym.Extraction` has it."""

    @property
    def formulas(self) -> tuple[Formula, ...]: ...
    @property
    def front(self) -> tuple[FrontPoint, ...]: ...
    @property
    def edges(self) -> tuple[EdgeReport, ...]: ...
    @property
    def network(self) -> Network: ...
    @property
    def fidelity(self) -> Fidelity: ...
    @property
    def status(self) -> tuple[Finding, ...]: ...
    @property
    def provenance(self) -> Provenance: ...
    @property
    def input_names(self) -> tuple[str, ...]: ...
    @property
    def output_names(self) -> tuple[str, ...]: ...
    @property
    def data(self) -> MeasuredRows | None: ...

    def boundaries(self) -> tuple[Boundary, ...]: ...
