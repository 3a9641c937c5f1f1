"""The same function in another form: a KAN as an MLP, and as a Maxout network.

An edge of degree 1 is a line plus shifted ReLUs. With a grid shared by all edges that leave one
node, k pieces need k units: one faces left of the first inner knot, the others face right of
every inner knot. Layer = expand, shift, ReLU, Linear; joined from Linear to Linear the stack is
an ordinary MLP. An edge of degree p uses truncated powers ``min(relu(x - t), cap) ** p``; outside
the grid it goes on as a straight line, by a plain ReLU on either side. A product node is a
difference of squares, xy = ((x + y)^2 - (x - y)^2) / 4.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from kansym.neural.models.kan import KAN, EdgeKind, KANLayer
from kansym.neural.models.mlp import Maxout, PerUnit, PowerReLU, ProgramActivation
from kansym.shared.errors import InputError

__all__ = ["to_maxout", "to_mlp"]


MOST_BITS = 12.0
"""Bits that a difference of squares may lose before its factors are cut in two."""


@dataclass
class _Stack:
    """An MLP under construction: modules so far, and the values that its last units give."""

    modules: list[nn.Module]
    readout: Tensor
    shift: Tensor

    def activate(self, rows: Tensor, shift: Tensor, activation: nn.Module) -> None:
        """Add Linear (rows of the current values, shifted) and an activation."""
        linear = _linear(rows @ self.readout, rows @ self.shift + shift)
        self.modules += [linear, activation]

    def read(self, readout: Tensor, shift: Tensor) -> None:
        """Name the values that the last units give."""
        self.readout, self.shift = readout, shift


def _check_kan(model: object) -> None:
    """Refuse what is no KAN."""
    if not isinstance(model, KAN):
        raise InputError(f"A {type(model).__name__} was given, expected a kansym.KAN.")


def _numbers(values: Sequence[float], like: Tensor) -> Tensor:
    """Numbers as a tensor of the given precision and place."""
    return torch.tensor(values, dtype=like.dtype, device=like.device)


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    """A Linear layer with these weights."""
    n_out, n_in = weight.shape
    linear = nn.Linear(n_in, n_out, device="meta").to_empty(device=weight.device).to(weight.dtype)
    linear.weight.copy_(weight)
    linear.bias.copy_(bias)
    return linear


@torch.no_grad()
def to_mlp(model: KAN) -> nn.Sequential:
    """Rewrite a KAN as a multilayer perceptron that computes the same function everywhere.

    For degree 1 and sum nodes the result is ``Linear, ReLU, Linear, ReLU, ..., Linear``; a layer of
    n inputs, m outputs and k pieces has n m k weights after its ReLUs, as many as the KAN. Higher
    degrees use `kansym.neural.models.mlp.PowerReLU`, product nodes add one layer of squares per
    halving.

    Parameters
    ----------
    model : any KAN; edges fixed to a function keep it as the activation of their unit.

    Returns
    -------
    A plain ``torch.nn.Sequential`` with copies of the numbers, in the model's precision.

    Examples
    --------
    >>> kan = KAN([2, 3, 1], grid=4, degree=1, seed=0)
    >>> mlp, x = to_mlp(kan), 10 * torch.randn(50, 2, dtype=torch.float64)
    >>> [type(module).__name__ for module in mlp]
    ['Linear', 'ReLU', 'Linear', 'ReLU', 'Linear']
    >>> bool((mlp(x) - kan(x)).abs().max() < 1e-12 * kan(x).abs().max())
    True

    References
    ----------
    Piecewise-linear functions as ReLU networks: R. Arora et al., 2018, arXiv:1611.01491.
    """
    _check_kan(model)
    like = model.kan_layers[0].coef
    n_inputs = model.kan_layers[0].n_in
    stack = _Stack([], torch.eye(n_inputs).to(like), torch.zeros(n_inputs).to(like))
    near, far = (model.layer_inputs(_rows_about(model, reach)) for reach in (1.0, 10.0))
    for layer, *entering in zip(model.kan_layers, near, far, strict=True):
        units = _units(layer)
        stack.activate(units.rows, units.shift, units.activation)
        groups, readout, shift = _factors(layer, units)
        stack.read(readout, shift)
        _multiply(stack, groups, layer.bias, _samples(layer, entering))
    stack.modules.append(_linear(stack.readout, stack.shift))
    return nn.Sequential(*stack.modules)


# -- one layer: units, and how every edge is read off them ------------------------------------


@dataclass
class _Units:
    """Hidden units of one layer: one-hot rows with shifts, and each edge's weights on them."""

    rows: Tensor
    shift: Tensor
    activation: nn.Module
    weights: Tensor
    """(n_out, n_in, units): the edges as sums of units."""
    constants: Tensor
    """(n_out, n_in): their constant terms."""


