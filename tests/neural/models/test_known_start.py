"""Known starts: the KAN of an expression equals it, keeps its shape in training, gives it back."""

import copy

import numpy as np
import pandas as pd
import pytest
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.extraction import extract
from kansym.neural.models.kan import KAN, EdgeKind
from kansym.neural.models.loading import load
from kansym.neural.training.free_parameters import FreeParameters
from kansym.neural.training.jacobians import row_jacobian_of
from kansym.neural.training.training import train
from kansym.shared.errors import InputError, ModelFileError
from kansym.shared.status import Status
from kansym.symbolic.formulas.parsing import parse
from kansym.symbolic.measurements.formula_fitting import fit_formula

INPUTS = ("x", "y", "z")
WITHIN = (0.5, 2.0)
VALUES = {"a": 1.3, "b": 0.7, "n": 1.6}


def rows(n: int = 60, inputs: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(*WITHIN, (n, inputs))


def value_of(model: KAN, X: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return model(torch.tensor(X).to(model.domain)).numpy()[:, 0]


def truth_of(text: str, inputs: tuple[str, ...], X: np.ndarray, constants: dict) -> np.ndarray:
    expression = parse(text).subs(constants)
    function = sympy.lambdify(list(map(sympy.Symbol, inputs)), expression, ["numpy", "scipy"])
    return np.broadcast_to(function(*X.T), len(X))


@st.composite
def expressions(draw, depth: int = 3) -> str:
    """Sums, products, quotients, powers and nested functions that are defined on the rows."""
    if depth == 0:
        return draw(st.sampled_from([*INPUTS, *INPUTS, *VALUES, "2", "0.3"]))
    part = expressions(depth - 1)
    form = draw(st.sampled_from([
        "({0} + {1})", "({0} - {1})", "{0}*{1}", "{0}/(1 + ({1})**2)", "({0})**2", "({0})**3",
        "sin({0})", "exp(-({0})**2)", "sqrt(1 + ({0})**2)", "log(2 + cos({0}))", "atan({0})",
        "(0.1 + abs({0}))**n", "tanh({0})*a", "max({0}, {1})", "min({0}, b)", "({0} + a)*({1} + a)",
        "a**sin({0})", "exp(sin({0}))**b",
    ]))  # fmt: skip
    return form.format(draw(part), draw(part))


@settings(deadline=None, max_examples=25)
@given(expressions())
def test_the_kan_of_an_expression_equals_it(text):
    found = parse(text)
    names = {symbol.name for symbol in found.free_symbols}
    constants = {name: value for name, value in VALUES.items() if name in names}
    X = rows()
    expected = truth_of(text, INPUTS, X, constants)
    if not names & set(INPUTS):
        with pytest.raises(InputError, match="has no input"):
            KAN.from_expression(text, INPUTS, constants=constants, X=X)
        return
    if not np.isfinite(expected).all() or np.abs(expected).max() > 1e6:
        return
    model = KAN.from_expression(text, INPUTS, constants=constants, X=X)
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(value_of(model, X), expected, rtol=0, atol=1e-12 * scale)
    for name, value in constants.items():
        assert model.constants[name] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "widths"),
    [
        ("a*exp(-x**2/b) + ?(y)", (2, 2, 1)),
        ("?(x)*exp(y)", (2, (0, 1))),
        ("?(x+y)", (2, 1, 1)),
        ("2*x*y", (2, (0, 1))),
        ("x", (1, 1)),
        ("sqrt((x - y)**2 + z**2)", (3, 2, 1, 1)),
    ],
)
def test_the_network_is_the_one_that_a_person_would_draw(text, widths):
    names = [name for name in "ab" if name in text.replace("exp", "").replace("sqrt", "")]
    model = KAN.from_expression(text, constants=dict.fromkeys(names, 1.0), domain=WITHIN)
    assert model.widths == widths


def test_unknown_parts_are_splines_and_everything_else_is_known():
    model = KAN.from_expression("a*sin(x) + x*?(y)", constants={"a": 2.0}, domain=WITHIN)
    kinds = [int((layer.kind == EdgeKind.SPLINE).sum()) for layer in model.kan_layers]
    assert sum(kinds) == 1
    spline = next(layer for layer, n in zip(model.kan_layers, kinds, strict=True) if n)
    assert len(FreeParameters.of(model)) == spline.grid + spline.degree + 1
    X = rows(inputs=2)
    with torch.no_grad():
        for layer in model.kan_layers:
            layer.coef.fill_(0.25)
    np.testing.assert_allclose(value_of(model, X), 2 * np.sin(X[:, 0]) + 0.25 * X[:, 0], atol=1e-12)


