r"""Products of functions of single inputs that change sign: each is seen alone, then named.

:math:`y = \prod_i f_i(x_i)`, such as a standing wave or a damped one beside other factors, is no
sum under a logarithm. With splines for all factors but one held fixed it is linear in the
coefficients of that one; taken in turn they converge to a few rounds from several starts. Every
factor is a clean curve then, whose law is sought by itself; all constants are refined together.

References
----------
G. Beylkin, M. J. Mohlenkamp, Algorithms for numerical analysis in high dimensions,
SIAM J. Sci. Comput. 26 (2005) 2133, doi:10.1137/040604959.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise, product

import numpy as np
from jaxtyping import Float

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.additive import (
    ADDITIVE,
    COMBINATIONS,
    DEGREE,
    MOST_INPUTS,
    ROWS_PER_COEFFICIENT,
    held_out,
    spline_basis,
)
from kansym.symbolic.laws.checking import fitted, is_exact, length, product_of_laws, values_of
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.smooth import is_in_all_rows, polynomial_through
from kansym.symbolic.laws.sums_of_parts import known_exactly
from kansym.symbolic.laws.univariate import QUICK, Stage, univariate_laws

__all__ = ["ProductsOfCurves", "noise_beside_product"]

Array = np.ndarray
_STARTS, _ROUNDS, _MORE_ROUNDS, _SAME = 8, 8, 60, 1e-3
"""Starts and their rounds over all factors, rounds from the best one, and what a round gains at
least."""
_MANY, _MOST_ROWS, _MOST_SECONDS = 200, 2000, 8.0
"""Rows from which on noise would have been seen, rows that are looked at, and time for exact ones:
others may be quicker."""
_REFINING, _SHARE = 2.0, 0.6
"""Seconds for the constants of a product, and share of the time for names of its factors."""
_INTERVALS, _FORMS = (6, 12, 24, 48), 3
"""Of the splines of every input, as far as the rows allow; laws of each factor."""
_SETTLED, _LEAST_NOISE, _MOST_NOISE = 1.25, 1e-4, 0.5
"""Ratio of errors at which finer knots gain nothing, and errors between which that is noise."""
_TERMS, _NOTHING_LEFT = 40, 0.97
"""Of a polynomial for what a product leaves, and its error, or that of another product, from which
on it explains nothing."""
_LIKE_A_SUM = 1e-3
"""Least y over the largest where a logarithm does as well: that is a sum of functions."""
_POINTS, _NOTHING, _VANISHES = 250, 3.0, 1e-2
"""Of a curve that a law is sought for; its spread over its error at which it varies, and share of
the largest of a product that is nearly 0."""


@dataclass(frozen=True, eq=False)
class _Factors:
    """A product of splines.

    Attributes
    ----------
    error : on held-out rows, over the spread of y.
    values : of the factors (rows, inputs), their mean squares 1.
    coefficients : of each factor.
    settled : whether knots half as far or twice as far apart leave as much.
    """

    error: float
    values: Float[np.ndarray, "rows inputs"]
    coefficients: int
    settled: bool = False


@dataclass(frozen=True, eq=False)
class _Named:
    """A factor: the place of its input, laws of shortest description first, and their blur."""

    place: int
    laws: tuple[Law, ...]
    blur: float

    @property
    def constants(self) -> float:
        """Those of the plainest law; infinite without one."""
        return len(self.laws[0].start) if self.laws else np.inf

    def exactly(self, rows: Rows) -> Law | None:
        """The plainest law up to a factor, if its numbers are short."""
        if not self.laws:
            return None
        return known_exactly(self.laws[0], rows.names, self.blur, is_factor=True)


class ProductsOfCurves:
    """The source of laws that are products of functions of single inputs and change sign.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(0, 3, (600, 2))
    >>> y = np.sin(3 * X[:, 0]) * np.cos(2 * X[:, 1]) * np.exp(-X[:, 1])
    >>> found = ProductsOfCurves().propose(Rows(X, y, ("a", "b")), Deadline.after(20))
    >>> min(law.error for law in found) < 1e-9
    True
    """

    name = "product of functions of single inputs"

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """Laws of the factors of shortest description, together."""
        if not _may_be_product(rows):
            return
        inputs = rows.varying
        few = rows.take(np.arange(min(len(rows.y), _MOST_ROWS)))
        found = _factors(few, inputs)
        if found is None or found.error > max(ADDITIVE, 2 * rows.noise):
            return
        if rows.may_be_exact(_MANY):
            until = until.within(_MOST_SECONDS)
        together = list[Law]()
        for chosen in _choices(found, few, inputs, until):
            law = _together(chosen, rows, until)
            together += [] if law is None else [law]
            if until.passed or (law is not None and is_exact(law)):
                break
        yield from sorted(together, key=lambda law: (not is_exact(law), length(law, rows)))


def noise_beside_product(rows: Rows) -> float:
    """Noise of y over its spread, where splines of any width leave the same of a product; else 0.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(0, 3, (600, 3))
    >>> y = np.sin(3 * X[:, 0]) * np.cos(2 * X[:, 1]) * np.exp(-X[:, 2])
    >>> noise_beside_product(Rows(X, y, ("a", "b", "c")))
    0.0
    >>> y += 0.05 * np.std(y) * rng.normal(size=600)
    >>> round(noise_beside_product(Rows(X, y, ("a", "b", "c"))), 2)
    0.05
    """
    if not _may_be_product(rows):
        return 0.0
    few = rows.take(np.arange(min(len(rows.y), _MOST_ROWS)))
    found = _factors(few, rows.varying)
    if found is None or not found.settled or not _LEAST_NOISE < found.error < _MOST_NOISE:
        return 0.0
    together = found.values.prod(axis=1)
    missed = few.y - together * (together @ few.y) / (together @ together)
    if not is_in_all_rows(missed * few.root):
        return 0.0
    polynomial = polynomial_through(few.X[:, few.varying], missed, _TERMS)
    another = _factors(replace(few, y=missed), few.varying)
    left = min(fit.error for fit in (polynomial, another) if fit is not None)
    return found.error if left > _NOTHING_LEFT else 0.0


def _may_be_product(rows: Rows) -> bool:
    """Whether y changes sign or comes near 0, where it is no sum under a logarithm."""
    size = np.abs(rows.y)
    alike = rows.y.min() * rows.y.max() > 0 and size.min() > _LIKE_A_SUM * size.max()
    return not alike and 2 <= len(rows.varying) <= MOST_INPUTS and bool(np.ptp(rows.y) > 0)


def _choices(
    found: _Factors, rows: Rows, inputs: Sequence[int], until: Deadline
) -> Iterator[Sequence[Law]]:
    """A law of each factor; first those seen at once, with that of the one that is then exact."""
    if rows.may_be_exact(_MANY):
        named = _named(rows, inputs, found, until.share(_SHARE), QUICK)
        *others, hardest = sorted(named, key=lambda one: one.constants)
        known = [one.exactly(rows) for one in others]
        exactly = [law for law in known if law is not None]
        if len(exactly) == len(others):
            last = _last(hardest, exactly, rows, until.share(_SHARE))
            yield from ([*exactly, law] for law in last)
    named = _named(rows, inputs, found, until.share(_SHARE), None)
    ranks = product(*(range(len(one.laws)) for one in named))
    for chosen in sorted(ranks, key=sum)[:COMBINATIONS]:
        yield [one.laws[rank] for one, rank in zip(named, chosen, strict=True)]


def _last(one: _Named, known: Sequence[Law], rows: Rows, until: Deadline) -> Iterator[Law]:
    """Laws of the one factor that is left where the others are known."""
    with np.errstate(all="ignore"):
        others = np.prod([values_of(law.expr, law.start, rows) for law in known], axis=0)
        values = rows.y / others
    kept = np.isfinite(values) & (np.abs(others) > _VANISHES * np.abs(others).max())
    x, name = rows.X[kept, one.place], rows.names[one.place]
    yield from islice(univariate_laws(x, values[kept], name, 0.0, until), 1)


def _together(laws: Sequence[Law], rows: Rows, until: Deadline) -> Law | None:
    """The product of laws, its constants refined on all rows."""
    expr, start = product_of_laws(laws, rows.y, rows)
    return fitted(expr, start, ProductsOfCurves.name, rows, until.within(_REFINING))


def _factors(rows: Rows, inputs: Sequence[int]) -> _Factors | None:
    """The product of splines of the finest knots that do well; None where rows are too few."""
    test, best, start, errors = held_out(len(rows.y)), None, None, list[float]()
    for intervals in _INTERVALS:
        bases = [_with_constant(rows.X[:, i], intervals) for i in inputs]
        if ROWS_PER_COEFFICIENT * sum(basis.shape[1] for basis in bases) > (~test).sum():
            break
        starts = [start] if start is not None else list(_starts(rows, inputs))
        trials = [_alternating(rows, bases, test, one, _ROUNDS) for one in starts]
        error, values = min(trials, key=lambda trial: trial[0])
        error, values = _alternating(rows, bases, test, values, _MORE_ROUNDS)
        # Coarse knots may see nothing of a quick factor, and then have nothing to begin from.
        start = values if error < ADDITIVE**0.5 else None
        errors.append(error)
        if best is None or error < best.error:
            sizes = np.sqrt(np.mean(values**2, axis=0))
            best = _Factors(error, values / np.where(sizes > 0, sizes, 1.0), intervals + DEGREE)
    if best is None:
        return None
    alike = [error < _SETTLED * best.error for error in errors]
    return replace(best, settled=any(a and b for a, b in pairwise(alike)))


def _with_constant(x: Array, intervals: int) -> Array:
    """Splines of an input, those of a factor with its constant."""
    return np.column_stack([np.ones(len(x)), spline_basis(x, intervals)])


def _starts(rows: Rows, inputs: Sequence[int]) -> Iterator[Array]:
    """Factors to begin from: constants, then waves of random lengths and phases."""
    X = rows.X[:, list(inputs)]
    yield np.ones(X.shape)
    unit, rng = (X - X.min(axis=0)) / np.ptp(X, axis=0), np.random.default_rng(0)
    for _ in range(_STARTS - 1):
        turns, phase = rng.uniform(0, 2, X.shape[1]), rng.uniform(0, 1, X.shape[1])
        yield np.cos(2 * np.pi * (turns * unit + phase))


def _alternating(
    rows: Rows, bases: Sequence[Array], test: Array, values: Array, rounds: int
) -> tuple[float, Array]:
    """Least squares of one factor after the other, until rounds gain nothing: error, factors."""
    values, root, before = values.copy(), rows.root, np.inf
    for _ in range(rounds):
        for k, basis in enumerate(bases):
            others = np.delete(values, k, axis=1)
            sizes = np.sqrt(np.mean(others**2, axis=0))
            scaled = root * (others / np.where(sizes > 0, sizes, 1.0)).prod(axis=1)
            matrix = basis * scaled[:, None]
            weights, *_ = np.linalg.lstsq(matrix[~test], (root * rows.y)[~test], rcond=1e-11)
            values[:, k] = basis @ weights
            values[:, np.arange(len(bases)) != k] = others / np.where(sizes > 0, sizes, 1.0)
        missed = root * (rows.y - values.prod(axis=1))
        left = float(np.sqrt(np.mean(missed[~test] ** 2)))
        if left > (1 - _SAME) * before:
            break
        before = left
    spread = float(np.std((root * rows.y)[test])) or 1.0
    error = float(np.sqrt(np.mean(missed[test] ** 2))) / spread
    return (error if np.isfinite(error) else np.inf), values


def _named(
    rows: Rows,
    inputs: Sequence[int],
    found: _Factors,
    until: Deadline,
    stages: tuple[Stage, ...] | None,
) -> list[_Named]:
    """The factors that vary, each with laws; one without a law has none."""
    # Noise averages out in splines; what they miss of an exact law does not.
    of_all = len(rows.y) / found.coefficients
    blur = found.error if rows.may_be_exact(_MANY) else found.error / np.sqrt(of_all)
    spread = found.values.std(axis=0)
    places = [k for k in range(len(inputs)) if spread[k] > _NOTHING * blur]
    named = list[_Named]()
    for count, k in enumerate(places):
        x, curve, name = rows.X[:, inputs[k]], found.values[:, k], rows.names[inputs[k]]
        kept = np.argsort(x)[np.linspace(0, len(x) - 1, min(len(x), _POINTS)).round().astype(int)]
        given = x[kept], curve[kept], name, blur / spread[k], until.share(1 / (len(places) - count))
        few = float(found.coefficients)
        every = univariate_laws(*given, independent=few, stages=stages)
        laws = {law.expr: law for law in islice(every, _FORMS)}
        named.append(_Named(inputs[k], tuple(laws.values()), blur / spread[k]))
    return named
