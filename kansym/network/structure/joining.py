"""Two variables that enter a function together become one: as a monomial, a sum or a product."""

from itertools import combinations, permutations

import numpy as np

from kansym.network.structure.trees import Branch, Tree, power
from kansym.network.structure.variables import (
    SOFT,
    Basis,
    Variable,
    null_vector,
    of_size_one,
    row_weights,
)

__all__ = ["joined_monomials", "joined_pair", "simple_powers"]

Array = np.ndarray
POWER_LAW = 1e-2
"""Relative error within which a slope is that of a power."""


def joined_monomials(variables: list[Variable], tolerance: float) -> list[Variable] | None:
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


def _power_ratio(one: Variable, other: Variable, tolerance: float) -> float | None:
    """q/p where f depends on v^p w^q only."""
    a, b = one.v * one.g, other.v * other.g
    if not (np.any(a) and np.any(b)):
        return None
    sizes = np.sqrt(np.mean(a**2)), np.sqrt(np.mean(b**2))
    columns = np.stack([a / sizes[0], b / sizes[1]], axis=1)
    rest, vector = null_vector(columns * row_weights(list(columns.T))[:, None])
    if rest > tolerance or min(np.abs(vector)) < 0.1:
        return None
    return float(-(vector[0] / sizes[0]) / (vector[1] / sizes[1]))


def _product(group: list[Variable], powers: Array) -> Variable | None:
    """The monomial of some variables as a variable."""
    exponents = simple_powers(powers)
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
    return Variable(Tree("product", branches), values, slope)


def simple_powers(powers: Array) -> Array:
    """Powers multiplied such that they are small whole numbers, if they nearly are."""
    powers = powers / np.abs(powers).max()
    for largest in (1, 2, 3, 4, 6):
        scaled = powers * largest
        if np.all(np.abs(scaled - np.round(scaled)) < 0.05) and np.all(np.round(scaled) != 0):
            return np.round(scaled)
    return powers


def joined_pair(variables: list[Variable], tolerance: float) -> list[Variable] | None:
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


def _meeting(one: Variable, other: Variable) -> tuple[float, Variable]:
    """The two as a(v) + b(w): the residual, and the sum as a variable."""
    left, right = Basis.on(one.v), Basis.on(other.v)
    g, h = of_size_one(one.g), of_size_one(other.g)
    weight = row_weights([g, h])[:, None]
    rest, c = null_vector(weight * np.hstack([h[:, None] * left.phi, -g[:, None] * right.phi]))
    return rest, _sum(one, other, c, (left, right))


def _factored(one: Variable, other: Variable) -> tuple[float, Variable]:
    """The two as v q(w), where q may vanish: from v g q' = h q, linear in q."""
    basis = Basis.on(other.v)
    left, right = of_size_one(one.v * one.g), other.g / np.sqrt(np.mean((one.v * one.g) ** 2))
    slopes, values = left[:, None] * basis.derivative, right[:, None] * basis.phi
    size = np.sqrt(np.mean(slopes**2 + values**2, axis=1))
    weight = 1.0 / (size + SOFT * np.sqrt(np.mean(size**2)))
    rest, c = null_vector(weight[:, None] * (slopes - values))
    q, slope = basis.phi @ c, basis.derivative @ c
    factor = 1.0 / np.sqrt(np.mean(q**2))
    q, slope = q * factor, slope * factor
    squares = q**2 + (one.v * slope) ** 2
    gradient = (one.g * q + other.g * one.v * slope) / (squares + 1e-12 * squares.max())
    branches = (Branch(one.tree, one.v, one.v, True), Branch(other.tree, other.v, q))
    return rest, Variable(Tree("product", branches), one.v * q, gradient)


def _sum(one: Variable, other: Variable, c: Array, bases: tuple[Basis, Basis]) -> Variable:
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
    return Variable(tree, a + b, gradient)


def _curve(v: Array, slope: Array, basis: Basis, coefficients: Array) -> Array:
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
