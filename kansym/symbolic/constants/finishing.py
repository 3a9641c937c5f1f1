"""From a composed expression with start values to a finished formula.

The chain: merge redundant constants, refine the rest on the judge's data, recognise exact numbers,
simplify, and once more, because a simpler form shows further numbers; then standard errors.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np
import sympy

from kansym.programs.tabulated_curve import TabulatedCurve
from kansym.shared.bounded_time import within
from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError
from kansym.symbolic.constants.exact_numbers import recognised_numbers
from kansym.symbolic.constants.plain_exponents import plain_exponent
from kansym.symbolic.constants.recognition import Allowance, JudgeKind, Recognised, recognise
from kansym.symbolic.constants.redundant_constants import ConstantReducer, free_constants
from kansym.symbolic.constants.refinement import Refined, refine_near
from kansym.symbolic.constants.template_fit import Observations
from kansym.symbolic.formulas.complexity import complexity
from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.formulas.simplification import simplify

__all__ = ["finish"]

# Times that the chain is gone through at most, seconds of all unless said, and of simplifying.
_ROUNDS, _SECONDS, _SIMPLIFYING = 3, 10.0, 1.0
# Rows that are enough to choose by, and steps of the first refinement.
_ROWS, _FIRST_STEPS = 2000, 100
# Operations beyond which algebra takes too long, and nobody reads.
_MOST_REWRITTEN = 400
# Relative difference of values that are the same but for rounding.
_UNCHANGED = 1e-7


def finish(  # noqa: PLR0913 - a template, data, and who judges
    template: sympy.Expr,
    start: Mapping[Any, float],
    inputs: Sequence[str],
    X: Any,
    y: Any,
    *,
    judge: JudgeKind = "data",
    weights: Any = None,
    curves: Sequence[TabulatedCurve] = (),
    named: Mapping[str, float] | None = None,
    accuracy: float = 0.0,
    exact: bool = True,
    deadline: Deadline | None = None,
) -> Formula:
    """Refine, recognise and simplify the constants of a formula.

    Parameters
    ----------
    template : expression in the inputs and in free constants.
    start : constant (symbol or name) to its first value.
    inputs : names of the columns of X.
    X, y : what the formula is held against, shapes (rows, inputs) and (rows,).
    judge : ``"data"`` if y is measured, so that its noise decides what may be recognised;
        ``"network"`` if y is a network's output, whose error is systematic.
    weights : shape (rows,); one over the variance of each row, up to a factor.
    curves : tabulated curves that the template calls by name.
    named : physical constants to recognise, by name; they appear as symbols of that name.
    accuracy : error over the spread of y that is not worth explaining, such as the error of the
        measurement or of the theory.
    exact : whether constants may become exact numbers; exponents become plain fractions in any
        case.
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
    data = Observations.checked(inputs, X, y, weights, {curve.name: curve for curve in curves})
    return _Chain(data, judge, named, accuracy, exact, deadline)(template, values)


def _same(left: np.ndarray, right: np.ndarray) -> bool:
    left, right = np.broadcast_arrays(left, right)
    defined = np.isfinite(left)
    if not defined.any():
        return False
    scale = np.abs(left[defined]).max()
    return bool(np.abs(left - right)[defined].max(initial=0.0) <= _UNCHANGED * scale)


