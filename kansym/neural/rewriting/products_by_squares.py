"""Products in an MLP: xy = ((x + y)^2 - (x - y)^2) / 4, in layers that halve the factors.

A difference of squares keeps the digits of the larger square only, so the factors are scaled to
about equal size first. Inside the grid and far outside may ask for different scales; where no
scale serves both, the factors are cut into the part that the inside reaches and the rest.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from kansym.neural.models.kan import KAN, EdgeKind, KANLayer
from kansym.neural.rewriting.stack import LayerUnits, Stack, matrix

__all__ = ["multiply", "rows_about", "samples"]

MOST_BITS = 12.0
"""Bits that a difference of squares may lose before its factors are cut in two."""


@dataclass(frozen=True)
class Sample:
    """Values of one node's factor at some rows inside the first grid, and ten times outside."""

    near: Tensor
    far: Tensor

    def __mul__(self, other: "Sample") -> "Sample":
        return Sample(self.near * other.near, self.far * other.far)

    def between(self) -> float:
        """A power of two halfway, in bits, from the largest value inside to that outside."""
        sizes = [float(values.abs().max()) for values in (self.near, self.far)]
        bits = [math.log2(size) for size in sizes if 0 < size < math.inf]
        return 2.0 ** round(sum(bits) / len(bits)) if bits else 1.0

    def low(self, cut: float) -> "Sample":
        """The part within -cut to cut."""
        return Sample(self.near.clamp(-cut, cut), self.far.clamp(-cut, cut))

    def high(self, cut: float) -> "Sample":
        """What lies beyond."""
        low = self.low(cut)
        return Sample(self.near - low.near, self.far - low.far)


def rows_about(model: KAN, reach: float) -> Tensor:
    """Some rows over ``reach`` times the first grid, for the sizes that factors take there."""
    first = model.kan_layers[0]
    generator = torch.Generator().manual_seed(0)
    steps = torch.rand(256, first.n_in, generator=generator, dtype=torch.float64).to(first.low)
    middle, half = (first.low + first.high) / 2, (first.high - first.low) / 2
    return middle + reach * half * (2 * steps - 1)


def samples(layer: KANLayer, entering: Sequence[Tensor]) -> list[Sample]:
    """Samples of every factor of a layer, and of one edge of each sum node, which none asks for."""
    found: list[Sample] = []
    near, far = (layer.edges(rows).double().cpu() for rows in entering)
    for target in range(layer.n_out):
        present = (layer.kind[target] != EdgeKind.ABSENT).nonzero().flatten().tolist()
        if target < layer.n_sum or not present:
            present = present[:1] or [0]
        found += [Sample(near[:, target, k], far[:, target, k]) for k in present]
    return found


def multiply(stack: Stack, groups: list[list[int]], bias: Tensor, samples: list[Sample]) -> None:
    """Halve the number of factors per layer of squares until every node has one value."""
    while any(len(group) > 1 for group in groups):
        groups, samples = _halve(stack, groups, samples)
    order = torch.tensor([group[0] for group in groups])
    stack.read(stack.readout[order], stack.shift[order] + bias)


def _balance(first: Sample, second: Sample) -> tuple[float, float]:
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
    stack: Stack, groups: list[list[int]], samples: list[Sample]
) -> tuple[list[list[int]], list[Sample]]:
    """Multiply factors in pairs and pass the others on; a layer that cuts comes first if needed."""
    pairs = _pairs(groups)
    cut = {
        factor
        for first, second in itertools.chain(*pairs)
        if second is not None and _balance(samples[first], samples[second])[1] > MOST_BITS
        for factor in (first, second)
    }
    parts, partsamples = _cut(stack, samples, cut)
    layer = _SumLayer(len(stack.readout), stack.shift)
    terms: list[list[int]] = []  # every product is a sum over the parts of its factors
    new_groups: list[list[int]] = []
    newsamples: list[Sample] = []
    for node in pairs:
        new_groups.append([])
        for first, second in node:
            new_groups[-1].append(len(terms))
            before = len(layer.results)
            if second is None:
                layer.passed_on(parts[first])
                newsamples.append(samples[first])
            else:
                for one, other in itertools.product(parts[first], parts[second]):
                    layer.begin()
                    layer.add_product(one, other, _balance(partsamples[one], partsamples[other])[0])
                newsamples.append(samples[first] * samples[second])
            terms.append(list(range(before, len(layer.results))))
    layer.close(stack)
    if cut:  # summed at once, a large square that cancels would still drown a small term
        layer = _SumLayer(len(stack.readout), stack.shift)
        for term in terms:
            layer.passed_on(term)
        layer.close(stack)
    return new_groups, newsamples


def _cut(
    stack: Stack, samples: list[Sample], cut: set[int]
) -> tuple[list[list[int]], list[Sample]]:
    """One layer that cuts some values in two, and none at all where there is nothing to cut."""
    if not cut:
        return [[value] for value in range(len(samples))], samples
    layer = _SumLayer(len(samples), stack.shift)
    parts: list[list[int]] = []
    partsamples: list[Sample] = []
    for value, sample in enumerate(samples):
        first = len(partsamples)
        if value in cut:
            at = sample.between()
            layer.begin()
            layer.add_low(value, at)
            layer.begin()
            layer.add_high(value, at)
            partsamples += [sample.low(at), sample.high(at)]
        else:
            layer.passed_on([value])
            partsamples.append(sample)
        parts.append(list(range(first, len(partsamples))))
    layer.close(stack)
    return parts, partsamples


class _SumLayer:
    """One layer of units on the values of a stack, and sums of them that are read off it."""

    def __init__(self, n_values: int, like: Tensor) -> None:
        self.units = LayerUnits(n_values, like)
        self.results: list[dict[int, float]] = []

    def begin(self) -> None:
        """A new result, zero so far."""
        self.results.append({})

    def _add(self, row: dict[int, float], weight: float, *shape: float, **named: float) -> None:
        """One unit, as `LayerUnits.add` makes it, into the present result."""
        self.results[-1][self.units.add(row, *shape, **named)] = weight

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

    def close(self, stack: Stack) -> None:
        """Add the layer to the stack."""
        stack.activate(self.units)
        readout = matrix(self.results, len(self.units), stack.shift)
        stack.read(readout, torch.zeros(len(self.results)).to(readout))
