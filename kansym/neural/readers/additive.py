"""Any layer that is a sum of functions of single inputs, read by probing one input at a time.

f is additive if its mixed differences vanish,
f(x) = f(c) + sum_i (f(c with x_i in place of c_i) - f(c)), and the terms are then its edges,
exactly. The splines, radial functions, Chebyshev polynomials or Fourier series inside need not be
known.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float

from kansym.network.stages import Stage, Units

__all__ = ["Interaction", "additive_stage", "strongest_interaction"]

Array = np.ndarray
Layer = Callable[[Array], Array]
_MOST_PAIRS = 2000


@dataclass(frozen=True)
class Interaction:
    """Two inputs of a layer that do not act one by one.

    Attributes
    ----------
    first, second : positions, from 0.
    strength : largest mixed difference over the spread of the output that it is seen in.
    """

    first: int
    second: int
    strength: float

    def __str__(self) -> str:
        return (
            f"inputs {self.first + 1} and {self.second + 1} interact: their mixed difference is "
            f"{self.strength:.2g} of the output's spread"
        )


@dataclass(frozen=True)
class _Probe:
    """All outputs as functions of one input, the others held fixed."""

    layer: Layer
    centre: tuple[float, ...]
    start: tuple[float, ...]
    position: int

    def __call__(self, u: Array) -> Array:
        """Values (points, outputs); of one output, elementwise."""
        rows = np.tile(np.array(self.centre), (np.size(u), 1))
        rows[:, self.position] = np.ravel(u)
        values = self.layer(rows) - np.array(self.start)
        return values[:, 0].reshape(np.shape(u)) if len(self.start) == 1 else values


def additive_stage(
    layer: Layer, stage: Stage, values: Float[Array, "rows inputs"], tolerance: float
) -> Stage | None:
    """The stage that leaves an additive layer; None if the layer is not additive.

    The sum of the probes may miss the layer's values by the tolerance, over their spread.
    """
    centre = np.median(values, axis=0)
    start = layer(centre[None])[0]
    probes = [
        _Probe(layer, tuple(centre.tolist()), tuple(start.tolist()), i)
        for i in range(values.shape[1])
    ]
    n_out, exact = len(start), layer(values)
    units = [Units(i, probe, n_out) for i, probe in enumerate(probes)]
    total = start + sum(unit(values[:, unit.row]) for unit in units)
    if not np.isfinite(exact).all():
        return None
    if np.abs(total - exact).max() > tolerance * _spread(exact).max():
        return None
    return stage.expand(units).dense(np.tile(np.eye(n_out), len(probes)), start)


def strongest_interaction(layer: Layer, values: Float[Array, "rows inputs"]) -> Interaction | None:
    """The pair of inputs with the largest mixed difference, among at most 2000 pairs."""
    n_inputs = values.shape[1]
    pairs = list(combinations(range(n_inputs), 2))
    if len(pairs) > _MOST_PAIRS:
        chosen = np.random.default_rng(0).choice(len(pairs), _MOST_PAIRS, replace=False)
        pairs = [pairs[i] for i in sorted(chosen)]
    spread = _spread(layer(values))
    half = len(values) // 2
    base, moved = values[:half][:16], values[half : 2 * half][:16]

    def with_moved(*inputs: int) -> Array:
        return layer(np.where(np.isin(np.arange(n_inputs), inputs), moved, base))

    start, alone = layer(base), [with_moved(i) for i in range(n_inputs)]
    found = []
    for i, j in pairs:
        mixed = np.abs(with_moved(i, j) - alone[i] - alone[j] + start) / spread
        found.append(Interaction(i, j, float(mixed.max(initial=0.0))))
    return max(found, key=lambda pair: pair.strength, default=None)


def _spread(values: Float[Array, "rows outputs"]) -> Float[Array, " outputs"]:
    """Range of every output, at least the rounding of its size."""
    return np.maximum(np.ptp(values, axis=0), 1e-6 * np.abs(values).max(axis=0) + 1e-300)
