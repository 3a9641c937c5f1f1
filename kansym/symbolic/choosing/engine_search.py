"""Edges that no library function explains, given to a search engine.

What the engine finds on the points of a curve becomes a function of that edge like any other: its
redundant constants are merged, the rest are refined, all constants of the formula are refitted,
and it stays if it shortens the description.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from kansym.network.network import Edge, Network
from kansym.shared.bounded_time import within
from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError
from kansym.symbolic.choosing.choice import CURVE_BITS, EXPLAINED, exchanged
from kansym.symbolic.choosing.edge_functions import CurveFunction
from kansym.symbolic.choosing.formula_fits import formula_bits, formula_fit, refined_formula
from kansym.symbolic.choosing.judge import Choice, Judge, Option
from kansym.symbolic.choosing.solved_edges import solved, symbolic_of
from kansym.symbolic.choosing.wiring import Wiring
from kansym.symbolic.engines import Engine, search_edge
from kansym.symbolic.fitting.edge_fit import EdgeFit
from kansym.symbolic.fitting.fit import fit_curves
from kansym.symbolic.library.candidate import Candidate

__all__ = ["search_edges"]

LEAST_SECONDS = 1.0
"""Time below which no search is begun."""
SEARCHING = 0.7
"""Most of an edge's time that a search takes; the rest is for the constants."""
ROUND_SECONDS = 3.0
"""Time of one search among several, if there is more."""
MOST_ROUNDS = 10
"""Searches of one edge."""
LONGEST = 1.5
"""Bits of a formula worth refining, over those of a curve."""
REFINED = 4
"""Formulas of a search whose constants are refined."""
REFINING_SECONDS = 1.5
"""Most time for the constants of one formula."""
KEPT = 3
"""Formulas of an edge that are tried in the whole formula."""
MISSED = 10.0
"""Error of a formula, over that of its network, beyond which its functions are doubted."""
NEAR = 0.1
"""Relative error up to which a function by itself is tried."""
MOST_SEARCHED = 8
"""Edges that are searched, the most important ones."""
POINTS, FEWEST = 400, 6
"""Rows that show what an edge is in the formula, and fewest that have to say something."""


def search_edges(  # noqa: PLR0913 - what was chosen, and how to search, by keyword
    network: Network,
    choice: Choice,
    judge: Judge,
    engine: Engine,
    *,
    libraries: Sequence[Collection[Candidate]],
    forbidden: Mapping[int, Collection[str]],
    deadline: Deadline,
    seed: int,
    tell: Callable[[float, str], None],
) -> Choice | None:
    """Search for functions of the edges that a choice does not explain.

    Those are the edges that stay curves; and every free edge, if the formula misses the judge by
    much more than the network does. Where the network is the judge, an error at which a library
    function would count as explaining an edge is no error.

    Parameters
    ----------
    network : whose edges were chosen for.
    choice : the shortest so far.
    libraries : per edge, the functions that the choice was made from.
    forbidden : per edge, names of functions that it may not be.
    deadline : when to stop with what there is.
    seed : of the search.
    tell : progress callback.

    Returns
    -------
    The choice with what was found; None if nothing shortens the description.
    """
    if judge.kind == "network":
        judge = replace(judge, floor=max(judge.floor, EXPLAINED))
    wiring = Wiring.of(network)
    best = choice
    free = [edge for edge, library in enumerate(libraries) if len(library) != 1]
    positions = _unexplained(network, choice, judge, free)[:MOST_SEARCHED]
    for done, position in enumerate(positions):
        until = deadline.share(1 / (len(positions) - done))
        if SEARCHING * until.left() < LEAST_SECONDS:
            break
        edge = network.edges[position]
        tell(done / len(positions), f"{engine.name} searches {edge.source} -> {edge.target}")
        edge = _as_it_is(edge, position, best, wiring, judge)
        names = forbidden.get(position, ())
        allowed = engine.without(names)
        if edge is None or allowed is None:
            continue
        alone = partial(_alone, edge, allowed, until)
        searched = partial(_searched, edge, allowed, until, seed)
        for search in (alone, searched):
            before = best
            for fit in (fit for fit in search() if fit.candidate.name not in names):
                origin = "" if fit.candidate in libraries[position] else engine.name
                option = Option(fit.candidate, fit.constants, fit.complexity, fit, origin)
                trial = exchanged(best, {position: option}, wiring, judge, deadline=deadline)
                best = min(best, trial, key=lambda each: judge.length(each.error, each.bits))
            if best is not before:
                break
    return None if best is choice else best


