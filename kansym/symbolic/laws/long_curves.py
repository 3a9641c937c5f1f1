"""Laws of one variable that hold one long expression, which is looked up."""

from collections.abc import Iterator

import numpy as np
import sympy

from kansym.programs.program import evaluate
from kansym.shared.deadline import Deadline
from kansym.symbolic.formulas.sympy_programs import from_sympy
from kansym.symbolic.laws.columns import Quantities
from kansym.symbolic.laws.curve import Curve
from kansym.symbolic.laws.directions import Directions
from kansym.symbolic.laws.expression_pairs import exact_weights
from kansym.symbolic.laws.expressions import long_expressions
from kansym.symbolic.laws.form import Form, first_few
from kansym.symbolic.laws.looking_up import Step, looked_up, steps_within_functions
from kansym.symbolic.laws.remainders import Remainder

__all__ = ["long_curves"]

Array = np.ndarray

_ROWS, _LONG = 32, 120_000
_TAKEN, _TAKEN_WITHIN, _SHORT = 40_000, 6000, 2000
"""Expressions taken off y, off its functions, and with functions around what is left."""
_NOISY, _EXACT = 1e-10, 1e-9
_FINISHED = 2
_X = sympy.Symbol("x")


def long_curves(curve: Curve, until: Deadline) -> Iterator[Form]:
    """A function of y, less or over an expression, as b g + a line for one long expression g."""
    if len(curve.x) < _ROWS or curve.noise > _NOISY:
        return
    few = curve.thinned(_ROWS)
    every = long_expressions(Quantities(few.x[:, None], (_X,)), _LONG)
    known = Directions.of(every.values, np.column_stack([np.ones(_ROWS), few.x]))
    within = steps_within_functions(every.plainest(_SHORT), [every.plainest(_TAKEN_WITHIN)])
    steps = (Step("y", every.plainest(_TAKEN)), *within)

    def exact(step: Step) -> Iterator[Form]:
        """Forms of what one step leaves."""
        for one, number in looked_up(few.y, known, [step], until):
            form = _form(curve, one, sympy.S.Zero if number is None else every.expr(number))
            form = None if form is None else form.fitted(curve, until)
            if form is not None and form.error <= curve.exact:
                yield form

    yield from first_few(map(exact, steps), _FINISHED)


def _form(curve: Curve, one: Remainder, expr: sympy.Expr) -> Form | None:
    """The form of which an expression and a line are left; None if that is not exact."""
    terms = [expr, sympy.S.One, _X] if expr != 0 else [sympy.S.One, _X]
    with np.errstate(all="ignore"):
        z = one.of(curve.y, _values(one.taken, curve))
        columns = np.stack([_values(term, curve) for term in terms], axis=1)
    if not (np.isfinite(z).all() and np.isfinite(columns).all() and z.any()):
        return None
    weights = exact_weights(columns, z, _EXACT)
    if weights is None:
        return None
    start = {f"k{k}": float(weight) for k, weight in enumerate(weights) if weight}
    inner = sympy.Add(*(sympy.Symbol(k) * terms[int(k[1:])] for k in start))
    try:
        program = from_sympy(one.restore(inner))
    except (TypeError, ValueError):
        return None
    return Form(program, start, "a long expression")


def _values(expr: sympy.Expr, curve: Curve) -> Array:
    """An expression in x on a curve."""
    found = evaluate(from_sympy(expr), {"x": curve.x})
    return np.broadcast_to(np.asarray(found, dtype=float), curve.x.shape)
