"""From functions on edges to one expression per output, with no constant that is redundant.

The scale and the shift of a hidden node are arbitrary: whatever its incoming edges multiply or
add, its outgoing edges can take over. Fixing them leaves as few constants as the formula has.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from kansym.symbolic.choosing.choice import Choice
from kansym.symbolic.choosing.edge_functions import ConstantFunction, CurveFunction, EdgeFunction
from kansym.symbolic.choosing.symbolic_network import Wiring
from kansym.symbolic.formulas.substitution import replaced

__all__ = ["Template", "compose"]

Array = np.ndarray


@dataclass(frozen=True)
class Template:
    """One output as an expression in the inputs and in free constants, with their values."""

    expr: sympy.Expr
    start: dict[sympy.Symbol, float]
    curves: tuple[CurveFunction, ...]


class _Gauge:
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
            self._absorb_shift(node)
            self._absorb_scale(node)

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

    def _absorb_shift(self, node: int) -> None:
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

    def _absorb_scale(self, node: int) -> None:
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


def compose(wiring: Wiring, choice: Choice, input_names: Sequence[str]) -> tuple[Template, ...]:
    """Expressions of all outputs for a choice of functions.

    Parameters
    ----------
    wiring : the graph.
    choice : functions and constants.
    input_names : of the input symbols.

    Returns
    -------
    One `Template` per output.
    """
    functions = [option.function for option in choice.options]
    gauge = _Gauge(wiring, functions, choice)
    gauge.fix()
    start: dict[sympy.Symbol, float] = {}
    prefix = "k"
    while any(name.startswith(prefix) for name in input_names):
        prefix = f"_{prefix}"
    nodes: list[sympy.Expr] = [sympy.Symbol(name) for name in input_names]

    def constant(value: float) -> sympy.Expr:
        if value in (0.0, 1.0, -1.0):
            return sympy.Integer(int(value))
        symbol = sympy.Symbol(f"{prefix}{len(start)}")
        start[symbol] = float(value)
        return symbol

    for node in range(wiring.n_inputs, len(wiring.is_product)):
        terms = [constant(gauge.biases[node])]
        factors: list[sympy.Expr] = []
        for edge in wiring.incoming[node]:
            value = _edge_expr(
                functions[edge], gauge.constants[edge], nodes[wiring.sources[edge]], constant
            )
            if wiring.is_product[node]:
                factors.append(value)
            else:
                terms.append(value)
        if wiring.is_product[node]:
            terms.append(sympy.Mul(*factors))
        nodes.append(sympy.Add(*terms))
    curves = tuple(function for function in functions if isinstance(function, CurveFunction))
    return tuple(_template(nodes[node], start, curves) for node in wiring.outputs)


def _edge_expr(
    function: EdgeFunction, constants: Array, argument: sympy.Expr, constant
) -> sympy.Expr:
    """C f(a u + b) + d with symbols for what is not 0 or 1."""
    a, b, c, d = constants
    if isinstance(function, ConstantFunction):
        return constant(d)
    inner = constant(a) * argument
    if not function.shift_free:
        inner = inner + constant(b)
    if isinstance(function, CurveFunction):
        outer = sympy.Function(function.name)(inner)
    else:
        # Numbers inside a function, such as a polynomial's, are as free as those around it.
        free = {number: constant(float(number)) for number in function.expr.atoms(sympy.Float)}
        outer = replaced(function.expr, {**free, sympy.Symbol("x"): inner})
    value = constant(c) * outer
    return value + constant(d) if d != 0 else value


def _template(
    expr: sympy.Expr, start: dict[sympy.Symbol, float], curves: tuple[CurveFunction, ...]
) -> Template:
    """One output with only the constants and curves that occur in it."""
    used = expr.free_symbols
    names = {str(function.func) for function in expr.atoms(sympy.Function)}
    return Template(
        expr,
        {symbol: value for symbol, value in start.items() if symbol in used},
        tuple(curve for curve in curves if curve.name in names),
    )
