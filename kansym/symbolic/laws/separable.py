"""Smaller problems by separation: without a factor or a term that is a function of one quantity."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy

from kansym.programs.program import Program, evaluate
from kansym.symbolic.formulas.parsing import parse
from kansym.symbolic.formulas.sympy_programs import from_sympy
from kansym.symbolic.laws.columns import Quantities, monomial
from kansym.symbolic.laws.reduced import Reduced
from kansym.symbolic.laws.slopes import Slope, explained, near_fraction

__all__ = ["without_factors", "without_product_terms", "without_terms"]

_BEST = 2
"""Functions of one quantity that are followed."""


@dataclass(frozen=True, eq=False)
class _Function:
    """A function of one quantity x."""

    text: str

    @cached_property
    def formula(self) -> sympy.Expr:
        """As an expression in x."""
        return sympy.sympify(parse(self.text))

    def of(self, quantity: sympy.Expr) -> sympy.Expr:
        """The function of a quantity."""
        return self.formula.xreplace({_X: quantity})

    def value(self, x: np.ndarray) -> np.ndarray:
        """Its values; nan where it is not defined."""
        return np.broadcast_to(evaluate(self._program, {"x": x}), x.shape)

    def slope(self, x: np.ndarray) -> np.ndarray:
        """Its derivative."""
        return np.broadcast_to(evaluate(self._slope_program, {"x": x}), x.shape)

    @cached_property
    def _program(self) -> Program:
        return from_sympy(self.formula)

    @cached_property
    def _slope_program(self) -> Program:
        return from_sympy(sympy.diff(self.formula, _X))


_X = sympy.Symbol("x")
_FACTORS = tuple(
    _Function(text)
    for text in (
        "x", "exp(x)", "sin(x)", "cos(x)", "log(x)", "x + 1", "1 - x", "1 - x**2", "1 + x**2",
        "exp(x**2)", "exp(x**3)", "exp(1/x)", "sin(x/2)", "cos(x/2)", "sin(x**2)", "cos(x**2)",
        "sin(1/x)", "cos(1/x)", "exp(x) - 1", "exp(x) + 1", "exp(sqrt(x))", "sin(sqrt(x))",
        "cos(sqrt(x))", "sin(x**3)", "cos(x**3)", "exp(x) - exp(-x)", "exp(x) + exp(-x)",
        "log(x + 1)", "sqrt(x) + 1", "log(x) + 1", "exp(exp(x))", "sin(exp(x))", "cos(exp(x))",
        "exp(sin(x))", "exp(cos(x))", "sin(log(x))", "cos(log(x))", "x + exp(x)", "x + log(x)",
        "x + sin(x)", "x + cos(x)", "x - sin(x)", "x - cos(x)", "x - log(x)", "x - exp(x)",
        "x + sqrt(x)", "1 + sin(x)", "1 - cos(x)", "1 + cos(x)", "log(sin(x))", "log(log(x) + 1)",
    )
)  # fmt: skip
_TERMS = tuple(
    _Function(text)
    for text in (
        "x", "x**2", "x**3", "x**4", "1/x", "x**(-2)", "x**(-3)", "sqrt(x)", "x**(-1/2)",
        "x**(3/2)", "exp(x)", "sin(x)", "cos(x)", "log(x)", "exp(x**2)", "exp(1/x)", "sin(x**2)",
        "cos(x**2)", "exp(-x)", "exp(-x**2)", "log(x + 1)", "x*log(x)", "x*exp(x)", "x*exp(-x)",
        "x*sin(x)", "x*cos(x)", "sin(x)**2", "exp(2*x)", "log(x)**2", "sin(2*x)", "cos(1/x)",
        "sin(1/x)", "sin(sqrt(x))", "cos(sqrt(x))", "exp(sqrt(x))", "exp(-x**3)", "exp(x**3)",
        "sin(x)/x", "cos(x)/x", "exp(x)/x", "log(x)/x", "x**2*log(x)", "x**2*exp(-x)", "tan(x)",
        "log(x**2 + 1)", "1/(x + 1)", "sqrt(x + 1)", "sqrt(log(x))", "sqrt(sin(x))", "exp(sin(x))",
        "exp(cos(x))", "log(sin(x))", "log(cos(x))", "sin(exp(x))", "cos(exp(x))", "sin(log(x))",
        "cos(log(x))", "exp(exp(-x))", "sin(x)*cos(x)", "sin(x**3)", "cos(x**3)", "1/log(x)",
        "1/sin(x)", "1/cos(x)", "x/sin(x)", "x/cos(x)", "x/log(x)", "x/(x + 1)", "1/(x**2 + 1)",
    )
)  # fmt: skip


def without_factors(state: Reduced, slope: Slope) -> Iterator[Reduced]:
    """Over x^p f(x)^q for a function of one quantity: dz/dx = z (p/x + q f'(x)/f(x))."""
    found: list[tuple[float, int, int, tuple[float, float]]] = []
    with np.errstate(all="ignore"):
        for k in range(len(state.quantities)):
            power = slope.z / slope.x[:, k]
            for number, function in enumerate(_FACTORS):
                basis = slope.z * function.slope(slope.x[:, k]) / function.value(slope.x[:, k])
                columns = [basis] if number == 0 else [basis, power]
                for count in range(1, len(columns) + 1):
                    score, weights = _combined(slope.gradient[:, k], columns[:count])
                    near = tuple(near_fraction(float(w)) for w in weights)
                    if score < slope.loose and near[0] and not np.isnan(near).any():
                        found.append((score, k, number, (near[0], near[1] if count == 2 else 0.0)))
    for _, k, number, powers in _best_of_each(found):
        function = _FACTORS[number]
        kept = [other for other in range(len(state.quantities)) if other != k]
        x = state.quantities.values[:, k]
        with np.errstate(all="ignore"):
            values = function.value(x) ** powers[0] * x ** powers[1]
        if kept and np.isfinite(values).all() and (values != 0).all():
            own = state.quantities.exprs[k]
            yield state.divided(values, monomial([function.of(own), own], powers), kept)


def _combined(slope: np.ndarray, columns: list[np.ndarray]) -> tuple[float, np.ndarray]:
    """Part of a derivative that a combination of columns leaves, and the combination."""
    basis = np.stack(columns, axis=1)
    if not np.isfinite(basis).all():
        return np.inf, np.zeros(len(columns))
    weights = np.linalg.lstsq(basis, slope, rcond=None)[0]
    size = float(np.linalg.norm(slope))
    left = float(np.linalg.norm(slope - basis @ weights))
    return (left / size if size else np.inf), weights


def without_terms(state: Reduced, slope: Slope) -> Iterator[Reduced]:
    """Less a multiple of a function of one quantity: dz/dx = c f'(x)."""
    found: list[tuple[float, int, int, Any]] = []
    with np.errstate(all="ignore"):
        for k in range(len(state.quantities)):
            for number, function in enumerate(_TERMS):
                score, weight = explained(slope.gradient[:, k], function.slope(slope.x[:, k]))
                if score < slope.loose and weight:
                    found.append((score, k, number, weight))
    for _, k, number, weight in _best_of_each(found):
        function = _TERMS[number]
        kept = [other for other in range(len(state.quantities)) if other != k]
        with np.errstate(all="ignore"):
            values = function.value(state.quantities.values[:, k])
        if kept and np.isfinite(values).all():
            term = Quantities(values[:, None], (function.of(state.quantities.exprs[k]),))
            yield state.less(term, (weight,), kept)


_PARTNERS = tuple(
    _Function(text)
    for text in (
        "x", "1/x", "x**2", "x**(-2)", "sqrt(x)", "x**3", "sin(x)", "cos(x)", "exp(x)", "exp(-x)",
        "log(x)",
    )
)  # fmt: skip
"""Functions of a second quantity that a term may have for a factor."""
_PLAIN_TERMS = 20


def without_product_terms(state: Reduced, slope: Slope) -> Iterator[Reduced]:
    """Less a multiple of a product of functions of two quantities: dz/dx = c f'(x) h(u)."""
    found: list[tuple[float, int, int, Any]] = []
    count = len(state.quantities)
    with np.errstate(all="ignore"):
        for k in range(count):
            own = np.stack([f.slope(slope.x[:, k]) for f in _TERMS[:_PLAIN_TERMS]], axis=1)
            for j in (j for j in range(count) if j != k):
                other = np.stack([h.value(slope.x[:, j]) for h in _PARTNERS], axis=1)
                scores, weights = _of_products(slope.gradient[:, k], own, other)
                a, b = np.unravel_index(int(np.argmin(scores)), scores.shape)
                if scores[a, b] < slope.loose:
                    found.append((float(scores[a, b]), k, j, (a, b, float(weights[a, b]))))
    for _, k, j, (a, b, weight) in _best_of_each(found):
        x, exprs = state.quantities.values, state.quantities.exprs
        with np.errstate(all="ignore"):
            values = _TERMS[a].value(x[:, k]) * _PARTNERS[b].value(x[:, j])
        if np.isfinite(values).all():
            expr = _TERMS[a].of(exprs[k]) * _PARTNERS[b].of(exprs[j])
            kept = [other for other in range(count) if other != k]
            yield state.less(Quantities(values[:, None], (expr,)), (weight,), kept)


def _of_products(
    slope: np.ndarray, own: np.ndarray, other: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Part of a derivative that a multiple of each product leaves, and the multiple."""
    own, other = (np.where(np.isfinite(part), part, np.nan) for part in (own, other))
    along = (own * slope[:, None]).T @ other
    size = (own**2).T @ other**2
    weights = along / size
    left = np.maximum(1 - weights * along / max(float(slope @ slope), 1e-300), 0.0)
    return np.nan_to_num(np.sqrt(left), nan=np.inf), weights


def _best_of_each(found: list[tuple[float, int, int, Any]]) -> list[tuple[float, int, int, Any]]:
    """For each quantity the best few."""
    chosen: list[tuple[float, int, int, Any]] = []
    for each in sorted(found):
        if sum(other[1] == each[1] for other in chosen) < _BEST:
            chosen.append(each)
    return chosen


_BEST = 2
