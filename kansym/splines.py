"""Uniform B-splines that go on as straight lines outside their grid.

On ``grid`` equal intervals between ``low`` and ``high`` a spline of degree p has ``grid + p``
coefficients. Outside, every basis function is continued by its tangent,

    B(x) = B(u) + (x - u) B'(u),    u = clip(x, low, high),

so the continuation is linear in the coefficients as well.
"""

from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["basis_with_slopes", "greville_abscissae", "spline_basis", "spline_coefficients"]


@cache
def _blending(degree: int, order: int) -> Tensor:
    """Coefficients of the local pieces, (powers of t, degree + 1 functions), float64.

    Cox-de Boor on a uniform grid: with t in [0, 1) inside an interval,
    w_m^p = ((t + p - m) w_{m-1}^{p-1} + (1 - t + m) w_m^{p-1}) / p.
    """
    pieces = [torch.ones(1, dtype=torch.float64)]
    for p in range(1, degree + 1):
        raised = []
        for m in range(p + 1):
            piece = torch.zeros(p + 1, dtype=torch.float64)
            if m > 0:
                piece[:-1] += (p - m) * pieces[m - 1]
                piece[1:] += pieces[m - 1]
            if m < p:
                piece[:-1] += (1 + m) * pieces[m]
                piece[1:] -= pieces[m]
            raised.append(piece / p)
        pieces = raised
    matrix = torch.stack(pieces, dim=1)
    for _ in range(order):
        powers = torch.arange(1, len(matrix), dtype=torch.float64)
        matrix = torch.cat([matrix[1:] * powers[:, None], torch.zeros_like(matrix[:1])])
    return matrix


