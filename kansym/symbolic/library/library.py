"""The library of functions that an edge of a network may turn out to be.

Each :class:`Candidate` is written once, as an expression in ``x``; its numpy and torch forms,
derivatives, domain, complexity and LaTeX are derived from that, when first asked for.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from types import MappingProxyType
from typing import Any, NoReturn, final

import numpy as np
import sympy

from kansym.programs.derivatives import differentiate
from kansym.programs.program import Program, evaluate, spread
from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint
from kansym.symbolic.formulas.complexity import complexity
from kansym.symbolic.formulas.parsing import parse
from kansym.symbolic.formulas.sympy_programs import from_sympy
from kansym.symbolic.library.domains import Domain, derive_domain, parse_domain

__all__ = ["ALL", "LIBRARY", "Candidate", "Library"]

_X = sympy.Symbol("x")
_TOLERANCE = 1e-9


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

    @cached_property
    def complexity(self) -> float:
        """Description length in bits."""
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


@final
class Library:
    """An ordered, immutable collection of candidates with distinct names.

    Raises
    ------
    InputError
        If it is empty, or two candidates have one name.

    Examples
    --------
    >>> small = LIBRARY.subset("elementary") - "abs" + Candidate("pulse", "x*exp(-x)/2")
    >>> "abs" in small, "pulse" in small, "sin" in small
    (False, True, True)
    >>> small["sin"].expr
    sin(x)
    """

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        candidates = tuple(candidates)
        if not candidates:
            raise InputError("The library is empty: give at least one candidate.")
        self._candidates = MappingProxyType({c.name: c for c in candidates})
        if len(self._candidates) < len(candidates):
            names = [c.name for c in candidates]
            twice = sorted({n for n in names if names.count(n) > 1})
            raise InputError(f"Two candidates have one name ({', '.join(twice)}): rename one.")

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self._candidates.values())

    def __len__(self) -> int:
        return len(self._candidates)

    def __contains__(self, item: object) -> bool:
        return (item.name if isinstance(item, Candidate) else item) in self._candidates

    def __getitem__(self, name: str) -> Candidate:
        if name not in self._candidates:
            raise InputError(f"No candidate is named {name!r}: {hint(name, self.names)}.")
        return self._candidates[name]

    def __repr__(self) -> str:
        return f"Library of {len(self)} candidates: {', '.join(self.names)}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Library) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(self._candidates)

    def __add__(self, other: "Candidate | Library") -> "Library":
        added = (other,) if isinstance(other, Candidate) else tuple(other)
        return Library((*self, *added))

    def __sub__(self, other: "str | Candidate | Iterable[str]") -> "Library":
        gone = [other] if isinstance(other, str | Candidate) else list(other)
        names = [item.name if isinstance(item, Candidate) else item for item in gone]
        for name in names:
            self[name]
        return Library(c for c in self if c.name not in names)

    def subset(self, *sets: str) -> "Library":
        """The candidates of the named sets, such as ``"elementary"``, ``"physics"``."""
        known = {name for candidate in self for name in candidate.sets}
        unknown = [name for name in sets if name not in known]
        if unknown:
            raise InputError(f"No set is named {unknown[0]!r}; there are {sorted(known)}.")
        return Library(c for c in self if set(sets) & set(c.sets))


_E, _P, _EP, _S = ("elementary",), ("physics",), ("elementary", "physics"), ("special",)
_LINE, _POSITIVE, _NOT_ZERO = "(-oo, oo)", "(0, oo)", "(-oo, 0) (0, oo)"


def _between(poles: Iterable[float]) -> Domain:
    ends = sorted(poles)
    low, high = tuple(ends[:-1]), tuple(ends[1:])
    return Domain(low, high, (False,) * len(low), (False,) * len(low))


_TANGENT = _between(np.pi * (k + 0.5) for k in range(-200, 200))
_GAMMA = _between([*range(-100, 1), np.inf])

_MEMBERS: tuple[tuple[str, str, str | Domain, tuple[str, ...], str], ...] = (
    ("x", "x", _LINE, _EP, ""),
    ("x^2", "x**2", _LINE, _EP, ""),
    ("x^3", "x**3", _LINE, _EP, ""),
    ("x^4", "x**4", _LINE, _EP, ""),
    ("x^5", "x**5", _LINE, _E, ""),
    ("1/x", "1/x", _NOT_ZERO, _EP, ""),
    ("1/x^2", "1/x**2", _NOT_ZERO, _EP, "inverse-square laws"),
    ("1/x^3", "1/x**3", _NOT_ZERO, _E, ""),
    ("1/x^4", "1/x**4", _NOT_ZERO, _E, ""),
    ("sqrt", "sqrt(x)", "[0, oo)", _EP, ""),
    ("1/sqrt", "1/sqrt(x)", _POSITIVE, _EP, ""),
    ("x^(3/2)", "x**(3/2)", "[0, oo)", _E, "Kepler's third law"),
    ("x^(1/3)", "x**(1/3)", "[0, oo)", _E, ""),
    ("x^(2/3)", "x**(2/3)", "[0, oo)", _E, ""),
    ("exp", "exp(x)", _LINE, _EP, "DLMF 4.2"),
    ("log", "log(x)", _POSITIVE, _EP, "DLMF 4.2"),
    ("sin", "sin(x)", _LINE, _EP, "DLMF 4.14"),
    ("tan", "tan(x)", _TANGENT, _E, "DLMF 4.14"),
    ("asin", "asin(x)", "[-1, 1]", _E, "DLMF 4.23"),
    ("atan", "atan(x)", _LINE, _EP, "DLMF 4.23"),
    ("sinh", "sinh(x)", _LINE, _E, "DLMF 4.28"),
    ("cosh", "cosh(x)", _LINE, _E, "DLMF 4.28, catenary"),
    ("tanh", "tanh(x)", _LINE, _EP, "DLMF 4.28; logistic and Fermi functions are affine images"),
    ("1/cosh", "1/cosh(x)", _LINE, _EP, "hyperbolic secant, pulse shape"),
    ("asinh", "asinh(x)", _LINE, _E, "DLMF 4.37"),
    ("acosh", "acosh(x)", "[1, oo)", _E, "DLMF 4.37"),
    ("atanh", "atanh(x)", "(-1, 1)", _E, "DLMF 4.37, rapidity"),
    ("gaussian", "exp(-x**2)", _LINE, _EP, ""),
    ("abs", "abs(x)", _LINE, _E, ""),
    ("sign", "sign(x)", _LINE, _E, ""),
    ("relu", "max(0, x)", _LINE, _E, ""),
    ("softplus", "log(1 + exp(x))", _LINE, _E, ""),
    ("lorentzian", "1/(1 + x**2)", _LINE, _EP, "resonance line shape"),
    ("dispersion", "x/(1 + x**2)", _LINE, _EP, "real part of a Lorentz resonance"),
    ("sqrt(1+x^2)", "sqrt(1 + x**2)", _LINE, _EP, "relativistic energy"),
    ("1/sqrt(1+x^2)", "1/sqrt(1 + x**2)", _LINE, _EP, ""),
    ("sqrt(1-x^2)", "sqrt(1 - x**2)", "[-1, 1]", _EP, ""),
    ("lorentz_factor", "1/sqrt(1 - x**2)", "(-1, 1)", _EP, "special relativity"),
    ("log(1+x^2)", "log(1 + x**2)", _LINE, _E, ""),
    ("x*log", "x*log(x)", _POSITIVE, _E, "entropy"),
    ("x*exp", "x*exp(x)", _LINE, _E, ""),
    ("x*sin", "x*sin(x)", _LINE, _E, ""),
    ("sinc", "sin(x)/x", _LINE, _P, "diffraction at a slit"),
    ("sinc^2", "(sin(x)/x)**2", _LINE, _P, "intensity of diffraction at a slit"),
    ("bose", "1/(exp(x) - 1)", _NOT_ZERO, _P, "Bose-Einstein occupation"),
    ("x*bose", "x/(exp(x) - 1)", _LINE, _P, "mean energy of an oscillator"),
    ("planck", "x**3/(exp(x) - 1)", _LINE, _P, "Planck's law"),
    ("langevin", "coth(x) - 1/x", _LINE, _P, "Langevin's theory of paramagnetism"),
    ("sech^2", "1/cosh(x)**2", _LINE, _P, "soliton, derivative of the Fermi function"),
    ("morse", "(1 - exp(-x))**2", _LINE, _P, "doi:10.1103/PhysRev.34.57"),
    ("gaussian_slope", "x*exp(-x**2)", _LINE, _P, "derivative of a Gaussian; Maxwell speeds"),
    ("maxwell", "x**2*exp(-x**2)", _LINE, _P, "Maxwell-Boltzmann speeds"),
    ("besselj0", "besselj(0, x)", _LINE, _S, "DLMF 10.2"),
    ("besselj1", "besselj(1, x)", _LINE, _S, "DLMF 10.2"),
    ("airyai", "airyai(x)", _LINE, _S, "DLMF 9.2"),
    ("erf", "erf(x)", _LINE, _S, "DLMF 7.2"),
    ("gamma", "gamma(x)", _GAMMA, _S, "DLMF 5.2"),
    ("loggamma", "loggamma(x)", _POSITIVE, _S, "DLMF 5.2"),
    ("elliptic_k", "elliptic_k(x)", "(-oo, 1)", _S, "DLMF 19.2, parameter m"),
    ("elliptic_e", "elliptic_e(x)", "(-oo, 1]", _S, "DLMF 19.2, parameter m"),
    ("zeta", "zeta(x)", "(1, oo)", _S, "DLMF 25.2"),
)

ALL = Library(
    Candidate(name, text, domain=domain, sets=sets, reference=reference)
    for name, text, domain, sets, reference in _MEMBERS
)
"""Every candidate that kansym brings: elementary, physics and special."""

LIBRARY = ALL.subset("elementary")
"""The candidates that are tried unless another library is given."""
