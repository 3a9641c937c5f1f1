"""Hidden nodes that carry another quantity: a power of what they are, or its logarithm.

What follows a node adapts to any invertible function of it, so a network may be written with the
quantity that a library explains best. The network computes the same afterwards.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from kansym.network.activations import identity
from kansym.network.condensing.node_points import compress
from kansym.network.network import Edge, Network, Node

__all__ = ["Composed", "Function", "points_of", "raised", "with_quantity"]

Array = np.ndarray
Function = Callable[[Array], Array]


@dataclass(frozen=True)
class Composed:
    """x -> outer(inner(x)), without warnings where that is undefined."""

    outer: Function
    inner: Function

    def __call__(self, x: Array) -> Array:
        with np.errstate(all="ignore"):
            return self.outer(self.inner(x))


def raised(values: Array, power: float) -> Array:
    """|v| ** power; log |v| for the power 0, which all powers come to for small ones.

    Examples
    --------
    >>> raised(np.array([-4.0, 9.0]), 0.5)
    array([2., 3.])
    """
    with np.errstate(all="ignore"):
        size = np.abs(values)
        return size**power if power else np.log(size)


def points_of(values: Float[Array, " rows"], count: int) -> tuple[Array, Array]:
    """So many points where a quantity lies, half as its quantiles and half even, and weights."""
    if len(np.unique(values)) < count:
        return compress(values)
    levels = (np.arange(count) + 0.5) / count
    even = np.linspace(values.min(), values.max(), count)
    x = 0.5 * (np.quantile(values, levels) + even)
    cells = np.bincount(np.searchsorted((x[1:] + x[:-1]) / 2, values), minlength=count)
    density = cells / cells.sum() + 0.1 / count
    return x, density / density.sum()


def with_quantity(
    network: Network,
    node: Node,
    entering: Sequence[Function],
    before: Function,
    points: Callable[[Edge], tuple[Array, Array]],
) -> Network:
    """The network with another quantity in one node.

    Parameters
    ----------
    node : as it is afterwards, with the name that it has.
    entering : functions of the edges into it, in their order.
    before : from the new quantity to the value that the node had.
    points : of an edge out of it, with weights.
    """
    functions = iter(entering)
    edges = []
    for edge in network.edges:
        if edge.target == node.name:
            function = next(functions)
            straight = function is identity
            edges.append(replace(edge, function=function, y=function(edge.x), straight=straight))
        elif edge.source == node.name:
            function, (x, density) = Composed(edge.function, before), points(edge)
            edges.append(
                replace(
                    edge, function=function, x=x, y=function(x), density=density, straight=False
                )
            )
        else:
            edges.append(edge)
    nodes = [node if each.name == node.name else each for each in network.nodes]
    return network.rebuilt(nodes, edges)
