"""Linear spaces of sums of unknown functions, as an orthonormal basis on rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sympy
from jaxtyping import Float

from kansym.symbolic.laws.columns import Quantities, exponents_up_to, monomial
from kansym.symbolic.laws.free_functions import FreeTerm

__all__ = [
    "FreeSpace",
    "crossed",
    "of_single_inputs",
    "over_functions",
    "over_monomials",
    "with_products",
]

Array = np.ndarray

_SHARE = 0.35
"""Most columns over the rows."""
_LARGE, _SMALL = 14, 8
"""Degree of the unknown functions where there are few of them, and where there are many."""
_MOST_TOTAL = 6


@dataclass(frozen=True, eq=False)
class FreeSpace:
    """Terms, and a basis of what they span beside a constant.

    Attributes
    ----------
    terms : with unknown functions.
    basis : shape (rows, columns), orthonormal.
    """

    terms: tuple[FreeTerm, ...]
    basis: Float[np.ndarray, "rows columns"]

    @classmethod
    def of(cls, terms: Sequence[FreeTerm], most: int = _LARGE) -> "FreeSpace | None":
        """The space of some terms, of the highest degree that the rows allow."""
        rows = len(terms[0].size)
        degree = min(most, int(_SHARE * rows) // len(terms) - 1)
        if degree < _SMALL:
            return None
        columns = [np.ones((rows, 1)), *(term.columns(degree) for term in terms)]
        return cls(tuple(terms), np.linalg.qr(np.column_stack(columns))[0])

    def without(self, values: Float[np.ndarray, "n rows"]) -> Float[np.ndarray, "n rows"]:
        """What values have beside it."""
        return values - (values @ self.basis) @ self.basis.T

    def errors(self, values: Float[np.ndarray, "n rows"]) -> Float[np.ndarray, " n"]:
        """What it leaves of values, over their spread."""
        left = np.linalg.norm(self.without(values), axis=1)
        return left / (np.std(values, axis=1) * np.sqrt(values.shape[1]))


def of_single_inputs(inputs: Quantities) -> tuple[FreeTerm, ...]:
    """An unknown function of each input."""
    one = np.ones(len(inputs.values))
    pairs = zip(inputs.exprs, inputs.values.T, strict=True)
    return tuple(FreeTerm(sympy.S.One, one, expr, x, constant=False) for expr, x in pairs)


def crossed(inputs: Quantities) -> FreeSpace | None:
    """Unknown functions of single inputs, by themselves and times another input."""
    x, exprs = inputs.values.T, inputs.exprs
    places = range(len(inputs))
    terms = [
        FreeTerm(exprs[j], x[j], exprs[k], x[k], constant=False)
        for k in places
        for j in places
        if j != k
    ]
    return FreeSpace.of([*of_single_inputs(inputs), *terms, *_products(inputs)])


def with_products(inputs: Quantities) -> FreeSpace | None:
    """Unknown functions of single inputs, and products of two inputs."""
    return FreeSpace.of([*of_single_inputs(inputs), *_products(inputs)])


def _products(inputs: Quantities) -> list[FreeTerm]:
    """Products of two inputs."""
    x, exprs, places = inputs.values.T, inputs.exprs, range(len(inputs))
    return [FreeTerm(exprs[k] * exprs[j], x[k] * x[j]) for k in places for j in range(k)]


def over_monomials(inputs: Quantities, k: int) -> Iterator[FreeSpace]:
    """Polynomials in all inputs but one, coefficients unknown functions of that one."""
    others = inputs.take(j for j in range(len(inputs)) if j != k)
    for total in range(_MOST_TOTAL, 0, -1):
        exponents = exponents_up_to(len(others), total)[1:]
        factors = [monomial(others.exprs, row) for row in exponents]
        mixed = np.count_nonzero(exponents, axis=1) > 1
        space = _over(inputs, k, factors, others.columns(exponents).T, mixed)
        if space is not None:
            yield space
            return


_FUNCTIONS = (
    (lambda x: x, lambda e: e),
    (np.sin, sympy.sin),
    (np.cos, sympy.cos),
    (np.sqrt, sympy.sqrt),
    (np.exp, sympy.exp),
    (np.log, sympy.log),
    (np.square, lambda e: e**2),
    (np.reciprocal, lambda e: 1 / e),
    (lambda x: np.exp(-x), lambda e: sympy.exp(-e)),
    (lambda x: x**3, lambda e: e**3),
)


def over_functions(inputs: Quantities, k: int) -> Iterator[FreeSpace]:
    """Sums of plain functions of the other inputs, coefficients unknown functions of one."""
    others = [j for j in range(len(inputs)) if j != k]
    for count in range(len(_FUNCTIONS), 2, -1):
        factors, sizes = [], []
        for value, expr in _FUNCTIONS[:count]:
            for j in others:
                with np.errstate(all="ignore"):
                    size = value(inputs.values[:, j])
                if np.isfinite(size).all():
                    factors.append(expr(inputs.exprs[j]))
                    sizes.append(size)
        space = _over(inputs, k, factors, np.array(sizes), np.zeros(len(factors), dtype=bool))
        if space is not None:
            yield space
            return


def _over(
    inputs: Quantities, k: int, factors: Sequence[sympy.Expr], sizes: Array, constant: Array
) -> FreeSpace | None:
    """Factors with unknown functions of one input for coefficients, and functions of each input."""
    at, quantity = inputs.values[:, k], inputs.exprs[k]
    terms = [
        FreeTerm(factor, size, quantity, at, bool(own))
        for factor, size, own in zip(factors, sizes, constant, strict=True)
    ]
    return FreeSpace.of([*of_single_inputs(inputs), *terms])
