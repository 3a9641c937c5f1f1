"""Scales and shifts of hidden nodes, which are arbitrary, fixed so that constants vanish.

Whatever the incoming edges of a hidden node multiply or add, its outgoing edges can take over.
"""

from collections.abc import Sequence

import numpy as np

from kansym.symbolic.choosing.edge_functions import ConstantFunction, EdgeFunction
from kansym.symbolic.choosing.judge import Choice
from kansym.symbolic.choosing.wiring import Wiring

__all__ = ["ArbitraryScales"]


class ArbitraryScales:
    """Constants of a choice while scales and shifts of nodes are moved about."""

    def __init__(self, wiring: Wiring, functions: Sequence[EdgeFunction], choice: Choice):
        self.wiring = wiring
        self.functions = functions
        self.constants = choice.refit.constants.copy()
        self.biases = choice.refit.biases.copy()

    def fix(self) -> None:
        """Give every hidden node the shift 0 and the scale that makes constants vanish."""
        wiring = self.wiring
        for node in range(wiring.n_inputs, len(wiring.is_product)):
            if wiring.is_product[node]:
                self._gather_factors(node)
            if node in wiring.outputs:
                continue
            self._move_shift(node)
            self._move_scale(node)

    def _gather_factors(self, node: int) -> None:
        """A product's scale sits in its first factor alone; hidden products get scale 1 later."""
        edges = self.wiring.incoming[node]
        # A factor that is constant gives its value to the first that is not.
        first = next((edge for edge in edges if not self._is_constant(edge)), edges[0])
        others = [edge for edge in edges if edge != first]
        for edge in others:
            c = self.constants[edge, 3 if self._is_constant(edge) else 2]
            if c != 0:
                self.constants[edge, 2:] /= c
                self.constants[first, 2:] *= c

    def _is_constant(self, edge: int) -> bool:
        return isinstance(self.functions[edge], ConstantFunction)

    def _move_shift(self, node: int) -> None:
        """Move a node's bias into its outgoing edges."""
        bias = self.biases[node]
        if bias == 0:
            return
        for edge in self.wiring.outgoing[node]:
            a, b, c, d = self.constants[edge]
            if self.functions[edge].shift_free:
                factor, offset = _image(self.functions[edge], 1.0, a * bias)
                self._set_outer(edge, c * factor, d + c * offset)
            else:
                self.constants[edge, 1] = b + a * bias
        self.biases[node] = 0.0

    def _move_scale(self, node: int) -> None:
        """Rescale a node so that a leading constant becomes 1."""
        incoming, outgoing = self.wiring.incoming[node], self.wiring.outgoing[node]
        inner = [edge for edge in outgoing if not self.functions[edge].scale_free]
        if self.wiring.is_product[node] or not inner:
            leading = next((e for e in incoming if not self._is_constant(e)), incoming[0])
            c = self.constants[leading, 2]
            scale = 1 / c if c != 0 else 0.0
        else:
            scale = self.constants[inner[0], 0]
        if not np.isfinite(scale) or scale == 0:
            return
        if not inner:
            scale = abs(scale)
        for edge in outgoing:
            a, _, c, d = self.constants[edge]
            if self.functions[edge].scale_free:
                # f(a u + b): the scale is factored out of the whole argument.
                self.constants[edge, 0] = a * np.sign(scale)
                self.constants[edge, 1] *= abs(scale)
                factor, offset = _image(self.functions[edge], 1 / abs(scale), 0.0, np.sign(a))
                self._set_outer(edge, c * factor, d + c * offset)
            else:
                self.constants[edge, 0] = a / scale
        if self.wiring.is_product[node]:
            first = next((e for e in incoming if not self._is_constant(e)), incoming[0])
            self.constants[first, 2:] *= scale
        else:
            for edge in incoming:
                self.constants[edge, 2] *= scale
            self.biases[node] *= scale

    def _set_outer(self, edge: int, c: float, d: float) -> None:
        """Set c and d, with d kept at the node where that is a sum."""
        target = self.wiring.targets[edge]
        self.constants[edge, 2] = c
        if self.wiring.is_product[target]:
            self.constants[edge, 3] = d
        else:
            self.biases[target] += d
            self.constants[edge, 3] = 0.0


def _image(
    function: EdgeFunction, scale: float, shift: float, sign: float = 1.0
) -> tuple[float, float]:
    """Factor A and offset B with f(scale * u + shift) = A f(u) + B, from two points."""
    for points in ((0.7, 1.9), (-0.7, -1.9), (1.2, 1.5)):
        u = np.array(points) * sign
        before, after = function.numpy(u), function.numpy(scale * u + shift)
        if np.isfinite(before).all() and np.isfinite(after).all() and before[0] != before[1]:
            factor = (after[1] - after[0]) / (before[1] - before[0])
            return float(factor), float(after[0] - factor * before[0])
    return 1.0, 0.0
