"""Products that a network holds at an arbitrary power, given back as functions of the library."""

import numpy as np
import pytest

from kansym.network.network import Edge, Network, Node
from kansym.symbolic.choosing.product_powers import rewrite_product_powers
from tests.planted_edges import SOME


def planted(power: float) -> Network:
    """(exp(x1) sin(x2)) ** power as a node, and its inverse power, squared, behind it."""
    X = np.random.default_rng(0).uniform(0.3, 2.0, (500, 2))
    factors = (lambda x: np.exp(1.2 * x) ** power, lambda x: np.sin(x + 0.2) ** power)

    def after(p):
        return (np.abs(p) ** (1 / power) + 0.5) ** 2

    product = factors[0](X[:, 0]) * factors[1](X[:, 1])
    edges = [
        drawn("x1", "h", factors[0], X[:, 0]),
        drawn("x2", "h", factors[1], X[:, 1]),
        drawn("h", "y", after, product),
    ]
    nodes = [Node("x1", "input"), Node("x2", "input"), Node("h", "product"), Node("y", "sum")]
    return Network.from_parts(
        nodes=nodes, edges=edges, inputs=["x1", "x2"], outputs=["y"], sample=X
    )


def drawn(source, target, function, values) -> Edge:
    """An edge on the range of its source."""
    x = np.linspace(values.min(), values.max(), 128)
    return Edge(source, target, function, x, function(x), np.full(128, 1 / 128), 1.0)


@pytest.mark.parametrize("power", [0.7, 0.35, -1.4])
def test_the_power_is_found_and_the_function_kept(power):
    network = planted(power)
    rewritten = rewrite_product_powers(network, SOME)
    np.testing.assert_allclose(rewritten(network.sample), network(network.sample), rtol=1e-10)
    (factor,) = (edge for edge in rewritten.edges if edge.source == "x1")
    rate = np.log(factor.y[-1] / factor.y[0]) / (factor.x[-1] - factor.x[0])
    assert rate == pytest.approx(1.2, rel=1e-3)


def summed(scale: float, after) -> Network:
    """scale (log(sin(x1 + 0.2)) + 2 log(x2)) as a node, and a function behind it."""
    X = np.random.default_rng(0).uniform(0.3, 1.2, (500, 2))

    def first(x):
        return scale * np.log(np.sin(x + 0.2))

    def second(x):
        return 2 * scale * np.log(x)

    total = first(X[:, 0]) + second(X[:, 1])
    edges = [
        drawn("x1", "h", first, X[:, 0]),
        drawn("x2", "h", second, X[:, 1]),
        drawn("h", "y", lambda s: after(s / scale), total),
    ]
    nodes = [Node("x1", "input"), Node("x2", "input"), Node("h", "sum"), Node("y", "sum")]
    return Network.from_parts(
        nodes=nodes, edges=edges, inputs=["x1", "x2"], outputs=["y"], sample=X
    )


@pytest.mark.parametrize("scale", [0.3, 1.0, -4.0])
def test_a_sum_of_logarithms_is_a_product_of_what_the_library_knows(scale):
    network = summed(scale, lambda s: np.arcsin(0.6 * np.exp(s)))
    rewritten = rewrite_product_powers(network, SOME)
    (node,) = (node for node in rewritten.nodes if node.name == "h")
    assert node.kind == "product"
    np.testing.assert_allclose(rewritten(network.sample), network(network.sample), rtol=1e-10)
    (factor,) = (edge for edge in rewritten.edges if edge.source == "x2")
    power = np.log(factor.y[-1] / factor.y[0]) / np.log(factor.x[-1] / factor.x[0])
    assert abs(power) == pytest.approx(2.0, rel=1e-3)


def test_a_product_of_exponentials_is_a_sum_of_what_the_library_knows():
    """exp(0.4 sin(3 x1)) exp(0.4 tanh(2 x2)), followed by atan of the logarithm."""
    X = np.random.default_rng(0).uniform(0.3, 2.0, (500, 2))

    def first(x):
        return np.exp(0.4 * np.sin(3 * x))

    def second(x):
        return np.exp(0.4 * np.tanh(2 * x))

    product = first(X[:, 0]) * second(X[:, 1])
    edges = [
        drawn("x1", "h", first, X[:, 0]),
        drawn("x2", "h", second, X[:, 1]),
        drawn("h", "y", lambda p: np.arctan(np.log(p) / 0.4), product),
    ]
    nodes = [Node("x1", "input"), Node("x2", "input"), Node("h", "product"), Node("y", "sum")]
    network = Network.from_parts(
        nodes=nodes, edges=edges, inputs=["x1", "x2"], outputs=["y"], sample=X
    )
    rewritten = rewrite_product_powers(network, SOME)
    assert next(node.kind for node in rewritten.nodes if node.name == "h") == "sum"
    np.testing.assert_allclose(rewritten(X), network(X), rtol=1e-10)


def plain_sum() -> Network:
    """log(x1) + 2 log(x2), followed by tanh."""
    network = summed(1.0, np.tanh)
    first, *others = network.edges
    return network.rebuilt(network.nodes, [drawn("x1", "h", np.log, first.x), *others])


@pytest.mark.parametrize("network", [planted(1.0), plain_sum()], ids=["product", "sum"])
def test_what_the_library_explains_is_left_alone(network):
    assert rewrite_product_powers(network, SOME) is network
