"""Where the nodes and the edge plots of a network stand: layers from left to right.

Columns of nodes alternate with columns of edge plots. An edge that skips layers is led through
every column in between, so no line crosses a plot. Within a column the order follows the mean
height of the neighbours (barycentre rule), and the heights are the nearest to that mean that keep
everything apart (isotonic regression).

References
----------
K. Sugiyama, S. Tagawa, M. Toda, Methods for visual understanding of hierarchical system
structures, IEEE Trans. Syst. Man Cybern. 11 (1981) 109, doi:10.1109/TSMC.1981.4308636.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

__all__ = ["Arrangement", "Point", "arrange", "layers_of", "spread"]

Point = tuple[float, float]
Item = tuple[str, str, int]

PANEL = (104.0, 62.0)
NODE_COLUMN = 40.0
GAP_COLUMN = PANEL[0] + 2 * 46.0
_HEIGHTS = {"node": 50.0, "panel": PANEL[1] + 24.0, "way": 16.0}
_SWEEPS = 8
_WIDEST = 190.0


@dataclass(frozen=True)
class Arrangement:
    """Places of everything that is drawn.

    Parameters
    ----------
    nodes : centre of every node.
    panels : centre of the plot of every edge.
    routes : per edge the points that its line passes, from its source to its target, the plot
        left out.
    width, height : size of the drawing.
    """

    nodes: Mapping[str, Point]
    panels: tuple[Point, ...]
    routes: tuple[tuple[Point, ...], ...]
    width: float
    height: float


def layers_of(edges: Sequence[tuple[str, str]], outputs: Sequence[str]) -> dict[str, int]:
    """Layer of every node: the longest way from an input; outputs share the last one.

    Examples
    --------
    >>> layers_of([("x", "h"), ("h", "y"), ("x", "y")], ["y"])
    {'x': 0, 'h': 1, 'y': 2}
    """
    generations = nx.topological_generations(nx.DiGraph(edges))
    layer = {name: depth for depth, names in enumerate(generations) for name in names}
    last = max(layer.values(), default=0)
    return layer | {name: last for name in outputs if name in layer}


def spread(desired: Sequence[float], heights: Sequence[float]) -> NDArray[np.float64]:
    """Places nearest to the desired ones, in the given order and without overlap.

    Examples
    --------
    >>> spread([0.0, 0.0, 10.0], [2.0, 2.0, 2.0])
    array([-1.,  1., 10.])
    """
    size = np.asarray(heights, float)
    offsets = np.concatenate([[0.0], np.cumsum((size[1:] + size[:-1]) / 2)])
    return isotonic_regression(np.asarray(desired, float) - offsets).x + offsets


@dataclass(frozen=True)
class _Columns:
    """Items per column, and the links between neighbouring columns."""

    items: dict[int, list[Item]]
    links: list[tuple[Item, Item]]
    chains: list[list[Item]]


def _columns(
    layer: Mapping[str, int], edges: Sequence[tuple[str, str]], order: Sequence[str]
) -> _Columns:
    """Nodes in even columns, edge plots in odd ones, ways through wherever an edge passes."""
    items: dict[int, list[Item]] = defaultdict(list)
    for name in order:
        items[2 * layer[name]].append(("node", name, 0))
    chains = []
    for i, (source, target) in enumerate(edges):
        chain: list[Item] = [("node", source, 0)]
        last = 2 * layer[target] - 1
        for column in range(2 * layer[source] + 1, last):
            chain.append(("way", str(i), column))
            items[column].append(chain[-1])
        chain.append(("panel", str(i), last))
        items[last].append(chain[-1])
        chain.append(("node", target, 0))
        chains.append(chain)
    links = [pair for chain in chains for pair in pairwise(chain)]
    return _Columns(dict(items), links, chains)


def _room(columns: _Columns) -> dict[Item, float]:
    """Height that each item keeps for itself; few nodes beside many plots are set apart."""
    room = {item: _HEIGHTS[item[0]] for items in columns.items.values() for item in items}
    tallest = max((sum(room[i] for i in items) for items in columns.items.values()), default=0.0)
    for column, items in columns.items.items():
        if column % 2 == 0:
            share = min(0.5 * tallest / len(items), _WIDEST)
            room |= {item: max(room[item], share) for item in items if item[0] == "node"}
    return room


def _heights(columns: _Columns, room: Mapping[Item, float], fixed: set[int]) -> dict[Item, float]:
    """Height of every item, by sweeps to and fro that pull neighbours together."""
    near: dict[Item, list[Item]] = defaultdict(list)
    for first, second in columns.links:
        near[first].append(second)
        near[second].append(first)
    height: dict[Item, float] = {}
    for items in columns.items.values():
        sizes = [room[item] for item in items]
        places = np.cumsum(sizes) - np.asarray(sizes) / 2 - sum(sizes) / 2
        height.update(zip(items, places.tolist(), strict=True))
    order = sorted(columns.items)
    for _ in range(_SWEEPS):
        for column in [*order, *reversed(order)]:
            items = columns.items[column]
            wish = {
                item: float(np.mean([height[other] for other in near[item]] or [height[item]]))
                for item in items
            }
            if column not in fixed:
                items.sort(key=wish.__getitem__)
            places = spread([wish[item] for item in items], [room[item] for item in items])
            height.update(zip(items, places.tolist(), strict=True))
    return height


def arrange(
    edges: Sequence[tuple[str, str]],
    order: Sequence[str],
    layer: Mapping[str, int],
    margins: tuple[float, float] = (60.0, 60.0),
) -> Arrangement:
    """Place the nodes and the edge plots of a network.

    Parameters
    ----------
    edges : pairs of node names (source, target); several edges may join the same two nodes.
    order : node names; inputs and outputs keep this order from top to bottom.
    layer : layer of every node, see `layers_of`.
    margins : room for names at the left and at the right.

    Examples
    --------
    >>> placed = arrange([("x", "y")], ["x", "y"], {"x": 0, "y": 1})
    >>> placed.nodes["x"][1] == placed.panels[0][1] == placed.nodes["y"][1]
    True
    """
    drawn = {name for pair in edges for name in pair}
    columns = _columns(layer, edges, [name for name in order if name in drawn])
    last = max(columns.items, default=0)
    height = _heights(columns, _room(columns), fixed={0, last})
    top = min((height[item] - _HEIGHTS[item[0]] / 2 for item in height), default=0.0)
    bottom = max((height[item] + _HEIGHTS[item[0]] / 2 for item in height), default=0.0)

    def place(item: Item, column: int) -> Point:
        pairs, odd = divmod(column, 2)
        across = margins[0] + NODE_COLUMN / 2 + pairs * (NODE_COLUMN + GAP_COLUMN)
        return across + odd * (NODE_COLUMN + GAP_COLUMN) / 2, height[item] - top + 8

    at = {item: place(item, column) for column, items in columns.items.items() for item in items}
    return Arrangement(
        {item[1]: point for item, point in at.items() if item[0] == "node"},
        tuple(at[chain[-2]] for chain in columns.chains),
        tuple(_route(chain, at) for chain in columns.chains),
        sum(margins) + NODE_COLUMN + (last // 2) * (NODE_COLUMN + GAP_COLUMN),
        bottom - top + 16,
    )


def _route(chain: Sequence[Item], at: Mapping[Item, Point]) -> tuple[Point, ...]:
    """Points that a line passes; beside edge plots it runs level, so as to cross none."""
    points: list[Point] = []
    for kind, name, column in chain:
        x, y = at[kind, name, column]
        if kind == "way" and column % 2:
            points += [(x - PANEL[0] / 2, y), (x + PANEL[0] / 2, y)]
        elif kind != "panel":
            points.append((x, y))
    return tuple(points)
