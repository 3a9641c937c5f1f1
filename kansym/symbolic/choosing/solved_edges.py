"""What one edge would have to be for a formula to agree with its judge, all else as it is."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from kansym.symbolic.choosing.judge import Choice, Judge
from kansym.symbolic.choosing.symbolic_network import Refit, SymbolicNetwork
from kansym.symbolic.choosing.wiring import Wiring
from kansym.symbolic.fitting.edge_fit import EdgeFit
from kansym.symbolic.fitting.fit import fit_curves
from kansym.symbolic.library.candidate import Candidate
from kansym.symbolic.library.library import Library

__all__ = ["SolvedEdge", "solved", "symbolic_of", "varies"]

Array = np.ndarray
INSENSITIVE = 1e-4
"""Share of the largest weight below which a row says nothing about an edge."""
ROWS = 400
"""Rows for which the values of an edge are solved for."""


@dataclass(frozen=True, eq=False)
class SolvedEdge:
    """Arguments of an edge, the values that it needs and those that it has, and weights.

    The weights make an error of the edge count as the error that it makes in the formula.
    """

    x: Float[Array, " rows"]
    y: Float[Array, " rows"]
    own: Float[Array, " rows"]
    weight: Float[Array, " rows"]

    @property
    def error(self) -> float:
        """Relative error of what the edge is now."""
        weight, y = self.weight / self.weight.sum(), self.y
        spread = weight @ (y - weight @ y) ** 2
        return float(np.sqrt(weight @ (y - self.own) ** 2 / spread))

    def fits(
        self,
        library: Collection[Candidate],
        *,
        top: int,
        floor: float,
        stop: Callable[[], bool],
    ) -> list[EdgeFit]:
        """Functions of a library fitted to the values that the edge needs, the best first."""
        curve = self.x[None], self.y[None], self.weight[None]
        found = fit_curves(*curve, Library(list(library)), top=top, floor=floor, stop=stop)[0]
        return [fit for fit in found if fit.candidate in library]


def symbolic_of(wiring: Wiring, choice: Choice) -> SymbolicNetwork:
    """The functions of a choice on their edges."""
    return SymbolicNetwork(wiring, [option.function for option in choice.options])


def solved(
    wiring: Wiring,
    choice: Choice,
    judge: Judge,
    edge: int,
    *,
    fewest: int,
    refit: Refit | None = None,
) -> SolvedEdge | None:
    """The values that an edge needs, for a formula of one output; None if too few rows tell.

    Parameters
    ----------
    fewest : rows that have to tell.
    refit : constants in place of those of the choice.
    """
    symbolic, refit = symbolic_of(wiring, choice), refit or choice.refit
    X, y, scale = judge.X[:ROWS], judge.y[:ROWS, 0], judge.scale[:ROWS, 0]
    x, needed, weight = symbolic.needed(refit, X, y, edge)
    own = symbolic.curves(refit, X)[1][:, edge]
    weight = weight / scale**2
    usable = np.isfinite(x + needed + weight + own)
    usable &= weight > INSENSITIVE * np.max(weight, where=usable, initial=0.0)
    found = SolvedEdge(x[usable], needed[usable], own[usable], weight[usable])
    tells = usable.sum() >= fewest and varies(found.x) and varies(found.y)
    return found if tells else None


def varies(values: Float[Array, " rows"]) -> bool:
    """Whether values are finite, and spread by more than rounding."""
    return bool(np.isfinite(values).all() and np.ptp(values) > 1e-9 * np.abs(values).max())
