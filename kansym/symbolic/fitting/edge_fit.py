"""One candidate fitted to one edge: y = c*f(a*x + b) + d."""

from dataclasses import dataclass, replace

import numpy as np
import sympy
from numpy.typing import ArrayLike, NDArray

from kansym.programs.program import Program, substitute
from kansym.symbolic.library.candidate import Candidate

__all__ = ["EdgeFit", "error_bits"]

Array = NDArray[np.floating]

# The residuals of a network's edge are smooth, so a hundred points say no more than a few
# independent ones.
INDEPENDENT_POINTS = 8.0


@dataclass(frozen=True)
class EdgeFit:
    """A library function laid over the curve of an edge, y = c*f(a*x + b) + d.

    Parameters
    ----------
    candidate : the function f.
    a, b : inner constants; a in units of 1/x, b without unit.
    c, d : outer constants, in units of y.
    error : weighted root mean square of the residual over the weighted standard deviation of y,
        without unit.
    complexity : bits of f and of those inner constants that are not trivial (a = +-1, b = 0).
    score : bits that describe the curve by this function, smaller is better; differences between
        two fits of one edge are their margin.

    Examples
    --------
    >>> from kansym.symbolic.library.library import LIBRARY
    >>> fit = EdgeFit(LIBRARY["sin"], a=2.0, b=0.0, c=3.0, d=1.0)
    >>> float(fit(0.0)), float(fit.derivative(0.0))
    (1.0, 6.0)
    """

    candidate: Candidate
    a: float = 1.0
    b: float = 0.0
    c: float = 1.0
    d: float = 0.0
    error: float = 0.0
    complexity: float = 0.0
    score: float = 0.0

    def __call__(self, x: ArrayLike) -> Array:
        """Value at x, of any shape; nan where f is undefined."""
        return self.c * self.candidate.numpy(self._inner(x)) + self.d

    def derivative(self, x: ArrayLike) -> Array:
        """Slope dy/dx at x, of any shape."""
        return self.c * self.a * self.candidate.derivative(self._inner(x))

    def jacobian(self, x: ArrayLike) -> Array:
        """Derivatives of y with respect to (a, b, c, d), stacked as a last axis of four.

        Examples
        --------
        >>> from kansym.symbolic.library.library import LIBRARY
        >>> EdgeFit(LIBRARY["sin"], a=2.0, c=3.0).jacobian([0.0])
        array([[0., 3., 0., 1.]])
        """
        x = np.asarray(x, dtype=float)
        u = self._inner(x)
        slope = self.c * self.candidate.derivative(u)
        return np.stack([slope * x, slope, self.candidate.numpy(u), np.ones_like(u)], axis=-1)

    @property
    def constants(self) -> tuple[float, float, float, float]:
        """The constants (a, b, c, d)."""
        return self.a, self.b, self.c, self.d

    def with_constants(self, a: float, b: float, c: float, d: float) -> "EdgeFit":
        """The same function with other constants; error, complexity and score are kept as is."""
        return replace(self, a=a, b=b, c=c, d=d)

    @property
    def program(self) -> Program:
        """The fitted function as a program in the variable x."""
        inner = ("add", ("mul", self.a, "x"), self.b)
        return ("add", ("mul", self.c, substitute(self.candidate.program, {"x": inner})), self.d)

    def expr(self, argument: sympy.Expr | None = None) -> sympy.Expr:
        """The fitted function of an expression (of the symbol x if None), as a sympy expression.

        Examples
        --------
        >>> from kansym.symbolic.library.library import LIBRARY
        >>> EdgeFit(LIBRARY["exp"], a=2.0).expr()
        exp(2*x)
        """
        x = sympy.Symbol("x")
        inner = _number(self.a) * (x if argument is None else argument) + _number(self.b)
        outer = self.candidate.expr.subs(x, inner)
        return _number(self.c) * outer + _number(self.d)

    def __str__(self) -> str:
        rounded = self.with_constants(*(float(f"{value:.6g}") for value in self.constants))
        text = sympy.sstr(rounded.expr(), full_prec=False)
        return f"{text}  (relative error {self.error:.1e}, {self.complexity:.0f} bits)"

    def _repr_latex_(self) -> str:
        rounded = self.with_constants(*(float(f"{value:.4g}") for value in self.constants))
        return f"${sympy.latex(rounded.expr())}$"

    def _inner(self, x: ArrayLike) -> Array:
        return self.a * np.asarray(x, dtype=float) + self.b


def error_bits(error: ArrayLike, floor: float = 1e-6) -> Array:
    r"""Bits that describe what a fit leaves over: :math:`8 \log_2 \sqrt{1 + (e/e_0)^2}`.

    Parameters
    ----------
    error : relative error e, any shape.
    floor : relative error e0 below which a curve counts as reproduced.

    Examples
    --------
    >>> error_bits([0.0, 1e-3]).round(1)
    array([ 0. , 79.7])
    """
    return INDEPENDENT_POINTS * np.log2(np.hypot(1.0, np.asarray(error, dtype=float) / floor))


def _number(value: float) -> sympy.Number:
    """A float as a sympy number, exact when it is a small integer."""
    if value.is_integer() and abs(value) < 1e6:
        return sympy.Integer(int(value))
    return sympy.Float(value)
