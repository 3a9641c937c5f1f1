"""A KAN with the shape of a tree that was found in a function, its splines on the tree's curves."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from kansym.network.structure.search import find_structure
from kansym.network.structure.trees import Branch, Tree
from kansym.neural.models.kan import KAN, EdgeKind, Width
from kansym.neural.models.mlp import MLP
from kansym.neural.training.training import train
from kansym.shared.tables import as_table

__all__ = ["draw_tree", "fitted", "trees_of"]

Array = np.ndarray
TOLERANCES = (3e-3, 1e-2, 3e-2, 1e-1)
"""Residuals that count as zero, tried in turn: how exact the gradients are is not known."""
SURE = 1e-2
"""Largest of these at which a part of a tree is believed."""
SHARE = 0.5
"""Of the time, that training the surrogate may take."""
ROWS = 1000
_RIDGE = 1e-9


def trees_of(
    X: Float[Array, "rows inputs"],
    y: Float[Array, " rows"],
    *,
    hidden: Sequence[int],
    seconds: float,
    seed: int = 0,
    depth: int = 2,
) -> Iterator[Tree]:
    """Trees that the gradients of a trained MLP show in the rows, the most certain first.

    An MLP serves as the surrogate because it favours no structure. What remains unknown is looked
    at again by a new surrogate in the fewer variables that were found.

    Parameters
    ----------
    X, y : rows.
    hidden : sizes of the surrogate's hidden layers.
    seconds : time for it.
    seed : of the surrogate.
    depth : how often what remains unknown is looked at again.
    """
    end = time.perf_counter() + seconds
    X, y = X[:ROWS], y[:ROWS]
    surrogate = MLP([X.shape[1], *hidden, 1], activation="tanh", seed=seed)
    train(surrogate, X, y, seed=seed, seconds=SHARE * seconds, progress=False)
    gradient = _gradient(surrogate, X)
    seen: set[str] = set()
    for tolerance in TOLERANCES:
        tree = find_structure(X, y, gradient, tolerance=tolerance)
        if str(tree) in seen:
            continue
        seen.add(str(tree))
        rest = tree.unknown()
        if rest is None:
            if tree.branches:
                yield tree
        elif depth and 0 < len(rest.branches) < X.shape[1] and tolerance <= SURE:
            assert rest.values is not None
            inner = np.stack([branch.x for branch in rest.branches], axis=1)
            if np.ptp(rest.values) == 0 or not np.all(np.ptp(inner, axis=0) > 0):
                continue
            time_left, depth = (end - time.perf_counter()) / 2, depth - 1
            settings = {"hidden": hidden, "seconds": time_left, "seed": seed, "depth": depth}
            for found in trees_of(inner, rest.values, **settings):
                yield tree.completed(found, tolerance)


def fitted(
    tree: Tree,
    X: Any,
    y: Any,
    *,
    seconds: float,
    seed: int = 0,
    grid: int = 8,
) -> tuple[KAN, float]:
    """The KAN of a tree, trained on rows, and its relative error on rows held out.

    Parameters
    ----------
    tree : of one output.
    X, y : rows and targets, arrays, data frames or tables.
    seconds : time for training.
    seed : of the split of rows.
    grid : intervals of the splines, before they are refined.
    """
    model = draw_tree(tree, as_table(X).values, grid=grid, seed=seed)
    history = train(model, X, y, starts=1, prune=False, seed=seed, seconds=seconds, progress=False)
    return model, history.validation


@torch.enable_grad()
def _gradient(model: nn.Module, X: Array) -> Array:
    """Derivatives of the output by the inputs."""
    rows = torch.tensor(X, requires_grad=True)
    (gradient,) = torch.autograd.grad(model(rows).sum(), rows)
    return gradient.numpy()


@torch.no_grad()
def draw_tree(
    tree: Tree, X: Float[Array, "rows inputs"], *, grid: int = 8, degree: int = 3, seed: int = 0
) -> KAN:
    """The KAN of a tree: a node per sum or product, straight edges for values that enter late.

    Parameters
    ----------
    tree : of one output; a node of kind "any" cannot be drawn.
    X : rows, for the ranges of the grids.
    grid, degree : of the splines.

    Examples
    --------
    >>> x = np.linspace(0, 1, 100)
    >>> leaves = [Tree("input", index=i) for i in (0, 1)]
    >>> tree = Tree("sum", (Branch(leaves[0], x, x**2), Branch(leaves[1], x, x, True)))
    >>> model = draw_tree(tree, np.stack([x, x], axis=1))
    >>> round(model(torch.tensor([[0.5, 1.0]]).double()).item(), 6)
    1.25
    """
    layers = _layers(tree)
    widths: list[Width] = [X.shape[1]]
    for layer in layers:
        products = sum(node.kind == "product" for node in layer)
        widths.append((len(layer) - products, products) if products else len(layer))
    model = KAN(widths, grid=grid, degree=degree, seed=seed)
    places: list[Tree] = [Tree("input", index=i) for i in range(X.shape[1])]
    values = torch.tensor(X)
    for position, nodes in enumerate(layers):
        here = model.kan_layers[position]
        low, high = values.amin(0), values.amax(0)
        wide = high > low
        here.low.copy_(torch.where(wide, low, low - 0.5))
        here.high.copy_(torch.where(wide, high, high + 0.5))
        here.bias.zero_()
        for target, node in enumerate(nodes):
            for source in range(here.n_in):
                model.set_edge(position, target, source, EdgeKind.ABSENT)
            if any(_same(node, place) for place in places):
                source = next(k for k, place in enumerate(places) if _same(node, place))
                model.set_edge(position, target, source, EdgeKind.STRAIGHT, slope=1.0)
                continue
            here.bias[target] = node.bias
            for branch in node.branches:
                source = next(k for k, place in enumerate(places) if _same(branch.tree, place))
                _draw_edge(model, position, target, source, branch)
        values = here(values)
        places = list(nodes)
    return model


def _layers(tree: Tree) -> list[list[Tree]]:
    """Nodes that stand in each layer: its own and those that later layers need, sums first."""
    depth = _depth(tree)
    layers = []
    for level in range(1, depth + 1):
        found: list[Tree] = []
        for node, needed in _uses(tree, depth + 1):
            stands = _depth(node) == level or (_depth(node) < level < needed)
            if stands and not any(_same(node, other) for other in found):
                found.append(node)
        # A value that only passes through stands at a sum node.
        own = [node for node in found if _depth(node) == level and node.kind == "product"]
        rest = [node for node in found if not any(node is other for other in own)]
        layers.append([*rest, *own])
    return layers


def _uses(tree: Tree, level: int) -> list[tuple[Tree, int]]:
    """Every node with the level of the node that it enters."""
    found = [(tree, level)]
    for branch in tree.branches:
        found += _uses(branch.tree, _depth(tree))
    return found


def _depth(tree: Tree) -> int:
    return 1 + max((_depth(branch.tree) for branch in tree.branches), default=-1)


def _same(one: Tree, other: Tree) -> bool:
    """The same node, or the same input."""
    return one is other or (one.kind == other.kind == "input" and one.index == other.index)


def _draw_edge(model: KAN, position: int, target: int, source: int, branch: Branch) -> None:
    """A straight edge, or a spline fitted to the branch's values."""
    if branch.straight:
        model.set_edge(position, target, source, EdgeKind.STRAIGHT, slope=1.0)
        return
    model.set_edge(position, target, source, EdgeKind.SPLINE)
    here = model.kan_layers[position]
    x = torch.tensor(branch.x)[:, None].expand(-1, here.n_in)
    basis = here.basis(x)[:, source]
    here.coef[target, source] = _least_squares(basis, torch.tensor(branch.y))


def _least_squares(basis: Tensor, y: Tensor) -> Tensor:
    """Coefficients with a little ridge, for stretches without rows."""
    normal = basis.T @ basis
    ridge = _RIDGE * normal.diagonal().max() * torch.eye(len(normal)).to(normal)
    return torch.linalg.solve(normal + ridge, basis.T @ y)
