"""Traced networks whose edges are known functions, without any model."""

from collections.abc import Callable

import numpy as np

from kansym.network.network import Edge, Network, Node
from kansym.symbolic.library.library import LIBRARY, Library

Function = Callable[[np.ndarray], np.ndarray]
SOME = Library(
    LIBRARY[name]
    for name in (
        *("x", "x^2", "x^3", "x^4", "1/x", "sqrt", "1/sqrt", "exp", "log", "sin", "tan"),
        *("asin", "atan", "sinh", "tanh", "gaussian", "softplus"),
    )
)
"""Functions that come near one another: the whole library takes three times as long."""


def edge(source: str, target: str, function: Function, column: np.ndarray) -> Edge:
    """An edge over the range of a column."""
    x = np.linspace(column.min(), column.max(), 128)
    return Edge(source, target, function, x, function(x), np.full(128, 1 / 128), 1.0)


def planted(
    X: np.ndarray, first: Function, second: Function, outer: Function, kind: str = "sum"
) -> Network:
    """outer(first(x1) + second(x2)), or of their product."""
    a, b = first(X[:, 0]), second(X[:, 1])
    return Network.from_parts(
        nodes=[Node("x1", "input"), Node("x2", "input"), Node("h1.1", kind), Node("y", "sum")],
        edges=[
            edge("x1", "h1.1", first, X[:, 0]),
            edge("x2", "h1.1", second, X[:, 1]),
            edge("h1.1", "y", outer, a * b if kind == "product" else a + b),
        ],
        inputs=("x1", "x2"),
        outputs=("y",),
        sample=X,
    )


def curves(network: Network) -> tuple[np.ndarray, ...]:
    """Points, values and densities of all edges, as `fit_curves` takes them."""
    return tuple(
        np.stack([getattr(e, part) for e in network.edges]) for part in ("x", "y", "density")
    )
