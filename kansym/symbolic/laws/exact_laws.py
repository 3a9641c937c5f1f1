"""Exact laws of exact rows: relations, and relations in smaller problems.

Best first over states: every state is asked for a relation that is cheap to find; structure that
its smooth fit shows gives smaller states; then the trials with functions, stage by stage, in the
states of fewest quantities first.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, count, islice

import numpy as np
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.additive import Additive
from kansym.symbolic.laws.curve_laws import is_curve, laws_of_curve
from kansym.symbolic.laws.function_columns import Group, functions_of_one, functions_of_two
from kansym.symbolic.laws.harmonics import Harmonics
from kansym.symbolic.laws.law import Law, Rows, Source
from kansym.symbolic.laws.monomials import Monomials
from kansym.symbolic.laws.one_combination import one_combination
from kansym.symbolic.laws.pairings import Pairings
from kansym.symbolic.laws.partly_free import PartlyFree
from kansym.symbolic.laws.reduced import Reduced
from kansym.symbolic.laws.reductions import Exploration, Step
from kansym.symbolic.laws.relations import (
    Trial,
    plain_trials,
    related,
    small_trials,
    trials_with_functions,
)
from kansym.symbolic.laws.scaled_groups import ScaledGroups
from kansym.symbolic.laws.smooth import Smooth, smooth
from kansym.symbolic.laws.targets import targets_of
from kansym.symbolic.laws.two_combinations import two_combinations
from kansym.symbolic.laws.univariate import AT_ONCE, SHORT

__all__ = ["ExactLaws", "PlainRelations"]

_FEWEST_ROWS = 15
_MOST_STATES = 30
_SMALL_DEGREE, _AT_ONCE = 5, 2
"""Degree of plain relations in smaller problems, and curves that are looked into when met."""
_GLANCE = 1.0
"""Seconds for functions of single inputs at first."""
_SHALLOW = 6.0
"""Seconds for a first look: what takes longer waits until others have had theirs."""
_SHARE_ONE, _EXPLORING, _SINGLE = 0.4, 0.7, 0.5
"""Parts of the time for laws of one quantity, for smaller problems, and of what is left then for
functions of single quantities in them, before others are asked."""
_HANDED_ON, _EACH = 2, 2.0
"""Smaller problems that other sources are asked about, and seconds for each of these."""
_QUICK: tuple[Source, ...] = (Monomials(), Harmonics())
"""Others that every problem is handed to."""
_OTHERS: tuple[Source, ...] = (
    Monomials(), Additive(), PartlyFree(), ScaledGroups(()), Pairings()
)  # fmt: skip
_OUTER = ("1/y", "log y", "y^2", "exp y", "sqrt y", "tan y", "sin y")
_BLIND = 0.8
"""Error of a smooth fit from which on it shows nothing of the law."""
_SMOOTHER = 0.1
_ROUGH = 2e-3
"""Error of a smooth fit above which functions of the target may be smoother."""


_Stage = Callable[["_Search"], Iterator[Law]]


class PlainRelations:
    """Relations among several inputs, and with functions of one: a fraction of a second."""

    name = "relation"

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """Laws that need no smaller problem; of rows that are known to some digits, too."""
        blurred = rows.blur > 0 and len(rows.y) >= _FEWEST_ROWS
        if (blurred or rows.may_be_exact(_FEWEST_ROWS)) and len(rows.names) > 1:
            yield from rows.once(_Search).laws(until, _PLAIN)


class ExactLaws:
    """Relations among inputs, functions of inputs and of the target, in ever smaller problems.

    Parameters
    ----------
    deep : whether functions of two inputs and the like are tried in all problems; without, it takes
        seconds.
    """

    name = "relation"

    def __init__(self, deep: bool = True) -> None:
        self.deep = deep

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """Exact laws, the plain first; nothing for rows with noise."""
        if rows.may_be_exact(_FEWEST_ROWS):
            limit = until if self.deep else until.within(_SHALLOW)
            yield from rows.once(_Search).laws(limit, _DEEP if self.deep else _FIRST)


class _Search:
    """States that were met, and trials on them; asked again, it goes on where it was."""

    def __init__(self, rows: Rows) -> None:
        self.rows, self.root = rows, Reduced.of(rows)
        self.order = np.random.default_rng(0).permutation(len(rows.y))
        self.states: list[Step] = []
        self.exploration = Exploration()
        self.at_once = 0  # curves that are looked into as soon as they are met
        self.done = set[_Stage]()
        self.until = self.exploring = Deadline.after(0.0)
        self.cut_off = False  # a part of a stage ran out of its own time

    def laws(self, until: Deadline, stages: "Sequence[_Stage]") -> Iterator[Law]:
        """Laws of those stages that were not tried to their end before."""
        self.until = until
        for stage in stages:
            if stage not in self.done and not until.passed:
                self.cut_off = False
                yield from stage(self)
                if not (self.cut_off or until.passed):
                    self.done.add(stage)

    @cached_property
    def fit(self) -> Smooth | None:
        """The smooth fit to the rows."""
        return smooth(self.root.quantities.values, self.root.target)

    def plain_laws(self) -> Iterator[Law]:
        """Relations among the inputs, and with functions of one."""
        yield from self.plain(self.root)
        yield from self.with_single_functions(self.root, self.until.within(_GLANCE))
        self.cut_off = False  # of two inputs these are hundreds; later stages hold them, too
        yield from self.tried(self.root, next(trials_with_functions(self.root)))

    def with_functions(self) -> Iterator[Law]:
        """Relations with functions of inputs."""
        for stage in islice(trials_with_functions(self.root), 1, _OF_PAIRS):
            yield from self.tried(self.root, stage)

    def with_two_functions(self) -> Iterator[Law]:
        """Relations with functions of two inputs, before smaller problems are asked for as much."""
        for stage in islice(trials_with_functions(self.root), _OF_PAIRS, _OF_PAIRS + 1):
            yield from self.tried(self.root, stage)

    def of_one_combination(self) -> Iterator[Law]:
        """Functions of one combination of the inputs."""
        for state in one_combination(self.root):
            if is_curve(state):
                yield from self.plain(state)
                yield from self.with_single_functions(state)

    def of_smaller_problems(self) -> Iterator[Law]:
        """Plain relations in ever smaller problems, and what others see in the smallest."""
        self.states.clear()
        self.exploration = Exploration()
        self.at_once = _AT_ONCE
        self.exploring = self.until.share(_EXPLORING)
        if self.fit is None:
            return
        if self.fit.error < _BLIND:
            yield from self.explored(Step(self.root, self.fit))
        else:
            self.states.append(Step(self.root, self.fit))
        yield from self.handed_on(self.smallest())

    def of_two_combinations(self) -> Iterator[Law]:
        """What others see in the plane of two combinations."""
        yield from self.handed_on(two_combinations(self.root))

    def smallest(self) -> list[Reduced]:
        """Problems of few quantities that were met, without carried terms."""
        most = min(_FEW, len(self.rows.names) - 1)
        states = [s.state if s.state.carried is None else s.state.settled() for s in self.states]
        few = [s for s in states if s is not None and 1 < len(s.quantities) <= most]
        return sorted(few, key=lambda s: len(s.quantities))[:_HANDED_ON]

    def handed_on(
        self, states: Iterable[Reduced], sources: Sequence[Source] = _OTHERS
    ) -> Iterator[Law]:
        """Laws that other sources see in smaller problems."""
        for state in states:
            if self.until.passed:
                return
            inner = state.as_rows(self.rows)
            for source in sources:
                for law in source.propose(inner, self.until.within(_EACH)):
                    found = state.restored_exactly(law, self.rows)
                    if found is not None:
                        yield found

    def under_functions(self) -> Iterator[Law]:
        """The problem for functions of the target that are much smoother than the target is."""
        error = 0.0 if self.fit is None else self.fit.error
        for target in targets_of(self.root.target, _OUTER if error > _ROUGH else ()):
            under = self.root.under(target)
            bent = smooth(under.quantities.values, under.target)
            if bent is not None and bent.error < _SMOOTHER * error:
                yield from self.explored(Step(under, bent))

    def plain(self, state: Reduced, degree: int = 7) -> Iterator[Law]:
        """Relations that need no functions of quantities, first without terms carried."""
        settled = state.settled()
        if settled is not None:
            yield from self.plain(settled, degree)
        if state.carried is None:
            yield from self.handed_on([state], _QUICK)
        alone = len(state.quantities) == 1 and state.carried is None and is_curve(state)
        yield from self.tried(state, plain_trials(state, min(degree, 3) if alone else degree))
        if alone:
            yield from laws_of_curve(state, self.rows, self.until, AT_ONCE)

    def with_single_functions(self, state: Reduced, until: Deadline | None = None) -> Iterator[Law]:
        """Relations with functions of single quantities, where these are few; laws of a curve."""
        for each in (state.settled(), state):
            if each is None:
                continue
            if len(each.quantities) > 1 or not is_curve(each):
                yield from self.tried(each, small_trials(each), until)
                self.cut_off |= until is not None and until.passed
            elif each.carried is None:
                limit = self.until.share(_SHARE_ONE)
                yield from laws_of_curve(each, self.rows, limit, SHORT)
                self.cut_off |= limit.passed

    def tried(
        self, state: Reduced, trials: Iterable[Trial], until: Deadline | None = None
    ) -> Iterator[Law]:
        """Laws of trials on one state."""
        for trial in trials:
            if (until or self.until).passed:
                return
            yield from related(state, trial, self.rows, self.order)

    def explored(self, root: Step) -> Iterator[Law]:
        """Smaller and smaller problems, the likeliest first, each asked for plain relations.

        What takes longer waits until all were met, but for the first that have one quantity left.
        """
        later = list[Step]()
        most = _MOST_STATES - len(self.states)
        for step in self.exploration.steps(root, most, self.exploring):
            self.states.append(step)
            if step is root:
                continue
            later.append(step)
            yield from self.plain(step.state, _SMALL_DEGREE)
            if len(step.state.quantities) == 1 and self.at_once > 0:
                self.at_once -= 1
                yield from self.with_single_functions(later.pop().state)
        until = self.until.share(_SINGLE)
        for step in sorted(later, key=lambda s: (len(s.state.quantities), s.cost)):
            yield from self.with_single_functions(step.state, until)

    def over_functions(self) -> Iterator[Law]:
        """Plain relations of the target over a function of quantities that it still depends on."""
        for state in sorted((s.state for s in self.states), key=lambda s: len(s.quantities)):
            if len(state.quantities) > _FEW:
                break
            every = list(range(len(state.quantities)))
            groups = functions_of_one(state.quantities) + functions_of_two(state.quantities)
            for values, expr in _each_function(groups):
                divided = state.divided(values, expr, every)
                trials = chain(plain_trials(divided, 4), small_trials(divided))
                yield from self.tried(divided, trials)

    def deeper(self) -> Iterator[Law]:
        """Trials with functions, stage by stage."""
        states = sorted((s.state for s in self.states), key=lambda s: len(s.quantities))
        of_root = islice(trials_with_functions(self.root), _OF_PAIRS + 1, None)
        runs = [of_root if s is self.root else trials_with_functions(s) for s in states]
        for stage_number in count():
            if not runs or self.until.passed:
                return
            if stage_number == _BETWEEN:
                yield from self.over_functions()
            for state, run in zip(list(states), list(runs), strict=True):
                stage = next(run, None)
                if stage is None:
                    states.remove(state)
                    runs.remove(run)
                    continue
                yield from self.tried(state, stage)


_PLAIN: tuple[_Stage, ...] = (_Search.plain_laws,)
_SMALLER = (_Search.of_one_combination, _Search.of_smaller_problems, _Search.under_functions)
_FIRST = (*_PLAIN, *_SMALLER, _Search.with_functions, _Search.with_two_functions)
_DEEP = (*_FIRST, _Search.of_two_combinations, _Search.deeper)
"""Stages of the three looks at rows, each in the order of what it costs."""


def _each_function(groups: list[Group]) -> Iterator[tuple[np.ndarray, sympy.Expr]]:
    """Functions that nowhere vanish on the rows, one by one."""
    for group in groups:
        for values, expr in zip(group.quantities.values.T, group.quantities.exprs, strict=True):
            if np.abs(values).min() > _VANISHES * np.abs(values).max():
                yield values, expr


_FEW = 3
_OF_PAIRS = 3
"""Stage of trials with functions that holds those of two inputs."""
_BETWEEN = 3
"""Stage of trials with functions before which targets over functions are tried."""
_VANISHES = 1e-6
