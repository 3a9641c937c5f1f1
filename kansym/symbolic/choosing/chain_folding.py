"""Nodes with a single incoming edge: two curves in a row are one curve.

Training fixes only their composition, never the split: for any invertible g the pair g o f and
h o g^-1 computes the same. So the node is folded away before functions are sought.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from kansym.network.network import Edge, Network, Node
from kansym.symbolic.choosing.raised_nodes import Composed

__all__ = ["fold_chains"]


def fold_chains(network: Network) -> Network:
    """Remove every hidden node that has one incoming edge; the function stays the same.

    Edges whose function is known beforehand are left alone.

    Parameters
    ----------
    network : a traced network.
    """
    for node in network.hidden:
        entering, leaving = network.into(node.name), network.out_of(node.name)
        known = any(edge.fixed is not None for edge in (*entering, *leaving))
        if len(entering) == 1 and leaving and not known:
            network = _folded(network, node, entering[0], leaving)
    return network


def _folded(network: Network, node: Node, inner: Edge, leaving: Sequence[Edge]) -> Network:
    """The network without one node."""
    value = Composed(partial(np.add, node.bias), inner.function)
    gone = {id(inner), *(id(edge) for edge in leaving)}
    edges: list[Edge] = []
    for edge in network.edges:
        if id(edge) not in gone:
            edges.append(edge)
        elif edge is not inner:
            function = Composed(edge.function, value)
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
