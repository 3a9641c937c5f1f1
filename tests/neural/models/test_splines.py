"""B-splines against scipy, inside the grid and on the straight continuation."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import BSpline
from torch import Tensor

from kansym.neural.models.splines import greville_abscissae, spline_basis, spline_coefficients

SHAPES = [(1, 1), (5, 1), (4, 2), (1, 3), (6, 3), (3, 5)]
RANGES = st.tuples(st.floats(-100, 100), st.floats(0.01, 100)).map(lambda t: (t[0], t[0] + t[1]))


def ends(low: float, high: float) -> tuple[Tensor, Tensor]:
    return torch.tensor([low], dtype=torch.float64), torch.tensor([high], dtype=torch.float64)


def basis(x, low, high, grid, degree, order=0) -> np.ndarray:
    """Values for one input, (points, coefficients)."""
    points = torch.as_tensor(np.asarray(x, dtype=float))[:, None]
    return spline_basis(points, *ends(low, high), grid, degree, order)[:, 0].numpy()


def scipy_basis(x, low, high, grid, degree, order=0) -> np.ndarray:
    """The same by scipy, inside the grid."""
    h = (high - low) / grid
    knots = low + h * np.arange(-degree, grid + degree + 1)
    one = BSpline(knots, np.eye(grid + degree), degree)
    return one(x) if order == 0 else one.derivative(order)(x)


@given(RANGES, st.sampled_from(SHAPES), st.integers(0, 5))
def test_inside_the_grid_it_is_scipys_spline(limits, shape, order):
    low, high = limits
    grid, degree = shape
    h = (high - low) / grid
    inside = np.concatenate([low + h * (np.arange(grid) + s) for s in (0.03, 0.4, 0.9)])
    if order > degree:
        np.testing.assert_array_equal(basis(inside, low, high, grid, degree, order), 0.0)
        return
    expected = scipy_basis(inside, low, high, grid, degree, order)
    found = basis(inside, low, high, grid, degree, order)
    rounding = 1e-11 * (1 + abs(low) / h) / h**order
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=rounding)


@pytest.mark.parametrize(("grid", "degree"), SHAPES)
@pytest.mark.parametrize("distance", [1e-3, 1.0, 1e4])
def test_outside_it_is_the_tangent_at_the_nearer_end(grid, degree, distance):
    low, high = -2.0, 3.0
    for end, x in ((low, low - distance), (high, high + distance)):
        value, slope = (basis([end], low, high, grid, degree, k) for k in (0, 1))
        found = basis([x], low, high, grid, degree)
        np.testing.assert_allclose(found, value + (x - end) * slope, rtol=1e-12, atol=1e-10)
        np.testing.assert_allclose(basis([x], low, high, grid, degree, 1), slope, atol=1e-12)
        if degree >= 2:
            np.testing.assert_array_equal(basis([x], low, high, grid, degree, 2), 0.0)


@pytest.mark.parametrize(("grid", "degree"), SHAPES)
def test_the_ends_belong_to_the_grid(grid, degree):
    within = scipy_basis([-2.0, 3.0], -2.0, 3.0, grid, degree)
    np.testing.assert_allclose(basis([-2.0, 3.0], -2.0, 3.0, grid, degree), within, atol=1e-14)


@given(st.floats(-50, 50), st.sampled_from(SHAPES))
def test_they_sum_to_one_everywhere(x, shape):
    total = basis([x], -1.0, 2.0, *shape).sum()
    np.testing.assert_allclose(total, 1.0, atol=1e-9)


@given(st.floats(-50, 50), st.sampled_from(SHAPES))
def test_with_grevilles_coefficients_the_spline_is_x(x, shape):
    sites = greville_abscissae(*ends(-1.0, 2.0), *shape)[0].numpy()
    found = basis([x], -1.0, 2.0, *shape) @ sites
    np.testing.assert_allclose(found, x, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_gradients_are_those_of_finite_differences(degree, order):
    points = torch.tensor([[-3.0, -2.5], [-0.83, 0.1], [0.31, 0.77], [1.9, 4.0]]).double()
    low, high = torch.tensor([-1.0, 0.0]).double(), torch.tensor([1.0, 1.0]).double()

    def function(x: Tensor) -> Tensor:
        return spline_basis(x, low, high, 4, degree, order)

    assert torch.autograd.gradcheck(function, points.requires_grad_())
    assert torch.autograd.gradgradcheck(function, points.requires_grad_())


def test_every_input_has_its_own_grid():
    low, high = torch.tensor([0.0, -10.0]).double(), torch.tensor([1.0, 10.0]).double()
    x = torch.tensor([[0.3, 4.0]], dtype=torch.float64)
    both = spline_basis(x, low, high, 3, 2)[0].numpy()
    np.testing.assert_allclose(both[0], basis([0.3], 0.0, 1.0, 3, 2)[0])
    np.testing.assert_allclose(both[1], basis([4.0], -10.0, 10.0, 3, 2)[0])


@pytest.mark.parametrize("shape", [(2,), (7, 2), (4, 3, 2)])
def test_any_batch_shape_is_allowed(shape):
    x = torch.rand(shape, dtype=torch.float64)
    low, high = torch.zeros(2).double(), torch.ones(2).double()
    assert spline_basis(x, low, high, 3, 2).shape == (*shape, 5)


def test_float32_agrees_to_its_precision():
    x = torch.linspace(-2, 2, 41)[:, None]
    single = spline_basis(x, torch.tensor([-1.0]), torch.tensor([1.0]), 5, 3)
    double = basis(x[:, 0].double().numpy(), -1.0, 1.0, 5, 3)
    assert single.dtype == torch.float32
    np.testing.assert_allclose(single[:, 0].numpy(), double, atol=1e-5)


def test_nan_in_gives_nan_out():
    low, high = ends(0.0, 1.0)
    values = spline_basis(torch.tensor([[float("nan")], [0.5]]).double(), low, high, 3, 3)
    assert torch.isnan(values[0]).any()
    assert torch.isfinite(values[1]).all()


@pytest.mark.parametrize(("grid", "degree"), SHAPES)
def test_least_squares_recovers_a_spline_of_the_same_space(grid, degree):
    rng = np.random.default_rng(0)
    coef = torch.as_tensor(rng.normal(size=(3, 1, grid + degree)))
    low, high = ends(-1.0, 2.0)
    points = torch.linspace(-1, 2, 6 * (grid + degree), dtype=torch.float64)[None]
    values = torch.einsum("pik,oik->oip", spline_basis(points.T, low, high, grid, degree), coef)
    found = spline_coefficients(points, values, low, high, grid, degree)
    torch.testing.assert_close(found, coef, rtol=1e-8, atol=1e-8)


def test_least_squares_is_least_squares():
    x = np.linspace(0, 1, 60)
    y = np.exp(3 * x)
    matrix = basis(x, 0.0, 1.0, 4, 3)
    expected, *_ = np.linalg.lstsq(matrix, y, rcond=None)
    found = spline_coefficients(
        torch.as_tensor(x)[None], torch.as_tensor(y)[None, None], *ends(0.0, 1.0), 4, 3
    )
    np.testing.assert_allclose(found[0, 0].numpy(), expected, rtol=1e-7)
