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

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
from jaxtyping import Float
from numpy.polynomial import chebyshev
from scipy.optimize import minimize_scalar

from kansym.network.structure.trees import Branch, Tree, power, tidy

__all__ = ["find_structure"]

Array = np.ndarray
DEGREE = 8
"""Of the polynomials that stand for unknown functions."""
IRRELEVANT = 1e-3
"""Share of the spread of f below which a variable does not count."""
POWER_LAW = 1e-2
"""Relative error within which a slope is that of a power."""
SOFT = 0.1
"""Gradients below this share of their root mean square weigh less."""


@dataclass(frozen=True, eq=False)
class _Variable:
    """A tree with its values at the rows, and the derivative of f by it."""

    tree: Tree
    v: Float[Array, " rows"]
    g: Float[Array, " rows"]

    @property
    def signed(self) -> bool:
        """Whether it takes both signs, or zero."""
        return bool(self.v.min() <= 0 <= self.v.max())


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
        _Variable(Tree("input", index=i), X[:, i], gradient[:, i])
        for i in range(X.shape[1])
        if np.std(X[:, i]) * np.sqrt(np.mean(gradient[:, i] ** 2)) > IRRELEVANT * spread
    ]
    if not variables:  # a surrogate that learnt nothing has no gradient, or none that is finite
        return Tree("any", values=f)
    return tidy(_solve(variables, f, tolerance), tolerance)


def _solve(variables: list[_Variable], f: Array, tolerance: float) -> Tree:
    """The tree of f in some variables."""
    while len(variables) > 1:
        merged = _monomials(variables, tolerance) or _merged(variables, tolerance)
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


# -- unknown functions as polynomials ---------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Basis:
    """Polynomials on the range of some values, orthonormal at the rows."""

    phi: Float[Array, "rows terms"]
    derivative: Float[Array, "rows terms"]
    integral: Float[Array, "rows terms"]

    @classmethod
    def on(cls, v: Array, degree: int = DEGREE) -> "_Basis":
        """For the rows' values; in the logarithm where they span more than a factor of ten."""
        low, high = v.min(), v.max()
        by_log = low > 0 and high > 10 * low
        u, du = (np.log(v), 1 / v) if by_log else (v, np.ones_like(v))
        low, high = u.min(), u.max()
        half = (high - low) / 2 or 1.0
        t = (u - low) / half - 1
        phi = chebyshev.chebvander(t, degree)
        identity = np.eye(degree + 1)
        slopes = chebyshev.chebvander(t, degree) @ np.stack(
            [
                np.pad(chebyshev.chebder(c), (0, degree + 1 - len(chebyshev.chebder(c))))
                for c in identity
            ],
            axis=1,
        )
        derivative = slopes * (du / half)[:, None]
        _, triangular = np.linalg.qr(phi / np.sqrt(len(v)))
        to_normal = np.linalg.inv(triangular)
        order = np.argsort(v)
        values = phi @ to_normal
        steps = np.diff(v[order])[:, None] * (values[order][1:] + values[order][:-1]) / 2
        integral = np.empty_like(values)
        integral[order] = np.concatenate([np.zeros((1, degree + 1)), steps.cumsum(0)])
        return cls(values, derivative @ to_normal, integral)


def _null(matrix: Array) -> tuple[float, Array]:
    """Smallest singular value relative to the mean square of all, and its vector."""
    _, singular, vectors = np.linalg.svd(matrix, full_matrices=False)
    typical = np.sqrt(np.mean(singular**2))
    return float(singular[-1] / typical) if typical > 0 else np.inf, vectors[-1]


def _weights(columns: Sequence[Array]) -> Array:
    """Rows weighted so that all count alike, apart from those where all columns are small."""
    size = np.sqrt(sum(column**2 for column in columns))
    return 1.0 / (size + SOFT * np.sqrt(np.mean(size**2)) + 1e-300)


def _scaled(column: Array) -> Array:
    return column / (np.sqrt(np.mean(column**2)) + 1e-300)


# -- two variables become one -----------------------------------------------------------------


def _monomials(variables: list[_Variable], tolerance: float) -> list[_Variable] | None:
    """All variables that enter as one monomial, merged."""
    for number, first in enumerate(variables):
        group, powers = [first], [1.0]
        for other in variables[number + 1 :]:
            ratio = _power_ratio(first, other, tolerance)
            if ratio is not None:
                group.append(other)
                powers.append(ratio)
        made = _product(group, np.array(powers)) if len(group) > 1 else None
        if made is not None:
            return [made, *(each for each in variables if each not in group)]
    return None


