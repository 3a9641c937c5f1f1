"""Sums and products of functions of groups of inputs: each is seen alone, then named.

With a transform g of the target, g(y) = A(some inputs) + B(the others) is linear in the
coefficients of polynomials. Where a sparse one needs no term that mixes the groups, A and B are
known to many digits; each is a smaller problem with a small error, and the constants of both are
refined together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, product

import numpy as np
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import (
    EXACT,
    FEW,
    fitted,
    fresh_constants,
    is_exact,
    length,
    sum_of_laws,
)
from kansym.symbolic.laws.law import Law, Rows, Source
from kansym.symbolic.laws.named_functions import PLAIN_TERMS, values_at
from kansym.symbolic.laws.slopes import shares
from kansym.symbolic.laws.smooth import polynomial_through
from kansym.symbolic.laws.targets import Target, targets_of
from kansym.symbolic.laws.univariate import univariate_laws

__all__ = ["SeparateGroups", "laws_of_group", "pairs_of_groups"]

Array = np.ndarray
Group = tuple[int, ...]

_FEWEST_ROWS, _INPUTS = 100, range(3, 7)
_TARGETS = ("y", "log y", "log -y", "1/y", "y^2", "exp y", "sqrt y")
"""Functions of y that may be such sums."""
_SMALL, _NO_WORSE, _ROUNDING = 1e-3, 3.0, 1e-10
"""Error of a polynomial that shows groups, how much worse it may be without the terms that mix
them, and an error that is none."""
_SPLITS, _FORMS, _COMBINATIONS = 2, 3, 6
"""Splits that are followed, laws of a group that are combined with those of the other."""
_SECONDS, _REFINING = 4.0, 2.0
"""For the laws of one group, and for the constants of both."""
_ABOVE = 30.0
"""Error of a law over that of the values of its group at which it is none."""


@dataclass(frozen=True, eq=False)
class _Split:
    """A function of y as a sum of functions of two groups of inputs.

    Attributes
    ----------
    error : on rows that were held out, over the spread of the function.
    groups, parts : inputs of each, and values of each up to a constant (rows,).
    terms : of the polynomial of each.
    spread : of the function.
    """

    error: float
    target: Target
    groups: tuple[Group, Group]
    parts: tuple[Array, Array]
    terms: tuple[int, int]
    spread: float


class SeparateGroups:
    """The source of laws that are sums or products of functions of groups of inputs.

    Parameters
    ----------
    sources : that are asked for the law of a group.
    """

    name = "functions of groups of inputs"

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = sources

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """Laws for the best splits; nothing for rows with noise."""
        inputs = rows.varying
        if not rows.may_be_exact(_FEWEST_ROWS) or len(inputs) not in _INPUTS:
            return
        found = list[_Split]()
        for target in targets_of(rows.y, _TARGETS):
            if until.passed:
                return
            found += _splits(rows.X[:, inputs], target.forward(rows.y), target)
        for split in sorted(found, key=lambda one: one.error)[:_SPLITS]:
            yield from self._laws(split, rows, inputs, until)

    def _laws(self, split: _Split, rows: Rows, inputs: list[int], until: Deadline) -> Iterator[Law]:
        """The functions of both groups named one by one, then together."""
        choices = list[list[Law]]()
        for group, part, terms in zip(split.groups, split.parts, split.terms, strict=True):
            own = [inputs[k] for k in group]
            names, few = tuple(rows.names[k] for k in own), len(part)
            noise = split.error * split.spread / (float(np.std(part)) or 1.0)
            inner = Rows(rows.X[:few, own], part, names, noise, independent=terms)
            choices.append(laws_of_group(inner, self.sources, until))
        z = split.target.forward(rows.y)
        words = f"{self.name}, {split.target.name}"
        found = list[Law]()
        for chosen in list(product(*choices))[:_COMBINATIONS]:
            if until.passed:
                break
            total, start = sum_of_laws(chosen, [sympy.S.One] * len(chosen), z, rows)
            expr = split.target.inverse(total)
            law = fitted(expr, start, words, rows, until.within(_REFINING))
            found += [] if law is None else [law]
        # Of several that are exact, one has no terms that do nothing.
        yield from sorted(found, key=lambda law: (not is_exact(law), len(law.start)))


def laws_of_group(rows: Rows, sources: Sequence[Source], until: Deadline) -> list[Law]:
    """The shortest laws of what is known of one group of inputs, at most a few."""
    until = until.within(_SECONDS)
    if len(rows.names) == 1:
        given = rows.X[:, 0], rows.y, rows.names[0], rows.noise, until
        plain = _plain(rows)
        every = [plain] if plain is not None else univariate_laws(*given)
    else:
        each = (source.propose(rows, until) for source in sources if not until.passed)
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
    left, weights = shares(z, values)
    best = int(left.argmin())
    if left[best] > max(_LEAVES * rows.noise, EXACT):
        return None
    expr = factor * PLAIN_TERMS[best].of(sympy.Symbol(rows.names[0]))
    return Law(expr, {factor: float(weights[best])}, PLAIN_TERMS[best].text, float(left[best]))


_LEAVES, _DIGITS = 3.0, 1e-6
"""Error of a plain function over the noise, and a noise that no wrong law comes down to."""


def _splits(X: Array, z: Array, target: Target) -> Iterator[_Split]:
    """Groups for which a polynomial does as well without the terms that mix them."""
    fit, spread = polynomial_through(X, z), float(np.std(z))
    if fit is None or fit.error > _SMALL or not spread > 0:
        return
    used = fit.exponents > 0
    for groups in pairs_of_groups(list(range(X.shape[1]))):
        inside = np.array([used[:, list(group)].any(axis=1) for group in groups])
        kept = ~inside.all(axis=0)
        values, error = fit.coordinates.of_terms(fit.exponents[kept])
        if error <= max(_NO_WORSE * fit.error, _ROUNDING):
            first, second = (values[:, own[kept]] for own in inside)
            parts, terms = (first.sum(axis=1), second.sum(axis=1)), (len(first.T), len(second.T))
            yield _Split(error, target, groups, parts, terms, spread)


def pairs_of_groups(inputs: list[int]) -> Iterator[tuple[Group, Group]]:
    """Ways to part inputs into two groups."""
    first, *others = inputs
    for count in range(len(others)):
        for beside in combinations(others, count):
            group = (first, *beside)
            yield group, tuple(k for k in inputs if k not in group)
