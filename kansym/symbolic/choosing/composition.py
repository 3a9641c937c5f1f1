"""From functions on edges to one expression per output, with no constant that is redundant.

The scale and the shift of a hidden node are arbitrary: whatever its incoming edges multiply or
add, its outgoing edges can take over. Fixing them leaves as few constants as the formula has.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from kansym.symbolic.choosing.arbitrary_scales import ArbitraryScales
from kansym.symbolic.choosing.edge_functions import ConstantFunction, CurveFunction, EdgeFunction
from kansym.symbolic.choosing.judge import Choice
from kansym.symbolic.choosing.wiring import Wiring
from kansym.symbolic.formulas.substitution import replaced

__all__ = ["ComposedFormula", "compose"]

Array = np.ndarray


@dataclass(frozen=True)
class ComposedFormula:
    """One output as an expression in the inputs and in free constants, with their values."""

    expr: sympy.Expr
    start: dict[sympy.Symbol, float]
    curves: tuple[CurveFunction, ...]


def compose(
    wiring: Wiring, choice: Choice, input_names: Sequence[str]
) -> tuple[ComposedFormula, ...]:
    """Expressions of all outputs for a choice of functions.

    Parameters
    ----------
    wiring : the graph.
    choice : functions and constants.
    input_names : of the input symbols.

    Returns
    -------
    One `ComposedFormula` per output.
    """
    functions = [option.function for option in choice.options]
    scales = ArbitraryScales(wiring, functions, choice)
    scales.fix()
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
        terms = [constant(scales.biases[node])]
        factors: list[sympy.Expr] = []
        for edge in wiring.incoming[node]:
            value = _edge_expr(
                functions[edge], scales.constants[edge], nodes[wiring.sources[edge]], constant
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
) -> ComposedFormula:
    """One output with only the constants and curves that occur in it."""
    used = expr.free_symbols
    names = {str(function.func) for function in expr.atoms(sympy.Function)}
    return ComposedFormula(
        expr,
        {symbol: value for symbol, value in start.items() if symbol in used},
        tuple(curve for curve in curves if curve.name in names),
    )
