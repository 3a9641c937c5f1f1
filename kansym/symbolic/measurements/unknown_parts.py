"""The unknown functions of a known form: library functions in their places, the rest as it is.

Each unknown function was learned as a curve. The functions that suit the curve take its place in
turn, all constants are fitted together to the rows, and the shortest description wins. Of the
constants of a new function only those stay that the rows ask for.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import sympy
from sympy.core.function import AppliedUndef

from kansym.network.known_form import KnownForm
from kansym.programs.numpy_functions import NUMPY
from kansym.programs.program import evaluate
from kansym.programs.tabulated_curve import TabulatedCurve
from kansym.shared.deadline import Deadline
from kansym.shared.row_errors import RowErrors
from kansym.symbolic.fitting.edge_fit import EdgeFit
from kansym.symbolic.fitting.fit import fit_curves
from kansym.symbolic.formulas.parsing import parse_template
from kansym.symbolic.formulas.sympy_programs import from_sympy
from kansym.symbolic.library.library import Library
from kansym.symbolic.measurements.given_formula import GivenFormula
from kansym.symbolic.measurements.misfit import RowMisfit
from kansym.symbolic.measurements.search import bounds_of, cost, local_minimum

__all__ = ["Completion", "FormRows", "completions", "form_values"]

_POINTS = 400
"""Points at which a learned curve is looked at."""
_TRIED = 6
"""Functions that are tried for one unknown part, and most combinations of them."""
_COMBINATIONS = 40
_CURVE_BITS = 120.0
"""Bits of a part that stays a curve: about a dozen numbers of ten bits."""
_EXPLAINED = 0.02
"""Relative error at which a function explains a learned curve, whose own errors are not known."""


@dataclass(frozen=True, eq=False)
class FormRows:
    """Rows to complete a form by.

    Attributes
    ----------
    X, y, errors : shapes (rows, inputs) and (rows,), and the errors of the rows.
    weight : independent rows; fewer than all if y was computed.
    floor : relative error below which an improvement means nothing.
    """

    X: np.ndarray
    y: np.ndarray
    errors: RowErrors
    weight: float
    floor: float

    def length(self, rss: float, constants: int, bits: float) -> float:
        """Description length in bits."""
        mean = np.average(self.y, weights=self.errors.inverse**2)
        spread = float(np.sum(((self.y - mean) * self.errors.inverse) ** 2)) or 1.0
        error = np.hypot(np.sqrt(rss / spread), self.floor)
        return float(self.weight * np.log2(error) + bits + constants * np.log2(self.weight) / 2)


@dataclass(frozen=True, eq=False)
class Completion:
    """A form without unknown parts.

    Attributes
    ----------
    formula : the form with its rows, free constants in order: named ones first.
    constants : their values.
    added : names of the constants that came with functions.
    bits : description length of the functions.
    length : description length of the rows by it.
    rss : sum of the squared residuals.
    """

    formula: GivenFormula
    constants: np.ndarray
    added: tuple[str, ...]
    bits: float
    length: float
    rss: float


def form_values(form: KnownForm, X: np.ndarray) -> np.ndarray:
    """What the form gives with its constants and curves as they are, shape (rows,)."""
    program = from_sympy(_expression(form))
    values = {**dict(zip(form.inputs, X.T, strict=True)), **form.constants}
    found = evaluate(program, values, {**NUMPY, **form.curves})
    return np.array(np.broadcast_to(np.asarray(found, dtype=float), (len(X),)))


def completions(
    form: KnownForm,
    rows: FormRows,
    libraries: Mapping[str, Library],
    curve_error: float,
    until: Deadline,
) -> list[Completion]:
    """The form with library functions for its unknown parts, shortest description first.

    Parameters
    ----------
    form : with the curves that were learned.
    rows : what decides.
    libraries : what each unknown function may be.
    curve_error : relative error below which the curves are not to be trusted.
    until : when to stop with what there is.
    """
    expression = _expression(form)
    parts = {type(part).__name__: part for part in expression.atoms(AppliedUndef)}
    names = sorted(parts, key=lambda name: int(name[1:]))
    options = [_options(form, parts[name], rows.X, libraries[name], curve_error) for name in names]
    found: list[Completion] = []
    for picks in _combinations(options):
        if found and until.passed:
            break
        found.append(_fitted(form, expression, dict(zip(names, picks, strict=True)), rows))
    found.sort(key=lambda one: one.length)
    return [_shortened(found[0], rows), *found[1:]] if found else []


def _expression(form: KnownForm) -> sympy.Expr:
    return parse_template(form.text, (*form.inputs, *form.constants)).expr


Option = EdgeFit | TabulatedCurve


def _options(
    form: KnownForm, part: AppliedUndef, X: np.ndarray, library: Library, curve_error: float
) -> list[Option]:
    """Functions that suit the curve of an unknown part, best first, and the curve itself."""
    name = type(part).__name__
    columns = {**dict(zip(form.inputs, X.T, strict=True)), **form.constants}
    argument = evaluate(from_sympy(part.args[0]), columns, {**NUMPY, **form.curves})
    u = np.unique(np.broadcast_to(np.asarray(argument, dtype=float), (len(X),)))
    if len(u) > _POINTS:
        u = u[np.linspace(0, len(u) - 1, _POINTS).astype(int)]
    values = form.curves[name](u)
    if len(u) < 2 or not np.ptp(values) > 0:
        return [EdgeFit(library["x"], c=0.0, d=float(values.mean()))]
    fine = np.linspace(u[0], u[-1], _POINTS)
    curve = TabulatedCurve(f"f{name[1:]}", fine, form.curves[name](fine))
    if len(u) < 6:
        # A curve through so few levels says nothing between them: the fit to the rows decides.
        u, values = fine, form.curves[name](fine)
    fits = fit_curves(u[None], values[None], None, library, floor=curve_error)[0]
    explained = bool(fits) and fits[0].error < max(_EXPLAINED, 3 * curve_error)
    return [*fits[:_TRIED]] if explained else [*fits[:_TRIED], curve]


def _combinations(options: Sequence[Sequence[Option]]) -> Iterator[tuple[Option, ...]]:
    """All combinations, those of functions high in their lists first."""
    order = sorted(product(*(range(len(each)) for each in options)), key=lambda picks: sum(picks))
    for picks in order[:_COMBINATIONS]:
        yield tuple(each[i] for each, i in zip(options, picks, strict=True))


def _fitted(
    form: KnownForm, expression: sympy.Expr, picks: Mapping[str, Option], rows: FormRows
) -> Completion:
    """A combination with all constants fitted to the rows."""
    added: dict[str, float] = {}
    taken = {*form.inputs, *form.constants}

    def number(value: float) -> sympy.Expr:
        if value in (0.0, 1.0, -1.0):
            return sympy.Integer(int(value))
        name = next(f"k{i}" for i in range(1, 10_000) if f"k{i}" not in {*taken, *added})
        added[name] = value
        return sympy.Symbol(name)

    def filled(part: sympy.Basic) -> sympy.Basic:
        if isinstance(part, AppliedUndef):
            pick, argument = picks[type(part).__name__], filled(part.args[0])
            if isinstance(pick, TabulatedCurve):
                return sympy.Function(pick.name)(argument)
            inner = number(pick.a) * argument + number(pick.b)
            outer = pick.candidate.expr.xreplace({sympy.Symbol("x"): inner})
            return number(pick.c) * outer + number(pick.d)
        return part.func(*map(filled, part.args)) if part.args else part

    template = filled(expression)
    assert isinstance(template, sympy.Expr)
    curves = tuple(pick for pick in picks.values() if isinstance(pick, TabulatedCurve))
    bits = sum(_CURVE_BITS for _ in curves)
    bits += sum(pick.complexity for pick in picks.values() if isinstance(pick, EdgeFit))
    start = {**form.constants, **added}
    formula = GivenFormula(
        form.text, template, form.inputs, rows.X, rows.y, tuple(start), {}, curves
    )
    return _refit(Completion(formula, np.array([*start.values()]), (*added,), bits, 0, 0), rows)


def _refit(found: Completion, rows: FormRows) -> Completion:
    """At the minimum near by."""
    misfit = RowMisfit(found.formula, rows.errors)
    bounds = bounds_of(None, found.formula.free)
    try:
        constants = local_minimum(misfit, found.constants, bounds).constants
    except np.linalg.LinAlgError:
        constants = found.constants
    rss = cost(misfit, constants)
    length = rows.length(rss, len(constants), found.bits) if np.isfinite(rss) else np.inf
    return replace(found, constants=constants, rss=rss, length=length)


def _shortened(found: Completion, rows: FormRows) -> Completion:
    """Without the added constants that the rows do not ask for, one after the other."""
    again = True
    while again:
        again = False
        for name in found.added:
            shorter = min(
                (_without(found, name, value, rows) for value in (0.0, 1.0, -1.0)),
                key=lambda one: one.length,
            )
            if shorter.length < found.length and shorter.rss < np.inf:
                found, again = shorter, True
                break
    return found


def _without(found: Completion, name: str, value: float, rows: FormRows) -> Completion:
    """With one of the added constants replaced by a plain number."""
    old = found.formula
    template = old.template.xreplace({sympy.Symbol(name): sympy.Integer(int(value))})
    named = set(old.free) - set(found.added)
    left = {s.name for s in template.free_symbols}
    if template.has(sympy.zoo, sympy.nan, sympy.oo) or not named <= left:
        return replace(found, length=np.inf, rss=np.inf)
    free = tuple(n for n in old.free if n in left)
    start = dict(zip(old.free, found.constants, strict=True))
    return _refit(
        replace(
            found,
            formula=GivenFormula(
                old.text, template, old.inputs, old.X, old.y, free, {}, old.curves
            ),
            constants=np.array([start[n] for n in free]),
            added=tuple(n for n in found.added if n in free),
        ),
        rows,
    )
