"""The structure of a function, read from its gradients: which variables meet, and in what order.

A trained network is a surrogate whose gradients are cheap. With g_i = df/dv_i at rows of values v:

- f = h(a(v_i) + b(v_j)) if and only if g_i b'(v_j) = g_j a'(v_i): the null vector of a matrix,
  linear in the coefficients of a' and b' (or in those of 1/a' and 1/b', if products vanish);
- f = h(v_i^p v_j^q) if g_i v_i : g_j v_j = p : q everywhere;
- f = a(v_i) + F if g_i depends on v_i only; f = p(v_i) F if f p' = g_i p;
- f = M h(P) with monomials M and P if the columns v_i g_i and f have all but one null vector.

Each finding replaces variables by one, whose values and gradient are known at the same rows, and
the search goes on. What is left in the end is a tree, which a sparse KAN can be drawn from.

References
----------
S.-M. Udrescu et al., AI Feynman 2.0, 2020, arXiv:2006.10782 (generalised symmetries from
gradients); the tests here are linear in unknown functions.
"""

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize_scalar

from kansym.network.structure.joining import joined_monomials, joined_pair, simple_powers
from kansym.network.structure.trees import Branch, Tree, power, tidy
from kansym.network.structure.variables import SOFT, Basis, Variable, row_weights

__all__ = ["find_structure"]

Array = np.ndarray
IRRELEVANT = 1e-3
"""Share of the spread of f below which a variable does not count."""


def find_structure(
    X: Float[Array, "rows inputs"],
    f: Float[Array, " rows"],
    gradient: Float[Array, "rows inputs"],
    *,
    tolerance: float = 1e-2,
) -> Tree:
    """The tree of a function, from its values and gradients.

    Parameters
    ----------
    X : rows, in units in which f and the inputs are of the same size or not, as they come.
    f, gradient : values and derivatives by the inputs at these rows.
    tolerance : relative size of a residual that counts as zero; ten times the relative error of
        the gradients, or so.

    Returns
    -------
    The output's tree. A node of kind "any" stands where nothing was found.

    Examples
    --------
    >>> X = np.random.default_rng(0).uniform(1, 3, (500, 3))
    >>> f = X[:, 0] * np.sqrt(X[:, 1] ** 2 + X[:, 2] ** 2)
    >>> root = f / X[:, 0]
    >>> gradient = np.stack([root, X[:, 0] * X[:, 1] / root, X[:, 0] * X[:, 2] / root], axis=1)
    >>> print(find_structure(X, f, gradient))
    (?(?x2 + ?x3) * ?x1)
    """
    spread = f.std()
    variables = [
        Variable(Tree("input", index=i), X[:, i], gradient[:, i])
        for i in range(X.shape[1])
        if np.std(X[:, i]) * np.sqrt(np.mean(gradient[:, i] ** 2)) > IRRELEVANT * spread
    ]
    if not variables:  # a surrogate that learnt nothing has no gradient, or none that is finite
        return Tree("any", values=f)
    return tidy(_solve(variables, f, tolerance), tolerance)


def _solve(variables: list[Variable], f: Array, tolerance: float) -> Tree:
    """The tree of f in some variables."""
    while len(variables) > 1:
        merged = joined_monomials(variables, tolerance) or joined_pair(variables, tolerance)
        if merged is not None:
            variables = merged
            continue
        peeled = _peeled(variables, f, tolerance)
        if peeled is not None:
            return peeled
        branches = tuple(Branch(each.tree, each.v, each.v, True) for each in variables)
        return _scaling(variables, f, tolerance) or Tree("any", branches, values=f)
    (last,) = variables
    return Tree("sum", (Branch(last.tree, last.v, f),))


# -- one variable leaves ----------------------------------------------------------------------


