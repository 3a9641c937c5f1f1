"""Penalties against their definitions."""

import numpy as np
import pytest
import torch
from scipy.interpolate import BSpline

from kansym.neural.models.kan import EdgeKind
from kansym.neural.training.free_parameters import FreeParameters
from kansym.neural.training.penalties import penalty_matrix
from tests.zoo import draw_kan, rows


def value(model, matrix) -> float:
    theta = FreeParameters.of(model).get().double()
    return float(theta @ matrix @ theta)


@pytest.mark.parametrize("grid", [4, 16, 64])
def test_smoothness_is_about_the_integral_of_the_squared_second_derivative(grid):
    """On a range of length 1, for a curve that the grid resolves."""
    model = draw_kan([1, 1], grid=grid)
    layer = model.kan_layers[0]
    with torch.no_grad():
        sites = (torch.arange(grid + 3).double() - 1) / grid
        layer.coef[0, 0] = sites**2
    found = value(model, penalty_matrix(model, rows(9, 1), smoothness=1.0, sparsity=0.0)())
    knots = np.arange(-3, grid + 4) / grid
    curve = BSpline(knots, layer.coef[0, 0].detach().numpy(), 3).derivative(2)
    t = np.linspace(0, 1, 1001)[:-1]
    integral = float(np.mean(curve(t) ** 2))
    np.testing.assert_allclose(found, integral, rtol=1.2 / grid)


def test_straight_lines_are_smooth():
    model = draw_kan([2, 2, 1])
    with torch.no_grad():
        for layer in model.kan_layers:
            layer.coef.copy_(torch.arange(7).double().expand_as(layer.coef))
    matrix = penalty_matrix(model, rows(9, 2), smoothness=1.0, sparsity=0.0)()
    assert abs(value(model, matrix)) < 1e-9


def test_degree_one_on_one_interval_has_no_curvature():
    model = draw_kan([1, 1], grid=1, degree=1)
    assert float(penalty_matrix(model, rows(9, 1), smoothness=1.0, sparsity=0.0)().abs().max()) == 0


def test_sparsity_is_half_the_sum_of_the_spreads():
    """Majorised: w c'Mc with w = 1 / (2 std) is std / 2 at the point of contact."""
    model = draw_kan([2, 3, 1], seed=3)
    x = rows(200, 2, reach=1.3)
    matrix = penalty_matrix(model, x, smoothness=0.0, sparsity=0.7)()
    entering = model.layer_inputs(x)
    spreads = [
        layer.edges(at).detach().std(0, correction=0).sum()
        for layer, at in zip(model.kan_layers, entering, strict=True)
    ]
    np.testing.assert_allclose(value(model, matrix), 0.7 / 2 * float(sum(spreads)), rtol=1e-9)


def test_it_is_reweighted_at_every_call():
    model = draw_kan([2, 1])
    matrix = penalty_matrix(model, rows(50, 2), smoothness=0.0, sparsity=1.0)
    first = matrix()
    with torch.no_grad():
        model.kan_layers[0].coef.mul_(2)
    torch.testing.assert_close(matrix(), first / 2)


def test_only_free_splines_pay():
    model = draw_kan([3, 2, 1], seed=2)
    model.freeze_edge(0, 0, 0)
    model.set_edge(0, 1, 1, EdgeKind.STRAIGHT, slope=1.0)
    model.fix_edge(0, 1, 2, ("sin", "x"))
    matrix = penalty_matrix(model, rows(50, 3), smoothness=1.0, sparsity=1.0)()
    free = FreeParameters.of(model)
    assert matrix.shape == (len(free), len(free))
    splines = torch.cat(
        [torch.full((int(mask.sum()),), parameter.dim() == 3) for parameter, mask in free.parts]
    )
    assert float(matrix[~splines].abs().max()) == 0
    assert bool((matrix.diagonal()[splines] > 0).all())


def test_matrices_are_symmetric_and_nowhere_negative():
    model = draw_kan([2, (2, 1), 1], seed=5, kinds=True)
    matrix = penalty_matrix(model, rows(60, 2), smoothness=1e-3, sparsity=1e-2)()
    torch.testing.assert_close(matrix, matrix.T)
    assert not matrix.requires_grad
    assert float(torch.linalg.eigvalsh(matrix).min()) > -1e-12
