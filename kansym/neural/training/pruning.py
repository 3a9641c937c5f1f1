"""Smaller KANs with the same function: narrower shapes, and edges that can go.

The narrowest shape that fits is also the most readable one, because the functions on the edges
of a minimal network are unique up to scale and shift, while a wider network can spread one
function over many nodes.
"""

import copy
from collections.abc import Callable, Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from kansym.neural.models.kan import KAN, EdgeKind, KANLayer, Width

__all__ = ["can_be_straight", "embed", "narrower_widths", "prune_edges", "straight"]


def _limited(width: Width, most: int) -> Width:
    """A width with at most ``most`` nodes of each kind."""
    if isinstance(width, tuple):
        return (min(width[0], most), min(width[1], most))
    return min(width, most)


def narrower_widths(widths: tuple[Width, ...]) -> Iterator[tuple[Width, ...]]:
    """Shapes from the narrowest to the given one, hidden layers limited to 1, 2, 3, 5, 8, ...

    Examples
    --------
    >>> list(narrower_widths((2, 5, 1)))
    [(2, 1, 1), (2, 2, 1), (2, 3, 1), (2, 5, 1)]
    >>> list(narrower_widths((2, 1)))
    [(2, 1)]
    """
    seen: set[tuple[Width, ...]] = set()
    most, following = 1, 2
    while True:
        shape = (widths[0], *(_limited(width, most) for width in widths[1:-1]), widths[-1])
        if shape not in seen:
            seen.add(shape)
            yield shape
        if shape == tuple(widths):
            return
        most, following = following, most + following


@torch.no_grad()
def embed(small: KAN, large: KAN) -> None:
    """Write a narrower KAN into the first nodes of a wider one; all other edges become absent.

    Examples
    --------
    >>> small, large, x = KAN([2, 1, 1]), KAN([2, 5, 1]), torch.rand(9, 2).double()
    >>> embed(small, large)
    >>> bool(torch.allclose(small(x), large(x))), large.n_edges()
    (True, 3)
    """
    incoming = torch.arange(small.kan_layers[0].n_in)
    for source, target in zip(small.kan_layers, large.kan_layers, strict=True):
        sums = torch.arange(source.n_sum)
        products = target.n_sum + torch.arange(source.n_product)
        nodes = torch.cat([sums, products])
        _embed_layer(source, target, nodes, incoming)
        incoming = nodes
    large.domain.copy_(small.domain)


def _embed_layer(source: KANLayer, target: KANLayer, nodes: Tensor, incoming: Tensor) -> None:
    """Copy one layer into chosen rows and columns of a wider one."""
    target.grid = source.grid
    at = (nodes[:, None], incoming[None, :])
    coef = target.coef.new_zeros(target.n_out, target.n_in, source.coef.shape[-1])
    coef[at] = source.coef
    target.coef = torch.nn.Parameter(coef)
    target.kind.fill_(EdgeKind.ABSENT)
    target.kind[at] = source.kind
    target.slope.zero_()
    target.slope[at] = source.slope
    target.frozen.zero_()
    target.frozen[at] = source.frozen
    target.bias.zero_()
    target.bias[nodes] = source.bias
    target.frozen_bias.zero_()
    target.frozen_bias[nodes] = source.frozen_bias
    target.low[incoming] = source.low
    target.high[incoming] = source.high
    target.symbols.clear()
    for to, of, edge in source.symbol_edges():
        target.symbols[f"{int(nodes[to])}_{int(incoming[of])}"] = copy.deepcopy(edge)


@torch.no_grad()
def edge_importances(
    model: KAN, x: Float[Tensor, "rows inputs"]
) -> list[Float[Tensor, "n_out n_in"]]:
    """Spread of every edge on x as a share of its node's, carried back from the outputs.

    For a product node the spread of an edge is relative to its own mean size.
    """
    inputs = model.layer_inputs(x)
    following = torch.ones(model.kan_layers[-1].n_out, dtype=x.dtype, device=x.device)
    result: list[Tensor] = []
    for layer, entering in zip(reversed(model.kan_layers), reversed(inputs), strict=True):
        edges = layer.edges(entering)
        spread = edges.std(0)
        products = edges[:, layer.n_sum :]
        spread[layer.n_sum :] /= products.square().mean(0).sqrt().clamp_min(1e-300)
        share = spread / spread.square().sum(1, keepdim=True).sqrt().clamp_min(1e-300)
        share = share * following[:, None] * (layer.kind != EdgeKind.ABSENT)
        result.append(share)
        following = share.amax(0)
    return result[::-1]


@torch.no_grad()
def _without(model: KAN, position: int, target: int, source: int, x: Tensor) -> KAN:
    """A copy without one edge, its mean value kept."""
    smaller = copy.deepcopy(model)
    layer = smaller.kan_layers[position]
    mean = layer.edges(smaller.layer_inputs(x)[position])[:, target, source].mean()
    smaller.set_edge(position, target, source, EdgeKind.ABSENT)
    if target < layer.n_sum:
        _add_constant(layer, target, mean)
    else:
        _scale_factor(layer, target, mean)
    _drop_dead_nodes(smaller, x)
    return smaller


def _add_constant(layer: KANLayer, target: int, value: Tensor) -> None:
    """Add to a sum node, where training will look for it: in a spline, else in the bias."""
    splines = (layer.kind[target] == EdgeKind.SPLINE).nonzero()
    if len(splines):
        layer.coef[target, int(splines[0])] += value
    else:
        layer.bias[target] += value