@cache
def _blending_like(degree: int, order: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """The blending matrix in a given precision and place."""
    return _blending(degree, order).to(dtype=dtype, device=device)


def _powers(t: Tensor, degree: int) -> Tensor:
    """1, t, ..., t^degree along a new last axis."""
    powers = t.new_empty(*t.shape, degree + 1)
    powers[..., 0] = 1.0
    for power in range(1, degree + 1):
        torch.mul(powers[..., power - 1], t, out=powers[..., power])
    return powers


def _pieces(powers: Tensor, order: int) -> Tensor:
    """The degree + 1 local pieces, or their derivatives by t, along the last axis."""
    degree = powers.shape[-1] - 1
    return powers @ _blending_like(degree, order, powers.dtype, powers.device)


def _located(x: Tensor, low: Tensor, scale: Tensor, grid: int) -> tuple[Tensor, Tensor, Tensor]:
    """Interval of every x, place inside it in [0, 1], and how far beyond the grid, in intervals."""
    position = (x - low) * scale
    inside = position.clamp(0.0, float(grid))
    interval = inside.floor().nan_to_num_(0.0).clamp_(max=grid - 1)
    return interval.long(), inside - interval, position - inside


def _scattered(pieces: Tensor, interval: Tensor, grid: int) -> Tensor:
    """Local pieces at their places among all coefficients."""
    degree = pieces.shape[-1] - 1
    steps = torch.arange(degree + 1, device=pieces.device)
    values = pieces.new_zeros(*pieces.shape[:-1], grid + degree)
    return values.scatter_(-1, interval[..., None] + steps, pieces)


class _Basis(torch.autograd.Function):
    """Basis values of a derivative order; differentiable as often as the spline is."""

    @staticmethod
    def forward(ctx, x, low, scale, grid: int, degree: int, order: int) -> Tensor:
        interval, t, beyond = _located(x, low, scale, grid)
        powers = _powers(t, degree)
        ctx.save_for_backward(x, low, scale, interval, powers)
        ctx.shape = (grid, degree, order)
        if order > degree:
            return x.new_zeros(*x.shape, grid + degree)
        pieces = _pieces(powers, order)
        if order == 0 and bool(beyond.any()):
            pieces = pieces + beyond[..., None] * _pieces(powers, 1)
        elif order == 1:
            pieces = pieces * scale[..., None]
        elif order > 1:
            pieces = pieces * (scale**order * (beyond == 0))[..., None]
        return _scattered(pieces, interval, grid)

    @staticmethod
    def backward(ctx, gradient):  # pyright: ignore[reportIncompatibleMethodOverride]
        x, low, scale, interval, powers = ctx.saved_tensors
        grid, degree, order = ctx.shape
        if torch.is_grad_enabled() or order > 0:
            slopes = _Basis.apply(x, low, scale, grid, degree, order + 1)
            return (gradient * slopes).sum(-1), None, None, None, None, None
        steps = torch.arange(degree + 1, device=x.device)
        local = gradient.gather(-1, interval[..., None] + steps)
        return (local * _pieces(powers, 1)).sum(-1) * scale, None, None, None, None, None


def basis_with_slopes(
    x: Float[Tensor, "*batch inputs"],
    low: Float[Tensor, " inputs"],
    high: Float[Tensor, " inputs"],
    grid: int,
    degree: int,
) -> tuple[Float[Tensor, "*batch inputs coefs"], Float[Tensor, "*batch inputs coefs"]]:
    """Basis values and first derivatives in one pass, without gradients.

    Examples
    --------
    >>> at = torch.tensor([[0.25]]), torch.zeros(1), torch.ones(1), 2, 1
    >>> [values.flatten().tolist() for values in basis_with_slopes(*at)]
    [[0.5, 0.5, 0.0], [-2.0, 2.0, 0.0]]
    """
    scale = grid / (high - low)
    interval, t, beyond = _located(x, low, scale, grid)
    powers = _powers(t, degree)
    values, slopes = _pieces(powers, 0), _pieces(powers, 1)
    if bool(beyond.any()):
        values = values + beyond[..., None] * slopes
    slopes = slopes * scale[..., None]
    return _scattered(values, interval, grid), _scattered(slopes, interval, grid)


def spline_basis(
    x: Float[Tensor, "*batch inputs"],
    low: Float[Tensor, " inputs"],
    high: Float[Tensor, " inputs"],
    grid: int,
    degree: int,
    order: int = 0,
) -> Float[Tensor, "*batch inputs coefficients"]:
    """Values of all B-splines, or of their derivatives, at x.

    Parameters
    ----------
    x : points, in the units of the inputs.
    low, high : ends of each input's grid, ``low < high``.
    grid : number of equal intervals, at least 1.
    degree : degree of the pieces, at least 1.
    order : which derivative (0 the function itself), with respect to x.

    Returns
    -------
    ``grid + degree`` values for every x; those of order 0 sum to 1 everywhere.

    References
    ----------
    C. de Boor, A Practical Guide to Splines, Springer 2001, chapter IX.

    Examples
    --------
    >>> basis = spline_basis(torch.tensor([[0.25], [3.0]]), torch.zeros(1), torch.ones(1), 2, 1)
    >>> basis.squeeze(1).tolist()
    [[0.5, 0.5, 0.0], [0.0, -4.0, 5.0]]
    """
    scale = grid / (high - low)
    return _Basis.apply(x, low, scale, grid, degree, order)  # pyright: ignore[reportReturnType]


def greville_abscissae(
    low: Float[Tensor, " inputs"], high: Float[Tensor, " inputs"], grid: int, degree: int
) -> Float[Tensor, "inputs coefficients"]:
    """Where the coefficients sit: with coefficients equal to these, the spline is x itself.

    Examples
    --------
    >>> greville_abscissae(torch.zeros(1), torch.ones(1), 2, 1).tolist()
    [[0.0, 0.5, 1.0]]
    """
    steps = torch.arange(grid + degree, dtype=low.dtype, device=low.device) - (degree - 1) / 2
    return low[:, None] + (high - low)[:, None] * steps / grid


def spline_coefficients(
    points: Float[Tensor, "inputs points"],
    values: Float[Tensor, "outputs inputs points"],
    low: Float[Tensor, " inputs"],
    high: Float[Tensor, " inputs"],
    grid: int,
    degree: int,
) -> Float[Tensor, "outputs inputs coefficients"]:
    """Least-squares spline through given curve values, one fit per input for all outputs.

    Exact wherever the curves lie in the new spline space, as after grid refinement by a whole
    factor.

    Examples
    --------
    >>> x, low = torch.linspace(0, 1, 9).double()[None], torch.zeros(1).double()
    >>> spline_coefficients(x, 2 * x[None], low, low + 1, 2, 1).round(decimals=9).abs().tolist()
    [[[0.0, 1.0, 2.0]]]
    """
    basis = spline_basis(points.T, low, high, grid, degree).permute(1, 0, 2)
    ridge = 1e-12 * torch.eye(grid + degree, dtype=basis.dtype, device=basis.device)
    left = torch.cat([basis, ridge.expand(len(low), -1, -1)], dim=1)
    right = values.permute(1, 2, 0)
    right = torch.cat([right, right.new_zeros(len(low), grid + degree, right.shape[-1])], dim=1)
    solution = torch.linalg.lstsq(left, right).solution
    return solution.permute(2, 0, 1).contiguous()
