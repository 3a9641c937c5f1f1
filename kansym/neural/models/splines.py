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

FEW = 20_000
"""Points up to which the number of operations costs more than their size."""


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
def _with_slopes(degree: int) -> Tensor:
    """Coefficients of the local pieces, then of their slopes, (powers of t, 2 degree + 2)."""
    return torch.cat([_blending(degree, 0), _blending(degree, 1)], dim=1)


def _pieces(t: Tensor, degree: int, order: int) -> Tensor:
    """The degree + 1 local pieces at t along a new first axis."""
    return _polynomials(t, _blending(degree, order)[: degree + 1 - order])


def _polynomials(t: Tensor, coefficients: Tensor) -> Tensor:
    """Polynomials (powers, functions) at t along a new first axis, by Horner's rule.

    Faster than a product with the small matrix: every operation runs over all points. Few points
    stay in the cache for all functions at once; of many, one function does.
    """
    if t.numel() <= FEW:
        powers = coefficients.to(t).view(*coefficients.shape, *[1] * t.dim()).unbind()
        pieces = powers[-1].expand(-1, *t.shape).clone(memory_format=torch.contiguous_format)
        for power in powers[-2::-1]:
            pieces.mul_(t).add_(power)
        return pieces
    pieces = t.new_empty(coefficients.shape[1], *t.shape)
    for piece, column in zip(pieces, coefficients.T.tolist(), strict=True):
        piece.fill_(column[-1])
        for coefficient in column[-2::-1]:
            piece.mul_(t).add_(coefficient)
    return pieces


@cache
def _end_slopes(degree: int) -> list[tuple[float, float]]:
    """Slopes of the local pieces by t at the left and the right end of an interval."""
    left, right = _pieces(torch.tensor([0.0, 1.0], dtype=torch.float64), degree, 1).T.tolist()
    return list(zip(left, right, strict=True))


def _continue(pieces: Tensor, beyond: Tensor) -> None:
    """Go on along the tangents outside the grid, where t is 0 or 1; most end slopes vanish."""
    below, above = beyond.clamp(max=0.0), beyond.clamp(min=0.0)
    for piece, (left, right) in zip(pieces, _end_slopes(pieces.shape[0] - 1), strict=True):
        if left:
            piece.add_(below, alpha=left)
        if right:
            piece.add_(above, alpha=right)


def _outside(beyond: Tensor, grid: int) -> bool:
    """Whether a point lies beyond the grid, by more than rounding.

    Of the rows that a grid was fitted to, some lie on its ends.
    """
    return bool((beyond.abs() > 4 * grid * torch.finfo(beyond.dtype).eps).any())


def _located(x: Tensor, low: Tensor, scale: Tensor, grid: int) -> tuple[Tensor, Tensor, Tensor]:
    """Interval of every x, place inside it in [0, 1], and how far beyond the grid, in intervals."""
    position = (x - low) * scale
    inside = position.clamp(0.0, float(grid))
    interval = inside.floor().nan_to_num_(0.0).clamp_(max=grid - 1)
    return interval.long(), inside - interval, position - inside


def _places(interval: Tensor, n_coefficients: int) -> Tensor:
    """Where the first local piece of every point lies among all coefficients, flattened.

    Scattering along one flat axis is several times faster than along the last of three.
    """
    first = torch.arange(interval.numel(), device=interval.device) * n_coefficients
    return first.add_(interval.reshape(-1))


def _scattered(pieces: Tensor, interval: Tensor, grid: int) -> Tensor:
    """Local pieces at their places among all coefficients.

    Parameters
    ----------
    pieces : (sets, degree + 1, *batch), such as values and slopes.
    interval : (*batch), where the first of them belongs.

    Returns
    -------
    (sets, *batch, grid + degree).
    """
    n_coefficients = grid + pieces.shape[1] - 1
    values = pieces.new_zeros(len(pieces), interval.numel() * n_coefficients)
    place = _places(interval, n_coefficients)
    if interval.numel() <= FEW:
        places = place + torch.arange(pieces.shape[1], device=place.device)[:, None]
        values.scatter_(1, places.view(1, -1).expand(len(pieces), -1), pieces.flatten(1))
    else:
        for piece in pieces.transpose(0, 1):
            values.scatter_(1, place.expand(len(pieces), -1), piece.flatten(1))
            place.add_(1)
    return values.view(len(pieces), *interval.shape, n_coefficients)


def _derivative(
    x: Tensor, low: Tensor, scale: Tensor, grid: int, degree: int, order: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Basis values of a derivative order, the interval of every x and the place inside it."""
    interval, t, beyond = _located(x, low, scale, grid)
    if order > degree:
        return x.new_zeros(*x.shape, grid + degree), interval, t
    pieces = _pieces(t, degree, order)
    if order == 0 and _outside(beyond, grid):
        _continue(pieces, beyond)
    elif order == 1:
        pieces.mul_(scale)
    elif order > 1:
        pieces.mul_(scale**order * (beyond == 0))
    return _scattered(pieces[None], interval, grid)[0], interval, t


class _Basis(torch.autograd.Function):
    """Basis values of a derivative order; differentiable as often as the spline is."""

    @staticmethod
    def forward(ctx, x, low, scale, grid: int, degree: int, order: int) -> Tensor:
        values, interval, t = _derivative(x, low, scale, grid, degree, order)
        ctx.save_for_backward(x, low, scale, interval, t)
        ctx.shape = (grid, degree, order)
        return values

    @staticmethod
    def backward(ctx, gradient):  # pyright: ignore[reportIncompatibleMethodOverride]
        x, low, scale, interval, t = ctx.saved_tensors
        grid, degree, order = ctx.shape
        if torch.is_grad_enabled() or order > 0:
            slopes = _Basis.apply(x, low, scale, grid, degree, order + 1)
            return (gradient * slopes).sum(-1), None, None, None, None, None
        flat, place = gradient.reshape(-1), _places(interval, grid + degree)
        total = torch.zeros_like(t)
        for slope in _pieces(t, degree, 1):
            total.addcmul_(flat.index_select(0, place).view(t.shape), slope)
            place.add_(1)
        return total.mul_(scale), None, None, None, None, None


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
    pieces = _polynomials(t, _with_slopes(degree)).unflatten(0, (2, degree + 1))
    if _outside(beyond, grid):
        _continue(pieces[0], beyond)
    pieces[1].mul_(scale)
    values, slopes = _scattered(pieces, interval, grid)
    return values, slopes


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
    if not torch.is_grad_enabled():
        return _derivative(x, low, scale, grid, degree, order)[0]
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
