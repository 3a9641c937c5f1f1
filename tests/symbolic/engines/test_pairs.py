"""Sums and products of two functions are found in any units, and nothing that is not there."""

from functools import cache

import numpy as np
import pytest
import scipy.special
import sympy
import torch

from kansym.extraction import Extraction, extract
from kansym.neural.models.kan import KAN
from kansym.programs.program import evaluate
from kansym.shared.status import Status
from kansym.symbolic.engines import Pairs
from kansym.symbolic.formulas.sympy_programs import from_sympy
from kansym.symbolic.library.candidate import Candidate
from kansym.symbolic.library.library import LIBRARY, Library
from tests.clock import at_most
from tests.planted_models import know, plant, rows, two_layers

UNLIMITED = 3600.0
"""Seconds that no search takes, however busy the machine."""
T = np.linspace(0.2, 3.0, 150)
SOME = Library(
    LIBRARY[name]
    for name in ("x", "x^2", "1/x", "sqrt", "exp", "log", "sin", "tanh", "atan", "gaussian")
)
FEW = Pairs(SOME, SOME)
"""A tenth of the pairs, in less than half of the time."""
CURVES = {
    "x*exp(-x**2)": lambda x: x * np.exp(-(x**2)),
    "x + sin(3*x)": lambda x: x + np.sin(3 * x),
    "exp(-x/2)*sin(3*x + 1)": lambda x: np.exp(-x / 2) * np.sin(3 * x + 1),
    "x**2*log(x)": lambda x: x**2 * np.log(x),
    "sin(2*x) + cos(5*x)/3": lambda x: np.sin(2 * x) + np.cos(5 * x) / 3,
    "sqrt(x)*exp(-x)": lambda x: np.sqrt(x) * np.exp(-x),
    "1/x + x": lambda x: 1 / x + x,
    "(x + 1/3)*tanh(2*x - 3)": lambda x: (x + 1 / 3) * np.tanh(2 * x - 3),
    "x**2 + exp(x)": lambda x: x**2 + np.exp(x),
    "x/(exp(x) - 1)": lambda x: x / np.expm1(x),
}


@pytest.mark.parametrize(
    ("search", "name", "size"),
    [
        *((Pairs() if "exp(x) - 1" in name else FEW, name, 1.0) for name in CURVES),
        (FEW, "x + sin(3*x)", 1e-9),
        (FEW, "x**2*log(x)", 1e12),
    ],
)
def test_pairs_are_found_in_any_units(search, name, size):
    x, y = size * T, CURVES[name](T) / size
    best = min(search.search(x, y, seconds=UNLIMITED), key=lambda found: found.error)
    assert best.error < 1e-7
    values = evaluate(from_sympy(best.expr), {"x": x})
    np.testing.assert_allclose(values, y, atol=1e-6 * np.ptp(y))


def test_functions_of_two_inputs_are_put_together():
    rng = np.random.default_rng(0)
    X = rng.uniform(0.5, 2.0, (300, 2))
    y = X[:, 0] ** 2 * np.sin(2 * X[:, 1])
    best = min(FEW.search(X, y, ["a", "b"], seconds=UNLIMITED), key=lambda found: found.error)
    assert best.error < 1e-7
    assert {symbol.name for symbol in best.expr.free_symbols} == {"a", "b"}


def test_what_is_no_pair_is_not_said_to_be_one():
    noise = np.random.default_rng(0).normal(size=len(T))
    assert min(found.error for found in FEW.search(T, noise, seconds=UNLIMITED)) > 0.5


def test_points_without_weight_do_not_matter():
    y = np.where(T < 1.0, 1e3, T * np.exp(-T))
    found = FEW.search(T, y, weights=np.where(T < 1.0, 0.0, 1.0), seconds=UNLIMITED)
    assert min(one.error for one in found) < 1e-8


def test_an_input_that_does_not_vary_gives_no_formula():
    assert Pairs().search(np.ones(30), np.arange(30.0)) == ()


def test_functions_that_fit_in_nowhere_are_left_out():
    """The last one is defined on no window of any curve."""
    nowhere = Candidate("nowhere", "log(x)", domain="(1e9, 2e9)")
    found = Pairs.beside(Library([LIBRARY["x"], LIBRARY["exp"], nowhere])).search(
        T, T * np.exp(T), seconds=UNLIMITED
    )
    assert min(one.error for one in found) < 1e-8


