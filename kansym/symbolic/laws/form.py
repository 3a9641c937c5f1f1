"""A form that a law may have: a program in x and free constants, and its fit to a curve."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

import numpy as np
import sympy

from kansym.programs.derivatives import fold
from kansym.programs.gradients import DifferentiableProgram
from kansym.programs.program import Program, substitute, variables
from kansym.shared.deadline import Deadline
from kansym.symbolic.constants.exact_numbers import recognised_numbers
from kansym.symbolic.constants.refinement import refine
from kansym.symbolic.formulas.complexity import complexity_of_form
from kansym.symbolic.formulas.sympy_programs import to_sympy
from kansym.symbolic.laws.curve import Curve
from kansym.symbolic.laws.law import Law
from kansym.symbolic.laws.unit_factors import without_units

__all__ = ["Form", "first_few", "form_bits"]

_SHARE, _BITS_A_CONSTANT = 0.3, 0.5
"""What a bit of the form counts beside one of the data, and what a constant adds to its value."""
_MOST_ROWS = 1000
_FEW_STEPS = 12
_OUT_OF_BOUNDS, _LARGE = 1e60, 1e3
"""Size of constants that are none, and of a term over the sum that is one of a difference."""
_ROUND = (0.0, 1.0, -1.0)


@dataclass(frozen=True, eq=False)
class Form:
    """A program in the variable x and in constants.

    Attributes
    ----------
    program : the form.
    start : values of its constants, by name.
    source : where it came from, in words.
    error : root-mean-square error on the curve over the spread of y.
    known_bits : length of the form, if it is known.
    is_approximation : whether longer forms of its kind come nearer and nearer, however exact it is.
    """

    program: Program
    start: Mapping[str, float]
    source: str
    error: float = np.inf
    known_bits: float | None = None
    is_approximation: bool = False

    @cached_property
    def bits(self) -> float:
        """Description length of the form, without the values of its constants."""
        return form_bits(to_sympy(self.program)) if self.known_bits is None else self.known_bits

    def length(self, curve: Curve) -> float:
        """Description length of the curve by this form."""
        return curve.length(self.error, len(self.start), self.bits)

    def fitted(self, curve: Curve, until: Deadline, max_steps: int = 100) -> "Form":
        """With the constants that fit a curve best, from where they are."""
        rows = curve.thinned(_MOST_ROWS)
        start = self.start
        if start:
            found = refine(
                self.program, ["x"], rows.x[:, None], rows.y, start, weights=rows.root**2,
                max_steps=max_steps, first_radius=1.0, deadline=until,
            )  # fmt: skip
            start = found.values
        fitted = replace(self, start=start)
        return replace(fitted, error=curve.error(fitted.values(curve)))

    def values(self, curve: Curve) -> np.ndarray:
        """Its values on a curve (rows,)."""
        return np.broadcast_to(
            DifferentiableProgram(self.program)({"x": curve.x, **self.start}), curve.x.shape
        )

    @property
    def is_sound(self) -> bool:
        """Whether its error and its constants are finite, and no constant is out of all bounds."""
        values = np.array([*self.start.values(), self.error])
        return bool(np.isfinite(values).all() and np.all(np.abs(values) < _OUT_OF_BOUNDS))

    def cancels(self, curve: Curve) -> bool:
        """Whether it is the small difference of large terms: another form is its limit."""
        program = self.program
        if not isinstance(program, tuple) or program[0] != "add":
            return False
        terms = [replace(self, program=term).values(curve) for term in program[1:]]
        return max(map(curve.spread_of, terms)) > _LARGE * curve.spread

    def at(self, values: Mapping[str, float], error: float) -> "Form":
        """With other values of some constants, and the error that they give."""
        return replace(self, start={**self.start, **values}, error=error)

    def pruned(self, curve: Curve, until: Deadline) -> "Form":
        """Without constants that are not needed: each is tried at 0, in exact laws at 1 and -1."""
        best, round_values = self, _ROUND if self.error <= curve.exact else _ROUND[:1]
        for name in list(self.start):
            for value in round_values:
                if until.passed:
                    return best
                left = {other: v for other, v in best.start.items() if other != name}
                program = _folded(substitute(best.program, {name: value}))
                named = set(variables(program))
                left = {other: v for other, v in left.items() if other in named}
                form = Form(program, left, self.source).fitted(curve, until, _FEW_STEPS)
                written = not to_sympy(program).has(sympy.zoo, sympy.nan)  # exp(-x/0) has values
                if written and form.length(curve) < best.length(curve):
                    best = form
                    break
        return best

    def law(self, curve: Curve, name: str) -> Law:
        """The law of the input and the target of a curve."""
        letter = "k" if name.startswith("c") else "c"
        names = {old: f"{letter}{i}" for i, old in enumerate(self.start)}
        program = substitute(self.program, names)
        symbols = {new: sympy.Symbol(new) for new in names.values()}
        expr = to_sympy(curve.undone(program), {"x": sympy.Symbol(name), **symbols})
        start = {symbols[names[old]]: float(value) for old, value in self.start.items()}
        plain, values = without_units(expr, start)
        plain = recognised_numbers(plain)
        if plain.has(sympy.zoo, sympy.nan):  # a number that is nothing beside others
            plain, values = expr, start
        return Law(plain, values, self.source, self.error)


def form_bits(expr: sympy.Expr) -> float:
    """Description length of an expression in x and constants, without the constants' values."""
    constants = len(expr.free_symbols - {sympy.Symbol("x")})
    return _SHARE * complexity_of_form(expr, ("x",)) + _BITS_A_CONSTANT * constants


def _folded(program: Program) -> Program:
    """Without sums with 0 and products with 1, at any depth."""
    if not isinstance(program, tuple):
        return program
    return fold((program[0], *map(_folded, program[1:])))


def first_few(lots: Iterable[Iterator[Form]], most: int) -> Iterator[Form]:
    """At most so many forms of the first lot that has any."""
    for lot in lots:
        found = False
        for form in islice(lot, most):
            found = True
            yield form
        if found:
            return
