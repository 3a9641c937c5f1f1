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

from kansym.programs.operation import ANY, Call, Operation, Program
from kansym.programs.zeta_derivatives import zeta_curvature, zeta_slope

__all__ = ["OPERATIONS"]


def _langevin_series(terms: int) -> np.ndarray:
    """Taylor coefficients of coth(x) - 1/x: those of x cosh(x)/sinh(x), divided term by term."""
    found: list[Fraction] = []
    for k in range(terms // 2 + 1):
        known = (a / math.factorial(2 * (k - j) + 1) for j, a in enumerate(found))
        found.append(Fraction(1, math.factorial(2 * k)) - sum(known))
    series = np.zeros(terms)
    series[1::2] = [float(a) for a in found[1:]]
    return series


_INFINITY = math.inf
_TERMS = 40  # Taylor coefficients at hand; each operation uses those that count
_UP_TO = np.arange(_TERMS)
_SIGNS = np.resize([1.0, 0.0, -1.0, 0.0], _TERMS)  # of the cosine's series
_SINC = _SIGNS / special.factorial(_UP_TO + 1)
_LANGEVIN = _langevin_series(_TERMS)
_BOSE = np.concatenate([[1.0, -0.5], _LANGEVIN[1:-1] / 2.0 ** _UP_TO[2:]])

# Rounding may carry an argument past an end of [-1, 1] by an ulp or two: it then means the end.
_ROUNDED_ONE = 1 + 7e-16  # three ulps, exclusive
_CLIPPED = (
    "np.where",
    ("np.less", ("np.abs", "x"), _ROUNDED_ONE),
    ("np.clip", "x", -1.0, 1.0),
    "x",
)
_CLIPPED_C = f"fabs(x) < {_ROUNDED_ONE!r} ? fmin(fmax(x, -1.0), 1.0) : x"

_SQUARE = ("mul", "x", "x")
_ABOVE, _BELOW = ("add", 1.0, "x"), ("add", 1.0, ("neg", "x"))
_HALF = ("mul", 0.5, "x")
_INVERSE = ("div", 1.0, "x")


def _known(name: str, derivative: Program, numpy: Call = "", **others: Any) -> Operation:
    """A function of the same name in C, sympy and mpmath."""
    given: dict[str, Any] = {"c": name, "sympy": name, **others}
    return Operation(name, numpy or f"np.{name}", derivative=derivative, **given)


def _reciprocal(name: str, of: str, derivative: Program) -> Operation:
    return Operation(
        name, definition=("div", 1.0, (of, "x")), derivative=derivative, sympy=name, mpmath=name
    )


def _family(
    name: str,
    definitions: tuple[Program | None, Program, Program],
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


def _bessel(order: int, derivative: Program, numpy: Call = "", c: Call = "") -> Operation:
    return Operation(
        f"besselj{order}",
        numpy or ("special.jv", order, "x"),
        c or ("jn", order, "x"),
        sympy=("besselj", order, "x"),
        mpmath=("besselj", order, "x"),
        derivative=derivative,
    )


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
    _known("exp", "y"),
    _known("log", _INVERSE, domain=(0.0, _INFINITY)),
    _known("sin", ("cos", "x")),
    _known("cos", ("neg", ("sin", "x"))),
    _known("tan", ("add", 1.0, ("mul", "y", "y"))),
    _known(
        "asin",
        ("div", 1.0, ("sqrt", ("mul", _ABOVE, _BELOW))),
        ("np.arcsin", _CLIPPED),
        c=f"asin({_CLIPPED_C})",
        domain=(-1.0, 1.0),
    ),
    _known(
        "acos",
        ("neg", ("div", 1.0, ("sqrt", ("mul", _ABOVE, _BELOW)))),
        ("np.arccos", _CLIPPED),
        c=f"acos({_CLIPPED_C})",
        domain=(-1.0, 1.0),
    ),
    _known("atan", ("div", 1.0, ("add", 1.0, _SQUARE)), "np.arctan"),
    _known("sinh", ("cosh", "x")),
    _known("cosh", ("sinh", "x")),
    _known("tanh", ("add", 1.0, ("neg", ("mul", "y", "y")))),
    _known("asinh", ("pow", ("add", 1.0, _SQUARE), -0.5), "np.arcsinh"),
    _known(
        "acosh",
        ("div", 1.0, ("mul", ("sqrt", ("add", "x", -1.0)), ("sqrt", _ABOVE))),
        "np.arccosh",
        domain=(1.0, _INFINITY),
    ),
    _known("atanh", ("div", 1.0, ("mul", _ABOVE, _BELOW)), "np.arctanh", domain=(-1.0, 1.0)),
    _known("sqrt", ("div", 0.5, "y"), domain=(0.0, _INFINITY)),
    Operation("abs", "np.abs", "fabs", "Abs", "fabs", derivative=("sign", "x")),
    Operation("sign", "np.sign", "x > 0 ? 1.0 : x < 0 ? -1.0 : x", "sign", derivative=0.0),
    Operation(
        "heaviside",
        ("np.heaviside", "x", 0.5),
        sympy="Heaviside",
        definition=("mul", 0.5, ("add", 1.0, ("sign", "x"))),
        derivative=0.0,
    ),
    Operation(
        "expm1",
        "np.expm1",
        "expm1",
        mpmath="expm1",
        definition=("add", ("exp", "x"), -1.0),
        derivative=("exp", "x"),
    ),
    Operation(
        "log1p",
        "np.log1p",
        "log1p",
        mpmath="log1p",
        definition=("log", ("add", "x", 1.0)),
        derivative=("div", 1.0, _ABOVE),
        domain=(-1.0, _INFINITY),
    ),
    Operation(
        "softplus",
        ("np.logaddexp", 0.0, "x"),
        "fmax(x, 0.0) + log1p(exp(-fabs(x)))",
        definition=("log1p", ("exp", "x")),
        derivative=("sigmoid", "x"),
    ),
    Operation(
        "sigmoid",
        "special.expit",
        definition=("div", 1.0, ("add", 1.0, ("exp", ("neg", "x")))),
        derivative=("mul", "y", ("add", 1.0, ("neg", "y"))),
    ),
    _reciprocal("cot", "tan", ("add", -1.0, ("neg", ("mul", "y", "y")))),
    _reciprocal("sec", "cos", ("mul", "y", ("tan", "x"))),
    _reciprocal("csc", "sin", ("neg", ("mul", "y", ("cot", "x")))),
    _reciprocal("coth", "tanh", ("neg", ("pow", ("sinh", "x"), -2.0))),
    _reciprocal("sech", "cosh", ("neg", ("mul", "y", ("tanh", "x")))),
    _reciprocal("csch", "sinh", ("neg", ("mul", "y", ("coth", "x")))),
]

_PHYSICS = [
    *_family(
        "sinc",
        (
            ("div", ("sin", "x"), "x"),
            ("div", ("add", ("cos", "x"), ("neg", ("sinc", "x"))), "x"),
            ("neg", ("add", ("sinc", "x"), ("div", ("mul", 2.0, ("sinc_slope", "x")), "x"))),
        ),
        _SINC,
        (1e-4, 0.5, 0.8),
    ),
    *_family(
        "langevin",  # Langevin's function coth(x) - 1/x
        (
            ("add", ("coth", "x"), ("neg", _INVERSE)),
            ("add", ("pow", "x", -2.0), ("neg", ("pow", ("sinh", "x"), -2.0))),
            (
                "mul",
                2.0,
                (
                    "add",
                    ("div", ("coth", "x"), ("pow", ("sinh", "x"), 2.0)),
                    ("neg", ("pow", "x", -3.0)),
                ),
            ),
        ),
        _LANGEVIN,
        (0.3, 0.5, 0.8),
    ),
    *_family(
        "bose",  # x/(exp(x) - 1), the mean energy of an oscillator
        (
            ("div", "x", ("expm1", "x")),
            (
                "add",
                ("div", 1.0, ("expm1", "x")),
                ("neg", ("mul", 0.25, "x", ("pow", ("sinh", _HALF), -2.0))),
            ),
            (
                "mul",
                0.25,
                ("add", ("mul", "x", ("coth", _HALF)), -2.0),
                ("pow", ("sinh", _HALF), -2.0),
            ),
        ),
        _BOSE,
        (1e-4, 0.1, 0.5),
    ),
]

# K = pi/2 sum q_n m^n and E = pi/2 sum q_n/(1 - 2n) m^n with q_n = (binomial(2n, n)/4^n)^2.
_ELLIPTIC = np.pi / 2 * (special.binom(2 * _UP_TO, _UP_TO) / 4.0**_UP_TO) ** 2
_TWICE_M = ("mul", 2.0, "x")


_SPECIAL = [
    _known("erf", ("mul", 2 / math.sqrt(math.pi), ("exp", ("neg", _SQUARE))), "special.erf"),
    _known("gamma", ("mul", "y", ("digamma", "x")), "special.gamma", c="tgamma"),
    _known(
        "loggamma",
        ("digamma", "x"),
        ("np.where", ("np.greater", "x", 0.0), ("special.gammaln", "x"), "np.nan"),
        c="x > 0 ? lgamma(x) : NAN",
        domain=(0.0, _INFINITY),
    ),
    Operation(
        "digamma", "special.digamma", sympy=("polygamma", 0, "x"), derivative=("trigamma", "x")
    ),
    Operation(
        "trigamma",
        ("special.polygamma", 1, "x"),
        sympy=("polygamma", 1, "x"),
        mpmath=("polygamma", 1, "x"),
        derivative=("tetragamma", "x"),
    ),
    Operation(
        "tetragamma",
        ("special.polygamma", 2, "x"),
        sympy=("polygamma", 2, "x"),
        mpmath=("polygamma", 2, "x"),
    ),
    _bessel(0, ("neg", ("besselj1", "x")), "special.j0", "j0"),
    _bessel(
        1, ("mul", 0.5, ("add", ("besselj0", "x"), ("neg", ("besselj2", "x")))), "special.j1", "j1"
    ),
    _bessel(2, ("mul", 0.5, ("add", ("besselj1", "x"), ("neg", ("besselj3", "x"))))),
    _bessel(3, ("add", ("besselj2", "x"), ("neg", ("div", ("mul", 3.0, "y"), "x")))),
    Operation(
        "airyai",
        ("np.take", ("special.airy", "x"), 0, 0),
        sympy="airyai",
        derivative=("airyai_slope", "x"),
    ),
    Operation(
        "airyai_slope",
        ("np.take", ("special.airy", "x"), 1, 0),
        sympy="airyaiprime",
        mpmath=("airyai", "x", 1),
        derivative=("mul", "x", ("airyai", "x")),
    ),
    *_family(
        "elliptic_k",
        (
            None,
            (
                "div",
                ("add", ("elliptic_e", "x"), ("neg", ("mul", _BELOW, ("elliptic_k", "x")))),
                ("mul", _TWICE_M, _BELOW),
            ),
            (
                "div",
                (
                    "add",
                    ("mul", 0.25, ("elliptic_k", "x")),
                    ("mul", ("add", _TWICE_M, -1.0), ("elliptic_k_slope", "x")),
                ),
                ("mul", "x", _BELOW),
            ),
        ),
        _ELLIPTIC,
        (0.0, 0.05, 0.05),
        numpy="special.ellipk",
        mpmath="ellipk",
        sympy="elliptic_k",
        domain=(-_INFINITY, 1.0),
    ),
    *_family(
        "elliptic_e",
        (
            None,
            ("div", ("add", ("elliptic_e", "x"), ("neg", ("elliptic_k", "x"))), _TWICE_M),
            (
                "neg",
                ("div", ("add", ("elliptic_e_slope", "x"), ("elliptic_k_slope", "x")), _TWICE_M),
            ),
        ),
        _ELLIPTIC / (1 - 2 * _UP_TO),
        (0.0, 0.05, 0.05),
        numpy="special.ellipe",
        mpmath="ellipe",
        sympy="elliptic_e",
        domain=(-_INFINITY, 1.0),
    ),
    Operation(
        "zeta",
        ("special.zeta", "x", 1.0),
        sympy="zeta",
        derivative=("zeta_slope", "x"),
        domain=(1.0, _INFINITY),
    ),
    Operation(
        "zeta_slope",
        zeta_slope,
        mpmath=("zeta", "x", 1, 1),
        derivative=("zeta_curvature", "x"),
        domain=(1.0, _INFINITY),
    ),
    Operation(
        "zeta_curvature", zeta_curvature, mpmath=("zeta", "x", 1, 2), domain=(1.0, _INFINITY)
    ),
]

OPERATIONS: Mapping[str, Operation] = {
    operation.name: operation for operation in (*_ARITHMETIC, *_ELEMENTARY, *_PHYSICS, *_SPECIAL)
}
"""Name to operation; a definition uses those before it and those that numpy has."""
