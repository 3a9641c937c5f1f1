r"""Functions of a sum, :math:`y = F(f_1 + f_2 + \dots)`: the f of groups of inputs, and F, unknown.

Then some function of y is a sum, :math:`\varphi(y) = \sum_k f_k`, and with polynomials for
:math:`\varphi` and every :math:`f_k` it is the combination of both sides that correlates best: a
singular vector. What is plain in the sum is named first, and the rest is seen the better for it;
F is then a curve of the named sum.

References
----------
L. Breiman, J. H. Friedman, Estimating optimal transformations for multiple regression and
correlation, J. Am. Stat. Assoc. 80 (1985) 580, doi:10.1080/01621459.1985.10478157.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, islice, product

import numpy as np
import sympy
from jaxtyping import Float

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import (
    apart,
    fitted,
    fresh_constants,
    is_exact,
    values_of,
    without_scale,
)
from kansym.symbolic.laws.free_functions import chebyshev_columns
from kansym.symbolic.laws.groups_of_inputs import Group, factor_of, laws_of_group, rows_of_group
from kansym.symbolic.laws.law import Law, Rows, Source
from kansym.symbolic.laws.sparse_polynomial import polynomials
from kansym.symbolic.laws.targets import targets_of
from kansym.symbolic.laws.univariate import QUICK, univariate_laws

__all__ = ["FunctionsOfSums"]

Array = np.ndarray

_MOST_INPUTS, _FEWEST_ROWS, _ROWS = 5, 100, 1500
_DEGREE, _OF_ONE, _OF_TWO, _ROWS_PER_COLUMN = 24, 24, 14, 2.5
"""Highest degrees in y, in one and in two inputs, and rows for each of their polynomials."""
_HELD_OUT = 5
"""One row of so many tells whether a sum is right."""
_DECADE = 10.0
"""Largest over least value of an input from which on polynomials in the logarithm are tried."""
_BEYOND = (1.1, 1.01)
"""Ends of stretched values of y over those of y."""
_BELIEVED, _SURE = 1e-5, 1e-9
"""Error of a sum, and of one of single inputs beside which no other is sought."""
_KNOWN = ("y", "1/y", "y^2", "log y", "log -y", "exp y", "sqrt y")
"""Functions of y under which sums are found by others."""
_ALIKE = 30.0
"""Errors that two functions of y may differ by and be one."""
_FOLLOWED, _FORMS, _MOST_CONSTANTS = 2, 2, 6
"""Sums that are followed, functions of a sum that are tried, and constants of one of its parts."""
_NAMING, _REFINING = 6.0, 2.0
"""Seconds for the function of the sum, and for all constants."""
_NOTHING = 0.03
"""Error of a part over its spread from which on it is none."""
_LEAST, _HARDLY = 1e-14, 1e-8
"""Error that is rounding, and of a sum whose parts are named, at most."""
_POWERS = (1, -1, 2, -2)
"""Of an input that y is multiplied by."""
_PREFIX = "q"
"""Of constants in the sum, which are others than those of its function."""
_SLOPES = 200
"""Places at which a function of y must grow."""


@dataclass(frozen=True, eq=False)
class _Sum:
    """A function of y as a sum.

    Attributes
    ----------
    parts : values of the function of each group (rows,), up to a constant.
    phi : the sum.
    error : on rows that were held out, over the spread of the sum.
    grows : whether the function of y can be undone.
    """

    parts: tuple[Float[np.ndarray, " rows"], ...]
    phi: Float[np.ndarray, " rows"]
    error: float
    grows: bool

    @classmethod
    def of(cls, y: Float[np.ndarray, " rows"], columns: Sequence[Array]) -> "_Sum | None":
        """The combination of polynomials in y that columns (rows, terms) explain best."""
        test = np.zeros(len(y), dtype=bool)
        test[::_HELD_OUT] = True
        inner = np.column_stack(columns)
        inner = inner - inner[~test].mean(axis=0)
        scale = np.linalg.norm(inner[~test], axis=0)
        if not (np.isfinite(scale).all() and scale.all()):
            return None
        inner /= scale
        basis = np.linalg.qr(inner[~test])[0]
        every = [_best_explained(outer, basis, test) for outer in _outer(y)]
        fits = [np.linalg.lstsq(inner[~test], phi[~test], rcond=_LEAST)[0] for phi in every]
        errors = [
            float(np.std((phi - inner @ own)[test]) / (np.std(phi[test]) or 1.0))
            for phi, own in zip(every, fits, strict=True)
        ]
        best = int(np.argmin(errors))
        ends = np.cumsum([len(block.T) for block in columns])[:-1]
        blocks, shares = np.split(inner, ends, axis=1), np.split(fits[best], ends)
        parts = tuple(block @ share for block, share in zip(blocks, shares, strict=True))
        order = np.argsort(y)[:: max(1, len(y) // _SLOPES)]
        steps = np.diff(every[best][order])
        grows = bool((steps > 0).all() or (steps < 0).all())
        return cls(parts, every[best], errors[best], grows)

    def of_parts(self, places: Sequence[int]) -> "_Sum":
        """With some of its parts, of which the others do nothing."""
        return replace(self, parts=tuple(self.parts[k] for k in places))

    def blur(self, place: int) -> float:
        """Error of a part over its spread."""
        return max(self.error, _LEAST) * float(np.std(self.phi) / (np.std(self.parts[place]) or 1))

    def is_of_one_of(self, y: Float[np.ndarray, " rows"], names: Sequence[str]) -> bool:
        """Whether it is the sum of one of these functions of y."""
        phi = self.phi - self.phi.mean()
        for target in targets_of(y, names):
            z = target.forward(y)
            z = z - z.mean()
            left = phi - (phi @ z) / (z @ z) * z
            if np.std(left) < max(_ALIKE * self.error, _SURE) * np.std(phi):
                return True
        return False

    def unit_of_logarithms(self, rows: Rows, groups: tuple[Group, ...]) -> float | None:
        """What the logarithm of an input is scaled by, where a part is one: y is F of a product."""
        limit = max(_ALIKE * self.error, _SURE) * float(np.std(self.phi))
        for part, (k, *others) in zip(self.parts, groups, strict=True):
            if not others and rows.X[:, k].min() > 0:
                column = np.log(rows.X[:, k])
                column = column - column.mean()
                scale = float(part @ column / (column @ column))
                if np.std(part - scale * column) < limit:
                    return scale
        return None


def _best_explained(outer: Array, basis: Array, test: Array) -> Array:
    """The combination of columns in y that an orthonormal basis on the other rows explains best."""
    outer = outer - outer[~test].mean(axis=0)
    q, r = np.linalg.qr(outer[~test])
    least = np.linalg.svd(q - basis @ (basis.T @ q), full_matrices=False)[2][-1]
    return outer @ np.linalg.lstsq(r, least, rcond=None)[0]


def _outer(y: Array) -> Iterator[Array]:
    """Polynomials in y, in its logarithm or root, and in what stretches ends where y saturates."""
    unit = (2 * y - y.min() - y.max()) / np.ptp(y)
    every = [y, np.log(y) if y.min() > 0 else np.cbrt(y)]
    for end in _BEYOND:
        every += [np.arctanh(unit / end), np.log(end - unit), np.log(end + unit)]
    yield from (chebyshev_columns(each, _DEGREE)[:, 1:] for each in every)


class FunctionsOfSums:
    """The source of laws y = F(f_1 + f_2 + ...) with f of single inputs or pairs of them.

    Parameters
    ----------
    sources : that are asked for the law of a pair.
    """

    name = "function of a sum"

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = sources

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """Laws for the best sums; nothing for rows with noise."""
        own = rows.with_varying()
        known = rows.blur == rows.noise and len(own.y) >= _FEWEST_ROWS and np.ptp(own.y) > 0
        if not known or not 2 <= len(own.names) <= _MOST_INPUTS:
            return
        few = own.take(np.arange(min(len(own.y), _ROWS)))
        bends = (False, True) if _bends(few.X).any() else (False,)
        choices = [_Inputs(few.X, bent=bent) for bent in bends]
        found = list[_Found]()
        for groups in _partitions(len(own.names)):
            every = _scaled(few) if len(groups) == len(own.names) else [(sympy.S.One, few)]
            for inputs, (factor, scaled) in product(choices, every):
                if until.passed:
                    break
                sum_ = _Sum.of(scaled.y, inputs.columns(groups))
                if sum_ is not None and sum_.error < _BELIEVED and sum_.grows:
                    used = [k for k in range(len(groups)) if sum_.blur(k) < _NOTHING]
                    some = tuple(groups[k] for k in used)
                    found.append(_Found(sum_.of_parts(used), some, inputs, factor, scaled))
            if any(each.sum.error < _SURE for each in found) and len(groups) == len(own.names):
                break
        found = [
            each for each in found if each.factor != 1 or not each.sum.is_of_one_of(few.y, _KNOWN)
        ]
        for each in sorted(found, key=lambda each: each.plainness)[:_FOLLOWED]:
            yield from self._laws(each, own, until)

    def _laws(self, found: "_Found", rows: Rows, until: Deadline) -> Iterator[Law]:
        """The parts named in turn, each a column of its own for those after it, then F."""
        groups, sum_, few = found.groups, found.sum, found.rows
        is_plain = sum_.is_of_one_of(few.y, ("y",))
        named, unit = dict[int, Law](), None if is_plain else sum_.unit_of_logarithms(few, groups)
        columns = found.inputs.columns(groups)
        for place in sorted(range(len(groups)), key=lambda k: (len(groups[k]), sum_.blur(k))):
            if until.passed:
                return
            part, noise = sum_.parts[place], sum_.blur(place)
            if unit is not None:
                part, noise = factor_of(part / unit, noise)
            inner = rows_of_group(few, groups[place], part, noise)
            laws = laws_of_group(inner, self.sources, until)
            if not laws or len(laws[0].start) > _MOST_CONSTANTS:
                return
            named[place] = laws[0]
            values = values_of(laws[0].expr, laws[0].start, few)
            with np.errstate(all="ignore"):
                columns[place] = (values if unit is None else np.log(values))[:, None]
            seen = _Sum.of(few.y, columns)
            if seen is None or not seen.error < _BELIEVED:
                return
            sum_, unit = seen, unit and seen.unit_of_logarithms(few, groups)
        chosen = [named[k] for k in range(len(groups))]
        total, start = _product(chosen, few) if unit else _total(chosen, sum_, few)
        noise = max(min(sum_.error, _HARDLY), rows.noise)
        for expr, values in _functions_of(total, start, noise, few, until):
            law = fitted(expr / found.factor, values, self.name, rows, until.within(_REFINING))
            if law is not None:
                yield law
                if is_exact(law):
                    return


def _functions_of(
    total: sympy.Expr,
    start: dict[sympy.Symbol, float],
    noise: float,
    rows: Rows,
    until: Deadline,
) -> Iterator[tuple[sympy.Expr, dict[sympy.Symbol, float]]]:
    """The target as a curve of a known sum, and where all constants start; quick ones first."""
    name = "z"
    while name in rows.names:
        name += "_"
    z = values_of(total, start, rows)
    for stages in (QUICK, None):
        curves = univariate_laws(z, rows.y, name, noise, until.within(_NAMING), stages=stages)
        for law in islice((law for law in curves if law.error < _BELIEVED), _FORMS):
            symbols = fresh_constants(rows.names, len(law.start))
            renamed = dict(zip(law.start, symbols, strict=True))
            expr = law.expr.xreplace(renamed).xreplace({sympy.Symbol(name): total})
            yield expr, start | {renamed[s]: float(v) for s, v in law.start.items()}


def _scaled(rows: Rows) -> Iterator[tuple[sympy.Expr, Rows]]:
    """The target and the same times powers of inputs of one sign, with the factor."""
    yield sympy.S.One, rows
    for x, name in zip(rows.X.T, rows.names, strict=True):
        if x.min() > 0 or x.max() < 0:
            for power in _POWERS:
                yield sympy.Symbol(name) ** power, replace(rows, y=rows.y * x**power)


def _partitions(count: int) -> Iterator[tuple[Group, ...]]:
    """Single inputs, then with one pair, then with two."""
    yield tuple((k,) for k in range(count))
    pairs = list(combinations(range(count), 2)) if count > 2 else []
    chosen = [(pair,) for pair in pairs]
    chosen += [both for both in combinations(pairs, 2) if not set(both[0]) & set(both[1])]
    for some in chosen:
        paired = {k for pair in some for k in pair}
        yield (*((k,) for k in range(count) if k not in paired), *some)


@dataclass(frozen=True, eq=False)
class _Found:
    """A sum for y times a factor.

    Attributes
    ----------
    groups, inputs : places of the inputs of every part, and polynomials in these.
    factor, rows : the factor, and some rows with y times it.
    """

    sum: _Sum
    groups: tuple[Group, ...]
    inputs: "_Inputs"
    factor: sympy.Expr
    rows: Rows

    @property
    def plainness(self) -> tuple[float, int, int]:
        """Those of least error first, of these such as are without a factor or pairs."""
        error = max(self.sum.error, _LEAST)
        return round(np.log10(error)), int(self.factor != 1), -len(self.groups)


@dataclass(frozen=True, eq=False)
class _Inputs:
    """Polynomials in single inputs and pairs.

    Attributes
    ----------
    X : the rows (rows, inputs).
    bent : whether in the logarithms of inputs over a decade.
    """

    X: Float[np.ndarray, "rows inputs"]
    bent: bool

    @cached_property
    def coordinates(self) -> Float[np.ndarray, "rows inputs"]:
        """The inputs, or the logarithms of those."""
        return np.where(_bends(self.X), np.log(np.abs(self.X)), self.X) if self.bent else self.X

    def columns(self, groups: tuple[Group, ...]) -> list[Array]:
        """Of each group, of degrees that the rows allow."""
        pairs = sum(len(each) > 1 for each in groups)
        left = len(self.X) / _ROWS_PER_COLUMN - _DEGREE
        single = max(2, min(_OF_ONE, int(left / (len(groups) + 4 * pairs))))
        most = (left - single * (len(groups) - pairs)) / max(1, pairs)
        of_pair = int(np.clip((np.sqrt(8 * max(most, 0) + 1) - 3) / 2, 2, _OF_TWO))
        return [
            polynomials(self.coordinates[:, list(each)], single if len(each) == 1 else of_pair)[
                :, 1:
            ]
            for each in groups
        ]


def _bends(X: Array) -> Array:
    """Inputs that are positive over a decade."""
    low = X.min(axis=0)
    return (low > 0) & (X.max(axis=0) > _DECADE * low)


def _product(laws: Sequence[Law], rows: Rows) -> tuple[sympy.Expr, dict[sympy.Symbol, float]]:
    """The product of named factors, without one that is a constant."""
    bare = [without_scale(law, rows.names, offset=True) for law in laws]
    shapes, start, _ = apart(bare, rows, prefix=_PREFIX)
    return sympy.Mul(*shapes), start


def _total(
    laws: Sequence[Law], sum_: _Sum, rows: Rows
) -> tuple[sympy.Expr, dict[sympy.Symbol, float]]:
    """The sum of named parts without a constant, in the unit of the plainest."""
    bare = [without_scale(law, rows.names) for law in laws]
    shapes, start, fresh = apart(bare, rows, len(laws), _PREFIX)
    values = [values_of(shape, start, rows) for shape in shapes]
    weights = [
        float(part @ (z - z.mean()) / (z.var() * len(z)))
        for part, z in zip(sum_.parts, values, strict=True)
    ]
    unit = min(range(len(laws)), key=lambda k: (len(laws[k].start), sympy.count_ops(shapes[k])))
    total = shapes[unit]
    for k, shape in enumerate(shapes):
        if k != unit:
            start[fresh[k]] = weights[k] / weights[unit]
            total += fresh[k] * shape
    return total, start