def _peeled(variables: list[Variable], f: Array, tolerance: float) -> Tree | None:
    """The tree of f = a(v) + F or f = p(v) F, with F solved in turn."""
    found = []
    constants: dict[int, float] = {}
    for number, each in enumerate(variables):
        basis = Basis.on(each.v)
        coefficients = np.linalg.lstsq(basis.phi, each.g, rcond=None)[0]
        rest = np.std(each.g - basis.phi @ coefficients) / np.sqrt(np.mean(each.g**2))
        found.append((float(rest), number, "sum", basis.integral @ coefficients))
        rest, c, constant = _factor(f, each.g, basis)
        found.append((rest, number, "product", basis.phi @ c))
        constants[number] = constant
    rest, number, kind, curve = min(found, key=lambda item: item[0])
    if rest > tolerance:
        return None
    gone = variables[number]
    others = [each for k, each in enumerate(variables) if k != number]
    if kind == "sum":
        rest_f, kept = f - curve, np.ones(len(f), bool)
        scale = np.ones_like(f)
    else:
        curve = curve / np.sqrt(np.mean(curve**2))
        kept = np.abs(curve) > 0.05
        scale = np.where(kept, curve, 1.0)
        rest_f = (f - constants[number]) / scale
    if kept.sum() < len(f) / 4:
        return None
    inner = [Variable(each.tree, each.v, each.g / scale) for each in others]
    # Rows where the factor vanishes say nothing about the rest.
    inner = [Variable(each.tree, each.v[kept], each.g[kept]) for each in inner]
    tree = _solve(inner, rest_f[kept], tolerance)
    branch = Branch(gone.tree, gone.v, curve)
    bias = constants[number] if kind == "product" else 0.0
    if (tree.kind == kind and tree.bias == 0) or (tree.kind == "sum" and len(tree.branches) == 1):
        return Tree(kind, (branch, *tree.branches), bias=bias + (tree.bias if kind == "sum" else 0))
    return Tree(kind, (branch, Branch(tree, rest_f[kept], rest_f[kept], True)), bias=bias)


def _factor(f: Array, g: Array, basis: Basis) -> tuple[float, Array, float]:
    """The factor p of f = p F + constant: residual, coefficients, and the constant.

    They follow from (f - constant) p' = g p.
    """
    spread, middle = np.std(f), np.mean(f)
    level = (f - middle) / spread
    slopes, values = basis.derivative, (g / spread)[:, None] * basis.phi
    scale = np.sqrt(np.mean((level[:, None] * slopes) ** 2 + values**2, axis=1))
    weight = 1.0 / (scale + SOFT * np.sqrt(np.mean(scale**2)))[:, None]
    first, second = weight * (level[:, None] * slopes - values), weight * slopes
    gram = first.T @ first, first.T @ second + second.T @ first, second.T @ second

    def rest(constant: float) -> float:
        squares = gram[0] - constant * gram[1] + constant**2 * gram[2]
        values = np.linalg.eigvalsh(squares)
        return float(np.sqrt(max(values[0], 0.0) / np.mean(values)))

    zero = float(-middle / spread)
    tried = [zero, *np.linspace(-4, 4, 65).tolist()]
    start = min(tried, key=rest)
    step = 8 / 64
    best = minimize_scalar(rest, bounds=(start - step, start + step), method="bounded").x
    best = zero if rest(zero) <= 3 * rest(best) + 1e-4 else float(best)
    squares = gram[0] - best * gram[1] + best**2 * gram[2]
    return rest(best), np.linalg.eigh(squares)[1][:, 0], float(middle + spread * best)


# -- scaling symmetries -----------------------------------------------------------------------