@dataclass
class _Columns:
    """Units being collected: source, sign of x, shift, power, cap, weights of all edges."""

    n_in: int
    like: Tensor
    source: list[int] = field(default_factory=list)
    factor: list[float] = field(default_factory=list)
    shift: list[float] = field(default_factory=list)
    power: list[float] = field(default_factory=list)
    cap: list[float] = field(default_factory=list)
    weights: list[Tensor] = field(default_factory=list)

    def add(
        self, source: int, factor: float, shift: float, weights: Tensor, power: float, cap: float
    ) -> None:
        """One unit min(relu(factor * x + shift), cap) ** power of one input, for all targets."""
        self.source.append(source)
        self.factor.append(factor)
        self.shift.append(shift)
        self.power.append(power)
        self.cap.append(cap)
        self.weights.append(weights)

    def rows(self) -> Tensor:
        """The expand map: a copy of one input per unit, (units, n_in)."""
        rows = torch.zeros(len(self.source), self.n_in).to(self.like)
        rows[torch.arange(len(self.source)), torch.tensor(self.source, dtype=torch.long)] = (
            _numbers(self.factor, self.like)
        )
        return rows


def _units(layer: KANLayer) -> _Units:
    """All hidden units of a layer."""
    columns = _Columns(layer.n_in, layer.coef)
    constants = torch.zeros_like(layer.slope)
    for source in range(layer.n_in):
        kinds = layer.kind[:, source]
        if bool((kinds == EdgeKind.SPLINE).any() | (kinds == EdgeKind.STRAIGHT).any()):
            if layer.degree == 1:
                constants[:, source] = _linear_pieces(layer, source, columns)
            else:
                constants[:, source] = _powers(layer, source, columns)
    symbols = layer.symbol_edges()
    for target, source, edge in symbols:
        a, b, c, d = edge.constants.tolist()
        weights = torch.zeros(layer.n_out).to(layer.coef)
        weights[target] = c
        columns.add(source, a, b, weights, 1.0, math.inf)
        constants[target, source] = d
    if not columns.source:  # a layer of constants still needs one unit to be a layer
        columns.add(0, 0.0, 0.0, torch.zeros(layer.n_out).to(layer.coef), 1.0, math.inf)
    return _assembled(layer, columns, constants, len(symbols))


def _assembled(layer: KANLayer, columns: _Columns, constants: Tensor, n_symbols: int) -> _Units:
    """Units with the activation that fits all of them."""
    n_units, like = len(columns.source), layer.coef
    weights = torch.zeros(layer.n_out, layer.n_in, n_units).to(like)
    for unit, (source, column) in enumerate(zip(columns.source, columns.weights, strict=True)):
        weights[:, source, unit] = column
    n_relu = n_units - n_symbols
    power = _numbers(columns.power[:n_relu], like)
    cap = _numbers(columns.cap[:n_relu], like)
    plain = bool((power == 1).all() & torch.isinf(cap).all())
    blocks: list[nn.Module] = [nn.ReLU() if plain else PowerReLU(power, cap)] if n_relu else []
    widths = [n_relu] if n_relu else []
    for _, _, edge in layer.symbol_edges():
        blocks.append(ProgramActivation(edge.program))
        widths.append(1)
    activation = blocks[0] if len(blocks) == 1 else PerUnit(blocks, widths)
    shift = _numbers(columns.shift, like)
    return _Units(columns.rows(), shift, activation, weights, constants)


def _knots(layer: KANLayer, source: int) -> list[float]:
    """Ends of the intervals of one input's grid."""
    low, high = float(layer.low[source]), float(layer.high[source])
    return [low + (high - low) * step / layer.grid for step in range(layer.grid + 1)]


