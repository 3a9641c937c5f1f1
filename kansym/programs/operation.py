"""What an operation of a program is: its value, derivative, domain and name in each language."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["ANY", "Call", "Operation", "Program", "Term", "f", "polynomial", "x", "y"]

Program = float | str | tuple[Any, ...]

Call = str | tuple[Any, ...]
"""A function of another library: its name, or nested calls such as ``("special.jv", 2, "x")``."""

ANY = -1
"""The arity of an operation that takes one argument or more."""

_NEGLIGIBLE = 2.0**-56  # an eighth of the rounding error of a number near 1


@dataclass(frozen=True)
class Term:
    """A program that is written as a formula.

    Examples
    --------
    >>> (1 / (1 + x * x)).program
    ('div', 1.0, ('add', 1.0, ('mul', 'x', 'x')))
    >>> (-f.sin(2 * x)).program
    ('neg', ('sin', ('mul', 2.0, 'x')))
    """

    program: Program

    def __add__(self, other: "Term | float") -> "Term":
        return f.add(self, other)

    def __radd__(self, other: float) -> "Term":
        return f.add(other, self)

    def __sub__(self, other: "Term | float") -> "Term":
        return f.add(self, -other)

    def __rsub__(self, other: float) -> "Term":
        return f.add(other, -self)

    def __mul__(self, other: "Term | float") -> "Term":
        return f.mul(self, other)

    def __rmul__(self, other: float) -> "Term":
        return f.mul(other, self)

    def __truediv__(self, other: "Term | float") -> "Term":
        return f.div(self, other)

    def __rtruediv__(self, other: float) -> "Term":
        return f.div(other, self)

    def __pow__(self, exponent: float) -> "Term":
        return f.pow(self, exponent)

    def __neg__(self) -> "Term":
        return f.neg(self)


class _Functions:
    """Operations as functions of terms, by attribute."""

    def __getattr__(self, name: str) -> Callable[..., Term]:
        return lambda *terms: Term((name, *map(_program, terms)))


def _program(part: object) -> Any:
    if isinstance(part, Term):
        return part.program
    return float(part) if isinstance(part, int) else part


f, x, y = _Functions(), Term("x"), Term("y")


@dataclass(frozen=True)
class Operation:
    """A function that programs may call, written once for all languages.

    Wherever a language has no function of its own, the value follows from ``definition``. A
    definition that has a removable singularity at 0 brings its Taylor ``series``, which replaces it
    where abs(x) < ``radius``, so that the value is right to rounding on both sides.

    Attributes
    ----------
    name : what programs call it.
    arity : number of arguments, :data:`ANY` for one or more.
    numpy : in numpy or scipy, such as ``"np.exp"``, ``"special.erf"``, or a call of several; a
        function of Python's where it is computed by kansym, without a form in source code.
    c : in C99: a function of ``math.h``, or an expression in ``x`` (and ``y``).
    mpmath, sympy : in those libraries; the same name in mpmath unless there is a definition.
    definition : a program (or term) in ``"x"`` of operations that stand before it in the table.
    derivative : a program in ``"x"`` and the operation's own value ``"y"``, None where the table
        ends.
    domain : ends of the interval outside which there is no value; poles inside are not named.
    series : Taylor coefficients at 0, from the constant upwards.
    radius : where the series takes the place of the definition.
    """

    name: str
    numpy: Any = None
    c: Call | None = None
    sympy: Call | None = None
    mpmath: Call | None = None
    definition: Any = None  # Program | None, which every reader would have to tell apart again
    derivative: Any = None
    domain: tuple[float, float] = (-math.inf, math.inf)
    series: tuple[float, ...] = ()
    radius: float = 0.0
    arity: int = 1

    def __post_init__(self) -> None:
        for name in ("definition", "derivative"):
            object.__setattr__(self, name, _program(getattr(self, name)))

    @property
    def near_zero(self) -> Program:
        """The series as a program, without the terms that rounding swallows."""
        sizes = [abs(c) * self.radius**k for k, c in enumerate(self.series)]
        kept = [k for k, size in enumerate(sizes) if size > _NEGLIGIBLE * max(sizes)]
        return polynomial(self.series[: kept[-1] + 1])


def polynomial(coefficients: tuple[float, ...]) -> Program:
    """The program c0 + c1 x + c2 x^2 + ... by Horner's rule; in x^2 if every second term is zero.

    Examples
    --------
    >>> polynomial((1.0, -0.5))
    ('add', 1.0, ('mul', 'x', -0.5))
    >>> polynomial((0.0, 2.0, 0.0, 5.0))
    ('mul', 'x', ('add', 2.0, ('mul', 'x', 'x', 5.0)))
    """
    if coefficients[0] == 0.0 and len(coefficients) > 1:
        return ("mul", "x", polynomial(coefficients[1:]))
    step = 1 if any(coefficients[1::2]) else 2
    kept = list(coefficients[::step])
    result: Program = kept[-1]
    for coefficient in reversed(kept[:-1]):
        result = ("add", coefficient, ("mul", *["x"] * step, result))
    return result