def _power_ratio(one: _Variable, other: _Variable, tolerance: float) -> float | None:
    """q/p where f depends on v^p w^q only."""
    a, b = one.v * one.g, other.v * other.g
    if not (np.any(a) and np.any(b)):
        return None
    sizes = np.sqrt(np.mean(a**2)), np.sqrt(np.mean(b**2))
    columns = np.stack([a / sizes[0], b / sizes[1]], axis=1)
    rest, vector = _null(columns * _weights(list(columns.T))[:, None])
    if rest > tolerance or min(np.abs(vector)) < 0.1:
        return None
    return float(-(vector[0] / sizes[0]) / (vector[1] / sizes[1]))


def _product(group: list[_Variable], powers: Array) -> _Variable | None:
    """The monomial of some variables as a variable."""
    exponents = _simple(powers)
    if any(
        each.signed and not (float(p).is_integer() and p > 0)
        for each, p in zip(group, exponents, strict=True)
    ):
        exponents = -exponents
    found = [power(each.v, p) for each, p in zip(group, exponents, strict=True)]
    curves = [curve for curve in found if curve is not None]
    if len(curves) < len(found):
        return None
    values = np.prod(curves, axis=0)
    # df/dP from every factor: v g = p P df/dP.
    top = sum(p * each.v * each.g for each, p in zip(group, exponents, strict=True))
    safe = np.where(np.abs(values) < 1e-12 * np.abs(values).max(), np.inf, values)
    slope = top / (np.sum(exponents**2) * safe)
    branches = tuple(
        Branch(each.tree, each.v, curve, straight=p == 1)
        for each, curve, p in zip(group, curves, exponents, strict=True)
    )
    return _Variable(Tree("product", branches), values, slope)


def _simple(powers: Array) -> Array:
    """Powers multiplied such that they are small whole numbers, if they nearly are."""
    powers = powers / np.abs(powers).max()
    for largest in (1, 2, 3, 4, 6):
        scaled = powers * largest
        if np.all(np.abs(scaled - np.round(scaled)) < 0.05) and np.all(np.round(scaled) != 0):
            return np.round(scaled)
    return powers


def _merged(variables: list[_Variable], tolerance: float) -> list[_Variable] | None:
    """The two variables that meet first, as one: the pair with the smallest residual."""
    found = [
        (*_meeting(variables[i], variables[j]), i, j)
        for i, j in combinations(range(len(variables)), 2)
    ]
    found += [
        (*_factored(variables[i], variables[j]), i, j)
        for i, j in permutations(range(len(variables)), 2)
    ]
    rest, made, i, j = min(found, key=lambda item: item[0])
    if rest > tolerance:
        return None
    return [made, *(each for k, each in enumerate(variables) if k not in (i, j))]


def _meeting(one: _Variable, other: _Variable) -> tuple[float, _Variable]:
    """The two as a(v) + b(w): the residual, and the sum as a variable."""
    left, right = _Basis.on(one.v), _Basis.on(other.v)
    g, h = _scaled(one.g), _scaled(other.g)
    weight = _weights([g, h])[:, None]
    rest, c = _null(weight * np.hstack([h[:, None] * left.phi, -g[:, None] * right.phi]))
    return rest, _sum(one, other, c, (left, right))


def _factored(one: _Variable, other: _Variable) -> tuple[float, _Variable]:
    """The two as v q(w), where q may vanish: from v g q' = h q, linear in q."""
    basis = _Basis.on(other.v)
    left, right = _scaled(one.v * one.g), other.g / np.sqrt(np.mean((one.v * one.g) ** 2))
    slopes, values = left[:, None] * basis.derivative, right[:, None] * basis.phi
    size = np.sqrt(np.mean(slopes**2 + values**2, axis=1))
    weight = 1.0 / (size + SOFT * np.sqrt(np.mean(size**2)))
    rest, c = _null(weight[:, None] * (slopes - values))
    q, slope = basis.phi @ c, basis.derivative @ c
    factor = 1.0 / np.sqrt(np.mean(q**2))
    q, slope = q * factor, slope * factor
    squares = q**2 + (one.v * slope) ** 2
    gradient = (one.g * q + other.g * one.v * slope) / (squares + 1e-12 * squares.max())
    branches = (Branch(one.tree, one.v, one.v, True), Branch(other.tree, other.v, q))
    return rest, _Variable(Tree("product", branches), one.v * q, gradient)


