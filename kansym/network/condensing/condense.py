"""From stages to the smallest network of curves that computes the same.

Parallel units share a node, parallel edges add, straight edges are folded into what follows, dead
ones are dropped, and what remains is brought to the one form that its function has.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from kansym.network.condensing.canonical_form import (
    canonical_names,
    drawn_parts,
    fix_scales,
    promote_products,
)
from kansym.network.condensing.folding import drop_dead, fold_relays, fold_straight_ways
from kansym.network.condensing.from_stages import build_graph
from kansym.network.condensing.parallel_nodes import Merger
from kansym.network.condensing.product_nodes import (
    find_products,
    flatten_products,
    merge_products,
    simplify_products,
)
from kansym.network.condensing.working_graph import until_settled
from kansym.network.network import Network
from kansym.network.stages import Stage
from kansym.shared.error_measures import rmse
from kansym.shared.status import Finding, Status

__all__ = ["READABLE_EDGES", "condense"]

Values = Float[np.ndarray, "rows outputs"]
READABLE_EDGES = 400
"""Edges beyond which nobody reads a formula off a network."""
_NOTEWORTHY = 1e-8
"""Relative change of an output that is worth a finding."""
_COARSE = 1e-4
"""Tolerance from which dropped and straightened curves may matter as well."""


def condense(
    stage: Stage,
    sample: Float[np.ndarray, "rows inputs"],
    *,
    inputs: Sequence[str],
    outputs: Sequence[str],
    source: str = "stages",
    parameters: tuple[int, int] = (0, 0),
    tolerance: float = 1e-9,
) -> Network:
    """The condensed network of a model that has been read into stages.

    Parameters
    ----------
    stage : the last stage of the model.
    sample : rows (rows, inputs) on which curves are drawn, lines recognised and nodes normalised.
    inputs, outputs : names of columns.
    source, parameters : what the model is, and how many numbers it stores.
    tolerance : relative distance within which curves count as constant, straight or parallel.

    Examples
    --------
    >>> from kansym.network.stages import Inputs
    >>> X = np.random.default_rng(0).uniform(-1, 1, (300, 2))
    >>> hidden = Inputs(2).dense(np.array([[1.0, 1.0], [1.0, -1.0]])).elementwise(np.square)
    >>> stage = hidden.dense(np.array([[1.0, -1.0]]))
    >>> network = condense(stage, X, inputs=("a", "b"), outputs=("y",))
    >>> [(node.name, node.kind) for node in network.nodes]
    [('a', 'input'), ('b', 'input'), ('y', 'product')]
    """
    graph = build_graph(stage, sample, tolerance)
    before = np.stack([graph.nodes[number].values for number in graph.outputs], axis=1)
    merger = Merger()
    products = (find_products, simplify_products, flatten_products, merge_products)
    passes = (drop_dead, fold_relays, merger, *products)
    # A factor that is a sum is folded only once no more products can be found.
    until_settled(graph, passes, tolerance)
    until_settled(graph, (fold_straight_ways, *passes), tolerance)
    promote_products(graph, tolerance)
    order = fix_scales(graph)
    names = canonical_names(graph, order, inputs, outputs)
    nodes, edges = drawn_parts(graph, order, names, tolerance)
    network = Network.from_parts(
        nodes=nodes,
        edges=edges,
        inputs=inputs,
        outputs=outputs,
        sample=sample,
        findings=_too_many(len(edges)),
        source=source,
        parameters=parameters,
    )
    cost = _cost(network, stage.evaluate(sample), before, merger, tolerance)
    return replace(network, findings=(*network.findings, *cost))


def _too_many(n_edges: int) -> list[Finding]:
    """A finding if there is too much to read."""
    if n_edges <= READABLE_EDGES:
        return []
    detail = f"{n_edges} edges after condensing, {READABLE_EDGES} at most are read"
    return [Finding(Status.NOT_READABLE, "network", detail)]


def _cost(
    network: Network, exact: Values, before: Values, merger: Merger, tolerance: float
) -> list[Finding]:
    """What merging within a tolerance changed: the distance from the model before and after."""
    if merger.worst <= _NOTEWORTHY and tolerance < _COARSE:
        return []
    lost, kept = _distance(network(network.sample), exact), _distance(before, exact)
    if not lost > _NOTEWORTHY:
        return []
    merged = f"{merger.merged} {'node' if merger.merged == 1 else 'nodes'} merged"
    detail = (
        f"{merged} that were parallel to {merger.worst:.1e}, with a tolerance of "
        f"{tolerance:.1e}: before, the network differed from the model by {kept:.1e} of the "
        f"spread of its output ({_r_squared(kept)}), after it by {lost:.1e} ({_r_squared(lost)})"
    )
    return [Finding(Status.MERGED_APPROXIMATELY, "network", detail)]


def _distance(found: Values, exact: Values) -> float:
    """Root-mean-square difference over the spread, of the output where it is largest."""
    pairs = zip(found.T, exact.T, strict=True)
    return max(rmse(own, true) / max(float(true.std()), 1e-300) for own, true in pairs)


def _r_squared(distance: float) -> str:
    """Share of the variance that is reproduced, to as many digits as say something."""
    missing = min(distance, 1e6) ** 2
    if missing < 1e-12:
        return "R² = 1"
    digits = max(2, 1 - math.floor(math.log10(missing)))
    return f"R² = {1 - missing:.{digits}f}"
