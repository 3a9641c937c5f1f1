"""Laws of noisy rows by smaller problems: what a step leaves is a sum of terms or a curve.

A monomial times a function of one combination, or of two monomials, is seen first, without a fit.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import checked, fitted, length
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.noisy_pairs import NoisyPairs, ScaledPairs
from kansym.symbolic.laws.one_combination import one_combination
from kansym.symbolic.laws.reduced import Reduced
from kansym.symbolic.laws.reductions import Exploration, Step
from kansym.symbolic.laws.single_index import SingleIndex
from kansym.symbolic.laws.smooth import Smooth, smooth
from kansym.symbolic.laws.sparse_sums import SparseSums
from kansym.symbolic.laws.two_combinations import two_combinations
from kansym.symbolic.laws.univariate import univariate_laws

__all__ = ["SmallerProblem", "SmallerProblems"]

_MOST_STATES, _MET, _EXPLORING = 8, 16, 0.3
"""Problems that laws are sought for, of those that are met in a part of the time."""
_LAWS, _SUMS = 8, 2
"""Laws of one problem that are handed on, and of a curve those that are sums of its powers."""
_SECONDS, _PAIRS = 4.0, 0.6
"""For the laws of one problem, and the share of pairs of expressions."""
_REFITTED = 30
_LOST, _LEAST_LOST = 5.0, 1e-2
"""Error of a smooth fit over that in all quantities, at which a function of one combination misses
part of the law, and the error that polynomials leave of a curve that turns quickly."""
_BLIND = 0.3
"""Error of a smooth fit that shows little of the law."""
_WITHIN_NOISE, _PLAIN = 1.03, 2
"""Error over the noise at which a law leaves nothing to explain, and constants of a plain one."""


@dataclass(frozen=True, eq=False)
class SmallerProblem:
    """Laws of one smaller problem that is known of the rows."""

    state: Reduced
    name = "smaller problem"

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """Its laws, the likeliest first; none if these are other rows."""
        if len(self.state.target) == len(rows.y):
            yield from islice(_laws(self.state, rows, until.within(_SECONDS)), _LAWS)


class SmallerProblems:
    """Laws of what is left after steps that a smooth fit suggests, with noise."""

    name = "smaller problem"

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """The laws of every smaller problem, the likeliest first.

        A wave of one combination may show in no smooth fit: it is seen by neighbours.
        """
        root = Reduced.of(rows)
        fit = smooth(root.quantities.values, root.target) if len(rows.names) > 1 else None
        if fit is None or np.ptp(rows.y) == 0:
            return
        few = chain(one_combination(root), two_combinations(root))
        few = (state for state in few if _is_as_smooth(state, fit))
        likely = _likeliest(Step(root, fit, rows.noise), until)
        states = chain(few, likely) if fit.error > _BLIND else chain(likely, few)
        for state in islice(states, _MOST_STATES):
            if until.passed:
                return
            laws = list(SmallerProblem(state).propose(rows, until))
            yield from laws
            within = (law for law in laws if law.error <= _WITHIN_NOISE * rows.noise)
            if any(len(law.start) <= _PLAIN for law in within):
                return


def _likeliest(root: Step, until: Deadline) -> Iterator[Reduced]:
    """Smaller problems, the likeliest first."""
    found = list(Exploration(root.noise).steps(root, _MET, until.share(_EXPLORING)))[1:]
    for step in sorted(found, key=lambda step: step.cost):
        yield step.state


def _is_as_smooth(one: Reduced, before: Smooth) -> bool:
    """Whether the function of one combination leaves about as little as one of all quantities."""
    fit = smooth(one.quantities.values, one.target)
    return fit is None or fit.error <= _LOST * max(before.error, _LEAST_LOST)


def _laws(state: Reduced, rows: Rows, until: Deadline) -> Iterator[Law]:
    """Laws of one problem, for y, fitted to all rows."""
    inner = state.as_rows(rows)
    if len(inner.names) == 1:
        x, few, given = inner.X[:, 0], rows.independent, (inner.names[0], inner.noise, until)
        curves = univariate_laws(x, inner.y, *given, inner.weights, independent=few)
        found = chain(islice(SparseSums().propose(inner, until), _SUMS), curves)
    else:
        sources = SingleIndex(), NoisyPairs(), ScaledPairs()
        each = (source.propose(inner, until.share(_PAIRS)) for source in sources)
        found = [*chain.from_iterable(each), *SparseSums().propose(inner, until)]
        found = sorted(found, key=lambda law: length(law, inner))
    for law in found:
        refitted = _refitted(*state.restored(law, rows), rows, until)
        if refitted is not None:
            yield refitted


def _refitted(
    expr: sympy.Expr,
    start: Mapping[sympy.Symbol, float],
    source: str,
    rows: Rows,
    until: Deadline,
) -> Law | None:
    """The law with its constants fitted to y, as far as that helps."""
    before = checked(expr, start, source, rows)
    if before is None or not start:
        return before
    after = fitted(expr, start, source, rows, until, _REFITTED)
    return after if after is not None and after.error < before.error else before
