"""A formula as source code: Python (numpy) and C."""

import keyword
import re
from collections.abc import Callable, Mapping, Sequence

from kansym.programs.program import Program
from kansym.shared.errors import InputError

__all__ = ["c_source", "mangled", "python_source"]

_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(1, 6)

_NUMPY: Mapping[str, str] = {
    "exp": "np.exp",
    "log": "np.log",
    "sin": "np.sin",
    "cos": "np.cos",
    "tan": "np.tan",
    "asin": "np.arcsin",
    "acos": "np.arccos",
    "atan": "np.arctan",
    "sinh": "np.sinh",
    "cosh": "np.cosh",
    "tanh": "np.tanh",
    "asinh": "np.arcsinh",
    "acosh": "np.arccosh",
    "atanh": "np.arctanh",
    "sqrt": "np.sqrt",
    "abs": "np.abs",
    "sign": "np.sign",
    "expm1": "np.expm1",
    "log1p": "np.log1p",
    "erf": "special.erf",
    "gamma": "special.gamma",
    "loggamma": "special.gammaln",
    "digamma": "special.digamma",
    "besselj0": "special.j0",
    "besselj1": "special.j1",
    "sigmoid": "special.expit",
    "elliptic_k": "special.ellipk",
    "elliptic_e": "special.ellipe",
}
_NUMPY_PATTERNS: Mapping[str, str] = {
    "heaviside": "np.heaviside({0}, 0.5)",
    "softplus": "np.logaddexp(0.0, {0})",
    "sinc": "np.sinc(({0}) / np.pi)",
    "airyai": "special.airy({0})[0]",
    "besselj2": "special.jv(2, {0})",
    "zeta": "special.zeta({0}, 1.0)",
    "langevin": "(1 / np.tanh({0}) - 1 / ({0}))",
    "bose": "(({0}) / np.expm1({0}))",
    "min": "np.minimum({0}, {1})",
    "max": "np.maximum({0}, {1})",
    "power": "np.power({0}, {1})",
    "pi": "np.pi",
    "e": "np.e",
}
_C: Mapping[str, str] = {
    **{
        name: name
        for name in ("exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh")
    },
    **{name: name for name in ("tanh", "asinh", "acosh", "atanh", "sqrt", "expm1", "log1p", "erf")},
    "abs": "fabs",
    "gamma": "tgamma",
    "loggamma": "lgamma",
    "besselj0": "j0",
    "besselj1": "j1",
}
_C_PATTERNS: Mapping[str, str] = {
    "sign": "(({0} > 0) - ({0} < 0))",
    "heaviside": "(0.5 * (1 + ({0} > 0) - ({0} < 0)))",
    "softplus": "(fmax({0}, 0.0) + log1p(exp(-fabs({0}))))",
    "sigmoid": "(1 / (1 + exp(-({0}))))",
    "sinc": "(({0}) == 0 ? 1.0 : sin({0}) / ({0}))",
    "bose": "(({0}) == 0 ? 1.0 : ({0}) / expm1({0}))",
    "langevin": "(fabs({0}) < 1e-3 ? ({0}) / 3 : 1 / tanh({0}) - 1 / ({0}))",
    "besselj2": "jn(2, {0})",
    "min": "fmin({0}, {1})",
    "max": "fmax({0}, {1})",
    "power": "pow({0}, {1})",
    "pi": "3.141592653589793",
    "e": "2.718281828459045",
}


def mangled(names: Sequence[str]) -> dict[str, str]:
    """Identifiers for arbitrary names, distinct and no keywords.

    Examples
    --------
    >>> mangled(["x 1", "x-1", "lambda"])
    {'x 1': 'x_1', 'x-1': 'x_1_2', 'lambda': 'lambda_'}
    """
    found: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"[^0-9A-Za-z_]", "_", name) or "x"
        plain = f"_{plain}" if plain[0].isdigit() else plain
        plain = f"{plain}_" if plain in _RESERVED or keyword.iskeyword(plain) else plain
        unique, count = plain, 1
        while unique in found.values():
            count += 1
            unique = f"{plain}_{count}"
        found[name] = unique
    return found


_RESERVED_WORDS = """
np special math formula numpy auto break case char const continue default do double else
enum extern float for goto if inline int long register restrict return short signed sizeof
static struct switch typedef union unsigned void volatile while main exp log sin cos tan
asin acos atan sinh cosh tanh asinh acosh atanh sqrt fabs pow erf tgamma lgamma j0 j1 jn y0
y1 yn fmin fmax expm1 log1p gamma double_t float_t
"""
_RESERVED = frozenset(_RESERVED_WORDS.split())