def _unexplained(network: Network, choice: Choice, judge: Judge, free: Sequence[int]) -> list[int]:
    """Edges to search, the most important ones first: curves, then other free ones if any."""
    misfit = max(judge.floor, judge.error(network(judge.X)))
    missed = len(network.outputs) == 1 and choice.error > MISSED * misfit
    functions = [option.function for option in choice.options]
    curves = [edge for edge, each in enumerate(functions) if isinstance(each, CurveFunction)]
    others = [edge for edge in free if isinstance(functions[edge], Candidate)] if missed else []
    for positions in (curves, others):
        positions.sort(key=lambda position: -network.edges[position].importance)
    return [*curves, *others]


def _as_it_is(
    edge: Edge, position: int, choice: Choice, wiring: Wiring, judge: Judge
) -> Edge | None:
    """An edge with the curve that it has in a choice; that it needs, if it is no curve there."""
    if isinstance(choice.options[position].function, CurveFunction):
        found = symbolic_of(wiring, choice).curves(choice.refit, judge.X[:POINTS])
        arguments, values = (each[:, position] for each in found)
        density = np.ones(len(arguments))
    else:
        needed = solved(wiring, choice, judge, position, fewest=FEWEST)
        if needed is None:
            return None
        arguments, values, density = needed.x, needed.y, needed.weight
    x, first = np.unique(arguments, return_index=True)
    y, density = values[first], density[first]
    usable = np.isfinite(x + y)
    x, y, density = x[usable], y[usable], density[usable]
    return replace(edge, x=x, y=y, density=density / density.sum())


def _alone(edge: Edge, engine: Engine, deadline: Deadline) -> list[EdgeFit]:
    """Fits of the functions that an engine tries by themselves."""
    if engine.alone is None:
        return []
    try:
        fits = fit_curves(
            edge.x[None],
            edge.y[None],
            edge.density[None],
            library=engine.alone,
            top=KEPT,
            stop=lambda: deadline.passed,
        )
    except InputError:  # a curve of too few points or values
        return []
    return [fit for fit in fits[0] if fit.error < NEAR]


def _searched(edge: Edge, engine: Engine, deadline: Deadline, seed: int) -> list[EdgeFit]:
    """Fits that an engine found for one edge, best score first.

    Several short searches find more than a long one, which stays where it began to settle.
    """
    fits: dict[str, EdgeFit] = {}
    for again in range(MOST_ROUNDS if engine.is_random else 1):
        left = deadline.left()
        if SEARCHING * left < LEAST_SECONDS:
            break
        seconds = min(SEARCHING * left, max(ROUND_SECONDS, 0.2 * left))
        try:
            raw = search_edge(
                engine, edge.x, edge.y, density=edge.density, seconds=seconds, seed=seed + again
            )
        except InputError:  # a curve of too few points or values
            break
        for fit in _promising(raw):
            better = _refined(fit, edge, engine, deadline)
            if better is not None and better.complexity < CURVE_BITS:
                fits.setdefault(better.candidate.name, better)
        if any(fit.error < EXPLAINED for fit in fits.values()):
            break
    return sorted(fits.values(), key=lambda fit: fit.score)[:KEPT]


def _promising(fits: Sequence[EdgeFit]) -> list[EdgeFit]:
    """The most exact formulas that are not much longer than the curve itself."""
    short = [fit for fit in fits if formula_bits(fit.candidate.expr) < LONGEST * CURVE_BITS]
    return sorted(short, key=lambda fit: fit.error)[:REFINED]


def _refined(fit: EdgeFit, edge: Edge, engine: Engine, deadline: Deadline) -> EdgeFit | None:
    """A formula with its constants refined, or as it was found if that is better."""
    left = min(deadline.left(), REFINING_SECONDS)
    found = fit.candidate.expr
    better = within(left, lambda: refined_formula(found, edge, left), found)
    fits = [formula_fit(edge, expr, engine) for expr in (better, found)]
    return min((fit for fit in fits if fit), key=lambda fit: fit.score, default=None)
