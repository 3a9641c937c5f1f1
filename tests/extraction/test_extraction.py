"""From a model to a result: formula, front, edges, figures, doubts, and what may be changed."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import sympy
import torch

from kansym.extraction import Extraction, extract
from kansym.neural.models.kan import KAN
from kansym.neural.models.mlp import MLP
from kansym.shared.errors import InputError, UnsupportedModelError
from kansym.shared.status import Status
from kansym.symbolic.library.library import LIBRARY, Library
from tests.planted_models import exp_sin, know, plant, rows, two_layers

FEW = Library([LIBRARY[name] for name in ("x", "x^2", "exp", "sin", "tanh", "log")])
x1, x2 = sympy.symbols("x1 x2")
TRUTH = sympy.exp(x2**2 + sympy.sin(sympy.pi * x1))


def truth(X: np.ndarray) -> np.ndarray:
    return np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)


@pytest.fixture(scope="module")
def result() -> Extraction:
    return extract(exp_sin(), library=FEW, progress=False)


def statuses(result: Extraction) -> set[Status]:
    return {finding.status for finding in result.status}


def test_the_formula_is_exact(result):
    assert result.expr == TRUTH
    assert [report.fit.candidate.name for report in result.edges] == ["sin", "x^2", "exp"]
    assert statuses(result) == {Status.OK}


def test_it_predicts_for_arrays_and_for_frames_by_name(result):
    X = rows(50, seed=9)
    np.testing.assert_allclose(result.predict(X), truth(X), rtol=1e-9)
    frame = pd.DataFrame({"x2": X[:, 1], "other": 0.0, "x1": X[:, 0]})
    np.testing.assert_allclose(result.predict(frame), truth(X), rtol=1e-9)


def test_it_shows_itself(result):
    assert "exp" in str(result)
    assert result.latex().startswith("y = ")
    assert result._repr_latex_().startswith("$")
    assert "<script" not in result._repr_html_()


def test_the_front_falls_in_error_as_it_rises_in_bits(result):
    assert sum(point.selected for point in result.front) == 1
    bits = [point.complexity for point in result.front]
    errors = [point.error for point in result.front]
    assert bits == sorted(bits)
    assert errors == sorted(errors, reverse=True)


def test_the_figures_are_made_on_rows_kept_aside(result):
    fidelity = result.fidelity
    assert (fidelity.judge, fidelity.rows, fidelity.held_out_rows) == ("network", 320, 80)
    assert fidelity.rmse_network < 1e-5
    assert fidelity.r2_network > 1 - 1e-9
    assert fidelity.rmse_data is None


def test_a_result_is_frozen_and_says_where_it_came_from(result):
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.formulas = ()
    provenance = result.provenance
    assert provenance.settings["library"] == len(FEW)
    assert {"kansym", "numpy", "sympy", "torch"} <= set(provenance.versions)
    assert {"trace", "fit", "choice", "formula"} <= set(provenance.seconds)
    assert provenance.references
    assert "KAN" in provenance.model


def test_a_function_may_be_fixed_or_forbidden_by_hand(result):
    position = result.position(result.edges[0].name)
    assert position == 0
    forbidden = result.forbid(0, "sin")
    assert forbidden.edges[0].fit is None or forbidden.edges[0].fit.candidate.name != "sin"
    fixed = result.fix(result.edges[2].name, "x")
    assert fixed.edges[2].fit.candidate.name == "x"
    assert fixed.fidelity.rmse_network > 100 * result.fidelity.rmse_network
    assert result.expr == TRUTH


def test_a_forbidden_function_gives_way_to_what_was_far_behind():
    """All that is left may be the edge's own curve; the edge must not be dropped."""
    model = KAN([2, 1], grid=60)
    plant(model, 0, 0, 0, lambda u: torch.sin(7 * u))
    plant(model, 0, 0, 1, torch.square)
    know(model, rows())
    found = extract(model, library=FEW, engine=None, progress=False).forbid(0, "sin")
    assert found.formulas[0].curves
    assert found.fidelity.rmse_network < 1e-3


