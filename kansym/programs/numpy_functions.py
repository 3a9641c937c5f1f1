"""What the operations of a program mean on numpy arrays.

One table, :data:`NUMPY`, derived from :data:`kansym.programs.operations.OPERATIONS`. Outside an
operation's domain the value is ``nan`` or infinite; callers silence the warnings once with
``np.errstate``.
"""

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np
from scipy import special

from kansym.programs.operation import ANY, Operation, Program
from kansym.programs.operations import OPERATIONS

__all__ = ["NUMPY", "compiled", "power"]

_LIBRARIES = {"np": np, "special": special}


def power(base: Any, exponent: Any) -> Any:
    """Real power; the exponents that formulas are full of take a short way."""
    if isinstance(exponent, float):
        match exponent:
            case 2.0:
                return base * base
            case 3.0:
                return base * base * base
            case 4.0:
                return np.square(base * base)
            case -1.0:
                return np.divide(1.0, base)
            case 0.5:
                return np.sqrt(base)
            case _:
                pass
    # At least double precision, and long doubles stay what they are.
    return np.float_power(base, exponent)


def compiled(
    program: Program, functions: Mapping[str, Callable[..., Any]]
) -> Callable[[Mapping[str, Any]], Any]:
    """The program as a function of its variables' values, for many evaluations.

    Examples
    --------
    >>> compiled(("mul", 2.0, "x"), NUMPY)({"x": 3.0})
    np.float64(6.0)
    """
    if isinstance(program, str):
        return lambda given: given[program]
    if not isinstance(program, tuple):
        return lambda given: program
    function, parts = functions[program[0]], [compiled(part, functions) for part in program[1:]]
    return lambda given: function(*(part(given) for part in parts))


class _Libraries(dict[str, Any]):
    """The functions and constants of numpy and scipy by their dotted names."""

    def __missing__(self, dotted: str) -> Any:
        library, _, name = dotted.partition(".")
        self[dotted] = getattr(_LIBRARIES[library], name)
        return self[dotted]


def _function(operation: Operation, table: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    libraries, call = _Libraries(), operation.numpy
    if callable(call):
        return call
    if isinstance(call, str):
        found = libraries[call]
        if operation.arity == 0:
            return lambda: found
        return (lambda *terms: reduce(found, terms)) if operation.arity == ANY else found
    if call is not None:
        value = compiled(call, libraries)
        return lambda x: value({"x": x, "np.nan": np.nan})
    value = compiled(operation.definition, table)
    if not operation.series:
        return lambda x: value({"x": x})
    return _joined(value, compiled(operation.near_zero, table), operation.radius)


def _joined(
    definition: Callable[..., Any], series: Callable[..., Any], radius: float
) -> Callable[[Any], Any]:
    """The series within the radius, the definition outside, each where it is right to rounding."""

    def value(x: Any) -> Any:
        near = np.abs(x) < radius
        return np.where(near, series({"x": x}), definition({"x": np.where(near, radius, x)}))

    return value


def _table() -> Mapping[str, Callable[..., Any]]:
    table: dict[str, Callable[..., Any]] = {}
    for operation in sorted(OPERATIONS.values(), key=lambda operation: operation.numpy is None):
        own = operation.name == "pow"
        table[operation.name] = power if own else _function(operation, table)
    return table


NUMPY: Mapping[str, Callable[..., Any]] = _table()
