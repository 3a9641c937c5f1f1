"""A polynomial through rows that grows by the terms that explain most.

Its terms are products of Chebyshev polynomials: first all of low degree, then in each round the
best of the neighbours of those that are there, so that a law that is rough along one input, or
couples few, gets high degrees there alone. Total degree spends its terms on couplings that are not
there. Neighbours are one or two degrees away: an even or odd law has none of every second. Sources:
Gerstner and Griebel, Computing 71 (2003), doi:10.1007/s00607-003-0015-5; Blatman and Sudret,
J. Comput. Phys. 230 (2011), doi:10.1016/j.jcp.2010.12.021.
"""

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
from jaxtyping import Float, Int
from numpy.polynomial import chebyshev

from kansym.symbolic.laws.columns import exponents_up_to

__all__ = ["SparsePolynomial", "chebyshev_factors", "polynomials", "products"]

_HIGHEST = 16
"""Degree in one input, if nothing else is said."""
_FIRST_DEGREE, _ROWS_EACH = 2, 3
"""Total degree that it begins with, where there are so many rows for each term."""
_AWAY = (1, 2)
"""Degrees between neighbours."""
_GROWTH = 8
"""Each round adds a term for so many that are there."""
_PATIENCE = 6
"""Rounds without a smaller error before growth ends."""
_ROUNDING = 1e-12
"""Error that no term makes smaller."""
_DEPENDENT = 1e-9
"""Part of a column that others leave, below which it is none of its own."""
Exponents = tuple[int, ...]