def test_several_choices_are_made_at_once(result):
    both = result.choose_again(fix=[(2, "x")], forbid=[("x1 -> h1.1", "sin")])
    assert both.edges[2].fit.candidate.name == "x"
    assert both.edges[0].fit is None or both.edges[0].fit.candidate.name != "sin"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda r: r.fix("x9 -> y", "sin"), "There is no edge 'x9 -> y'"),
        (lambda r: r.fix(99, "sin"), "There is no edge"),
        (lambda r: r.fix(-1, "sin"), "There is no edge"),
        (lambda r: r.fix("x1 -> h2", "sin"), "did you mean 'x1 -> h1.1'"),
        (lambda r: r.fix(0, "sine"), "did you mean 'sin'"),
        (lambda r: dataclasses.replace(r, evidence=None).fix(0, "sin"), "keeps no network"),
        (lambda r: dataclasses.replace(r, formulas=()).expr, "There is no formula"),
    ],
    ids=range(7),
)
def test_what_cannot_be_done_gets_a_sentence(result, change, sentence):
    with pytest.raises(InputError, match=sentence):
        change(result)


def test_data_that_are_given_are_the_judge():
    X = rows(600, seed=4)
    noise = 0.01 * np.random.default_rng(0).normal(size=600)
    found = extract(exp_sin(), X, truth(X) + noise, library=FEW, exact=True, progress=False)
    assert found.expr == TRUTH
    measured = extract(exp_sin(), X, truth(X) + noise, library=FEW, progress=False)
    (constant,) = measured.formulas[0].constants
    assert str(constant.near) == "pi agrees"
    assert abs(constant.value - np.pi) < 3 * (constant.stderr or 0.0) < 0.01
    fidelity = found.fidelity
    assert (fidelity.judge, fidelity.rows, fidelity.held_out_rows) == ("data", 480, 120)
    assert fidelity.rmse_data is not None
    np.testing.assert_allclose(fidelity.rmse_data, 0.01, rtol=0.3)
    assert fidelity.rmse_network < 1e-3


def test_measured_constants_have_standard_errors_that_hold():
    """y = a exp(b x) with noise: a and b lie within four standard errors."""
    rng = np.random.default_rng(2)
    X = rng.uniform(0, 1, (400, 1))
    y = 2.3456 * np.exp(1.2345 * X[:, 0])
    model = KAN([1, 1], grid=60, domain=(0.0, 1.0))
    plant(model, 0, 0, 0, lambda u: 2.3456 * torch.exp(1.2345 * u))
    found = extract(model, X, y + 0.05 * rng.normal(size=400), library=FEW, progress=False)
    constants = [c for c in found.formulas[0].constants if c.exact is None]
    assert len(constants) == 2
    for constant in constants:
        true = min((2.3456, 1.2345), key=lambda t: abs(t - constant.value))
        assert constant.stderr is not None
        assert 0 < constant.stderr < 0.05
        assert abs(constant.value - true) < 4 * constant.stderr


def test_several_outputs_have_a_formula_each():
    model = KAN([2, 2], grid=60)
    for target, functions in enumerate(
        [(torch.square, torch.exp), (lambda u: torch.sin(2 * u), lambda u: 3 * u)]
    ):
        for source, function in enumerate(functions):
            plant(model, 0, target, source, function)
    know(model, rows())
    found = extract(model, library=FEW, progress=False)
    assert found.expr == (sympy.exp(x2) + x1**2, 3 * x2 + sympy.sin(2 * x1))
    assert found.predict(rows(7)).shape == (7, 2)
    assert found.output_names == ("y1", "y2")


