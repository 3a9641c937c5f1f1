"""Laws from polynomial relations: exact rows whose monomials in inputs and target depend linearly.

A sum of monomials in x and t = g(y) that vanishes on all rows, linear or quadratic in t, is solved
for y. Rational functions are linear relations, square roots quadratic ones; functions of inputs
are further quantities. One QR decomposition in the order of growing degree shows the relation of
least degree.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
import sympy

from kansym.shared.bounded_time import within
from kansym.symbolic.laws.checking import checked, fresh_constants, is_exact
from kansym.symbolic.laws.coefficients import as_coefficients, as_weights
from kansym.symbolic.laws.columns import Quantities, exponents_up_to, monomial
from kansym.symbolic.laws.function_columns import (
    Group,
    functions_of_one,
    functions_of_two,
    powers_with_exponents,
)
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.null_vectors import relations
from kansym.symbolic.laws.reduced import Reduced
from kansym.symbolic.laws.targets import Target, targets_of

__all__ = ["Trial", "plain_trials", "related", "small_trials", "trials_with_functions"]

_SPARE_ROWS = 30
"""Rows beyond the number of columns, so that a false relation cannot hold."""
_MOST_COLUMNS = 500
_INSTEAD = 5
"""Degree from which on functions of a quantity stand instead of it, not beside it."""
_MOST_QUANTITIES = 26
_SOME = ("y", "log y", "exp y")
_TURNS = ("sin y", "cos y", "tan y")
_ALL = ("y", "log y", "log -y", "exp y", "sqrt y", "cbrt y", *_TURNS)
_T = sympy.Symbol("t")


@dataclass(frozen=True, eq=False)
class Trial:
    """What is tried: functions beside the quantities, the target's function, the total degree."""

    groups: tuple[Group, ...]
    target: Target
    degree: int

    @property
    def target_degree(self) -> int:
        """Quadratic in y, which holds what is linear in y^2; linear in its functions."""
        return 2 if self.target.name == "y" else 1


def plain_trials(state: Reduced, most: int = 7) -> Iterator[Trial]:
    """Polynomials in the quantities and in functions of the target; higher in few quantities."""
    most += 2 * max(0, _FEW - len(state.quantities))
    for degree in range(1, most + 1):
        for target in _targets(state, _ALL if degree < 5 else ("y",)):
            yield Trial((), target, degree)


def small_trials(state: Reduced) -> list[Trial]:
    """Functions of one of few quantities: cheap enough for every state that is met."""
    if len(state.quantities) > _FEW:
        return []
    singles = functions_of_one(state.quantities)
    one = [(group,) for group in singles]
    if len(state.quantities) == _FEW:
        return _trials(one, state, _SOME, (2, 3))
    two = list(combinations(singles, 2))
    both = [(a, b) for b in functions_of_two(state.quantities) for a in singles if a.of is not None]
    same = [(a, b) for a, b in both if type(a.quantities.exprs[0]) is type(b.quantities.exprs[0])]
    return [
        *_trials(one, state, (*_SOME, *_TURNS), (2, 3)),
        *_trials(one, state, _SOME, (4,)),
        *_trials(two, state, ("y",), (2,)),
        *_trials(both, state, ("y",), (2,)),
        *_trials(two, state, ("y",), (3,)),
        *_trials(same, state, ("y",), (3,)),
        *_trials(two, state, ("y",), (5,)),
        *_trials(one, state, _SOME, (5, 6)),
    ]


_FEW = 3


def trials_with_functions(state: Reduced) -> Iterator[list[Trial]]:
    """Stages of trials with functions of quantities as further quantities, the cheap first."""
    singles = functions_of_one(state.quantities)
    one = [(g,) for g in singles]
    powers = [(g,) for g in powers_with_exponents(state.quantities)]
    yield [
        *_trials(one, state, ("y",), (2, 3)),
        *_trials([tuple(singles)], state, _ALL, (2,)),
        *_trials(powers, state, _SOME, (2, 3)),
    ]
    yield _trials(one, state, _SOME, (3, 4)) + _trials(powers, state, _SOME, (4,))
    doubles = functions_of_two(state.quantities)
    two = [(g,) for g in doubles]
    yield _trials(two, state, _SOME, (2, 3, 4))
    pairs = list(combinations(singles, 2))
    yield _trials(pairs, state, (*_SOME, "sqrt y"), (2, 3)) + _trials(pairs, state, _SOME, (4,))
    yield _trials(one + two, state, _ALL, (3, 4, 5))
    both = [(a, b) for a in singles for b in doubles]
    yield _trials(both, state, _SOME, (2, 3))
    yield _trials(list(combinations(singles, 3)), state, ("y",), (3, 4))
    yield _trials(list(combinations(doubles, 2)), state, ("y",), (2, 3))
    yield _trials(both, state, ("y",), (4,))


def _targets(state: Reduced, names: Sequence[str]) -> list[Target]:
    """Functions of the target; none where it has carried terms."""
    return targets_of(state.target, names if state.carried is None else ("y",))


