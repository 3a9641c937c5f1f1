"""A formula as plain data, known to neither sympy nor torch.

A program is a number, the name of a variable, or a tuple ``("operation", *arguments)``::

    ("add", ("sin", ("mul", 3.0, "x1")), ("pow", "x2", 2.0))

The same program is computed with numpy, torch or mpmath, according to the table of functions that
is handed to :func:`evaluate`; it travels in model files as nested JSON lists.
"""

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import numpy as np

from kansym.programs.numpy_functions import NUMPY
from kansym.programs.operation import ANY, Program
from kansym.programs.operations import OPERATIONS
from kansym.shared.errors import InputError

__all__ = [
    "ARITY",
    "NUMPY",
    "Program",
    "evaluate",
    "from_json",
    "spread",
    "substitute",
    "to_json",
    "validate",
    "variables",
]

# Data from outside: deeper nesting could exhaust the stack of calls, more parts take seconds.
_DEEPEST = 200
_LARGEST = 20_000
# Algebra computes these of whole numbers exactly, however long that takes.
_COSTLY = frozenset(name for name in OPERATIONS if name.startswith(("gamma", "loggamma", "zeta")))
_LARGEST_ARGUMENT = 1000.0

ARITY: Mapping[str, int] = {name: operation.arity for name, operation in OPERATIONS.items()}
"""Name of an operation to its number of arguments, -1 for one or more."""


def evaluate(
    program: Program,
    values: Mapping[str, Any],
    functions: Mapping[str, Callable[..., Any]] = NUMPY,
) -> Any:
    """Value of a program for the given variables.

    Parameters
    ----------
    program : the formula.
    values : one array (numpy, torch, or an mpmath number) per variable; shapes broadcast.
    functions : the meaning of the operations: :data:`NUMPY` unless given.

    Returns
    -------
    The value, ``nan`` or infinite where the formula is not defined; never a warning.

    Raises
    ------
    InputError
        If a variable of the program has no value, or an operation no meaning.

    Examples
    --------
    >>> import numpy as np
    >>> evaluate(("add", ("pow", "x", 2.0), 1.0), {"x": np.array([1.0, 2.0])})
    array([2., 5.])
    """
    known: dict[int, Any] = {}
    with np.errstate(all="ignore"):
        return _value(program, values, functions, known)


def _value(
    program: Program,
    values: Mapping[str, Any],
    functions: Mapping[str, Callable[..., Any]],
    known: dict[int, Any],
) -> Any:
    if isinstance(program, tuple):
        # Shared parts are the same object: one evaluation each.
        key = id(program)
        if key not in known:
            arguments = [
                part if isinstance(part, float) else _value(part, values, functions, known)
                for part in program[1:]
            ]
            known[key] = _function(program[0], functions)(*arguments)
        return known[key]
    if isinstance(program, str):
        if program not in values:
            raise InputError(
                f"The formula needs the variable {program!r}, but only "
                f"{sorted(map(str, values))} are given: give a value for each variable."
            )
        return values[program]
    return program