def test_a_known_edge_is_taken_over():
    model = KAN([2, 1], grid=60)
    model.fix_edge(0, 0, 0, LIBRARY["sin"], (3.0, 0.0, 2.0, 0.0))
    plant(model, 0, 0, 1, torch.square)
    know(model, rows())
    found = extract(model, library=FEW, progress=False)
    assert found.expr == 2 * sympy.sin(3 * x1) + x2**2


# -- doubts ---------------------------------------------------------------------------------------


def test_an_edge_that_no_function_explains_is_named_and_stays_a_curve():
    def odd(u: torch.Tensor) -> torch.Tensor:
        return torch.sin(7 * u) * torch.exp(-u) + torch.sin(4 * u**2)

    model = two_layers(odd, torch.square, lambda u: u)
    found = extract(model, library=FEW, engine=None, reading="weights", progress=False)
    assert Status.UNEXPLAINED_EDGE in statuses(found)
    assert found.formulas[0].curves
    X = rows(60, seed=5)
    expected = odd(torch.as_tensor(X[:, 0])).numpy() + X[:, 1] ** 2
    np.testing.assert_allclose(found.predict(X), expected, atol=0.02)


def test_a_constant_output_is_a_finding_not_an_error():
    model = KAN([2, 1])
    with torch.no_grad():
        model.kan_layers[0].coef.fill_(0.75)
    know(model, rows())
    found = extract(model, library=FEW, progress=False)
    assert Status.CONSTANT_OUTPUT in statuses(found)
    np.testing.assert_allclose(found.predict(rows(5)), 1.5)


def test_a_network_that_nobody_could_read_has_no_formula():
    model = KAN([20, 20, 2], seed=0)
    know(model, rows(inputs=20))
    found = extract(model, reading="weights", library=FEW, progress=False)
    assert Status.NOT_READABLE in statuses(found)
    assert found.formulas == ()
    with pytest.raises(InputError, match="NOT_READABLE"):
        _ = found.expr
    assert str(found)


def test_a_network_that_misses_the_data_is_named():
    X = rows(300, seed=1)
    y = np.random.default_rng(0).normal(size=300)
    found = extract(exp_sin(), X, y, library=FEW, progress=False)
    assert statuses(found) & {Status.POOR_NETWORK, Status.LOW_FIDELITY}


def test_a_small_budget_still_gives_an_answer_and_says_so():
    found = extract(exp_sin(), reading="weights", budget=0.01, progress=False)
    assert Status.BUDGET_SPENT in statuses(found)
    assert np.isfinite(found.predict(rows(5))).any()


# -- input that cannot be used --------------------------------------------------------------------


def _rows_with(value: float) -> np.ndarray:
    X = rows(60)
    X[3, 1] = value
    return X


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"y": truth(rows(60))}, "y was given without X"),
        ({"X": rows(60, inputs=3)}, "3 columns"),
        ({"X": _rows_with(np.nan)}, r"row 3 of column 'x2' \(nan\)"),
        ({"X": rows(60), "y": truth(rows(59))}, "X has 60 rows but y has 59"),
        ({"X": rows(60), "y": np.ones(60)}, "constant"),
        ({"X": rows(60), "y": np.stack([truth(rows(60))] * 2, axis=1)}, "2 columns"),
        ({"X": pd.DataFrame({"a": ["red"] * 9, "b": [1.0] * 9})}, "'a' of X is not numeric"),
        ({"held_out": 1.5}, "held_out=1.5"),
        ({"constants": ["no such constant"]}, "no such constant"),
    ],
)
def test_bad_input_gets_one_sentence(arguments, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        extract(exp_sin(), library=FEW, progress=False, **arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("model", [KAN([2, 1]), MLP([2, 3, 1])], ids=["KAN", "MLP"])
def test_a_model_that_was_never_trained_is_called_that(model):
    with pytest.raises(InputError, match="train"):
        extract(model, library=FEW, progress=False)


def test_what_is_no_model_is_refused():
    with pytest.raises(UnsupportedModelError):
        extract({"weights": [1.0]}, rows(), library=FEW, progress=False)