def _linear_pieces(layer: KANLayer, source: int, columns: _Columns) -> Tensor:
    """Units of piecewise-linear edges; returns the edges' constants."""
    knots = _knots(layer, source)
    values = layer.weight()[:, source]
    slopes = torch.diff(values, dim=1) / (knots[1] - knots[0])
    slopes = slopes + layer.straight()[:, source, None]
    anchor = min(1, layer.grid - 1)
    # With one piece only there is no inner knot: the two units share the left end of the grid.
    columns.add(source, -1.0, knots[anchor], -slopes[:, 0], 1.0, math.inf)
    right = slopes[:, anchor]
    for piece in range(max(anchor, 1) if layer.grid > 1 else 0, layer.grid):
        columns.add(source, 1.0, -knots[piece], right, 1.0, math.inf)
        if piece + 1 < layer.grid:
            right = slopes[:, piece + 1] - slopes[:, piece]
    return values[:, anchor] + layer.straight()[:, source] * knots[anchor]


def _powers(layer: KANLayer, source: int, columns: _Columns) -> Tensor:
    """Units of edges of degree 2 and more; returns the edges' constants."""
    knots, p = _knots(layer, source), layer.degree
    low, high = knots[0], knots[-1]
    middles = [(a + b) / 2 for a, b in itertools.pairwise(knots)]
    at = _numbers([*middles, low, high], layer.coef)
    weight, straight = layer.weight()[:, source], layer.straight()[:, source]

    def derivative(order: int) -> Tensor:
        x = at[:, None].expand(-1, layer.n_in)
        return weight @ layer.basis(x, order)[:, source].T

    value, slope = derivative(0), derivative(1) + straight[:, None]
    columns.add(source, -1.0, low, -slope[:, -2], 1.0, math.inf)
    columns.add(source, 1.0, -high, slope[:, -1], 1.0, math.inf)
    columns.add(source, 1.0, -low, slope[:, -2], 1.0, high - low)
    # Taylor coefficients at the left end, the p-th constant within each interval.
    highest = derivative(p)[:, : layer.grid] / math.factorial(p)
    taylor = _taylor_at_low(derivative, p, low, middles[0])
    for power in range(2, p):
        columns.add(source, 1.0, -low, taylor[power], float(power), high - low)
    columns.add(source, 1.0, -low, highest[:, 0], float(p), high - low)
    for piece in range(1, layer.grid):
        jump = highest[:, piece] - highest[:, piece - 1]
        columns.add(source, 1.0, -knots[piece], jump, float(p), high - knots[piece])
    return value[:, -2] + straight * low


def _taylor_at_low(derivative, degree: int, low: float, middle: float) -> dict[int, Tensor]:
    """Taylor coefficients of order 2 to degree - 1 at the left end, from the first interval."""
    at_middle = {order: derivative(order)[:, 0] for order in range(2, degree + 1)}
    step = low - middle
    result = {}
    for order in range(2, degree):
        total = torch.zeros_like(at_middle[degree])
        for higher in range(order, degree + 1):
            total = total + at_middle[higher] * step ** (higher - order) / math.factorial(
                higher - order
            )
        result[order] = total / math.factorial(order)
    return result


# -- product nodes ---------------------------------------------------------------------------


def _factors(layer: KANLayer, units: _Units) -> tuple[list[list[int]], Tensor, Tensor]:
    """Values before multiplication: one per sum node, one per factor of a product node."""
    groups: list[list[int]] = []
    readout, shift = [], []
    for target in range(layer.n_out):
        present = (layer.kind[target] != EdgeKind.ABSENT).nonzero().flatten().tolist()
        if target < layer.n_sum:
            groups.append([len(readout)])
            readout.append(units.weights[target].sum(0))
            shift.append(units.constants[target].sum())
            continue
        groups.append(list(range(len(readout), len(readout) + max(1, len(present)))))
        for source in present:
            readout.append(units.weights[target, source])
            shift.append(units.constants[target, source])
        if not present:
            readout.append(torch.zeros_like(units.weights[target, 0]))
            shift.append(torch.ones_like(units.constants[target, 0]))
    return groups, torch.stack(readout), torch.stack(shift)


# A difference of squares keeps the digits of the larger square only, so the factors are scaled to
# about equal size first. Inside the grid and far outside may ask for different scales; where no
# scale serves both, the factors are cut into the part that the inside reaches and the rest.


