"""A function that an edge may turn out to be, written once as an expression in ``x``.

Numpy form, derivatives, domain, complexity and LaTeX are derived from that when first asked for.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, NoReturn, final

import numpy as np
import sympy

from kansym.programs.derivatives import differentiate
from kansym.programs.program import Program, evaluate, spread
from kansym.shared.errors import InputError
from kansym.symbolic.formulas.complexity import complexity
from kansym.symbolic.formulas.parsing import parse
from kansym.symbolic.formulas.sympy_programs import from_sympy
from kansym.symbolic.library.domains import Domain, derive_domain, parse_domain

__all__ = ["Candidate"]

_X = sympy.Symbol("x")
_TOLERANCE = 1e-9  # of the largest value: by how much symmetric functions may differ by rounding


@final
class Candidate:
    """One named function f; an edge is matched by c*f(a*x + b) + d.

    Parameters
    ----------
    name : unique within a library.
    expression : text in the variable ``x`` (read safely, see
        :func:`kansym.symbolic.formulas.parsing.parse`), or a sympy expression in the symbol x.
    domain : intervals such as ``"(0, oo)"``; found from the expression unless given.
    sets : the named sets that it belongs to, such as ``("elementary",)``.
    reference : where the function comes from.
    complexity : bits; derived from the expression unless given.

    Raises
    ------
    InputError
        If the name is empty, or the expression is no function of ``x`` alone.

    Examples
    --------
    >>> pulse = Candidate("pulse", "x*exp(-x)")
    >>> pulse.numpy([0.0, 1.0]).round(3).tolist()
    [0.0, 0.368]
    >>> pulse.latex("t")
    't e^{- t}'
    """

    name: str
    expression: str | sympy.Expr
    sets: tuple[str, ...]
    reference: str

    def __init__(
        self,
        name: str,
        expression: str | sympy.Expr,
        *,
        domain: str | Domain | None = None,
        sets: Iterable[str] = (),
        reference: str = "",
        complexity: float | None = None,
    ) -> None:
        if not isinstance(name, str) or not name.strip():
            raise InputError(f"A candidate needs a name, {name!r} was given.")
        if isinstance(expression, str) and not sets:
            # The user's own text is checked at once, the built-in ones when first used.
            _checked(name, parse(expression, ["x"]))
            if isinstance(domain, str):
                parse_domain(domain)
        self.__dict__.update(
            name=name,
            expression=expression if isinstance(expression, str) else _checked(name, expression),
            sets=tuple(sets),
            reference=reference,
            _given_domain=domain,
            _given_complexity=complexity,
        )

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Candidate does not change; make a new one to set {name}")

    def __repr__(self) -> str:
        return f"Candidate({self.name!r}, {str(self.expression)!r})"

    def __str__(self) -> str:
        return self.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Candidate) and (self.name, str(self.expression)) == (
            other.name,
            str(other.expression),
        )

    def __hash__(self) -> int:
        return hash((self.name, str(self.expression)))

    @cached_property
    def expr(self) -> sympy.Expr:
        """The sympy expression in the symbol x."""
        if isinstance(self.expression, str):
            return _checked(self.name, parse(self.expression, ["x"]))
        return self.expression

    @cached_property
    def program(self) -> Program:
        """The function as a program in the variable ``"x"``."""
        return from_sympy(self.expr)

    @cached_property
    def derivative_program(self) -> Program:
        """Its first derivative, as a program."""
        return differentiate(self.program, "x")

    @cached_property
    def second_derivative_program(self) -> Program:
        """Its second derivative, as a program."""
        return differentiate(self.derivative_program, "x")

    def numpy(self, u: Any) -> np.ndarray:
        """Values f(u), any shape; ``nan`` outside the domain."""
        return self._evaluated(self.program, u)

    def derivative(self, u: Any) -> np.ndarray:
        """Values f'(u), any shape; ``nan`` outside the domain."""
        return self._evaluated(self.derivative_program, u)

    def second_derivative(self, u: Any) -> np.ndarray:
        """Values f''(u), any shape; ``nan`` outside the domain."""
        return self._evaluated(self.second_derivative_program, u)

    def _evaluated(self, program: Program, u: Any) -> np.ndarray:
        u = np.asarray(u, dtype=float)
        values = spread(evaluate(program, {"x": u}), u.shape)
        kept = np.isfinite(values)
        if not self.domain.whole_line:
            kept &= self.domain.contains(u)
        return np.where(kept, values, np.nan)

    @cached_property
    def domain(self) -> Domain:
        """Where the function is defined and continuous."""
        given = self.__dict__["_given_domain"]
        if isinstance(given, Domain):
            return given
        return parse_domain(given) if given is not None else derive_domain(self.expr, _X)

    @property
    def complexity(self) -> float:
        """Description length in bits, at the costs of functions that are in force."""
        given = self.__dict__["_given_complexity"]
        return complexity(self.expr) if given is None else float(given)

    def latex(self, argument: str = "x") -> str:
        """The function in LaTeX, with the given LaTeX for its argument."""
        simple = len(argument) == 1 or argument.startswith("{")
        shown = argument if simple else rf"\left({argument}\right)"
        text = sympy.latex(self.expr, symbol_names={_X: shown})
        # A function's own brackets are enough.
        return text.replace(rf"\left({shown} \right)", rf"\left({argument} \right)").replace(
            rf"{{{shown}}}", f"{{{argument}}}"
        )

    @cached_property
    def _points(self) -> np.ndarray:
        """Points well inside the domain, for the tests of symmetry below."""
        fine = np.linspace(-2.9, 3.1, 241)
        inside = fine[self.domain.contains(fine) & np.isfinite(self.numpy(fine))]
        if len(inside) >= 8:
            return inside[:: max(1, len(inside) // 40)]
        low = max(self.domain.low[0], -10.0 if np.isinf(self.domain.low[0]) else -np.inf)
        return low + np.linspace(0.1, 3.0, 30)

    @cached_property
    def even(self) -> bool:
        """Whether f(-x) = f(x)."""
        return self._agrees(self.numpy(-self._points), self.numpy(self._points))

    @cached_property
    def odd(self) -> bool:
        """Whether f(-x) = -f(x)."""
        return self._agrees(self.numpy(-self._points), -self.numpy(self._points))

    @cached_property
    def period(self) -> float | None:
        """The period, pi or 2*pi, of a periodic function; else None."""
        far = np.concatenate([self._points, self._points + 5 * np.pi])
        for period in (np.pi, 2 * np.pi):
            if self._agrees(self.numpy(far + period), self.numpy(far)):
                return float(period)
        return None

    @property
    def periodic(self) -> bool:
        """Whether the function repeats itself."""
        return self.period is not None

    @cached_property
    def scale_free(self) -> bool:
        """Whether f(s*x) = A f(x) + B for s > 0, so that the inner factor is redundant."""
        return self._affine_image(1.3 * self._points)

    @cached_property
    def shift_free(self) -> bool:
        """Whether f(x + t) = A f(x) + B, so that the inner shift is redundant."""
        return self.domain.whole_line and self._affine_image(self._points + 0.7)

    def _agrees(self, left: np.ndarray, right: np.ndarray) -> bool:
        scale = np.nanmax(np.abs(right))
        return bool(np.all(np.abs(left - right) <= _TOLERANCE * scale))

    def _affine_image(self, moved: np.ndarray) -> bool:
        values, images = self.numpy(self._points), self.numpy(moved)
        kept = np.isfinite(values) & np.isfinite(images)
        basis = np.stack([values[kept], np.ones(kept.sum())], axis=1)
        solution, *_ = np.linalg.lstsq(basis, images[kept], rcond=None)
        return self._agrees(basis @ solution, images[kept])


def _checked(name: str, expression: sympy.Expr) -> sympy.Expr:
    if not isinstance(expression, sympy.Expr):
        raise InputError(
            f"The candidate {name!r} was given {type(expression).__name__}: give text or a "
            "sympy expression in x."
        )
    named = {symbol.name for symbol in expression.free_symbols}
    if named != {"x"}:
        raise InputError(
            f"The candidate {name!r} must be a function of x alone, its variables are "
            f"{sorted(named)}."
        )
    expression = expression.xreplace(dict.fromkeys(expression.free_symbols, _X))
    from_sympy(expression)
    return expression
