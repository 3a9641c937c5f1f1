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

    def __call__(self, u: Float[Array, " points"]) -> Float[Array, "points outputs"]:
        rows = np.tile(np.array(self.centre), (len(u), 1))
        rows[:, self.position] = u
        return self.layer(rows) - np.array(self.start)


@dataclass(frozen=True)
class _OneOutput:
    """A probe of a layer with one output, elementwise."""

    probe: _Probe

    def __call__(self, u: Array) -> Array:
        return self.probe(np.ravel(u))[:, 0].reshape(np.shape(u))


def additive_stage(
    layer: Layer, stage: Stage, values: Float[Array, "rows inputs"], tolerance: float
) -> Stage | None:
    """The stage that leaves an additive layer; None if the layer is not additive.

    Parameters
    ----------
    layer : from rows of inputs to rows of outputs.
    stage : what enters it.
    values : what enters it on some rows of the sample; the layer is checked on these.
    tolerance : largest miss of the sum of the probes over the spread of each output.
    """
    centre = np.median(values, axis=0)
    start = layer(centre[None])[0]
    probes = [
        _Probe(layer, tuple(centre.tolist()), tuple(start.tolist()), i)
        for i in range(values.shape[1])
    ]
    total = start + sum(probe(values[:, i]) for i, probe in enumerate(probes))
    exact = layer(values)
    if not np.isfinite(exact).all():
        return None
    if np.abs(total - exact).max() > tolerance * _spread(exact).max():
        return None
    n_out = len(start)
    if n_out == 1:
        units = [Units(i, _OneOutput(probe)) for i, probe in enumerate(probes)]
    else:
        units = [Units(i, probe, n_out) for i, probe in enumerate(probes)]
    return stage.expand(units).dense(np.tile(np.eye(n_out), len(probes)), start)


def strongest_interaction(layer: Layer, values: Float[Array, "rows inputs"]) -> Interaction | None:
    """The pair of inputs with the largest mixed difference, among at most 2000 pairs."""
    n_inputs = values.shape[1]
    pairs = list(combinations(range(n_inputs), 2))
    if len(pairs) > _MOST_PAIRS:
        chosen = np.random.default_rng(0).choice(len(pairs), _MOST_PAIRS, replace=False)
        pairs = [pairs[i] for i in sorted(chosen)]
    spread = _spread(layer(values))
    base, moved = values[: len(values) // 2], values[len(values) // 2 :][: len(values) // 2]
    base, moved = base[:16], moved[:16]
    start = layer(base)
    alone = []
    for i in range(n_inputs):
        rows = base.copy()
        rows[:, i] = moved[:, i]
        alone.append(layer(rows))
    best: Interaction | None = None
    for i, j in pairs:
        rows = base.copy()
        rows[:, [i, j]] = moved[:, [i, j]]
        mixed = np.abs(layer(rows) - alone[i] - alone[j] + start) / spread
        strength = float(mixed.max(initial=0.0))
        if best is None or strength > best.strength:
            best = Interaction(i, j, strength)
    return best


def _spread(values: Float[Array, "rows outputs"]) -> Float[Array, " outputs"]:
    """Range of every output, at least the rounding of its size."""
    return np.maximum(np.ptp(values, axis=0), 1e-6 * np.abs(values).max(axis=0) + 1e-300)