class _Printer:
    """One language: names of functions, patterns for what is no plain call."""

    def __init__(
        self,
        language: str,
        names: Mapping[str, str],
        functions: Mapping[str, str],
        patterns: Mapping[str, str],
        infix_power: bool,
    ) -> None:
        self.language, self.names = language, names
        self.functions, self.patterns, self.infix_power = functions, patterns, infix_power

    def show(self, part: Program, strength: int = 0) -> str:
        text, own = self._shown(part)
        return f"({text})" if own < strength else text

    def _shown(self, part: Program) -> tuple[str, int]:
        if isinstance(part, str):
            return self.names[part], _ATOM
        if not isinstance(part, tuple):
            return _number(float(part)), _SIGN if float(part) < 0 else _ATOM
        writers: Mapping[str, Callable[[tuple], tuple[str, int]]] = {
            "add": self._sum,
            "mul": lambda p: (" * ".join(self.show(u, _PRODUCT) for u in p[1:]), _PRODUCT),
            "div": lambda p: (
                f"{self.show(p[1], _PRODUCT)} / {self.show(p[2], _PRODUCT + 1)}",
                _PRODUCT,
            ),
            "neg": lambda p: (f"-{self.show(p[1], _SIGN)}", _SIGN),
            "pow": self._power,
            "min": self._nested,
            "max": self._nested,
        }
        writer = writers.get(part[0], self._call)
        return writer(part)

    def _sum(self, part: tuple) -> tuple[str, int]:
        text = self.show(part[1], _SUM)
        for term in part[2:]:
            negative = isinstance(term, tuple) and term[0] == "neg"
            sign, rest = ("-", self.show(term[1], _PRODUCT)) if negative else ("+", "")
            text += f" {sign} {rest or self.show(term, _SUM)}"
        return text, _SUM

    def _power(self, part: tuple) -> tuple[str, int]:
        base, exponent = part[1:]
        if exponent == 2.0 and not self.infix_power and isinstance(base, str):
            return f"{self.show(base)} * {self.show(base)}", _PRODUCT
        if self.infix_power:
            return f"{self.show(base, _ATOM)}**{self.show(exponent, _POWER)}", _POWER
        return self.patterns["power"].format(self.show(base), self.show(exponent)), _ATOM

    def _nested(self, part: tuple) -> tuple[str, int]:
        text = self.show(part[1])
        for other in part[2:]:
            text = self.patterns[part[0]].format(text, self.show(other))
        return text, _ATOM

    def _call(self, part: tuple) -> tuple[str, int]:
        arguments = [self.show(u) for u in part[1:]]
        if part[0] in self.functions:
            return f"{self.functions[part[0]]}({', '.join(arguments)})", _ATOM
        if part[0] in self.patterns:
            return self.patterns[part[0]].format(*arguments), _ATOM
        raise InputError(
            f"The function {part[0]!r} of the formula has no form in {self.language}: "
            "use another export, or a formula without it."
        )


def _number(value: float) -> str:
    return f"{value:.1f}" if value.is_integer() and abs(value) < 1e6 else repr(value)


def _check_name(name: str) -> None:
    """Refuse what cannot name a function in Python and C."""
    plain = isinstance(name, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)
    if not plain or keyword.iskeyword(name) or (name in _RESERVED and name != "formula"):
        raise InputError(
            f"name={name!r} cannot name a function: give letters, digits and _ that are no keyword."
        )


def python_source(
    program: Program,
    inputs: Sequence[str],
    constants: Mapping[str, float],
    *,
    name: str = "formula",
    comment: str = "",
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]] | None = None,
) -> str:
    """Source of a Python function of numpy arrays.

    Parameters
    ----------
    program : the formula.
    inputs : variables, in the order of the arguments.
    constants : values of the other variables.
    name : of the function.
    comment : for its docstring.
    curves : points of the tabulated curves that it calls.

    Examples
    --------
    >>> print(python_source(("mul", "c", ("sin", "x")), ["x"], {"c": 2.5}))
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def formula(x):
        c = 2.5
        return c * np.sin(x)
    <BLANKLINE>
    """
    _check_name(name)
    names = mangled([*inputs, *constants])
    tables = curves or {}
    calls = mangled([f"curve_{key}" for key in tables])
    functions = {**_NUMPY, **{key: calls[f"curve_{key}"] for key in tables}}
    body = _Printer("Python", names, functions, _NUMPY_PATTERNS, True).show(program)
    lines = ["import numpy as np"]
    if "special." in body:
        lines.append("from scipy import special")
    if tables:
        lines.append("from scipy.interpolate import CubicSpline")
    for key, (x, y) in tables.items():
        lines += _curve_source(functions[key], x, y)
    arguments = ", ".join(names[i] for i in inputs)
    lines += ["", "", f"def {name}({arguments}):"]
    if comment:
        plain = comment.replace("\\", "/").replace('"""', "'''")
        lines.append(f'    """{plain}"""')
    lines += [f"    {names[key]} = {_number(value)}" for key, value in constants.items()]
    return "\n".join([*lines, f"    return {body}", ""])


def _curve_source(name: str, x: Sequence[float], y: Sequence[float]) -> list[str]:
    """A function that is cubic between the points and straight outside."""
    return [
        "",
        "",
        f"def {name}(",
        "    u,",
        "    spline=CubicSpline(",
        f"        {[float(v) for v in x]},",
        f"        {[float(v) for v in y]},",
        "    ),",
        "):",
        "    inside = np.clip(u, spline.x[0], spline.x[-1])",
        "    return spline(inside) + spline(inside, 1) * (u - inside)",
    ]


def c_source(
    program: Program,
    inputs: Sequence[str],
    constants: Mapping[str, float],
    *,
    name: str = "formula",
    comment: str = "",
) -> str:
    """Source of a C99 function of doubles.

    Raises
    ------
    InputError
        If the formula has a function that ``math.h`` lacks.

    Examples
    --------
    >>> print(c_source(("mul", "c", ("sin", "x")), ["x"], {"c": 2.5}))
    #include <math.h>
    <BLANKLINE>
    double formula(double x)
    {
        const double c = 2.5;
        return c * sin(x);
    }
    <BLANKLINE>
    """
    _check_name(name)
    names = mangled([*inputs, *constants])
    body = _Printer("C", names, _C, _C_PATTERNS, False).show(program)
    arguments = ", ".join(f"double {names[i]}" for i in inputs) or "void"
    plain = comment.replace("*/", "* /").replace("\n", " ")
    lines = ["#include <math.h>", ""] + ([f"/* {plain} */"] if comment else [])
    lines += [f"double {name}({arguments})", "{"]
    lines += [f"    const double {names[key]} = {_number(v)};" for key, v in constants.items()]
    return "\n".join([*lines, f"    return {body};", "}", ""])
