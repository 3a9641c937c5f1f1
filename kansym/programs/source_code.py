"""A formula as source code: Python (numpy) and C.

Operations that a language lacks become small functions beside the exported one, with the same
definitions and series as everywhere else (:mod:`kansym.programs.operations`).
"""

import keyword
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from kansym.programs.operation import ANY, Call, Operation
from kansym.programs.operations import OPERATIONS
from kansym.programs.program import Program, substitute
from kansym.shared.errors import InputError

__all__ = ["c_source", "mangled", "python_source"]

_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(1, 6)


def mangled(names: Sequence[str], taken: Collection[str] = ()) -> dict[str, str]:
    """Identifiers for arbitrary names, distinct, not among those taken, and no keywords.

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
        while unique in taken or unique in found.values():
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


@dataclass(frozen=True)
class _SourcePrinter:
    """One formula in one language.

    Attributes
    ----------
    python : Python if true, C otherwise.
    name : of the exported function, with which the names of its helpers begin.
    names : variables to identifiers.
    curves : tabulated curves to the functions that compute them.
    helpers : the lines of the helpers that are needed, by name.
    """

    python: bool
    name: str
    names: Mapping[str, str]
    curves: Mapping[str, str] = field(default_factory=dict)
    helpers: dict[str, list[str]] = field(default_factory=dict)

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
        }
        return writers.get(part[0], self._operation)(part)

    def _sum(self, part: tuple) -> tuple[str, int]:
        text = self.show(part[1], _SUM)
        for term in part[2:]:
            negative = isinstance(term, tuple) and term[0] == "neg"
            sign, rest = ("-", self.show(term[1], _PRODUCT)) if negative else ("+", "")
            text += f" {sign} {rest or self.show(term, _SUM)}"
        return text, _SUM

    def _power(self, part: tuple) -> tuple[str, int]:
        base, exponent = part[1:]
        if self.python:
            return f"{self.show(base, _ATOM)}**{self.show(exponent, _POWER)}", _POWER
        if exponent == 2.0 and isinstance(base, str):
            return f"{self.show(base)} * {self.show(base)}", _PRODUCT
        return f"pow({self.show(base)}, {self.show(exponent)})", _ATOM

    def _operation(self, part: tuple) -> tuple[str, int]:
        name, *arguments = part
        if name in self.curves:
            return _called(self.curves[name], [self.show(u) for u in arguments]), _ATOM
        operation = OPERATIONS.get(name, Operation(name))
        form, definition = self._form(operation), operation.definition
        if form is None and definition is None:
            language = "Python" if self.python else "C"
            raise InputError(
                f"The function {name!r} of the formula has no form in {language}: "
                "use another export, or a formula without it."
            )
        if form is None and not operation.series and _uses(definition) <= 1:
            return self._shown(substitute(definition, dict(zip("x", arguments, strict=False))))
        shown = [self.show(argument) for argument in arguments]
        if isinstance(form, tuple) and _uses(form) == 1:
            return _written(form, shown[0]), _ATOM
        if not isinstance(form, str) or not re.fullmatch(r"[\w.]+", form):
            form = self._helper(operation, form)
        if operation.arity == ANY:
            return reduce(lambda left, right: _called(form, (left, right)), shown), _ATOM
        return _called(form, shown) if shown else form, _ATOM

    def _form(self, operation: Operation) -> Call | None:
        """The language's own function, if it has one."""
        form = operation.numpy if self.python else operation.c
        return None if callable(form) else form

    def _helper(self, operation: Operation, form: Call | None) -> str:
        """The name of a function of its own for the operation, written unless it is already."""
        name = f"{self.name}_{operation.name}"
        if name not in self.helpers:
            inner = _SourcePrinter(self.python, self.name, {"x": "x"}, helpers=self.helpers)
            if form is None:
                value = inner.show(operation.definition)
            else:
                value = form if isinstance(form, str) else _written(form, "x")
            series = inner.show(operation.near_zero) if form is None and operation.series else ""
            write = _python_helper if self.python else _c_helper
            arguments = ("x", "y") if operation.arity == ANY else ("x",)
            self.helpers[name] = write(name, arguments, value, series, operation.radius)
        return name


def _uses(form: object) -> int:
    """How often the argument occurs."""
    return sum(map(_uses, form[1:])) if isinstance(form, tuple) else int(form == "x")


def _written(form: object, argument: str) -> str:
    """Nested calls of a library as text."""
    if isinstance(form, tuple):
        return _called(form[0], [_written(part, argument) for part in form[1:]])
    if isinstance(form, str):
        return argument if form == "x" else form
    return repr(form)


def _called(function: str, arguments: Iterable[str]) -> str:
    return f"{function}({', '.join(arguments)})"


def _python_helper(
    name: str, arguments: Sequence[str], value: str, series: str, radius: float
) -> list[str]:
    head = ["", "", f"def {_called(name, arguments)}:"]
    if not series:
        return [*head, f"    return {value}"]
    return [
        *head,
        f"    near = np.abs(x) < {radius!r}",
        f"    series = {series}",
        f"    x = np.where(near, {radius!r}, x)",
        f"    return np.where(near, series, {value})",
    ]


def _c_helper(
    name: str, arguments: Sequence[str], value: str, series: str, radius: float
) -> list[str]:
    head = f"static double {_called(name, (f'double {argument}' for argument in arguments))}"
    value = f"fabs(x) < {radius!r} ? {series} : {value}" if series else value
    return [head, "{", f"    return {value};", "}", ""]


def _number(value: float) -> str:
    return f"{value:.1f}" if value.is_integer() and abs(value) < 1e6 else repr(value)


def _identifiers(names: Sequence[str], function: str) -> dict[str, str]:
    """Identifiers of the variables, apart from the function's name and those of its helpers."""
    return mangled(names, [function, *(f"{function}_{operation}" for operation in OPERATIONS)])


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
    tables = curves or {}
    names, own = _identifiers([*inputs, *constants], name), [f"curve_{key}" for key in tables]
    calls = dict(zip(tables, mangled(own, [name, *names.values()]).values(), strict=True))
    printer = _SourcePrinter(True, name, names, calls)
    body = printer.show(program)
    helpers = [line for lines in printer.helpers.values() for line in lines]
    lines = ["import numpy as np"]
    if any("special." in line for line in (body, *helpers)):
        lines.append("from scipy import special")
    if tables:
        lines.append("from scipy.interpolate import CubicSpline")
    for key, (x, y) in tables.items():
        lines += _curve_source(calls[key], x, y)
    lines += helpers
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
    names = _identifiers([*inputs, *constants], name)
    printer = _SourcePrinter(False, name, names)
    body = printer.show(program)
    arguments = ", ".join(f"double {names[i]}" for i in inputs) or "void"
    plain = comment.replace("*/", "* /").replace("\n", " ")
    lines = ["#include <math.h>", ""]
    lines += [line for helper in printer.helpers.values() for line in helper]
    lines += [f"/* {plain} */"] if comment else []
    lines += [f"double {name}({arguments})", "{"]
    lines += [f"    const double {names[key]} = {_number(v)};" for key, v in constants.items()]
    return "\n".join([*lines, f"    return {body};", "}", ""])
