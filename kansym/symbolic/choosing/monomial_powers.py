"""Nodes that are monomials, written with the powers that make the rest of the formula simple.

A node h = sum_i c_i log x_i and a node p = prod_i x_i^(e_i) carry the same quantity, and so does
every power of p: what follows the node adapts. A trained network stops at an arbitrary one.
Here each such node is rewritten with the power (or the logarithm) for which the library explains
its outgoing curves best, such as v/c in place of (v/c)^1.37.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from kansym.network.condensing.node_points import compress
from kansym.network.network import Edge, Network, Node
from kansym.symbolic.fitting.edge_fit import EdgeFit
from kansym.symbolic.fitting.fit import fit_curves
from kansym.symbolic.library.library import Library

__all__ = ["rewrite_monomials"]

Array = np.ndarray
LARGEST_POWER = 6.0
POWER_LAW = 3e-2
"""Relative error below which a curve counts as a power law."""
WORTH_BITS = 4.0
"""Bits that a rewriting must save."""


@dataclass(frozen=True)
class _Monomial:
    """A node as prod_i |x_i|^(e_i), and the node's value as a function of its logarithm.

    value = slope * log p + offset for a sum node, size * p ** slope + offset for a product node.
    """

    exponents: Float[Array, " edges"]
    is_product: bool
    slope: float
    size: float
    offset: float

    def value(self, log_p: Array) -> Array:
        """The node's value."""
        if self.is_product:
            return self.size * np.exp(self.slope * log_p) + self.offset
        return self.slope * log_p + self.offset


@dataclass(frozen=True)
class _Power:
    """x -> x ** exponent for positive x."""

    exponent: float

    def __call__(self, x: Array) -> Array:
        with np.errstate(all="ignore"):
            if float(self.exponent).is_integer():
                return np.asarray(x, float) ** int(self.exponent)
            return np.abs(x) ** self.exponent


@dataclass(frozen=True)
class _AfterPower:
    """An outgoing curve as a function of p ** power instead of the node's own value."""

    function: Callable[[Array], Array]
    monomial: _Monomial
    power: float

    def __call__(self, q: Array) -> Array:
        with np.errstate(all="ignore"):
            log_p = np.log(np.maximum(q, 1e-300)) / self.power
        return self.function(self.monomial.value(log_p))


def rewrite_monomials(network: Network, library: Library) -> Network:
    """Give every hidden monomial the power for which its outgoing edges are simplest.

    Parameters
    ----------
    network : a traced network.
    library : the functions that edges will be fitted with.

    Returns
    -------
    A network with the same function, up to the rounding of exponents that are nearly whole.
    """
    names = [node.name for node in network.nodes if node.kind != "input"]
    for name in names:
        if name in network.outputs:
            continue
        monomial = _monomial(network, name)
        if monomial is not None:
            network = _best_power(network, name, monomial, library)
    return network


def _entering(network: Network, name: str) -> list[Edge]:
    return [edge for edge in network.edges if edge.target == name]


def _leaving(network: Network, name: str) -> list[Edge]:
    return [edge for edge in network.edges if edge.source == name]


def _monomial(network: Network, name: str) -> _Monomial | None:
    """The node as a monomial of its sources, if all its edges are logarithms or power laws."""
    edges = _entering(network, name)
    node = next(node for node in network.nodes if node.name == name)
    if not edges or any(edge.fixed is not None or edge.x.min() <= 0 for edge in edges):
        return None
    fits = [_log_fit(edge, product=node.kind == "product") for edge in edges]
    found = [fit for fit in fits if fit is not None]
    if len(found) < len(fits):
        return None
    slopes = np.array([slope for slope, _, _ in found])
    unit = _unit_of(slopes)
    if unit is None:
        return None
    exponents = slopes / unit
    nearest = np.round(2 * exponents) / 2
    exponents = np.where(np.abs(exponents - nearest) < 0.02 * np.abs(nearest), nearest, exponents)
    offsets = [offset for _, offset, _ in found]
    if node.kind == "product":
        sign = float(np.prod([sign for _, _, sign in found]))
        size = sign * float(np.exp(np.sum(offsets)))
        return _Monomial(exponents, True, unit, size, node.bias)
    return _Monomial(exponents, False, unit, 1.0, float(np.sum(offsets)) + node.bias)


def _log_fit(edge: Edge, *, product: bool) -> tuple[float, float, float] | None:
    """Slope, offset and sign of a curve that is a line in log x: y, or log |y| for factors."""
    kept = edge.density > 0
    x, y, density = edge.x[kept], edge.y[kept], edge.density[kept]
    sign = 1.0
    if product:
        if np.any(y[0] * y <= 0):
            return None
        sign, y = float(np.sign(y[0])), np.log(np.abs(y))
    weight = density / density.sum()
    u = np.log(x)
    mean_u, mean_y = weight @ u, weight @ y
    variance = weight @ (u - mean_u) ** 2
    if variance == 0:
        return None
    slope = float(weight @ ((u - mean_u) * (y - mean_y)) / variance)
    offset = float(mean_y - slope * mean_u)
    residual = np.sqrt(weight @ (y - slope * u - offset) ** 2)
    spread = np.sqrt(weight @ (y - mean_y) ** 2)
    return (slope, offset, sign) if residual <= POWER_LAW * spread and slope != 0 else None