def _function(name: str, functions: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    try:
        return functions[name]
    except KeyError:
        raise InputError(
            f"The operation {name!r} has no meaning here; known operations are "
            f"{', '.join(sorted(functions))}."
        ) from None


def spread(value: Any, shape: tuple[int, ...]) -> np.ndarray:
    """A value as floats of a shape: that of a program without variables is a single number."""
    value = np.asarray(value, dtype=float)
    # Asking first is much cheaper than broadcasting.
    return value if value.shape == shape else np.broadcast_to(value, shape)


def variables(program: Program) -> tuple[str, ...]:
    """Names of the variables, in order of first appearance.

    Examples
    --------
    >>> variables(("add", "y", ("mul", "x", "y")))
    ('y', 'x')
    """
    return tuple(dict.fromkeys(part for part in _parts(program) if isinstance(part, str)))


def _parts(program: Program) -> Iterator[Program]:
    yield program
    if isinstance(program, tuple):
        for part in program[1:]:
            yield from _parts(part)


def substitute(program: Program, replacements: Mapping[str, Program]) -> Program:
    """The program with variables replaced by programs.

    Examples
    --------
    >>> substitute(("sin", "x"), {"x": ("mul", 2.0, "t")})
    ('sin', ('mul', 2.0, 't'))
    """
    if isinstance(program, tuple):
        return (program[0], *(substitute(part, replacements) for part in program[1:]))
    if isinstance(program, str):
        return replacements.get(program, program)
    return program


def validate(
    program: object, names: tuple[str, ...] | None = None, curves: Collection[str] = ()
) -> Program:
    """Check data from outside: known operations, right numbers of arguments, bounded size.

    Parameters
    ----------
    program : nested lists or tuples, as read from a file.
    names : the variables that may appear; any if None.
    curves : names of tabulated curves, which count as operations of one argument.

    Returns
    -------
    The program as nested tuples.

    Raises
    ------
    InputError
        If the data is no program.

    Examples
    --------
    >>> validate(["mul", 2, ["sin", "x"]])
    ('mul', 2.0, ('sin', 'x'))
    """
    budget = [_LARGEST]
    checked = _validated(program, names, {**ARITY, **dict.fromkeys(curves, 1)}, 0, budget)
    with np.errstate(all="ignore"):
        _constant(checked)
    return checked


def _validated(
    part: object,
    names: tuple[str, ...] | None,
    arity: Mapping[str, int],
    depth: int,
    budget: list[int],
) -> Program:
    budget[0] -= 1
    if depth > _DEEPEST or budget[0] < 0:
        raise InputError(
            f"A formula deeper than {_DEEPEST} or larger than {_LARGEST} parts was given: "
            "give a smaller one."
        )
    if isinstance(part, bool):
        raise InputError(f"A formula may not contain {part!r}: use numbers, names and operations.")
    if isinstance(part, int | float):
        return _number(part)
    if isinstance(part, str):
        return _variable(part, names)
    if isinstance(part, list | tuple) and part and isinstance(part[0], str):
        _check_arity(part[0], len(part) - 1, arity)
        inner = (_validated(item, names, arity, depth + 1, budget) for item in part[1:])
        return (part[0], *inner)
    raise InputError(
        f"{str(part)[:60]!r} is no part of a formula: expected a number, a variable's name or "
        "a list that begins with an operation."
    )


def _constant(program: Program) -> float | None:
    """The value of a program without variables; refused where exact algebra would never end."""
    if isinstance(program, str):
        return None
    if not isinstance(program, tuple):
        return float(program)
    values = [_constant(part) for part in program[1:]]
    known = [value for value in values if value is not None]
    if len(known) < len(values) or program[0] not in NUMPY:
        return None
    value = float(NUMPY[program[0]](*known))
    far = program[0] in _COSTLY and abs(known[0]) > _LARGEST_ARGUMENT
    vanishes = program[0] == "pow" and value == 0 != known[0]
    if not math.isfinite(value) or far or vanishes:
        shown = f"{program[0]}({', '.join(f'{each:g}' for each in known)})"
        raise InputError(f"The number {shown} in a formula is out of bounds.")
    return value


def _number(value: float) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InputError(f"The number {str(value)[:30]} in a formula is not finite.")
    return number


def _variable(name: str, names: tuple[str, ...] | None) -> str:
    if names is not None and name not in names:
        raise InputError(f"The variable {name[:60]!r} is unknown: expected one of {list(names)}.")
    return name


def _check_arity(name: str, given: int, arity: Mapping[str, int]) -> None:
    if name not in arity:
        raise InputError(
            f"The operation {name[:60]!r} is unknown: expected one of {', '.join(sorted(arity))}."
        )
    expected = arity[name]
    if given != expected and not (expected == ANY and given > 0):
        wanted = "at least one" if expected == ANY else str(expected)
        raise InputError(f"The operation {name!r} takes {wanted} arguments, {given} were given.")


def to_json(program: Program) -> Any:
    """The program as nested lists, ready for JSON.

    Examples
    --------
    >>> to_json(("sin", ("mul", 2.0, "x")))
    ['sin', ['mul', 2.0, 'x']]
    """
    if isinstance(program, tuple):
        return [program[0], *(to_json(part) for part in program[1:])]
    return program


def from_json(data: object) -> Program:
    """The program of nested lists, checked by :func:`validate`.

    Examples
    --------
    >>> from_json(["sin", "x"])
    ('sin', 'x')
    """
    return validate(data)
