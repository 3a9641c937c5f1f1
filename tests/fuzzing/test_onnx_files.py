"""Random ONNX graphs: what is read agrees with ONNX's own evaluator, or is refused."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from kansym.neural.readers.tracing import trace
from kansym.shared.errors import KansymError

QUICK, LONG = 60, 2000
TYPES = (TensorProto.INT64, TensorProto.BOOL, TensorProto.FLOAT16, TensorProto.DOUBLE)
ALONE = ("Relu", "Tanh", "Sigmoid", "Softplus", "Neg", "Abs", "Identity", "Exp", "Sin", "Erf")
MORE = ("Softmax", "Floor", "Sign", "Round", "Reciprocal", "Sqrt", "Log", "Not", "ReduceSum")


def any_node(rng: np.random.Generator, names: list[str], place: int) -> onnx.NodeProto:
    """A node of any kind on what there is, its attributes often odd."""
    first, second = rng.choice(names, 2)
    out = [f"n{place}"]
    constant = str(rng.choice(("one", "few", "row", "low", "high", "axes", "")))
    match int(rng.integers(12)):
        case 0 | 1:
            return helper.make_node(str(rng.choice(ALONE)), [first], out)
        case 2:
            return helper.make_node(str(rng.choice(MORE)), [first], out)
        case 3:
            limits = [str(each) for each in rng.choice(("", "low", "high"), rng.integers(3))]
            return helper.make_node("Clip", [first, *limits], out)
        case 4:
            return helper.make_node("Cast", [first], out, to=int(rng.choice(TYPES)))
        case 5 | 6:
            kind = str(rng.choice(("Add", "Sub", "Mul", "Div", "Pow")))
            pair = [first, str(rng.choice((second, constant or "one")))]
            return helper.make_node(kind, pair[:: int(rng.choice((1, -1)))], out)
        case 7:
            return helper.make_node("Flatten", [first], out, axis=int(rng.integers(-1, 3)))
        case 8:
            given = {"epsilon": float(rng.choice((1e-5, 0.5))), "training_mode": 0}
            if rng.random() < 0.3:
                given["training_mode"] = 1
            few = ["few", "few", "few", "spread"]
            return helper.make_node("BatchNormalization", [first, *few], out, **given)
        case 9:
            odd = {"alpha": float(rng.choice((1.0, 0.5))), "transA": int(rng.random() < 0.1)}
            weight = str(rng.choice(("square", "column", "wide")))
            bias = [constant] if rng.random() < 0.5 else []
            return helper.make_node("Gemm", [first, weight, *bias], out, transB=1, **odd)
        case 10:
            weight = str(rng.choice(("square", "wide", second)))
            return helper.make_node("MatMul", [first, weight], out)
        case _:
            return helper.make_node("Concat", [first, second], out, axis=int(rng.integers(-1, 3)))


def any_model(rng: np.random.Generator) -> onnx.ModelProto:
    """A graph of one to five such nodes."""
    nodes, names = [], ["x"]
    for place in range(int(rng.integers(1, 6))):
        nodes.append(any_node(rng, names, place))
        names.append(f"n{place}")
    constants = {
        "square": rng.normal(size=(3, 3)),
        "column": rng.normal(size=(1, 3)),
        "wide": rng.normal(size=(3, 5)),
        "few": rng.normal(size=3),
        "spread": rng.uniform(0.5, 2, 3),
        "row": rng.normal(size=(1, 3)),
        "one": np.array(float(rng.choice((0.0, 2.0, -1.5)))),
        "low": np.array(-0.5),
        "high": np.array(0.8),
    }
    made = [numpy_helper.from_array(v.astype(np.float32), k) for k, v in constants.items()]
    made.append(numpy_helper.from_array(np.array([1]), "axes"))
    graph = helper.make_graph(
        nodes,
        "any",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 3])],
        [helper.make_tensor_value_info(names[-1], TensorProto.FLOAT, [None, None])],
        made,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def look(seed: int, path) -> bool:
    """Whether a random graph was read; what was read is right."""
    rng = np.random.default_rng(seed)
    proto = any_model(rng)
    X = rng.uniform(-1, 1, (60, 3)).astype(np.float32)
    path.write_bytes(proto.SerializeToString())
    try:
        network = trace(path, X)
    except KansymError:
        return False
    with np.errstate(all="ignore"):
        own = [ReferenceEvaluator(proto).run(None, {"x": row[None]})[0] for row in X]
    exact = np.stack(own).reshape(len(X), -1)
    size = max(float(np.abs(exact).max()), 1e-6)
    np.testing.assert_allclose(network(X), exact, rtol=0, atol=1e-3 * size)
    return True


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("begin", "number"), [(0, QUICK), pytest.param(QUICK, LONG, marks=pytest.mark.slow)]
)
def test_a_graph_is_read_rightly_or_refused(begin, number, tmp_path):
    read = sum(look(seed, tmp_path / "any.onnx") for seed in range(begin, begin + number))
    assert read > number / 20  # not everything is refused


@pytest.mark.parametrize("number", [40, pytest.param(1500, marks=pytest.mark.slow)])
def test_a_damaged_file_is_refused_or_read_as_what_it_says(number, tmp_path):
    rng = np.random.default_rng(7)
    whole = any_model(np.random.default_rng(3)).SerializeToString()
    X = rng.uniform(-1, 1, (40, 3)).astype(np.float32)
    for _ in range(number):
        content = bytearray(whole)
        for place in rng.integers(0, len(content), int(rng.integers(1, 4))):
            content[place] = int(rng.integers(256))
        path = tmp_path / "any.onnx"
        path.write_bytes(content[: len(content) if rng.random() < 0.7 else rng.integers(99)])
        try:
            trace(path, X)
        except KansymError:
            continue
