"""A graph of sums and products laid into layers, with relays for values that are needed late."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Generic, TypeVar

__all__ = ["Layer", "layered"]

Node = TypeVar("Node", bound=Hashable)


@dataclass(frozen=True)
class Layer(Generic[Node]):
    """What enters a layer, and what stands in it: its own sums, relays, its own products."""

    sources: tuple[Node, ...]
    sums: tuple[Node, ...]
    relays: tuple[Node, ...]
    products: tuple[Node, ...]

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All that stands in the layer, in order."""
        return self.sums + self.relays + self.products

    @property
    def width(self) -> int | tuple[int, int]:
        """Number of nodes, or numbers of sums (relays among them) and products."""
        n_sums = len(self.sums) + len(self.relays)
        return (n_sums, len(self.products)) if self.products else n_sums


def layered(
    inputs: Sequence[Node],
    outputs: Sequence[Node],
    *,
    sources: Callable[[Node], Iterable[Node]],
    multiplies: Callable[[Node], bool],
) -> list[Layer[Node]]:
    """Every node one layer after the last of its sources, and the outputs in the last layer.

    Parameters
    ----------
    inputs, outputs : nodes, in the order that the first and the last layer keep.
    sources : nodes whose edges enter a node.
    multiplies : whether a node is a product; others are sums.

    Examples
    --------
    >>> graph = {"x": "", "y": "", "u": "xy", "f": "ux"}
    >>> for layer in layered("xy", "f", sources=graph.get, multiplies="u".__eq__):
    ...     print(layer.sources, "->", layer.nodes, "relays", layer.relays)
    ('x', 'y') -> ('x', 'u') relays ('x',)
    ('x', 'u') -> ('f',) relays ()
    """
    depth = _depths(inputs, outputs, sources)
    standing = [tuple(outputs)]
    for level in range(max(1, *(depth[node] for node in outputs)), 1, -1):
        above = standing[0]
        entering = (sources(node) if depth[node] == level else (node,) for node in above)
        standing.insert(0, tuple(dict.fromkeys(chain.from_iterable(entering))))
    layers, below = [], tuple(inputs)
    for level, nodes in enumerate(standing, 1):
        own = [node for node in nodes if depth[node] == level]
        layer = Layer(
            below,
            sums=tuple(node for node in own if not multiplies(node)),
            relays=tuple(node for node in nodes if depth[node] < level),
            products=tuple(node for node in own if multiplies(node)),
        )
        layers.append(layer)
        below = layer.nodes
    if below != tuple(outputs):  # sums come first in a layer: another one restores the order
        layers.append(Layer(below, (), tuple(outputs), ()))
    return layers


def _depths(
    inputs: Sequence[Node], outputs: Sequence[Node], sources: Callable[[Node], Iterable[Node]]
) -> dict[Node, int]:
    """Layer of every node; outputs that nothing else needs are in the last one."""
    depth = dict.fromkeys(inputs, 0)
    inner: set[Node] = set()

    def visit(node: Node) -> int:
        if node not in depth:
            before = tuple(sources(node))
            inner.update(before)
            depth[node] = 1 + max(map(visit, before), default=0)
        return depth[node]

    last = max([1, *map(visit, outputs)])
    return depth | {node: last for node in outputs if node not in inner and depth[node]}