@dataclass(frozen=True)
class _Sample:
    """Values of one node's factor at some rows inside the first grid, and ten times outside."""

    near: Tensor
    far: Tensor

    def __mul__(self, other: "_Sample") -> "_Sample":
        return _Sample(self.near * other.near, self.far * other.far)

    def between(self) -> float:
        """A power of two halfway, in bits, from the largest value inside to that outside."""
        sizes = [float(values.abs().max()) for values in (self.near, self.far)]
        bits = [math.log2(size) for size in sizes if 0 < size < math.inf]
        return 2.0 ** round(sum(bits) / len(bits)) if bits else 1.0

    def low(self, cut: float) -> "_Sample":
        """The part within -cut to cut."""
        return _Sample(self.near.clamp(-cut, cut), self.far.clamp(-cut, cut))

    def high(self, cut: float) -> "_Sample":
        """What lies beyond."""
        low = self.low(cut)
        return _Sample(self.near - low.near, self.far - low.far)


def _rows_about(model: KAN, reach: float) -> Tensor:
    """Some rows over ``reach`` times the first grid, for the sizes that factors take there."""
    first = model.kan_layers[0]
    generator = torch.Generator().manual_seed(0)
    steps = torch.rand(256, first.n_in, generator=generator, dtype=torch.float64).to(first.low)
    middle, half = (first.low + first.high) / 2, (first.high - first.low) / 2
    return middle + reach * half * (2 * steps - 1)


def _samples(layer: KANLayer, entering: Sequence[Tensor]) -> list[_Sample]:
    """Samples of every value that `_factors` lists; those of sum nodes are never asked for."""
    samples: list[_Sample] = []
    near, far = (layer.edges(rows).double().cpu() for rows in entering)
    for target in range(layer.n_out):
        present = (layer.kind[target] != EdgeKind.ABSENT).nonzero().flatten().tolist()
        if target < layer.n_sum or not present:
            present = present[:1] or [0]
        samples += [_Sample(near[:, target, k], far[:, target, k]) for k in present]
    return samples


def _multiply(stack: _Stack, groups: list[list[int]], bias: Tensor, samples: list[_Sample]) -> None:
    """Halve the number of factors per layer of squares until every node has one value."""
    while any(len(group) > 1 for group in groups):
        groups, samples = _halve(stack, groups, samples)
    order = torch.tensor([group[0] for group in groups])
    stack.read(stack.readout[order], stack.shift[order] + bias)


def _balance(first: _Sample, second: _Sample) -> tuple[float, float]:
    """A power of two s for s * first and second / s, and the bits that the squares then lose."""
    lost, whole = torch.zeros(1), False
    halves = torch.arange(-200.0, 201.0)
    for a, b in ((first.near, second.near), (first.far, second.far)):
        product = float((a * b).abs().max())
        if not 0 < product < math.inf:
            continue
        sizes = torch.stack([a.abs().max(), b.abs().max()]).double().log2()
        squares = torch.maximum(2 * (sizes[0] + halves), 2 * (sizes[1] - halves))
        lost, whole = torch.maximum(lost, squares - math.log2(product)), True
    if not whole:
        return 1.0, 0.0
    best = int(lost.argmin())
    return 2.0 ** float(halves[best]), float(lost[best])


def _pairs(groups: list[list[int]]) -> list[list[tuple[int, int | None]]]:
    """Factors of every node two by two; the odd one out goes alone."""
    return [list(itertools.zip_longest(group[::2], group[1::2])) for group in groups]


def _halve(
    stack: _Stack, groups: list[list[int]], samples: list[_Sample]
) -> tuple[list[list[int]], list[_Sample]]:
    """Multiply factors in pairs and pass the others on; a layer that cuts comes first if needed."""
    pairs = _pairs(groups)
    cut = {
        factor
        for first, second in itertools.chain(*pairs)
        if second is not None and _balance(samples[first], samples[second])[1] > MOST_BITS
        for factor in (first, second)
    }
    parts, part_samples = _cut(stack, samples, cut)
    layer = _Wiring(len(stack.readout))
    terms: list[list[int]] = []  # every product is a sum over the parts of its factors
    new_groups: list[list[int]] = []
    new_samples: list[_Sample] = []
    for node in pairs:
        new_groups.append([])
        for first, second in node:
            new_groups[-1].append(len(terms))
            before = len(layer.results)
            if second is None:
                layer.passed_on(parts[first])
                new_samples.append(samples[first])
            else:
                for one, other in itertools.product(parts[first], parts[second]):
                    layer.begin()
                    layer.add_product(
                        one, other, _balance(part_samples[one], part_samples[other])[0]
                    )
                new_samples.append(samples[first] * samples[second])
            terms.append(list(range(before, len(layer.results))))
    layer.close(stack)
    if cut:  # summed at once, a large square that cancels would still drown a small term
        layer = _Wiring(len(stack.readout))
        for term in terms:
            layer.passed_on(term)
        layer.close(stack)
    return new_groups, new_samples