def _sum(one: _Variable, other: _Variable, c: Array, bases: tuple[_Basis, _Basis]) -> _Variable:
    """The variable a(v) + b(w) from coefficients of a' and b'."""
    left, right = bases
    terms = left.phi.shape[1]
    sizes = np.sqrt(np.mean(one.g**2)), np.sqrt(np.mean(other.g**2))
    # g / |g| b' = h / |h| a' holds for the scaled gradients.
    ca, cb = c[:terms] * sizes[0], c[terms:] * sizes[1]
    slopes = left.phi @ ca, right.phi @ cb
    a, b = _curve(one.v, slopes[0], left, ca), _curve(other.v, slopes[1], right, cb)
    factor = 1.0 / (np.std(a) + np.std(b) + 1e-300)
    a, b, slopes = a * factor, b * factor, (slopes[0] * factor, slopes[1] * factor)
    squares = slopes[0] ** 2 + slopes[1] ** 2
    gradient = (one.g * slopes[0] + other.g * slopes[1]) / (squares + 1e-12 * squares.max())
    tree = Tree("sum", (Branch(one.tree, one.v, a), Branch(other.tree, other.v, b)))
    return _Variable(tree, a + b, gradient)


def _curve(v: Array, slope: Array, basis: _Basis, coefficients: Array) -> Array:
    """The integral of a slope; without a constant where it is a power of v."""
    for exponent in (1.0, 2.0, -1.0, -2.0, 3.0, -3.0, 4.0, 0.5, -0.5):
        curve = power(v, exponent)
        if curve is None:
            continue
        derivative = exponent * curve / np.where(v == 0, np.inf, v)
        factor = float(derivative @ slope) / float(derivative @ derivative)
        if np.std(slope - factor * derivative) < POWER_LAW * np.sqrt(np.mean(slope**2)):
            return factor * curve
    return basis.integral @ coefficients


# -- one variable leaves ----------------------------------------------------------------------


def _peeled(variables: list[_Variable], f: Array, tolerance: float) -> Tree | None:
    """F = a(v) + F or p(v) F, with F solved in turn."""
    found = []
    constants: dict[int, float] = {}
    for number, each in enumerate(variables):
        basis = _Basis.on(each.v)
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
    inner = [_Variable(each.tree, each.v, each.g / scale) for each in others]
    # Rows where the factor vanishes say nothing about the rest.
    inner = [_Variable(each.tree, each.v[kept], each.g[kept]) for each in inner]
    tree = _solve(inner, rest_f[kept], tolerance)
    branch = Branch(gone.tree, gone.v, curve)
    bias = constants[number] if kind == "product" else 0.0
    if (tree.kind == kind and tree.bias == 0) or (tree.kind == "sum" and len(tree.branches) == 1):
        return Tree(kind, (branch, *tree.branches), bias=bias + (tree.bias if kind == "sum" else 0))
    return Tree(kind, (branch, Branch(tree, rest_f[kept], rest_f[kept], True)), bias=bias)


def _factor(f: Array, g: Array, basis: _Basis) -> tuple[float, Array, float]:
    """P with f = p F + constant, from (f - constant) p' = g p: residual, coefficients, constant."""
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


def _scaling(variables: list[_Variable], f: Array, tolerance: float) -> Tree | None:
    """F = M h(P) with two monomials of the variables."""
    columns = np.stack([*(each.v * each.g for each in variables), -f], axis=1)
    sizes = np.sqrt(np.mean(columns**2, axis=0))
    columns = columns / sizes
    _, singular, vectors = np.linalg.svd(
        columns * _weights(list(columns.T))[:, None], full_matrices=False
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
    p = _simple(np.linalg.svd(moves)[2][-1])
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


def _turns(ratio: Array, f: Array, variables: list[_Variable], m: Array) -> float:
    """How far f / M is from a monotonic function of the ratio: 0 to 1."""
    with np.errstate(all="ignore"):
        outer = np.prod([np.abs(each.v) ** e for each, e in zip(variables, m, strict=True)], axis=0)
        h = f / outer
    if not (np.all(np.isfinite(h)) and np.ptp(ratio) > 0):
        return 1.0
    basis = _Basis.on(ratio)
    slope = basis.derivative @ (basis.phi.T @ h / len(h))
    return 1.0 - abs(float(np.mean(np.sign(slope))))


def _by_unit(
    variables: list[_Variable], f: Array, symmetry: Array, tolerance: float
) -> Tree | None:
    """F = x^w H(v_1 / x^p_1, ...): one variable taken as the unit of the others."""
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
            reduced.append(_Variable(tree, each.v * factor, each.g / factor / outer))
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


def _tree_of_powers(variables: list[_Variable], powers: Array) -> tuple[Tree, Array] | None:
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