def _trials(
    choices: Sequence[tuple[Group, ...]],
    state: Reduced,
    targets: Sequence[str],
    degrees: Sequence[int],
) -> list[Trial]:
    return [
        Trial(groups, target, degree)
        for degree in degrees
        for target in _targets(state, targets)
        for groups in choices
    ]


def related(state: Reduced, trial: Trial, rows: Rows, order: np.ndarray) -> Iterator[Law]:
    """Laws that solve the relations of one trial, exact but for the blur of the rows."""
    columns = _Columns.of(state, trial, len(rows.y))
    if columns is None:
        return
    whole, exponents = columns.whole, columns.exponents
    kept = order[: len(exponents) + 2 * _SPARE_ROWS]
    sizes = whole.sizes()
    few = Quantities(whole.values[kept] / sizes, whole.exprs)
    for found in relations(few.columns(exponents), exponents[:, -1] > 0, rows.blur):
        terms = np.flatnonzero(found)
        weights = found[terms] / np.prod(sizes ** exponents[terms], axis=1)
        law = _solved(weights, exponents[terms], columns, trial, state, rows)
        if law is not None:
            yield law


@dataclass(frozen=True, eq=False)
class _Columns:
    """All quantities of a trial, the target last, and the exponents of their monomials."""

    whole: Quantities
    exponents: np.ndarray

    @classmethod
    def of(cls, state: Reduced, trial: Trial, rows: int) -> "_Columns | None":
        """None where there are too many columns for the rows."""
        whole, highest = state.quantities, [99] * len(state.quantities)
        for group in trial.groups:
            whole, highest = whole.with_more(group.quantities), [*highest, *group.highest]
            if group.of is not None and trial.degree >= _INSTEAD:
                highest[group.of] = 0
        free = len(whole)
        if state.carried is not None:
            whole = whole.with_more(state.carried)
        t = trial.target.forward(state.target)
        whole = whole.with_more(Quantities(t[:, None], (_T,)))
        if len(whole) > _MOST_QUANTITIES:
            return None
        exponents = exponents_up_to(len(whole), trial.degree)
        allowed = (exponents[:, :free] <= np.array(highest)).all(axis=1)
        allowed &= exponents[:, free:].sum(axis=1) <= (
            trial.target_degree if state.carried is None else 1
        )
        # Those without the target first: the relation that closes is then one for the target.
        kept = exponents[allowed]
        kept = kept[np.argsort(kept[:, -1] > 0, kind="stable")]
        if len(kept) + _SPARE_ROWS > min(rows, _MOST_COLUMNS):
            return None
        return cls(whole, kept)


def _solved(
    weights: np.ndarray,
    exponents: np.ndarray,
    columns: _Columns,
    trial: Trial,
    state: Reduced,
    rows: Rows,
) -> Law | None:
    """The relation solved for y, if that is right on all rows."""
    if not (np.isfinite(weights).all() and (weights != 0).all()):
        return None
    symbols = fresh_constants(rows.names, len(weights))
    solved = np.flatnonzero(exponents[:, -1])
    if rows.blur and len(solved) == 1:
        # Of a sum the numbers themselves are plain, if any are, not their ratios.
        numbers, start = as_weights((weights / -weights[solved[0]]).tolist(), symbols)
    else:
        numbers, start = as_coefficients(weights.tolist(), symbols)
    if len(start) > _MOST_CONSTANTS:
        return None
    parts: list[list[sympy.Expr]] = [[], [], []]
    for number, powers in zip(numbers, exponents, strict=True):
        parts[powers[-1]].append(number * monomial(columns.whole.exprs[:-1], powers[:-1]))
    constant, linear, quadratic = (sympy.Add(*part) for part in parts)
    degree = "quadratic" if quadratic != 0 else "linear"
    steps = [f"relation {degree} in {trial.target.name}", *state.steps]
    for t in _roots(constant, linear, quadratic):
        expr = state.restore(trial.target.inverse(t))
        if not start and len(numbers) > _MANY_TERMS:
            expr = within(_FACTORING, partial(sympy.factor, expr), expr)
        law = checked(expr, start, ", ".join(steps), rows)
        if law is not None and (is_exact(law) or law.error <= _BLURS * rows.blur):
            return law
    return None


_MOST_CONSTANTS, _BLURS = 7, 8.0
"""Constants of a law, and blurs that its error may be."""
_MANY_TERMS, _FACTORING = 6, 3.0
"""Terms from which on a rational law may be shorter as a product, and seconds to see."""


def _roots(constant: sympy.Expr, linear: sympy.Expr, quadratic: sympy.Expr) -> Iterator[sympy.Expr]:
    """Solutions of constant + linear t + quadratic t^2 = 0."""
    if quadratic == 0:
        yield -constant / linear
        return
    if linear == 0:
        root = sympy.sqrt(-constant / quadratic)
        yield from (root, -root)
        return
    root = sympy.sqrt(linear**2 - 4 * quadratic * constant)
    yield (root - linear) / (2 * quadratic)
    yield (-root - linear) / (2 * quadratic)
