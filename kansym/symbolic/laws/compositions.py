"""Compositions, sums, products and quotients of functions, from the plainest on.

First atoms with round numbers are put together in every way; where nothing is exact, the constants
of what came nearest are refined, and then atoms in windows are put together.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from kansym.programs.program import Program
from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.atoms import Atoms, basic_atoms, round_atoms, window_atoms
from kansym.symbolic.laws.combination_fits import refined
from kansym.symbolic.laws.combinations import Combination, products, quotients, sums
from kansym.symbolic.laws.curve import Curve
from kansym.symbolic.laws.form import Form

__all__ = ["compositions", "compositions_within"]

_ROWS = 96
_COUNT, _FINISHED = 1000, 6
"""Combinations of a step that are refined, and forms that are finished."""
_ALMOST = 1e-11
"""Loss of a screened combination that may be exact but for rounding."""
_SQUARE = ("pow", "x", 2.0)

_AROUND: tuple[tuple[Callable[[Program], Program], Callable[[np.ndarray], np.ndarray]], ...] = (
    (lambda z: ("log", z), np.exp),
    (lambda z: ("exp", z), np.log),
    (lambda z: ("sqrt", z), lambda y: np.where(y >= 0, y * y, np.nan)),
    (lambda z: ("div", 1.0, z), np.reciprocal),
)
"""Functions around a combination, and what undoes them."""

Step = Callable[[], list[Combination]]


def compositions(curve: Curve, until: Deadline) -> Iterator[Form]:
    """The best combinations of atoms; an exact one is the last."""
    few = curve.thinned(_ROWS)
    with np.errstate(all="ignore"):
        plain = round_atoms(few)
        forms = _searched(curve, [*_pairs(plain, few), *_with_basic(plain, few)], until)
        yield from forms
        if _holds(forms, curve):
            return
        windows = window_atoms(few)
        for step in _pairs(windows, few)[:3]:
            forms = _searched(curve, [step], until)
            yield from forms
            if _holds(forms, curve):
                return


def compositions_within(curve: Curve, until: Deadline) -> Iterator[Form]:
    """Combinations of atoms within a logarithm, a root, an exponential, a reciprocal."""
    for outer, inverse in _AROUND:
        with np.errstate(all="ignore"):
            z = inverse(curve.y)
        if until.passed or not np.isfinite(z).all() or np.ptp(z) == 0:
            continue
        within = replace(curve, y=z)
        few = within.thinned(_ROWS)
        with np.errstate(all="ignore"):
            forms = _searched(within, _pairs(round_atoms(few), few)[:3], until)
        forms = [replace(form, program=outer(form.program)) for form in forms[:2]]
        forms = [form.fitted(curve, until) for form in forms]
        yield from forms
        if _holds(forms, curve):
            return


def _searched(curve: Curve, steps: Sequence[Step], until: Deadline) -> list[Form]:
    """The best combinations of some ways to put atoms together; an exact one ends the search."""
    found: list[Combination] = []
    for step in steps:
        if until.passed:
            break
        new = step()
        exact = sorted((c for c in new if c.loss < _ALMOST), key=lambda c: c.loss)
        forms = _finished(exact, curve, until)
        if _holds(forms, curve):
            return forms
        found += new
    return _finished(refined(found, curve.thinned(_ROWS), until), curve, until)


def _holds(forms: Sequence[Form], curve: Curve) -> bool:
    """Whether one of them is exact."""
    return any(form.error <= curve.exact for form in forms)


def _pairs(atoms: Atoms, curve: Curve) -> list[Step]:
    """Ways to put two atoms together."""
    return [
        partial(sums, atoms, curve, _COUNT),
        partial(products, atoms, curve, _COUNT),
        partial(quotients, atoms, curve, _COUNT),
        partial(sums, atoms, curve, _COUNT, ("x", _SQUARE)),
    ]


def _with_basic(plain: Atoms, curve: Curve) -> Iterator[Step]:
    """Sums of two atoms beside or times a basic one."""
    basic, fewer = basic_atoms(curve), plain.shallow()
    for program in [basic.program(i) for i in range(len(basic))]:
        yield partial(sums, fewer, curve, _COUNT // 20, (program,))
        yield partial(sums, fewer, curve, _COUNT // 20, (), program)


def _finished(found: list[Combination], curve: Curve, until: Deadline) -> list[Form]:
    """Combinations fitted to all rows; exact ones without constants that are not needed."""
    different = {one.key: one for one in reversed(found)}
    forms = [one.form().fitted(curve, until) for one in list(different.values())[::-1][:_FINISHED]]
    exact = [form.pruned(curve, until) for form in forms if form.error <= curve.exact]
    return exact or [form for form in forms if np.isfinite(form.error)]
