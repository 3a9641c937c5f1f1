"""Graphs of every form for networks of known functions, and functions to put on them."""

from collections.abc import Sequence

import numpy as np

from kansym.symbolic.choosing.wiring import Wiring
from kansym.symbolic.library.candidate import Candidate
from kansym.symbolic.library.library import LIBRARY

TWO_LAYERS = Wiring(2, (False,) * 4, (0, 1, 2), (2, 2, 3), (3,))
"""y = f(g(x1) + h(x2))."""

WIRINGS = {
    "one edge": Wiring(1, (False, False), (0,), (1,), (1,)),
    "a sum": Wiring(2, (False,) * 3, (0, 1), (2, 2), (2,)),
    "a product": Wiring(2, (False, False, True), (0, 1), (2, 2), (2,)),
    "two layers": TWO_LAYERS,
    "a hidden product": Wiring(2, (False, False, True, False), (0, 1, 2), (2, 2, 3), (3,)),
    "two hidden nodes": Wiring(
        2, (False,) * 5, (0, 1, 0, 1, 2, 3), (2, 2, 3, 3, 4, 4), (4,)
    ),
    "a node used twice": Wiring(2, (False,) * 5, (0, 1, 2, 2), (2, 2, 3, 4), (3, 4)),
    "a late input": Wiring(2, (False,) * 4, (0, 2, 1), (2, 3, 3), (3,)),
    "an output on the way": Wiring(1, (False,) * 3, (0, 1), (1, 2), (1, 2)),
    "parallel edges": Wiring(1, (False, False), (0, 0), (1, 1), (1,)),
    "products of products": Wiring(
        2, (False, False, True, True), (0, 1, 2, 1), (2, 2, 3, 3), (3,)
    ),
}  # fmt: skip
"""By what is particular about each."""

TAME = tuple(
    LIBRARY[name] for name in ("x", "x^2", "x^3", "exp", "sin", "tanh", "atan", "gaussian")
)
POSITIVE = tuple(LIBRARY[name] for name in ("log", "sqrt", "1/x", "1/x^2"))


def random_functions(wiring: Wiring, rng: np.random.Generator) -> list[Candidate]:
    """Functions defined everywhere; those that need a positive argument on inputs only."""
    found = []
    for source in wiring.sources:
        choice = (*TAME, *POSITIVE) if source < wiring.n_inputs else TAME
        found.append(choice[rng.integers(len(choice))])
    return found


def random_constants(
    wiring: Wiring, functions: Sequence[Candidate], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Constants (edges, 4) and biases, for positive inputs; what is redundant is 1 or 0."""
    constants = []
    for source, target, function in zip(wiring.sources, wiring.targets, functions, strict=True):
        on_input = source < wiring.n_inputs
        a = rng.uniform(0.5, 1.5) * (1 if on_input else rng.choice([-1, 1]))
        b = rng.uniform(0.1, 0.5) if on_input else rng.normal() / 2
        d = rng.normal() if wiring.is_product[target] else 0.0
        a = float(np.sign(a)) if function.scale_free else a
        b = 0.0 if function.shift_free else b
        constants.append((a, b, rng.uniform(0.3, 1.2) * rng.choice([-1, 1]), d))
    inner = np.array([not product for product in wiring.is_product])
    biases = rng.normal(size=len(wiring.is_product)) / 3 * inner
    biases[: wiring.n_inputs] = 0.0
    return np.array(constants), biases
