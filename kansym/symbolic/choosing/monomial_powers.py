"""Nodes that are monomials, written with the powers that make the rest of the formula simple.

A node h = sum_i c_i log x_i and a node p = prod_i x_i^(e_i) carry the same quantity, and so does
every power of p: what follows the node adapts. A trained network stops at an arbitrary one.
Here each such node is rewritten with the power (or the logarithm) for which the library explains
its outgoing curves best, such as v/c in place of (v/c)^1.37.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float

from kansym.network.activations import identity
from kansym.network.network import Edge, Network, Node
from kansym.symbolic.choosing.raised_nodes import (
    Composed,
    Function,
    points_of,
    raised,
    with_quantity,
)
from kansym.symbolic.fitting.fit import fit_curves
from kansym.symbolic.library.library import Library

__all__ = ["rewrite_monomials"]

Array = np.ndarray
LARGEST_POWER = 6.0
POWERS = (1.0, -1.0, 2.0, -2.0, 0.5, -0.5)
"""Powers of a monomial that are tried."""
POWER_LAW = 3e-2
"""Relative error below which a curve counts as a power law."""
WORTH_BITS = 4.0
"""Bits that a rewriting must save. Few: the exponents become exact and are counted, and only a
handful is tried, so that what is saved is no chance."""
FEWEST = 6
"""Points that a curve must have to be fitted."""


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

    def value(self, power: float, q: Array) -> Array:
        """The node's value where the monomial to a power is q."""
        log_p = np.log(np.maximum(q, 1e-300)) / power
        if self.is_product:
            return self.size * np.exp(self.slope * log_p) + self.offset
        return self.slope * log_p + self.offset

    def bits(self, power: float) -> float:
        """Bits of the exponents, once the monomial is raised to a power."""
        powers = np.abs(power * self.exponents)
        return float(np.sum(np.log2(1 + powers) * 2 + 4 * (powers % 1 > 1e-9)))


def _power(exponent: float) -> Function:
    """The power x ** exponent, of |x| where the exponent is no whole number."""
    if exponent == 1:
        return identity
    if exponent.is_integer():
        return partial(_whole_power, int(exponent))
    return partial(raised, power=exponent)


def _whole_power(exponent: int, x: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(x, float) ** exponent


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
    for node in network.hidden:
        monomial = _monomial(network, node)
        if monomial is not None:
            network = _best_power(network, node, monomial, library)
    return network


def _monomial(network: Network, node: Node) -> _Monomial | None:
    """The node as a monomial of its sources, if all its edges are logarithms or power laws."""
    edges = network.into(node.name)
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


def _best_power(network: Network, node: Node, monomial: _Monomial, library: Library) -> Network:
    """The network with the node as the power of the monomial of fewest bits, or as it was."""
    entering, leaving = network.into(node.name), network.out_of(node.name)
    if not leaving:
        return network
    values = network.values(network.sample)
    log_p = np.zeros(len(network.sample))
    for edge, exponent in zip(entering, monomial.exponents, strict=True):
        log_p = log_p + exponent * np.log(np.abs(values[edge.source]))
    points = [points_of(np.exp(power * log_p), len(leaving[0].x)) for power in POWERS]
    curves = [(edge.x, edge.y, edge.density) for edge in leaving]
    for power, (x, density) in zip(POWERS, points, strict=True):
        curves += [
            (x, Composed(edge.function, partial(monomial.value, power))(x), density)
            for edge in leaving
        ]
    totals = _scores(curves, library).reshape(len(POWERS) + 1, len(leaving)).sum(axis=1)
    totals[1:] += [monomial.bits(power) for power in POWERS]
    best = int(np.argmin(totals))
    if best == 0 or totals[best] > totals[0] - WORTH_BITS:
        return network
    power = POWERS[best - 1]
    factors = [_power(float(exponent)) for exponent in power * monomial.exponents]
    raised_node = Node(node.name, "product" if len(entering) > 1 else "sum")
    inner = partial(monomial.value, power)
    return with_quantity(network, raised_node, factors, inner, lambda _: points[best - 1])


def _scores(
    curves: Sequence[tuple[Array, Array, Array]], library: Library
) -> Float[Array, " curves"]:
    """Bits of the best library fit of every curve."""
    scores = np.full(len(curves), np.inf)
    lengths = np.array([len(x) for x, _, _ in curves])
    for length in np.unique(lengths[lengths >= FEWEST]):
        group = np.flatnonzero(lengths == length)
        chosen = [curves[i] for i in group.tolist()]
        x, y, density = (np.stack(columns) for columns in zip(*chosen, strict=True))
        usable = np.isfinite(y).all(axis=1) & (np.ptp(y, axis=1) > 0) & (np.ptp(x, axis=1) > 0)
        if usable.any():
            fits = fit_curves(x[usable], y[usable], density[usable], library, top=1)
            scores[group[usable]] = [best[0].score if best else np.inf for best in fits]
    return scores
