"""A KAN with the shape of a tree that was found in a function, its splines on the tree's curves."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from kansym.network.structure.layered_graph import layered
from kansym.network.structure.search import find_structure
from kansym.network.structure.trees import Branch, Tree
from kansym.neural.models.kan import KAN, EdgeKind
from kansym.neural.models.mlp import MLP
from kansym.neural.readers.black_box import TorchBox
from kansym.neural.training.history import uninterrupted
from kansym.neural.training.training import train
from kansym.shared.bounded_time import within
from kansym.shared.deadline import Deadline
from kansym.shared.tables import as_table

__all__ = ["draw_tree", "fitted", "trees_of"]

Array = np.ndarray
TOLERANCES = (3e-3, 1e-2, 3e-2, 1e-1)
"""Residuals that count as zero, tried in turn: how exact the gradients are is not known."""
SURE = 1e-2
"""Largest of these at which a part of a tree is believed."""
WRONG = 0.1
"""Scatter about the curves of a tree at which it misses what depends on other inputs."""
SHARE = 0.5
"""Of the time, that training the surrogate may take."""
ROWS = 1000
"""Rows that the surrogate is trained on."""
_RIDGE = 1e-9
"""Of a least-squares spline, over the largest element of its normal equations' diagonal."""


def trees_of(
    X: Float[Array, "rows inputs"],
    y: Float[Array, " rows"],
    *,
    hidden: Sequence[int],
    seconds: float,
    seed: int = 0,
    depth: int = 2,
    gradient: Float[Array, "rows inputs"] | None = None,
) -> Iterator[Tree]:
    """Trees that gradients show in the rows, the most certain first.

    Unless gradients are given they are those of an MLP that is trained on the rows: it serves as
    the surrogate because it favours no structure. What remains unknown is looked at again by a
    new surrogate in the fewer variables that were found.

    Parameters
    ----------
    X, y : rows.
    hidden : sizes of the surrogate's hidden layers.
    seconds : time for it.
    seed : of the surrogate.
    depth : how often what remains unknown is looked at again.
    gradient : derivatives of y by the inputs, if they are known.
    """
    deadline = Deadline.after(seconds)
    X, y = X[:ROWS], y[:ROWS]
    if gradient is None:
        surrogate = MLP([X.shape[1], *hidden, 1], activation="tanh", seed=seed)
        uninterrupted(train(surrogate, X, y, seed=seed, seconds=SHARE * seconds, progress=False))
        gradient = TorchBox(surrogate).gradients(X)[0]
    slopes = np.asarray(gradient)[:ROWS]
    seen: set[str] = set()
    for tolerance in TOLERANCES:
        finding = partial(find_structure, X, y, slopes, tolerance=tolerance)
        tree = within(deadline.left(), finding, None, failures=())
        if tree is None:
            return
        if str(tree) in seen or tree.scatter() > WRONG:
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
            time_left, depth = deadline.left() / 2, depth - 1
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
) -> tuple[KAN, float]:
    """The KAN of a tree, trained on rows, and its relative error on rows held out.

    Parameters
    ----------
    tree : of one output.
    X, y : rows and targets, arrays, data frames or tables.
    seconds : time for training.
    seed : of the split of rows.
    """
    model = draw_tree(tree, as_table(X).values, seed=seed)
    settings = {"starts": 1, "prune": False, "seed": seed, "seconds": seconds, "progress": False}
    return model, uninterrupted(train(model, X, y, **settings)).validation


@torch.no_grad()
def draw_tree(tree: Tree, X: Float[Array, "rows inputs"], *, grid: int = 8, seed: int = 0) -> KAN:
    """The KAN of a tree: a node per sum or product, straight edges for values that enter late.

    Parameters
    ----------
    tree : of one output; a node of kind "any" cannot be drawn.
    X : rows, for the ranges of the grids.
    grid : intervals of the splines.

    Examples
    --------
    >>> x = np.linspace(0, 1, 100)
    >>> leaves = [Tree("input", index=i) for i in (0, 1)]
    >>> tree = Tree("sum", (Branch(leaves[0], x, x**2), Branch(leaves[1], x, x, True)))
    >>> model = draw_tree(tree, np.stack([x, x], axis=1))
    >>> round(model(torch.tensor([[0.5, 1.0]]).double()).item(), 6)
    1.25
    """
    inputs = [Tree("input", index=i) for i in range(X.shape[1])]

    def node(branch: Branch) -> Tree:
        return inputs[branch.tree.index] if branch.tree.kind == "input" else branch.tree

    layers = layered(
        inputs,
        (tree,),
        sources=lambda tree: map(node, tree.branches),
        multiplies=lambda tree: tree.kind == "product",
    )
    widths = [X.shape[1], *(layer.width for layer in layers)]
    model = KAN(widths, grid=grid, seed=seed)
    values = torch.tensor(X)
    for position, layer in enumerate(layers):
        here = model.kan_layers[position]
        low, high = values.amin(0), values.amax(0)
        wide = high > low
        here.low.copy_(torch.where(wide, low, low - 0.5))
        here.high.copy_(torch.where(wide, high, high + 0.5))
        here.keep_relays(layer)
        for own in (*layer.sums, *layer.products):
            target = layer.nodes.index(own)
            here.bias[target] = own.bias
            for branch in own.branches:
                _draw_edge(model, position, target, layer.sources.index(node(branch)), branch)
        values = here(values)
    return model


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
