"""A KAN as a drawing, and its training."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import kansym
from kansym.neural.models.kan import EdgeKind
from kansym.neural.training.history import History
from kansym.neural.training.training_run import TrainingStep
from kansym.shared.errors import InputError


def _panels(ax):
    """The curve of every edge, as (points, 2)."""
    return [panel.lines[0].get_xydata() for panel in ax.child_axes]


def test_every_edge_has_its_curve_over_the_rows():
    model = kansym.KAN([1, 1], seed=0)
    X = np.linspace(0.0, 0.5, 20)[:, None]
    ax = Figure().add_subplot()
    assert model.plot(X, ax=ax) is ax
    ((x, y),) = (panel.T for panel in _panels(ax))
    assert (x.min(), x.max()) == (0.0, 0.5)
    at = model.domain.new_tensor(x[:, None])
    shift = model.kan_layers[0].bias.item()
    assert y == pytest.approx(model(at).detach().numpy()[:, 0] - shift)


def test_fixed_functions_stand_out_and_absent_edges_are_left_out():
    model = kansym.KAN([2, 2, 1], seed=0)
    model.fix_edge(0, 0, 0, kansym.LIBRARY["sin"])
    model.set_edge(0, 1, 0, EdgeKind.ABSENT)
    ax = model.plot(ax=Figure().add_subplot())
    assert len(ax.child_axes) == model.n_edges() == 5
    drawn_twice = [panel for panel in ax.child_axes if len(panel.lines) == 4]
    assert len(drawn_twice) == 1  # curve, function, and the two lines through zero


def test_what_is_too_large_or_empty_is_not_drawn():
    large = kansym.KAN([20, 11, 1])
    with pytest.raises(InputError, match="231 edges, 200 at most"):
        large.plot()
    assert "<svg" not in large._repr_html_()
    assert "<svg" in kansym.KAN([1, 1])._repr_html_()


def _history(steps: int) -> History:
    records = tuple(TrainingStep("start", i, 0.5**i, 0.6**i, 0.1 * i) for i in range(steps))
    return History(records, 0.1, 0.2, 1.0, "steps", "lm", 0, (1, 1), 90, 10)


def test_a_training_is_drawn_step_by_step():
    ax = _history(9).plot(Figure().add_subplot())
    trained, held_out = (line.get_ydata() for line in ax.lines[:2])
    assert trained == pytest.approx(0.5 ** np.arange(9))
    assert held_out == pytest.approx(0.6 ** np.arange(9))
    assert "<svg" in _history(9)._repr_html_()
    with pytest.raises(InputError, match="no step"):
        _history(0).plot()
