"""Compositions, sums, products and quotients of functions, from the plainest on.

First atoms with round numbers are put together in every way; where nothing is exact, the constants
of what came nearest are refined, and then atoms in windows are put together.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.atoms import Atoms, basic_atoms, round_atoms, window_atoms
from kansym.symbolic.laws.combination_fits import refined
from kansym.symbolic.laws.combinations import Combination, products, quotients, sums
from kansym.symbolic.laws.curve import Curve
from kansym.symbolic.laws.form import Form

__all__ = ["compositions"]

_ROWS = 96
_COUNT, _FINISHED = 1000, 6
"""Combinations of a step that are refined, and forms that are finished."""
_ALMOST = 1e-11
"""Loss of a screened combination that may be exact but for rounding."""
_SQUARE = ("pow", "x", 2.0)

Step = Callable[[], list[Combination]]


def compositions(curve: Curve, until: Deadline) -> Iterator[Form]:
    """The best combinations of atoms; an exact one is the last."""
    few = curve.thinned(_ROWS)
    with np.errstate(all="ignore"):
        found: list[Combination] = []
        plain = round_atoms(few)
        for step in _steps(plain, few):
            if until.passed:
                return
            new = step()
            exact = sorted((c for c in new if c.loss < _ALMOST), key=lambda c: c.loss)
            forms = _finished(exact, curve, until)
            if any(form.error <= curve.exact for form in forms):
                yield from forms
                return
            found += new
        forms = _finished(refined(found, few, until), curve, until)
        yield from forms
        if any(form.error <= curve.exact for form in forms):
            return
        windows = window_atoms(few)
        for way in (sums, products, quotients):
            forms = _finished(refined(way(windows, few, _COUNT), few, until), curve, until)
            yield from forms
            if any(form.error <= curve.exact for form in forms):
                return


def _steps(plain: Atoms, curve: Curve) -> Iterator[Step]:
    """Ways to put atoms together, the cheapest first."""
    yield partial(sums, plain, curve, _COUNT)
    yield partial(products, plain, curve, _COUNT)
    yield partial(quotients, plain, curve, _COUNT)
    yield partial(sums, plain, curve, _COUNT, ("x", _SQUARE))
    basic, fewer = basic_atoms(curve), plain.shallow()
    programs = [basic.program(i) for i in range(len(basic))]
    for program in programs:
        yield partial(sums, fewer, curve, _COUNT // 20, (program,))
        yield partial(sums, fewer, curve, _COUNT // 20, (), program)


def _finished(found: list[Combination], curve: Curve, until: Deadline) -> list[Form]:
    """Combinations fitted to all rows; exact ones without constants that are not needed."""
    different = {one.key: one for one in reversed(found)}
    forms = [one.form().fitted(curve, until) for one in list(different.values())[::-1][:_FINISHED]]
    exact = [form.pruned(curve, until) for form in forms if form.error <= curve.exact]
    return exact or [form for form in forms if np.isfinite(form.error)]
