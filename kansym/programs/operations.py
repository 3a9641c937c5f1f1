"""Every operation of programs, each described once.

The functions in numpy, torch, mpmath and sympy, the derivatives, and the source in Python and C are
derived from :data:`OPERATIONS`; a new operation is one entry here.
"""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from scipy import special

from kansym.programs.operation import ANY, Call, Operation, Term, f, x, y
from kansym.programs.zeta_derivatives import zeta_curvature, zeta_slope

__all__ = ["OPERATIONS"]

_INFINITY = math.inf
_POSITIVE, _UNIT, _BELOW_ONE = (0.0, _INFINITY), (-1.0, 1.0), (-_INFINITY, 1.0)


def _langevin_series(terms: int) -> np.ndarray:
    """Taylor coefficients of coth(x) - 1/x: those of x cosh(x)/sinh(x), divided term by term."""
    found: list[Fraction] = []
    for k in range(terms // 2 + 1):
        known = (a / math.factorial(2 * (k - j) + 1) for j, a in enumerate(found))
        found.append(Fraction(1, math.factorial(2 * k)) - sum(known))
    series = np.zeros(terms)
    series[1::2] = [float(a) for a in found[1:]]
    return series


_TERMS = 40  # Taylor coefficients at hand; each operation uses those that count
_N = np.arange(_TERMS)
_SINC = np.resize([1.0, 0.0, -1.0, 0.0], _TERMS) / special.factorial(_N + 1)
_LANGEVIN = _langevin_series(_TERMS)
_BOSE = np.concatenate([[1.0, -0.5], _LANGEVIN[1:-1] / 2.0 ** _N[2:]])
# K = pi/2 sum q_n m^n and E = pi/2 sum q_n/(1 - 2n) m^n with q_n = (binomial(2n, n)/4^n)^2.
_ELLIPTIC = np.pi / 2 * (special.binom(2 * _N, _N) / 4.0**_N) ** 2

# Rounding may carry an argument past an end of [-1, 1] by an ulp or two: it then means the end.
_PAST = 1 + 7e-16  # three ulps, exclusive
_CLIPPED = ("np.where", ("np.less", ("np.abs", "x"), _PAST), ("np.clip", "x", -1.0, 1.0), "x")
_CLIPPED_C = f"fabs(x) < {_PAST!r} ? fmin(fmax(x, -1.0), 1.0) : x"


def _known(name: str, derivative: Any, numpy: Call = "", **others: Any) -> Operation:
    """A function of the same name in C, sympy and mpmath."""
    given: dict[str, Any] = {"c": name, "sympy": name, **others}
    return Operation(name, numpy or f"np.{name}", derivative=derivative, **given)


def _reciprocal(name: str, of: str, derivative: Term) -> Operation:
    definition = ("div", 1.0, (of, "x"))
    return Operation(name, definition=definition, derivative=derivative, sympy=name, mpmath=name)


def _bessel(order: int, derivative: Term, numpy: Call = "", c: Call = "") -> Operation:
    name, same = f"besselj{order}", ("besselj", order, "x")
    numpy, c = numpy or ("special.jv", order, "x"), c or ("jn", order, "x")
    return Operation(name, numpy, c, sympy=same, mpmath=same, derivative=derivative)


def _polygamma(order: int, name: str, derivative: Term | None) -> Operation:
    same, numpy = ("polygamma", order, "x"), ("special.polygamma", order, "x")
    return Operation(name, numpy, sympy=same, mpmath=same, derivative=derivative)


def _zeta(
    name: str, numpy: Any, mpmath: Call, derivative: Term | None, sympy: Call | None = None
) -> Operation:
    domain = (1.0, _INFINITY)
    return Operation(name, numpy, sympy=sympy, mpmath=mpmath, derivative=derivative, domain=domain)


def _family(
    name: str,
    definitions: tuple[Term | None, Term, Term],
    series: np.ndarray,
    radii: tuple[float, float, float],
    **first: Any,
) -> list[Operation]:
    """A function with a removable singularity at 0, and its first two derivatives.

    The radii balance what the definition loses by cancellation against the length of the series.
    """
    names = (name, f"{name}_slope", f"{name}_curvature")
    made: list[Operation] = []
    for order, definition in enumerate(definitions):
        own = first if order == 0 else {"domain": first.get("domain", Operation.domain)}
        operation = Operation(
            names[order],
            definition=definition,
            derivative=(names[order + 1], "x") if order < 2 else None,
            series=tuple(series.tolist()) if definition is not None else (),
            radius=radii[order],
            **own,
        )
        made.append(operation)
        series = series[1:] * np.arange(1, len(series))
    return made


_ARITHMETIC = [
    Operation("add", "np.add", arity=ANY),
    Operation("mul", "np.multiply", arity=ANY),
    Operation("min", "np.minimum", "x < y || x != x ? x : y", "Min", arity=ANY),
    Operation("max", "np.maximum", "x > y || x != x ? x : y", "Max", arity=ANY),
    Operation("pow", "np.power", "pow", arity=2),
    Operation("div", "np.divide", arity=2),
    Operation("neg", "np.negative", derivative=-1.0),
    Operation("pi", "np.pi", definition=math.pi, arity=0),
    Operation("e", "np.e", definition=math.e, arity=0),
]

_ELEMENTARY = [
    _known("exp", y),
    _known("log", 1 / x, domain=_POSITIVE),
    _known("sin", f.cos(x)),
    _known("cos", -f.sin(x)),
    _known("tan", 1 + y * y),
    _known(
        "asin",
        1 / f.sqrt((1 + x) * (1 - x)),
        ("np.arcsin", _CLIPPED),
        c=f"asin({_CLIPPED_C})",
        domain=_UNIT,
    ),
    _known(
        "acos",
        -1 / f.sqrt((1 + x) * (1 - x)),
        ("np.arccos", _CLIPPED),
        c=f"acos({_CLIPPED_C})",
        domain=_UNIT,
    ),
    _known("atan", 1 / (1 + x * x), "np.arctan"),
    _known("sinh", f.cosh(x)),
    _known("cosh", f.sinh(x)),
    _known("tanh", 1 - y * y),
    _known("asinh", (1 + x * x) ** -0.5, "np.arcsinh"),
    _known("acosh", 1 / (f.sqrt(x - 1) * f.sqrt(x + 1)), "np.arccosh", domain=(1.0, _INFINITY)),
    _known("atanh", 1 / ((1 + x) * (1 - x)), "np.arctanh", domain=_UNIT),
    _known("sqrt", 0.5 / y, domain=_POSITIVE),
    Operation("abs", "np.abs", "fabs", "Abs", "fabs", derivative=f.sign(x)),
    Operation("sign", "np.sign", "x > 0 ? 1.0 : x < 0 ? -1.0 : x", "sign", derivative=0.0),
    Operation(
        "heaviside",
        ("np.heaviside", "x", 0.5),
        sympy="Heaviside",
        definition=0.5 * (1 + f.sign(x)),
        derivative=0.0,
    ),
    Operation(
        "expm1",
        "np.expm1",
        "expm1",
        mpmath="expm1",
        definition=f.exp(x) - 1,
        derivative=f.exp(x),
    ),
    Operation(
        "log1p",
        "np.log1p",
        "log1p",
        mpmath="log1p",
        definition=f.log(x + 1),
        derivative=1 / (1 + x),
        domain=(-1.0, _INFINITY),
    ),
    Operation(
        "softplus",
        ("np.logaddexp", 0.0, "x"),
        "fmax(x, 0.0) + log1p(exp(-fabs(x)))",
        definition=f.log1p(f.exp(x)),
        derivative=f.sigmoid(x),
    ),
    Operation("sigmoid", "special.expit", definition=1 / (1 + f.exp(-x)), derivative=y * (1 - y)),
    _reciprocal("cot", "tan", -(1 + y * y)),
    _reciprocal("sec", "cos", y * f.tan(x)),
    _reciprocal("csc", "sin", -y * f.cot(x)),
    _reciprocal("coth", "tanh", -(f.sinh(x) ** -2)),
    _reciprocal("sech", "cosh", -y * f.tanh(x)),
    _reciprocal("csch", "sinh", -y * f.coth(x)),
]

_PHYSICS = [
    *_family(
        "sinc",
        (
            f.sin(x) / x,
            (f.cos(x) - f.sinc(x)) / x,
            -f.sinc(x) - 2 * f.sinc_slope(x) / x,
        ),
        _SINC,
        (1e-4, 0.5, 0.8),
    ),
    *_family(
        "langevin",
        (
            f.coth(x) - 1 / x,
            x**-2 - f.sinh(x) ** -2,
            2 * (f.coth(x) / f.sinh(x) ** 2 - x**-3),
        ),
        _LANGEVIN,
        (0.3, 0.5, 0.8),
    ),
    *_family(
        "bose",  # 1 - x/2 + x/2 L(x/2) with Langevin's function L: the mean energy of an oscillator
        (
            x / f.expm1(x),
            1 / f.expm1(x) - 0.25 * x * f.sinh(0.5 * x) ** -2,
            0.25 * (x * f.coth(0.5 * x) - 2) * f.sinh(0.5 * x) ** -2,
        ),
        _BOSE,
        (1e-4, 0.1, 0.5),
    ),
]

_SPECIAL = [
    _known("erf", 2 / math.sqrt(math.pi) * f.exp(-x * x), "special.erf"),
    _known("gamma", y * f.digamma(x), "special.gamma", c="tgamma"),
    _known(
        "loggamma",
        f.digamma(x),
        ("np.where", ("np.greater", "x", 0.0), ("special.gammaln", "x"), "np.nan"),
        c="x > 0 ? lgamma(x) : NAN",
        domain=_POSITIVE,
    ),
    _polygamma(0, "digamma", f.trigamma(x)),
    _polygamma(1, "trigamma", f.tetragamma(x)),
    _polygamma(2, "tetragamma", None),
    _bessel(0, -f.besselj1(x), "special.j0", "j0"),
    _bessel(1, 0.5 * (f.besselj0(x) - f.besselj2(x)), "special.j1", "j1"),
    _bessel(2, 0.5 * (f.besselj1(x) - f.besselj3(x))),
    _bessel(3, f.besselj2(x) - 3 * y / x),
    Operation(
        "airyai",
        ("np.take", ("special.airy", "x"), 0, 0),
        sympy="airyai",
        derivative=f.airyai_slope(x),
    ),
    Operation(
        "airyai_slope",
        ("np.take", ("special.airy", "x"), 1, 0),
        sympy="airyaiprime",
        mpmath=("airyai", "x", 1),
        derivative=x * f.airyai(x),
    ),
    *_family(
        "elliptic_k",
        (
            None,
            (f.elliptic_e(x) - (1 - x) * f.elliptic_k(x)) / (2 * x * (1 - x)),
            (0.25 * f.elliptic_k(x) - (1 - 2 * x) * f.elliptic_k_slope(x)) / (x * (1 - x)),
        ),
        _ELLIPTIC,
        (0.0, 0.05, 0.05),
        numpy="special.ellipk",
        mpmath="ellipk",
        sympy="elliptic_k",
        domain=_BELOW_ONE,
    ),
    *_family(
        "elliptic_e",
        (
            None,
            (f.elliptic_e(x) - f.elliptic_k(x)) / (2 * x),
            -(f.elliptic_e_slope(x) + f.elliptic_k_slope(x)) / (2 * x),
        ),
        _ELLIPTIC / (1 - 2 * _N),
        (0.0, 0.05, 0.05),
        numpy="special.ellipe",
        mpmath="ellipe",
        sympy="elliptic_e",
        domain=_BELOW_ONE,
    ),
    _zeta("zeta", ("special.zeta", "x", 1.0), "zeta", f.zeta_slope(x), sympy="zeta"),
    _zeta("zeta_slope", zeta_slope, ("zeta", "x", 1, 1), f.zeta_curvature(x)),
    _zeta("zeta_curvature", zeta_curvature, ("zeta", "x", 1, 2), None),
]

OPERATIONS: Mapping[str, Operation] = {
    operation.name: operation for operation in (*_ARITHMETIC, *_ELEMENTARY, *_PHYSICS, *_SPECIAL)
}
"""Name to operation; a definition uses those before it and those that numpy has."""
