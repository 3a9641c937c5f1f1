"""Hidden nodes, written with the power that makes what enters and leaves functions of a library.

A product p = prod_i f_i(x_i) of factors of one sign, followed by g(p), carries the same quantity as
every power of it: p^k = prod_i f_i^k, followed by g(q^(1/k)). A trained network stops at an
arbitrary k, where exp(0.83 x) sin(x)^0.7 stands for exp(1.19 x) sin(x), and no library holds the
curves. Here k is searched for, by how well the library fits all curves at once.

A sum is the logarithm of a product, sum_i h_i = log prod_i exp(h_i), what every p^k comes to for
k -> 0: so log(sin(x)) + log(y), followed by asin(exp(s)), is sin(x) y, followed by asin(p).
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float

from kansym.network.network import Edge, Network, Node
from kansym.symbolic.choosing.raised_nodes import Composed, points_of, raised, with_quantity
from kansym.symbolic.fitting.edge_fit import error_bits
from kansym.symbolic.fitting.fit import fit_curves
from kansym.symbolic.library.candidate import Candidate
from kansym.symbolic.library.library import Library

__all__ = ["rewrite_product_powers"]

Array = np.ndarray
EXPLAINED = 3e-5
"""Relative error of a curve's best fit up to which nothing needs mending."""
MOST_FACTORS = 6
"""Edges into a node beyond which no power suits them all."""
SUITABLE = 2e-2
"""Relative error of the worst curve with which a sum may stand for a product, or the reverse."""
WORTH_BITS = 40.0
"""Bits that another power must save: of the hundreds that are scanned some save a few by chance,
and a power is a measured number more."""
FAR_BEHIND = 40.0
"""Bits by which a local minimum of the scan may trail the best one and still be followed."""
FROM_AFAR = 1e-3
"""Relative error that counts as a fit in the coarse scan."""
BASINS = 4
"""Local minima of the coarse scan that are looked at closer, the best ones."""
LARGEST = 5.0
"""Powers between its reciprocal and itself are tried, of either sign."""
CROSSING = 1e-3
"""Share of the largest value below which values of the other sign are as good as zero."""
EVEN = 1e-8
"""Least variance of a curve, over its largest square."""
LOG_SPREAD = 0.5
"""Standard deviation of log p for a product p of power 1 that stands for a sum."""
FEWEST = 8
"""Different points that a curve must have."""
TABLE, HELD, HELD_ROWS = 201, 3e-3, 500
"""Points of a table, the relative error up to which it holds a curve, and rows that tell."""
LOOKED_AT = 6
"""Functions of a curve that are ranked by what their errors cost."""
THINNED = 5
"""One in so many points of a curve is looked at."""
WINNERS = 2
"""Functions of a curve that are looked at again, closer to the best power."""
_COARSE, _ZOOMS, _FINE = 29, 4, 7


@dataclass(frozen=True)
class _SignedPower:
    """A node's value v as sign q ** (1 / power) + bias of a quantity q; exp(q) for the power 0."""

    sign: float
    bias: float

    def value(self, power: float, q: Array) -> Array:
        """The node's value from the quantity."""
        size = np.maximum(q, 0.0) ** (1 / power) if power else np.exp(q)
        return self.sign * size + self.bias


def _exponential(rate: float, middle: float, values: Array) -> Array:
    return np.exp(rate * (values - middle))


def _logarithm(rate: float, middle: float, values: Array) -> Array:
    return np.log(values) / rate + middle


def rewrite_product_powers(network: Network, library: Library, *, floor: float = 1e-6) -> Network:
    """Give every hidden node the power, as a product, that the library explains best.

    Sums, and products of factors of one sign, are looked at; a sum is the power 0.

    Parameters
    ----------
    network : a traced network.
    library : the functions that edges will be fitted with.
    floor : relative error below which curves count as reproduced.

    Returns
    -------
    A network with the same function on its sample.
    """
    for node in network.hidden:
        network = _at_best_power(network, node, library, floor)
    return network


