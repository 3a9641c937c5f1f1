"""Functions times known functions: seen each alone, named, and exact once the others are."""

import numpy as np
import pytest
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws import groups_of_inputs, sums_of_parts
from kansym.symbolic.laws.checking import is_exact
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.proposing import OF_GROUPS
from kansym.symbolic.laws.sums_of_parts import SumOfParts, with_short_numbers
from kansym.symbolic.laws.targets import TARGETS

a, b, c = sympy.symbols("a b c")
X = np.random.default_rng(0).uniform(1, 3, (500, 3))
NAMES = tuple("abc")


def sum_of(values: np.ndarray, known: sympy.Expr, inputs: tuple[int, ...]) -> SumOfParts:
    rows, known_law = Rows(X, values, NAMES), (Law(known, {}, "known", 0.0), inputs)
    found = SumOfParts.of(TARGETS["y"], values, inputs, [known_law], rows, exact=True)
    assert found is not None
    return found


def test_parts_are_seen_with_what_they_depend_on():
    found = sum_of(np.exp(X[:, 0]) + X[:, 1] ** 2 * np.log(X[:, 2]), sympy.log(c), (0, 1))
    assert [part.inputs for part in found.parts] == [(0,), (1,)]
    assert np.allclose(found.parts[1].values, X[:, 1] ** 2, rtol=1e-9)
    assert found.error < 1e-10


def test_a_part_that_is_not_there_is_left_out():
    found = sum_of(X[:, 1] * np.log(X[:, 2]), sympy.log(c), (0, 1))
    assert [part.factor.expr for part in found.parts] == [sympy.log(c)]


def test_a_known_function_that_is_not_defined_is_refused():
    rows, known = Rows(X, X[:, 0], NAMES), [(Law(sympy.log(c - 2), {}, "known", 0.0), (0, 1))]
    assert SumOfParts.of(TARGETS["y"], rows.y, (0, 1), known, rows, exact=True) is None


@pytest.mark.parametrize("known", [c, sympy.cos(c), 1 / c])
def test_the_last_part_is_named_from_exact_rows(known, monkeypatch):
    monkeypatch.setattr(groups_of_inputs, "_SECONDS", 60.0)  # on a busy machine, too
    monkeypatch.setattr(sums_of_parts, "_REFINING", 60.0)
    k = sympy.lambdify(c, known)(X[:, 2])
    values = 1 / (X[:, 0] + np.sqrt(X[:, 1])) + 2.5 * X[:, 1] * k
    found, rows = sum_of(values, known, (0, 1)), Rows(X, values, NAMES)
    laws = found.as_product().laws(rows, "test", OF_GROUPS, Deadline.after(600))
    assert any(is_exact(law) for law in laws)


def test_a_constant_is_drawn_into_the_known_function():
    found = sum_of(np.sqrt(X[:, 0]) * (X[:, 2] + 1.5), c, (0, 1)).as_product()
    (part,) = found.parts
    assert found.exact
    assert np.allclose(part.c, X[:, 2] + 1.5, rtol=1e-12)


@pytest.mark.parametrize(
    ("value", "blur", "short"),
    [(2.5000001, 1e-6, 2.5), (0.7499999999, 1e-8, 0.75), (2.5000001, 1e-9, None),
     (np.pi, 1e-5, None), (2.53, 0.1, None)],
)  # fmt: skip
def test_numbers_are_short_only_where_chance_is_unlikely(value, blur, short):
    law, found = with_short_numbers(Law(a, {a: value}, "test", 0.0), blur)
    assert found == (short is not None)
    assert law.start[a] == (value if short is None else short)
