"""Trees: a function as sums and products of univariate functions of inputs and of other trees."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float

from kansym.shared.neighbours import off_neighbours

__all__ = ["Branch", "Tree", "power", "tidy"]

Array = np.ndarray
_POWERS = (1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 1.5, -1.5, 4.0, -4.0)


@dataclass(frozen=True, eq=False)
class Tree:
    """A variable: an input, or a sum, product or unknown function of branches."""

    kind: Literal["input", "sum", "product", "any"]
    branches: "tuple[Branch, ...]" = ()
    index: int = -1
    """Of an input."""
    bias: float = 0.0
    """Added to the sum or product."""
    values: Float[Array, " rows"] | None = None
    """Of a node of kind "any", at the rows of its branches."""

    def inputs(self) -> set[int]:
        """Inputs that it depends on."""
        if self.kind == "input":
            return {self.index}
        return set().union(*(branch.tree.inputs() for branch in self.branches))

    def n_edges(self) -> int:
        """Edges of the whole tree."""
        return sum(1 + branch.tree.n_edges() for branch in self.branches)

    def solved(self) -> bool:
        """Whether every node is a sum or a product."""
        return self.kind != "any" and all(branch.tree.solved() for branch in self.branches)

    def unknown(self) -> "Tree | None":
        """The node of kind "any", if there is one; more than one never arise."""
        if self.kind == "any":
            return self
        found = (branch.tree.unknown() for branch in self.branches)
        return next((tree for tree in found if tree is not None), None)

    def scatter(self) -> float:
        """Largest share of a curve's variation that its argument does not explain."""
        own = [_scatter(branch.x, branch.y) for branch in self.branches if not branch.straight]
        return max([0.0, *own, *(branch.tree.scatter() for branch in self.branches)])

    def completed(self, tree: "Tree", tolerance: float) -> "Tree":
        """With another tree, in the variables of the unknown node, in that node's place."""
        node = self.unknown()
        assert node is not None
        leaves = [branch.tree for branch in node.branches]
        return tidy(_replaced(self, node, _grafted(tree, leaves)), tolerance)

    def __str__(self) -> str:
        return self.text()

    def text(self, names: Sequence[str] = ()) -> str:
        """The tree with inputs by name, ``x1``, ``x2``, ... unless given."""
        if self.kind == "input":
            return names[self.index] if names else f"x{self.index + 1}"
        sign = {"sum": " + ", "product": " * ", "any": ", "}[self.kind]
        inner = sign.join(sorted(branch.text(names) for branch in self.branches))
        return f"F({inner})" if self.kind == "any" else f"({inner})"


@dataclass(frozen=True, eq=False)
class Branch:
    """An edge of a tree: a function of a tree's value, known at the rows, or the value itself."""

    tree: Tree
    x: Float[Array, " rows"]
    y: Float[Array, " rows"]
    straight: bool = False

    def __str__(self) -> str:
        return self.text()

    def text(self, names: Sequence[str] = ()) -> str:
        """The tree, behind a question mark if an unknown function of it is meant."""
        return self.tree.text(names) if self.straight else f"?{self.tree.text(names)}"


def _grafted(tree: Tree, leaves: Sequence[Tree]) -> Tree:
    """A tree with other trees in place of its inputs."""
    if tree.kind == "input":
        return leaves[tree.index]
    branches = (replace(each, tree=_grafted(each.tree, leaves)) for each in tree.branches)
    return replace(tree, branches=tuple(branches))


def _replaced(tree: Tree, node: Tree, by: Tree) -> Tree:
    """A tree with one node replaced."""
    if tree is node:
        return by
    branches = (replace(each, tree=_replaced(each.tree, node, by)) for each in tree.branches)
    return replace(tree, branches=tuple(branches)) if tree.branches else tree


def _scatter(x: Array, y: Array) -> float:
    """Spread of y about lines between its neighbours in x, over that of y itself."""
    rest, share = off_neighbours(x, y)
    size = np.sqrt(np.mean(1 + share**2 + (1 - share) ** 2)) * np.std(y)
    return float(np.sqrt(np.mean(rest**2)) / size) if size > 0 else 0.0


def power(v: Array, exponent: float) -> Array | None:
    """The power v ** exponent, None where it is not defined."""
    if float(exponent).is_integer() and (exponent > 0 or not v.min() <= 0 <= v.max()):
        return v ** int(exponent)
    if v.min() > 0:
        return v**exponent
    return (-v) ** exponent if v.max() < 0 else None


