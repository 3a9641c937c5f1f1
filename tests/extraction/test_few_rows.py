"""What a formula costs beside few rows is a matter of its form, not of where it came from."""

import numpy as np

from kansym.extraction.few_rows import FewRows
from kansym.shared.deadline import Deadline
from kansym.shared.row_errors import row_errors
from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.formulas.parsing import parse

X = np.linspace(1.0, 6.0, 12)
Y = 2 * X + 1 + 0.05 * np.random.default_rng(0).normal(size=12)


def rows() -> FewRows:
    found = FewRows(("x",), X[:, None], Y, row_errors(12))
    found.laws(Deadline.after(10))
    return found


def formula(text: str, **start: float) -> Formula:
    constants = tuple(Constant(name, float(value), np.inf) for name, value in start.items())
    return Formula(parse(text), ("x",), constants)


def test_a_line_costs_the_same_whatever_its_constants_are_called():
    few = rows()
    lengths = {
        few.length(formula("u + v*x", u=1.0, v=2.0)),
        few.length(formula("a*x + b", a=2.0, b=1.0)),
    }
    assert np.ptp(list(lengths)) < 1e-6


def test_a_number_in_place_of_a_constant_is_sought_and_pays_for_that():
    few, free = rows(), formula("a*x + b", a=2.0, b=1.0)
    chosen = formula("a*x + 1", a=2.0)
    fits = {few.length(each) - few._length(each) for each in (free, chosen)}
    assert min(fits) == 0 < max(fits)


def test_a_composition_that_fits_as_well_as_a_line_does_not_win():
    few = rows()
    line = few.length(formula("a*x + b", a=2.0, b=1.0))
    assert line + 4 < few.length(formula("a*exp(sin(x)/x**3)*x + b", a=2.0, b=1.0))
