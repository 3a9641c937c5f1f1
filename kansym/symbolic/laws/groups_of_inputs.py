"""Inputs in two groups: polynomials that show them, ways to part them, and the law of one group."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, combinations, takewhile
from typing import Protocol, TypeVar

import numpy as np
import sympy
from jaxtyping import Float, Int

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import EXACT, FEW, fresh_constants, is_exact, length
from kansym.symbolic.laws.law import Law, Rows, Source
from kansym.symbolic.laws.named_functions import PLAIN_TERMS, values_at
from kansym.symbolic.laws.slopes import shares
from kansym.symbolic.laws.smooth import Smooth, polynomial_through
from kansym.symbolic.laws.targets import Target, targets_of
from kansym.symbolic.laws.univariate import univariate_laws

__all__ = [
    "MOST_SECONDS",
    "ROUNDING",
    "Group",
    "Polynomials",
    "Split",
    "best_splits",
    "coefficient_matrix",
    "factor_of",
    "laws_of_group",
    "pairs_of_groups",
    "rows_of_group",
    "scaling",
]

Group = tuple[int, ...]

ROUNDING = 1e-10
"""Error of a split that is none."""
_TARGETS = ("y", "1/y", "y^2", "log y", "log -y", "exp y", "sqrt y", "cbrt y")
"""Functions of y that may be plain in groups."""
_FEWEST_ROWS, _MOST_INPUTS = 100, 6
_TRUSTED = 0.95
"""Part of each range on which a polynomial is trusted."""
_SMALL = 1e-3
"""Error of a polynomial that shows groups."""
MOST_SECONDS = 20.0
"""For the laws of all groups of one kind of split."""
_SECONDS, _EXACTLY, _SHARE, _FORMS = 6.0, 15.0, 0.4, 3
"""For the laws of one group, of one that is known exactly, the part of what is left for one source,
and laws handed on."""
_RANK = 1e-12
"""Singular value over the largest of one that is rounding."""
_ABOVE = 30.0
"""Error of a law over that of the values of its group at which it is none."""
_LEAVES, _DIGITS = 3.0, 1e-6
"""Error of a plain function over the noise, and a noise that no wrong law comes down to."""


class Split(Protocol):
    """A function of y in parts that depend on groups of inputs."""

    @property
    def error(self) -> float:
        """What the parts miss, over the spread of the function."""
        ...


_Split = TypeVar("_Split", bound=Split)


class Polynomials:
    """Through functions of the target of some rows, each made once."""

    def __init__(self, rows: Rows) -> None:
        self.rows, self.made = rows, dict[str, Smooth | None]()

    def of(self, target: Target) -> Smooth | None:
        """The polynomial in the inputs that vary; None for too few rows, or a constant."""
        if target.name not in self.made:
            X, z = self.rows.X[:, self.rows.varying], target.forward(self.rows.y)
            fit = polynomial_through(X, z) if np.std(z) > 0 else None
            self.made[target.name] = fit
        return self.made[target.name]


def best_splits(
    rows: Rows,
    splits: Callable[[Smooth, Target], Iterator[_Split]],
    fewest: int,
    until: Deadline,
) -> list[_Split]:
    """Splits of functions of y, best first; none for rows with noise, or of few or many inputs.

    Parameters
    ----------
    splits : those that a polynomial through one of these functions shows.
    fewest : inputs.
    """
    if not rows.may_be_exact(_FEWEST_ROWS) or not fewest <= len(rows.varying) <= _MOST_INPUTS:
        return []
    polynomials, found = rows.once(Polynomials), list[_Split]()
    for target in targets_of(rows.y, _TARGETS):
        if until.passed:
            return []
        fit = polynomials.of(target)
        if fit is not None and fit.error <= _SMALL:
            found += splits(fit, target)
    return sorted(found, key=lambda split: split.error)


def pairs_of_groups(inputs: list[int]) -> Iterator[tuple[Group, Group]]:
    """Ways to part inputs into two groups."""
    first, *others = inputs
    for count in range(len(others)):
        for beside in combinations(others, count):
            group = (first, *beside)
            yield group, tuple(k for k in inputs if k not in group)


def coefficient_matrix(
    fit: Smooth, groups: tuple[Group, Group]
) -> tuple[
    Int[np.ndarray, "first inputs"],
    Int[np.ndarray, "second inputs"],
    Float[np.ndarray, "first second"],
]:
    """Terms of a polynomial in each of two groups of inputs, and the coefficients of products."""
    (rows, i), (columns, j) = (
        np.unique(fit.exponents[:, list(group)], axis=0, return_inverse=True) for group in groups
    )
    matrix = np.zeros((len(rows), len(columns)))
    weights = fit.coordinates.coefficients(fit.exponents)
    matrix[i.ravel(), j.ravel()] = weights  # an inverse has two axes in numpy 2.0
    return rows, columns, matrix


def scaling(
    z: Float[np.ndarray, " rows"],
    terms: Float[np.ndarray, "rows terms"],
    known: Float[np.ndarray, "rows known"],
) -> Float[np.ndarray, "rows known"]:
    """Functions with these terms that scale known ones, by least squares."""
    columns = (known[:, :, None] * terms[:, None, :]).reshape(len(z), -1)
    weights = np.linalg.lstsq(columns, z, rcond=_RANK)[0]
    return terms @ weights.reshape(known.shape[1], -1).T


def rows_of_group(
    rows: Rows, group: Group, values: Float[np.ndarray, " first"], noise: float
) -> Rows:
    """What is known of a function of some inputs on the first rows.

    If it has an error it comes from a polynomial, which is poor at the ends of ranges.
    """
    X, trusted = rows.X[: len(values), list(group)], _TRUSTED if noise > 0 else 1.0
    low, high = X.min(axis=0), X.max(axis=0)
    inside = (np.abs(2 * X - low - high) <= trusted * (high - low)).all(axis=1)
    names = tuple(rows.names[k] for k in group)
    return Rows(X[inside], values[inside], names, noise)


def factor_of(
    logarithm: Float[np.ndarray, " rows"], noise: float
) -> tuple[Float[np.ndarray, " rows"], float]:
    """A factor of a product, known by its logarithm up to a constant; both with their noise."""
    factor = np.exp(logarithm - logarithm.mean())
    miss = noise * float(np.std(logarithm)) * float(np.sqrt(np.mean(factor**2)))
    return factor, miss / (float(np.std(factor)) or 1.0)


def laws_of_group(rows: Rows, sources: Sequence[Source], until: Deadline) -> list[Law]:
    """The shortest laws of what is known of one group of inputs, at most a few."""
    until = until.within(_SECONDS if rows.noise > 0 else _EXACTLY)
    if len(rows.names) == 1:
        given = rows.X[:, 0], rows.y, rows.names[0], rows.noise, until
        plain = _plain(rows)
        every = [plain] if plain is not None else univariate_laws(*given)
    else:
        limited = (source.propose(rows, until.share(_SHARE)) for source in sources)
        each = takewhile(lambda _: not until.passed, limited)
        every = chain.from_iterable(each)
    found = list[Law]()
    for law in every:
        found.append(law)
        if is_exact(law) or _is_clear(law, rows):
            break
    found = [law for law in found if law.error <= max(_ABOVE * rows.noise, EXACT)]
    return sorted(found, key=lambda law: length(law, rows))[:_FORMS]


def _is_clear(law: Law, rows: Rows) -> bool:
    """Whether a law of few constants leaves no more than a noise of some digits."""
    left = max(_LEAVES * min(rows.noise, _DIGITS), EXACT)
    return law.error <= left and len(law.start) <= FEW


def _plain(rows: Rows) -> Law | None:
    """A multiple of a plain function of the one input, if one leaves nothing but noise."""
    x, (factor,) = rows.X[:, 0], fresh_constants(rows.names, 1)
    values = values_at(PLAIN_TERMS, x)
    values, z = values - values.mean(axis=0), rows.y - rows.y.mean()
    rough, weights = shares(z, values)
    best = int(rough.argmin())
    left = float(np.linalg.norm(z - weights[best] * values[:, best]) / np.linalg.norm(z))
    if not left <= max(_LEAVES * rows.noise, EXACT):
        return None
    expr = factor * PLAIN_TERMS[best].of(sympy.Symbol(rows.names[0]))
    return Law(expr, {factor: float(weights[best])}, PLAIN_TERMS[best].text, left)
