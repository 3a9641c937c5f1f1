"""Curves of units as programs, so that a KAN can carry them exactly."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kansym.network import activations as act
from kansym.network.condensing.unit_sums import ProductOfCurves, UnitSum
from kansym.programs.program import Program

__all__ = ["curve_program", "function_program"]

_SIGMOID: Program = ("sigmoid", "x")
_POSITIVE: Program = ("max", "x", 0.0)
_NEGATIVE: Program = ("min", "x", 0.0)

_FUNCTIONS: dict[Any, Program] = {
    act.identity: "x",
    act.relu: _POSITIVE,
    act.sigmoid: _SIGMOID,
    act.silu: ("mul", "x", _SIGMOID),
    act.log_sigmoid: ("neg", ("softplus", ("neg", "x"))),
    act.mish: ("mul", "x", ("tanh", ("softplus", "x"))),
    act.softsign: ("div", "x", ("add", 1.0, ("abs", "x"))),
    np.tanh: ("tanh", "x"),
    np.sin: ("sin", "x"),
    np.cos: ("cos", "x"),
    np.exp: ("exp", "x"),
    np.log: ("log", "x"),
    np.abs: ("abs", "x"),
    np.sqrt: ("sqrt", "x"),
    np.square: ("pow", "x", 2.0),
    np.reciprocal: ("pow", "x", -1.0),
}


def _elu(alpha: float, scale: float) -> Program:
    """X for positive x, alpha (exp(x / scale) - 1) for negative x."""
    inner = ("expm1", ("div", _NEGATIVE, scale))
    return ("add", _POSITIVE, ("mul", alpha, inner))


_KINDS: dict[type, Callable[[Any], Program]] = {
    act.LeakyReLU: lambda f: ("add", _POSITIVE, ("mul", f.slope, _NEGATIVE)),
    act.HardTanh: lambda f: ("min", ("max", "x", f.low), f.high),
    act.ELU: lambda f: _elu(f.alpha, 1.0),
    act.CELU: lambda f: _elu(f.alpha, f.alpha),
    act.Softplus: lambda f: ("div", ("softplus", ("mul", f.beta, "x")), f.beta),
    act.PowerReLU: lambda f: _power(f.power, f.cap),
    act.MaxOfLines: lambda f: (
        "max",
        *(
            ("add", ("mul", slope, "x"), intercept)
            for slope, intercept in zip(f.slopes, f.intercepts, strict=True)
        ),
    ),
}


def _power(power: float, cap: float) -> Program:
    """min(max(x, 0), cap) ** power."""
    inner = _POSITIVE if math.isinf(cap) else ("min", _POSITIVE, cap)
    return inner if power == 1 else ("pow", inner, power)


def function_program(function: Callable[..., Any]) -> Program | None:
    """The program of an activation in ``"x"``; None if it has none.

    Examples
    --------
    >>> function_program(np.tanh)
    ('tanh', 'x')
    """
    if isinstance(function, act.GELU) and not function.by_tanh:
        inner = ("erf", ("mul", 1.0 / math.sqrt(2.0), "x"))
        return ("mul", 0.5, "x", ("add", 1.0, inner))
    build = _KINDS.get(type(function))
    return build(function) if build is not None else _FUNCTIONS.get(function)


def curve_program(curve: UnitSum) -> Program | None:
    """The program of a curve in ``"x"``; None if one of its units has none.

    Examples
    --------
    >>> curve_program(UnitSum(slope=2.0, constant=1.0))
    ('add', 1.0, ('mul', 2.0, 'x'))
    """
    parts: list[Program] = [curve.constant]
    if curve.slope:
        parts.append(("mul", curve.slope, "x"))
    for weight, units, factor, shift in curve.units():
        program = units.program or _inner_program(units.function)
        if units.width > 1 or program is None:
            return None
        parts.append(("mul", weight, _at(program, factor, shift)))
    return ("add", *parts)


def _inner_program(function: Callable[..., Any]) -> Program | None:
    """The program of a unit's function, products of curves included."""
    if not isinstance(function, ProductOfCurves):
        return function_program(function)
    factors = [curve_program(curve) for curve in function.factors]
    return None if None in factors else ("mul", *factors)


def _at(program: Program, factor: float, shift: float) -> Program:
    """A program at factor * x + shift."""
    if (factor, shift) == (1.0, 0.0):
        return program
    argument = ("add", ("mul", factor, "x"), shift)

    def put(part: Program) -> Program:
        if isinstance(part, tuple):
            return (part[0], *(put(inner) for inner in part[1:]))
        return argument if part == "x" else part

    return put(program)
