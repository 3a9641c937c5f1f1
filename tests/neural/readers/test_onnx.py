"""ONNX files against the reference evaluator of the onnx package."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.testing import assert_allclose
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from kansym.neural.readers import onnx_files
from kansym.neural.readers import operations as ops
from kansym.neural.readers.black_box import black_box
from kansym.neural.readers.tracing import trace
from kansym.shared.errors import InputError, ModelFileError, UnsupportedModelError

X = np.random.default_rng(0).uniform(-1, 1, (200, 3)).astype(np.float32)
rng = np.random.default_rng(1)
CONSTANTS = {
    "A": rng.normal(size=(5, 3)),
    "B": rng.normal(size=(5, 2)),
    "a": rng.normal(size=5),
    "b": rng.normal(size=(1, 2)),
    "s": rng.uniform(0.5, 1.5, 5),
    "C": rng.normal(size=(1, 3)),
    "two": np.array(2.0),
    "low": np.array(-0.5),
    "high": np.array(0.8),
}


def model(nodes: list[onnx.NodeProto], output: int = 2) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "mlp",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, output])],
        [numpy_helper.from_array(v.astype(np.float32), k) for k, v in CONSTANTS.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def between(*nodes: onnx.NodeProto) -> onnx.ModelProto:
    """Nodes from u to v, between two affine maps."""
    first = helper.make_node("Gemm", ["x", "A", "a"], ["u"], transB=1, alpha=0.7, beta=1.3)
    last = [
        helper.make_node("MatMul", ["v", "B"], ["w"]),
        helper.make_node("Add", ["w", "b"], ["y"]),
    ]
    return model([first, *nodes, *last])


def test_a_graph_with_an_operator_that_is_not_known_is_asked_for_its_answers(tmp_path: Path):
    mean = helper.make_node("ReduceMean", ["u"], ["v"], keepdims=1)
    last = helper.make_node("Mul", ["u", "v"], ["y"])
    first = helper.make_node("Gemm", ["x", "A", "a"], ["u"], transB=1)
    proto = model([first, mean, last], output=5)
    onnx.save(proto, str(tmp_path / "model.onnx"))
    (exact,) = ReferenceEvaluator(proto).run(None, {"x": X})
    box = black_box(tmp_path / "model.onnx", X.astype(float))
    assert_allclose(box.answers(X.astype(float)), exact, rtol=1e-6)
    assert box.noise is None


def agree(proto: onnx.ModelProto, path: Path) -> None:
    onnx.save(proto, str(path / "model.onnx"))
    (exact,) = ReferenceEvaluator(proto).run(None, {"x": X})
    network = trace(path / "model.onnx", X)
    assert_allclose(network(X), exact, rtol=0, atol=2e-6)
    assert network.source == "ONNX mlp"


def node(kind: str, *inputs: str, **attributes: float) -> onnx.NodeProto:
    return helper.make_node(kind, inputs or ("u",), ["v"], **attributes)


PLAIN = """
Relu Tanh Sigmoid Softplus Softsign Selu HardSwish Mish Gelu Sin Cos Exp Abs Neg Erf Identity
"""
ELEMENTWISE = [node(kind) for kind in PLAIN.split()] + [
    node("LeakyRelu", alpha=0.2),
    node("Elu", alpha=0.6),
    node("Celu", alpha=0.6),
    node("PRelu", "u", "s"),
    node("Clip", "u", "low", "high"),
    node("Mul", "u", "s"),
    node("Div", "u", "s"),
    node("Sub", "u", "s"),
    node("Sub", "s", "u"),
    node("Mul", "two", "u"),
    node("Pow", "u", "two"),
    node("Mul", "u", "u"),
]


@pytest.mark.parametrize("layer", ELEMENTWISE, ids=[str(i) for i in range(len(ELEMENTWISE))])
def test_operators(layer: onnx.NodeProto, tmp_path: Path) -> None:
    agree(between(layer), tmp_path)


def test_batch_norm_skip_connections_and_joins(tmp_path: Path) -> None:
    norm = helper.make_node("BatchNormalization", ["u", "s", "a", "a", "s"], ["n"])
    tanh = helper.make_node("Tanh", ["n"], ["t"])
    agree(between(norm, tanh, node("Add", "t", "u")), tmp_path)
    silu = helper.make_node("Sigmoid", ["u"], ["t"])
    agree(between(silu, node("Mul", "t", "u")), tmp_path)
    relu = helper.make_node("Relu", ["x"], ["t"])
    join = helper.make_node("Concat", ["x", "t"], ["y"], axis=1)
    agree(model([relu, join], 6), tmp_path)


def test_a_gated_unit_written_in_parts_is_one_curve(tmp_path: Path) -> None:
    silu = helper.make_node("Sigmoid", ["u"], ["t"])
    onnx.save(between(silu, node("Mul", "t", "u")), str(tmp_path / "model.onnx"))
    network = trace(tmp_path / "model.onnx", X)
    assert len(network.edges) == 3 * 5 + 5 * 2
    assert all(node.kind != "product" for node in network.nodes)


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    with pytest.raises(ModelFileError, match="does not exist"):
        trace(path, X)
    path.write_bytes(b"not a network")
    with pytest.raises(ModelFileError, match="no valid ONNX file"):
        trace(path, X)
    onnx.save(between(node("Softmax")), str(path))
    with pytest.raises(UnsupportedModelError, match="operator Softmax is not known"):
        trace(path, X)
    onnx.save(between(node("Relu")), str(path))
    with pytest.raises(InputError, match="X has 2 columns but the model"):
        trace(path, X[:, :2])
    with pytest.raises(InputError, match="give X"):
        trace(path)


BROADCAST = helper.make_node("Gemm", ["x", "C"], ["c"], transB=1)


@pytest.mark.parametrize("kind", ["Mul", "Add", "Sub", "Div"])
def test_a_single_value_is_repeated_beside_many(kind: str, tmp_path: Path) -> None:
    soft = helper.make_node("Softplus", ["c"], ["p"])
    agree(between(BROADCAST, soft, node(kind, "u", "p")), tmp_path)
    agree(between(BROADCAST, soft, node(kind, "p", "s")), tmp_path)


def test_a_limit_on_one_side_only(tmp_path: Path) -> None:
    agree(between(node("Clip", "u", "", "high")), tmp_path)
    agree(between(node("Clip", "u", "low")), tmp_path)


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (node("Cast", to=TensorProto.INT64), "rounds"),
        (node("Flatten", axis=0), "joins the rows"),
        (node("BatchNormalization", "u", "s", "a", "a", "s", training_mode=1), "training mode"),
    ],
)
def test_what_would_be_read_as_another_function_is_refused(layer, reason, tmp_path) -> None:
    onnx.save(between(layer), str(tmp_path / "model.onnx"))
    with pytest.raises(UnsupportedModelError, match=reason):
        trace(tmp_path / "model.onnx", X)


def test_what_differs_from_the_reference_evaluator_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(onnx_files._OPERATORS, "Relu", lambda given, a: ops.map_by(np.abs)(a))
    onnx.save(between(node("Relu")), str(tmp_path / "model.onnx"))
    with pytest.raises(UnsupportedModelError, match="differs from its own answers: it gives"):
        trace(tmp_path / "model.onnx", X)