def _at_best_power(network: Network, node: Node, library: Library, floor: float) -> Network:
    """The network with one node raised to its best power, or as it was."""
    entering, leaving = network.into(node.name), network.out_of(node.name)
    known = any(edge.fixed is not None for edge in (*entering, *leaving))
    known |= len({len(edge.x) for edge in (*entering, *leaving)}) > 1
    if known or not leaving or not 2 <= len(entering) <= MOST_FACTORS:
        return network
    product = network if node.kind == "product" else _exponentiated(network, node)
    trial = _Trial.of(product, node.name)
    if trial is None:
        return network
    own = np.array([1.0 if node.kind == "product" else 0.0])
    explained = max(EXPLAINED, 3 * floor)
    # A part of the points tells.
    before = trial.scores(own, library, floor)
    if before.errors[0] <= explained:
        return network
    if trial.scores(own, library, floor, every=1).errors[0] <= explained:
        return network
    power, fewest = trial.best(library, floor)
    other = np.array([0.0 if node.kind == "product" else power])
    as_other = trial.scores(other, library, floor)
    # A sum in place of a product, or the reverse, has to suit all curves.
    if as_other.errors[0] > max(SUITABLE, 3 * floor):
        as_other = None
    if node.kind == "product" and as_other is not None and as_other.bits[0] < fewest:
        power, fewest = 0.0, float(as_other.bits[0])
    elif node.kind == "sum" and as_other is None:
        return network
    if not fewest < before.bits[0] - WORTH_BITS:
        return network
    return trial.applied(product, node.name, power)


def _exponentiated(network: Network, node: Node) -> Network:
    """The network with a sum written as the logarithm of a product."""
    entering = network.into(node.name)
    values = network.values(network.sample)[node.name]
    rate = LOG_SPREAD / max(float(np.std(values)), 1e-300)
    middles = [float(edge.y @ edge.density / edge.density.sum()) for edge in entering]
    shift = node.bias + sum(middles)
    return with_quantity(
        network,
        Node(node.name, "product"),
        [
            Composed(partial(_exponential, rate, middle), edge.function)
            for edge, middle in zip(entering, middles, strict=True)
        ],
        partial(_logarithm, rate, shift),
        lambda edge: (_exponential(rate, shift, edge.x), edge.density),
    )


def _has_one_sign(values: Array) -> bool:
    """Whether values have one sign, but for some that are as good as zero."""
    return bool(min(-values.min(), values.max()) < CROSSING * np.abs(values).max())


def _steepness(edge: Edge, p: Array, values: Array) -> Array:
    """(p g'(p) / spread of g)^2: how much an error of a factor, relative to it, costs on a row."""
    step = 1e-4 * float(np.ptp(p))
    slope = (edge.function(p + step) - edge.function(p - step)) / (2 * step)
    with np.errstate(all="ignore"):
        return (values * slope / np.std(edge.function(p))) ** 2


def _averaged(values: Array, x: Array, points: Array) -> Array:
    """Means of values at x over the cells around points, linear where a cell is empty."""
    cells = np.searchsorted((points[1:] + points[:-1]) / 2, x)
    count = np.bincount(cells, minlength=len(points))
    total = np.bincount(cells, values, minlength=len(points))
    filled = np.flatnonzero(count)
    return np.interp(points, points[filled], total[filled] / count[filled])


@dataclass(frozen=True)
class _Scores:
    """How well a library fits the curves, per power."""

    bits: Float[Array, " powers"]
    errors: Float[Array, " powers"]
    winners: list[tuple[Candidate, ...]]

    def winning(self, powers: list[int]) -> Library | None:
        """What fits best at some powers and next to them; None if nothing fits there."""
        near = {j for i in powers for j in (i - 1, i, i + 1) if 0 <= j < len(self.winners)}
        found = dict.fromkeys(c for j in sorted(near) for c in self.winners[j])
        return Library(found) if found else None