def test_only_its_functions_are_used():
    few = Library([LIBRARY["x"], LIBRARY["exp"]])
    found = Pairs.beside(few).search(T, T * np.exp(-T), seconds=UNLIMITED)
    assert min(one.error for one in found) < 1e-8
    functions = {type(part) for one in found for part in one.expr.atoms(sympy.Function)}
    assert functions <= {sympy.exp}
    assert Pairs(few, few).without(["x", "exp"]) is None
    left = Pairs(few, few).without(["x"])
    assert left is not None
    assert left.parts.names == ("exp",)


def test_a_users_function_is_part_of_pairs():
    pulse = Candidate("pulse", "x**2*exp(-x)")
    search = Pairs.beside(LIBRARY + pulse)
    assert {"erf", "pulse"} <= set(search.alone.names)
    assert "pulse" in search.parts.names
    few = Pairs.beside(SOME + pulse)
    found = few.search(T, T + (3 * T) ** 2 * np.exp(-3 * T), seconds=UNLIMITED)
    assert min(one.error for one in found) < 1e-7
    assert Pairs.beside(LIBRARY) == Pairs()


@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_time_is_kept(seconds):
    with at_most(seconds + 2.0):
        Pairs().search(T, np.sin(T) + np.tanh(7 * T), seconds=seconds)


# -- in extraction --------------------------------------------------------------------------------

x1, x2 = sympy.symbols("x1 x2")
MODELS = {
    "special": (lambda u: torch.erf(2 * u), sympy.erf(2 * x1)),
    "sum": (lambda u: u + torch.sin(3 * u), x1 + sympy.sin(3 * x1)),
}


def one_edge(name: str) -> KAN:
    model = KAN([1, 1], grid=60)
    plant(model, 0, 0, 0, MODELS[name][0])
    know(model, rows(inputs=1))
    return model


@cache
def read(name: str) -> Extraction:
    return extract(one_edge(name), reading="weights", progress=False)


@pytest.mark.parametrize("name", MODELS)
def test_an_edge_that_the_library_lacks_is_found_by_default(name):
    found = read(name)
    assert sympy.simplify(found.expr - MODELS[name][1]) == 0
    assert Status.SEARCHED_EDGE in {finding.status for finding in found.status}


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_and_among_other_edges(name):
    function, truth = MODELS[name]
    model = two_layers(function, torch.square, lambda u: (u / 2).exp())
    found = extract(model, reading="weights", progress=False)
    assert sympy.simplify(found.expr - sympy.exp((truth + x2**2) / 2)) == 0
    assert Status.SEARCHED_EDGE in {finding.status for finding in found.status}


@pytest.mark.parametrize("rate", [0.3, pytest.param(0.7, marks=pytest.mark.slow)])
def test_a_function_that_nearly_fits_gives_way_to_the_one_that_does(rate):
    """On a short range x/(1 + x**2) is within 2e-4 of erf, and explains the curve."""
    model = two_layers(lambda u: u, torch.square, lambda u: torch.erf(rate * u))
    X = rows(600, seed=4)
    y = scipy.special.erf(rate * (X[:, 0] + X[:, 1] ** 2))
    found = extract(model, X, y, reading="weights", progress=False)
    assert found.expr.has(sympy.erf)
    assert found.fidelity.rmse_data is not None
    assert found.fidelity.rmse_data < 1e-9
    searched = [one.where for one in found.status if one.status is Status.SEARCHED_EDGE]
    assert searched == ["h1.1 -> y"]


def test_what_was_found_is_forbidden_like_any_other_function():
    found = read("special")
    again = found.forbid(0, "erf")
    assert again.edges[0].fit is None or again.edges[0].fit.candidate.name != "erf"
    fixed = found.fix(0, "erf")
    assert fixed.edges[0].fit is not None
    assert fixed.edges[0].fit.candidate.name == "erf"


def test_a_library_of_ones_own_is_not_left():
    few = Library([LIBRARY[name] for name in ("x", "x^2", "exp", "tanh")])
    found = extract(one_edge("special"), library=few, reading="weights", progress=False)
    assert not found.formulas[0].expr.has(sympy.erf)
