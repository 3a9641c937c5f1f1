"""Two expressions at once: the losses of all sums, products and quotients are matrix products.

Whatever linear constants stand in them: a f + b g + c, b f g + c g + d, (b f + c)/(g + d), each
with further terms that are always there. Beside noise the losses of long expressions count more,
by the ``burden`` of each: of millions of pairs many long ones fit noise better than the true one.
Beside noise of a percent single precision tells them apart, in half the time.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from kansym.symbolic.laws.projections import beside, without

__all__ = [
    "FITTED_BITS",
    "OPERATION_BITS",
    "Kind",
    "Pair",
    "best_products",
    "best_quotients",
    "best_single",
    "best_sums",
    "burden_of_bits",
    "exact_weights",
]

Array = np.ndarray
Burden = Float[np.ndarray, " n"] | None
Kind = type[np.float32] | type[np.float64]

OPERATION_BITS, FITTED_BITS = 5.0, 10.0
"""Bits of an operation of an expression, and of a constant that is fitted."""
_BLOCK = 128
"""Columns whose partners are looked at together: as many as the cache of a processor holds."""
_PARALLEL = 2 / 3
"""Power of the rounding error that is the least share of a column that the others do not have."""
_TRIVIAL = 1e-9
_DIGITS = 12
"""Of losses that are told apart."""


@dataclass(frozen=True, order=True)
class Pair:
    """Two of a list of columns, and what they leave of the variance of a target, with burdens."""

    loss: float
    first: int
    second: int


def burden_of_bits(bits: float, rows: int) -> float:
    """The factor of a loss that weighs as much as so many bits of description.

    Examples
    --------
    >>> burden_of_bits(15.0, 30)
    2.0
    """
    return 2.0 ** (2 * bits / rows)


def _sized(y: Float[np.ndarray, " rows"]) -> Float[np.ndarray, " rows"]:
    """A target over a power of two, so that its squares are numbers: losses have no unit."""
    return np.ldexp(y, -np.frexp(np.abs(y).max())[1])


def best_single(
    values: Float[np.ndarray, "n rows"],
    y: Float[np.ndarray, " rows"],
    always: Float[np.ndarray, "rows terms"],
    count: int,
    burden: Burden = None,
) -> list[Pair]:
    """The best a f + terms, as pairs of f and f; those equally good in the order of the columns."""
    basis = np.linalg.qr(always)[0]
    directions, kept = beside(values, basis, _TRIVIAL)
    target = without(_sized(y)[None], basis)[0]
    left = 1 - (directions @ target) ** 2 / max(float(target @ target), 1e-300)
    if burden is not None:
        left *= burden[kept]
    best = np.argsort(np.round(left, _DIGITS), kind="stable")[:count]
    return [Pair(float(left[k]), int(kept[k]), int(kept[k])) for k in best]


def best_sums(
    values: Float[np.ndarray, "n rows"],
    y: Float[np.ndarray, " rows"],
    always: Float[np.ndarray, "rows terms"],
    count: int,
    burden: Burden = None,
    kind: Kind = np.float64,
    second: int | None = None,
) -> list[Pair]:
    """The best a f + b g + terms, g the second, one of the first so many."""
    basis, y = np.linalg.qr(always)[0], _sized(y)
    target = without(y[None], basis)[0]
    rest = float(np.linalg.norm(target))
    if rest <= _TRIVIAL * float(np.linalg.norm(y)):
        return []
    directions, kept = beside(values, basis, _TRIVIAL)
    along = directions @ (target / rest)
    few = len(kept) if second is None else int((kept < second).sum())
    shares = _sum_shares(directions.astype(kind), along.astype(kind), few)
    return _collected(shares, kept, kept, count, burden)


def _sum_shares(directions: Array, along: Array, second: int) -> Iterator[tuple[int, int, Array]]:
    """Share of every two, block by block: place of the first row, of the first column, shares."""
    least = np.finfo(along.dtype).eps ** _PARALLEL
    for start in range(0, len(directions), _BLOCK):
        few, other = slice(start, start + _BLOCK), start if second == len(along) else 0
        partners = slice(other, second)
        angle = directions[few] @ directions[partners].T
        left = 1 - angle * angle
        angle *= along[partners]
        angle *= -2 * along[few, None]
        angle += along[few, None] ** 2
        angle += along[partners] ** 2
        left[left < least] = np.inf
        angle /= left
        yield start, other, angle


def best_products(
    values: Float[np.ndarray, "n rows"],
    y: Float[np.ndarray, " rows"],
    always: Float[np.ndarray, "rows terms"],
    count: int,
    burden: Burden = None,
    second: int | None = None,
    kind: Kind = np.float64,
    scale: Float[np.ndarray, " rows"] | None = None,
) -> list[Pair]:
    """The best s (b f g + c g) + terms, g the second, one of the first so many, s the scale."""
    basis = np.linalg.qr(always)[0]
    y = without(_sized(y)[None], basis)[0]
    y = y / max(float(np.linalg.norm(y)), 1e-300)
    g = values[:second] if scale is None else values[:second] * scale
    f, g = (each / np.linalg.norm(each, axis=1)[:, None] for each in (values, g))
    f, g, y, basis = (each.astype(kind) for each in (f, g, y, basis))
    every = np.arange(len(values))
    return _collected(_product_shares(f, g, y, basis), every, every, count, burden)


def _product_shares(
    values: Array, g: Array, y: Array, basis: Array
) -> Iterator[tuple[int, int, Array]]:
    """Share of every b f g + c g + terms; rows are f, columns g."""
    squares, own, known, least = g**2, g @ y, g @ basis, np.finfo(y.dtype).eps ** _PARALLEL
    qq = 1 - np.sum(known**2, axis=1)
    for start in range(0, len(values), _BLOCK):
        f = values[start : start + _BLOCK]
        pp = f**2 @ squares.T
        pq = f @ squares.T
        py = (f * y) @ g.T
        for term, along in zip(basis.T, known.T, strict=True):
            part = (f * term) @ g.T
            pq -= part * along
            pp -= part * part
        determinant = pp * qq - pq * pq
        share = py * py * qq - (2 * own) * py * pq + own**2 * pp
        determinant[~(determinant > least * pp * qq)] = np.inf
        yield start, 0, share / determinant


def best_quotients(
    values: Float[np.ndarray, "n rows"],
    y: Float[np.ndarray, " rows"],
    always: Float[np.ndarray, "rows terms"],
    count: int,
    burden: Burden = None,
    kind: Kind = np.float64,
) -> list[Pair]:
    """The best (b f + terms)/(g + d), g the second: y g = b f + terms - d y."""
    y = _sized(y)
    basis = np.linalg.qr(np.column_stack([always, y]))[0]
    directions, kept = beside(values, basis, _TRIVIAL)
    targets, wanted = beside(values * y, basis, _TRIVIAL)
    directions, targets = directions.astype(kind), targets.astype(kind)

    def shares() -> Iterator[tuple[int, int, Array]]:
        for start in range(0, len(directions), _BLOCK):
            yield start, 0, (directions[start : start + _BLOCK] @ targets.T) ** 2

    return _collected(shares(), kept, wanted, count, burden)


def exact_weights(
    columns: Float[np.ndarray, "rows terms"], z: Float[np.ndarray, " rows"], within: float = 1e-9
) -> Float[np.ndarray, " terms"] | None:
    """Weights of an exact sum, 0 for those of columns that do nothing; None if it is not exact."""
    norms = np.linalg.norm(columns, axis=0)
    weights = np.linalg.lstsq(columns / norms, z, rcond=None)[0]
    limit = within * float(np.linalg.norm(z))
    weights[np.abs(weights) < limit] = 0.0
    used = np.flatnonzero(weights)
    weights[used] = np.linalg.lstsq(columns[:, used] / norms[used], z, rcond=None)[0]
    if np.linalg.norm(columns / norms @ weights - z) > limit:
        return None
    return weights / norms


def _collected(
    shares: Iterator[tuple[int, int, Array]],
    first: Array,
    second: Array,
    count: int,
    burden: Burden,
) -> list[Pair]:
    """The best partner of each, and of those pairs the best."""
    found: list[Pair] = []
    for start, other, share in shares:
        if not share.size:
            continue
        rows, columns = share.shape
        loss = np.subtract(1.0, share, out=share)
        if burden is not None:
            loss *= burden[second[other : other + columns]].astype(loss.dtype)
        column = loss.argmin(axis=1)
        best = loss[np.arange(rows), column]
        if not np.isfinite(best).all():  # nan and -inf are found as the least
            loss[~np.isfinite(loss)] = 1.0
            column = loss.argmin(axis=1)
            best = loss[np.arange(rows), column]
        if burden is not None:
            best *= burden[first[start : start + rows]].astype(loss.dtype)
        for row in np.argsort(best)[:count]:
            places = int(first[start + row]), int(second[other + column[row]])
            found.append(Pair(max(0.0, float(best[row])), *places))
    return sorted(found)[:count]
