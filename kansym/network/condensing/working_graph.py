"""The network while it is being condensed: nodes and curves that may still change."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float

from kansym.network.condensing.node_points import compress
from kansym.network.condensing.unit_sums import UnitSum, evaluate_together, product_of

__all__ = ["Drawn", "WorkingGraph", "WorkingNode"]

Array = np.ndarray


@dataclass(eq=False)
class WorkingNode:
    """A node with its values on the sample and its incoming curves, by source."""

    kind: Literal["input", "sum", "product"]
    values: Float[Array, " rows"]
    bias: float = 0.0
    incoming: dict[int, UnitSum] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Drawn:
    """All curves that leave a node, at its points."""

    targets: tuple[int, ...]
    x: Float[Array, " points"]
    density: Float[Array, " points"]
    y: Float[Array, "points targets"]


NOTHING = Drawn((), np.zeros(1), np.ones(1), np.zeros((1, 0)))
"""What leaves a node that nothing depends on: most columns of a wide table."""


class WorkingGraph:
    """Nodes by number, inputs first; the last ``n_outputs`` of `outputs` are sum nodes."""

    def __init__(self, sample: Float[Array, "rows inputs"]):
        self.nodes: dict[int, WorkingNode] = {}
        self.outgoing: dict[int, dict[int, None]] = {}
        self.outputs: list[int] = []
        self._drawn: dict[int, Drawn] = {}
        self._points: dict[int, tuple[Array, Array]] = {}
        self._next = 0
        for column in sample.T:
            self.add(WorkingNode("input", column))

    def add(self, node: WorkingNode) -> int:
        """Add a node; returns its number."""
        number = self._next
        self._next += 1
        self.nodes[number] = node
        self.outgoing[number] = {}
        for source in node.incoming:
            self.outgoing[source][number] = None
            self._drawn.pop(source, None)
        return number

    def join(self, source: int, target: int, curve: UnitSum) -> None:
        """Add a curve between two nodes: to the one that is there, or as a further factor."""
        node = self.nodes[target]
        old = node.incoming.get(source)
        if old is not None:
            curve = old.plus(curve) if node.kind == "sum" else product_of([old, curve])
        self.replace(source, target, curve)

    def replace(self, source: int, target: int, curve: UnitSum) -> None:
        """Set the curve between two nodes."""
        self.nodes[target].incoming[source] = curve
        self.outgoing[source][target] = None
        self._drawn.pop(source, None)

    def cut(self, source: int, target: int) -> UnitSum:
        """Take the curve between two nodes away."""
        self.outgoing[source].pop(target)
        self._drawn.pop(source, None)
        return self.nodes[target].incoming.pop(source)

    def remove(self, number: int) -> None:
        """Take a node away, with all its curves."""
        for target in list(self.outgoing[number]):
            self.cut(number, target)
        for source in list(self.nodes[number].incoming):
            self.cut(source, number)
        del self.nodes[number], self.outgoing[number]
        self._points.pop(number, None)

    def points(self, number: int) -> tuple[Array, Array]:
        """Points and density of a node."""
        if number not in self._points:
            self._points[number] = compress(self.nodes[number].values)
        return self._points[number]

    def drawn(self, number: int) -> Drawn:
        """All curves that leave a node, at its points."""
        if not self.outgoing[number]:
            return NOTHING
        if number not in self._drawn:
            x, density = self.points(number)
            targets = tuple(self.outgoing[number])
            curves = [self.nodes[target].incoming[number] for target in targets]
            self._drawn[number] = Drawn(targets, x, density, evaluate_together(curves, x))
        return self._drawn[number]

    def hidden(self, kind: str | None = None) -> list[int]:
        """Numbers of nodes that are neither input nor output, of one kind or of any."""
        ends = set(self.outputs)
        return [
            number
            for number, node in self.nodes.items()
            if node.kind != "input" and number not in ends and kind in (None, node.kind)
        ]

    def in_order(self) -> list[int]:
        """All numbers, every node after its sources; otherwise as they were added."""
        depth = self.depths()
        return sorted(self.nodes, key=lambda number: (depth[number], number))

    def depths(self) -> dict[int, int]:
        """Length of the longest way from the inputs to every node."""
        waiting = {number: len(node.incoming) for number, node in self.nodes.items()}
        depth = dict.fromkeys(self.nodes, 0)
        ready = [number for number, count in waiting.items() if count == 0]
        while ready:
            source = ready.pop()
            for target in self.outgoing[source]:
                depth[target] = max(depth[target], depth[source] + 1)
                waiting[target] -= 1
                if waiting[target] == 0:
                    ready.append(target)
        return depth

    def reparametrise(self, number: int, factor: float, shift: float) -> None:
        """Let the node mean v, where its old value is u = factor * v + shift, for what follows.

        Incoming curves, bias and values stay as they are: the caller changes them.
        """
        for target in self.outgoing[number]:
            curve = self.nodes[target].incoming[number]
            self.nodes[target].incoming[number] = curve.at(factor, shift)
        self.forget(number)

    def forget(self, number: int) -> None:
        """Draw the node and the curves into it anew when they are next needed."""
        self._points.pop(number, None)
        self._drawn.pop(number, None)
        for source in self.nodes[number].incoming:
            self._drawn.pop(source, None)

    def n_edges(self) -> int:
        """Number of curves."""
        return sum(len(node.incoming) for node in self.nodes.values())


Pass = Callable[[WorkingGraph, float], bool]


def until_settled(graph: WorkingGraph, passes: Iterable[Pass], tolerance: float) -> None:
    """Repeat passes, each of which says whether it changed anything, until none does."""
    every = tuple(passes)
    changed = True
    while changed:
        changed = False
        for one in every:
            changed = one(graph, tolerance) or changed
