"""Networks: what they compute, and the laws of condensing."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from kansym.extraction import extract
from kansym.network.activations import relu
from kansym.network.condensing.condense import READABLE_EDGES, condense
from kansym.network.network import Edge, Network, Node
from kansym.network.stages import Add, Inputs, Stage
from kansym.neural.models.kan import KAN, EdgeKind
from kansym.neural.models.mlp import MLP
from kansym.neural.readers.tracing import trace
from kansym.neural.rewriting.kan_as_maxout import to_maxout
from kansym.neural.rewriting.kan_as_mlp import to_mlp
from kansym.results.report import report
from kansym.shared.errors import InputError
from kansym.shared.status import Status
from tests.disguises import disguised

WIDTHS = st.lists(
    st.one_of(st.integers(1, 3), st.sampled_from([(1, 1), (0, 2), (2, 1), (0, 1)])),
    min_size=1,
    max_size=3,
)


def sample(n_inputs: int, seed: int = 0, rows: int = 200) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1.5, 1.5, (rows, n_inputs))


def forward(model: torch.nn.Module, X: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return model(torch.tensor(X)).numpy()


def condensed(stage: Stage, X: np.ndarray, **options: float) -> Network:
    inputs = tuple(f"x{i + 1}" for i in range(X.shape[1]))
    outputs = tuple(f"y{i + 1}" for i in range(stage.width))
    return condense(stage, X, inputs=inputs, outputs=outputs, **options)


def shape(network: Network) -> dict[str, str]:
    return {node.name: node.kind for node in network.nodes if node.kind != "input"}


@st.composite
def kans(draw: st.DrawFn) -> KAN:
    """KANs of any sparse shape: absent, straight and fixed edges among the splines."""
    n_inputs, seed = draw(st.integers(1, 3)), draw(st.integers(0, 10**6))
    widths = [n_inputs, *draw(WIDTHS)]
    model = KAN(widths, grid=draw(st.integers(1, 5)), degree=draw(st.integers(1, 3)), seed=seed)
    rng = np.random.default_rng(seed)
    with torch.no_grad():
        for position, layer in enumerate(model.kan_layers):
            layer.bias.copy_(torch.tensor(rng.normal(size=layer.n_out)))
            layer.coef += 0.3 * torch.tensor(rng.normal(size=layer.coef.shape))
            for target in range(layer.n_out):
                for source in range(layer.n_in):
                    change_edge(model, (position, target, source), rng)
    return model


def change_edge(model: KAN, place: tuple[int, int, int], rng: np.random.Generator) -> None:
    kind = rng.choice(["spline"] * 5 + ["absent", "straight", "fixed"])
    if kind == "absent":
        model.set_edge(*place, EdgeKind.ABSENT)
    elif kind == "straight":
        model.set_edge(*place, EdgeKind.STRAIGHT, float(rng.normal()))
    elif kind == "fixed":
        model.fix_edge(*place, ("sin", "x"), tuple(rng.uniform(0.5, 1.5, 4).tolist()))


# -- one network for one function ------------------------------------------------------------


@given(model=kans(), seed=st.integers(0, 10**6))
@settings(max_examples=60)
def test_an_mlp_form_however_it_is_disguised_is_the_network_of_its_kan(
    model: KAN, seed: int
) -> None:
    X = sample(model.kan_layers[0].n_in, seed)
    network = trace(model, X)
    assert_allclose(network(X), forward(model, X), rtol=1e-9, atol=1e-9)
    mlp = disguised(to_mlp(model), seed)
    assert_allclose(forward(mlp, X), forward(model, X), rtol=1e-9, atol=1e-9)
    assert network.difference(trace(mlp, X)) < 1e-8


@pytest.mark.parametrize("activation", ["relu", "tanh", "silu", "gelu", "softplus", "sin"])
@pytest.mark.parametrize("seed", range(3))
def test_shuffling_and_rescaling_hidden_units_changes_nothing(activation: str, seed: int) -> None:
    model, X = MLP([3, 6, 4, 2], activation=activation, seed=seed), sample(3, seed)
    network = trace(model, X)
    assert_allclose(network(X), forward(model, X), rtol=1e-12, atol=1e-12)
    other = disguised(torch.nn.Sequential(*model), seed)
    assert network.difference(trace(other, X)) < 1e-8


@pytest.mark.parametrize("widths", [[2, 3, 1], [3, 2, 2, 2]])
def test_a_maxout_form_is_the_network_of_its_kan(widths: list[int]) -> None:
    model, X = KAN(widths, grid=4, degree=1, seed=1), sample(widths[0])
    assert trace(model, X).difference(trace(to_maxout(model), X)) < 1e-8


def test_a_single_precision_form_is_the_network_of_its_kan_to_single_precision() -> None:
    model, X = KAN([2, 3, 1], dtype=torch.float32, seed=2), sample(2)
    assert trace(model, X).difference(trace(to_mlp(model), X)) < 1e-4


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_curves_are_exact_far_from_the_sample(degree: int) -> None:
    model, X = KAN([3, 4, 2], degree=degree, seed=degree), sample(3)
    far, network = 50 * X, trace(model, X)
    assert_allclose(network(far), forward(model, far), rtol=1e-9, atol=1e-9)


# -- the gauge -----------------------------------------------------------------------------------


@given(model=kans(), seed=st.integers(0, 10**6))
@settings(max_examples=30)
def test_hidden_sums_are_standardised_and_densities_and_importances_are_shares(
    model: KAN, seed: int
) -> None:
    X = sample(model.kan_layers[0].n_in, seed)
    network = trace(model, X)
    values = network.values(X)
    hidden = [n for n in network.nodes if n.kind == "sum" and n.name not in network.outputs]
    for node in hidden:
        assert_allclose([values[node.name].mean(), values[node.name].std()], [0, 1], atol=1e-9)
        assert node.bias == 0.0
    into: dict[str, float] = {}
    for edge in network.edges:
        assert len(edge.x) == len(edge.y) == len(edge.density) == 128
        assert (np.diff(edge.x) > 0).all()
        assert_allclose(edge.density.sum(), 1.0, atol=1e-12)
        assert_allclose(edge.function(edge.x), edge.y, atol=1e-9 * (1 + np.abs(edge.y).max()))
        into[edge.target] = into.get(edge.target, 0.0) + edge.importance
    assert_allclose(list(into.values()), 1.0, atol=1e-9)


def test_few_distinct_values_are_all_points_and_carry_all_weight() -> None:
    X = np.random.default_rng(0).integers(1, 6, (500, 2)).astype(float)
    network = trace(KAN([2, 1], domain=(1, 5)), X)
    for edge in network.edges:
        weighted = edge.x[edge.density > 0]
        assert_allclose(weighted, [1, 2, 3, 4, 5], atol=1e-12)


# -- what is folded, dropped, merged -------------------------------------------------------------


def test_parallel_units_share_a_node_whatever_their_scale_and_sign() -> None:
    weight = np.array([[1.0, 2.0], [-2.0, -4.0], [0.5, 1.0], [1.0, 0.0]])
    stage = Inputs(2).dense(weight, np.arange(4.0)).elementwise(np.tanh).dense(np.ones((1, 4)))
    X = sample(2)
    network = condensed(stage, X)
    assert shape(network) == {"h1.1": "sum", "y1": "sum"}
    assert len(network.edges) == 4  # two into the node, one from x1, one from the node
    assert_allclose(network(X), stage.evaluate(X), atol=1e-12)


def test_a_pair_of_opposite_units_is_a_straight_edge() -> None:
    pair = Inputs(1).dense(np.array([[1.0], [-1.0]])).elementwise(relu)
    network = condensed(pair.dense(np.array([[3.0, -3.0]]), np.ones(1)), sample(1))
    (edge,) = network.edges
    assert edge.straight
    assert_allclose(edge.function(np.array([100.0, -100.0])) + network.nodes[-1].bias, [301, -299])


def test_dead_units_and_constant_layers_disappear() -> None:
    X = sample(2)
    stage = Inputs(2).dense(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0.0, -100.0]))
    dead = stage.elementwise(relu).dense(np.array([[1.0, 5.0]]))
    network = condensed(dead, X)
    assert [(edge.source, edge.target) for edge in network.edges] == [("x1", "y1")]
    nothing = condensed(Inputs(2).dense(np.zeros((1, 2)), np.array([7.0])), X)
    assert nothing.edges == ()
    assert_allclose(nothing(X), 7.0)


def test_linear_layers_in_a_row_are_one() -> None:
    X, rng = sample(3), np.random.default_rng(1)
    stage = Inputs(3)
    for n_in, n_out in [(3, 5), (5, 4), (4, 2)]:
        stage = stage.dense(rng.normal(size=(n_out, n_in)), rng.normal(size=n_out))
    network = condensed(stage, X)
    assert shape(network) == {"y1": "sum", "y2": "sum"}
    assert all(edge.straight for edge in network.edges)


@pytest.mark.parametrize("arity", [2, 3, 4, 5])
def test_products_of_any_arity_are_found_in_their_squares(arity: int) -> None:
    model, X = KAN([arity, (0, 1), 1], grid=3, degree=2, seed=arity), sample(arity)
    network = trace(to_mlp(model), X)
    assert list(shape(network).values()) == ["product", "sum"]
    assert len(network.edges) == arity + 1
    assert network.difference(trace(model, X)) < 1e-8


def test_a_product_is_found_among_squares_of_other_sums() -> None:
    rows = np.array([[1.0, 1.0], [1.0, -1.0], [1.0, 2.0]])
    stage = Inputs(2).dense(rows).elementwise(np.square).dense(np.array([[0.25, -0.25, 0.0]]))
    network = condensed(stage, sample(2))
    assert shape(network) == {"y1": "product"}
    squares = Inputs(2).dense(rows[:2]).elementwise(np.square).dense(np.ones((1, 2)))
    assert "product" not in shape(condensed(squares, sample(2))).values()


def test_skip_connections_become_edges_past_a_layer() -> None:
    inputs = Inputs(2)
    body = inputs.dense(np.array([[1.0, 1.0]])).elementwise(np.tanh)
    skip = Add((body, inputs.dense(np.array([[0.0, 1.0]]))))
    X = sample(2)
    network = condensed(skip, X)
    assert {(e.source, e.target) for e in network.edges} == {
        ("x1", "h1.1"),
        ("x2", "h1.1"),
        ("h1.1", "y1"),
        ("x2", "y1"),
    }
    assert_allclose(network(X), skip.evaluate(X), atol=1e-12)


def test_a_fixed_function_is_known_on_its_edge_in_both_forms() -> None:
    model, X = KAN([2, 2, 1], seed=0), sample(2)
    model.fix_edge(1, 0, 1, ("exp", "x"), (0.5, 0.1, 2.0, -1.0))
    for form in (model, to_mlp(model)):
        fixed = [edge.fixed for edge in trace(form, X).edges if edge.fixed is not None]
        assert fixed == [("exp", "x")]


# -- drifted copies ------------------------------------------------------------------------------


def drifted(noise: float) -> torch.nn.Sequential:
    mlp = to_mlp(KAN([2, 3, 1], grid=4, degree=1, seed=3))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in mlp.parameters():
            drawn = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
            parameter += noise * parameter.abs().mean() * drawn
    return mlp


def test_copies_that_drifted_are_merged_within_a_tolerance_and_the_cost_is_stated() -> None:
    X, mlp = sample(2, rows=500), drifted(1e-4)
    apart = trace(mlp, X)
    merged = trace(mlp, X, tolerance=1e-2)
    assert len(merged.edges) == 9 < len(apart.edges)
    (finding,) = merged.findings
    assert finding.status is Status.MERGED_APPROXIMATELY
    exact = forward(mlp, X)
    assert_allclose(apart(X), exact, atol=1e-12)
    change = np.sqrt(np.mean((merged(X) - exact) ** 2)) / exact.std()
    assert 0 < change < 1e-2
    before, after = re.findall(r"by (\S+?e[-+]\d+)", finding.detail)
    assert float(before) < 1e-12
    assert f"{change:.1e}" == after
    assert "(R² = 1), after" in finding.detail
    lost = re.search(r"after it by \S+ \(R² = ([\d.]+)\)", finding.detail)
    assert lost is not None
    assert 1 - float(lost[1]) == pytest.approx(change**2, rel=0.1)


def test_a_result_and_its_report_state_the_cost_of_merging(tmp_path: Path) -> None:
    X = sample(2, rows=300)
    settings = {"tolerance": 0.03, "budget": 0.5, "progress": False}
    result = extract(drifted(1e-3), X, reading="weights", **settings)
    (finding,) = [one for one in result.status if one.status is Status.MERGED_APPROXIMATELY]
    assert str(finding) in str(result)
    for ending in ("html", "md"):
        text = report(result, tmp_path / f"r.{ending}").read_text(encoding="utf-8")
        assert "before, the network differed from the model by" in text
        assert "R² = 0.9" in text


# -- the object ----------------------------------------------------------------------------------


def test_a_network_that_nobody_reads_says_so() -> None:
    network = trace(MLP([5, 30, 30, 1], seed=0), sample(5))
    assert len(network.edges) > READABLE_EDGES
    assert [finding.status for finding in network.findings] == [Status.NOT_READABLE]
    assert f"{len(network.edges)} edges" in str(network.findings[0])


def test_rows_of_another_width_are_refused() -> None:
    network = trace(MLP([2, 3, 1]), sample(2))
    with pytest.raises(InputError, match="3 columns but the network has 2 inputs"):
        network(sample(3))


def test_edges_must_lead_forward() -> None:
    x = np.linspace(0, 1, 4)
    edge = Edge("y", "x1", np.square, x, x**2, np.full(4, 0.25), 1.0)
    parts = {"nodes": [Node("x1", "input"), Node("y", "sum")], "edges": [edge]}
    with pytest.raises(InputError, match="does not lead from one node to a later one"):
        Network.from_parts(**parts, inputs=("x1",), outputs=("y",), sample=x[:, None])


def test_networks_of_different_form_are_infinitely_different() -> None:
    X = sample(2)
    one, other = trace(KAN([2, 3, 1]), X), trace(KAN([2, 2, 1]), X)
    assert one.difference(one) == 0.0
    assert one.difference(other) == np.inf
    assert trace(KAN([2, 3, 1], seed=1), X).difference(one) > 1e-3
