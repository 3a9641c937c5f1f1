r"""Sums of products of functions of two groups of inputs: :math:`y = \sum_j A_j(u) C_j(v)`.

The coefficients of a polynomial, terms in u along terms in v, are a matrix of low rank in such a
law. Its singular vectors span the functions of u and those of v, among which there are plain ones:
any that are independent will do, as what they are multiplied by adapts, and is known the better.

References
----------
M. Bebendorf, Approximation of boundary element matrices, Numer. Math. 86 (2000) 565,
doi:10.1007/PL00005410.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import sympy
from jaxtyping import Float

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.columns import Quantities
from kansym.symbolic.laws.expressions import Expressions, short_expressions
from kansym.symbolic.laws.groups_of_inputs import (
    MOST_SECONDS,
    ROUNDING,
    Group,
    best_splits,
    coefficient_matrix,
    pairs_of_groups,
    scaling,
)
from kansym.symbolic.laws.law import Law, Rows, Source
from kansym.symbolic.laws.smooth import Smooth
from kansym.symbolic.laws.sums_of_parts import SumOfParts
from kansym.symbolic.laws.targets import Target

__all__ = ["SeparableSums"]

Array = np.ndarray

_FEWEST = 2
"""Inputs."""
_RANKS = (2, 3)
_NO_WORSE, _MORE = 5.0, 10.0
"""How much worse a polynomial may be of this rank, and a sum with plain functions than that."""
_OTHERS, _TRIED = 3e-3, 6
"""Next singular value over the first beyond which there is no need to look, and matrices of one
polynomial that are looked into."""
_ROUNDS, _FULLEST = 2, 0.6
"""Fits of the functions of each group in turn, and their terms for each row."""
_FOLLOWED, _SHORT = 3, 2000
"""Sums that are followed, and short expressions that may be in a space."""
_INSIDE = (10.0, 100.0)
"""What a space may lack of an expression that is in it, over the least: two ways to choose them."""
_SURELY, _AS_NEAR, _OWN = 1e-7, 1e-3, 1e-3
"""The same at least and at most; share that is not in others of one that is independent."""
_PROMISING = 1e-5
"""Error of a sum whose parts are worth names."""


@dataclass(frozen=True, eq=False)
class _LowRank:
    """A function of y as such a sum.

    Attributes
    ----------
    error : on all these rows, over the spread of the function.
    target, groups : the function, and places of the inputs in both groups.
    z, spaces : its values (rows,); orthonormal functions of each group (rows, rank).
    """

    error: float
    target: Target
    groups: tuple[Group, Group]
    z: Float[np.ndarray, " rows"]
    spaces: tuple[Float[np.ndarray, "rows rank"], Float[np.ndarray, "rows rank"]]

    @property
    def rank(self) -> int:
        """Products in the sum."""
        return self.spaces[0].shape[1]

    def choices(self, rows: Rows) -> Iterator[list[tuple[Law, Group]]]:
        """Plain functions of one group or of both, each with the group that scales it."""
        for inside in _INSIDE:
            found = list[list[tuple[Law, Group]]]()
            for group, other, space in zip(
                self.groups, self.groups[::-1], self.spaces, strict=True
            ):
                inputs = Quantities.inputs(rows.X[: len(self.z)], rows.names).take(group)
                plain = _plain(space, short_expressions(inputs, _SHORT), inside)
                found.append([(law, other) for law in plain])
            yield from (chosen for chosen in found if len(chosen) == self.rank)
            if all(0 < len(chosen) < self.rank for chosen in found):
                for count in range(1, self.rank):
                    first = combinations(found[0], count)
                    second = combinations(found[1], self.rank - count)
                    yield from ([*some, *others] for some, others in product(first, second))


def _plain(space: Float[np.ndarray, "rows rank"], few: Expressions, inside: float) -> list[Law]:
    """Independent expressions in a space, at most so many as its rank, the plainest; 1 first."""
    values = np.vstack([np.ones((1, len(space))), few.values])
    values /= np.linalg.norm(values, axis=1)[:, None]
    lacking = np.linalg.norm(values - (values @ space) @ space.T, axis=1)
    most = min(_AS_NEAR, max(inside * float(lacking.min()), _SURELY))
    found, chosen = list[Law](), np.zeros((0, len(space)))
    for place in np.flatnonzero(lacking < most).tolist():
        column = values[place]
        if len(found) < space.shape[1] and _own(column, chosen) > _OWN:
            chosen = np.linalg.qr(np.vstack([chosen, column]).T)[0].T
            expr = few.expr(place - 1) if place else sympy.S.One
            found.append(Law(expr, {}, "short expression", float(lacking[place])))
    return found


def _own(column: Array, chosen: Array) -> float:
    """What a column of norm 1 has beside orthonormal ones."""
    return float(np.linalg.norm(column - (column @ chosen.T) @ chosen))


class SeparableSums:
    """The source of sums of two or three products of functions of two groups of inputs.

    Parameters
    ----------
    sources : that are asked for the law of a group.
    """

    name = "sum of products of functions of groups"

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = sources

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """Laws for the best spaces; nothing for rows with noise."""
        own, until = rows.with_varying(), until.within(MOST_SECONDS)
        sums, met = list[tuple[int, int, SumOfParts]](), set[object]()
        for sum_ in best_splits(rows, _low_ranks, _FEWEST, until)[:_FOLLOWED]:
            most = min(max(_MORE * sum_.error, ROUNDING), _PROMISING)
            for known in sum_.choices(own):
                alone = next((group for law, group in known if law.expr == 1), ())
                scaled = [(law, group) for law, group in known if law.expr != 1]
                mark = (sum_.target.name, frozenset((law.expr, group) for law, group in scaled))
                if len(scaled) < min(_RANKS) or mark in met:  # others see one that scales
                    continue
                met.add(mark)
                found = SumOfParts.of(sum_.target, sum_.z, alone, scaled, own, exact=True)
                if found is not None and found.error < most:
                    operations = sum(sympy.count_ops(law.expr) for law, _ in scaled)
                    sums.append((round(np.log10(found.error)), operations, found))
                if until.passed:
                    return
        for *_, found in sorted(sums, key=lambda each: each[:2])[:_FOLLOWED]:
            yield from found.laws(own, f"{self.name}, {found.target.name}", self.sources, until)


def _low_ranks(fit: Smooth, target: Target) -> Iterator[_LowRank]:
    """Groups in which the matrix of a polynomial has a low rank."""
    z = fit.coordinates.target.y
    found = list[tuple[int, float, tuple[Group, Group], list[Array], Array]]()
    for groups in pairs_of_groups(list(range(fit.exponents.shape[1]))):
        rows, columns, matrix = coefficient_matrix(fit, groups)
        _, sizes, right = np.linalg.svd(matrix, full_matrices=False)
        for rank in _RANKS:
            few = max(matrix.shape) * rank < _FULLEST * len(z)
            if few and len(sizes) > rank and sizes[rank] < _OTHERS * sizes[0]:
                ratio = float(sizes[rank] / sizes[0])
                found.append((rank, ratio, groups, [rows, columns], right[:rank]))
    seen = set[tuple[Group, Group]]()
    for _, _, groups, powers, right in sorted(found, key=lambda each: each[:2])[:_TRIED]:
        if groups in seen:
            continue
        first, second = map(fit.coordinates.basis, powers, groups)
        a, c = _refined(z, first, second, second @ right.T)
        error = float(np.sqrt(np.mean((z - np.sum(a * c, axis=1)) ** 2)) / np.std(z))
        if error <= max(_NO_WORSE * fit.error, ROUNDING):
            seen.add(groups)
            yield _LowRank(error, target, groups, z, (np.linalg.qr(a)[0], np.linalg.qr(c)[0]))


def _refined(z: Array, outer: Array, inner: Array, c: Array) -> tuple[Array, Array]:
    """A and C of least squares in turn: they have fewer coefficients than the matrix."""
    a = np.zeros_like(c)
    for _ in range(_ROUNDS):
        c = np.linalg.qr(c)[0] * np.sqrt(len(z))
        a = scaling(z, outer, c)
        c = scaling(z, inner, a)
    return a, c
