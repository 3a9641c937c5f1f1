"""What an edge may be, and the fits of library functions to the curves of edges."""

from collections.abc import Callable, Sequence

import numpy as np

from kansym.network.network import Edge, Network
from kansym.symbolic.choosing.judge import Judge
from kansym.symbolic.fitting.edge_fit import EdgeFit
from kansym.symbolic.fitting.fit import fit_curves
from kansym.symbolic.formulas.sympy_programs import to_sympy
from kansym.symbolic.library.candidate import Candidate
from kansym.symbolic.library.library import Library

__all__ = ["curve_floor", "fit_edges", "library_for"]

LEAST_FLOOR, MOST_FLOOR = 1e-6, 3e-2
"""Relative errors between which that of a network against data bounds the trust in its curves."""


def library_for(edge: Edge, library: Library) -> Library:
    """What an edge may be: one function if it is known, else the whole library."""
    if edge.fixed is not None:
        known = [candidate for candidate in library if candidate.program == edge.fixed]
        own = to_sympy(edge.fixed)
        return Library(known[:1] or [Candidate(f"fixed {own}", own)])
    return Library([library["x"]]) if edge.straight and "x" in library else library


def curve_floor(network: Network, judge: Judge) -> float:
    """Relative error below which the curves of a network are not to be trusted.

    Where data judge, a network that misses them by so much has curves no better than that.
    """
    if judge.kind == "network":
        return LEAST_FLOOR
    misfit = judge.error(network(judge.X))
    return float(np.clip(misfit, LEAST_FLOOR, MOST_FLOOR))


def fit_edges(
    edges: Sequence[Edge],
    libraries: Sequence[Library],
    floor: float,
    stop: Callable[[], bool] | None = None,
) -> list[list[EdgeFit]]:
    """Fits of all edges, best first, one batch per library."""
    result: list[list[EdgeFit]] = [[] for _ in edges]
    for library in dict.fromkeys(libraries):
        group = [i for i, other in enumerate(libraries) if other == library]
        x, y, density = (
            np.stack([getattr(edges[i], name) for i in group]) for name in ("x", "y", "density")
        )
        found = fit_curves(x, y, density, library, floor=floor, stop=stop)
        for i, fits in zip(group, found, strict=True):
            result[i] = fits
    return result
