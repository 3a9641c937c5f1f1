"""Nodes with a single incoming edge: two curves in a row are one curve.

Training fixes only their composition, never the split: for any invertible g the pair g o f and
h o g^-1 computes the same. So the node is folded away before functions are sought.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kansym.network.network import Edge, Network, Node

__all__ = ["fold_chains"]

Array = np.ndarray


@dataclass(frozen=True)
class _Composed:
    """x -> outer(inner(x) + bias)."""

    outer: Callable[[Array], Array]
    inner: Callable[[Array], Array]
    bias: float

    def __call__(self, x: Array) -> Array:
        return self.outer(self.inner(x) + self.bias)


def fold_chains(network: Network) -> Network:
    """Remove every hidden node that has one incoming edge; the function stays the same.

    Edges whose function is known beforehand are left alone.

    Parameters
    ----------
    network : a traced network.
    """
    for node in network.nodes:
        entering, leaving = network.into(node.name), network.out_of(node.name)
        known = any(edge.fixed is not None for edge in (*entering, *leaving))
        if len(entering) == 1 and node.name not in network.outputs and leaving and not known:
            network = _folded(network, node, entering[0], leaving)
    return network


def _folded(network: Network, node: Node, inner: Edge, leaving: Sequence[Edge]) -> Network:
    """The network without one node."""
    gone = {id(inner), *(id(edge) for edge in leaving)}
    edges: list[Edge] = []
    for edge in network.edges:
        if id(edge) not in gone:
            edges.append(edge)
        elif edge is not inner:
            function = _Composed(edge.function, inner.function, node.bias)
            joined = replace(
                inner,
                target=edge.target,
                function=function,
                y=function(inner.x),
                importance=edge.importance,
                straight=edge.straight and inner.straight,
            )
            edges.append(joined)
    return network.rebuilt([other for other in network.nodes if other.name != node.name], edges)
