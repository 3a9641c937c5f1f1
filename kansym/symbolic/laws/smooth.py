"""A polynomial through rows, as smooth as they are: its gradient shows the structure of the law."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.polynomial import chebyshev

from kansym.symbolic.laws.columns import exponents_up_to
from kansym.symbolic.laws.sparse_polynomial import SparsePolynomial, chebyshev_factors

__all__ = ["Smooth", "is_in_all_rows", "noise_level", "polynomial_through", "smooth"]

_MOST_COLUMNS = 460
_HELD_OUT = 0.2
_MANY_ROWS = 2000
_HIGHEST = 11
"""Degree of polynomials."""
_FULLEST, _FIRST_TERMS, _FOLLOWED = 0.6, 60, 2
"""Terms for each row that is fitted at most; terms after which choices of coordinates are compared,
and how many are followed."""
_FEW_ROWS, _FEW_COLUMNS = 500, 130
"""Of fits that are made by the hundred."""
_RIDGE = 1e-12
"""Part of a column's square by which normal equations are kept regular."""
_INNER = 0.94
"""Part of each range on which derivatives are trusted: polynomials are poor at the ends."""


@dataclass(frozen=True, eq=False)
class Smooth:
    """Derivatives at the rows.

    Attributes
    ----------
    gradient : of y with respect to each input, shape (rows, inputs).
    trusted : rows that are not at the edge of the data.
    error : on rows that were held out, over the spread of the target.
    coordinates, exponents : what it is a polynomial in, and its terms (terms, inputs).
    """

    gradient: Float[np.ndarray, "rows inputs"]
    trusted: Bool[np.ndarray, " rows"]
    error: float
    coordinates: "_Fit"
    exponents: Int[np.ndarray, "terms inputs"]

    @property
    def values(self) -> Float[np.ndarray, " rows"]:
        """Those of the polynomial on the rows."""
        fit, every = self.coordinates, np.arange(len(self.coordinates.X))
        fitted = fit.basis(self.exponents) @ fit.coefficients(self.exponents)
        return fit.target.undone(fitted, every)

    def error_for(
        self,
        X: Float[np.ndarray, "rows inputs"],
        z: Float[np.ndarray, " rows"],
        factor: Float[np.ndarray, " rows"],
    ) -> float:
        """Error for factor times z(X) of small polynomials, in the same coordinates if they are."""
        X, z, factor = X[:_FEW_ROWS], z[:_FEW_ROWS], factor[:_FEW_ROWS]
        positive = X.min() > 0
        own = type(self.coordinates.target)
        form = _Plain if own is _OverMonomial and not positive else own
        fit = _Fit(X, self.coordinates.logarithmic and bool(positive), form(X, z))
        return fit.least_error(factor * np.std(z) / (np.std(factor * z) or 1.0))


def smooth(
    X: Float[np.ndarray, "rows inputs"],
    y: Float[np.ndarray, " rows"],
    scale: Float[np.ndarray, " rows"] | None = None,
) -> Smooth | None:
    """The best of sparse polynomials in x or log x, for y, log y or y / monomial.

    Best is the one of least error on held-out rows; None if there are too few rows. With a scale
    the rows count by it, and errors are those of y times the scale.
    """
    scale = None if scale is None else np.abs(scale[:_MANY_ROWS])
    if scale is not None and not (np.isfinite(scale).all() and scale.min() > 0):
        return None
    return _best(_choices(X[:_MANY_ROWS], y[:_MANY_ROWS], scale))


def polynomial_through(
    X: Float[np.ndarray, "rows inputs"],
    y: Float[np.ndarray, " rows"],
    most: int = _MOST_COLUMNS,
) -> Smooth | None:
    """The better of the sparse polynomials of so many terms for y itself in x and in log x."""
    X, y = X[:_MANY_ROWS], y[:_MANY_ROWS]
    return _best((_Fit(X, logarithmic, _Plain(X, y)) for logarithmic in _of_inputs(X)), most)


