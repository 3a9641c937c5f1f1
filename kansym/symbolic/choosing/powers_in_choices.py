"""Products in a choice of functions, at the powers for which the functions around them are short.

A product of factors of one sign carries the same quantity as every power of it.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial

import numpy as np
from jaxtyping import Float

from kansym.symbolic.choosing.judge import Choice
from kansym.symbolic.choosing.raised_nodes import raised
from kansym.symbolic.choosing.solved_edges import symbolic_of, varies
from kansym.symbolic.choosing.wiring import Wiring
from kansym.symbolic.fitting.edge_fit import EdgeFit, error_bits
from kansym.symbolic.fitting.fit import CONSTANT_BITS, fit_curves
from kansym.symbolic.library.candidate import Candidate
from kansym.symbolic.library.library import Library

__all__ = ["at_other_powers"]

Array = np.ndarray
Around = tuple[tuple[int, ...], tuple[int, ...]]
"""Edges into a product, and out of it."""
POWERS = tuple(
    sign * float(np.exp(u))
    for sign in (1, -1)
    for u in np.linspace(-1.25, 1.25, 19)
    if sign < 0 or abs(u) > 0.01
)
"""Powers of a product that are tried."""
FLOORS = (1e-3, 1e-2, 5e-2)
"""Errors that count as a fit there: refitting makes good much of what is left."""
MOST_POWERS = 20
"""Most choices with other powers tried in one round."""
TOP, FLOOR = 20, 1e-3
"""Functions of an edge that are looked at, and the error up to which only their length counts."""


def at_other_powers(
    wiring: Wiring,
    choice: Choice,
    libraries: Sequence[Collection[Candidate]],
    X: Float[Array, "rows inputs"],
    *,
    stop: Callable[[], bool],
) -> list[dict[int, EdgeFit]]:
    """Functions around hidden products, for other powers of them; the most likely first.

    Parameters
    ----------
    libraries : per edge, the functions that it may have.
    X : rows that show what the edges are.
    stop : asked before every function; if true, those that are left stay untried.
    """
    x, y = symbolic_of(wiring, choice).curves(choice.refit, X)
    every = dict.fromkeys(candidate for library in libraries for candidate in library)
    plain = sorted(every, key=lambda candidate: candidate.complexity)
    # The longest functions are seldom what a product is made of, and take the most time.
    library = Library(plain[: max(1, 4 * len(plain) // 5)])
    found: dict[tuple[tuple[int, str], ...], tuple[float, dict[int, EdgeFit]]] = {}
    for entering, leaving in _free_products(wiring, libraries, x, y):
        around = (*entering, *leaving)
        curves = [
            (x[:, edge], raised(y[:, edge], power))
            if edge in entering
            else (raised(x[:, edge], power), y[:, edge])
            for power in POWERS
            for edge in around
        ]
        columns = (np.stack(column) for column in zip(*curves, strict=True))
        fits = fit_curves(*columns, library=library, top=TOP, floor=FLOOR, stop=stop)
        for start in range(0, len(fits), len(around)):
            own = {
                edge: [fit for fit in each if fit.candidate in libraries[edge]]
                for edge, each in zip(around, fits[start : start + len(around)], strict=True)
            }
            for score, chosen in _shortest(own, entering) if all(own.values()) else ():
                names = tuple((edge, fit.candidate.name) for edge, fit in chosen.items())
                if names not in found or score < found[names][0]:
                    found[names] = (score, chosen)
    ranked = sorted(found.values(), key=lambda each: each[0])
    return [replacements for _, replacements in ranked[:MOST_POWERS]]


def _shortest(
    fits: dict[int, list[EdgeFit]], entering: Collection[int]
) -> Iterable[tuple[float, dict[int, EdgeFit]]]:
    """For every floor the shortest function of every edge, and the bits of all."""
    for floor in FLOORS:
        chosen = {
            edge: min(each, key=partial(_score, floor=floor, factor=edge in entering))
            for edge, each in fits.items()
        }
        yield sum(_score(fit, FLOORS[1], edge in entering) for edge, fit in chosen.items()), chosen


def _free_products(
    wiring: Wiring, libraries: Sequence[Collection[Candidate]], x: Array, y: Array
) -> list[Around]:
    """Edges around each hidden product whose factors have one sign."""
    found = []
    for node, is_product in enumerate(wiring.is_product):
        entering, leaving = wiring.incoming[node], wiring.outgoing[node]
        around = (*entering, *leaving)
        if not is_product or not leaving or any(len(libraries[edge]) <= 1 for edge in around):
            continue
        values = [*y[:, entering].T, *x[:, leaving].T]
        one_sign = all(np.isfinite(v).all() and not v.min() <= 0 <= v.max() for v in values)
        if one_sign and all(varies(v) for v in (*values, *y[:, leaving].T)):
            found.append((entering, leaving))
    return found


def _score(fit: EdgeFit, floor: float, factor: bool) -> float:
    """Bits of a function and of what it leaves over, errors below a floor for nothing.

    A shift after the function is one constant more in a factor; in a sum it goes into the bias.
    """
    _, _, c, d = fit.constants
    shifted = factor and abs(d) > floor * abs(c)
    return float(error_bits(fit.error, floor)) + fit.complexity + CONSTANT_BITS * shifted
