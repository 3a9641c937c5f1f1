"""Laws in which an input is an exponent, and decays."""

import numpy as np
import pytest

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.columns import Quantities
from kansym.symbolic.laws.exact_laws import ExactLaws
from kansym.symbolic.laws.function_columns import functions_of_one, powers_with_exponents
from kansym.symbolic.laws.law import Rows

LAWS = {
    "loan": ("P r n", (1, 5), (0.01, 0.05), (12, 60), lambda P, r, n: P * r / (1 - (1 + r) ** -n)),
    "Hill": ("c k h", (0.2, 5), (1, 4), (1, 3), lambda c, k, h: c**h / (k**h + c**h)),
}


@pytest.mark.parametrize("name", LAWS)
def test_an_input_may_be_an_exponent(name):
    names, *ranges, law = LAWS[name]
    rng = np.random.default_rng(0)
    X = np.stack([rng.uniform(low, high, 300) for low, high in ranges], axis=1)
    found = next(ExactLaws().propose(Rows(X, law(*X.T), tuple(names.split())), Deadline.after(20)))
    assert found.error < 1e-12
    assert any(symbol.name == names.split()[2] for symbol in found.expr.free_symbols)


def test_powers_of_one_exponent_come_together():
    X = np.random.default_rng(1).uniform(1, 3, (50, 3))
    groups = powers_with_exponents(Quantities.inputs(X, ("a", "b", "c")))
    shown = [sorted(map(str, group.quantities.exprs)) for group in groups]
    assert shown == [["b**a", "c**a"], ["a**b", "c**b"], ["a**c", "b**c"]]


def test_decays_stand_beside_exponentials_where_an_input_is_positive():
    X = np.stack([np.linspace(0, 20, 50), np.linspace(-1, 1, 50)], axis=1)
    functions = functions_of_one(Quantities.inputs(X, ("a", "b")))
    shown = {str(expr) for group in functions for expr in group.quantities.exprs}
    assert "exp(-a)" in shown
    assert "exp(-b)" not in shown