def _cut(
    stack: _Stack, samples: list[_Sample], cut: set[int]
) -> tuple[list[list[int]], list[_Sample]]:
    """One layer that cuts some values in two, and none at all where there is nothing to cut."""
    if not cut:
        return [[value] for value in range(len(samples))], samples
    layer = _Wiring(len(samples))
    parts: list[list[int]] = []
    part_samples: list[_Sample] = []
    for value, sample in enumerate(samples):
        first = len(part_samples)
        if value in cut:
            at = sample.between()
            layer.begin()
            layer.add_low(value, at)
            layer.begin()
            layer.add_high(value, at)
            part_samples += [sample.low(at), sample.high(at)]
        else:
            layer.passed_on([value])
            part_samples.append(sample)
        parts.append(list(range(first, len(part_samples))))
    layer.close(stack)
    return parts, part_samples


class _Wiring:
    """One layer of units on the values of a stack, and what is read off it."""

    def __init__(self, n_values: int) -> None:
        self.n_values = n_values
        self.rows: list[dict[int, float]] = []
        self.shift: list[float] = []
        self.power: list[float] = []
        self.cap: list[float] = []
        self.results: list[dict[int, float]] = []

    def begin(self) -> None:
        """A new result, zero so far."""
        self.results.append({})

    def _add(
        self,
        row: dict[int, float],
        weight: float,
        shift: float = 0.0,
        power: float = 1.0,
        cap: float = math.inf,
    ) -> None:
        """One unit min(relu(row . values + shift), cap) ** power into the present result."""
        self.results[-1][len(self.rows)] = weight
        self.rows.append(row)
        self.shift.append(shift)
        self.power.append(power)
        self.cap.append(cap)

    def passed_on(self, values: Sequence[int]) -> None:
        """A result that is the sum of some values, each computed on its own first."""
        self.begin()
        for value, sign in itertools.product(values, (1.0, -1.0)):
            self._add({value: sign}, sign)

    def add_low(self, value: int, cut: float) -> None:
        """The part of a value within -cut to cut."""
        for sign in (1.0, -1.0):
            self._add({value: sign}, sign, cap=cut)

    def add_high(self, value: int, cut: float) -> None:
        """The part of a value beyond -cut to cut."""
        for sign in (1.0, -1.0):
            self._add({value: sign}, sign, shift=-cut)

    def add_product(self, one: int, other: int, scale: float) -> None:
        """A quarter of (scale one + other / scale)^2 - (scale one - other / scale)^2."""
        for weight, sign in ((0.25, 1.0), (-0.25, -1.0)):
            for side in (1.0, -1.0):
                self._add({one: side * scale, other: side * sign / scale}, weight, power=2.0)

    def close(self, stack: _Stack) -> None:
        """Add the layer to the stack."""
        like = stack.readout
        rows = torch.zeros(len(self.rows), self.n_values).to(like)
        for unit, row in enumerate(self.rows):
            for value, weight in row.items():
                rows[unit, value] = weight
        activation = PowerReLU(_numbers(self.power, like), _numbers(self.cap, like))
        stack.activate(rows, _numbers(self.shift, like), activation)
        readout = torch.zeros(len(self.results), len(self.rows)).to(like)
        for result, weights in enumerate(self.results):
            for unit, weight in weights.items():
                readout[result, unit] = weight
        stack.read(readout, torch.zeros(len(self.results)).to(like))


# -- Maxout ------------------------------------------------------------------------------------


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
    _check_kan(model)
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
    return [Maxout(weight, bias), _linear(readout, layer.bias.clone())]


def _convex_parts(layer: KANLayer, source: int) -> list[tuple[float, Tensor, Tensor]]:
    """Lines (slopes and intercepts, (n_out, pieces)) of the convex parts of all edges."""
    knots = _numbers(_knots(layer, source), layer.coef)
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
