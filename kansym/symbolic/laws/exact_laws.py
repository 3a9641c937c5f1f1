"""Exact laws of exact rows: relations, and relations in smaller problems.

Best first over states: every state is asked for a relation that is cheap to find; structure that
its smooth fit shows gives smaller states; then the trials with functions, stage by stage, in the
states of fewest quantities first.
"""

from collections.abc import Iterator
from itertools import chain

import numpy as np
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import checked
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.reduced import Reduced
from kansym.symbolic.laws.reductions import Step, steps_from
from kansym.symbolic.laws.relations import (
    plain_trials,
    related,
    small_trials,
    trials_with_functions,
)
from kansym.symbolic.laws.smooth import smooth
from kansym.symbolic.laws.univariate import univariate_laws

__all__ = ["ExactLaws"]

_NEARLY_EXACT = 1e-9
"""Noise above which no relation among columns is exact."""
_FEWEST_ROWS = 15
_MOST_STATES = 30
_BRANCHES = 4
"""Smaller problems of one state that are followed."""
_SMALL_DEGREE = 5
_SHARE_ONE = 0.3


class ExactLaws:
    """Relations among inputs, functions of inputs and of the target, in ever smaller problems."""

    name = "relation"

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """Exact laws, the plain first; nothing for rows with noise."""
        if rows.noise > _NEARLY_EXACT or len(rows.y) < _FEWEST_ROWS or np.ptp(rows.y) == 0:
            return
        yield from _Search(rows, until).laws()


class _Search:
    """States that were met, and trials on them."""

    def __init__(self, rows: Rows, until: Deadline) -> None:
        self.rows, self.until = rows, until
        self.order = np.random.default_rng(0).permutation(len(rows.y))
        self.states: list[Step] = []
        self.met: set[tuple[str, ...]] = set()

    def laws(self) -> Iterator[Law]:
        root = Reduced.of(self.rows)
        yield from self.plain(root)
        fit = smooth(root.quantities.values, root.target)
        if fit is None:
            return
        yield from self.explored(Step(root, fit))
        yield from self.deeper()

    def plain(self, state: Reduced, degree: int = 7) -> Iterator[Law]:
        """Relations that need no functions of quantities."""
        for trial in chain(plain_trials(state, degree), small_trials(state)):
            if self.until.passed:
                return
            yield from related(state, trial, self.rows, self.order)
        if len(state.quantities) == 1 and state.carried is None:
            yield from self.of_one(state)

    def of_one(self, state: Reduced) -> Iterator[Law]:
        """Laws of the one quantity that is left."""
        name = "u"
        while name in self.rows.names:
            name += "_"
        limit = self.until.share(_SHARE_ONE)
        x = state.quantities.values[:, 0]
        for law in univariate_laws(x, state.target, name, 0.0, limit):
            inner = law.expr.xreplace({sympy.Symbol(name): state.quantities.exprs[0]})
            source = ", ".join([law.source, *state.steps])
            found = checked(state.restore(inner), law.start, source, self.rows)
            if found is not None:
                yield found

    def explored(self, step: Step, depth: int = 0) -> Iterator[Law]:
        """Smaller and smaller problems, depth first, each asked for a plain relation."""
        self.states.append(step)
        branches = 0
        for state in steps_from(step.state, step.fit):
            if self.until.passed or len(self.states) >= _MOST_STATES or branches >= _BRANCHES:
                return
            confirmed = self.confirmed(state, step)
            if confirmed is not None:
                branches += 1
                yield from self.plain(state, _SMALL_DEGREE)
                yield from self.explored(confirmed, depth + 1)

    def confirmed(self, state: Reduced, step: Step) -> Step | None:
        """The step, unless the state was met before or its fit is worse."""
        carried = () if state.carried is None else state.carried.exprs
        key = (*sorted(map(str, state.quantities.exprs)), str(state.restore(_Z)), str(carried))
        if key in self.met:
            return None
        self.met.add(key)
        return Step.confirmed(state, step.fit)

    def deeper(self) -> Iterator[Law]:
        """Trials with functions, stage by stage."""
        states = sorted((s.state for s in self.states), key=lambda s: len(s.quantities))
        runs = [trials_with_functions(state) for state in states]
        while runs and not self.until.passed:
            for state, run in zip(list(states), list(runs), strict=True):
                stage = next(run, None)
                if stage is None:
                    states.remove(state)
                    runs.remove(run)
                    continue
                for trial in stage:
                    if self.until.passed:
                        return
                    yield from related(state, trial, self.rows, self.order)


_Z = sympy.Symbol("z")
