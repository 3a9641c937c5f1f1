"""The pictures of a result: what is on the axes, and which axes they are."""

from dataclasses import replace
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from kansym.results.parts import MeasuredRows
from kansym.results.result import Extraction
from kansym.shared.errors import InputError
from tests.planted_results import planted_result

PLOTS = ["plot", "plot_residuals", "plot_front", "plot_network"]


@pytest.fixture
def result() -> Any:
    """One input, rows with errors around 2.5 x^2 + sin(x)."""
    found = planted_result(inputs=("x1",))
    x = np.linspace(1, 2, 12)
    y = found.predict(x[:, None]) + 0.1 * (-1.0) ** np.arange(12)
    return replace(found, data=MeasuredRows(x[:, None], y[:, None], np.full(12, 0.1)))


def _dots(ax):
    """The line that is drawn as dots."""
    (dots,) = (line for line in ax.lines if line.get_marker() == "o")
    return dots


@pytest.mark.parametrize("plot", PLOTS)
def test_a_picture_is_drawn_on_the_axes_that_are_given_and_returned(result, plot):
    ax = Figure().add_subplot()
    assert getattr(result, plot)(ax=ax) is ax
    assert ax.lines or ax.patches


def test_without_axes_the_figure_is_one_that_pyplot_shows(result, tmp_path):
    matplotlib.use("agg")
    from matplotlib import pyplot

    ax = result.plot()
    assert pyplot.gcf() is ax.figure
    for ending in ("png", "pdf", "svg"):
        ax.figure.savefig(tmp_path / f"law.{ending}")
        assert (tmp_path / f"law.{ending}").stat().st_size > 1000
    pyplot.close(ax.figure)


def test_data_and_curve_of_one_input(result):
    ax = result.plot(Figure().add_subplot())
    assert _dots(ax).get_xydata() == pytest.approx(np.c_[result.data.X, result.data.y])
    curve = max(ax.lines, key=lambda line: len(line.get_xdata()))
    x, y = curve.get_xydata().T
    assert y == pytest.approx(result.predict(x[:, None]))
    assert x.min() < 1
    assert x.max() > 2


def test_residuals_are_data_minus_formula(result):
    ax = result.plot_residuals("x1", Figure().add_subplot())
    assert _dots(ax).get_ydata() == pytest.approx(0.1 * (-1.0) ** np.arange(12))
    assert ax.get_ylabel() == "data − formula"


def test_several_inputs_are_shown_by_parity_and_one_at_a_time():
    found = planted_result()
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 2, (30, 2))
    result = replace(found, data=MeasuredRows(X, found.predict(X)[:, None]))
    ax = result.plot(Figure().add_subplot())
    dots = _dots(ax)
    assert len(dots.get_xdata()) == 30
    assert dots.get_xdata() == pytest.approx(dots.get_ydata())
    ax = result.plot_partial("x1", Figure().add_subplot())
    curve = max(ax.lines, key=lambda line: len(line.get_xdata()))
    x, y = curve.get_xydata().T
    middle = np.full(len(x), np.median(X[:, 1]))
    assert y == pytest.approx(found.predict(np.c_[x, middle]))


def test_without_data_the_network_is_shown():
    ax = planted_result().plot(Figure().add_subplot())
    assert ax.get_ylabel().endswith("network")


def test_what_cannot_be_drawn_is_said(result):
    two = planted_result(outputs=("a", "b"))
    with pytest.raises(InputError, match="2 outputs: name one"):
        two.plot()
    assert two.plot(Figure().add_subplot(), output="b").get_xlabel().startswith("$b")
    with pytest.raises(InputError, match="no input 'x7'"):
        result.plot_partial("x7")
    with pytest.raises(InputError, match="no formula"):
        replace(result, formulas=()).plot()
    with pytest.raises(InputError, match="no front"):
        replace(result, front=()).plot_front()
    with pytest.raises(InputError, match="no network"):
        replace(result, edges=()).plot_network()


def test_rows_come_back_from_json_and_only_some_of_many(result):
    again = Extraction.from_json(result.to_json())
    assert again.data is not None
    assert again.data.y == pytest.approx(result.data.y)
    assert again.data.sigma == pytest.approx(result.data.sigma)
    many = MeasuredRows(np.arange(9000.0)[:, None], np.arange(9000.0)[:, None])
    kept = Extraction.from_json(replace(result, data=many).to_json()).data
    assert kept is not None
    assert len(kept) == 500
    assert kept.X[[0, -1], 0].tolist() == [0, 8999]


def test_errors_of_predictions_follow_those_of_the_constants():
    result = planted_result(inputs=("x1",))
    (formula,) = result.formulas
    exact = replace(result, formulas=(replace(formula, covariance=np.array([[0.012**2]])),))
    X = np.array([[1.0], [2.0]])
    values, std = exact.predict(X, return_std=True)
    assert values == pytest.approx(2.5 * X[:, 0] ** 2 + np.sin(X[:, 0]))
    assert std == pytest.approx(0.012 * X[:, 0] ** 2)
    _, unknown = result.predict(X, return_std=True)
    assert np.isnan(unknown).all()