@final
class _Chain:
    """One run from template to formula."""

    def __init__(
        self,
        data: Observations,
        judge: JudgeKind,
        named: Mapping[str, float] | None,
        accuracy: float,
        exact: bool,
        deadline: Deadline,
    ) -> None:
        self.data, self.named, self.accuracy = data, dict(named or {}), accuracy
        self.judge: JudgeKind = judge
        self.exact = exact
        self.few, self.deadline = data.thinned(_ROWS), deadline
        self.allowance: Allowance | None = None

    def __call__(self, template: sympy.Expr, values: dict[sympy.Symbol, float]) -> Formula:
        expr, values = self.merged(recognised_numbers(template), values)
        refined = self.refit(self.few, expr, values, _FIRST_STEPS)
        values = refined.substitutions
        if any(power.exp == 2 for power in expr.atoms(sympy.Pow)):
            expr, values = self.merged(expr, values, fitted=True)  # it may be a whole square
        for _ in range(_ROUNDS if math.isfinite(refined.rss) else 0):
            if self.deadline.passed:
                break
            before = expr
            expr, values = self.recognised(expr, values)
            expr, values = self.simplified(expr, values)
            if expr == before or not values:
                break
            expr, values = self.merged(expr, values, fitted=True)
        return self.formula(*self.scaled(expr, values))

    def refit(
        self, data: Observations, expr: sympy.Expr, values: Mapping[Any, float], steps: int
    ) -> Refined:
        expr, deadline = self.numeric(expr), self.deadline
        return refine_near(expr, data, values, steps=steps, enough=1e-9, deadline=deadline)

    def numeric(self, expr: sympy.Expr) -> sympy.Expr:
        """Named constants as numbers."""
        return expr.xreplace({sympy.Symbol(n): sympy.Float(v) for n, v in self.named.items()})

    def merged(
        self, expr: sympy.Expr, values: dict[sympy.Symbol, float], *, fitted: bool = False
    ) -> tuple[sympy.Expr, dict[sympy.Symbol, float]]:
        """The expression with redundant constants merged, if that keeps its values."""
        if expr.count_ops() > _MOST_REWRITTEN:
            return expr, values
        named = {sympy.Symbol(n): v for n, v in self.named.items()}
        known, curves = {**values, **named}, self.few.curves
        reducer = ConstantReducer(known, self.few.columns, curves, fitted=fitted)
        found = within(self.deadline.left(), lambda: reducer(expr), expr)
        if not _same(reducer.sample(expr), reducer.sample(found)):
            return expr, values
        kept = [s for s in free_constants(found, self.data.inputs) if s not in named]
        inputs = (*self.data.inputs, *self.named)
        if len(kept) > len(values) or (
            len(kept) == len(values) and complexity(found, inputs) > complexity(expr, inputs)
        ):
            return expr, values
        return found, {symbol: float(reducer.values[symbol]) for symbol in kept}

    def recognised(
        self, expr: sympy.Expr, values: dict[sympy.Symbol, float]
    ) -> tuple[sympy.Expr, dict[sympy.Symbol, float]]:
        if not self.exact:
            return self.with_plain_exponents(expr, values)
        found = self._recognise(expr, values)
        self.allowance = found.allowance
        return found.expr, found.refined.substitutions

    def with_plain_exponents(
        self, expr: sympy.Expr, values: dict[sympy.Symbol, float]
    ) -> tuple[sympy.Expr, dict[sympy.Symbol, float]]:
        """Exponents that may be plain fractions as those, the other constants fitted again."""
        exponents = {power.exp for power in expr.atoms(sympy.Pow) if power.exp in values}
        if not exponents:
            return expr, values
        errors = self.refit(self.few, expr, values, 0).stderr
        near = {s: plain_exponent(values[s], errors[s.name]) for s in exponents}
        plain = {symbol: power for symbol, power in near.items() if power}  # 0 is no power
        found = expr.xreplace(plain)
        if found.has(sympy.zoo, sympy.nan):
            return expr, values
        left = {s: v for s, v in values.items() if s in found.free_symbols}
        refined = self.refit(self.few, found, left, _FIRST_STEPS)
        return (found, refined.substitutions) if math.isfinite(refined.rss) else (expr, values)

    def _recognise(self, expr: sympy.Expr, values: dict[sympy.Symbol, float]) -> Recognised:
        """Exact numbers for constants, as far as the judge allows."""
        return recognise(
            expr,
            self.few,
            values,
            judge=self.judge,
            allowance=self.allowance,
            accuracy=self.accuracy,
            named=self.named or None,
            deadline=self.deadline,
        )

    def simplified(
        self, expr: sympy.Expr, values: dict[sympy.Symbol, float]
    ) -> tuple[sympy.Expr, dict[sympy.Symbol, float]]:
        numbers = {symbol.name: np.asarray(value) for symbol, value in values.items()}
        numbers |= {name: np.asarray(value) for name, value in self.named.items()}
        found = simplify(
            expr,
            inputs=(*self.data.inputs, *self.named),
            values={**self.few.columns, **numbers},
            curves=self.few.curves,
            seconds=min(_SIMPLIFYING, self.deadline.left()),
        )
        found = recognised_numbers(found)
        return found, {s: v for s, v in values.items() if s in found.free_symbols}

    def scaled(
        self, expr: sympy.Expr, values: dict[sympy.Symbol, float]
    ) -> tuple[sympy.Expr, dict[sympy.Symbol, float]]:
        """k*x**p as (c*x)**p, where p is a fraction and c, but not k, is an exact number."""
        powers = _fractional_powers(expr, values)
        if not powers or not self.exact or self.deadline.passed:
            return expr, values
        scales = {**values, **{k: values[k] ** float(1 / p) for k, p in powers.items()}}
        found = self._recognise(expr.xreplace({k: k**p for k, p in powers.items()}), scales)
        exact = {
            k: sympy.nsimplify(number, rational=True) ** p
            for k, p in powers.items()
            if isinstance(number := found.exact.get(k.name), sympy.Number)
        }
        return expr.xreplace(exact), {k: v for k, v in values.items() if k not in exact}

    def formula(self, expr: sympy.Expr, values: dict[sympy.Symbol, float]) -> Formula:
        """Last refinement on all rows, constants named in order of appearance."""
        expr, values = _signs_drawn_in(expr, values)
        refined = self.refit(self.data, expr, values, 30 if not self.deadline.passed else 0)
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
            tuple(self.data.curves.values()),
        )


def _fractional_powers(
    expr: sympy.Expr, values: Mapping[sympy.Symbol, float]
) -> dict[sympy.Symbol, sympy.Rational]:
    """Positive constants that stand once, as factor of a fractional power, with its size."""
    found: dict[sympy.Symbol, sympy.Rational] = {}
    for product in expr.atoms(sympy.Mul):
        powers = [f.exp for f in product.args if f.is_Pow and f.exp.is_Rational]
        fractional = [abs(p) for p in powers if not p.is_Integer]
        factors = [f for f in product.args if values.get(f, 0.0) > 0 and _count(expr, f) == 1]
        if fractional and factors:
            found[factors[0]] = fractional[0]
    return found


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
