"""Derivatives of programs: the chain rule over one table.

:data:`SLOPES` gives each operation of one argument its derivative, as a program in the argument
``"x"`` and the operation's own value ``"y"``.
"""

import math
from collections.abc import Mapping

from kansym.programs.program import Program, substitute
from kansym.shared.errors import InputError

__all__ = ["SLOPES", "differentiate", "fold"]

_SQUARE = ("pow", "x", 2.0)

SLOPES: Mapping[str, Program] = {
    "neg": -1.0,
    "exp": "y",
    "log": ("pow", "x", -1.0),
    "sin": ("cos", "x"),
    "cos": ("neg", ("sin", "x")),
    "tan": ("add", 1.0, ("pow", "y", 2.0)),
    "asin": ("pow", ("add", 1.0, ("neg", _SQUARE)), -0.5),
    "acos": ("neg", ("pow", ("add", 1.0, ("neg", _SQUARE)), -0.5)),
    "atan": ("pow", ("add", 1.0, _SQUARE), -1.0),
    "sinh": ("cosh", "x"),
    "cosh": ("sinh", "x"),
    "tanh": ("add", 1.0, ("neg", ("pow", "y", 2.0))),
    "asinh": ("pow", ("add", 1.0, _SQUARE), -0.5),
    "acosh": ("pow", ("add", _SQUARE, -1.0), -0.5),
    "atanh": ("pow", ("add", 1.0, ("neg", _SQUARE)), -1.0),
    "sqrt": ("div", 0.5, "y"),
    "abs": ("sign", "x"),
    "sign": 0.0,
    "heaviside": 0.0,
    "sinc": ("sinc_slope", "x"),
    "sinc_slope": ("neg", ("add", "y0", ("div", ("mul", 2.0, "y"), "x"))),
    "langevin": ("langevin_slope", "x"),
    "langevin_slope": (
        # By L' = 1 - L^2 - 2 L / x, which cancels less near zero than the hyperbolic functions.
        "add",
        ("mul", -2.0, ("langevin", "x"), ("langevin_slope", "x")),
        ("mul", -2.0, ("langevin_slope", "x"), ("pow", "x", -1.0)),
        ("mul", 2.0, ("langevin", "x"), ("pow", "x", -2.0)),
    ),
    "bose": ("bose_slope", "x"),
    "bose_slope": (
        "div",
        (
            "add",
            ("mul", "x", ("cosh", ("mul", 0.5, "x"))),
            ("mul", -2.0, ("sinh", ("mul", 0.5, "x"))),
        ),
        ("mul", 4.0, ("pow", ("sinh", ("mul", 0.5, "x")), 3.0)),
    ),
    "expm1": ("exp", "x"),
    "log1p": ("pow", ("add", 1.0, "x"), -1.0),
    "softplus": ("sigmoid", "x"),
    "sigmoid": ("mul", "y", ("add", 1.0, ("neg", "y"))),
    "erf": ("mul", 2.0 / math.sqrt(math.pi), ("exp", ("neg", _SQUARE))),
    "gamma": ("mul", "y", ("digamma", "x")),
    "loggamma": ("digamma", "x"),
    "digamma": ("trigamma", "x"),
    "trigamma": ("tetragamma", "x"),
    "besselj0": ("neg", ("besselj1", "x")),
    "besselj1": ("mul", 0.5, ("add", ("besselj0", "x"), ("neg", ("besselj2", "x")))),
    "besselj2": ("add", ("besselj1", "x"), ("mul", -2.0, "y", ("pow", "x", -1.0))),
    "airyai": ("airyai_slope", "x"),
    "airyai_slope": ("mul", "x", ("airyai", "x")),
    "elliptic_k": ("elliptic_k_slope", "x"),
    "elliptic_k_slope": (
        "div",
        (
            "add",
            ("mul", 0.25, ("elliptic_k", "x")),
            ("neg", ("mul", ("add", 1.0, ("mul", -2.0, "x")), "y")),
        ),
        ("mul", "x", ("add", 1.0, ("neg", "x"))),
    ),
    "elliptic_e": ("elliptic_e_slope", "x"),
    "elliptic_e_slope": (
        "div",
        ("neg", ("add", "y", ("elliptic_k_slope", "x"))),
        ("mul", 2.0, "x"),
    ),
    "zeta": ("zeta_slope", "x"),
    "zeta_slope": ("zeta_curvature", "x"),
}
SLOPES = {**SLOPES, "sinc_slope": substitute(SLOPES["sinc_slope"], {"y0": ("sinc", "x")})}


