"""Powers that cross over into another behaviour at some x: y = a x^p h((x/s)^q).

Exponents are plain numbers, so a and s alone are measured; where p is 1, y may be x itself at one
end, and a is 1. Every such law is tried: for each h and q on a grid of s, where a follows by linear
least squares for all p at once.

References
----------
G. I. Barenblatt, Scaling, Self-similarity, and Intermediate Asymptotics,
doi:10.1017/CBO9781107050242.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import sympy

from kansym.programs.program import Program, evaluate
from kansym.shared.deadline import Deadline
from kansym.symbolic.formulas.parsing import parse
from kansym.symbolic.formulas.sympy_programs import from_sympy
from kansym.symbolic.laws.columns import as_rational
from kansym.symbolic.laws.curve import Curve
from kansym.symbolic.laws.form import Form

__all__ = ["crossovers", "plain_crossovers"]

Array = np.ndarray

_ROWS, _SCALES, _BEYOND = 256, 40, 10.0
"""Rows that are looked at, scales that are tried, and how far these lie beyond the rows."""
_POWERS = np.arange(-8, 9) / 2
_FITTED, _HANDED_ON = 12, 6
"""Laws that are fitted to all rows, and handed on."""
_POWER_BITS, _ROOT_BITS = 2.0, 2.0
"""What a unit of an exponent costs, and a root on top."""
_ONE_WAY = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
_BOTH_WAYS = (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0, 3.0)
"""Exponents of h that of 1/z is a power times h of z, and of the others."""
_X, _Z, _FACTOR, _SCALE = sympy.symbols("x z a scale")


@dataclass(frozen=True)
class _Bend:
    """A function h of z, and the exponents of x that z may have."""

    text: str
    exponents: tuple[float, ...] = _BOTH_WAYS

    @cached_property
    def expr(self) -> sympy.Expr:
        """As an expression in z."""
        return sympy.sympify(parse(self.text))

    @cached_property
    def program(self) -> Program:
        """As a program in z."""
        return from_sympy(self.expr)


_BENDS = (
    *(_Bend(text, _ONE_WAY) for text in ("1/(1 + z)", "1/(1 + z)**2", "sqrt(1 + z)")),
    _Bend("1/sqrt(1 + z)", _ONE_WAY),
    *(_Bend(text) for text in ("exp(z)", "exp(-z)", "1 - exp(-z)", "1/(1 - exp(-z))")),
    *(_Bend(text) for text in ("1/(exp(z) - 1)", "1/(exp(z) + 1)", "log(1 + z)", "tanh(z)")),
)


@dataclass(frozen=True, eq=False)
class _Found:
    """A law with its scale on the grid; its factor is a number if that is not measured."""

    bend: _Bend
    q: float
    p: float
    scale: float
    factor: float
    error: float
    is_number: bool = False

    @property
    def constants(self) -> int:
        """How many are measured."""
        return 1 if self.is_number else 2

    @property
    def bits(self) -> float:
        """What it costs beside its constants."""
        exponents = np.array([self.p, self.q - 1.0])
        roots = np.array([self.p, self.q]) % 1 != 0
        return float(_POWER_BITS * np.abs(exponents).sum() + _ROOT_BITS * roots.sum())

    def form(self) -> Form:
        """As a form to be fitted."""
        inner = (_X / _SCALE) ** as_rational(self.q)
        factor = sympy.Float(self.factor) if self.is_number else _FACTOR
        expr = factor * _X ** as_rational(self.p) * self.bend.expr.xreplace({_Z: inner})
        start = {"scale": self.scale} | ({} if self.is_number else {"a": self.factor})
        return Form(from_sympy(expr), start, "powers that cross over", self.error)


def crossovers(curve: Curve, until: Deadline) -> Iterator[Form]:
    """The laws of this kind that describe a curve shortest, fitted to it."""
    yield from _fitted(curve, until)


def plain_crossovers(curve: Curve, until: Deadline) -> Iterator[Form]:
    """Those of x/s itself, times x, or over it, or alone."""
    yield from _fitted(curve, until, plain=True)


def _fitted(curve: Curve, until: Deadline, *, plain: bool = False) -> Iterator[Form]:
    """The shortest laws of all exponents or of plain ones, fitted to a curve."""
    few = curve.thinned(_ROWS)
    if few.low < 0 or few.high <= 0 or len(few.x) < 3:
        return
    x = few.x
    least = float(x[x > 0].min())
    scales = np.geomspace(least / _BEYOND, few.high * _BEYOND, _SCALES)
    with np.errstate(all="ignore"):
        powers = x ** _POWERS[:, None] * few.root
        found = [
            law
            for bend in _BENDS
            for q in bend.exponents
            if not until.passed and (not plain or q == 1)
            for law in _laws(bend, q, scales, powers, few)
            if not plain or law.bits <= _POWER_BITS
        ]
    found.sort(key=lambda law: few.length(law.error, law.constants, law.bits))
    forms = [law.form().fitted(curve, until) for law in found[:_FITTED]]
    forms = [form for form in forms if form.is_sound]
    yield from sorted(forms, key=lambda form: form.length(curve))[:_HANDED_ON]


def _laws(bend: _Bend, q: float, scales: Array, powers: Array, curve: Curve) -> Iterator[_Found]:
    """For every power the best scale, unless it lies at an end, where no crossover is seen."""
    bent = evaluate(bend.program, {"z": (curve.x / scales[:, None]) ** q})
    columns = bent[:, None] * powers
    y = curve.y * curve.root
    size, along, whole = np.vecdot(columns, columns), columns @ y, float(y @ y)
    yield from _at_best(bend, q, scales, along / size, whole - along**2 / size, curve)
    unit = curve.x_unit / curve.y_unit  # y is x itself where they have the same unit
    left = np.where(_POWERS == 1, whole - 2 * unit * along + unit**2 * size, np.inf)
    for law in _at_best(bend, q, scales, np.full_like(left, unit), left, curve):
        yield replace(law, is_number=True)


def _at_best(
    bend: _Bend, q: float, scales: Array, factors: Array, left: Array, curve: Curve
) -> Iterator[_Found]:
    """The laws of least squares left (scales, powers), and factors alike, for every power."""
    left = np.where(np.isfinite(left + factors), left, np.inf)
    best = left.argmin(axis=0)
    for number, place in enumerate(best.tolist()):
        if 0 < place < len(scales) - 1 and np.isfinite(left[place, number]):
            error = float(np.sqrt(max(left[place, number], 0.0))) / curve.spread
            power, factor = float(_POWERS[number]), float(factors[place, number])
            yield _Found(bend, q, power, float(scales[place]), factor, error)
