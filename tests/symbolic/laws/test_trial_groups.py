"""Smaller problems where a smooth fit is poor: by trials on held-out rows, and in planes."""

import numpy as np
import pytest
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.partly_free import PartlyFree
from kansym.symbolic.laws.reduced import Reduced
from kansym.symbolic.laws.smooth import noise_level, smooth
from kansym.symbolic.laws.trial_groups import by_trial
from kansym.symbolic.laws.two_combinations import two_combinations

LAWS = {
    "dose": (
        "F V a e t",
        lambda F, V, a, e, t: F * a / (V * (a - e)) * (np.exp(-e * t) - np.exp(-a * t)),
        ((0.5, 1), (10, 50), (1, 3), (0.1, 0.5), (0.1, 10)),
    ),
    "impedance": (
        "U R w L C",
        lambda U, R, w, L, C: U / np.sqrt(R**2 + (w * L - 1 / (w * C)) ** 2),
        ((1, 9), (1, 5), (0.5, 5), (0.5, 3), (0.1, 1)),
    ),
}


Z = sympy.Symbol("z_")


def state_of(names, law, ends, rows=300, seed=0):
    rng = np.random.default_rng(seed)
    X = np.stack([rng.uniform(low, high, rows) for low, high in ends], axis=1)
    return Reduced.of(Rows(X, law(*X.T), tuple(names.split())))


def holds(law, names, state, x):
    """Whether y / factor stays along all scalings that leave the quantities alone."""
    symbols = sympy.symbols(names)
    powers = [[sympy.diff(sympy.log(e), s) * s for s in symbols] for e in state.quantities.exprs]
    factor = sympy.lambdify(symbols, state.restore(Z) / Z)
    for step in sympy.Matrix(powers).applyfunc(sympy.simplify).nullspace():
        moved = x * np.exp(0.3 * np.array(list(step), dtype=float))
        if abs(law(*moved) / factor(*moved) / (law(*x) / factor(*x)) - 1) > 1e-9:
            return False
    return True


@pytest.mark.parametrize("name", LAWS)
def test_a_trial_finds_quantities_that_the_law_is_a_function_of(name):
    names, law, ends = LAWS[name]
    whole = state_of(names, law, ends)
    found = list(by_trial(whole, smooth(whole.quantities.values, whole.target)))
    assert all(len(each.quantities) == len(whole.quantities) - 1 for each in found)
    x = np.array([0.4 * low + 0.6 * high for low, high in ends])
    assert any(holds(law, names, each, x) for each in found)


@pytest.mark.parametrize("rows", [300, 1000])
def test_waves_are_seen_in_the_plane_of_two_monomials(rows):
    ends = ((1, 5), (0.1, 1), (1, 4), (0, 5))
    state = state_of("A g w t", lambda A, g, w, t: A * np.exp(-g * t) * np.cos(w * t), ends, rows)
    g, w, t = sympy.symbols("g w t")
    found = [set(each.quantities.exprs) for each in two_combinations(state)]
    assert {g * t, w * t} in found or {g / w, w * t} in found


def test_noise_has_no_plane():
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 3, (300, 4))
    state = Reduced.of(Rows(X, rng.normal(size=300), ("a", "b", "c", "d")))
    assert not list(two_combinations(state))


EVEN = {
    "entropy": lambda x: -x * np.log(x) - (1 - x) * np.log(1 - x),
    "half circle": lambda x: np.sqrt(x - x**2 + 0.001),
}


@pytest.mark.parametrize("rows", [240, 1000])
@pytest.mark.parametrize("name", EVEN)
def test_an_even_law_has_no_noise_as_every_second_degree_does_nothing_for_it(name, rows):
    x = np.random.default_rng(5).uniform(0.02, 0.98, (rows, 1))
    y = EVEN[name](x[:, 0])
    assert noise_level(x, y) == 0
    noise = 0.05 * np.random.default_rng(6).normal(size=rows)
    assert noise_level(x, y + noise * np.std(y)) == pytest.approx(0.05, rel=0.2)


@pytest.mark.parametrize("names", ["A g w t", "k1 k2 k3 t"])
def test_constants_of_a_smaller_problem_have_names_that_no_input_has(names):
    ends = ((1, 5), (0.1, 1), (1, 4), (0, 5))
    law = lambda A, g, w, t: A * (1.3 + 2.5 * np.exp(-g * t) * np.cos(w * t))  # noqa: E731
    state = state_of(names, law, ends, 400)
    rows = Rows(state.quantities.values, state.target, tuple(names.split()))
    smaller = next(two_combinations(state))
    found = PartlyFree().propose(smaller.as_rows(rows), Deadline.never())
    assert smaller.restored_exactly(next(found), rows) is not None
