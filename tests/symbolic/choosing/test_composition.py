"""Law 5: the composed expression evaluates to the same numbers as the network of functions."""

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.network.network import Edge
from kansym.programs.program import evaluate
from kansym.symbolic.choosing.composition import ComposedFormula, compose
from kansym.symbolic.choosing.edge_functions import CurveFunction
from kansym.symbolic.choosing.judge import Choice, Option
from kansym.symbolic.choosing.symbolic_network import Refit, SymbolicNetwork
from kansym.symbolic.choosing.wiring import Wiring
from kansym.symbolic.formulas.sympy_programs import from_sympy
from kansym.symbolic.library.library import LIBRARY
from tests.wirings import TWO_LAYERS, WIRINGS, random_constants, random_functions

X = np.random.default_rng(0).uniform(0.4, 1.2, (30, 2))


def choice_of(functions: list, constants: np.ndarray, biases: np.ndarray) -> Choice:
    options = tuple(
        Option(function, tuple(row), 0.0, None)
        for function, row in zip(functions, constants.tolist(), strict=True)
    )
    picks = tuple(0 for _ in options)
    return Choice(picks, options, Refit(constants, biases, 0.0), 0.0, 0.0)


def numbers(template: ComposedFormula, names: tuple[str, ...], X: np.ndarray) -> np.ndarray:
    """The template with its start values on given rows."""
    known = {symbol: sympy.Float(value, 17) for symbol, value in template.start.items()}
    columns = dict(zip(names, X.T, strict=True))
    with np.errstate(all="ignore"):
        found = evaluate(from_sympy(template.expr.xreplace(known)), columns)
    return np.broadcast_to(np.asarray(found, dtype=float), len(X))


def check(wiring: Wiring, functions: list, constants: np.ndarray, biases: np.ndarray) -> None:
    names = tuple(f"x{i + 1}" for i in range(wiring.n_inputs))
    rows = X[:, : wiring.n_inputs]
    network = SymbolicNetwork(wiring, functions)
    values = network.values(Refit(constants, biases, 0.0), rows)
    templates = compose(wiring, choice_of(functions, constants, biases), names)
    assert len(templates) == len(wiring.outputs)
    for node, template in zip(wiring.outputs, templates, strict=True):
        found = numbers(template, names, rows)
        size = np.abs(values[:, node]).max() + 1
        np.testing.assert_allclose(found / size, values[:, node] / size, atol=1e-8)


@pytest.mark.parametrize("wiring", WIRINGS.values(), ids=WIRINGS)
@settings(max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_the_template_is_the_network(wiring, seed):
    rng = np.random.default_rng(seed)
    functions = random_functions(wiring, rng)
    check(wiring, functions, *random_constants(wiring, functions, rng))


@pytest.mark.parametrize("name", LIBRARY.names)
def test_every_function_after_a_hidden_node(name):
    """Its scale and its shift move through the function, also where the argument is reversed."""
    function = LIBRARY[name]
    starts = np.linspace(-3, 3, 61) + 0.013
    stretch = np.linspace(-0.05, 0.45, 50)
    start = next(s for s in starts if function.domain.contains(s + stretch).all())
    low, high = float(X[:, 0].min()), float(X[:, 0].max())
    a = -1.0 if function.scale_free else -2.0
    c, bias = 0.4 / (high - low) / a, 0.2
    b = 0.0 if function.shift_free else start - a * (c * low + bias)
    constants = np.array([[1.0, 0.0, c, 0.0], [a, b, 1.3, 0.0]])
    wiring = Wiring(1, (False,) * 3, (0, 1), (1, 2), (2,))
    check(wiring, [LIBRARY["x"], function], constants, np.array([0.0, bias, -0.5]))


def test_vanishing_constants_do_no_harm():
    functions = [LIBRARY["sin"], LIBRARY["x^2"], LIBRARY["exp"]]
    constants = np.array([[2.0, 0.3, 1.0, 0.0], [1.0, 0.2, 0.7, 0.0], [0.8, 0.0, 1.5, 0.0]])
    for edge, column in [(0, 2), (1, 2), (2, 0), (2, 2)]:
        changed = constants.copy()
        changed[edge, column] = 0.0
        check(TWO_LAYERS, functions, changed, np.array([0.0, 0.0, 0.1, -0.4]))


def test_a_product_with_a_vanishing_factor():
    wiring = WIRINGS["a hidden product"]
    constants = np.array([[1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 2.0, 0.5], [0.7, 0.1, 1.0, 0.0]])
    functions = [LIBRARY["x"], LIBRARY["x^2"], LIBRARY["sin"]]
    check(wiring, functions, constants, np.zeros(4))


def test_no_constant_is_left_that_a_neighbour_can_take_over():
    """exp(k0 sin(k1 x1) + k2 x2^2): the scale and shift of the hidden node are gone."""
    functions = [LIBRARY["sin"], LIBRARY["x^2"], LIBRARY["exp"]]
    constants = np.array([[3.0, 0.0, 0.5, 0.0], [1.0, 0.0, 0.7, 0.0], [0.8, 0.0, 1.5, 0.0]])
    (template,) = compose(
        TWO_LAYERS, choice_of(functions, constants, np.array([0.0, 0.0, 0.3, 0.0])), ("x1", "x2")
    )
    assert len(template.start) <= 4
    assert sorted(symbol.name for symbol in template.start) == sorted(
        symbol.name for symbol in template.expr.free_symbols if symbol.name.startswith("k")
    )


@pytest.mark.parametrize("names", [("k", "kx"), ("k0", "_k1"), ("x**2", "__import__('os')")])
def test_any_column_name_is_only_a_name(names):
    functions = [LIBRARY["sin"], LIBRARY["x^2"], LIBRARY["exp"]]
    rng = np.random.default_rng(0)
    constants, biases = random_constants(TWO_LAYERS, functions, rng)
    (template,) = compose(TWO_LAYERS, choice_of(functions, constants, biases), names)
    values = SymbolicNetwork(TWO_LAYERS, functions).values(Refit(constants, biases, 0.0), X)
    np.testing.assert_allclose(numbers(template, names, X), values[:, 3], rtol=1e-8, atol=1e-8)
    assert not {symbol.name for symbol in template.start} & set(names)


def test_a_curve_stays_a_named_function():
    x = np.linspace(0.3, 1.3, 128)
    edge = Edge("x1", "y", lambda u: np.sin(5 * u), x, np.sin(5 * x), np.full(128, 1 / 128), 1.0)
    curve = CurveFunction(edge, "f1")
    wiring = WIRINGS["a sum"]
    constants = np.array([[1.0, 0.0, 2.0, 0.0], [1.0, 0.0, 0.5, 0.0]])
    choice = choice_of([curve, LIBRARY["exp"]], constants, np.zeros(3))
    (template,) = compose(wiring, choice, ("x1", "x2"))
    assert template.curves == (curve,)
    assert {str(f.func) for f in template.expr.atoms(sympy.Function)} == {"f1", "exp"}


def test_outputs_carry_only_their_own_constants_and_curves():
    wiring = WIRINGS["a node used twice"]
    rng = np.random.default_rng(1)
    functions = [LIBRARY[name] for name in ("sin", "x^2", "tanh", "exp")]
    choice = choice_of(functions, *random_constants(wiring, functions, rng))
    for template in compose(wiring, choice, ("x1", "x2")):
        assert set(template.start) <= template.expr.free_symbols
        assert template.curves == ()
