"""Which terms a sum is made of: the choice of shortest description.

Forward selection, exchanges of terms and backward elimination by the Bayesian information
criterion, with the length of a term as its prior.

References
----------
G. Schwarz, Estimating the dimension of a model, doi:10.1214/aos/1176344136. S. Chen, S. A.
Billings, W. Luo, Orthogonal least squares, doi:10.1080/00207178908953472.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.terms import Terms

__all__ = ["ShortestSum", "chosen_terms", "shortest_sum"]

_MOST_TERMS = 7
_MOST_PAIRED = 1200
_EXACT = 1e-22
"""Share of the target's square that counts as nothing left."""


_TERM = 15.0
"""Bits of a term with its constant, where no term is longer than another."""


@dataclass(frozen=True, eq=False)
class ShortestSum:
    """Some of a few columns as a sum.

    Attributes
    ----------
    chosen : which columns.
    weights, errors : their factors, and the standard errors of these.
    rest : what the sum leaves of the target (rows,).
    """

    chosen: list[int]
    weights: Float[np.ndarray, " chosen"]
    errors: Float[np.ndarray, " chosen"]
    rest: Float[np.ndarray, " rows"]

    @property
    def factors(self) -> dict[int, float]:
        """The weights by their columns."""
        return dict(zip(self.chosen, self.weights.tolist(), strict=True))


def shortest_sum(
    columns: Float[np.ndarray, "rows columns"], z: Float[np.ndarray, " rows"]
) -> ShortestSum:
    """All columns but those, one by one, without which the description is shorter.

    Examples
    --------
    >>> x = np.linspace(0, 1, 50)
    >>> found = shortest_sum(np.stack([x, np.sin(9 * x), x**2], axis=1), 3 * x - x**2)
    >>> found.chosen, found.weights.round(9).tolist()
    ([0, 2], [3.0, -1.0])
    """
    units = np.linalg.norm(columns, axis=0)
    units = np.where(units > 0, units, 1.0)
    columns, n = columns / units, len(z)
    bits = np.full(len(units), _TERM - 0.5 * np.log2(n))
    chosen = _pruned(columns, z, list(range(len(units))), bits)
    some, units = columns[:, chosen], units[chosen]
    weights = np.linalg.lstsq(some, z, rcond=None)[0]
    rest = z - some @ weights
    variance = np.diag(np.linalg.pinv(some.T @ some)) * float(rest @ rest)
    errors = np.sqrt(np.maximum(variance, 0) / max(n - len(chosen), 1))
    return ShortestSum(chosen, weights / units, errors / units, rest)


def chosen_terms(
    terms: Terms,
    y: Float[np.ndarray, " rows"],
    until: Deadline,
    most: int = _MOST_TERMS,
    independent: float = np.inf,
) -> list[int]:
    """Terms of the sum of shortest description, by forward selection with exchanges.

    Where fewer rows are independent, terms cost more, as the residuals of all rows are counted.
    """
    size = np.linalg.norm(terms.values, axis=0)
    columns = terms.values / np.where(size > 0, size, 1)
    n, few = len(y), min(len(y), independent)
    # 0.5 few log2(residual) + terms (0.5 log2(few) + bits), times n / few.
    bits = n / few * (terms.bits + 0.5 * np.log2(few)) - 0.5 * np.log2(n)
    best: tuple[float, list[int]] = (_length(columns, y, [], bits), [])
    for start in _starts(columns, y, bits):
        chosen = list(start)
        while len(chosen) < most and not until.passed:
            added = _best_addition(columns, y, chosen, bits)
            if added is None:
                break
            longer = _exchanged(columns, y, [*chosen, added], bits, until)
            if _length(columns, y, longer, bits) >= _length(columns, y, chosen, bits) - 1:
                break
            chosen = longer
        chosen = _pruned(columns, y, chosen, bits)
        length = _length(columns, y, chosen, bits)
        if length < best[0]:
            best = length, chosen
        if until.passed:
            break
    return best[1]


def _starts(columns: np.ndarray, y: np.ndarray, bits: np.ndarray) -> Iterator[list[int]]:
    """Nothing; the best pair of all, where there are not too many."""
    yield []
    few = columns
    if few.shape[1] <= _MOST_PAIRED:
        yield _best_pair(few, y, bits)


def _best_pair(columns: np.ndarray, y: np.ndarray, bits: np.ndarray) -> list[int]:
    """The pair of least residual, from inner products."""
    gram, along = columns.T @ columns, columns.T @ y
    with np.errstate(all="ignore"):
        explained = along[:, None] ** 2 + along[None] ** 2 - 2 * gram * np.outer(along, along)
        explained /= 1 - gram**2
        left = np.maximum(float(y @ y) - explained, 1e-300)
        scores = 0.5 * len(y) * np.log2(left) + bits[:, None] + bits[None]
    scores[~(1 - gram**2 > 1e-9)] = np.inf
    i, j = np.unravel_index(np.nanargmin(scores), scores.shape)
    return [int(i), int(j)]


def _length(columns: np.ndarray, y: np.ndarray, chosen: list[int], bits: np.ndarray) -> float:
    """Bits of the residuals, of the constants and of the terms."""
    basis = columns[:, chosen]
    left = y - basis @ np.linalg.lstsq(basis, y, rcond=None)[0] if chosen else y
    size = max(float(left @ left), _EXACT * float(y @ y), 1e-300)
    n = len(y)
    return 0.5 * n * np.log2(size / n) + len(chosen) * 0.5 * np.log2(n) + float(bits[chosen].sum())


def _best_addition(
    columns: np.ndarray, y: np.ndarray, chosen: list[int], bits: np.ndarray
) -> int | None:
    """The term that shortens the description most."""
    Q = np.linalg.qr(columns[:, chosen])[0] if chosen else np.zeros((len(y), 0))
    left = y - Q @ (Q.T @ y)
    inner = Q.T @ columns
    rest = 1 - np.sum(inner**2, axis=0)
    along = columns.T @ left
    with np.errstate(all="ignore"):
        share = np.clip(along**2 / rest / max(float(left @ left), 1e-300), 0, 1 - 1e-15)
        gain = -0.5 * len(y) * np.log2(1 - share) - bits
    gain[~(rest > 1e-9)] = -np.inf
    gain[chosen] = -np.inf
    best = int(np.argmax(gain))
    return best if gain[best] > 0.5 * np.log2(len(y)) else None


def _exchanged(
    columns: np.ndarray, y: np.ndarray, chosen: list[int], bits: np.ndarray, until: Deadline
) -> list[int]:
    """Each term exchanged for the best in its place, as long as that shortens."""
    length = _length(columns, y, chosen, bits)
    for _ in range(3):
        changed = False
        for k in range(len(chosen)):
            if until.passed:
                return chosen
            others = chosen[:k] + chosen[k + 1 :]
            added = _best_addition(columns, y, others, bits)
            if added is None or added == chosen[k]:
                continue
            trial = [*others, added]
            shorter = _length(columns, y, trial, bits)
            if shorter < length - 1e-6:
                chosen, length, changed = trial, shorter, True
        if not changed:
            break
    return chosen


def _pruned(columns: np.ndarray, y: np.ndarray, chosen: list[int], bits: np.ndarray) -> list[int]:
    """Without terms that are longer than what they explain."""
    while len(chosen) > 1:
        now = _length(columns, y, chosen, bits)
        without = [_length(columns, y, [c for c in chosen if c != k], bits) for k in chosen]
        if min(without) >= now:
            break
        del chosen[int(np.argmin(without))]
    return chosen