def differentiate(program: Program, name: str) -> Program:
    """Derivative of a program with respect to one of its variables.

    Raises
    ------
    InputError
        If an operation of the program has no derivative in :data:`SLOPES`.

    Examples
    --------
    >>> differentiate(("pow", "x", 3.0), "x")
    ('mul', 3.0, ('pow', 'x', 2.0))
    >>> differentiate(("sin", ("mul", 2.0, "x")), "x")
    ('mul', 2.0, ('cos', ('mul', 2.0, 'x')))
    """
    if isinstance(program, str):
        return 1.0 if program == name else 0.0
    if not isinstance(program, tuple) or len(program) == 1:
        return 0.0
    inner = [differentiate(part, name) for part in program[1:]]
    if all(slope == 0.0 for slope in inner):
        return 0.0
    match program[0]:
        case "add":
            return fold(("add", *inner))
        case "mul":
            return _product_slope(program, inner)
        case "div":
            return _quotient_slope(program, inner)
        case "pow":
            return _power_slope(program, inner)
        case "min" | "max":
            return _extreme_slope(program, inner)
        case operation:
            return fold(("mul", _slope(operation, program), inner[0]))


def _slope(operation: str, program: tuple[Program, ...]) -> Program:
    if operation not in SLOPES:
        raise InputError(f"The operation {operation!r} has no derivative here: use another one.")
    return fold(substitute(SLOPES[operation], {"x": program[1], "y": program}))


def _product_slope(program: tuple[Program, ...], inner: list[Program]) -> Program:
    factors = program[1:]
    return fold(
        (
            "add",
            *(
                fold(("mul", *factors[:i], slope, *factors[i + 1 :]))
                for i, slope in enumerate(inner)
            ),
        )
    )


def _quotient_slope(program: tuple[Program, ...], inner: list[Program]) -> Program:
    bottom = program[2]
    left = fold(("div", inner[0], bottom)) if inner[0] != 0.0 else 0.0
    right = fold(("mul", -1.0, program, fold(("div", inner[1], bottom))))
    return fold(("add", left, right if inner[1] != 0.0 else 0.0))


def _power_slope(program: tuple[Program, ...], inner: list[Program]) -> Program:
    _, base, exponent = program
    lower = fold(("add", exponent, -1.0))
    by_base = fold(("mul", exponent, fold(("pow", base, lower)), inner[0]))
    by_exponent = fold(("mul", program, ("log", base), inner[1]))
    return fold(("add", by_base, by_exponent))


def _extreme_slope(program: tuple[Program, ...], inner: list[Program]) -> Program:
    """Each branch counts where it is the one chosen (half of it where two are equal)."""
    operation, *branches = program
    if len(branches) > 2:
        nested = (operation, branches[0], (operation, *branches[1:]))
        rest = _extreme_slope((operation, *branches[1:]), inner[1:])
        return _extreme_slope(nested, [inner[0], rest])
    sign = 1.0 if operation == "max" else -1.0
    gap = fold(("mul", sign, fold(("add", branches[0], fold(("mul", -1.0, branches[1]))))))
    first = fold(("mul", ("heaviside", gap), inner[0]))
    second = fold(("mul", ("heaviside", fold(("mul", -1.0, gap))), inner[1]))
    return fold(("add", first, second))


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
