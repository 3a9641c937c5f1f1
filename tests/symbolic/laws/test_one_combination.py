"""A monomial times a function of one combination is seen without a fit, in noise too."""

import numpy as np
import pytest
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.one_combination import one_combination
from kansym.symbolic.laws.proposing import propose
from kansym.symbolic.laws.reduced import Reduced

NAMES = ("n", "m", "b", "k", "t")


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.1])
def test_factor_and_argument_of_a_function_are_seen(noise):
    rng = np.random.default_rng(2)
    X = rng.uniform(1, 5, (600, 5))
    n, m, b, k, t = X.T
    y = n * m * np.tanh(m * b / (k * t))
    state = next(
        one_combination(Reduced.of(Rows(X, y + noise * y.std() * rng.normal(size=600), NAMES)))
    )
    n, m, b, k, t = sympy.symbols(NAMES)
    argument = m * b / (k * t)
    assert state.quantities.exprs[0] in (argument, 1 / argument)
    # Any power of the argument may stand in the factor.
    left = sympy.log(state.restore(sympy.S.One) / (n * m))
    slopes = {s: sympy.simplify(s * left.diff(s)) for s in (n, m, b, k, t)}
    assert slopes[n] == 0
    assert slopes[m] == slopes[b] == -slopes[k] == -slopes[t]


def test_a_source_that_fails_ends_nothing_but_itself():
    class Broken:
        name = "broken"

        def propose(self, rows, until):
            raise OverflowError

    class Constant:
        name = "zero"

        def propose(self, rows, until):
            yield Law(sympy.S.Zero, {}, self.name, 1.0)

    rows = Rows(np.ones((9, 1)), np.arange(9.0), ("x",))
    (law,) = propose(rows, Deadline.after(1.0), (Broken(), Constant()))
    assert law.source == "zero"