def test_a_constant_in_two_places_stays_one():
    """s is tied: however training moves it, the Gaussian stays normalised."""
    model = KAN.from_expression("exp(-x**2/(2*s**2))/(sqrt(2*pi)*s)", constants={"s": 1.0})
    free = FreeParameters.of(model)
    assert len(free) == 1
    free.set(torch.tensor([1.7], dtype=torch.float64))
    assert model.constants == {"s": pytest.approx(1.7)}
    X = rows(inputs=1)
    expected = np.exp(-(X[:, 0] ** 2) / (2 * 1.7**2)) / (np.sqrt(2 * np.pi) * 1.7)
    np.testing.assert_allclose(value_of(model, X), expected, rtol=1e-12)


@pytest.mark.parametrize(
    "text", ["a*exp(-x**2/b) + ?(y)", "a/(1 + exp(-(x - b)/n)) * ?(x*y)", "(x + a)*(y + a)**n + b"]
)
def test_its_jacobian_is_the_slope_of_its_output(text):
    constants = {name: VALUES[name] for name in VALUES if name in text.replace("exp", "")}
    model = KAN.from_expression(text, constants=constants, domain=WITHIN)
    X = torch.as_tensor(rows(9, len(model.input_names)))
    jacobian = row_jacobian_of(model)
    assert jacobian is not None
    _, columns = jacobian(X)
    free = FreeParameters.of(model)
    theta = free.get()
    assert columns.shape == (9, 1, len(theta))
    for number in range(len(theta)):
        moved = theta.clone()
        values = []
        for step in (1e-6, -1e-6):
            moved[number] = theta[number] + step
            free.set(moved)
            values.append(model(X).detach())
        free.set(theta)
        slope = (values[0] - values[1]) / 2e-6
        torch.testing.assert_close(columns[:, :, number], slope, atol=1e-6, rtol=1e-6)


# -- files ----------------------------------------------------------------------------------------


def test_a_known_start_survives_a_file(tmp_path):
    model = KAN.from_expression(
        "a*exp(-x**2/b) + (y + n)*?(x + n)", constants=VALUES, domain=WITHIN, seed=3
    )
    model.save(tmp_path / "start.safetensors")
    again = load(tmp_path / "start.safetensors")
    X = torch.as_tensor(rows(inputs=2))
    torch.testing.assert_close(again(X), model(X), atol=0, rtol=0)
    assert again.known_start
    assert again.constants == model.constants
    assert again.known_constants == model.known_constants
    assert again.input_names == ("x", "y")
    assert len(FreeParameters.of(again)) == len(FreeParameters.of(model))


@pytest.mark.parametrize(
    "damage",
    [
        lambda start: start["constants"].update(a=[0, 0, 0, "q", "x"]),
        lambda start: start["constants"].update(a=[9, 0, 0, "a", "x"]),
        lambda start: start["constants"].update(a=[0, 0, 0, "a", ["exec", "x"]]),
        lambda start: start["free"][0].update({"0_0": [True]}),
        lambda start: start["frozen_bias"].pop(),
        lambda start: start.pop("free"),
    ],
    ids=range(6),
)
def test_a_damaged_start_is_refused(tmp_path, damage, monkeypatch):
    import kansym.neural.models.kan as files

    model = KAN.from_expression("sin(a*x)", constants={"a": 1.5})
    honest = files.kan_header

    def damaged(model):
        header = honest(model)
        damage(header["known_start"])
        return header

    monkeypatch.setattr(files, "kan_header", damaged)
    model.save(tmp_path / "start.safetensors")
    with pytest.raises(ModelFileError, match="damaged"):
        load(tmp_path / "start.safetensors")


# -- training and extraction ----------------------------------------------------------------------


def planted(text: str, inputs: tuple[str, ...], n: int = 500) -> tuple[pd.DataFrame, np.ndarray]:
    X = np.random.default_rng(5).uniform(-2, 2, (n, len(inputs)))
    return pd.DataFrame(X, columns=list(inputs)), truth_of(text, inputs, X, {})


