"""Which terms a sum is made of: the choice of shortest description.

A beam of sums grows term by term, by the Bayesian information criterion, with the length of a term
as its prior.

References
----------
G. Schwarz, Estimating the dimension of a model, doi:10.1214/aos/1176344136. S. Chen, S. A.
Billings, W. Luo, Orthogonal least squares, doi:10.1080/00207178908953472.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.terms import Terms

__all__ = ["ShortestSum", "shortest_sum", "sums_of_terms"]

_MANY_ROWS, _WORK, _WIDEST, _NARROWEST = 200, (8_000, 40_000), 512, 16
"""Rows from which on more terms can be told apart, sums times terms that are looked at for fewer
rows and for more, and bounds of the sums of a size that are kept."""
_FINISHED = 2
"""Sums of a size whose residual is computed to rounding."""
_INDEPENDENT = 1e-9
"""Least share of a term that the others of a sum do not have."""
_EXACT, _ROUNDING = 1e-22, 1e-14
"""Share of the target's square that counts as nothing left, and that inner products can show."""


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
    chosen = _Sums(columns, z, np.full(len(units), _TERM)).pruned(list(range(len(units))))
    some, units = columns[:, chosen], units[chosen]
    weights = np.linalg.lstsq(some, z, rcond=None)[0]
    rest = z - some @ weights
    variance = np.diag(np.linalg.pinv(some.T @ some)) * float(rest @ rest)
    errors = np.sqrt(np.maximum(variance, 0) / max(n - len(chosen), 1))
    return ShortestSum(chosen, weights / units, errors / units, rest)


def sums_of_terms(
    terms: Terms,
    y: Float[np.ndarray, " rows"],
    most: int,
    until: Deadline,
    independent: float = np.inf,
) -> list[list[int]]:
    """Sums of one term, of two and so on up to a number, as long as descriptions get shorter.

    Where fewer rows are independent, terms cost more, as the residuals of all rows are counted.
    """
    size = np.linalg.norm(terms.values, axis=0)
    columns = terms.values / np.where(size > 0, size, 1)
    n, few = len(y), min(len(y), independent)
    # 0.5 few log2(residual) + terms (0.5 log2(few) + bits), times n / few.
    bits = n / few * (terms.bits + 0.5 * np.log2(few))
    sums = _Sums(columns, y, bits)
    beam: list[tuple[int, ...]] = [()]
    found: list[list[int]] = []
    least = sums.length(())
    while len(found) < most and not until.passed:
        beam = sums.longer(beam)
        lengths = [(sums.length(chosen), chosen) for chosen in beam[:_FINISHED]]
        if not lengths or min(lengths)[0] >= least:
            break
        least, best = min(lengths)
        found.append(list(best))
    return found


def _width(rows: int, terms: int) -> int:
    """How many sums of a size are kept."""
    return int(np.clip(_WORK[rows >= _MANY_ROWS] // terms, _NARROWEST, _WIDEST))


class _Sums:
    """Sums of columns of unit length: how long they are, and with one column more or less.

    Parameters
    ----------
    columns : shape (rows, terms).
    y : shape (rows,).
    bits : of every term with its constant, shape (terms,).
    """

    def __init__(self, columns: np.ndarray, y: np.ndarray, bits: np.ndarray) -> None:
        self.columns, self.y, self.bits = columns, y, bits
        self.along = y @ columns
        self.size = float(y @ y)
        self._products: dict[int, np.ndarray] = {}

    def length(self, chosen: tuple[int, ...]) -> float:
        """Bits of the residuals and of the terms."""
        basis = self.columns[:, list(chosen)]
        left = self.y - basis @ np.linalg.lstsq(basis, self.y, rcond=None)[0] if chosen else self.y
        bits = self._bits(np.square(left).sum(keepdims=True), _EXACT)[0]
        return float(bits) + float(self.bits[list(chosen)].sum())

    def pruned(self, chosen: list[int]) -> list[int]:
        """Without terms that are longer than what they explain."""
        while len(chosen) > 1:
            fewer = [[other for other in chosen if other != term] for term in chosen]
            lengths = [self.length(tuple(each)) for each in fewer]
            if min(lengths) >= self.length(tuple(chosen)):
                break
            chosen = fewer[int(np.argmin(lengths))]
        return chosen

    def longer(self, beam: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
        """The shortest descriptions with one more term than those of a beam have."""
        lengths = self._with_one_more(np.array(beam, dtype=int).reshape(len(beam), len(beam[0])))
        most = _width(*self.columns.shape)
        found: dict[tuple[int, ...], None] = {}
        for place in np.argsort(lengths, axis=None)[: most * (len(beam[0]) + 1)].tolist():
            row, term = divmod(place, lengths.shape[1])
            if np.isfinite(lengths[row, term]):
                found[tuple(sorted((*beam[row], term)))] = None  # reached from any of its terms
        return list(found)[:most]

    def _with_one_more(self, beam: np.ndarray) -> np.ndarray:
        """Bits of every sum with each further term, by inner products (sums, terms)."""
        sums, count = beam.shape
        own, rest = np.ones((sums, len(self.bits))), np.tile(self.along, (sums, 1))
        left = np.full((sums, 1), self.size)
        if count:
            beside = np.stack(
                [[self._product(term) for term in chosen] for chosen in beam.tolist()]
            )
            inner = np.take_along_axis(beside, beam[:, None, :].repeat(count, axis=1), axis=2)
            solved = np.linalg.pinv(inner) @ np.concatenate(
                [beside, self.along[beam][:, :, None]], axis=2
            )
            own = own - (beside * solved[..., :-1]).sum(axis=1)
            rest = rest - (beside * solved[..., -1:]).sum(axis=1)
            left = left - np.vecdot(self.along[beam], solved[..., -1])[:, None]
        is_new = own > _INDEPENDENT
        gain = np.where(is_new, rest**2 / np.where(is_new, own, 1.0), 0.0)
        lengths = (
            self._bits(left - gain, _ROUNDING) + self.bits + self.bits[beam].sum(axis=1)[:, None]
        )
        lengths[~is_new] = np.inf
        np.put_along_axis(lengths, beam, np.inf, axis=1)
        return lengths

    def _product(self, term: int) -> np.ndarray:
        """Inner products of all columns with one."""
        if term not in self._products:
            self._products[term] = self.columns[:, term] @ self.columns
        return self._products[term]

    def _bits(self, left: np.ndarray, least: float) -> np.ndarray:
        """Of squared residuals, which mean nothing below a share of the target's."""
        n = len(self.y)
        return 0.5 * n * np.log2(np.maximum(left, max(least * self.size, 1e-300)) / n)
