"""Monomials of quantities as columns of a matrix."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
import sympy
from jaxtyping import Bool, Float, Int

__all__ = ["Quantities", "as_rational", "exponents_up_to", "monomial"]

_LARGEST_DENOMINATOR = 60
_TINIEST, _MOST_DOUBLINGS = 1e-300, 400.0


@dataclass(frozen=True, eq=False)
class Quantities:
    """Inputs and functions of them, as values and as expressions.

    Attributes
    ----------
    values : shape (rows, quantities).
    exprs : one for each column.
    """

    values: Float[np.ndarray, "rows quantities"]
    exprs: tuple[sympy.Expr, ...]

    @classmethod
    def inputs(cls, X: Float[np.ndarray, "rows inputs"], names: Sequence[str]) -> "Quantities":
        """The inputs themselves."""
        return cls(np.asarray(X, dtype=float), tuple(sympy.Symbol(name) for name in names))

    def __len__(self) -> int:
        return len(self.exprs)

    def with_more(self, other: "Quantities") -> "Quantities":
        """These, then those."""
        return Quantities(np.hstack([self.values, other.values]), self.exprs + other.exprs)

    def take(self, kept: Iterable[int]) -> "Quantities":
        """Some of them, in this order."""
        kept = list(kept)
        return Quantities(self.values[:, kept], tuple(self.exprs[k] for k in kept))

    @property
    def steady(self) -> Bool[np.ndarray, " quantities"]:
        """Which have one sign on all rows, so that their real powers are defined."""
        return np.asarray((self.values > 0).all(axis=0) | (self.values < 0).all(axis=0))

    def magnitude(self, place: int) -> sympy.Expr:
        """That of one with the sign that it has on the first row."""
        return self.exprs[place] if self.values[0, place] > 0 else -self.exprs[place]

    def sizes(self) -> Float[np.ndarray, " quantities"]:
        """A typical size of each, so that the powers of all are near 1; never 0."""
        logs = np.log2(np.maximum(np.abs(self.values), _TINIEST))
        return np.exp2(np.round(np.clip(logs, -_MOST_DOUBLINGS, _MOST_DOUBLINGS).mean(axis=0)))

    def columns(
        self, exponents: Int[np.ndarray, "terms quantities"]
    ) -> Float[np.ndarray, "rows terms"]:
        """Values of the monomials with these exponents."""
        found = np.ones((len(self.values), len(exponents)))
        with np.errstate(all="ignore"):
            for number in range(len(self)):
                for power in np.unique(exponents[:, number]):
                    if power != 0:
                        terms = exponents[:, number] == power
                        found[:, terms] *= (self.values[:, number] ** power)[:, None]
        return found


def monomial(exprs: Sequence[sympy.Expr], powers: Iterable[float]) -> sympy.Expr:
    """The product of powers of expressions.

    Examples
    --------
    >>> monomial(sympy.symbols("x y"), (2, -1))
    x**2/y
    """
    factors = (
        expr ** as_rational(power) for expr, power in zip(exprs, powers, strict=True) if power
    )
    return sympy.Mul(*factors)


def as_rational(number: float) -> sympy.Rational:
    """A float that is a fraction of small denominator, as that fraction."""
    found = Fraction(float(number)).limit_denominator(_LARGEST_DENOMINATOR)
    return sympy.Rational(found.numerator, found.denominator)


@cache
def exponents_up_to(quantities: int, degree: int) -> Int[np.ndarray, "terms quantities"]:
    """Exponents of all monomials of at most this total degree, those of low degree first.

    Examples
    --------
    >>> exponents_up_to(2, 2).tolist()
    [[0, 0], [0, 1], [1, 0], [0, 2], [1, 1], [2, 0]]
    """
    rows = [tuple[int, ...]()]
    for _ in range(quantities):
        rows = [(*row, power) for row in rows for power in range(degree - sum(row) + 1)]
    rows.sort(key=lambda row: (sum(row), row))
    return np.array(rows, dtype=int).reshape(len(rows), quantities)