def _scaling(variables: list[Variable], f: Array, tolerance: float) -> Tree | None:
    """The tree of f = M h(P) with two monomials of the variables."""
    columns = np.stack([*(each.v * each.g for each in variables), -f], axis=1)
    sizes = np.sqrt(np.mean(columns**2, axis=0))
    columns = columns / sizes
    _, singular, vectors = np.linalg.svd(
        columns * row_weights(list(columns.T))[:, None], full_matrices=False
    )
    typical = np.sqrt(np.mean(singular**2))
    n = len(variables)
    count = int(np.sum(singular < tolerance * typical))
    if count == 1 and n > 2:
        return _by_unit(variables, f, vectors[-1] / sizes, tolerance)
    if count != n - 1:
        return None
    symmetries = vectors[2:] / sizes
    moves, degrees = symmetries[:, :n], symmetries[:, n]
    p = simple_powers(np.linalg.svd(moves)[2][-1])
    m0 = np.linalg.lstsq(moves, degrees, rcond=None)[0]
    # M is free by powers of P: the choice with most zeros and whole numbers.
    choices = [m0 - m0[i] / p[i] * p for i in range(n)]
    signed = np.array([each.signed for each in variables])
    p = -p if np.any(p[signed] < 0) else p
    size = np.prod([np.abs(each.v) ** e for each, e in zip(variables, p, strict=True)], axis=0)
    m = min(
        choices,
        key=lambda m: (
            _unevenness(m)
            + 10 * np.sum(np.abs(m[signed]) > 1e-2)
            + 2 * _turns(size, f, variables, m)
        ),
    )
    nearest = np.round(2 * m) / 2
    m = np.where(np.abs(m - nearest) < 0.05, nearest, m)
    group = _tree_of_powers(variables, p)
    factor = _tree_of_powers(variables, m)
    if group is None or factor is None:
        return None
    (ratio, ratio_values), (outer, outer_values) = group, factor
    if np.any(np.abs(outer_values) < 1e-12 * np.abs(outer_values).max()):
        return None
    return Tree(
        "product",
        (
            *outer.branches,
            Branch(ratio, ratio_values, f / outer_values),
        ),
    )


def _turns(ratio: Array, f: Array, variables: list[Variable], m: Array) -> float:
    """How far f / M is from a monotonic function of the ratio: 0 to 1."""
    with np.errstate(all="ignore"):
        outer = np.prod([np.abs(each.v) ** e for each, e in zip(variables, m, strict=True)], axis=0)
        h = f / outer
    if not (np.all(np.isfinite(h)) and np.ptp(ratio) > 0):
        return 1.0
    basis = Basis.on(ratio)
    slope = basis.derivative @ (basis.phi.T @ h / len(h))
    return 1.0 - abs(float(np.mean(np.sign(slope))))


def _by_unit(variables: list[Variable], f: Array, symmetry: Array, tolerance: float) -> Tree | None:
    """The tree of f = x^w H(v_1 / x^p_1, ...): one variable taken as the unit of the others."""
    trees = []
    for number, unit in enumerate(variables):
        if unit.signed or abs(symmetry[number]) < 1e-2 * np.abs(symmetry).max():
            continue
        powers = symmetry / symmetry[number]
        nearest = np.round(2 * powers) / 2
        powers = np.where(np.abs(powers - nearest) < 0.05, nearest, powers)
        outer = power(unit.v, float(powers[-1]))
        assert outer is not None
        reduced = []
        for k, each in enumerate(variables):
            if k == number:
                continue
            factor = power(unit.v, -float(powers[k]))
            assert factor is not None
            own = Branch(each.tree, each.v, each.v, True)
            tree = each.tree
            if powers[k] != 0:
                tree = Tree("product", (own, Branch(unit.tree, unit.v, factor)))
            reduced.append(Variable(tree, each.v * factor, each.g / factor / outer))
        inner = _solve(reduced, f / outer, tolerance)
        if powers[-1] == 0:
            trees.append(inner)
            continue
        rest = Branch(inner, f / outer, f / outer, True)
        trees.append(Tree("product", (Branch(unit.tree, unit.v, outer), rest)))
    solved = [tree for tree in trees if tree.solved()]
    return min(solved, key=Tree.n_edges, default=None)


def _unevenness(m: Array) -> float:
    """How far exponents are from few small whole numbers."""
    return float(
        np.sum(np.abs(m) > 1e-2) + np.sum(np.abs(m - np.round(m)) > 0.05) + 0.1 * np.sum(np.abs(m))
    )


def _tree_of_powers(variables: list[Variable], powers: Array) -> tuple[Tree, Array] | None:
    """A monomial as a product tree with its values."""
    branches = []
    values = np.ones_like(variables[0].v)
    for each, p in zip(variables, powers, strict=True):
        if abs(p) < 1e-2:
            continue
        curve = power(each.v, float(p))
        if curve is None:
            return None
        values = values * curve
        branches.append(Branch(each.tree, each.v, curve, straight=p == 1))
    return Tree("product", tuple(branches)), values
