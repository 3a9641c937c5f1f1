"""Laws of noisy rows by smaller problems: what a step leaves is a sum of terms or a curve.

A monomial times a function of one combination, or of two monomials, is seen first, without a fit.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice

import numpy as np
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import checked, fitted, length, values_of
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.noisy_pairs import NoisyPairs
from kansym.symbolic.laws.one_combination import one_combination
from kansym.symbolic.laws.reduced import Reduced
from kansym.symbolic.laws.reductions import Step, steps_from
from kansym.symbolic.laws.smooth import Smooth, smooth
from kansym.symbolic.laws.sparse_sums import SparseSums
from kansym.symbolic.laws.two_combinations import two_combinations
from kansym.symbolic.laws.univariate import univariate_laws

__all__ = ["SmallerProblems"]

_MOST_STATES, _BRANCHES = 8, 2
_LAWS, _SUMS = 8, 2
"""Laws of one problem that are handed on, and of a curve those that are sums of its powers."""
_SECONDS, _PAIRS = 4.0, 0.6
"""For the laws of one problem, and the share of pairs of expressions."""
_REFITTED = 30
_LOST, _LEAST_LOST = 5.0, 1e-2
"""Error of a smooth fit over that in all quantities, at which a function of one combination misses
part of the law, and the error that polynomials leave of a curve that turns quickly."""
_WITHIN_NOISE, _PLAIN = 1.03, 2
"""Error over the noise at which a law leaves nothing to explain, and constants of a plain one."""


class SmallerProblems:
    """Laws of what is left after steps that a smooth fit suggests, with noise."""

    name = "smaller problem"

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """The laws of every smaller problem, in the order in which they are met."""
        root = Reduced.of(rows)
        fit = smooth(root.quantities.values, root.target) if len(rows.names) > 1 else None
        if fit is None or np.ptp(rows.y) == 0:
            return
        met: set[str] = set()
        few = chain(one_combination(root), two_combinations(root))
        few = (state for state in few if _is_as_smooth(state, fit))
        states = chain(few, _explored(Step(root, fit), met, rows.noise, until))
        for state in islice(states, _MOST_STATES):
            if until.passed:
                return
            laws = list(islice(_laws(state, rows, until.within(_SECONDS)), _LAWS))
            yield from laws
            within = (law for law in laws if law.error <= _WITHIN_NOISE * rows.noise)
            if any(len(law.start) <= _PLAIN for law in within):
                return


def _explored(step: Step, met: set[str], noise: float, until: Deadline) -> Iterator[Reduced]:
    """Confirmed smaller problems, the smallest of a branch first."""
    branches = 0
    for state in steps_from(step.state, step.fit):
        if until.passed or branches >= _BRANCHES:
            return
        settled = state if state.carried is None else state.settled()
        if settled is None or str(settled.restore(_MARK)) + str(settled.quantities.exprs) in met:
            continue
        met.add(str(settled.restore(_MARK)) + str(settled.quantities.exprs))
        confirmed = Step.confirmed(settled, step.fit, noise)
        if confirmed is not None:
            branches += 1
            yield from _explored(confirmed, met, noise, until)
            yield settled


def _is_as_smooth(one: Reduced, before: Smooth) -> bool:
    """Whether the function of one combination leaves about as little as one of all quantities."""
    fit = smooth(one.quantities.values, one.target)
    return fit is None or fit.error <= _LOST * max(before.error, _LEAST_LOST)


_MARK = sympy.Symbol("z_of_state")


def _laws(state: Reduced, rows: Rows, until: Deadline) -> Iterator[Law]:
    """Laws of one problem, for y, fitted to all rows."""
    inner = state.as_rows(rows)
    if len(inner.names) == 1:
        weights, noise = _errors(state, rows)
        x, few = inner.X[:, 0], rows.independent
        curves = univariate_laws(x, inner.y, inner.names[0], noise, until, weights, independent=few)
        found = chain(islice(SparseSums().propose(inner, until), _SUMS), curves)
    else:
        pairs = NoisyPairs().propose(inner, until.share(_PAIRS))
        found = [*pairs, *SparseSums().propose(inner, until)]
        found = sorted(found, key=lambda law: length(law, inner))
    for law in found:
        refitted = _refitted(*state.restored(law, rows), rows, until)
        if refitted is not None:
            yield refitted


def _errors(state: Reduced, rows: Rows) -> tuple[np.ndarray | None, float]:
    """Weights of a target's rows, and its noise over its spread, where errors of y are alike."""
    z, step = state.target, _STEP * float(np.std(state.target))
    moved = [
        replace(rows, X=np.column_stack([rows.X, z + h]), names=(*rows.names, _MARK.name))
        for h in (-step, step)
    ]
    low, high = (values_of(state.restore(_MARK), {}, each) for each in moved)
    slope = (high - low) / (2 * step) if step else low
    weights = slope**2
    if not (np.isfinite(weights).all() and (weights > 0).any()):
        return None, rows.noise
    mean = np.average(z, weights=weights)
    spread = np.sqrt(np.average((z - mean) ** 2, weights=weights) * np.mean(weights))
    return weights, rows.noise * float(np.std(rows.y) / spread) if spread > 0 else rows.noise


_STEP = 1e-4
"""Of a target, over its spread, in which y changes in proportion."""


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
