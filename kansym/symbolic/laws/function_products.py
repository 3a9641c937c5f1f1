r"""A product of unknown functions of single inputs, beside a linear space of other terms.

:math:`z = \prod_i f_i(x_i) + s` with s in a space that is projected out, the :math:`f_i` in
Chebyshev polynomials: alternating least squares from plain starts, then Levenberg-Marquardt.

References
----------
J. D. Carroll, J.-J. Chang, Analysis of individual differences in multidimensional scaling,
doi:10.1007/BF02310791.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import sympy
from jaxtyping import Float
from scipy.optimize import least_squares

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import fresh_constants
from kansym.symbolic.laws.columns import Quantities
from kansym.symbolic.laws.free_functions import chebyshev_columns
from kansym.symbolic.laws.free_spaces import FreeSpace
from kansym.symbolic.laws.univariate import Stage, univariate_laws

__all__ = ["FunctionProduct", "function_product"]

Array = np.ndarray

_POWERS = (1.0, -1.0, 0.3)
"""Of all inputs, as starts."""
_SWEEPS, _STEPS = 6, 40
_HOPELESS = 0.3
"""Error over that without a product after the sweeps from which nothing more is tried."""
_CONSTANT = 1e-6
"""Variation over its size of a function that is a constant."""
_SECONDS, _NAMED = 4.0, 1e-6
"""For the law of one function, and its error."""


@dataclass(frozen=True, eq=False)
class FunctionProduct:
    """The functions of such a product.

    Attributes
    ----------
    inputs : what they are functions of.
    coefficients : of their Chebyshev polynomials (inputs, degree + 1).
    error : what product and space leave of the target, over its spread.
    """

    inputs: Quantities
    coefficients: Float[np.ndarray, "inputs terms"]
    error: float

    def functions(self) -> Float[np.ndarray, "inputs rows"]:
        """Their values."""
        degree = self.coefficients.shape[1] - 1
        columns = (chebyshev_columns(x, degree) for x in self.inputs.values.T)
        pairs = zip(columns, self.coefficients, strict=True)
        return np.array([each @ own for each, own in pairs])

    def named(
        self, names: tuple[str, ...], until: Deadline, stages: tuple[Stage, ...] | None = None
    ) -> tuple[sympy.Expr, dict[sympy.Symbol, float]] | None:
        """The product as an expression and its constants; None if a function has no plain law."""
        product, scale, start = sympy.S.One, 1.0, dict[sympy.Symbol, float]()
        u = sympy.Symbol("u")
        while u.name in names:
            u = sympy.Symbol(f"{u.name}_")
        for k, values in enumerate(self.functions()):
            size = float(np.sqrt(np.mean(values**2)))
            if np.std(values) <= _CONSTANT * size:
                scale *= float(np.mean(values))
                continue
            x, limit = self.inputs.values[:, k], until.within(_SECONDS)
            laws = univariate_laws(x, values / size, u.name, self.error, limit, stages=stages)
            law = next(islice(laws, 1), None)
            if law is None or law.error > _NAMED:
                return None
            factor, shape = law.expr.as_independent(u, as_Add=False)
            scale *= size * float(factor.xreplace(dict(law.start)))
            used = [symbol for symbol in law.start if shape.has(symbol)]
            fresh = fresh_constants(names, len(start) + len(used), "p")[len(start) :]
            renamed = dict(zip(used, fresh, strict=True))
            product *= shape.xreplace(renamed | {u: self.inputs.exprs[k]})
            start |= {renamed[symbol]: float(law.start[symbol]) for symbol in used}
        symbol = fresh_constants(names, len(start) + 1, "p")[-1]
        return symbol * product, start | {symbol: scale}


def function_product(
    inputs: Quantities,
    z: Float[np.ndarray, " rows"],
    space: FreeSpace,
    degree: int,
    start: FunctionProduct | None = None,
) -> FunctionProduct | None:
    """The product that leaves least of a target beside a space; None if it helps little."""
    columns = [chebyshev_columns(x, degree) for x in inputs.values.T]
    target = space.without(z[None])[0]
    size, spread = float(np.linalg.norm(target)), float(np.std(z)) * np.sqrt(len(z))
    if size <= 0:
        return None
    starts = []
    if start is not None:
        more = degree + 1 - start.coefficients.shape[1]
        starts = [np.pad(start.coefficients, ((0, 0), (0, more)))]
        starts[0][0] /= size
    elif inputs.values.min() > 0:
        for power in _POWERS:
            fits = (np.linalg.lstsq(c, x**power, rcond=None)[0]
                    for c, x in zip(columns, inputs.values.T, strict=True))  # fmt: skip
            first = np.array([own / np.linalg.norm(own) for own in fits])
            starts.append(_alternated(first, columns, target / size, space))
    if not starts:
        return None
    losses = [np.linalg.norm(_residual(each, columns, target / size, space)) for each in starts]
    best = int(np.argmin(losses))
    if not losses[best] < _HOPELESS:
        return None
    shape = starts[best].shape
    found = least_squares(
        lambda c: _residual(c.reshape(shape), columns, target / size, space),
        starts[best].ravel(),
        lambda c: _jacobian(c.reshape(shape), columns, space),
        method="lm",
        xtol=1e-15,
        ftol=1e-15,
        gtol=1e-15,
        max_nfev=_STEPS,
    )
    coefficients = found.x.reshape(shape)
    coefficients[0] *= size
    error = float(np.linalg.norm(found.fun)) * size / spread
    return FunctionProduct(inputs, coefficients, error)


def _alternated(c: Array, columns: Sequence[Array], target: Array, space: FreeSpace) -> Array:
    """Some sweeps of least squares, one function after the other."""
    c = c.copy()
    for _ in range(_SWEEPS):
        for k, own in enumerate(columns):
            free = space.without((own * _others(c, columns, k)[:, None]).T).T
            c[k] = np.linalg.lstsq(free, target, rcond=1e-9)[0]
            if k < len(columns) - 1:
                c[k] /= np.linalg.norm(c[k]) or 1.0
    return c


def _others(c: Array, columns: Sequence[Array], k: int) -> Array:
    """The product of all functions but one."""
    found = np.ones(len(columns[0]))
    for j, own in enumerate(columns):
        if j != k:
            found = found * (own @ c[j])
    return found


def _residual(c: Array, columns: Sequence[Array], target: Array, space: FreeSpace) -> Array:
    """What the product leaves of a target beside the space."""
    return target - space.without(_others(c, columns, -1)[None])[0]


def _jacobian(c: Array, columns: Sequence[Array], space: FreeSpace) -> Array:
    """Slopes of the residual."""
    parts = [own * _others(c, columns, k)[:, None] for k, own in enumerate(columns)]
    return -space.without(np.column_stack(parts).T).T
