"""Structure: what exact gradients say, trees as KANs, and formulas that no dense shape gave up."""

import numpy as np
import pytest
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.extraction.discovery import discover
from kansym.network.structure.search import find_structure
from kansym.network.structure.trees import Branch, Tree
from kansym.neural.training.tree_kans import draw_tree, fitted, trees_of
from kansym.symbolic.formulas.parsing import parse

ROWS = 600


def drawn(text: str, *, low: float = 1.0, high: float = 3.0, seed: int = 0, noise: float = 0.0):
    """Rows, values and gradient of a formula."""
    expression = parse(text)
    symbols = sorted(expression.free_symbols, key=lambda s: s.name)
    X = np.random.default_rng(seed).uniform(low, high, (ROWS, len(symbols)))
    parts = [expression, *(sympy.diff(expression, symbol) for symbol in symbols)]
    columns = [np.broadcast_to(sympy.lambdify(symbols, part)(*X.T), ROWS) for part in parts]
    gradient = np.stack(columns[1:], axis=1).astype(float)
    sizes = np.sqrt(np.mean(gradient**2, axis=0))
    errors = np.random.default_rng(seed + 1).normal(size=gradient.shape) * sizes
    return X, columns[0].astype(float), gradient + noise * errors


TREES = {
    "x1*x2/x3**2": "product",
    "sin(x1) + x2**2": "sum",
    "exp(x1*x2)": "sum",
    "x1*exp(-x2/x3)": "product",
    "sqrt((x1 - x2)**2 + (x3 - x4)**2)": "sum",
    "x1*x2 + x3*x4": "sum",
    "x1*(1 + x2*cos(x3))": "product",
    "1/(1/x1 + x2/x3)": "sum",
    "x1/sqrt(1 - x2**2/(9*x3)**2)": "product",
    "exp(-((x1 - x2)/x3)**2/2)/x3": "product",
    "x1*(1/x2 - 1/x3)": "product",
    "log(1 + x1**2 + x2**3)": "sum",
    "x1*tanh(x2*x3/x4)": "product",
}


@pytest.mark.parametrize("slope", [0.0, np.nan])
def test_gradients_that_say_nothing_show_no_structure(slope):
    X, f, gradient = drawn("x1*x2")
    tree = find_structure(X, f, np.full_like(gradient, slope))
    assert tree.unknown() is tree
    assert not tree.branches


@pytest.mark.parametrize("noise", [0.0, 1e-3])
@pytest.mark.parametrize("text", TREES)
def test_a_tree_is_found_and_computes_the_function(text, noise):
    X, f, gradient = drawn(text, noise=noise)
    tree = find_structure(X, f, gradient, tolerance=max(1e-2, 10 * noise))
    assert tree.unknown() is None
    assert tree.inputs() == set(range(X.shape[1]))
    with torch.no_grad():
        values = draw_tree(tree, X, grid=16)(torch.as_tensor(X))[:, 0].numpy()
    assert np.sqrt(np.mean((values - f) ** 2)) < 0.03 * f.std()


def test_inputs_that_do_not_matter_are_left_out():
    X, f, gradient = drawn("x1*x2 + 1e-9*x3")
    assert find_structure(X, f, gradient).inputs() == {0, 1}


def test_what_is_no_tree_stays_unknown_in_fewer_variables():
    X, f, gradient = drawn("x1*(x2 + x3*sin(2*x2*x3))")
    rest = find_structure(X, f, gradient).unknown()
    assert rest is not None
    assert len(rest.branches) == 2
    assert rest.values is not None
    assert len(rest.values) == len(rest.branches[0].x)


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(4)), st.integers(0, 1000))
def test_the_order_of_inputs_does_not_matter(order, seed):
    X, f, gradient = drawn("x1*x2**2 + log(x3 + x4)", seed=seed)
    tree = find_structure(X[:, order], f, gradient[:, order])

    def groups(node: Tree) -> set[frozenset[int]]:
        own = {frozenset(order[i] for i in branch.tree.inputs()) for branch in node.branches}
        return own.union(*(groups(branch.tree) for branch in node.branches))

    assert {frozenset({0, 1}), frozenset({2, 3})} <= groups(tree)


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_units_do_not_matter(factor):
    X, f, gradient = drawn("x1*(1/x2 - 1/x3)")
    plain = find_structure(X, f, gradient)
    scaled = find_structure(factor * X, 1e3 * f, 1e3 * gradient / factor)
    assert str(plain) == str(scaled)


@pytest.mark.parametrize("seed", range(6))
def test_the_sign_of_an_inner_quantity_does_not_matter(seed):
    """The sum of squares comes out with either sign, by rounding; the root belongs to it alone."""
    X, f, gradient = drawn("x1*sqrt(x2**2 + x3**2)", seed=seed)
    assert str(find_structure(X, f, gradient)) == "(?(?x2 + ?x3) * ?x1)"


def test_an_unknown_node_is_completed_in_place():
    leaves = [Tree("input", index=i) for i in range(3)]
    v = np.linspace(1, 2, 50)
    inner = Tree("product", (Branch(leaves[1], v, v, True), Branch(leaves[2], v, v, True)))
    unknown = Tree("any", (Branch(leaves[0], v, v, True), Branch(inner, v, v, True)), values=v)
    own = [Tree("input", index=i) for i in range(2)]
    found = Tree("sum", (Branch(own[0], v, v**2), Branch(own[1], v, np.sin(v))))
    assert str(unknown.completed(found, 1e-2)) == "(?(x2 * x3) + ?x1)"


def test_surrogates_show_a_tree_that_is_right():
    X, y, _ = drawn("x1*sqrt(x2**2 + x3**2)")
    errors = []
    for tree in trees_of(X, y, hidden=(12, 12), seconds=60):
        _, error = fitted(tree, X, y, seconds=60)
        errors.append(error)
        if error < 1e-4:
            break
    assert min(errors) < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["x1*(1/x2 - 1/x3)", "sqrt((x1 - x2)**2 + (x3 - x4)**2)", "x1*x2 + x3*x4"]
)
def test_a_formula_is_discovered(text):
    X, y, _ = drawn(text)
    found = discover(X, y, seconds=60, progress=False).result.expr
    truth = parse(text)
    names = {symbol.name: symbol for symbol in found.free_symbols}
    assert (
        sympy.simplify(found - truth.xreplace({s: names[s.name] for s in truth.free_symbols})) == 0
    )
