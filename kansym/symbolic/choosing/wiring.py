"""The graph of a network as numbers: which edge feeds which node."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kansym.network.network import Network

__all__ = ["Wiring"]

Array = np.ndarray


@dataclass(frozen=True)
class Wiring:
    """Which node feeds which, with nodes counted in topological order, inputs first."""

    n_inputs: int
    is_product: tuple[bool, ...]
    sources: tuple[int, ...]
    targets: tuple[int, ...]
    outputs: tuple[int, ...]

    @classmethod
    def of(cls, network: Network) -> "Wiring":
        """The wiring of a traced network."""
        names = [node.name for node in network.nodes]
        order = [*network.inputs, *(name for name in names if name not in set(network.inputs))]
        index = {name: position for position, name in enumerate(order)}
        kinds = {node.name: node.kind for node in network.nodes}
        return cls(
            n_inputs=len(network.inputs),
            is_product=tuple(kinds[name] == "product" for name in order),
            sources=tuple(index[edge.source] for edge in network.edges),
            targets=tuple(index[edge.target] for edge in network.edges),
            outputs=tuple(index[name] for name in network.outputs),
        )

    @cached_property
    def incoming(self) -> tuple[tuple[int, ...], ...]:
        """Edges into every node."""
        found: list[list[int]] = [[] for _ in self.is_product]
        for edge, target in enumerate(self.targets):
            found[target].append(edge)
        return tuple(tuple(edges) for edges in found)

    @cached_property
    def outgoing(self) -> tuple[tuple[int, ...], ...]:
        """Edges out of every node."""
        found: list[list[int]] = [[] for _ in self.is_product]
        for edge, source in enumerate(self.sources):
            found[source].append(edge)
        return tuple(tuple(edges) for edges in found)
