"""Monomials and sums of plain terms: the right form within the noise, idle inputs left out."""

import numpy as np
import pytest
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import values_of
from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.monomials import Monomials
from kansym.symbolic.laws.noisy_pairs import ScaledPairs
from kansym.symbolic.laws.proposing import OF_NOISY_ROWS, propose
from kansym.symbolic.laws.relevance import relevant_inputs
from kansym.symbolic.laws.smaller_problems import SmallerProblems
from kansym.symbolic.laws.sparse_sums import SparseSums


def pipe(p, r, m, length):
    return np.pi * p * r**4 / (8 * m * length)


def bernoulli(P, rho, v, g, h):
    return P + rho * v**2 / 2 + rho * g * h


def competition(x, y):
    return 3 * x - 2 * x * y - x**2


CASES = {
    "pipe, 10 %": ("p r m L", pipe, 3.0, 0.1, "p*r**4/(m*L)"),
    "Bernoulli, 1 %": ("P rho v g h", bernoulli, 3.0, 0.01, "P + rho*v**2 + rho*g*h"),
    "competition, 1 %": ("x y", competition, 3.0, 0.01, "x + x*y + x**2"),
    "competition, 10 %": ("x y", competition, 12.0, 0.1, "x + x*y + x**2"),
}


def terms(expr, inputs):
    """The terms of a sum without their constants."""
    symbols = set(map(sympy.Symbol, inputs))
    return {
        sympy.Mul(
            *(factor for factor in sympy.Mul.make_args(term) if factor.free_symbols & symbols)
        )
        for term in sympy.Add.make_args(sympy.expand(expr))
    }


SUMS = (Monomials(), SparseSums())


def proposed(rows, sources=SUMS):
    """The last law of some sources."""
    *_, law = propose(rows, Deadline.after(600), sources)
    return law


def noisy(names, law, noise, count=1000, low=1.0, high=3.0):
    rng = np.random.default_rng(3)
    X = rng.uniform(low, high, (count, len(names.split())))
    y = law(*X.T)
    return Rows(X, y + noise * y.std() * rng.normal(size=count), tuple(names.split()), noise)


@pytest.mark.parametrize("case", CASES)
def test_the_form_is_right_within_the_noise(case):
    names, law, high, noise, form = CASES[case]
    found = proposed(noisy(names, law, noise, high=high))
    expected = terms(sympy.sympify(form), names.split())
    assert terms(found.expr, names.split()) == expected
    assert found.error < 1.1 * noise


def test_real_powers_over_decades():
    rng = np.random.default_rng(0)
    X = np.exp(rng.uniform(np.log([50, 0.7, 0.27]), np.log([9e4, 300, 0.96]), (300, 3)))
    rows = Rows(X, 0.6 * X[:, 0] ** 0.42 * X[:, 1] ** 0.29 * X[:, 2] ** 0.55, ("re", "pr", "q"))
    law = next(Monomials().propose(rows, Deadline.after(600)))
    assert law.error < 1e-12


def test_no_other_source_for_noisy_rows_brings_a_shorter_one():
    names, law, high, noise, form = CASES["Bernoulli, 1 %"]
    found = proposed(noisy(names, law, noise, 200, high=high), OF_NOISY_ROWS)
    assert terms(found.expr, names.split()) == terms(sympy.sympify(form), names.split())


@pytest.mark.parametrize(("count", "noise"), [(50, 0.0), (200, 0.05)])
def test_inputs_that_do_not_matter_are_left_out(count, noise):
    names = " ".join(f"c{k}" for k in range(count))
    rows = noisy(names, lambda *c: c[0] * c[1] + c[7] ** 2, noise)
    assert relevant_inputs(rows) == [0, 1, 7]
    law = proposed(rows)
    assert terms(law.expr, rows.names) == terms(sympy.sympify("c0*c1 + c7**2"), rows.names)


PRODUCTS = {
    "torque": ("m r v t", lambda m, r, v, t: m * r * v * np.sin(t), SmallerProblems()),
    "barometer": ("n g m T", lambda n, g, m, T: n * np.exp(-g * m / T), SmallerProblems()),
    "force": ("q E B v", lambda q, E, B, v: q * (E + B * np.sin(v)), ScaledPairs()),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_with_functions_are_found(name):
    names, law, source = PRODUCTS[name]
    found = proposed(noisy(names, law, 0.01), (source,))
    exact = noisy(names, law, 0.0)
    fitted = values_of(found.expr, found.start, exact)
    assert np.sqrt(np.mean((fitted - exact.y) ** 2)) < 2e-3 * np.std(exact.y)
    assert len(found.start) <= 2