def _lowest(values: Float[Array, " n"]) -> list[int]:
    """Positions of the local minima, the lowest first."""
    walled = np.pad(values, 1, constant_values=np.inf)
    # inf is a minimum nowhere.
    minima = (values <= walled[:-2]) & (values <= walled[2:]) & (values < np.inf)
    found = np.flatnonzero(minima)
    return found[np.argsort(values[found], kind="stable")].tolist()


def _spread(
    values: Float[Array, "curves points"], cost: Float[Array, "curves points"]
) -> Float[Array, " curves"]:
    """Root of the weighted sum of squares around the weighted mean."""
    with np.errstate(all="ignore"):
        mean = (cost * values).sum(axis=1) / cost.sum(axis=1)
        return np.sqrt((cost * (values - mean[:, None]) ** 2).sum(axis=1))


@dataclass(frozen=True, eq=False)
class _Trial:
    """The curves around one product node, for any power of it."""

    entering: tuple[Edge, ...]
    leaving: tuple[Edge, ...]
    weights: list[Float[Array, " points"]]
    """Per factor, how much its relative error costs at its points."""
    size: Float[Array, " rows"]
    node: _SignedPower

    @classmethod
    def of(cls, network: Network, name: str) -> "_Trial | None":
        """The curves around a product; None if some factor has both signs."""
        entering, leaving = network.into(name), network.out_of(name)
        nodes, bias = network.values(network.sample), network.node(name).bias
        values = nodes[name] - bias
        if not all(_has_one_sign(each) for each in (values, *(edge.y for edge in entering))):
            return None
        steepness = np.sum([_steepness(edge, nodes[name], values) for edge in leaving], axis=0)
        weights = [_averaged(steepness, nodes[edge.source], edge.x) for edge in entering]
        sign = float(np.sign(values[np.abs(values).argmax()]))
        return cls(entering, leaving, weights, np.abs(values), _SignedPower(sign, bias))

    def scores(
        self, powers: Array, library: Library, floor: float, every: int = THINNED
    ) -> _Scores:
        """Bits of all curves, the largest error of a best fit, and what fits best."""
        curves = [curve for power in powers for curve in self._curves(float(power))]
        x, y, cost = (np.stack(columns)[:, ::every] for columns in zip(*curves, strict=True))
        with np.errstate(all="ignore"):
            usable = np.isfinite(x + y + cost).all(axis=1)
            usable &= (np.diff(x, axis=1) > 0).sum(axis=1, where=cost[:, 1:] > 0) >= FEWEST
            usable &= np.ptp(y, axis=1) > 0
            spread = np.sqrt(every) * _spread(y, cost)
            # Where only a few points cost anything, they are all that a fit would see.
            usable &= spread**2 > EVEN * every * cost.sum(axis=1) * np.abs(y).max(axis=1) ** 2
        bits, errors = np.full(len(x), np.inf), np.full(len(x), np.inf)
        best: list[tuple[Candidate, ...]] = [()] * len(x)
        if usable.any():
            fits = fit_curves(
                x[usable], y[usable], cost[usable], library, top=LOOKED_AT, floor=floor
            )
            for curve, each in zip(np.flatnonzero(usable).tolist(), fits, strict=True):
                lengths = [
                    float(error_bits(fit.error * spread[curve], floor)) + fit.complexity
                    for fit in each
                ]
                order = np.argsort(lengths)[:WINNERS].tolist()
                if order:
                    bits[curve] = lengths[order[0]]
                    errors[curve] = each[order[0]].error * spread[curve]
                best[curve] = tuple(each[i].candidate for i in order)
        n = len(x) // len(powers)
        winners = [sum(best[i : i + n], ()) for i in range(0, len(x), n)]
        return _Scores(bits.reshape(-1, n).sum(axis=1), errors.reshape(-1, n).max(axis=1), winners)

    def best(self, library: Library, floor: float) -> tuple[float, float]:
        """The power of fewest bits, and these: a coarse scan, then closer and closer looks.

        Powers of both signs: a product of reciprocals, followed by g(1 / q), is as likely.
        """
        logs = np.linspace(-np.log(LARGEST), np.log(LARGEST), _COARSE)
        powers = np.concatenate([np.exp(logs), -np.exp(logs)])
        powers = np.array([power for power in powers.tolist() if self._is_held(power)])
        if not len(powers):
            return 1.0, np.inf
        # From afar the best power shows by functions that nearly fit.
        scan = self.scores(powers, library, max(floor, FROM_AFAR))
        order = _lowest(scan.bits)[:BASINS]
        found = [(float(scan.bits[i]), float(powers[i])) for i in order]
        step = float(logs[1] - logs[0])
        likely = scan.winning(order) or library
        for _ in range(_ZOOMS):
            if not np.isfinite(min(found, default=(np.inf,))[0]):
                break
            factors = np.exp(step * np.linspace(-1, 1, _FINE))
            near = np.concatenate([center * factors for _, center in found])
            closer = self.scores(near, likely, floor)
            bits, near = closer.bits.reshape(-1, _FINE), near.reshape(-1, _FINE)
            best, fewest = bits.argmin(axis=1), bits.min(axis=1)
            # Those far behind will not catch up.
            ahead = np.flatnonzero(fewest <= fewest.min() + FAR_BEHIND)
            found = [(float(fewest[row]), float(near[row, best[row]])) for row in ahead.tolist()]
            likely = closer.winning((best + _FINE * np.arange(len(best)))[ahead].tolist()) or likely
            step *= 2 / (_FINE - 1)
        least, power = min(found, default=(np.inf, 1.0))
        return power, least

    def _curves(self, power: float) -> list[tuple[Array, Array, Array]]:
        """Points of every factor and every outgoing curve, and what an error costs there.

        The weighted sum of squares of the error of a curve is the mean square of the error that it
        makes in the outgoing curves, over their spread.
        """
        curves = []
        for edge, weight in zip(self.entering, self.weights, strict=True):
            factor = self._factor(edge, power)(edge.x)
            with np.errstate(all="ignore"):
                change = power * factor if power else 1.0
                cost = edge.density * weight / change**2 / edge.density.sum()
            curves.append((edge.x, factor, cost))
        x, density = self._points(power)
        for edge in self.leaving:
            y = self._after(edge, power)(x)
            cost = density / density.sum()
            curves.append((x, y, cost / float(_spread(y[None], cost[None])[0]) ** 2))
        return curves

    def _is_held(self, power: float) -> bool:
        """Whether a table with even steps holds the outgoing curves.

        It does not where most values of the product lie close together, far from a few others.
        """
        q = raised(self.size[:HELD_ROWS], power)
        even = np.linspace(q.min(), q.max(), TABLE)
        for edge in self.leaving:
            after = self._after(edge, power)
            y, from_table = after(q), np.interp(q, even, after(even))
            if not np.sqrt(np.mean((y - from_table) ** 2)) < HELD * np.std(y):
                return False
        return True

    def _factor(self, edge: Edge, power: float) -> Composed:
        return Composed(partial(raised, power=power), edge.function)

    def _after(self, edge: Edge, power: float) -> Composed:
        return Composed(edge.function, partial(self.node.value, power))

    def _points(self, power: float) -> tuple[Array, Array]:
        """As many points as the curve had before, where the node's values lie."""
        return points_of(raised(self.size, power), len(self.leaving[0].x))

    def applied(self, network: Network, name: str, power: float) -> Network:
        """The network with the node raised to a power."""
        node = Node(name, "product" if power else "sum")
        factors = [self._factor(edge, power) for edge in self.entering]
        points = self._points(power)
        return with_quantity(
            network, node, factors, partial(self.node.value, power), lambda _: points
        )
