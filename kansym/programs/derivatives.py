"""Derivatives of programs: the chain rule over the table of operations."""

from collections.abc import Sequence

from kansym.programs.operations import OPERATIONS
from kansym.programs.program import Program, substitute
from kansym.shared.errors import InputError

__all__ = ["chain_term", "differentiate", "fold"]


def differentiate(program: Program, name: str) -> Program:
    """Derivative of a program with respect to one of its variables.

    Raises
    ------
    InputError
        If an operation of the program has no derivative.

    Examples
    --------
    >>> differentiate(("pow", "x", 3.0), "x")
    ('mul', 3.0, ('pow', 'x', 2.0))
    >>> differentiate(("sin", ("mul", 2.0, "x")), "x")
    ('mul', 2.0, ('cos', ('mul', 2.0, 'x')))
    """
    if isinstance(program, str):
        return 1.0 if program == name else 0.0
    if not isinstance(program, tuple):
        return 0.0
    operation, *arguments = program
    inner = [differentiate(part, name) for part in arguments]
    terms = [
        chain_term(operation, place, arguments, program, slope)
        for place, slope in enumerate(inner)
        if slope != 0.0
    ]
    return fold(("add", *terms)) if terms else 0.0


def chain_term(
    operation: str, place: int, arguments: Sequence[Program], value: Program, inner: Program
) -> Program:
    """What one argument adds to the derivative of an operation.

    Parameters
    ----------
    operation : its name.
    place : which argument.
    arguments, value : of the operation, as programs.
    inner : the derivative of that argument, or whatever the partial derivative is to multiply.

    Examples
    --------
    >>> chain_term("div", 1, ("a", "b"), "y", "slope")
    ('mul', -1.0, 'y', ('div', 'slope', 'b'))
    """
    others = (*arguments[:place], *arguments[place + 1 :])
    match operation:
        case "add":
            return inner
        case "mul":
            return fold(("mul", *arguments[:place], inner, *arguments[place + 1 :]))
        case "div" if place == 0:
            return fold(("div", inner, arguments[1]))
        case "div":
            return fold(("mul", -1.0, value, fold(("div", inner, arguments[1]))))
        case "pow" if place == 0:
            base, exponent = arguments
            lower = fold(("pow", base, fold(("add", exponent, -1.0))))
            return fold(("mul", exponent, lower, inner))
        case "pow":
            return fold(("mul", value, _logarithm(arguments[0]), inner))
        case "min" | "max" if others:
            # A branch counts where it is the one chosen, by half where two are equal.
            lower, upper = (("neg", arguments[place]), (operation, *others))
            if operation == "max":
                lower, upper = arguments[place], ("neg", (operation, *others))
            return fold(("mul", ("heaviside", ("add", lower, upper)), inner))
        case "min" | "max":
            return inner
        case _:
            slope = substitute(_derivative(operation), {"x": arguments[0], "y": value})
            return fold(("mul", fold(slope), inner))


def _derivative(name: str) -> Program:
    operation = OPERATIONS.get(name)
    if operation is None or operation.derivative is None:
        raise InputError(f"The operation {name!r} has no derivative here: use another one.")
    return operation.derivative


def _logarithm(base: Program) -> Program:
    """The logarithm of a power's base, 0 where the base is 0: the power stays 0 there."""
    if not isinstance(base, str | tuple):
        return ("log", base) if base else 0.0
    return ("log", ("add", base, 1.0, ("neg", ("abs", ("sign", base)))))


def fold(program: Program) -> Program:
    """Cheap tidying of the outermost operation: numbers folded, 0 and 1 absorbed.

    Examples
    --------
    >>> fold(("mul", 2.0, 3.0, "x", 1.0))
    ('mul', 6.0, 'x')
    """
    if not isinstance(program, tuple) or len(program) < 2:
        return program
    operation, *arguments = program
    if operation == "add":
        return _folded(operation, arguments, 0.0)
    if operation == "mul":
        return _folded(operation, arguments, 1.0)
    if operation == "neg" and isinstance(arguments[0], float):
        return -arguments[0]
    if operation == "pow" and arguments[1] in (0.0, 1.0):
        return 1.0 if arguments[1] == 0.0 else arguments[0]
    return program


def _folded(operation: str, arguments: list[Program], neutral: float) -> Program:
    number = neutral
    rest: list[Program] = []
    for part in arguments:
        if isinstance(part, float | int):
            number = number + part if operation == "add" else number * part
        else:
            rest.append(part)
    if operation == "mul" and number == 0.0:
        return 0.0
    if number != neutral or not rest:
        rest.insert(0, float(number))
    return rest[0] if len(rest) == 1 else (operation, *rest)