@pytest.mark.parametrize(
    ("start", "constants", "truth", "found"),
    [
        (
            "a*exp(-x**2/b) + ?(y)",
            {"a": 1.0, "b": 1.0},
            "2.5*exp(-x**2/1.3) + sin(3*y)",
            {"a": 2.5, "b": 1.3},
        ),
        ("?(x)*exp(k*y)", {"k": 1.0}, "sin(2*x)*exp(-0.7*y)", {"k": -0.7}),
        (
            "a*sin(w*x) + ?(x + y)",
            {"a": 1.0, "w": 2.0},
            "1.7*sin(3.1*x) + exp(x + y)",
            {"a": 1.7, "w": 3.1},
        ),
    ],
)
def test_a_planted_law_is_completed(start, constants, truth, found):
    X, y = planted(truth, ("x", "y"))
    model = KAN.from_expression(start, ("x", "y"), constants=constants, X=X)
    shape, kinds = model.widths, [layer.kind.clone() for layer in model.kan_layers]
    history = train(model, X, y, progress=False)
    assert history.error < 1e-3
    assert model.widths == shape
    for layer, before in zip(model.kan_layers, kinds, strict=True):
        assert torch.equal(layer.kind, before)
    for name, value in found.items():
        assert model.constants[name] == pytest.approx(value, rel=1e-3)
    result = extract(model, X, y, progress=False)
    fresh, expected = planted(truth, ("x", "y"), 700)
    np.testing.assert_allclose(result.predict(fresh), expected, atol=1e-8)
    assert not any(formula.curves for formula in result.formulas)


def test_written_numbers_stay_and_named_ones_move():
    X, y = planted("3*sin(2*x)", ("x",))
    model = KAN.from_expression("a*sin(2*x)", constants={"a": 1.0}, X=X)
    train(model, X, y, progress=False)
    assert model.constants["a"] == pytest.approx(3.0, rel=1e-6)
    np.testing.assert_allclose(value_of(model, X.to_numpy()), y, atol=1e-6)


def test_constants_far_from_the_start_are_found_by_starts_nearby():
    X, y = planted("1.5*sin(3.5*x) + y", ("x", "y"))
    model = KAN.from_expression("a*sin(w*x) + y", constants={"a": 1.0, "w": 1.0}, X=X)
    train(model, X, y, progress=False)
    assert abs(model.constants["w"]) == pytest.approx(3.5, rel=1e-3)


def test_training_goes_on_where_it_was():
    X, y = planted("2*exp(-x**2) + y**3", ("x", "y"))
    model = KAN.from_expression("a*exp(-x**2) + ?(y)", constants={"a": 1.0}, X=X)
    train(model, X, y, progress=False)
    before = copy.deepcopy(model)
    history = train(model, X, y, progress=False)
    assert model.known_start
    assert history.validation < 1e-5
    assert model.constants["a"] == pytest.approx(before.constants["a"], rel=1e-3)


@pytest.mark.parametrize("optimiser", ["lbfgs", "adam"])
def test_first_order_training_holds_what_is_known(optimiser):
    X, y = planted("2*exp(-x**2) + y**3", ("x", "y"))
    model = KAN.from_expression("a*exp(-x**2) + ?(y)", constants={"a": 1.0}, X=X)
    train(model, X, y, optimiser=optimiser, steps=5, progress=False)
    assert all(
        edge.constants[:2].tolist() in ([1.0, 0.0], [-1.0, 0.0])
        for layer in model.kan_layers
        for _, _, edge in layer.symbol_edges()
    )


