"""Classes: labels, cross-entropy, formulas of log-odds and decision boundaries."""

import numpy as np
import pandas as pd
import pytest
import sympy
import torch
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression

import kansym
from kansym.neural.training.jacobians import row_jacobian_of
from kansym.neural.training.losses import CrossEntropy, Loss, SquaredError, Weighted
from kansym.neural.training.optimisers import levenberg_marquardt, mean_loss
from kansym.shared.class_labels import as_labels, class_shares
from kansym.shared.errors import InputError
from kansym.symbolic.formulas.class_boundaries import boundaries
from kansym.symbolic.formulas.formula import Formula

x1, x2 = sympy.symbols("x1 x2")


def drawn(log_odds: np.ndarray, seed: int) -> np.ndarray:
    """Classes 0, 1, ... at random; log-odds (rows,) or (rows, classes - 1) against class 0."""
    rng = np.random.default_rng(seed)
    scores = np.column_stack([np.zeros(len(log_odds)), log_odds])
    return (scores + rng.gumbel(size=scores.shape)).argmax(1)


def circle(rows: int = 1000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points with log-odds of class 1 of 4.8 - 4 r^2."""
    X = np.random.default_rng(seed).uniform(-1.5, 1.5, (rows, 2))
    return X, drawn(4 * (1.2 - (X**2).sum(1)), seed + 1000)


# -- labels ----------------------------------------------------------------------------------------


def test_targets_are_platts():
    labels = as_labels([True, False, True, True], 4)
    assert labels.classes == ("False", "True")
    np.testing.assert_allclose(labels.targets[:, 0], [4 / 5, 1 / 3, 4 / 5, 4 / 5])


@pytest.mark.parametrize(
    "given",
    [["b", "a", "c"] * 3, np.array([2, 0, 1] * 3), pd.Series(["v", "s", "w"] * 3, dtype="object")],
)
def test_any_labels_are_sorted_into_classes(given):
    labels = as_labels(given, 9)
    assert list(labels.classes) == sorted({str(label) for label in given})
    assert [labels.classes[i] for i in labels.index] == [str(label) for label in given]
    np.testing.assert_allclose(labels.entropy, np.log(3))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["a"] * 6, "1 classes"),
        (list("abcdef"), "6 classes"),
        ([["a", "b"]] * 6, "shape"),
        (["a", "b"], "6 rows"),
        ([0.0, 1.0, np.nan, 1.0, 0.0, 1.0], "row 2"),
        (["a", None, "b", "a", "b", "a"], "row 1"),
    ],
)
def test_what_are_no_labels_is_refused(given, words):
    with pytest.raises(InputError, match=words):
        as_labels(given, 6)


def test_working_responses_solve_a_logistic_regression_in_one_step_from_its_solution():
    X, y = circle()
    labels = as_labels(y, len(y))
    A = np.column_stack([np.ones(len(X)), X**2])
    t = labels.targets[:, 0]
    found = minimize(lambda b: np.sum(np.logaddexp(0, A @ b) - t * (A @ b)), np.zeros(3), tol=1e-12)
    z, w = labels.working_responses((A @ found.x)[:, None], np.arange(len(X)))
    left, right = A * np.sqrt(w), z * np.sqrt(w)
    np.testing.assert_allclose(np.linalg.lstsq(left, right)[0][:, 0], found.x, rtol=1e-2)


# -- losses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", [SquaredError(), CrossEntropy(0.9), Weighted(CrossEntropy(0.9))])
@pytest.mark.parametrize("outputs", [1, 3])
def test_derivatives_of_a_loss_are_those_of_autograd(loss: Loss, outputs: int):
    generator = torch.Generator().manual_seed(0)
    columns = torch.randn(7, outputs, 4, generator=generator, dtype=torch.float64)
    y = torch.rand(7, outputs, generator=generator, dtype=torch.float64) / outputs
    if isinstance(loss, Weighted):
        y = torch.cat([y, torch.rand(7, 1, generator=generator, dtype=torch.float64)], dim=1)
    theta = torch.randn(4, generator=generator, dtype=torch.float64)

    def total(parameters: torch.Tensor) -> torch.Tensor:
        return loss.total(columns @ parameters, y)

    gradient = torch.autograd.functional.jacobian(total, theta)
    hessian = torch.autograd.functional.hessian(total, theta)
    f = columns @ theta
    residual = torch.einsum("ro,rop->p", loss.residual(f, y), columns)
    torch.testing.assert_close(2 * residual, gradient)
    torch.testing.assert_close(2 * loss.curvature(f, columns, y), hessian)


def test_the_cross_entropy_is_that_of_a_softmax_relative_to_the_shares():
    rng = np.random.default_rng(0)
    f, y = rng.normal(size=(50, 2)), rng.integers(0, 3, 50)
    labels = as_labels(y, 50)
    own = log_softmax(np.column_stack([np.zeros(50), f]), axis=1)
    targets = np.column_stack([1 - labels.targets.sum(1), labels.targets])
    expected = -(targets * own).sum(1).mean() / labels.entropy
    least = -(targets * np.log(targets)).sum(1).mean() / labels.entropy
    loss = CrossEntropy(labels.entropy)
    found = mean_loss(lambda rows: rows, torch.tensor(f), torch.tensor(labels.targets), loss)
    np.testing.assert_allclose(found, expected - least)
    np.testing.assert_allclose(labels.mean_loss(f, np.arange(50)), expected * labels.entropy)


def test_a_perfect_fit_has_no_loss_and_none_below_zero():
    shares = torch.linspace(0.01, 0.99, 500, dtype=torch.float64)[:, None]
    total = mean_loss(torch.logit, shares, shares, CrossEntropy(0.7))
    assert 0 <= total < 1e-15
    each = [float(CrossEntropy(0.7).total(torch.logit(y[None]), y[None])) for y in shares]
    assert min(each) >= 0


def test_levenberg_marquardt_finds_the_logistic_regression():
    X, y = circle(400)
    labels = as_labels(y, len(y))
    linear = torch.nn.Linear(2, 1).double()
    model = torch.nn.Sequential(linear)
    features, targets = torch.tensor(X**2), torch.tensor(labels.targets)
    jacobian = row_jacobian_of(model)
    assert jacobian is not None
    loss = CrossEntropy(labels.entropy)
    steps = levenberg_marquardt(model, jacobian, features, targets, loss=loss, tolerance=1e-12)
    for _ in zip(range(50), steps, strict=False):
        pass
    A, t = np.column_stack([X**2, np.ones(len(X))]), labels.targets[:, 0]
    best = minimize(lambda b: np.sum(np.logaddexp(0, A @ b) - t * (A @ b)), np.zeros(3), tol=1e-12)
    found = [*linear.weight[0].tolist(), linear.bias.item()]
    np.testing.assert_allclose(found, best.x, rtol=1e-4)


# -- training and reading --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def read() -> tuple[kansym.Extraction, kansym.History]:
    X, y = circle()
    labels = np.where(y == 1, "inside", "a")
    model = kansym.KAN([2, 2, 1], seed=0)
    history = kansym.train(model, X, labels, loss="cross-entropy", progress=False)
    return kansym.extract(model, X, labels, loss="cross-entropy", progress=False), history


def test_a_circle_is_read_from_labels(read):
    result, history = read
    assert history.classes == ("a", "inside")
    assert result.output_names == ("log-odds of inside",)
    terms = sympy.Poly(result.expr, x1, x2).as_dict()
    assert set(terms) == {(2, 0), (0, 2), (0, 0)}
    assert result.fidelity.right > 0.85
    assert result.fidelity.right >= result.fidelity.right_network - 0.02


def test_intervals_of_log_odds_hold_the_truth(read):
    result, _ = read
    values = {c.name: c.interval(0.99) for c in result.formulas[0].constants}
    template = sympy.Poly(result.formulas[0].template, x1, x2).as_dict()
    for powers, truth in (((2, 0), -4.0), ((0, 2), -4.0), ((0, 0), 4.8)):
        low, high = values[str(template[powers])]
        assert low < truth < high


def test_its_boundary_is_a_circle(read):
    (boundary,) = read[0].boundaries()
    assert boundary.classes == ("a", "inside")
    left = sympy.Poly(boundary.equation.lhs, x1, x2).as_dict()
    assert set(left) == {(2, 0), (0, 2)}
    assert float(boundary.equation.rhs) == pytest.approx(1.2, rel=0.1)
    assert "boundary a | inside: x1**2 +" in str(read[0])
    assert (
        kansym.Extraction.from_json(read[0].to_json()).boundaries()[0].classes == boundary.classes
    )


def test_three_classes_have_three_boundaries():
    X = np.random.default_rng(1).normal(size=(800, 2))
    y = drawn(np.column_stack([2 * X[:, 0] + 0.5, 2 * X[:, 1] - 1]), 1001)
    model = kansym.KAN([2, 2], seed=0)
    kansym.train(model, X, y, loss="cross-entropy", progress=False)
    result = kansym.extract(model, X, y, loss="cross-entropy", progress=False)
    assert [boundary.classes for boundary in result.boundaries()] == [
        ("0", "1"), ("0", "2"), ("1", "2"),
    ]  # fmt: skip
    fidelity = result.fidelity
    assert fidelity.right is not None
    assert fidelity.right_network is not None
    assert fidelity.right >= fidelity.right_network - 0.03


def test_mlps_learn_classes_as_well():
    X, y = circle(500)
    model = kansym.MLP([2, 6, 1], seed=0)
    history = kansym.train(model, X, y, loss="cross-entropy", seconds=5, progress=False)
    assert history.error < 0.8
    scores = model(torch.tensor(X)).detach().numpy()[:, 0]
    assert np.mean((scores > 0) == y) > 0.85


@pytest.mark.parametrize(
    ("widths", "y", "words"),
    [([2, 2], [0, 1] * 20, "1 outputs"), ([2, 1], [0, 1, 2, 1] * 10, "2 outputs")],
)
def test_outputs_are_one_fewer_than_classes(widths, y, words):
    X = np.random.default_rng(0).normal(size=(40, 2))
    with pytest.raises(InputError, match=words):
        kansym.train(kansym.KAN(widths), X, y, loss="cross-entropy")
    with pytest.raises(InputError, match="one output fewer"):
        kansym.extract(kansym.KAN(widths), X, y, loss="cross-entropy", reading="weights")


class Circle(torch.nn.Module):
    """A value for each of two classes whose difference is that of a circle, or their shares."""

    def __init__(self, shares: bool):
        super().__init__()
        self.shares = shares

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        any_value, odds = torch.sin(x[:, 0]), 4 * (1.2 - (x**2).sum(dim=1))
        values = torch.stack([any_value, any_value + odds], dim=1)
        return torch.softmax(values, dim=1) if self.shares else values


@pytest.mark.parametrize("shares", [False, True])
def test_the_log_odds_of_a_network_with_an_output_per_class_are_read(shares):
    X, y = circle()
    names = np.array(["around", "within"])[y]
    result = kansym.extract(Circle(shares), X, names, loss="cross-entropy", budget=8)
    assert kansym.equivalent(result.formulas[0], "4.8 - 4*x1**2 - 4*x2**2", tolerance=1e-6)
    assert result.reading == "function"
    assert result.fidelity.right == result.fidelity.right_network
    assert result.provenance.classes == ("around", "within")


def test_labels_choose_where_a_model_of_classes_is_no_formula_itself():
    X, y = circle(250)
    forest = RandomForestClassifier(50, random_state=0).fit(X, y)
    result = kansym.extract(forest, X, y, loss="cross-entropy", budget=8, progress=False)
    assert np.mean((result.predict(X) > 0) == ((X**2).sum(1) < 1.2)) > 0.9
    assert (result.fidelity.right or 0) > 0.8
    learnt = result.fidelity.right_network or 0
    assert learnt > 0.99  # the forest has learnt the chances of its rows


def test_names_of_an_estimator_are_without_units_as_those_of_rows_are():
    X = pd.DataFrame(np.random.default_rng(0).uniform(1, 2, (60, 2)), columns=["L (m)", "t [s]"])
    line = LinearRegression().fit(X, 3 * X["L (m)"] - X["t [s]"])
    assert str(kansym.extract(line, X, reading="function", budget=5).expr) == "3*L - t"


def test_a_network_with_too_few_outputs_is_refused():
    X = np.random.default_rng(0).normal(size=(40, 2))
    y = [0, 1, 2, 1] * 10
    with pytest.raises(InputError, match="an output for every class"):
        kansym.extract(kansym.KAN([2, 1]), X, y, loss="cross-entropy", reading="function")


def test_labels_are_needed_and_losses_known():
    X = np.zeros((10, 2))
    with pytest.raises(InputError, match="labels"):
        kansym.extract(kansym.KAN([2, 1]), X, loss="cross-entropy")
    for call in (kansym.train, kansym.extract):
        with pytest.raises(InputError, match="hinge"):
            call(kansym.KAN([2, 1]), X, np.arange(10.0), loss="hinge")


# -- laws of classes -------------------------------------------------------------------------------


def test_laws_of_log_odds_are_found_and_hold_the_truth():
    X, y = circle()
    found = kansym.discover(X, y, loss="cross-entropy", seconds=20, progress=False)
    result = found.result
    template = sympy.Poly(result.formulas[0].template, x1, x2).as_dict()
    assert set(template) == {(2, 0), (0, 2), (0, 0)}
    values = {c.name: c.interval(0.999) for c in result.formulas[0].constants}
    for powers, truth in (((2, 0), -4.0), ((0, 2), -4.0), ((0, 0), 4.8)):
        low, high = values[str(template[powers])]
        assert low < truth < high
    assert result.provenance.classes == ("0", "1")
    assert result.front[0].formulas[0].used_inputs == ()
    assert "boundary 0 | 1" in str(result)


def test_the_law_is_as_likely_as_the_logistic_regression():
    rng = np.random.default_rng(3)
    X = pd.DataFrame({"dose": rng.uniform(20, 80, 300)})
    y = drawn(0.1 * X.dose.to_numpy() - 5, 4)
    result = kansym.discover(X, y, loss="cross-entropy", seconds=3, progress=False).result
    t = as_labels(y, 300).targets[:, 0]

    def loss(b: np.ndarray) -> float:
        f = b[0] + b[1] * (X.dose - 50) / 10
        return float(np.sum(np.logaddexp(0, f) - t * f))

    best = minimize(loss, np.zeros(2), tol=1e-12)
    f = result.formulas[0].predict(X.to_numpy())
    assert np.sum(np.logaddexp(0, f) - t * f) < best.fun + 3
    assert any(p.formulas[0].used_inputs == ("dose",) for p in result.front)


@pytest.mark.slow
def test_of_very_many_rows_some_show_the_form_and_all_give_the_constants():
    X, y = circle(20_000)
    result = kansym.discover(X, y, loss="cross-entropy", seconds=20, progress=False).result
    terms = sympy.Poly(result.expr, x1, x2).as_dict()
    assert set(terms) == {(2, 0), (0, 2), (0, 0)}
    assert float(terms[2, 0]) == pytest.approx(-4, abs=0.2)  # 5000 rows have errors of 0.15
    assert result.fidelity.rows == 20_000


def test_three_classes_have_a_law_each():
    X = np.random.default_rng(1).normal(size=(900, 2))
    y = drawn(np.column_stack([2 * X[:, 0] + 0.5, 2 * X[:, 1] - 1]), 1001)
    found = kansym.discover(X, y, loss="cross-entropy", seconds=6, progress=False)
    assert [formula.used_inputs for formula in found.result.formulas] == [("x1",), ("x2",)]
    assert len(found.models) == 2


def test_cleanly_cut_classes_have_finite_odds():
    x = np.random.default_rng(0).uniform(-1, 1, (60, 1))
    result = kansym.discover(x, x[:, 0] > 0.2, loss="cross-entropy", seconds=2).result
    assert (result.fidelity.right or 0) > 0.95
    assert np.isfinite(result.predict(x)).all()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"sigma": 1.0}, "no standard errors"),
        ({"units": {"x1": "m"}}, "no resume= or units"),
        ({"groups": ["a", "b"] * 30}, "groups"),
    ],
)
def test_what_goes_with_values_only_is_refused_with_classes(settings, words):
    X = np.random.default_rng(0).normal(size=(60, 1))
    with pytest.raises(InputError, match=words):
        kansym.discover(X, X[:, 0] > 0, loss="cross-entropy", seconds=1, **settings)


# -- boundaries ------------------------------------------------------------------------------------

SCORES = [
    3 - 5 * sympy.tanh(2 * x1**2 + 2 * x2**2),
    2.5 * sympy.exp(x1 - x2) - 1.5,
    (x1 - x2) * sympy.exp(x1 * x2),
    sympy.sqrt(x1 + x2 + 4) - 2,
    (x1 + x2) ** 3 + 1,
    1.2 - 4 / (x1 + x2 + 4),
    1 - sympy.log(x1**2 + x2 + 3),
    -5 * sympy.sign(x1 - x2**2) + 1,
    3 * x1 - 2 * x2 + 1,
    2 * sympy.asinh(3 * x1 + x2**2) - 1,
]


@pytest.mark.parametrize("score", SCORES, ids=str)
def test_a_boundary_lies_where_the_score_changes_its_sign(score: sympy.Expr):
    (boundary,) = boundaries([Formula(score, ("x1", "x2"))], ["a", "b"])
    rows = np.random.default_rng(0).uniform(-1, 1, (400, 2)).T
    sides = sympy.lambdify((x1, x2), boundary.equation.lhs - boundary.equation.rhs)(*rows)
    signs = np.sign(sympy.lambdify((x1, x2), score)(*rows))
    agree = np.mean(signs == np.sign(sides))
    assert agree in (0.0, 1.0)
    assert -1 < signs.mean() < 1


@pytest.mark.parametrize("score", [2 * sympy.exp(x1) + 1, 1 / (x1 + x2), sympy.tanh(x1) - 2])
def test_some_classes_have_no_boundary(score: sympy.Expr):
    (boundary,) = boundaries([Formula(score, ("x1", "x2"))], ["a", "b"])
    assert boundary.equation is sympy.false
    assert str(boundary) == "a | b: no boundary"


def test_scores_before_a_softmax_are_taken_in_pairs():
    formulas = [Formula(e, ("x1", "x2")) for e in (x1, x2, x1 + x2)]
    found = [str(boundary) for boundary in boundaries(formulas, "abc")]
    assert found == ["a | b: x1 - x2 = 0", "a | c: x2 = 0", "b | c: x1 = 0"]


def test_classes_must_fit_the_formulas():
    with pytest.raises(InputError, match="3 classes were named for 1 formulas"):
        boundaries([Formula(x1, ("x1",))], "abc")


def test_class_shares_sum_to_less_than_one():
    shares = class_shares(np.random.default_rng(0).normal(size=(20, 3)) * 50)
    assert ((shares >= 0) & (shares.sum(1, keepdims=True) <= 1 + 1e-12)).all()
