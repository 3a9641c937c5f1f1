"""One group of inputs scales a function of the others: y = A(first) + B(first) C(others).

The coefficients of a polynomial are a matrix, terms of one group along the terms of the other. But
for the column of the constant it has rank one in such a law, so that A, B and C are known to many
digits from its singular vectors; each is a smaller problem. Products have an A that B is a multiple
of.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import without_offset, without_scale
from kansym.symbolic.laws.columns import Quantities
from kansym.symbolic.laws.expressions import short_expressions
from kansym.symbolic.laws.groups_of_inputs import (
    MOST_SECONDS,
    ROUNDING,
    Group,
    best_splits,
    coefficient_matrix,
    laws_of_group,
    pairs_of_groups,
    rows_of_group,
    scaling,
)
from kansym.symbolic.laws.law import Law, Rows, Source
from kansym.symbolic.laws.projections import beside
from kansym.symbolic.laws.smooth import Smooth
from kansym.symbolic.laws.sums_of_parts import SumOfParts, with_short_numbers
from kansym.symbolic.laws.targets import Target

__all__ = ["ScaledGroups"]

_FEWEST = 2
"""Inputs."""
_NO_WORSE = 5.0
"""How much worse a polynomial may be with one singular vector."""
_OTHERS = 0.03
"""Second singular value over the first beyond which there is no need to look."""
_ROUNDS = 2
"""Fits of A and B, and of C, in turn."""
_SPLITS = 4
"""Splits that are looked into."""
_SHORT, _NEAREST, _AS_NEAR = 2000, 4, 1e-2
"""Short expressions that may be C, how many of them are tried, and what they may leave of it."""
_ALIKE = 7
"""Digits of what is left by expressions that are one but for a factor and a constant."""
_TRIVIAL = 1e-9
"""Share of a column that is nothing beside a constant."""
_PROMISING = 1e-5
"""Error of a sum whose parts are worth names, if it is not the best: those of a worse one have
none."""
_LONG = 40
"""Operations beyond which a fraction is not taken apart."""


@dataclass(frozen=True, eq=False)
class _Split:
    """A function of y as A + B C on the rows that a polynomial was fitted to.

    Attributes
    ----------
    error : on all these rows, over the spread of the function.
    target, first, others : the function, the places of the inputs of A and B, and those of C.
    z, b, c : values (rows,).
    """

    error: float
    target: Target
    first: Group
    others: Group
    z: np.ndarray
    b: np.ndarray
    c: np.ndarray

    @property
    def blur(self) -> float:
        """Error of C over its spread."""
        spread = float(np.std(self.c) * np.sqrt(np.mean(self.b**2)))
        return self.error * float(np.std(self.z)) / (spread or 1.0)


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
        own, until = rows.with_varying(), until.within(MOST_SECONDS)
        splits = best_splits(rows, _splits, _FEWEST, until)[:_SPLITS]
        sums = list[SumOfParts]()
        for split in splits:
            found = _sums(split, _short_laws(split, own), own, until)
            if not found or found[0].error > _NO_WORSE * split.error:
                found = _sums(split, self._long_laws(split, own, until), own, until) + found
            sums += found[:1]
        sums.sort(key=lambda found: found.error)
        for each in [*sums[:1], *(each for each in sums[1:] if each.error < _PROMISING)]:
            words = f"{self.name}, {each.target.name}"
            yield from each.as_product().laws(own, words, self.sources, until)

    def _long_laws(self, split: _Split, rows: Rows, until: Deadline) -> Iterator[Law]:
        """Laws of C that other sources see; a constant in them belongs to A."""
        inner = rows_of_group(rows, split.others, split.c, split.blur)
        for law in laws_of_group(inner, self.sources, until):
            yield _apart_from_offset(law, rows)


def _sums(split: _Split, laws: Iterable[Law], rows: Rows, until: Deadline) -> list[SumOfParts]:
    """The split with each law of C, the one that leaves least first."""
    found = list[SumOfParts]()
    for law in laws:
        inner, exact = with_short_numbers(without_scale(law, rows.names), split.blur)
        known = [(inner, split.first)]
        each = SumOfParts.of(split.target, split.z, split.first, known, rows, exact=exact)
        found += [each] if each is not None and each.parts and each.parts[-1].inputs else []
        if until.passed:
            break
    return sorted(found, key=lambda each: each.error)


def _short_laws(split: _Split, rows: Rows) -> Iterator[Law]:
    """Short expressions that C may be a multiple of, beside a constant; the plainest first."""
    inputs = Quantities.inputs(rows.X[: len(split.z)], rows.names).take(split.others)
    few = short_expressions(inputs, _SHORT)
    rest, kept = beside(few.values, np.full((len(split.z), 1), len(split.z) ** -0.5), _TRIVIAL)
    c = split.c - split.c.mean()
    left = np.sqrt(np.maximum(1 - (rest @ (c / np.linalg.norm(c))) ** 2, 0.0))
    _, alike = np.unique(np.round(left, _ALIKE), return_index=True)
    for place in np.sort(alike[:_NEAREST]):
        if left[place] < _AS_NEAR:
            expr = few.expr(int(kept[place]))
            yield Law(expr, {}, "short expression", float(left[place]))


def _apart_from_offset(law: Law, rows: Rows) -> Law:
    """A law less what is only added to it.

    Fractions are taken apart: (a x + b)/(x + c) is a constant and a fraction.
    """
    expr, symbols = law.expr, [sympy.Symbol(name) for name in rows.names]
    for x in symbols:
        if expr.has(x) and expr.is_rational_function(x) and expr.count_ops() < _LONG:
            expr = sympy.apart(sympy.together(expr), x)
    return without_offset(replace(law, expr=expr), rows.names)


def _splits(fit: Smooth, target: Target) -> Iterator[_Split]:
    """Groups in which the matrix of a polynomial has rank one but for the constant."""
    z = fit.coordinates.target.y
    for pair in pairs_of_groups(list(range(fit.exponents.shape[1]))):
        for first, others in (pair, pair[::-1]):
            rows, columns, matrix = coefficient_matrix(fit, (first, others))
            varying = columns.any(axis=1)
            _, sizes, right = np.linalg.svd(matrix[:, varying], full_matrices=False)
            if not len(sizes) or (len(sizes) > 1 and sizes[1] > _OTHERS * sizes[0]):
                continue
            outer = fit.coordinates.basis(rows, first)
            inner = fit.coordinates.basis(columns[varying], others)
            a, b, c = _refined(z, outer, inner, inner @ right[0])
            error = float(np.sqrt(np.mean((z - a - b * c) ** 2)) / np.std(z))
            if error <= max(_NO_WORSE * fit.error, ROUNDING) and np.ptp(b) > 0:
                yield _Split(error, target, first, others, z, b, c)


def _refined(
    z: np.ndarray, outer: np.ndarray, inner: np.ndarray, c: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A, B and C of least squares in turn: they have fewer coefficients than the matrix."""
    a = b = np.zeros(len(z))
    for _ in range(_ROUNDS):
        a, b = scaling(z, outer, np.stack([np.ones_like(c), c], axis=1)).T
        c = scaling(z - a, inner, b[:, None])[:, 0]
    return a, b, c
