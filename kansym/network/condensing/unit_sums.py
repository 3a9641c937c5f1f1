"""Univariate curves as sums of units, exact for every argument.

f(u) = constant + slope u + sum_k w_k g_k(a u + b). Every hidden node keeps the functions g_k of
its units in one bank, which all edges that leave the node share.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float

from kansym.network.stages import Units
from kansym.programs.program import Program

__all__ = ["Bank", "ProductOfCurves", "UnitSum", "evaluate_together", "product_of"]

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Bank:
    """Functions that units of one node compute from its value u, each at factor * u + shift."""

    units: tuple[Units, ...]
    factors: tuple[float, ...]
    shifts: tuple[float, ...]

    @cached_property
    def _runs(self) -> tuple[tuple[Units, int, int], ...]:
        """Neighbouring units of one elementwise function, to be computed in one call."""
        runs: list[tuple[Units, int, int]] = []
        for i, units in enumerate(self.units):
            last = runs[-1] if runs else None
            same = last is not None and units.width == last[0].width == 1
            if last is not None and same and units.function == last[0].function:
                runs[-1] = (last[0], last[1], i + 1)
            else:
                runs.append((units, i, i + 1))
        return tuple(runs)

    @cached_property
    def width(self) -> int:
        """Number of functions."""
        return sum(units.width for units in self.units)

    @cached_property
    def has_programs(self) -> bool:
        """Whether any of the functions was fixed by hand."""
        return any(units.program is not None for units in self.units)

    def __call__(self, u: Float[Array, " points"]) -> Float[Array, "points width"]:
        factors, shifts = np.array(self.factors), np.array(self.shifts)
        columns = []
        with np.errstate(all="ignore"):
            for units, start, stop in self._runs:
                if units.width == 1:
                    z = np.multiply.outer(u, factors[start:stop]) + shifts[start:stop]
                    columns.append(units.function(z))
                else:
                    columns.append(units(u * factors[start] + shifts[start]))
        return columns[0] if len(columns) == 1 else np.concatenate(columns, axis=1)

    def program(self, column: int) -> Program | None:
        """The program of one function, if it is known."""
        for units in self.units:
            if column < units.width:
                return units.program
            column -= units.width
        return None


@dataclass(frozen=True, eq=False)
class _Term:
    """Weighted functions of a bank, at factor * u + shift."""

    bank: Bank
    weights: Float[Array, " width"]
    factor: float = 1.0
    shift: float = 0.0

    def is_like(self, other: "_Term") -> bool:
        """Whether two terms can be added by adding their weights."""
        return (self.bank, self.factor, self.shift) == (other.bank, other.factor, other.shift)


@dataclass(frozen=True, eq=False)
class UnitSum:
    """A function of one variable: constant + slope u + weighted units.

    Examples
    --------
    >>> line = UnitSum(slope=2.0, constant=1.0)
    >>> line.at(3.0, 0.0)(np.array([1.0]))
    array([7.])
    """

    terms: tuple[_Term, ...] = ()
    slope: float = 0.0
    constant: float = 0.0

    @classmethod
    def of(cls, bank: Bank, weights: Float[Array, " width"]) -> "UnitSum":
        """Weighted functions of a bank."""
        return cls((_Term(bank, weights),))

    def __call__(self, u: Float[Array, "*points"]) -> Float[Array, "*points"]:
        flat = np.asarray(u, dtype=np.float64).ravel()
        return evaluate_together([self], flat)[:, 0].reshape(np.shape(u))

    def times(self, factor: float) -> "UnitSum":
        """The curve times a number."""
        return self.affine(factor, 0.0)

    def affine(self, factor: float, shift: float) -> "UnitSum":
        """The curve times a number, plus a number."""
        terms = tuple(
            _Term(term.bank, term.weights * factor, term.factor, term.shift) for term in self.terms
        )
        return UnitSum(terms, self.slope * factor, self.constant * factor + shift)

    def plus(self, other: "UnitSum | float") -> "UnitSum":
        """The sum with a curve or a number."""
        if not isinstance(other, UnitSum):
            return replace(self, constant=self.constant + other)
        terms = list(self.terms)
        for term in other.terms:
            for i, own in enumerate(terms):
                if own.is_like(term):
                    terms[i] = replace(own, weights=own.weights + term.weights)
                    break
            else:
                terms.append(term)
        return UnitSum(tuple(terms), self.slope + other.slope, self.constant + other.constant)

    def at(self, factor: float, shift: float) -> "UnitSum":
        """The curve as a function of v, where u = factor * v + shift."""
        terms = tuple(
            _Term(term.bank, term.weights, term.factor * factor, term.factor * shift + term.shift)
            for term in self.terms
        )
        return UnitSum(terms, self.slope * factor, self.constant + self.slope * shift)

    def units(self) -> Iterator[tuple[float, Units, float, float]]:
        """Weight, unit, factor and shift of every unit that counts: w g(factor x + shift).

        Of units with several functions only the first weight is given.
        """
        for term in self.terms:
            column = 0
            bank = term.bank
            for units, factor, shift in zip(bank.units, bank.factors, bank.shifts, strict=True):
                weights = term.weights[column : column + units.width]
                if weights.any():
                    inner = factor * term.factor, factor * term.shift + shift
                    yield float(weights[0]), units, *inner
                column += units.width

    @property
    def program(self) -> Program | None:
        """The function that the curve is an affine image of, if it was fixed by hand."""
        if not any(term.bank.has_programs for term in self.terms):
            return None
        live = [term for term in self.terms if np.any(term.weights)]
        if len(live) != 1 or self.slope != 0:
            return None
        columns = np.flatnonzero(live[0].weights)
        return live[0].bank.program(int(columns[0])) if len(columns) == 1 else None


@dataclass(frozen=True, eq=False)
class ProductOfCurves:
    """Product of curves of one variable."""

    factors: tuple[UnitSum, ...]

    def __call__(self, u: Array) -> Array:
        return np.prod([curve(u) for curve in self.factors], axis=0)


def product_of(curves: Sequence[UnitSum]) -> UnitSum:
    """The product of curves of the same variable."""
    if len(curves) == 1:
        return curves[0]
    function: Callable[[Array], Array] = ProductOfCurves(tuple(curves))
    return UnitSum.of(Bank((Units(0, function),), (1.0,), (0.0,)), np.ones(1))


def evaluate_together(
    curves: Sequence[UnitSum], u: Float[Array, " points"]
) -> Float[Array, "points curves"]:
    """Values of many curves of one variable; functions that they share are computed once."""
    values = np.empty((len(u), len(curves)))
    values[:] = [curve.constant for curve in curves]
    slopes = np.array([curve.slope for curve in curves])
    if slopes.any():
        values += np.multiply.outer(u, slopes)
    groups: dict[tuple[int, float, float], tuple[_Term, list[int], list[Array]]] = {}
    for column, curve in enumerate(curves):
        for term in curve.terms:
            key = (id(term.bank), term.factor, term.shift)
            _, columns, weights = groups.setdefault(key, (term, [], []))
            columns.append(column)
            weights.append(term.weights)
    for term, columns, weights in groups.values():
        matrix = term.bank(u * term.factor + term.shift)
        used = np.array(weights).T
        live = used.any(axis=1)
        part = matrix[:, live] @ used[live]
        # A curve has at most one term per group, so no column repeats.
        if len(columns) == len(curves):
            values += part
        else:
            values[:, columns] += part
    return values
