"""A KAN as a drawing: its curve on every edge, as it stands in the layers."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from kansym.documents.layout import layers_of
from kansym.documents.network_chart import DrawnEdge, DrawnNode, network_chart
from kansym.neural.models.kan_layer import EdgeKind, KANLayer
from kansym.shared.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MOST_EDGES", "plot_kan", "rows_of_domain"]

MOST_EDGES = 200
"""Edges beyond which a drawing cannot be looked at."""
POINTS, ROWS = 64, 500
"""Points of a curve, and rows of the domain that are drawn through a KAN without any."""


@torch.no_grad()
def plot_kan(
    layers: list[KANLayer],
    entering: list[Tensor],
    names: tuple[tuple[str, ...], tuple[str, ...]],
    ax: "Axes | None" = None,
) -> "Axes":
    """Layers from left to right; thickness of a line is the edge's share of its target's spread.

    Parameters
    ----------
    layers : of the KAN, inputs first.
    entering : rows that enter each layer; each curve is drawn over their range.
    names : of inputs and outputs.
    ax : to draw on.
    """
    edges: list[DrawnEdge] = []
    nodes = [DrawnNode(name, "input") for name in names[0]]
    sources = names[0]
    for depth, (layer, rows) in enumerate(zip(layers, entering, strict=True), 1):
        last = depth == len(layers)
        hidden = tuple(f"h{depth}.{i + 1}" for i in range(layer.n_out))
        targets = names[1] if last else hidden
        kinds = ["sum"] * layer.n_sum + ["product"] * layer.n_product
        nodes += [DrawnNode(name, kind, last) for name, kind in zip(targets, kinds, strict=True)]
        edges += _edges(layer, rows, sources, targets)
        sources = targets
    if len(edges) > MOST_EDGES:
        raise InputError(
            f"The KAN has {len(edges)} edges, {MOST_EDGES} at most can be drawn: train it with "
            "prune=True, or draw what extract reads, extract(model).plot_network()."
        )
    if not edges:
        raise InputError("The KAN has no edges to draw: its outputs are constant.")
    layer_of = layers_of([(edge.source, edge.target) for edge in edges], names[1])
    return network_chart(nodes, edges, layer_of, ax)


def rows_of_domain(domain: Tensor) -> Tensor:
    """Rows all over the domain, always the same."""
    generator = torch.Generator().manual_seed(0)
    part = torch.rand(ROWS, len(domain), generator=generator, dtype=torch.float64).to(domain)
    return domain[:, 0] + part * (domain[:, 1] - domain[:, 0])


def _edges(
    layer: KANLayer, rows: Tensor, sources: tuple[str, ...], targets: tuple[str, ...]
) -> list[DrawnEdge]:
    """The edges of a layer that are not absent."""
    low, high = rows.min(0).values, rows.max(0).values
    steps = torch.linspace(0, 1, POINTS, dtype=rows.dtype, device=rows.device)
    grid = low + steps[:, None] * (high - low)
    curves, spread = layer.edges(grid).cpu().numpy(), layer.edges(rows).std(0)
    share = (spread / spread.pow(2).sum(1, keepdim=True).sqrt().clamp_min(1e-300)).cpu().numpy()
    x = grid.cpu().numpy()
    found = []
    for target, source in np.argwhere((layer.kind != EdgeKind.ABSENT).cpu().numpy()):
        curve = curves[:, target, source]
        known = curve if layer.kind[target, source] == EdgeKind.SYMBOL else None
        weight = float(share[target, source])
        ends = (sources[source], targets[target])
        found.append(DrawnEdge(*ends, x[:, source], curve, weight, known))
    return found
