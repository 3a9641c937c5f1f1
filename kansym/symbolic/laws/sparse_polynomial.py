"""A polynomial through rows that grows by the terms that explain most.

Its terms are products of Chebyshev polynomials whose exponents form a set closed downwards; each
round adds the best of the neighbours of that set, so that a law that is rough along one input, or
couples few, gets high degrees there alone. Total degree spends its terms on couplings that are not
there. Sources: Gerstner and Griebel, Computing 71 (2003), doi:10.1007/s00607-003-0015-5; Blatman
and Sudret, J. Comput. Phys. 230 (2011), doi:10.1016/j.jcp.2010.12.021.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int
from numpy.polynomial import chebyshev

__all__ = ["SparsePolynomial", "products"]

HIGHEST = 16
"""Degree in one input."""
_GROWTH = 6
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
    unit : inputs scaled to [-1, 1], shape (rows, inputs).
    values : what is fitted.
    fitted : number of rows it is fitted to.
    judge : from values of the polynomial on the other rows to its error.
    """

    def __init__(
        self,
        unit: Float[np.ndarray, "rows inputs"],
        values: Float[np.ndarray, " rows"],
        fitted: int,
        judge: Callable[[np.ndarray], float],
    ) -> None:
        rows, inputs = unit.shape
        self.n, self.judge = fitted, judge
        self.factors = [chebyshev.chebvander(unit[:, k], HIGHEST).T for k in range(inputs)]
        self.basis = np.full((1, rows), 1 / np.sqrt(fitted))
        self.left = values - values[:fitted].mean()
        self.found = np.full(rows, values[:fitted].mean())
        self.terms: list[Exponents] = [(0,) * inputs]
        self.inside, self.offered = set(self.terms), set[Exponents]()
        self.waiting, self.columns = list[Exponents](), np.empty((0, rows))
        self.sizes = np.empty(0)
        self.error, self.best, self.worse = judge(self.found[fitted:]), 1, 0
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
        new = [self.waiting[k] for k in chosen]
        block = self._orthonormal(self.columns[chosen])
        kept = np.ones(len(self.waiting), dtype=bool)
        kept[chosen] = False
        self.waiting = [term for term, stays in zip(self.waiting, kept, strict=True) if stays]
        self.sizes = self.sizes[kept]
        self.columns = _without(self.columns[kept], block, self.n)
        step = (block[:, : self.n] @ self.left[: self.n]) @ block
        self.left, self.found = self.left - step, self.found + step
        self.basis = np.concatenate([self.basis, block])
        self.terms += new
        self.inside.update(new)
        self._offer(new)
        return True

    def _orthonormal(self, block: np.ndarray) -> np.ndarray:
        """An orthonormal basis of columns on the fitted rows, but of those that others give."""
        upper = np.linalg.qr(block[:, : self.n].T)[1]
        diagonal = np.abs(np.diag(upper))
        kept = diagonal > np.sqrt(_DEPENDENT) * np.linalg.norm(upper, axis=0)
        if not kept.all():
            return self._orthonormal(block[kept])
        return np.linalg.solve(upper.T, block)

    def _offer(self, new: list[Exponents]) -> None:
        """Neighbours of new terms whose lower neighbours are all inside."""
        found = list[Exponents]()
        for term in new:
            for k in range(len(term)):
                raised = (*term[:k], term[k] + 1, *term[k + 1 :])
                if raised[k] > HIGHEST or raised in self.offered or not self._fits(raised):
                    continue
                self.offered.add(raised)
                found.append(raised)
        if not found:
            return
        columns = products(self.factors, np.array(found, dtype=int))
        self.sizes = np.concatenate([self.sizes, np.sum(columns[:, : self.n] ** 2, axis=1)])
        columns = _without(_without(columns, self.basis, self.n), self.basis, self.n)
        self.columns = np.concatenate([self.columns, columns])
        self.waiting += found

    def _fits(self, term: Exponents) -> bool:
        """Whether all that a term is built on is inside."""
        lower = ((*term[:k], e - 1, *term[k + 1 :]) for k, e in enumerate(term) if e)
        return all(each in self.inside for each in lower)


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