# -- the same function as a flatter tree -------------------------------------------------------


def tidy(tree: Tree, tolerance: float) -> Tree:
    """Sums within sums and products within products made one, powers where they are straightest."""
    branches: list[Branch] = []
    bias = tree.bias
    for branch in tree.branches:
        inner = replace(branch, tree=tidy(branch.tree, tolerance))
        if inner.straight and len(inner.tree.branches) == 1 and inner.tree.bias == 0:
            (inner,) = inner.tree.branches
        if not inner.straight:
            inner = _straightened(inner)
        more, offset = _flattened(tree.kind, inner, tolerance)
        branches, bias = branches + more, bias + offset
    tidied = replace(tree, branches=tuple(branches), bias=bias)
    if tree.kind == "sum" and len(branches) == 1 and branches[0].tree.kind == "product":
        only = branches[0]
        product = _scaled_product(only, tolerance)
        return tidied if product is None else replace(product, bias=bias)
    return tidied


def _straightened(branch: Branch) -> Branch:
    """A function of a monomial as a function of that power of it which leaves it straightest."""
    if branch.tree.kind != "product" or branch.tree.bias != 0:
        return branch
    if any(y.min() <= 0 <= y.max() for y in (branch.x, *(each.y for each in branch.tree.branches))):
        return branch
    # Which signs the factors have is arbitrary, as long as none changes its sign.
    factors = tuple(
        each if each.y.min() > 0 else Branch(each.tree, each.x, -each.y)
        for each in branch.tree.branches
    )
    size, positive = np.abs(branch.x), replace(branch.tree, branches=factors)
    rests = {k: _line(size**k, branch.y)[2] for k in _POWERS}
    best = min(rests, key=lambda k: rests[k] * (1 + 0.1 * abs(k - 1)))
    if best == 1 or rests[best] > 0.5 * rests[1.0]:
        return branch
    return Branch(_raised(positive, best), size**best, branch.y)


def _raised(tree: Tree, exponent: float, factor: float = 1.0) -> Tree:
    """A product with all factors raised to a power, and the first multiplied."""
    raised = []
    for number, each in enumerate(tree.branches):
        curve = power(each.y, exponent)
        assert curve is not None
        by = factor if number == 0 else 1.0
        straight = each.straight and exponent == 1 and by == 1
        raised.append(Branch(each.tree, each.x, by * curve, straight))
    return replace(tree, branches=tuple(raised))


def _line(x: Array, y: Array) -> tuple[float, float, float]:
    """Slope, offset and relative residual of y as a line in x."""
    dx, dy = x - x.mean(), y - y.mean()
    slope = float(dx @ dy) / (float(dx @ dx) + 1e-300)
    rest = float(np.std(dy - slope * dx) / (np.std(dy) + 1e-300))
    return slope, float(y.mean() - slope * x.mean()), rest


def _flattened(kind: str, branch: Branch, tolerance: float) -> tuple[list[Branch], float]:
    """The branches of a sum in a sum, or of a product in a product, if the edge between allows."""
    inner = branch.tree
    if inner.kind != kind or len(inner.branches) < 2:
        return [branch], 0.0
    if kind == "sum":
        slope, offset, rest = _line(branch.x, branch.y)
        if rest > tolerance:
            return [branch], 0.0
        scaled = [Branch(each.tree, each.x, slope * each.y) for each in inner.branches]
        return scaled, slope * inner.bias + offset
    made = _scaled_product(branch, tolerance)
    return ([branch], 0.0) if made is None else (list(made.branches), 0.0)


def _scaled_product(branch: Branch, tolerance: float) -> Tree | None:
    """The product itself, if the edge that leaves it multiplies by a number."""
    if len(branch.tree.branches) < 2 or branch.tree.bias != 0:
        return None
    slope = float(branch.x @ branch.y) / (float(branch.x @ branch.x) + 1e-300)
    rest = np.std(branch.y - slope * branch.x) / (np.std(branch.y) + 1e-300)
    level = abs(np.mean(branch.y - slope * branch.x)) / (np.std(branch.y) + 1e-300)
    if max(rest, level) > tolerance:
        return None
    return _raised(branch.tree, 1.0, slope)