# -- input that cannot be used --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "settings", "sentence"),
    [
        ("a*x + ?(y)", {"inputs": ("x", "y")}, "the name 'a', which is neither an input"),
        ("a*x", {"constants": {"a": 1, "b": 2}}, "'b' does not occur"),
        ("a + 2", {"constants": {"a": 1}}, "has no input"),
        ("a*x", {"constants": {"a": "one"}}, "starts at 'one'"),
        ("a*x", {"constants": {"a": np.nan}}, "finite number to start from"),
        ("a*x", {"inputs": ("x", "a"), "constants": {"a": 1}}, "'a' is given twice"),
        ("x + y", {"inputs": ("x", "x")}, "'x' is given twice"),
        ("sqrt(x)", {}, "not finite on"),
        ("1/x", {"X": np.zeros((5, 1))}, "not finite on 5 of 5 rows, such as x=0"),
        ("x*y", {"X": np.ones((5, 3))}, "3 columns"),
        ("x*y", {"X": pd.DataFrame({"x": [1.0], "t": [2.0]})}, "no column 'y'"),
        ("x", {"X": np.ones((5, 1)), "domain": (0, 1)}, "Both X and domain"),
        ("x", {"domain": (1, 0)}, "domain"),
        ("besselj(x, y)", {}, "no function of one argument"),
        ("?(x, y)", {}, "takes 1 argument"),
        ("x +", {}, "ends too early"),
        ("__import__('os')", {}, "cannot be read"),
        (3, {}, "A formula is text"),
    ],
)
def test_bad_input_gets_one_sentence(text, settings, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        KAN.from_expression(text, **settings)
    assert "\n" not in str(caught.value)


def test_columns_of_a_frame_are_found_by_name():
    X = pd.DataFrame({"other": [0.0] * 9, "y": np.linspace(5, 6, 9), "x": np.linspace(1, 2, 9)})
    model = KAN.from_expression("x + ?(y)", X=X)
    assert model.domain.tolist() == [[1.0, 2.0], [5.0, 6.0]]


# -- the form stays -------------------------------------------------------------------------------


def pendulum(rows: int = 20) -> tuple[pd.DataFrame, np.ndarray]:
    """Periods of pendulums of measured lengths, with one percent of noise."""
    L = np.linspace(0.1, 2.0, rows)
    noise = 1 + 0.01 * np.random.default_rng(5).normal(size=rows)
    return pd.DataFrame({"L": L}), 2 * np.pi * np.sqrt(L / 9.81) * noise


def test_a_form_without_unknown_parts_is_fitted_like_a_given_formula(tmp_path):
    X, T = pendulum()
    model = KAN.from_expression("a*L**p", ("L",), constants={"a": 1.0, "p": 1.0}, X=X)
    train(model, X, T, progress=False)
    model.save(tmp_path / "pendulum.safetensors")
    for one in (model, load(tmp_path / "pendulum.safetensors")):
        found = extract(one, X, T, sigma=0.01 * T, progress=False)
        fit = fit_formula("a*L**p", X, T, sigma=0.01 * T)
        (formula,) = found.formulas
        assert formula.template == fit.formula.template
        assert formula.values == pytest.approx(fit.values, rel=1e-6)
        stderr = {constant.name: constant.stderr for constant in formula.constants}
        assert stderr == pytest.approx(fit.stderr, rel=1e-6)
        assert formula.correlations["a", "p"] == pytest.approx(fit.correlation[0, 1], rel=1e-4)
        assert "2 agrees" in str(found)
        again = type(found).from_json(found.to_json()).formulas[0]
        assert again.constants == formula.constants


def test_a_named_constant_inside_a_function_keeps_its_name_and_gets_an_error():
    X, T = pendulum()
    model = KAN.from_expression("2*pi*sqrt(L/g)", ("L",), constants={"g": 9.0}, X=X)
    train(model, X, T, progress=False)
    (constant,) = extract(model, X, T, progress=False).formulas[0].constants
    assert constant.name == "g"
    assert constant.exact is None
    assert abs(constant.value - 9.81) < 3 * (constant.stderr or 0.0) < 0.2


def test_a_polynomial_stays_expanded_and_a_bend_does_not_take_its_place():
    T = np.linspace(0, 500, 21)
    X = pd.DataFrame({"T": T})
    volt = 0.0394 * T + 2.2e-5 * T**2 + 0.02 * np.random.default_rng(1).normal(size=21)
    model = KAN.from_expression(
        "a + b*T + c*T**2", ("T",), constants={"a": 1.0, "b": 1.0, "c": 1.0}, X=X
    )
    train(model, X, volt, progress=False)
    (formula,) = extract(model, X, volt, progress=False).formulas
    assert [constant.name for constant in formula.constants] == ["a", "b", "c"]
    assert abs(formula.values["b"] - 0.0394) < 3 * (formula.constants[1].stderr or 0.0)


def test_only_the_unknown_part_is_replaced_on_noisy_data():
    X, y = planted("2.5*exp(-x**2/1.3) + sin(3*y)", ("x", "y"))
    y = y + 0.05 * np.random.default_rng(2).normal(size=len(y))
    model = KAN.from_expression(
        "a*exp(-x**2/b) + ?(y)", ("x", "y"), constants={"a": 1.0, "b": 1.0}, X=X
    )
    train(model, X, y, progress=False)
    found = extract(model, X, y, progress=False)
    values = {c.name: c for c in found.formulas[0].constants}
    assert abs(values["a"].value - 2.5) < 4 * (values["a"].stderr or 0.0) < 0.05
    assert abs(values["b"].value - 1.3) < 4 * (values["b"].stderr or 0.0) < 0.05
    assert found.formulas[0].template.has(sympy.sin)
    assert Status.LOW_FIDELITY not in {finding.status for finding in found.status}


def test_a_part_that_is_infinite_on_a_row_is_refused_though_the_whole_is_finite():
    with pytest.raises(InputError, match="a part of it, is not finite on 1 of 2 rows"):
        KAN.from_expression("1/(1 + 1/x)", X=[[0.0], [1.0]])
