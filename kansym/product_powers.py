"""Product nodes, written with the power that makes factors and what follows functions of a library.

A product p = prod_i f_i(x_i) of factors of one sign, followed by g(p), carries the same quantity as
every power of it: p^k = prod_i f_i^k, followed by g(q^(1/k)). A trained network stops at an
arbitrary k, where exp(0.83 x) sin(x)^0.7 stands for exp(1.19 x) sin(x), and no library holds the
curves. Here k is searched for, by how well the library fits all curves at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from kansym.fit import fit_curves
from kansym.library import Candidate, Library
from kansym.network import Edge, Network, Node

__all__ = ["rewrite_product_powers"]

Array = np.ndarray
EXPLAINED = 3e-5
"""Relative error of a curve's best fit up to which nothing needs mending."""
WORTH_BITS = 40.0
"""Bits that another power must save."""
FROM_AFAR = 1e-3
"""Relative error that counts as a fit in the coarse scan."""
BASINS = 2
"""Best powers of the coarse scan that are looked at closer."""
LARGEST = 5.0
"""Powers between its reciprocal and itself are tried, of either sign."""
THINNED = 5
"""One in so many points of a curve is looked at."""
WINNERS = 2
"""Functions of a curve that are looked at again, closer to the best power."""
_COARSE, _ZOOMS, _FINE = 29, 4, 7


