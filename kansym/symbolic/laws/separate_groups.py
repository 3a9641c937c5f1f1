"""Sums and products of functions of groups of inputs: each is seen alone, then named.

With a transform g of the target, g(y) = A(some inputs) + B(the others) is linear in the
coefficients of polynomials. Where a sparse one needs no term that mixes the groups, A and B are
known to many digits; each is a smaller problem with a small error, and the constants of both are
refined together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import (
    fitted,
    is_exact,
    product_of_laws,
    sum_of_laws,
    values_of,
)
from kansym.symbolic.laws.groups_of_inputs import (
    ROUNDING,
    Group,
    best_splits,
    factor_of,
    laws_of_group,
    pairs_of_groups,
    rows_of_group,
)
from kansym.symbolic.laws.law import Law, Rows, Source
from kansym.symbolic.laws.smooth import Smooth
from kansym.symbolic.laws.sums_of_parts import known_exactly
from kansym.symbolic.laws.targets import Target

__all__ = ["SeparateGroups"]

Array = np.ndarray

_FEWEST = 3
"""Inputs: sums of functions of two are sought elsewhere."""
_LOGARITHMS = ("log y", "log -y")
"""Those under which a sum is a product: its factors are named."""
_NO_WORSE = 3.0
"""How much worse a polynomial may be without the terms that mix the groups."""
_SPLITS, _COMBINATIONS = 2, 6
"""Splits that are followed, and laws of one group combined with those of the other."""
_REFINING = 2.0
"""Seconds for the constants of both."""


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

    @property
    def plainness(self) -> tuple[int, int]:
        """Those of least error first, of these such as have no large group."""
        return round(np.log10(max(self.error, ROUNDING))), max(map(len, self.groups))


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
        splits = best_splits(rows, _splits, _FEWEST, until)
        splits.sort(key=lambda split: split.plainness)
        for split in splits[:_SPLITS]:
            yield from self._laws(split, rows, rows.varying, until)

    def _laws(self, split: _Split, rows: Rows, inputs: list[int], until: Deadline) -> Iterator[Law]:
        """The functions of both groups named, the plainer first, then together."""
        groups = [tuple(inputs[k] for k in group) for group in split.groups]
        z, is_product = split.target.forward(rows.y), split.target.name in _LOGARITHMS
        plainer, other = sorted((0, 1), key=lambda k: (len(groups[k]), split.terms[k]))
        inner, rest = (_rows_of(split, k, groups[k], rows) for k in (plainer, other))
        first = laws_of_group(inner, self.sources, until)
        if not first:
            return
        about = rows.names, inner.noise
        exactly = (known_exactly(law, *about, is_factor=is_product) for law in first)
        if (short := next((law for law in exactly if law is not None), None)) is not None:
            known = values_of(short.expr, short.start, rows)
            with np.errstate(all="ignore"):
                left = np.exp(z) / known if is_product else z - known
            if np.isfinite(left).all():
                first, rest = [short], rows_of_group(rows, groups[other], left, 0.0)
        choices = [first, laws_of_group(rest, self.sources, until)]
        words = f"{self.name}, {split.target.name}"
        found = list[Law]()
        for chosen in list(product(*choices))[:_COMBINATIONS]:
            if until.passed:
                break
            if is_product:
                total, start = product_of_laws(chosen, np.exp(z), rows)
                expr = -total if split.target.high <= 0 else total
            else:
                total, start = sum_of_laws(chosen, [sympy.S.One] * len(chosen), z, rows)
                expr = split.target.inverse(total)
            law = fitted(expr, start, words, rows, until.within(_REFINING))
            found += [] if law is None else [law]
        # Of several that are exact, one has no terms that do nothing.
        yield from sorted(found, key=lambda law: (not is_exact(law), len(law.start)))


def _rows_of(split: _Split, place: int, group: Group, rows: Rows) -> Rows:
    """What a polynomial knows of the function of one group: of the factor in a product."""
    part = split.parts[place]
    noise = split.error * split.spread / (float(np.std(part)) or 1.0)
    if split.target.name in _LOGARITHMS:
        part, noise = factor_of(part, noise)
    inner = rows_of_group(rows, group, part, noise)
    return replace(inner, independent=split.terms[place])


def _splits(fit: Smooth, target: Target) -> Iterator[_Split]:
    """Groups for which a polynomial does as well without the terms that mix them."""
    used, spread = fit.exponents > 0, float(np.std(fit.coordinates.target.y))
    for groups in pairs_of_groups(list(range(used.shape[1]))):
        inside = np.array([used[:, list(group)].any(axis=1) for group in groups])
        kept = ~inside.all(axis=0)
        values, error = fit.coordinates.of_terms(fit.exponents[kept])
        if error <= max(_NO_WORSE * fit.error, ROUNDING):
            first, second = (values[:, own[kept]] for own in inside)
            parts, terms = (first.sum(axis=1), second.sum(axis=1)), (len(first.T), len(second.T))
            yield _Split(error, target, groups, parts, terms, spread)
