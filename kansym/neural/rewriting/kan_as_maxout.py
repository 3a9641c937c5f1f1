"""A piecewise-linear KAN as a Maxout network that computes the same function."""

import torch
from torch import Tensor, nn

from kansym.neural.models.kan import KAN, KANLayer
from kansym.neural.models.mlp import Maxout
from kansym.neural.rewriting.stack import check_kan, linear, numbers
from kansym.shared.errors import InputError

__all__ = ["to_maxout"]


@torch.no_grad()
def to_maxout(model: KAN) -> nn.Sequential:
    """Rewrite a piecewise-linear KAN as a Maxout network.

    Every piecewise-linear edge is a difference of two convex ones, and a convex one is the
    maximum of its lines: phi(x) = max_p(a_p x + b_p) - max_q(a'_q x + b'_q).

    Raises
    ------
    InputError
        For degrees above 1, product nodes, and edges fixed to a function.

    Examples
    --------
    >>> kan, x = KAN([2, 2, 1], degree=1, seed=3), torch.randn(50, 2, dtype=torch.float64)
    >>> bool(torch.allclose(to_maxout(kan)(x), kan(x)))
    True

    References
    ----------
    I. Goodfellow et al., Maxout Networks, 2013, arXiv:1302.4389.
    """
    check_kan(model)
    layers = model.kan_layers
    if any(layer.degree > 1 or layer.n_product or len(layer.symbols) for layer in layers):
        raise InputError(
            f"{model!r} is not piecewise linear throughout: a Maxout form exists for degree 1 "
            "without product nodes and fixed functions."
        )
    modules: list[nn.Module] = []
    for layer in layers:
        modules += _maxout_layer(layer)
    return nn.Sequential(*modules)


def _maxout_layer(layer: KANLayer) -> list[nn.Module]:
    """Two Maxout units per edge and the Linear that subtracts and sums them."""
    n_units = 2 * layer.n_out * layer.n_in
    like = layer.coef
    weight = torch.zeros(n_units, layer.grid, layer.n_in).to(like)
    bias = torch.zeros(n_units, layer.grid).to(like)
    readout = torch.zeros(layer.n_out, n_units).to(like)
    unit = 0
    for source in range(layer.n_in):
        lines = _convex_parts(layer, source)
        for sign, slopes, intercepts in lines:
            here = slice(unit, unit + layer.n_out)
            weight[here, :, source], bias[here] = slopes, intercepts
            readout[:, here] = sign * torch.eye(layer.n_out).to(like)
            unit += layer.n_out
    return [Maxout(weight, bias), linear(readout, layer.bias.clone())]


def _convex_parts(layer: KANLayer, source: int) -> list[tuple[float, Tensor, Tensor]]:
    """Lines (slopes and intercepts, (n_out, pieces)) of the convex parts of all edges."""
    knots = numbers(layer.knots(source), layer.coef)
    values = layer.weight()[:, source] + layer.straight()[:, source, None] * knots
    slopes = torch.diff(values, dim=1) / (knots[1] - knots[0])
    kinks = torch.diff(slopes, dim=1)
    parts = []
    for sign, rising in ((1.0, kinks.clamp_min(0)), (-1.0, (-kinks).clamp_min(0))):
        first = slopes[:, :1] if sign > 0 else torch.zeros_like(slopes[:, :1])
        start = values[:, 0] if sign > 0 else torch.zeros_like(values[:, 0])
        pieces = torch.cat([first, first + rising.cumsum(1)], dim=1)
        offsets = start - first[:, 0] * knots[0]
        steps = torch.cat([torch.zeros_like(first), -rising * knots[1:-1]], dim=1).cumsum(1)
        parts.append((sign, pieces, offsets[:, None] + steps))
    return parts