@dataclass(frozen=True)
class _Raised:
    """x -> |f(x)| ** power."""

    function: Callable[[Array], Array]
    power: float

    def __call__(self, x: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.abs(self.function(x)) ** self.power


@dataclass(frozen=True)
class _Rooted:
    """q -> g(sign q ** (1 / power) + bias)."""

    function: Callable[[Array], Array]
    power: float
    sign: float
    bias: float

    def __call__(self, q: Array) -> Array:
        with np.errstate(all="ignore"):
            return self.function(self.sign * np.maximum(q, 0.0) ** (1 / self.power) + self.bias)


def rewrite_product_powers(network: Network, library: Library, *, floor: float = 1e-6) -> Network:
    """Give every hidden product of factors of one sign the power that the library explains best.

    Parameters
    ----------
    network : a traced network.
    library : the functions that edges will be fitted with.
    floor : relative error below which curves count as reproduced.

    Returns
    -------
    A network with the same function on its sample.
    """
    for node in network.nodes:
        if node.kind == "product" and node.name not in network.outputs:
            network = _mended(network, node, library, floor)
    return network


def _mended(network: Network, node: Node, library: Library, floor: float) -> Network:
    """The network with one node raised to its best power, or as it was."""
    entering = [edge for edge in network.edges if edge.target == node.name]
    leaving = [edge for edge in network.edges if edge.source == node.name]
    known = any(edge.fixed is not None for edge in (*entering, *leaving))
    known |= len({len(edge.x) for edge in (*entering, *leaving)}) > 1
    if known or not leaving or len(entering) < 2:
        return network
    if any(edge.y.min() <= 0 <= edge.y.max() for edge in entering):
        return network
    values = network.values(network.sample)[node.name] - node.bias
    if values.min() <= 0 <= values.max():
        return network
    trial = _Trial(entering, leaving, np.abs(values), float(np.sign(values[0])), node.bias)
    explained = max(EXPLAINED, 3 * floor)
    # The functions worth mending for are plain ones, and a part of the points tells.
    plain = sorted(library, key=lambda candidate: candidate.complexity)
    simple = Library(plain[: max(1, len(plain) // 2)])
    before = trial.scores(np.ones(1), simple, floor)
    if before.errors[0] <= explained:
        return network
    if trial.scores(np.ones(1), library, floor, every=1).errors[0] <= explained:
        return network
    power, after = trial.best(simple, floor)
    return trial.applied(network, node, power) if after < before.bits[0] - WORTH_BITS else network


@dataclass(frozen=True)
class _Scores:
    """How well a library fits the curves, per power."""

    bits: Float[Array, " powers"]
    errors: Float[Array, " powers"]
    winners: list[tuple[Candidate, ...]]

    def winning(self, powers: list[int]) -> Library:
        """What fits best at some powers and next to them."""
        near = {j for i in powers for j in (i - 1, i, i + 1) if 0 <= j < len(self.winners)}
        return Library(list(dict.fromkeys(c for j in sorted(near) for c in self.winners[j])))


@dataclass(frozen=True, eq=False)
class _Trial:
    """The curves around one product node, for any power of it."""

    entering: list[Edge]
    leaving: list[Edge]
    size: Float[Array, " rows"]
    sign: float
    bias: float

    def scores(
        self, powers: Array, library: Library, floor: float, every: int = THINNED
    ) -> _Scores:
        """Bits of all curves, the largest error of a best fit, and what fits best."""
        curves = [curve for power in powers for curve in self._curves(float(power))]
        x, y, density = (np.stack(columns)[:, ::every] for columns in zip(*curves, strict=True))
        usable = np.isfinite(y).all(axis=1) & (np.ptp(y, axis=1) > 0) & (np.ptp(x, axis=1) > 0)
        bits, errors = np.full(len(x), np.inf), np.full(len(x), np.inf)
        best: list[tuple[Candidate, ...]] = [()] * len(x)
        if usable.any():
            fits = fit_curves(
                x[usable], y[usable], density[usable], library, top=WINNERS, floor=floor
            )
            for curve, each in zip(np.flatnonzero(usable).tolist(), fits, strict=True):
                if each:
                    bits[curve], errors[curve] = each[0].score, each[0].error
                best[curve] = tuple(fit.candidate for fit in each)
        n = len(x) // len(powers)
        winners = [sum(best[i : i + n], ()) for i in range(0, len(x), n)]
        return _Scores(bits.reshape(-1, n).sum(axis=1), errors.reshape(-1, n).max(axis=1), winners)

    def best(self, library: Library, floor: float) -> tuple[float, float]:
        """The power of fewest bits, and these: a coarse scan, then closer and closer looks.

        Powers of both signs: a product of reciprocals, followed by g(1 / q), is as likely.
        """
        logs = np.linspace(-np.log(LARGEST), np.log(LARGEST), _COARSE)
        powers = np.concatenate([np.exp(logs), -np.exp(logs)])
        # From afar the best power shows by functions that nearly fit.
        scan = self.scores(powers, library, max(floor, FROM_AFAR))
        order = np.argsort(scan.bits)[:BASINS].tolist()
        found = [(float(scan.bits[i]), float(powers[i])) for i in order]
        step = float(logs[1] - logs[0])
        likely = scan.winning(order)
        for _ in range(_ZOOMS):
            factors = np.exp(step * np.linspace(-1, 1, _FINE))
            near = np.concatenate([center * factors for _, center in found])
            closer = self.scores(near, likely, floor)
            bits, near = closer.bits.reshape(-1, _FINE), near.reshape(-1, _FINE)
            best = bits.argmin(axis=1)
            likely = closer.winning((best + _FINE * np.arange(len(best))).tolist())
            found = [
                (float(bits[row, k]), float(near[row, k])) for row, k in enumerate(best.tolist())
            ]
            step *= 2 / (_FINE - 1)
        fewest, power = min(found)
        return power, fewest

    def _curves(self, power: float) -> list[tuple[Array, Array, Array]]:
        """Points of every factor and every outgoing curve."""
        factors = [(edge.x, np.abs(edge.y) ** power, edge.density) for edge in self.entering]
        x, density = self._points(power)
        return factors + [(x, self._after(edge, power)(x), density) for edge in self.leaving]

    def _after(self, edge: Edge, power: float) -> _Rooted:
        return _Rooted(edge.function, power, self.sign, self.bias)

    def _points(self, power: float) -> tuple[Array, Array]:
        """As many points as the curve had before, where the node's values lie."""
        like = self.leaving[0]
        q = self.size**power
        levels = (np.arange(len(like.x)) + 0.5) / len(like.x)
        even = np.linspace(q.min(), q.max(), len(like.x))
        x = 0.5 * (np.quantile(q, levels) + even)
        cells = np.bincount(np.searchsorted((x[1:] + x[:-1]) / 2, q), minlength=len(x))
        density = cells / cells.sum() + 0.1 / len(x)
        return x, density / density.sum()

    def applied(self, network: Network, node: Node, power: float) -> Network:
        """The network with the node raised to a power."""
        x, density = self._points(power)
        edges = []
        for edge in network.edges:
            if edge.target == node.name:
                raised = _Raised(edge.function, power)
                edges.append(replace(edge, function=raised, y=raised(edge.x), straight=False))
            elif edge.source == node.name:
                after = self._after(edge, power)
                y = after(x)
                edges.append(
                    replace(edge, function=after, x=x, y=y, density=density, straight=False)
                )
            else:
                edges.append(edge)
        nodes = [replace(each, bias=0.0) if each is node else each for each in network.nodes]
        return network.rebuilt(nodes, edges)