def _scale_factor(layer: KANLayer, target: int, value: Tensor) -> None:
    """Multiply a product node by a number, through its first factor."""
    for source in range(layer.n_in):
        kind = int(layer.kind[target, source])
        if kind == EdgeKind.SPLINE:
            layer.coef[target, source] *= value
            return
        if kind == EdgeKind.STRAIGHT:
            layer.slope[target, source] *= value
            return
        if kind == EdgeKind.SYMBOL:
            layer.symbols[f"{target}_{source}"].constants[2:] *= value  # pyright: ignore[reportIndexIssue]
            return
    # A product of nothing is 1: without a factor left, the bias carries the value.
    layer.bias[target] += value - 1


def _drop_dead_nodes(model: KAN, x: Tensor) -> None:
    """Remove edges that lead to nodes without a way out, or come from nodes without one in."""
    layers = model.kan_layers
    changed = True
    while changed:
        changed = False
        for position in range(len(layers) - 1):
            before, after = layers[position], layers[position + 1]
            leads_on = (after.kind != EdgeKind.ABSENT).any(0)
            fed = (before.kind != EdgeKind.ABSENT).any(1)
            for node in (~leads_on & fed).nonzero().flatten().tolist():
                for source in (before.kind[node] != EdgeKind.ABSENT).nonzero().flatten().tolist():
                    model.set_edge(position, node, source, EdgeKind.ABSENT)
                changed = True
            for node in (leads_on & ~fed).nonzero().flatten().tolist():
                values = after.edges(model.layer_inputs(x[:1])[position + 1])[0]
                for target in (after.kind[:, node] != EdgeKind.ABSENT).nonzero().flatten().tolist():
                    model.set_edge(position + 1, target, node, EdgeKind.ABSENT)
                    if target < after.n_sum:
                        _add_constant(after, target, values[target, node])
                    else:
                        _scale_factor(after, target, values[target, node])
                changed = True


def _n_frozen(model: KAN) -> int:
    """Frozen edges that are still there."""
    return sum(
        int((layer.frozen & (layer.kind != EdgeKind.ABSENT)).sum()) for layer in model.kan_layers
    )


def prune_edges(
    model: KAN,
    x: Float[Tensor, "rows inputs"],
    retrain: Callable[[KAN], float],
    error: float,
    *,
    allowance: float = 1.1,
    floor: float = 0.0,
    most: float = 0.3,
) -> tuple[KAN, float]:
    """Remove edges one by one, least important first, while retraining keeps the error.

    Parameters
    ----------
    x : rows on which importance is measured.
    retrain : trains a model a little and returns its error.
    error : the error of ``model``.
    allowance : by which factor the error may grow in all.
    floor : an error that is good enough in any case.
    most : importance above which no removal is tried.

    Returns
    -------
    The smaller model and its error.
    """
    limit = max(allowance * error, floor)
    tried: set[tuple[int, int, int]] = set()
    while True:
        shares = edge_importances(model, x)
        candidates = sorted(
            (float(share[target, source]), position, target, source)
            for position, share in enumerate(shares)
            for target, source in (model.kan_layers[position].kind != EdgeKind.ABSENT)
            .nonzero()
            .tolist()
            if (position, target, source) not in tried
            and not bool(model.kan_layers[position].frozen[target, source])
        )
        if not candidates or candidates[0][0] > most or model.n_edges() <= 1:
            return model, error
        _, position, target, source = candidates[0]
        tried.add((position, target, source))
        smaller = _without(model, position, target, source, x)
        if smaller.n_edges() == 0 or _n_frozen(smaller) < _n_frozen(model):
            continue
        new_error = retrain(smaller)
        if new_error <= limit:
            model, error = smaller, new_error


def can_be_straight(model: KAN, position: int) -> bool:
    """Whether a layer that others follow has splines into its sums."""
    layer = model.kan_layers[position]
    splines = (layer.kind == EdgeKind.SPLINE) & ~layer.frozen
    return position + 1 < len(model.kan_layers) and int(splines[: layer.n_sum].sum()) > 1


@torch.no_grad()
def straight(model: KAN, position: int, x: Float[Tensor, "rows inputs"], seed: int = 0) -> KAN:
    """A copy with lines for all splines into the sums of a layer.

    Several networks may be the same function, such as those of x*y from sums; of these, one with
    straight edges is the most readable.

    Parameters
    ----------
    x : rows on which the lines are fitted, and which the grids are refitted to.
    seed : for a fresh network with lines at random; 0 for the lines that come nearest.
    """
    straighter = copy.deepcopy(model)
    layer = straighter.kan_layers[position]
    entering = straighter.layer_inputs(x)[position]
    edges = layer.edges(entering)
    if seed:
        straighter.reset(seed)
    generator = torch.Generator().manual_seed(seed)
    centred = entering - entering.mean(0)
    for target in range(layer.n_sum):
        for source in range(layer.n_in):
            spline = int(layer.kind[target, source]) == EdgeKind.SPLINE
            if not spline or bool(layer.frozen[target, source]):
                continue
            values, u = edges[:, target, source], centred[:, source]
            slope = (u * values).sum() / u.square().sum().clamp_min(1e-300)
            if seed:
                slope = torch.randn(1, generator=generator, dtype=torch.float64) / u.std()
            straighter.set_edge(position, target, source, EdgeKind.STRAIGHT, float(slope))
            layer.bias[target] += values.mean() - float(slope) * entering[:, source].mean()
    straighter.refit_grids(x, margin=0.02)
    return straighter
