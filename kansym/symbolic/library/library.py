"""The library of functions that an edge of a network may turn out to be."""

from collections.abc import Iterable, Iterator
from typing import final

import numpy as np
import sympy
from sympy.core.function import Application

from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint
from kansym.symbolic.library.candidate import Candidate
from kansym.symbolic.library.domains import Domain

__all__ = ["ALL", "LIBRARY", "TOGETHER", "Choosable", "Library", "as_library"]


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
        self._candidates = {c.name: c for c in candidates}
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

    def allows(self, expression: sympy.Expr) -> bool:
        """Whether an expression has no functions but those that occur in the candidates.

        Sums, products and powers are always allowed, and what they make of the functions.

        Examples
        --------
        >>> x = sympy.Symbol("x")
        >>> waves = as_library("sin")
        >>> waves.allows(x**2 * sympy.cos(x)), waves.allows(sympy.exp(x))
        (True, False)
        """
        return _functions(expression) <= self.functions

    @property
    def functions(self) -> set[type]:
        """The functions of sympy that occur in the candidates, with those that they make."""
        own = set[type]().union(*(_functions(candidate.expr) for candidate in self))
        return own.union(*(one for one in TOGETHER if own & one))

    def subset(self, *sets: str) -> "Library":
        """The candidates of the named sets, such as ``"elementary"``, ``"physics"``."""
        known = {name for candidate in self for name in candidate.sets}
        unknown = [name for name in sets if name not in known]
        if unknown:
            raise InputError(f"No set is named {unknown[0]!r}; there are {sorted(known)}.")
        return Library(c for c in self if set(sets) & set(c.sets))


TOGETHER = (
    frozenset({sympy.sin, sympy.cos, sympy.sec, sympy.csc}),
    frozenset({sympy.tan, sympy.cot}),
    frozenset({sympy.asin, sympy.acos}),
    frozenset({sympy.sinh, sympy.csch}),
    frozenset({sympy.cosh, sympy.sech}),
    frozenset({sympy.tanh, sympy.coth}),
    frozenset({sympy.Max, sympy.Min}),
)
"""Functions that are one another after a shift, a change of sign or a power."""


def _functions(expression: sympy.Expr) -> set[type]:
    """The functions in an expression."""
    return {type(one) for one in expression.atoms(Application)}


Choosable = Library | Candidate | str | Iterable["str | Candidate"]
"""What names a library: itself, a candidate, or names of sets and functions."""


def as_library(given: Choosable) -> Library:
    """A library by names of sets and functions; a name after a minus sign is left out.

    Parameters
    ----------
    given : a library; or names in a list, or in one text with commas between; candidates of your
        own stand in a list. Names are added in their order; if the first one leaves a function
        out, it is left out of the standard library.

    Raises
    ------
    InputError
        For a name that is neither a set nor a function, with the nearest names.

    Examples
    --------
    >>> as_library("sin, exp").names
    ('sin', 'exp')
    >>> "tan" in as_library(["elementary", "-tan"]), "planck" in as_library("physics")
    (False, True)
    """
    if isinstance(given, Library):
        return given
    items = given.split(",") if isinstance(given, str) else given
    if not isinstance(items, Iterable | Candidate):
        raise InputError(
            f"library={given!r} is not usable: give a Library, or names of sets and functions."
        )
    parts = [items] if isinstance(items, Candidate) else list(items)
    chosen: dict[str, Candidate] = {}
    for place, part in enumerate(parts):
        name = part.strip() if isinstance(part, str) else part
        if isinstance(name, str) and name.startswith("-"):
            chosen = chosen or ({c.name: c for c in LIBRARY} if place == 0 else {})
            for gone in _named(name[1:].strip()):
                chosen.pop(gone.name, None)
        else:
            chosen |= {c.name: c for c in _named(name)}
    return Library(chosen.values())


def _named(name: object) -> tuple[Candidate, ...]:
    """The candidates of a set, or one by its name."""
    if isinstance(name, Candidate):
        return (name,)
    if not isinstance(name, str):
        raise InputError(
            f"library was given a {type(name).__name__}, expected a Library, or names of sets and "
            "functions such as ['elementary', '-tan'] or 'sin,exp'."
        )
    if name in SETS:
        return tuple(ALL.subset(name))
    if name not in ALL:
        known = [*SETS, *ALL.names]
        raise InputError(f"There is no set and no function {name!r}: {hint(name, known)}.")
    return (ALL[name],)


SETS = ("elementary", "physics", "special")
"""Names of the sets of candidates."""
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
