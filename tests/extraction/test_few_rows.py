"""What a formula costs beside few rows is a matter of its form, not of where it came from."""

import numpy as np

from kansym import discover
from kansym.extraction.few_rows import FewRows
from kansym.shared.deadline import Deadline
from kansym.shared.row_errors import row_errors
from kansym.shared.status import Status
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
    few = rows()
    assert few.charge(formula("a*x + b", a=2.0, b=1.0)) == 0 < few.charge(formula("2*x + b", b=1.0))


def test_a_factor_of_one_costs_nothing_but_a_term_of_one_does():
    few = rows()
    assert few.charge(formula("b - x", b=1.0)) == 0 < few.charge(formula("a*x + 1", a=2.0))


def test_a_composition_that_fits_as_well_as_a_line_does_not_win():
    few = rows()
    line = few.length(formula("a*x + b", a=2.0, b=1.0))
    assert line + 4 < few.length(formula("a*exp(sin(x)/x**3)*x + b", a=2.0, b=1.0))


def searched(y: np.ndarray):
    return discover(X, y, seconds=3, n_jobs=1, progress=False).result


def test_rivals_are_other_functions_that_the_rows_hardly_tell_apart():
    noise = np.random.default_rng(0).normal(size=12)
    result = searched(0.8 * X / (X + 3) + 0.01 * noise)
    (said,) = (finding for finding in result.status if finding.status is Status.RIVAL_FORMS)
    chosen = result.predict(X[:, None])
    for told in said.detail.split("; "):
        text, bits = told.removesuffix(" bits more").split(" takes ")
        assert 0 <= float(bits) < 4.3
        rival = Formula(parse(text), ("x1",), ()).predict(X[:, None])
        apart = np.std(rival - chosen)
        assert 1e-3 * np.std(chosen) < apart < 0.1 * np.std(chosen)


def test_a_clear_law_has_no_rivals():
    result = searched(2 * X**2 * (1 + 1e-3 * np.random.default_rng(0).normal(size=12)))
    assert Status.RIVAL_FORMS not in {finding.status for finding in result.status}


def test_an_exact_law_has_no_errors_that_grow():
    x = np.random.default_rng(0).uniform(0, 2, 200)
    found = discover(x[:, None], np.exp(1 / (3.24 * x**2 + 1)), seconds=20, progress=False)
    assert Status.OK in {finding.status for finding in found.result.status}
    assert Status.RELATIVE_ERRORS not in {finding.status for finding in found.result.status}
