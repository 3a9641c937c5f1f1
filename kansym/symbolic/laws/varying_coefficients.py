r"""A target that is linear in known functions: its coefficients are functions of inputs.

:math:`z = \sum_j f_j(u)\, c_j` with :math:`c_j` known on rows and :math:`c_0 = 1` is linear in the
coefficients of polynomials for the :math:`f_j`. These depend on fewer inputs than the target, or
are smoother, so that they are known to many digits.

References
----------
T. Hastie, R. Tibshirani, Varying-coefficient models, J. R. Stat. Soc. B 55 (1993) 757,
doi:10.1111/j.2517-6161.1993.tb01939.x.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from kansym.symbolic.laws.sparse_polynomial import SparsePolynomial, chebyshev_factors, products

__all__ = ["Coefficients", "coefficients_of"]

_HIGHEST = (40, 24, 16)
"""Degree in each of one, two or more inputs."""
_EVERY, _FULLEST, _MOST = 5, 0.6, 460
"""One row of so many is held out; terms for each other row, and in all."""
_NOTHING = 30.0
"""Size of a term over the error of the target of one that is nothing."""


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Values of the functions on the rows.

    Attributes
    ----------
    values : shape (functions, rows).
    matters : which input each function depends on (functions, inputs).
    terms : of the polynomial of each that do something (functions,).
    error : of the target on rows that were held out, over its spread.
    """

    values: Float[np.ndarray, "functions rows"]
    matters: Bool[np.ndarray, "functions inputs"]
    terms: Int[np.ndarray, " functions"]
    error: float


def coefficients_of(
    X: Float[np.ndarray, "rows inputs"],
    z: Float[np.ndarray, " rows"],
    known: Float[np.ndarray, "known rows"],
    inputs: Sequence[Sequence[int]],
) -> Coefficients:
    """Sparse polynomials of these inputs for the coefficients of 1 and of known functions.

    In the inputs or, where all are positive, in their logarithms, whichever held-out rows confirm.

    Parameters
    ----------
    inputs : places of those that each coefficient may depend on, that of 1 first.

    Examples
    --------
    >>> X = np.random.default_rng(0).uniform(1, 2, (300, 2))
    >>> c = np.cos(X[:, 1])
    >>> found = coefficients_of(X, 1 / X[:, 0] + np.exp(X[:, 0]) * c, c[None], [[0], [0]])
    >>> bool(np.allclose(found.values[1], np.exp(X[:, 0]), rtol=1e-9))
    True
    """
    choices = [X, np.log(X)] if X.min() > 0 else [X]
    return min((_fitted(u, z, known, inputs) for u in choices), key=lambda found: found.error)


def _fitted(
    u: np.ndarray, z: np.ndarray, known: np.ndarray, inputs: Sequence[Sequence[int]]
) -> Coefficients:
    """The same in one choice of coordinates."""
    middle, half = (u.max(axis=0) + u.min(axis=0)) / 2, np.ptp(u, axis=0) / 2
    order = np.argsort(np.arange(len(z)) % _EVERY == 0, kind="stable")
    unit, values = ((u - middle) / np.where(half > 0, half, 1.0))[order], z[order]
    fitted, spread = len(z) - -(-len(z) // _EVERY), float(np.std(z)) or 1.0

    def judge(found: np.ndarray) -> float:
        return float(np.sqrt(np.mean((found - values[fitted:]) ** 2)) / spread)

    def allowed(term: tuple[int, ...]) -> bool:
        return all(k in inputs[term[-1]] for k, power in enumerate(term[:-1]) if power)

    most = max(1, *map(len, inputs))
    own = chebyshev_factors(unit, _HIGHEST[min(most, len(_HIGHEST)) - 1])
    last = np.vstack([np.ones(len(z)), known[:, order]])
    found = SparsePolynomial(
        [*own, last], values, fitted, np.ones(len(z)), judge, labels=True, allowed=allowed
    )
    found.grow(min(_MOST, round(_FULLEST * fitted)))
    exponents = found.exponents()
    powers, place = exponents[:, :-1], exponents[:, -1]
    terms = products(own, powers)
    columns = (terms * last[place]).T
    weights = np.linalg.lstsq(columns[:fitted], values[:fitted], rcond=_RANK)[0]
    terms *= weights[:, None]
    sizes = np.abs(columns * weights).max(axis=0) > _NOTHING * found.error * spread
    functions, matters = np.zeros((len(last), len(z))), np.zeros((len(last), u.shape[1]), bool)
    for j in range(len(last)):
        functions[j] = terms[place == j].sum(axis=0)[np.argsort(order)]
        matters[j] = (powers[(place == j) & sizes] > 0).any(axis=0)
    count = np.bincount(place[sizes], minlength=len(last))
    return Coefficients(functions, matters, count, found.error)


_RANK = 1e-13
"""Singular value over the largest of one that is rounding."""
