"""The functions of one variable that measured tables follow most often, from two rows on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

import numpy as np
import sympy

from kansym.programs.program import Program
from kansym.shared.deadline import Deadline
from kansym.symbolic.fitting.many_starts import ManyStarts
from kansym.symbolic.formulas.parsing import parse
from kansym.symbolic.formulas.sympy_programs import from_sympy
from kansym.symbolic.laws.curve import Curve
from kansym.symbolic.laws.form import Form, form_bits

__all__ = ["plain_models", "simple_models"]

_LINEAR = ("a", "b", "c", "d")
"""Constants that enter linearly; names of the others tell what they measure."""
_SCREENED, _WAVE_ROWS = 64, 256
"""Rows on which starts are tried, and those for waves."""
_CLEAN = 1e-6
"""Noise beside which models are told apart on any rows."""
_EVEN = 1e-6
"""Relative difference of steps up to which rows are evenly spaced."""
_STARTS, _KEPT, _FINISHED, _PLAIN = 160, 2, 8, 2
"""Starts that are tried, ends of a model that are kept, how many are fitted to all rows, and
constants of a plain model."""

_MODELS = (
    "a", "a*x", "a*x + b", "a*x**2", "a*x**2 + b", "a*x**2 + b*x", "a*x**2 + b*x + c",
    "a*x**3", "a*x**3 + b*x**2 + c*x + d", "a/x", "a/x + b", "a/x**2", "a/x**2 + b", "a*sqrt(x)",
    "a*sqrt(x) + b", "a*log(x) + b", "a*log(x)", "a*x*log(x)", "a*x + b/x", "a*x + b/x + c",
    "a*x**power", "a*x**power + b", "a*x**power + b*x**power2", "a*(x - outside)**power",
    "a*exp(rate*x)", "a*exp(rate*x) + b", "a*exp(rate*x) + b*exp(rate2*x)",
    "a*exp(rate*x) + b*x + c", "a*exp(length/x)", "a*exp(length/x) + b",
    "a*exp(length/(x - outside))", "a*exp(length/(x - outside)) + b",
    "a*log(x - outside) + b", "a/(x - outside)", "a/(x - outside) + b", "a*x/(x - outside)",
    "a/(x - outside)**2", "a*sqrt(x - outside)", "a*sqrt(x - outside) + b",
    "1/(1 + (scale/x)**power)", "a/(1 + (scale/x)**power)", "a/(1 + (scale/x)**power) + b",
    "a*sign(x - jump) + b", "a*sign(x - jump) + b*x + c", "a*abs(x - kink) + b",
    "a*abs(x - kink) + b*x + c", "a*abs(x - kink) + b*abs(x - kink2) + c*x + d",
    "a*sin(wave*x)", "a*cos(wave*x)", "a*tan(wave*x)", "a/cos(wave*x)",
    "a*sin(wave*x) + b", "a*cos(wave*x) + b",
    "a*sin(wave*x + phase)", "a*sin(wave*x + phase) + b", "a*sin(wave*x + phase) + b*x + c",
    "a*exp(rate*x)*sin(wave*x)", "a*exp(rate*x)*cos(wave*x)", "a*exp(rate*x)*sin(wave*x + phase)",
    "a*exp(rate*x)*sin(wave*x + phase) + b",
    "a*exp(-(x/scale)**2)", "a*exp(-((x - place)/width)**2)", "a*exp(-((x - place)/width)**2) + b",
    "a/(1 + ((x - place)/width)**2)", "a/(1 + ((x - place)/width)**2) + b",
    "a/sqrt((x**2 - place**2)**2 + (width*x)**2)", "a/((x**2 - place**2)**2 + (width*x)**2)",
    "a*tanh(x/width)", "a*tanh((x - place)/width) + b", "a*atan((x - place)/width) + b",
    "a/(1 + exp(-(x - place)/width))", "a/(1 + exp(-(x - place)/width)) + b",
    "a*exp(-(x/scale)**power)", "a*exp(-(x/scale)**power) + b", "a*x**power*exp(rate*x)",
    "a*x*exp(rate*x)", "a*x**power*exp(length/x)",
    "a*exp(-exp(-(x - place)/width))", "sqrt(a + b*x**2)", "a*log(1 + exp((x - place)/width)) + b",
    "a*exp(-(log(x/scale)/width)**2)", "a*exp(-(log(x/scale)/width)**2)/x",
    "a*erf((x - place)/width) + b", "a*x/(1 + (x/scale)**2)", "a*cosh((x - place)/width) + b",
    "a/sqrt(1 - (x/outside)**2)", "a/sqrt(1 + (x/scale)**2)",
    "a*sqrt((x - outside)/(x - outside2))", "a*(x - outside)/(x - outside2)",
    "a*(1 - exp(rate*x))", "a*log(1 + x/scale)", "a/(1 + (x/scale)**2)", "a/(1 + (x/scale)**2)**2",
    "a/(1 + (x/scale)**2)**(3/2)", "a*x**2/(1 + (x/scale)**2)", "a*x/(exp(rate*x) - 1)",
    "a*x**3/(exp(rate*x) - 1)", "a*(x - outside)**2", "a*(exp(rate*x) - exp(rate2*x))",
    "a*(1 - exp(rate*x))**2", "a*(1 - exp(rate*x))**3", "1/(1 + exp(-(x - place)/width))",
    "a*x/(1 + x/scale + (x/scale2)**2)", "a/(x - outside) + b/x**2",
    "asin(x/scale)", "acos(x/scale)", "atan(x/scale)", "asin(scale/x)", "asin(share*sin(x))",
    "a*asin(x/scale)", "a*atan(x/scale)", "a*sin(wave*x)/x", "a*(sin(wave*x)/x)**2",
    "a*x/sqrt((x**2 - place**2)**2 + (width*x)**2)",
    "a*x**2/sqrt((x**2 - place**2)**2 + (width*x)**2)",
    "a*log(outside - x) + b", "a*log(1 - x/outside)", "a*sqrt(outside - x)",
    "a*sqrt(outside - x) + b", "a*(outside - x)**power", "(a + b*x)*exp(rate*x)",
    "(a + b*x)*exp(rate*x) + c", "a*x/(x - outside)**2", "(a + b*x)/(x - outside)**2",
)  # fmt: skip
"""Templates, in x of order one; sqrt(a + b*x**2) is searched in y**2."""


@dataclass(frozen=True, eq=False)
class _Model:
    """A template as a program, and its constants by kind."""

    program: Program
    inner: tuple[str, ...]
    linear: tuple[str, ...]
    bits: float

    @property
    def constants(self) -> int:
        """How many there are."""
        return len(self.inner) + len(self.linear)


@cache
def _models() -> tuple[_Model, ...]:
    """All templates, read."""
    found = []
    for text in _MODELS:
        expr = parse(text)
        names = sorted(symbol.name for symbol in expr.free_symbols - {sympy.Symbol("x")})
        linear = tuple(name for name in names if name in _LINEAR and "sqrt(a" not in text)
        inner = tuple(name for name in names if name not in linear)
        found.append(_Model(from_sympy(expr), inner, linear, form_bits(expr)))
    return tuple(found)


def plain_models(curve: Curve, until: Deadline) -> Iterator[Form]:
    """The simple models of at most two constants that describe a curve shortest, fitted to it."""
    return _shortest([model for model in _models() if model.constants <= _PLAIN], curve, until)


def simple_models(curve: Curve, until: Deadline) -> Iterator[Form]:
    """The others."""
    return _shortest([model for model in _models() if model.constants > _PLAIN], curve, until)


def _shortest(models: list[_Model], curve: Curve, until: Deadline) -> Iterator[Form]:
    """Those of some models that describe a curve shortest, fitted to it."""
    tried: list[Form] = []
    for model in models:
        if until.passed or any(form.error < curve.exact for form in tried):
            break
        if model.constants < curve.rows:
            tried += _raced(model, curve, until)
    # Errors are those on so few rows.
    few = replace(curve, rows=min(curve.rows, _WAVE_ROWS if curve.noise > 0 else _SCREENED))
    tried.sort(key=lambda form: form.length(few))
    for form in tried[:_FINISHED]:
        yield _slowest(form.fitted(curve, until), curve)


def _slowest(form: Form, curve: Curve) -> Form:
    """A wave that evenly spaced rows cannot tell from a slower one as the slower one."""
    if "wave" not in form.start or np.ptp(np.diff(curve.x)) > _EVEN * np.ptp(curve.x):
        return form
    alias = 2 * np.pi * (len(curve.x) - 1) / np.ptp(curve.x)
    turns = round(form.start["wave"] / alias)
    # At the first row a whole number of turns must be left, or the phase makes up for it.
    shift = turns * alias * float(curve.x[0])
    if turns == 0 or ("phase" not in form.start and abs(np.sin(shift / 2)) > _EVEN):
        return form
    slower = {"wave": form.start["wave"] - turns * alias}
    if "phase" in form.start:
        slower["phase"] = (form.start["phase"] + shift) % (2 * np.pi)
    return form.at(slower, form.error)


def _raced(model: _Model, curve: Curve, until: Deadline) -> list[Form]:
    """A model at the best inner constants that were found on some of the rows."""
    # Beside noise the errors of models can only be compared on the same rows.
    many_rows = "wave" in model.inner or curve.noise > _CLEAN
    few = curve.thinned(_WAVE_ROWS if many_rows else _SCREENED)
    many = ManyStarts.of(model.program, model.inner, model.linear, few.x, few.y, few.root)
    fits = many.raced(_starts(model.inner, curve.thinned(_WAVE_ROWS)), until)
    size = float(np.linalg.norm(few.y * few.root)) / few.spread
    found = []
    for inner, loss in fits.best(_KEPT if model.inner else 1):
        start = dict(zip(model.inner, inner.tolist(), strict=True))
        start |= dict.fromkeys(model.linear, 1.0)
        error = size * float(np.sqrt(loss))
        found.append(Form(model.program, start, "simple model", error, model.bits))
    return found


def _starts(names: tuple[str, ...], curve: Curve) -> np.ndarray:
    """A grid of values of nonlinear constants (starts, names)."""
    if not names:
        return np.zeros((1, 0))
    grid = list(product(*(_values(name.rstrip("2"), curve) for name in names)))
    kept = np.unique(np.linspace(0, len(grid) - 1, _STARTS).astype(int))
    return np.array(grid)[kept]


def _values(kind: str, curve: Curve) -> list[float]:
    """Values of a constant to start from, by what it measures."""
    low, high = curve.low, curve.high
    extent = high - low
    match kind:
        case "rate":
            return [sign * k / extent for k in (0.5, 2.0, 6.0, 20.0) for sign in (-1, 1)]
        case "length":
            size = max(abs(low), abs(high))
            return [sign * k * size for k in (0.1, 0.5, 2.0, 8.0, 25.0) for sign in (-1, 1)]
        case "power":
            return [-2.5, -1.2, -0.4, 0.4, 1.2, 2.5, 5.0]
        case "wave":
            return _waves(curve)
        case "phase":
            return [0.0, 1.6, 3.1, 4.7]
        case "place":
            return [low + k * extent for k in (-0.3, 0.1, 0.3, 0.5, 0.7, 0.9, 1.3)]
        case "kink":
            return [low + float(k) * extent for k in np.linspace(0.04, 0.96, 12)]
        case "jump":
            ahead = np.argsort(-np.abs(np.diff(curve.y)))[:3]
            return (0.5 * (curve.x[ahead] + curve.x[ahead + 1])).tolist()
        case "outside":
            return [low - k * extent for k in (0.01, 0.1, 0.5, 2.0)] + [
                high + k * extent for k in (0.01, 0.1, 0.5, 2.0)
            ]
        case "width":
            return [k * extent for k in (0.05, 0.2, 0.5, 1.5)]
        case "scale":
            return [k * max(abs(low), abs(high)) for k in (0.1, 0.3, 0.6, 1.0, 3.0)]
        case _:
            return [-2.0, 0.5, 1.0, 3.0]


def _waves(curve: Curve) -> list[float]:
    """Angular frequencies up to what the rows can tell: those of the largest Fourier parts."""
    extent = curve.high - curve.low
    most = np.pi * (len(curve.x) - 1) / extent
    grid = np.arange(0.25, most * extent / (2 * np.pi), 0.25) * 2 * np.pi / extent
    target = curve.root * (curve.y - curve.root**2 @ curve.y)
    power = np.abs(np.exp(1j * grid[:, None] * curve.x) @ (target * curve.root)) ** 2
    ahead = np.argsort(-power)[:12]
    slow = [k * np.pi / extent for k in (0.3, 0.7, 1.2, 2.0, 3.0)]
    return [*slow, *np.sort(grid[ahead]).tolist()]
