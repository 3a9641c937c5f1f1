"""From a composed expression with start values to a finished formula.

The chain: absorb redundant constants, refine the rest on the judge's data, snap, simplify, and
once more, because a simpler form shows further constants to snap; then standard errors.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import sympy

from kansym.programs.tabulated_curve import TabulatedCurve
from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError
from kansym.symbolic.constants.recognition import Allowance, Judge, Snapped, snap
from kansym.symbolic.constants.redundant_constants import Absorber, free_constants
from kansym.symbolic.constants.refinement import Refined, refine
from kansym.symbolic.formulas.bounded_time import within
from kansym.symbolic.formulas.complexity import complexity
from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.formulas.simplification import simplify

__all__ = ["finish", "reduce_constants"]

_ROUNDS = 3
_SECONDS = 10.0
_ROWS = 2000
_FIRST_STEPS = 100
_SIMPLIFYING = 1.0
_MOST_REWRITTEN = 400
_UNCHANGED = 1e-7


def finish(  # noqa: PLR0913 - a template, data, and who judges
    template: sympy.Expr,
    start: Mapping[Any, float],
    inputs: Sequence[str],
    X: Any,
    y: Any,
    *,
    judge: Judge = "data",
    weights: Any = None,
    curves: Sequence[TabulatedCurve] = (),
    named: Mapping[str, float] | None = None,
    accuracy: float = 0.0,
    deadline: Deadline | None = None,
) -> Formula:
    """Refine, snap and simplify a formula.

    Parameters
    ----------
    template : expression in the inputs and in free constants.
    start : constant (symbol or name) to its first value.
    inputs : names of the columns of X.
    X, y : what the formula is held against, shapes (rows, inputs) and (rows,).
    judge : ``"data"`` if y is measured, so that its noise decides what may be snapped;
        ``"network"`` if y is a network's output, whose error is systematic.
    weights : shape (rows,); one over the variance of each row, up to a factor.
    curves : tabulated curves that the template calls by name.
    named : physical constants to recognise, by name; they appear as symbols of that name.
    accuracy : error over the spread of y that is not worth explaining, such as the error of the
        measurement or of the theory.
    deadline : when to stop with what there is; ten seconds from now unless given.

    Returns
    -------
    Formula
        With all measured constants, their standard errors and covariance.

    Raises
    ------
    InputError
        If shapes do not fit or a symbol has no start.

    Examples
    --------
    >>> c = sympy.symbols("c1:5")
    >>> x = sympy.Symbol("x")
    >>> X = np.linspace(-1, 1, 50)[:, None]
    >>> template = c[0] * sympy.sin(c[1] * x + c[2]) + c[3]
    >>> start = dict(zip(c, [-1.98, -3.1, 0.01, 1e-3]))
    >>> print(finish(template, start, ["x"], X, 2 * np.sin(np.pi * X[:, 0])))
    2*sin(pi*x)
    """
    if deadline is None:
        deadline = Deadline.after(_SECONDS)
    values = {sympy.Symbol(getattr(k, "name", str(k))): float(v) for k, v in start.items()}
    clash = sorted({s.name for s in values} & set(inputs))
    if clash:
        raise InputError(f"{clash} name both inputs and constants: rename one of them.")
    data = _Data(tuple(inputs), np.asarray(X, float), _flat(y), weights, tuple(curves), deadline)
    return _Chain(data, judge, named, accuracy)(template, values)


def reduce_constants(
    template: sympy.Expr,
    start: Mapping[Any, float],
    inputs: Sequence[str],
    X: Any,
    *,
    curves: Sequence[TabulatedCurve] = (),
) -> tuple[sympy.Expr, dict[sympy.Symbol, float]]:
    """Rewrite a template so that no two constants do the same work.

    Returns
    -------
    The template in fewer constants, and their values; its values on X are the same.

    Examples
    --------
    >>> b, c, x = sympy.symbols("b c x")
    >>> X = np.linspace(0, 1, 9)[:, None]
    >>> reduce_constants(c * sympy.exp(x + b), {b: 0.0, c: 2.0}, ["x"], X)
    (k2*exp(x), {k2: 2.0})
    """
    values = {sympy.Symbol(getattr(k, "name", str(k))): float(v) for k, v in start.items()}
    columns = dict(zip(inputs, np.asarray(X, dtype=float).T, strict=True))
    absorber = Absorber(values, columns, {c.name: c for c in curves})
    reduced = absorber(template)
    if not _same(absorber.sample(template), absorber.sample(reduced)):
        reduced = template
    kept = free_constants(reduced, inputs)
    return reduced, {symbol: float(absorber.values[symbol]) for symbol in kept}


def _flat(y: Any) -> np.ndarray:
    y = np.asarray(y, dtype=float)
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y


def _same(left: np.ndarray, right: np.ndarray) -> bool:
    left, right = np.broadcast_arrays(left, right)
    defined = np.isfinite(left)
    if not defined.any():
        return False
    scale = np.abs(left[defined]).max()
    return bool(np.abs(left - right)[defined].max(initial=0.0) <= _UNCHANGED * scale)


@dataclass(frozen=True)
class _Data:
    """What the formula is held against."""

    inputs: tuple[str, ...]
    X: np.ndarray
    y: np.ndarray
    weights: Any
    curves: tuple[TabulatedCurve, ...]
    deadline: Deadline

    @property
    def by_name(self) -> dict[str, TabulatedCurve]:
        """The curves by name."""
        return {curve.name: curve for curve in self.curves}

    def thinned(self) -> "_Data":
        """Fewer rows, evenly taken: enough to choose by."""
        if len(self.y) <= _ROWS:
            return self
        rows = np.linspace(0, len(self.y) - 1, _ROWS).astype(int)
        weights = None if self.weights is None else np.asarray(self.weights)[rows]
        return _Data(self.inputs, self.X[rows], self.y[rows], weights, self.curves, self.deadline)

    def columns(self) -> dict[str, np.ndarray]:
        """The inputs by name."""
        return dict(zip(self.inputs, self.X.T, strict=True))


@final
class _Chain:
    """One run from template to formula."""

    def __init__(
        self, data: _Data, judge: Judge, named: Mapping[str, float] | None, accuracy: float
    ) -> None:
        self.data, self.named, self.accuracy = data, dict(named or {}), accuracy
        self.judge: Judge = judge
        self.few = data.thinned()
        self.allowance: Allowance | None = None

    def __call__(self, template: sympy.Expr, values: dict[sympy.Symbol, float]) -> Formula:
        expr, values = self.absorbed(template, values)
        refined = self.refit(self.few, expr, values, _FIRST_STEPS)
        values = refined.substitutions
        for _ in range(_ROUNDS if math.isfinite(refined.rss) else 0):
            if self.data.deadline.passed:
                break
            before = expr
            expr, values = self.snapped(expr, values)
            expr, values = self.simplified(expr, values)
            if expr == before or not values:
                break
            expr, values = self.absorbed(expr, values)
        return self.formula(expr, values)

    def refit(
        self, data: _Data, expr: sympy.Expr, values: Mapping[sympy.Symbol, float], steps: int
    ) -> Refined:
        return refine(
            self.numeric(expr),
            data.inputs,
            data.X,
            data.y,
            values,
            weights=data.weights,
            curves=data.by_name,
            max_steps=steps,
            first_radius=1.0,
            enough=1e-9,
            deadline=data.deadline,
        )

    def numeric(self, expr: sympy.Expr) -> sympy.Expr:
        """Named constants as numbers."""
        return expr.xreplace({sympy.Symbol(n): sympy.Float(v) for n, v in self.named.items()})

    def absorbed(
        self, expr: sympy.Expr, values: dict[sympy.Symbol, float]
    ) -> tuple[sympy.Expr, dict[sympy.Symbol, float]]:
        """The expression with redundant constants absorbed, if that keeps its values."""
        if expr.count_ops() > _MOST_REWRITTEN:
            return expr, values
        named = {sympy.Symbol(n): v for n, v in self.named.items()}
        absorber = Absorber({**values, **named}, self.few.columns(), self.few.by_name)
        found = within(self.data.deadline.left(), lambda: absorber(expr), expr)
        if not _same(absorber.sample(expr), absorber.sample(found)):
            return expr, values
        kept = [s for s in free_constants(found, self.data.inputs) if s not in named]
        inputs = (*self.data.inputs, *self.named)
        if len(kept) > len(values) or (
            len(kept) == len(values) and complexity(found, inputs) > complexity(expr, inputs)
        ):
            return expr, values
        return found, {symbol: float(absorber.values[symbol]) for symbol in kept}

    def snapped(
        self, expr: sympy.Expr, values: dict[sympy.Symbol, float]
    ) -> tuple[sympy.Expr, dict[sympy.Symbol, float]]:
        found: Snapped = snap(
            expr,
            self.few.inputs,
            self.few.X,
            self.few.y,
            values,
            judge=self.judge,
            weights=self.few.weights,
            curves=self.few.by_name,
            allowance=self.allowance,
            accuracy=self.accuracy,
            named=self.named or None,
            deadline=self.data.deadline,
        )
        self.allowance = found.allowance
        return found.expr, found.refined.substitutions

    def simplified(
        self, expr: sympy.Expr, values: dict[sympy.Symbol, float]
    ) -> tuple[sympy.Expr, dict[sympy.Symbol, float]]:
        numbers = {symbol.name: np.asarray(value) for symbol, value in values.items()}
        numbers |= {name: np.asarray(value) for name, value in self.named.items()}
        found = simplify(
            expr,
            inputs=(*self.data.inputs, *self.named),
            values={**self.few.columns(), **numbers},
            curves=self.few.by_name,
            seconds=min(_SIMPLIFYING, self.data.deadline.left()),
        )
        return found, {s: v for s, v in values.items() if s in found.free_symbols}

    def formula(self, expr: sympy.Expr, values: dict[sympy.Symbol, float]) -> Formula:
        """Last refinement on all rows, constants named in order of appearance."""
        expr, values = _signs_drawn_in(expr, values)
        refined = self.refit(self.data, expr, values, 30 if not self.data.deadline.passed else 0)
        order = _in_print(expr, list(refined.values))
        names = _fresh_names(len(order), {*self.data.inputs, *self.named})
        renamed = dict(zip(order, names, strict=True))
        constants = tuple(
            Constant(renamed[name], refined.values[name], refined.stderr[name]) for name in order
        )
        rows = [list(refined.values).index(name) for name in order]
        template = expr.xreplace({sympy.Symbol(a): sympy.Symbol(b) for a, b in renamed.items()})
        extra = tuple(
            Constant(name, value, None, None)
            for name, value in self.named.items()
            if sympy.Symbol(name) in template.free_symbols
        )
        covariance = refined.covariance[np.ix_(rows, rows)] if not extra else None
        return Formula(
            template,
            self.data.inputs,
            constants + extra,
            covariance,
            float(max(1, refined.rows - len(order))),
            self.data.curves,
        )


def _signs_drawn_in(
    expr: sympy.Expr, values: dict[sympy.Symbol, float]
) -> tuple[sympy.Expr, dict[sympy.Symbol, float]]:
    """c*(v - u) with negative c as -c*(u - v), where that spares a sign."""
    values = dict(values)
    turned: dict[sympy.Basic, sympy.Basic] = {}
    if expr.count_ops() > _MOST_REWRITTEN:
        return expr, values
    for product in expr.atoms(sympy.Mul):
        symbols = [f for f in product.args if f in values and values[f] < 0]
        if not symbols:
            continue
        sums = [f for f in product.args if f.is_Add and str(f).startswith("-")]
        if sums and _count(expr, symbols[0]) == 1:
            values[symbols[0]] = -values[symbols[0]]
            turned[product] = product / sums[0] * sympy.Add(*(-term for term in sums[0].args))
    return expr.xreplace(turned), values


def _count(expr: sympy.Expr, symbol: sympy.Symbol) -> int:
    return sum(part == symbol for part in sympy.preorder_traversal(expr))


def _in_print(expr: sympy.Expr, names: list[str]) -> list[str]:
    """Constants in the order in which they first stand in print; as they are in what none reads."""
    if expr.count_ops() > _MOST_REWRITTEN:
        return names
    text = str(expr)
    places = {name: text.find(name) for name in names}
    return sorted(names, key=lambda name: (places[name] if places[name] >= 0 else math.inf, name))


def _fresh_names(count: int, taken: set[str]) -> list[str]:
    names, i = [], 0
    while len(names) < count:
        i += 1
        if f"c{i}" not in taken:
            names.append(f"c{i}")
    return names