def _best(choices: "Iterable[_Fit]", columns: int = _MOST_COLUMNS) -> Smooth | None:
    """The polynomial of least error among several choices of coordinates."""
    fits = list(choices)
    X, y = fits[0].X, fits[0].target.y
    fitted = len(y) - int(_held_out(len(y)).sum())
    most = min(columns, round(_FULLEST * fitted))
    if most <= X.shape[1]:
        return None
    started = [fit.started(min(_FIRST_TERMS, most)) for fit in fits]
    started.sort(key=lambda pair: pair[1].error)
    for _, polynomial in started[:_FOLLOWED]:
        polynomial.grow(most)
    fit, polynomial = min(started, key=lambda pair: pair[1].error)
    exponents = polynomial.exponents()
    return Smooth(fit.gradient(exponents), fit.inner(), polynomial.error, fit, exponents)


def noise_level(X: Float[np.ndarray, "rows inputs"], y: Float[np.ndarray, " rows"]) -> float:
    """Error of y over its spread where polynomials show that it has one; 0 where they do not.

    The error of polynomials of growing degree for exact rows falls from each degree to the next;
    that for noisy rows comes to the noise and stays there. Noise is in all rows; an error that is
    in few of them belongs to a corner of an exact law.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(1, 2, (500, 3))
    >>> y = X[:, 0] * np.exp(X[:, 1] / X[:, 2])
    >>> noise_level(X, y)
    0.0
    >>> round(noise_level(X, y + 0.1 * np.std(y) * rng.normal(size=500)), 1)
    0.1
    """
    X, y = X[:_MANY_ROWS], y[:_MANY_ROWS]
    levels = list[tuple[float, bool]]()
    for missed in _fits(X, y):
        sizes = np.array([_size(each) for each in missed])
        best = int(sizes.argmin())
        allowed = _LEVEL if best + 1 < len(sizes) else _LAST_LEVEL
        stays = any(_stays(sizes, k, allowed) for k in (best - 1, best))
        levels.append((float(sizes[best]), stays and is_in_all_rows(missed[best])))
    least = min((size for size, _ in levels), default=0.0)
    seen = any(stays and size <= _AS_LOW * least for size, stays in levels)
    return least if seen and _ROUNDING < least < _EXPLAINED else 0.0


def is_in_all_rows(missed: Float[np.ndarray, " rows"]) -> bool:
    """Whether an error is about as large in all rows, not that of a few at a pole or in a corner.

    Examples
    --------
    >>> is_in_all_rows(np.array([0.5, -1.0, 0.7, -0.2])), is_in_all_rows(np.array([0.1, 0.1, 9.0]))
    (True, False)
    """
    return bool(np.median(np.abs(missed)) > _USUAL * _size(missed))


def _stays(sizes: np.ndarray, k: int, allowed: float) -> bool:
    """Whether errors at a degree and the next are alike, and not since the law is even or odd.

    Every second degree does nothing for such a law, and the others do much.
    """
    if not 0 <= k < len(sizes) - 1 or max(sizes[k : k + 2]) >= allowed * min(sizes[k : k + 2]):
        return False
    falls = sizes[:-1] / np.maximum(sizes[1:], 1e-300)
    return k < 2 or falls[k - 2] >= _LAST_LEVEL or falls[k - 1] <= _LEVEL


_LEVEL, _LAST_LEVEL = 1.5, 1.1
"""Ratio of errors at two degrees up to which they are as large; the last degree there is might be
followed by better ones."""
_AS_LOW = 1.25
"""Error over the least of all choices of coordinates at which it may be the same noise."""
_USUAL = 0.5
"""Least median of noise over its root mean square; it is 0.67 where noise is normal."""
_OF_ROWS, _LEAST_LEFT = 0.5, 1e-3
"""Terms for each row at most, and least share of the noise of a row that is left."""
_ROUNDING, _EXPLAINED = 1e-9, 0.5
"""Errors between which the rest may be noise: rounding, and a law that polynomials do not show."""


def _size(residual: np.ndarray) -> float:
    """Root mean square; infinite where the residual is not finite."""
    with np.errstate(all="ignore"):
        size = float(np.sqrt(np.mean(residual**2)))
    return size if np.isfinite(size) else np.inf


def _fits(X: np.ndarray, y: np.ndarray) -> Iterator[list[np.ndarray]]:
    """What polynomials of growing degree miss in every choice of coordinates."""
    for fit in _choices(X, y):
        missed = list[np.ndarray]()
        for degree in range(1, _HIGHEST + 1):
            residual = fit.missed(degree)
            if residual is None:
                break
            missed.append(residual)
        if missed:
            yield missed


