"""Products of powers and exponentials from noisy rows, and inputs as exponents."""

import numpy as np
import pytest
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.monomial_pairs import MonomialPairs
from kansym.symbolic.laws.noisy_pairings import NoisyPairings
from kansym.symbolic.laws.noisy_products import NoisyProducts


def drawn(law, names, noise, low, high):
    rng = np.random.default_rng(4)
    X = rng.uniform(low, high, (400, len(names)))
    y = law(*X.T)
    return Rows(X, y + noise * y.std() * rng.normal(size=len(y)), names, noise)


@pytest.mark.parametrize("noise", [0.001, 0.01])
def test_a_power_times_an_exponential(noise):
    rows = drawn(
        lambda m, e, t: m**0.75 * np.exp(-5 * e / t), ("m", "e", "t"), noise, (1, 1, 2), (9, 2, 5)
    )
    law = next(NoisyProducts().propose(rows, Deadline.after(5)))
    m, e, t = sympy.symbols("m e t")
    assert law.expr.free_symbols - set(law.start) == {m, e, t}
    assert sympy.diff(sympy.log(law.expr / m ** sympy.Rational(3, 4)), m) == 0
    rate = sympy.diff(sympy.log(law.expr), e, t).subs(law.start) * t**2
    assert float(sympy.simplify(rate)) == pytest.approx(5, rel=2 * noise + 1e-3)


def test_an_input_is_the_exponent_of_one_more_than_another():
    rows = drawn(
        lambda f, r, n: f / (1 + r) ** n, ("f", "r", "n"), 0.02, (10, 0.02, 1), (90, 0.2, 20)
    )
    law = next(NoisyPairings().propose(rows, Deadline.after(5)))
    f, r, n = sympy.symbols("f r n")
    (constant,) = law.start
    assert sympy.simplify(law.expr - constant * f / (1 + r) ** n) == 0


@pytest.mark.parametrize("noise", [0.01, 0.1])
def test_the_square_is_a_sum_of_two_monomials(noise):
    rows = drawn(
        lambda a, b, c, d, e: np.sqrt(3 * a * b + c * d**2 / e**2), tuple("abcde"), noise, 1, 3
    )
    law = next(MonomialPairs().propose(rows, Deadline.after(10)))
    square = sympy.expand(law.expr**2)
    found = {sympy.Mul(*(f for f in t.args if f not in law.start)) for t in square.args}
    a, b, c, d, e = sympy.symbols("a b c d e")
    assert found == {a * b, c * d**2 / e**2}