class SparsePolynomial:
    """Terms in the order in which they came, fitted to the first rows and judged on the others.

    Parameters
    ----------
    factors : of each input the functions that terms are products of, the constant 1 first,
        shape (degrees, rows); degrees need not be the same.
    values : what is fitted.
    fitted : number of rows it is fitted to.
    weights : that rows count by; one over their errors.
    judge : from values of the polynomial on the other rows to its error.
    labels : whether the last functions are no powers but known functions, in no order.
    allowed : which terms it may have; all if not given.
    """

    def __init__(
        self,
        factors: Sequence[Float[np.ndarray, "degrees rows"]],
        values: Float[np.ndarray, " rows"],
        fitted: int,
        weights: Float[np.ndarray, " rows"],
        judge: Callable[[np.ndarray], float],
        *,
        labels: bool = False,
        allowed: "Callable[[Exponents], bool] | None" = None,
    ) -> None:
        rows, inputs = len(values), len(factors) - labels
        self.n, self.inputs = fitted, inputs
        self.judge = lambda found: judge(found / weights[fitted:])
        self.factors = [factors[0] * weights, *factors[1:]]  # each product has one of the first
        self.highest = tuple(len(each) - 1 for each in factors)
        self.allowed = allowed
        self.left, self.found = values * weights, np.zeros(rows)
        self.basis, self.columns = np.empty((0, rows)), np.empty((0, rows))
        self.waiting, self.sizes = list[Exponents](), np.empty(0)
        self.terms, self.offered = list[Exponents](), set[Exponents]()
        for degree in range(_FIRST_DEGREE + 1):
            lower = exponents_up_to(inputs, degree)
            if len(lower) <= max(1, fitted // _ROWS_EACH):
                known = [(k,) for k in range(len(factors[-1]))] if labels else [()]
                each = product(map(tuple, lower.tolist()), known)
                new = [term for row, label in each if self._may_have(term := row + label)]
                self._take(new, products(self.factors, np.array(new)))
        self.error, self.best, self.worse = self.judge(self.found[fitted:]), len(self.terms), 0
        self._offer(self.terms)

    def grow(self, most: int) -> None:
        """Add terms, up to so many, until the other rows are met no better."""
        while len(self.terms) < most and self._is_worth() and self._add(most):
            error = self.judge(self.found[self.n :])
            better = error < self.error
            self.worse = 0 if better else self.worse + 1
            if better:
                self.error, self.best = error, len(self.terms)

    def _is_worth(self) -> bool:
        """Whether more terms may help."""
        return self.worse <= _PATIENCE and self.error > _ROUNDING

    def exponents(self) -> Int[np.ndarray, "terms inputs"]:
        """Those of the terms with which the other rows were met best."""
        return np.array(self.terms[: self.best], dtype=int).reshape(self.best, -1)

    def _may_have(self, term: Exponents) -> bool:
        """Whether a term is new, and of functions that there are."""
        within = all(e <= most for e, most in zip(term, self.highest, strict=True))
        return within and term not in self.offered and (not self.allowed or self.allowed(term))

    def _add(self, most: int) -> bool:
        """Whether terms could be added: those that explain most of what is left."""
        sizes = np.einsum("ij,ij->i", self.columns[:, : self.n], self.columns[:, : self.n])
        usable = sizes > _DEPENDENT * self.sizes
        gains = np.where(usable, self.columns[:, : self.n] @ self.left[: self.n], 0.0) ** 2
        gains /= np.where(usable, sizes, 1.0)
        count = min(max(1, len(self.terms) // _GROWTH), most - len(self.terms), int(usable.sum()))
        if count < 1:
            return False
        chosen = np.argsort(-gains, kind="stable")[:count]
        new, columns = [self.waiting[k] for k in chosen], self.columns[chosen]
        kept = np.ones(len(self.waiting), dtype=bool)
        kept[chosen] = False
        self.waiting = [term for term, stays in zip(self.waiting, kept, strict=True) if stays]
        self.sizes, self.columns = self.sizes[kept], self.columns[kept]
        self._take(new, columns)
        self._offer(new)
        return True

    def _take(self, new: list[Exponents], columns: np.ndarray) -> None:
        """Terms with their columns into the polynomial."""
        sizes = np.sum(columns[:, : self.n] ** 2, axis=1)
        columns = _without(_without(columns, self.basis, self.n), self.basis, self.n)
        own = np.sum(columns[:, : self.n] ** 2, axis=1) > _DEPENDENT * sizes
        block = self._orthonormal(columns[own])
        self.columns = _without(self.columns, block, self.n)
        step = (block[:, : self.n] @ self.left[: self.n]) @ block
        self.left, self.found = self.left - step, self.found + step
        self.basis = np.concatenate([self.basis, block])
        self.terms += new
        self.offered.update(new)

    def _orthonormal(self, block: np.ndarray) -> np.ndarray:
        """An orthonormal basis of columns on the fitted rows, but of those that others give."""
        upper = np.linalg.qr(block[:, : self.n].T)[1]
        diagonal = np.abs(np.diag(upper))
        kept = diagonal > np.sqrt(_DEPENDENT) * np.linalg.norm(upper, axis=0)
        if not kept.all():
            return self._orthonormal(block[kept])
        return np.linalg.solve(upper.T, block)

    def _offer(self, new: list[Exponents]) -> None:
        """Neighbours of new terms that have lower neighbours along every input."""
        inside, found = set(self.terms), list[Exponents]()
        for term, k, more in product(new, range(self.inputs), _AWAY):
            raised = (*term[:k], term[k] + more, *term[k + 1 :])
            if self._may_have(raised) and _stands(raised, inside, self.inputs):
                self.offered.add(raised)
                found.append(raised)
        if not found:
            return
        columns = products(self.factors, np.array(found, dtype=int))
        self.sizes = np.concatenate([self.sizes, np.sum(columns[:, : self.n] ** 2, axis=1)])
        columns = _without(_without(columns, self.basis, self.n), self.basis, self.n)
        self.columns = np.concatenate([self.columns, columns])
        self.waiting += found


def chebyshev_factors(
    unit: Float[np.ndarray, "rows inputs"], highest: int = _HIGHEST
) -> list[Float[np.ndarray, "degrees rows"]]:
    """Chebyshev polynomials of inputs scaled to [-1, 1], up to a degree."""
    return [chebyshev.chebvander(u, highest).T for u in unit.T]


def polynomials(
    X: Float[np.ndarray, "rows inputs"], degree: int
) -> Float[np.ndarray, "rows terms"]:
    """Products of Chebyshev polynomials on the ranges of inputs up to a total degree, 1 first.

    Examples
    --------
    >>> polynomials(np.array([[0.0, 5.0], [1.0, 6.0], [2.0, 7.0]]), 1)
    array([[ 1., -1., -1.],
           [ 1.,  0.,  0.],
           [ 1.,  1.,  1.]])
    """
    low, high = X.min(axis=0), X.max(axis=0)
    unit = (2 * X - low - high) / np.where(high > low, high - low, 1.0)
    factors = chebyshev_factors(unit, degree)
    return products(factors, exponents_up_to(X.shape[1], degree)).T


def _stands(term: Exponents, inside: set[Exponents], inputs: int) -> bool:
    """Whether there is a lower neighbour along every input that occurs."""
    return all(
        any((*term[:k], e - less, *term[k + 1 :]) in inside for less in _AWAY if less <= e)
        for k, e in enumerate(term[:inputs])
        if e
    )


def products(
    factors: list[Float[np.ndarray, "degrees rows"]], exponents: Int[np.ndarray, "terms inputs"]
) -> Float[np.ndarray, "terms rows"]:
    """Products of functions of single inputs, one for each row of exponents."""
    found = factors[0][exponents[:, 0]]
    for each, powers in zip(factors[1:], exponents.T[1:], strict=True):
        found = found * each[powers]
    return found


def _without(columns: np.ndarray, basis: np.ndarray, n: int) -> np.ndarray:
    """Columns less what an orthonormal basis explains of them on the first n rows."""
    return columns - (columns[:, :n] @ basis[:, :n].T) @ basis
