"""Networks of known functions: values, exact derivatives, and refits that find the truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.symbolic.choosing.symbolic_network import Refit, SymbolicNetwork
from kansym.symbolic.choosing.wiring import Wiring
from kansym.symbolic.library.library import LIBRARY
from tests.wirings import TWO_LAYERS, WIRINGS, random_constants, random_functions

ROWS = np.random.default_rng(0).uniform(0.4, 1.2, (40, 2))


def drawn(wiring: Wiring, seed: int) -> tuple[SymbolicNetwork, np.ndarray, np.ndarray]:
    """A network with functions that are defined wherever it goes, and its constants."""
    rng = np.random.default_rng(seed)
    functions = random_functions(wiring, rng)
    constants, biases = random_constants(wiring, functions, rng)
    return SymbolicNetwork(wiring, functions), constants, biases


def rows_for(wiring: Wiring) -> np.ndarray:
    return ROWS[:, : wiring.n_inputs]


def by_hand(network: SymbolicNetwork, constants, biases, X) -> np.ndarray:
    """Outputs from the definition."""
    wiring = network.wiring
    nodes = list(X.T)
    for node in range(wiring.n_inputs, len(wiring.is_product)):
        parts = []
        for edge, target in enumerate(wiring.targets):
            if target == node:
                a, b, c, d = constants[edge]
                inner = a * nodes[wiring.sources[edge]] + b
                parts.append(c * network.functions[edge].numpy(inner) + d)
        total = np.prod(parts, axis=0) if wiring.is_product[node] else np.sum(parts, axis=0)
        nodes.append(total + biases[node])
    return np.stack([nodes[node] for node in wiring.outputs], axis=1)


@pytest.mark.parametrize("wiring", WIRINGS.values(), ids=WIRINGS)
@settings(max_examples=10)
@given(seed=st.integers(0, 1000))
def test_values_are_those_of_the_definition(wiring, seed):
    network, constants, biases = drawn(wiring, seed)
    X = rows_for(wiring)
    values = network.values(Refit(constants, biases, 0.0), X)
    np.testing.assert_allclose(
        values[:, list(wiring.outputs)], by_hand(network, constants, biases, X), rtol=1e-12
    )


@pytest.mark.parametrize("wiring", WIRINGS.values(), ids=WIRINGS)
@settings(max_examples=10)
@given(seed=st.integers(0, 1000))
def test_derivatives_are_those_of_finite_differences(wiring, seed):
    network, constants, biases = drawn(wiring, seed)
    X = rows_for(wiring)
    theta = np.concatenate([constants.ravel(), biases])
    for output in wiring.outputs:
        found = network._derivatives(theta, network._forward(theta, X), output)[:, network._free]
        assert found.shape == (len(X), len(network._free))
        columns = []
        for free in network._free:
            step = 1e-5 * max(1.0, abs(theta[free]))
            up, down = theta.copy(), theta.copy()
            up[free] += step
            down[free] -= step
            above, below = (network._forward(t, X).nodes[output] for t in (up, down))
            columns.append((above - below) / (2 * step))
        expected = np.stack(columns, axis=1)
        size = np.abs(expected).max() + 1
        np.testing.assert_allclose(found / size, expected / size, atol=2e-8)


@pytest.mark.parametrize("wiring", WIRINGS.values(), ids=WIRINGS)
def test_no_free_constant_is_redundant_at_the_edges_own_level(wiring):
    """Scales and shifts that a function can express by c and d are not free."""
    functions = [LIBRARY["x^2"], LIBRARY["exp"], LIBRARY["sin"]] * 4
    network = SymbolicNetwork(wiring, functions[: len(wiring.sources)])
    n_edges = len(wiring.sources)
    free = np.isin(np.arange(4 * n_edges), network._free).reshape(n_edges, 4)
    for edge in range(n_edges):
        function = network.functions[edge]
        product = wiring.is_product[wiring.targets[edge]]
        expected = [not function.scale_free, not function.shift_free, True, product]
        assert free[edge].tolist() == expected


def test_a_refit_finds_the_constants_of_a_planted_network():
    functions = [LIBRARY[name] for name in ("sin", "x^2", "exp")]
    network = SymbolicNetwork(TWO_LAYERS, functions)
    constants = np.array([[2.0, 0.3, 1.0, 0.0], [1.0, 0.2, 0.7, 0.0], [0.8, 0.0, 1.5, 0.0]])
    biases = np.array([0.0, 0.0, 0.1, -0.4])
    X = ROWS
    y = by_hand(network, constants, biases, X)
    start = constants * 1.05
    refit = network.refit(start, biases, X, y, steps=60)
    assert refit.error < 1e-6
    np.testing.assert_allclose(
        network.values(refit, X)[:, list(TWO_LAYERS.outputs)], y, rtol=1e-5, atol=1e-5
    )


def test_a_refit_never_ends_worse_than_it_began():
    rng = np.random.default_rng(5)
    for wiring in WIRINGS.values():
        network, constants, biases = drawn(wiring, 3)
        X = rows_for(wiring)
        y = rng.normal(size=(len(X), len(wiring.outputs)))
        residual = (by_hand(network, constants, biases, X) - y) / y.std(axis=0)
        first = float(np.sqrt(np.mean(residual**2)))
        assert network.refit(constants, biases, X, y).error <= first * (1 + 1e-12)


def test_a_function_outside_its_domain_has_infinite_error():
    network = SymbolicNetwork(TWO_LAYERS, [LIBRARY["log"], LIBRARY["x"], LIBRARY["exp"]])
    constants = np.tile([1.0, 0.0, 1.0, 0.0], (3, 1))
    constants[0, :2] = (-1.0, -1.0)
    refit = network.refit(constants, np.zeros(4), ROWS, ROWS[:, :1] ** 2)
    assert refit.error == float("inf")


def test_a_hopeless_refit_ends_early():
    network, constants, biases = drawn(TWO_LAYERS, 1)
    y = np.random.default_rng(0).normal(size=(len(ROWS), 1))
    patient = network.refit(constants, biases, ROWS, y, steps=300)
    hasty = network.refit(constants, biases, ROWS, y, steps=300, hopeless=1e-9)
    assert hasty.error >= patient.error > 1e-9
