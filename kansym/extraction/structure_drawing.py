"""The tree that gradients show, as a drawing: which inputs meet first, with the curves between."""

from itertools import count
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from kansym.documents.layout import layers_of
from kansym.documents.network_chart import DrawnEdge, DrawnNode, network_chart
from kansym.network.structure.trees import Tree

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["structure_plot"]

CURVE_POINTS = 200
"""Points of a drawn curve: more are not told apart in a panel of a few dozen pixels."""


def structure_plot(
    tree: Tree,
    names: tuple[str, ...],
    output: str,
    importance: Float[np.ndarray, " inputs"],
    ax: "Axes | None" = None,
) -> "Axes":
    """Inputs on the left, sums and products where they meet; F is a function that is left open.

    Parameters
    ----------
    tree : how the inputs meet.
    names : of the inputs.
    output : name of the last node.
    importance : share of every input; a line is as thick as the inputs behind it matter.
    ax : to draw on; one unit of its data is a pixel of the page.
    """
    used = sorted(tree.inputs())
    nodes = [DrawnNode(names[i], "input") for i in used]
    edges: list[DrawnEdge] = []
    numbers = count(1)

    def drawn(part: Tree, name: str, is_last: bool = False) -> None:
        """A node with everything behind it, nodes before those that they lead to."""
        for branch in part.branches:
            inner = branch.tree
            if inner.kind == "input":
                source = names[inner.index]
            else:
                source = f"node {next(numbers)}"
                drawn(inner, source)
            share = float(importance[sorted(inner.inputs())].sum())
            edges.append(_edge(source, name, branch.x, branch.y, share, branch.straight))
        nodes.append(DrawnNode(name, part.kind, is_last))

    if tree.kind == "input":
        line = np.linspace(0.0, 1.0, CURVE_POINTS)
        edges.append(_edge(names[tree.index], output, line, line, 1.0, straight=True))
        nodes.append(DrawnNode(output, "sum", output=True))
    else:
        drawn(tree, output, is_last=True)
    layer = layers_of([(edge.source, edge.target) for edge in edges], (output,))
    return network_chart(nodes, edges, layer, ax)


def _edge(
    source: str, target: str, x: np.ndarray, y: np.ndarray, share: float, straight: bool
) -> DrawnEdge:
    """A curve on an edge, in order of its argument."""
    order = np.argsort(x)
    kept = order[np.linspace(0, len(order) - 1, min(len(order), CURVE_POINTS)).astype(int)]
    label = "as it is" if straight else ""
    return DrawnEdge(source, target, x[kept], y[kept], share, None, label)
