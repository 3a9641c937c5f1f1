r"""Products of functions of single inputs that change sign: each is seen alone, then named.

:math:`y = \prod_i f_i(x_i)`, such as a standing wave or a damped one beside other factors, is no
sum under a logarithm. With splines for all factors but one held fixed it is linear in the
coefficients of that one; taken in turn they converge in a few rounds from several starts. Every
factor is a clean curve then, whose law is sought by itself; all constants are refined together. One
factor may have two inputs: it is a polynomial at first, and what others leave once they are named.

References
----------
G. Beylkin, M. J. Mohlenkamp, Algorithms for numerical analysis in high dimensions,
SIAM J. Sci. Comput. 26 (2005) 2133, doi:10.1137/040604959.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice, pairwise, product

import numpy as np
import sympy
from jaxtyping import Float
from numpy.polynomial.chebyshev import chebvander2d

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.additive import (
    ADDITIVE,
    COMBINATIONS,
    MOST_INPUTS,
    ROWS_PER_COEFFICIENT,
    held_out,
    spline_basis,
)
from kansym.symbolic.laws.checking import fitted, is_exact, length, product_of_laws, values_of
from kansym.symbolic.laws.groups_of_inputs import Group, laws_of_group
from kansym.symbolic.laws.law import Law, Rows, Source
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
_WIDTHS = ((6, 6), (12, 8), (24, 10), (48, 12))
"""Intervals of the splines of one input, and degrees of the polynomials of two beside them, as far
as the rows allow."""
_SETTLED, _LEAST_NOISE, _MOST_NOISE = 1.25, 1e-4, 0.5
"""Ratio of errors at which finer knots gain nothing, and errors between which that is noise."""
_TERMS, _NOTHING_LEFT = 40, 0.97
"""Of a polynomial for what a product leaves, and its error, or that of another product, from which
on it explains nothing."""
_MOST_OF_PAIRS, _ROUGHLY = 6, 0.3
"""Most inputs of which two are tried together, and error with the coarsest knots that is worth
finer ones."""
_LIKE_A_SUM = 1e-3
"""Least y over the largest where a logarithm does as well: that is a sum of functions."""
_POINTS, _FORMS = 250, 3
"""Of a curve that a law is sought for, and laws of each."""
_NOTHING, _VANISHES, _TINY = 3.0, 1e-2, 1e-12
"""Spread of a factor over its error at which it varies, share of the largest of a product that is
nearly 0, and spread of a factor that is constant."""


@dataclass(frozen=True, eq=False)
class _Factors:
    """A product of smooth functions of groups of inputs.

    Attributes
    ----------
    groups : of one input, but for the last, which may have two.
    error : on held-out rows, over the spread of y.
    values : of the factors (rows, groups), their mean squares 1.
    coefficients : of each factor.
    settled : whether knots half as far or twice as far apart leave as much.
    """

    groups: tuple[Group, ...]
    error: float
    values: Float[np.ndarray, "rows groups"]
    coefficients: tuple[int, ...]
    settled: bool = False


@dataclass(frozen=True, eq=False)
class _Named:
    """A factor: its inputs, laws of shortest description first, and the blur of its values."""

    group: Group
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

    Parameters
    ----------
    sources : that are asked for a factor of two inputs, of which there may be one; with none of
        them there is no such factor.

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

    def __init__(self, sources: Sequence[Source] = ()) -> None:
        self.sources = sources

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """Laws of the factors of shortest description, together."""
        if not _may_be_product(rows):
            return
        few = rows.once(_first)
        most = max(ADDITIVE, 2 * rows.noise)
        found = next((fit for fit in _products(few, bool(self.sources)) if fit.error < most), None)
        if found is None:
            return
        if rows.may_be_exact(_MANY):
            until = until.within(_MOST_SECONDS)
        together = list[Law]()
        for chosen in self._choices(found, few, until):
            law = _together(chosen, rows, until)
            together += [] if law is None else [law]
            if until.passed or (law is not None and is_exact(law)):
                break
        yield from sorted(together, key=lambda law: (not is_exact(law), length(law, rows)))

    def _choices(self, found: _Factors, rows: Rows, until: Deadline) -> Iterator[Sequence[Law]]:
        """A law of each factor; first those seen at once, with that of the one that is left."""
        if rows.may_be_exact(_MANY):
            named = _named(rows, found, until.share(_SHARE), QUICK)
            if not named:
                return
            *others, hardest = sorted(named, key=lambda one: one.constants)
            known = [one.exactly(rows) for one in others]
            exactly = [law for law in known if law is not None]
            if len(exactly) == len(others):
                last = self._last(hardest.group, exactly, rows, rows.noise, until.share(_SHARE))
                yield from ([*exactly, law] for law in last)
        named = _named(rows, found, until.share(_SHARE), None)
        blur = max(rows.noise, found.error if rows.may_be_exact(_MANY) else 0.0)
        pair = next((one.group for one in named if len(one.group) > 1), None)
        singles = [one for one in named if one.group != pair]
        ranks = product(*(range(len(one.laws)) for one in singles))
        for chosen in sorted(ranks, key=sum)[:COMBINATIONS]:
            laws = [one.laws[rank] for one, rank in zip(singles, chosen, strict=True)]
            if pair is None:
                yield laws
            elif not until.passed:
                last = self._last(pair, laws, rows, blur, until.share(_SHARE))
                yield from ([*laws, law] for law in last)

    def _last(
        self, group: Group, known: Sequence[Law], rows: Rows, noise: float, until: Deadline
    ) -> Sequence[Law]:
        """Laws of the one factor that is left, where the others are known up to a noise of y."""
        with np.errstate(all="ignore"):
            others = np.prod([values_of(law.expr, law.start, rows) for law in known], axis=0)
            values = rows.y / others
        kept = np.isfinite(values) & (np.abs(others) > _VANISHES * np.abs(others).max())
        weights, names = (rows.root * others)[kept] ** 2, tuple(rows.names[k] for k in group)
        inner = Rows(rows.X[kept][:, list(group)], values[kept], names, 0.0, np.inf, weights)
        size = noise * rows.spread / float(np.sqrt(np.mean(weights)))
        inner = replace(inner, noise=size / inner.spread)
        if len(group) > 1:
            return laws_of_group(inner, self.sources, until)
        given = inner.X[:, 0], inner.y, names[0], inner.noise, until, inner.weights
        return list(islice(univariate_laws(*given), 1))


def _first(rows: Rows) -> Rows:
    """The rows that are looked at."""
    return rows if len(rows.y) <= _MOST_ROWS else rows.take(np.arange(_MOST_ROWS))


def _products(rows: Rows, pairs: bool) -> Iterator[_Factors]:
    """The product of functions of single inputs, and the best one with a function of two."""
    alone = rows.once(_of_singles)
    if alone is not None:
        yield alone
        pairs = pairs and alone.error > ADDITIVE
    if pairs and (best := rows.once(_of_a_pair)) is not None:
        yield best


def _of_singles(rows: Rows) -> _Factors | None:
    """The product of functions of single inputs."""
    return _factors(rows, tuple((k,) for k in rows.varying))


def _of_a_pair(rows: Rows) -> _Factors | None:
    """The product with a function of two inputs that comes nearest."""
    inputs = rows.varying
    if not 2 < len(inputs) <= _MOST_OF_PAIRS:
        return None
    every = [_with_pair(inputs, pair) for pair in combinations(inputs, 2)]
    rough = [(fit.error, fit.groups) for groups in every if (fit := _factors(rows, groups, 1))]
    if not rough or min(rough)[0] > _ROUGHLY:
        return None
    return _factors(rows, min(rough)[1])


def _with_pair(inputs: Sequence[int], pair: Group) -> tuple[Group, ...]:
    """Single inputs, and two of them as the last group."""
    return (*((k,) for k in inputs if k not in pair), pair)


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
    few = rows.once(_first)
    products = _products(few, pairs=True) if _may_be_product(rows) else ()
    return next((fit.error for fit in products if _leaves_noise(fit, few)), 0.0)


def _leaves_noise(found: _Factors, rows: Rows) -> bool:
    """Whether what a product leaves is in all rows, and neither knots nor terms explain it."""
    if not found.settled or not _LEAST_NOISE < found.error < _MOST_NOISE:
        return False
    together = found.values.prod(axis=1)
    missed = rows.y - together * (together @ rows.y) / (together @ together)
    if not is_in_all_rows(missed * rows.root):
        return False
    polynomial = polynomial_through(rows.X[:, rows.varying], missed, _TERMS)
    another = _of_singles(replace(rows, y=missed))
    left = min(fit.error for fit in (polynomial, another) if fit is not None)
    return left > _NOTHING_LEFT


def _may_be_product(rows: Rows) -> bool:
    """Whether y changes sign or comes near 0, where it is no sum under a logarithm."""
    size = np.abs(rows.y)
    alike = rows.y.min() * rows.y.max() > 0 and size.min() > _LIKE_A_SUM * size.max()
    return not alike and 2 <= len(rows.varying) <= MOST_INPUTS and bool(np.ptp(rows.y) > 0)


def _together(laws: Sequence[Law], rows: Rows, until: Deadline) -> Law | None:
    """The product of laws, its constants refined on all rows."""
    expr, start = product_of_laws(laws, rows.y, rows)
    return fitted(expr, start, ProductsOfCurves.name, rows, until.within(_REFINING))


def _factors(rows: Rows, groups: tuple[Group, ...], widths: int | None = None) -> _Factors | None:
    """The product of functions of the finest knots that do well; None where rows are too few.

    Parameters
    ----------
    widths : of knots that are tried, the coarsest first; all by default.
    """
    test, best, start, errors = held_out(len(rows.y)), None, None, list[float]()
    for intervals, degree in _WIDTHS[:widths]:
        bases = [_basis(rows.X[:, list(group)], intervals, degree) for group in groups]
        if ROWS_PER_COEFFICIENT * sum(basis.shape[1] for basis in bases) > (~test).sum():
            break
        starts = [start] if start is not None else list(_starts(rows, groups))
        trials = [_alternating(rows, bases, test, one, _ROUNDS) for one in starts]
        error, values = min(trials, key=lambda trial: trial[0])
        error, values = _alternating(rows, bases, test, values, _MORE_ROUNDS)
        # Coarse knots may see nothing of a quick factor, and then have nothing to begin from.
        start = values if error < ADDITIVE**0.5 else None
        errors.append(error)
        if best is None or error < best.error:
            shapes = tuple(basis.shape[1] for basis in bases)
            best = _Factors(groups, error, _of_size_one(values), shapes)
    if best is None:
        return None
    alike = [error < _SETTLED * best.error for error in errors]
    return replace(best, settled=any(a and b for a, b in pairwise(alike)))


def _basis(X: Array, intervals: int, degree: int) -> Array:
    """Splines of one input, polynomials of two: those of a factor with its constant."""
    if X.shape[1] == 1:
        return np.column_stack([np.ones(len(X)), spline_basis(X[:, 0], intervals)])
    unit = 2 * (X - X.min(axis=0)) / np.ptp(X, axis=0) - 1
    every = chebvander2d(unit[:, 0], unit[:, 1], [degree, degree])
    kept = np.add.outer(np.arange(degree + 1), np.arange(degree + 1)).ravel() <= degree
    return every[:, kept]


def _starts(rows: Rows, groups: Sequence[Group]) -> Iterator[Array]:
    """Factors to begin from: constants, then waves of random lengths and phases."""
    X = np.stack([rows.X[:, group[0]] for group in groups], axis=1)
    yield np.ones(X.shape)
    unit, rng = (X - X.min(axis=0)) / np.ptp(X, axis=0), np.random.default_rng(0)
    for _ in range(_STARTS - 1):
        turns, phase = rng.uniform(0, 2, X.shape[1]), rng.uniform(0, 1, X.shape[1])
        yield np.cos(2 * np.pi * (turns * unit + phase))


def _alternating(
    rows: Rows, bases: Sequence[Array], test: Array, values: Array, rounds: int
) -> tuple[float, Array]:
    """Least squares of one factor after the other, until rounds gain nothing: error, factors."""
    root, before, missed = rows.root, np.inf, rows.root * rows.y
    for _ in range(rounds):
        for k, basis in enumerate(bases):
            others = _of_size_one(np.delete(values, k, axis=1))
            matrix = basis * (root * others.prod(axis=1))[:, None]
            weights, *_ = np.linalg.lstsq(matrix[~test], (root * rows.y)[~test], rcond=1e-11)
            values = np.insert(others, k, basis @ weights, axis=1)
        missed = root * (rows.y - values.prod(axis=1))
        left = float(np.sqrt(np.mean(missed[~test] ** 2)))
        if left > (1 - _SAME) * before:
            break
        before = left
    spread = float(np.std((root * rows.y)[test])) or 1.0
    error = float(np.sqrt(np.mean(missed[test] ** 2))) / spread
    return (error if np.isfinite(error) else np.inf), values


def _of_size_one(values: Array) -> Array:
    """Factors (rows, groups) of mean square 1; one that is 0 stays so."""
    sizes = np.sqrt(np.mean(values**2, axis=0))
    return values / np.where(sizes > 0, sizes, 1.0)


def _named(
    rows: Rows, found: _Factors, until: Deadline, stages: tuple[Stage, ...] | None
) -> list[_Named]:
    """The factors that vary, those of one input each with laws; one without a law has none."""
    # Noise averages out in splines; what they miss of an exact law does not.
    of_all = len(rows.y) / np.array(found.coefficients)
    exact = rows.may_be_exact(_MANY)
    spread = found.values.std(axis=0)
    blurs = found.error / np.where(exact, 1.0, np.sqrt(of_all)) / np.maximum(spread, _TINY)
    places = np.flatnonzero(_NOTHING * blurs < 1).tolist()
    named = list[_Named]()
    for count, place in enumerate(places):
        group, curve, blur = found.groups[place], found.values[:, place], float(blurs[place])
        laws = dict[sympy.Expr, Law]()
        if len(group) == 1:
            x, few = rows.X[:, group[0]], float(found.coefficients[place])
            order = np.linspace(0, len(x) - 1, min(len(x), _POINTS)).round().astype(int)
            kept, limit = np.argsort(x)[order], until.share(1 / (len(places) - count))
            given = x[kept], curve[kept], rows.names[group[0]], blur, limit
            every = univariate_laws(*given, independent=few, stages=stages)
            laws = {law.expr: law for law in islice(every, _FORMS)}
        named.append(_Named(group, tuple(laws.values()), blur))
    return named