def _choices(X: np.ndarray, y: np.ndarray, scale: np.ndarray | None = None) -> Iterator["_Fit"]:
    """Polynomials in every choice of coordinates."""
    for logarithmic, values in product(_of_inputs(X), _of_target(X, y)):
        yield _Fit(X, logarithmic, values, scale)


def _held_out(rows: int) -> np.ndarray:
    """Which rows are held out."""
    test = np.zeros(rows, dtype=bool)
    test[:: round(1 / _HELD_OUT)] = True
    return test


def _of_inputs(X: np.ndarray) -> tuple[bool, ...]:
    """Whether logarithms of the inputs are worth a trial: they are if all are positive."""
    return (False, True) if X.min() > 0 else (False,)


class _Plain:
    """The target itself is fitted."""

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        self.y, self.fitted = y, y

    def undone(self, fitted: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The target, from what was fitted."""
        return fitted

    @property
    def spans(self) -> np.ndarray:
        """Size of a change of the target over one of what is fitted (rows,)."""
        return np.ones(len(self.y))

    def gradient(self, fitted: np.ndarray) -> np.ndarray:
        """That of the target, from that of what was fitted."""
        return fitted


class _Logarithm(_Plain):
    """The logarithm of a target of one sign is fitted."""

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        super().__init__(X, y)
        self.fitted = np.log(np.abs(y))

    def undone(self, fitted: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return np.exp(np.clip(fitted, -_LARGEST, _LARGEST)) * np.sign(self.y[0])

    @property
    def spans(self) -> np.ndarray:
        return np.abs(self.y)

    def gradient(self, fitted: np.ndarray) -> np.ndarray:
        return fitted * self.y[:, None]


class _OverMonomial(_Plain):
    """The target over the monomial that it follows most nearly is fitted."""

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        super().__init__(X, y)
        logs, size = np.log(X), np.abs(y)
        large = size > _SMALL * np.median(size)
        columns = np.column_stack([logs, np.ones(len(y))])[large]
        self.powers = np.linalg.lstsq(columns, np.log(size[large]), rcond=None)[0][:-1]
        self.X, self.monomial = X, np.exp((logs - logs.mean(axis=0)) @ self.powers)
        self.fitted = y / self.monomial

    def undone(self, fitted: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return fitted * self.monomial[rows]

    @property
    def spans(self) -> np.ndarray:
        return self.monomial

    def gradient(self, fitted: np.ndarray) -> np.ndarray:
        return fitted * self.monomial[:, None] + self.y[:, None] * self.powers / self.X


_LARGEST = 700.0
"""Largest argument of exp."""
_SMALL = 0.1


def _of_target(X: np.ndarray, y: np.ndarray) -> list[_Plain]:
    """What may be fitted for the target."""
    found = [_Plain(X, y)]
    if y.min() > 0 or y.max() < 0:
        found.append(_Logarithm(X, y))
    if X.min() > 0 and np.abs(y).max() > 0:
        found.append(_OverMonomial(X, y))
    return found


class _Fit:
    """Polynomials in one choice of coordinates."""

    def __init__(
        self, X: np.ndarray, logarithmic: bool, target: _Plain, scale: np.ndarray | None = None
    ) -> None:
        self.X, self.logarithmic, self.target = X, logarithmic, target
        if scale is None:
            self.weights = np.ones(len(X))
            self.scale = self.weights / (float(np.std(target.y)) or 1.0)
        else:
            weights = scale * target.spans
            self.weights = weights / np.sqrt(np.mean(weights**2))
            self.scale = scale
        u = np.log(X) if logarithmic else X
        low, high = u.min(axis=0), u.max(axis=0)
        self.half = np.where(high > low, (high - low) / 2, 1.0)
        self.unit = (u - (low + high) / 2) / self.half

    def started(self, most: int) -> "tuple[_Fit, SparsePolynomial]":
        """Itself, with a sparse polynomial of at most so many terms."""
        test, y = _held_out(len(self.X)), self.target.y
        order, fitted = np.argsort(test, kind="stable"), int((~test).sum())
        aside, weights = order[fitted:], self.weights[order]

        def judge(found: np.ndarray) -> float:
            return _size((self.target.undone(found, aside) - y[aside]) * self.scale[aside])

        values = self.target.fitted[order]
        factors = chebyshev_factors(self.unit[order])
        found = SparsePolynomial(factors, values, fitted, weights, judge)
        found.grow(most)
        return self, found

    def of_terms(self, exponents: np.ndarray) -> tuple[np.ndarray, float]:
        """Values of each term (rows, terms) of a polynomial of these, and its held-out error."""
        test, y = _held_out(len(self.X)), self.target.y
        terms = self.basis(exponents) * self.coefficients(exponents)
        missed = self.target.undone(terms[test].sum(axis=1), test) - y[test]
        return terms, _size(missed * self.scale[test])

    def coefficients(self, exponents: np.ndarray) -> np.ndarray:
        """Those of the polynomial of these terms (terms,)."""
        kept = ~_held_out(len(self.X))
        columns = self.basis(exponents)[kept]
        return np.linalg.lstsq(columns, self.target.fitted[kept], rcond=1e-12)[0]

    def basis(self, exponents: np.ndarray, inputs: Sequence[int] | None = None) -> np.ndarray:
        """Terms, or products of powers of some of the inputs (rows, terms)."""
        return _columns(self.unit if inputs is None else self.unit[:, list(inputs)], exponents)

    def least_error(self, weights: np.ndarray) -> float:
        """Least error of held-out rows for small degrees; quick and good to six digits."""
        test, v, y = _held_out(len(self.X)), self.target.fitted, self.target.y
        sizes = [len(exponents_up_to(self.X.shape[1], degree)) for degree in range(_HIGHEST + 1)]
        sizes = [size for size in sizes[1:] if size <= min(_FEW_COLUMNS, 0.6 * (~test).sum())]
        if not sizes:
            return np.inf
        columns = _columns(self.unit, exponents_up_to(self.X.shape[1], len(sizes)))
        kept, best = columns[~test], np.inf
        square, right = kept.T @ kept, kept.T @ v[~test]
        square[np.diag_indices(len(square))] *= 1 + _RIDGE
        for size in sizes:
            found = columns[test, :size] @ np.linalg.solve(square[:size, :size], right[:size])
            missed = self.target.undone(found, test) - y[test]
            best = min(best, _size(missed * weights[test] / (np.std(y) or 1.0)))
        return best

    def missed(self, degree: int) -> np.ndarray | None:
        """What is missed over the spread, of noise as large as it is; None if rows are too few.

        A fit takes its share of the noise of each row: more of one at the end of a range.
        """
        exponents = exponents_up_to(self.X.shape[1], degree)
        if len(exponents) > min(_MOST_COLUMNS, _OF_ROWS * len(self.X)):
            return None
        basis, y = np.linalg.qr(_columns(self.unit, exponents))[0], self.target.y
        found = self.target.undone(basis @ (basis.T @ self.target.fitted), np.arange(len(y)))
        left = np.sqrt(np.maximum(1 - np.square(basis).sum(axis=1), _LEAST_LEFT))
        return (found - y) / left / (np.std(y) or 1.0)

    def gradient(self, exponents: np.ndarray) -> np.ndarray:
        """Derivatives by the inputs of the target as a polynomial of these terms."""
        columns, heavy = _columns(self.unit, exponents), self.weights[:, None]
        values = self.target.fitted * self.weights
        weights = np.linalg.lstsq(columns * heavy, values, rcond=1e-12)[0]
        parts = [_columns(self.unit, exponents, k) @ weights for k in range(self.X.shape[1])]
        found = np.stack(parts, axis=1) / self.half
        return self.target.gradient(found / self.X if self.logarithmic else found)

    def inner(self) -> np.ndarray:
        """Rows that are not at the end of any range."""
        inside = (np.abs(self.unit) < _INNER).all(axis=1)
        return inside if inside.sum() > 50 else np.ones(len(inside), dtype=bool)


def _columns(unit: np.ndarray, exponents: np.ndarray, derivative: int | None = None) -> np.ndarray:
    """Products of Chebyshev polynomials, one factor differentiated if wanted."""
    found = np.ones((len(unit), len(exponents)))
    top = int(exponents.max(initial=0))
    for k in range(unit.shape[1]):
        values = chebyshev.chebvander(unit[:, k], top)
        if k == derivative:
            slopes = chebyshev.chebder(np.eye(top + 1)) if top else np.zeros((1, 1))
            values = chebyshev.chebvander(unit[:, k], max(top - 1, 0)) @ slopes
        found *= values[:, exponents[:, k]]
    return found
