"""A model as data: a graph of sum and product nodes, with a univariate curve on every edge.

x_j = b_j + sum_i phi_ji(x_i) at a sum node, x_j = b_j + prod_i phi_ji(x_i) at a product node.
After a model has been traced, nothing knows which kind of model it was.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, get_args

import networkx as nx
import numpy as np
from jaxtyping import Float

from kansym.programs.program import Program
from kansym.shared.errors import InputError
from kansym.shared.status import Finding
from kansym.shared.tables import as_table

__all__ = ["Edge", "Network", "Node"]

Kind = Literal["input", "sum", "product"]


@dataclass(frozen=True)
class Node:
    """A quantity of the network: an input, or a sum or product of curves, plus a bias.

    Examples
    --------
    >>> Node("h1.1", "sum", 0.5)
    Node(name='h1.1', kind='sum', bias=0.5)
    """

    name: str
    kind: Kind
    bias: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise InputError(f"A node of kind {self.kind!r:.40} is none of {get_args(Kind)}.")


@dataclass(frozen=True, eq=False)
class Edge:
    """A univariate function from one node to another.

    Attributes
    ----------
    source, target : names of the nodes.
    function : numpy function of one array, exact for every argument.
    x, y : points over the range of the source on the sample, ascending, and values there.
    density : share of the sample at each point; sums to 1.
    importance : share of the variance that enters the target, 0 to 1.
    straight : whether the curve is a straight line on the sample.
    fixed : the function that is known beforehand, as a program in ``"x"``; the curve is then
        c f(a x + b) + d.
    """

    source: str
    target: str
    function: Callable[[np.ndarray], np.ndarray]
    x: Float[np.ndarray, " points"]
    y: Float[np.ndarray, " points"]
    density: Float[np.ndarray, " points"]
    importance: float
    straight: bool = False
    fixed: Program | None = None

    def __repr__(self) -> str:
        return f"Edge({self.source!r}, {self.target!r}, {len(self.x)} points)"

    def __str__(self) -> str:
        shape = ", straight" if self.straight else ""
        return f"{self.source} -> {self.target} (importance {self.importance:.2g}{shape})"


@dataclass(frozen=True, eq=False)
class Network:
    """A traced and condensed network.

    Hidden sum nodes have mean 0 and standard deviation 1 on the sample, and a sign and an order
    that depend on the function only, so that equal functions give equal networks. Output nodes
    keep their scale.

    Attributes
    ----------
    graph : the nodes (attribute ``node``) and edges (attribute ``edge``).
    inputs, outputs : names of columns.
    sample : the rows (rows, inputs) on which curves were drawn, in the units of the inputs.
    findings : what was noticed while tracing.
    source : what it was, in words.
    parameters : numbers in the model: stored, and distinct.

    Examples
    --------
    >>> x = np.linspace(0, 1, 128)
    >>> edge = Edge("x1", "y", np.square, x, x**2, np.full(128, 1 / 128), 1.0)
    >>> network = Network.from_parts(
    ...     nodes=[Node("x1", "input"), Node("y", "sum", 1.0)],
    ...     edges=[edge],
    ...     inputs=("x1",),
    ...     outputs=("y",),
    ...     sample=x[:, None],
    ... )
    >>> network([[3.0]])
    array([[10.]])
    """

    graph: nx.MultiDiGraph
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    sample: Float[np.ndarray, "rows inputs"]
    findings: tuple[Finding, ...] = ()
    source: str = ""
    parameters: tuple[int, int] = (0, 0)

    @classmethod
    def from_parts(
        cls,
        *,
        nodes: Iterable[Node],
        edges: Iterable[Edge],
        inputs: Sequence[str],
        outputs: Sequence[str],
        sample: Float[np.ndarray, "rows inputs"],
        findings: Sequence[Finding] = (),
        source: str = "",
        parameters: tuple[int, int] = (0, 0),
    ) -> "Network":
        """Put a network together; nodes are given in topological order, inputs first.

        Raises
        ------
        InputError
            If an edge joins unknown nodes, or leads backwards.
        """
        graph = _graph(nodes, edges)
        for name in (*inputs, *outputs):
            if name not in graph:
                raise InputError(f"There is no node {name!r}: give a Node for every name.")
        return cls(
            graph,
            tuple(inputs),
            tuple(outputs),
            sample,
            tuple(findings),
            source,
            parameters,
        )

    def rebuilt(self, nodes: Iterable[Node], edges: Iterable[Edge]) -> "Network":
        """The same network with other nodes between its inputs and outputs, and other edges."""
        return replace(self, graph=_graph(nodes, edges))

    def renamed(self, outputs: Sequence[str]) -> "Network":
        """The same network with other names of its outputs."""
        names = dict(zip(self.outputs, outputs, strict=True))

        def new(name: str) -> str:
            return names.get(name, name)

        nodes = (replace(node, name=new(node.name)) for node in self.nodes)
        edges = (
            replace(edge, source=new(edge.source), target=new(edge.target)) for edge in self.edges
        )
        return replace(self, graph=_graph(nodes, edges), outputs=tuple(outputs))

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes in topological order, inputs first."""
        return tuple(self.graph.nodes[name]["node"] for name in self.graph)

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """All edges, ordered by their targets, which are in topological order."""
        found = sorted(self.graph.edges(data=True), key=lambda item: item[2]["order"])
        return tuple(data["edge"] for _, _, data in found)

    def node(self, name: str) -> Node:
        """The node of a name."""
        return self.graph.nodes[name]["node"]

    @property
    def hidden(self) -> tuple[Node, ...]:
        """The nodes that are neither input nor output, in topological order."""
        ends = {*self.inputs, *self.outputs}
        return tuple(node for node in self.nodes if node.name not in ends)

    def into(self, name: str) -> tuple[Edge, ...]:
        """The edges that enter a node, in the order of all edges."""
        return tuple(self._ends[1].get(name, ()))

    def out_of(self, name: str) -> tuple[Edge, ...]:
        """The edges that leave a node, in the order of all edges."""
        return tuple(self._ends[0].get(name, ()))

    @cached_property
    def _ends(self) -> tuple[dict[str, list[Edge]], dict[str, list[Edge]]]:
        """Edges by their source, and by their target."""
        leaving: dict[str, list[Edge]] = {}
        entering: dict[str, list[Edge]] = {}
        for edge in self.edges:
            leaving.setdefault(edge.source, []).append(edge)
            entering.setdefault(edge.target, []).append(edge)
        return leaving, entering

    def values(self, X: Any) -> dict[str, Float[np.ndarray, " rows"]]:
        """Value of every node on given rows; infinite or no number where it is too large.

        Parameters
        ----------
        X : shape (rows, inputs), in the units of the inputs.
        """
        rows = self._rows(X)
        found = {name: rows[:, column] for column, name in enumerate(self.inputs)}
        for node in self.nodes:
            if node.kind == "input":
                continue
            total = np.zeros(len(rows)) if node.kind == "sum" else np.ones(len(rows))
            with np.errstate(all="ignore"):
                for edge in self.into(node.name):
                    value = edge.function(found[edge.source])
                    total = total + value if node.kind == "sum" else total * value
                found[node.name] = total + node.bias
        return found

    def __call__(self, X: Any) -> Float[np.ndarray, "rows outputs"]:
        """Outputs on given rows, (rows, outputs)."""
        found = self.values(X)
        return np.stack([found[name] for name in self.outputs], axis=1)

    def _rows(self, X: Any) -> Float[np.ndarray, "rows inputs"]:
        """Checked rows; an empty array is allowed."""
        rows = X if isinstance(X, np.ndarray) and X.ndim == 2 else as_table(X).values
        if rows.shape[1] != len(self.inputs):
            raise InputError(
                f"X has {rows.shape[1]} columns but the network has {len(self.inputs)} inputs "
                f"({', '.join(self.inputs)}): give one column per input."
            )
        return np.asarray(rows, dtype=np.float64)

    def difference(self, other: "Network") -> float:
        """Largest difference between two networks, edge by edge; infinite if they differ in form.

        Points, values, densities, biases and importances are compared, each over the size of the
        curve that it belongs to.

        Examples
        --------
        >>> from kansym.neural.models.kan import KAN
        >>> from kansym.neural.readers.tracing import trace
        >>> X = np.random.default_rng(0).uniform(-1, 1, (200, 2))
        >>> network = trace(KAN([2, 3, 1]), X)
        >>> network.difference(network)
        0.0
        """
        if self._form() != other._form():
            return float("inf")
        biases = [
            abs(a.bias - b.bias) / (1 + abs(b.bias))
            for a, b in zip(self.nodes, other.nodes, strict=True)
        ]
        edges = zip(self.edges, other.edges, strict=True)
        return max((*biases, *(_distance(a, b) for a, b in edges)), default=0.0)

    def _form(self) -> tuple[object, ...]:
        """Everything about a network that is no number."""
        nodes = tuple((node.name, node.kind) for node in self.nodes)
        edges = tuple(
            (edge.source, edge.target, edge.straight, edge.fixed, len(edge.x))
            for edge in self.edges
        )
        return (self.inputs, self.outputs, nodes, edges)

    def __repr__(self) -> str:
        return f"<{self}>"

    def __str__(self) -> str:
        hidden = len(self.nodes) - len(self.inputs) - len(self.outputs)
        return (
            f"Network of {self.source or 'unknown origin'}: {len(self.inputs)} inputs, "
            f"{hidden} hidden nodes, {len(self.outputs)} outputs, {len(self.edges)} edges"
        )


def _graph(nodes: Iterable[Node], edges: Iterable[Edge]) -> nx.MultiDiGraph:
    """Nodes in topological order and edges as a frozen graph."""
    graph = nx.MultiDiGraph()
    for node in nodes:
        graph.add_node(node.name, node=node)
    place = {name: position for position, name in enumerate(graph)}
    for order, edge in enumerate(edges):
        ends = place.get(edge.source, -1), place.get(edge.target, -1)
        if min(ends) < 0 or ends[0] >= ends[1]:
            raise InputError(
                f"The edge {edge.source!r} -> {edge.target!r} does not lead from one node to "
                "a later one: give all nodes in topological order."
            )
        graph.add_edge(edge.source, edge.target, edge=edge, order=order)
    return nx.freeze(graph)


def _distance(a: Edge, b: Edge) -> float:
    """Largest difference between two edges over the size of their curves."""
    width, height = np.abs(b.x).max(), max(np.ptp(b.y), 1e-300)
    return float(
        max(
            np.abs(a.x - b.x).max() / max(width, 1e-300),
            np.abs(a.y - b.y).max() / max(height, np.abs(b.y).max()),
            np.abs(a.density - b.density).max(),
            abs(a.importance - b.importance),
        )
    )
