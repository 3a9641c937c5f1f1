"""One group of inputs scales a function of the others: y = A(first) + B(first) C(others).

The coefficients of a polynomial are a matrix, terms of one group along the terms of the other. But
for the column of the constant it has rank one in such a law, so that A, B and C are known to many
digits from its singular vectors; each is a smaller problem. Products have an A that B is a multiple
of.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import fitted, fresh_constants, is_exact, values_of
from kansym.symbolic.laws.groups_of_inputs import (
    ROUNDING,
    best_splits,
    laws_of_group,
    pairs_of_groups,
)
from kansym.symbolic.laws.law import Law, Rows, Source
from kansym.symbolic.laws.smooth import Smooth
from kansym.symbolic.laws.targets import Target

__all__ = ["ScaledGroups"]

_FEWEST = 2
"""Inputs."""
_TARGETS = ("y", "1/y", "y^2")
"""Functions of y that may have this form."""
_NO_WORSE = 5.0
"""How much worse a polynomial may be with one singular vector."""
_OTHERS = 0.03
"""Second singular value over the first beyond which there is no need to look."""
_ROUNDS = 2
"""Fits of A and B, and of C, in turn."""
_SPLITS, _COMBINATIONS = 3, 4
"""Splits that are followed, and combinations of laws of their parts."""
_REFINING = 2.0
"""Seconds for the constants of all parts."""
_LONG = 40
"""Operations beyond which a fraction is not taken apart."""
_NOTHING = 30.0
"""Size over the error of a split of what is none."""


@dataclass(frozen=True, eq=False)
class _Split:
    """A function of y as A + B C on the rows that a polynomial was fitted to.

    Attributes
    ----------
    error : on all these rows, over the spread of the function.
    target, first, others : the function, the places of the inputs of A and B, and those of C.
    z, a, b, c : values (rows,).
    """

    error: float
    target: Target
    first: tuple[int, ...]
    others: tuple[int, ...]
    z: np.ndarray
    a: np.ndarray
    b: np.ndarray
    c: np.ndarray

    @property
    def miss(self) -> float:
        """Error of z in its unit."""
        return self.error * float(np.std(self.z))

    def with_c(self, c: np.ndarray) -> "_Split":
        """The same with a multiple of C and a constant in its place, as near as can be."""
        slope, offset = np.polyfit(c, self.c, 1)
        return replace(self, a=self.a + offset * self.b, b=slope * self.b, c=c)

    def as_product(self) -> "_Split | None":
        """With an A that is nothing, the constant within C; None if A is no multiple of B."""
        share = float(self.a @ self.b / (self.b @ self.b))
        left = self.a - share * self.b
        if np.sqrt(np.mean(left**2)) > _NOTHING * self.miss:
            return None
        share = share if np.abs(share) * np.std(self.b) > _NOTHING * self.miss else 0.0
        return replace(self, a=np.zeros(len(self.z)), c=self.c + share)


class ScaledGroups:
    """The source of laws in which one group of inputs scales a function of the others.

    Parameters
    ----------
    sources : that are asked for the law of a group.
    """

    name = "function of some inputs scaled by others"

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = sources

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """Laws for the best splits; nothing for rows with noise."""
        inputs = rows.varying
        for split in best_splits(rows, _TARGETS, _splits, _FEWEST, until)[:_SPLITS]:
            own = replace(rows, X=rows.X[:, inputs], names=tuple(rows.names[k] for k in inputs))
            yield from self._laws(split, own, until)

    def _laws(self, split: _Split, rows: Rows, until: Deadline) -> Iterator[Law]:
        """C is named first, for a constant in it belongs to A; then A and B, then all together."""
        scale, found = float(np.sqrt(np.mean(split.b**2))), list[Law]()
        product = split.as_product()
        whole = product or split
        for law in self._named(rows, split.others, whole.c, split.miss / scale, until):
            inner = _with_offset(law, whole.c, rows) if product else _without_offset(law, rows)
            c = values_of(inner.expr, inner.start, rows)[: len(split.z)]
            if np.ptp(c) == 0:
                continue
            exact = whole.with_c(c)
            parts = [(exact.b, float(np.sqrt(np.mean(c**2))))]
            parts += [] if product or exact.as_product() else [(exact.a, 1.0)]
            outer = list[Law]()
            for part, size in parts:
                laws = self._named(rows, split.first, part, split.miss / size, until)
                outer += [_with_offset(each, part, rows) for each in laws[:1]]
            if len(outer) < len(parts) or len(found) == _COMBINATIONS or until.passed:
                continue
            together = _together(inner, outer, split.target, rows, until)
            found += [] if together is None else [together]
            if found and is_exact(found[-1]):
                break
        yield from sorted(found, key=lambda law: (not is_exact(law), len(law.start)))

    def _named(
        self, rows: Rows, group: tuple[int, ...], part: np.ndarray, miss: float, until: Deadline
    ) -> list[Law]:
        """Laws of one part in the inputs of its group."""
        names, noise = tuple(rows.names[k] for k in group), miss / (float(np.std(part)) or 1.0)
        inner = Rows(rows.X[: len(part), list(group)], part, names, noise)
        return laws_of_group(inner, self.sources, until)


def _without_offset(law: Law, rows: Rows) -> Law:
    """A law less what is only added to it.

    Fractions are taken apart: (a x + b)/(x + c) is a constant and a fraction.
    """
    expr, symbols = law.expr, [sympy.Symbol(name) for name in rows.names]
    for x in symbols:
        if expr.has(x) and expr.is_rational_function(x) and expr.count_ops() < _LONG:
            expr = sympy.apart(sympy.together(expr), x)
    expr = expr.as_independent(*symbols, as_Add=True)[1]
    return replace(law, expr=expr, start={k: v for k, v in law.start.items() if expr.has(k)})


def _with_offset(law: Law, part: np.ndarray, rows: Rows) -> Law:
    """A law with the constant that lacks to the values of its part, if one does."""
    offset = float(np.mean(part - values_of(law.expr, law.start, rows)[: len(part)]))
    if abs(offset) < _NOTHING * max(law.error, ROUNDING) * np.std(part):
        return law
    symbol = sympy.Dummy("offset")
    return replace(law, expr=law.expr + symbol, start={**law.start, symbol: offset})


def _together(
    inner: Law, outer: Sequence[Law], target: Target, rows: Rows, until: Deadline
) -> Law | None:
    """B C, and A if there is one, with all constants refined together."""
    laws = [inner, *outer]
    fresh = iter(fresh_constants(rows.names, sum(len(law.start) for law in laws)))
    exprs, start = list[sympy.Expr](), dict[sympy.Symbol, float]()
    for law in laws:
        renamed = {symbol: next(fresh) for symbol in law.start}
        exprs.append(law.expr.xreplace(renamed))
        start |= {renamed[symbol]: value for symbol, value in law.start.items()}
    expr = target.inverse(sympy.Add(exprs[0] * exprs[1], *exprs[2:]))
    words = f"{ScaledGroups.name}, {target.name}"
    return fitted(expr, start, words, rows, until.within(_REFINING))


def _splits(fit: Smooth, target: Target) -> Iterator[_Split]:
    """Groups in which the matrix of a polynomial has rank one but for the constant."""
    weights, z = fit.coordinates.coefficients(fit.exponents), fit.coordinates.target.y
    for pair in pairs_of_groups(list(range(fit.exponents.shape[1]))):
        for first, others in (pair, pair[::-1]):
            rows, i = np.unique(fit.exponents[:, first], axis=0, return_inverse=True)
            columns, j = np.unique(fit.exponents[:, others], axis=0, return_inverse=True)
            matrix = np.zeros((len(rows), len(columns)))
            matrix[i.ravel(), j.ravel()] = weights  # an inverse has two axes in numpy 2.0
            varying = columns.any(axis=1)
            _, sizes, right = np.linalg.svd(matrix[:, varying], full_matrices=False)
            if not len(sizes) or (len(sizes) > 1 and sizes[1] > _OTHERS * sizes[0]):
                continue
            outer = fit.coordinates.basis(rows, first)
            inner = fit.coordinates.basis(columns[varying], others)
            a, b, c = _refined(z, outer, inner, inner @ right[0])
            error = float(np.sqrt(np.mean((z - a - b * c) ** 2)) / np.std(z))
            if error <= max(_NO_WORSE * fit.error, ROUNDING) and np.ptp(b) > 0:
                yield _Split(error, target, first, others, z, a, b, c)


def _refined(
    z: np.ndarray, outer: np.ndarray, inner: np.ndarray, c: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A, B and C of least squares in turn: they have fewer coefficients than the matrix."""
    a = b = np.zeros(len(z))
    for _ in range(_ROUNDS):
        both = np.hstack([outer, outer * c[:, None]])
        weights = np.linalg.lstsq(both, z, rcond=1e-12)[0]
        a, b = outer @ weights[: len(outer.T)], outer @ weights[len(outer.T) :]
        c = inner @ np.linalg.lstsq(inner * b[:, None], z - a, rcond=1e-12)[0]
    return a, b, c