def _unit_of(slopes: Float[Array, " edges"]) -> float | None:
    """The unit in which all slopes are nearly whole or half numbers, the smallest such."""
    best: tuple[float, float] | None = None
    for reference in np.abs(slopes):
        for multiple in (1.0, 2.0, 3.0, 4.0):
            unit = reference / multiple
            powers = np.abs(slopes) / unit
            if powers.max() > LARGEST_POWER + 0.5:
                continue
            miss = float(np.abs(powers - np.round(powers)).max())
            if np.round(powers).min() < 1:
                continue
            cost = miss + 0.02 * float(np.round(powers).max())
            if miss < 0.06 and (best is None or cost < best[0]):
                best = (cost, unit)
    if best is None:
        return None
    negative = np.sum(slopes < 0) > np.sum(slopes > 0)
    return -best[1] if negative else best[1]


def _best_power(network: Network, name: str, monomial: _Monomial, library: Library) -> Network:
    """Try powers of the monomial; the rewriting of fewest bits, or the network as it was."""
    leaving = _leaving(network, name)
    if not leaving:
        return network
    values = network.values(network.sample)
    log_p = _log_monomial(network, name, monomial, values)
    variants = [_Variant(power, monomial) for power in (1.0, -1.0, 2.0, -2.0, 0.5, -0.5)]
    curves = [(edge.x, edge.y, edge.density) for edge in leaving]
    for variant in variants:
        x, density = variant.points(log_p, leaving[0])
        curves += [(x, variant.function(edge)(x), density) for edge in leaving]
    scores = _scores(curves, library)
    totals = scores.reshape(len(variants) + 1, len(leaving)).sum(axis=1)
    totals[1:] += [variant.bits for variant in variants]
    best = int(np.argmin(totals))
    if best == 0 or totals[best] > totals[0] - WORTH_BITS:
        return network
    chosen = variants[best - 1]
    x, density = chosen.points(log_p, leaving[0])
    return _replaced(network, name, chosen, x, density)


def _log_monomial(
    network: Network, name: str, monomial: _Monomial, values: dict[str, Array]
) -> Float[Array, " rows"]:
    """Log p on the sample."""
    edges = _entering(network, name)
    total = np.zeros(len(network.sample))
    for edge, exponent in zip(edges, monomial.exponents, strict=True):
        total = total + exponent * np.log(np.abs(values[edge.source]))
    return total


@dataclass(frozen=True)
class _Variant:
    """The node as p ** power."""

    power: float
    monomial: _Monomial

    @property
    def bits(self) -> float:
        """Bits of the powers on the incoming edges."""
        powers = np.abs(self.power * self.monomial.exponents)
        return float(np.sum(np.log2(1 + powers) * 2 + 4 * (powers % 1 > 1e-9)))

    def points(self, log_p: Array, like: Edge) -> tuple[Array, Array]:
        """Points and weights of the new node on the sample."""
        q = np.exp(self.power * log_p)
        n_points = len(like.x)
        if len(np.unique(q)) < n_points:
            return compress(q)  # curves of one network have equally many points
        levels = (np.arange(n_points) + 0.5) / n_points
        even = np.linspace(q.min(), q.max(), n_points)
        x = 0.5 * (np.quantile(q, levels) + even)
        middles = (x[1:] + x[:-1]) / 2
        cells = np.bincount(np.searchsorted(middles, q), minlength=len(x)).astype(float)
        density = cells / cells.sum() + 0.1 / len(x)
        return x, density / density.sum()

    def function(self, edge: Edge) -> _AfterPower:
        """An outgoing edge as a function of the new node."""
        return _AfterPower(edge.function, self.monomial, self.power)


def _scores(
    curves: Sequence[tuple[Array, Array, Array]], library: Library
) -> Float[Array, " curves"]:
    """Bits of the best library fit of every curve."""
    scores = np.empty(len(curves))
    lengths = np.array([len(x) for x, _, _ in curves])
    for length in np.unique(lengths):
        group = np.flatnonzero(lengths == length)
        chosen = [curves[i] for i in group.tolist()]
        x, y, density = (np.stack(columns) for columns in zip(*chosen, strict=True))
        usable = np.isfinite(y).all(axis=1) & (np.ptp(y, axis=1) > 0) & (np.ptp(x, axis=1) > 0)
        scores[group] = np.inf
        if length < 6 or not usable.any():
            continue
        fits = fit_curves(x[usable], y[usable], density[usable], library, top=1)
        scores[group[usable]] = [_bits(best) for best in fits]
    return scores


def _bits(fits: Sequence[EdgeFit]) -> float:
    """Score of the best fit."""
    return fits[0].score if fits else float("inf")


def _replaced(network: Network, name: str, variant: _Variant, x: Array, density: Array) -> Network:
    """The network with a node rewritten as a product of powers."""
    exponents = iter(variant.power * variant.monomial.exponents)
    edges = []
    for edge in network.edges:
        if edge.target == name:
            power = _Power(float(next(exponents)))
            edges.append(
                replace(edge, function=power, y=power(edge.x), straight=power.exponent == 1)
            )
        elif edge.source == name:
            function = variant.function(edge)
            edges.append(
                replace(
                    edge, function=function, x=x, y=function(x), density=density, straight=False
                )
            )
        else:
            edges.append(edge)
    nodes = [
        Node(node.name, "product" if len(_entering(network, name)) > 1 else "sum", 0.0)
        if node.name == name
        else node
        for node in network.nodes
    ]
    return network.rebuilt(nodes, edges)
