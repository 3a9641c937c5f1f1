"""Formulas that an engine found as functions of an edge, with the outer constants of the edge."""

from dataclasses import replace

import numpy as np
import sympy

from kansym.network.network import Edge
from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError
from kansym.symbolic.constants.finishing import finish
from kansym.symbolic.engines import Engine
from kansym.symbolic.fitting.edge_fit import EdgeFit, error_bits
from kansym.symbolic.fitting.polynomial_fit import TERM_BITS
from kansym.symbolic.formulas.complexity import complexity
from kansym.symbolic.library.candidate import Candidate

__all__ = ["formula_fit"]

_X = sympy.Symbol("x")


def formula_fit(edge: Edge, expr: sympy.Expr, engine: Engine) -> EdgeFit | None:
    """A formula in x as the fit y = c*f(x) + d of an edge; None if undefined on its range.

    Examples
    --------
    >>> from kansym.symbolic.engines import Operon
    >>> x = np.linspace(0, 1, 50)
    >>> edge = Edge("x1", "y", np.sin, x, 2 * np.sin(x**2) + 3, np.full(50, 0.02), 1.0)
    >>> fit = formula_fit(edge, 2.0 * sympy.sin(_X**2) + 3.0, Operon())
    >>> fit.candidate.name, fit.c, fit.d
    ('operon: sin(x**2)', 2.0, 3.0)
    """
    shift, rest = expr.as_independent(_X, as_Add=True)
    scale, inner = rest.as_independent(_X, as_Add=False)
    if inner.is_Add:  # its first coefficient is as free as a common factor
        first = inner.as_ordered_terms()[0].as_independent(_X, as_Add=False)[0]
        scale, inner = scale * first, sympy.Add(*(term / first for term in inner.args))
    inner = _freed(inner)
    try:
        bits = formula_bits(inner)
        name = f"{engine.name}: {_shown(inner)}"
        candidate = Candidate(name, inner, complexity=bits, reference=engine.reference)
        inside = candidate.domain.covers(edge.x.min(), edge.x.max())
        c, d = float(scale), float(shift)
    except (InputError, TypeError):  # a part that is not real
        return None
    fit = EdgeFit(candidate, c=c, d=d, complexity=bits)
    weight = edge.density / edge.density.sum()
    spread = np.sqrt(weight @ (edge.y - weight @ edge.y) ** 2)
    error = float(np.sqrt(weight @ (fit(edge.x) - edge.y) ** 2) / spread)
    if not (bool(inside) and np.isfinite(error)):
        return None
    return replace(fit, error=error, score=float(error_bits(error)) + bits)


def refined_formula(expr: sympy.Expr, edge: Edge, seconds: float) -> sympy.Expr:
    """A formula with its constants merged, refined and recognised where the curve allows."""
    template, start = _template(expr)
    return finish(
        template,
        start,
        ["x"],
        edge.x[:, None],
        edge.y,
        judge="network",
        weights=edge.density * len(edge.x),
        deadline=Deadline.after(0.8 * seconds),
    ).expr


def _template(expr: sympy.Expr) -> tuple[sympy.Expr, dict[sympy.Symbol, float]]:
    """A formula with names for its measured numbers."""
    numbers = sorted(expr.atoms(sympy.Float), key=float)
    names = {number: sympy.Symbol(f"k{i}") for i, number in enumerate(numbers)}
    return expr.xreplace(names), {name: float(number) for number, name in names.items()}


def _freed(part: sympy.Expr) -> sympy.Expr:
    """With numbers as measured ones, to be recognised in the whole formula; powers stay."""
    if part.is_number and part.is_real:
        value = float(part)
        return sympy.Integer(int(value)) if value in (0, 1, -1) else sympy.Float(value, 15)
    if isinstance(part, sympy.Pow) and part.args[1].is_Rational:
        return sympy.Pow(_freed(part.args[0]), part.args[1])  # pyright: ignore
    return part.func(*map(_freed, part.args)) if part.args else part  # pyright: ignore


def _shown(expr: sympy.Expr) -> str:
    """A formula with four digits of its numbers."""
    short = {n: sympy.Rational(f"{float(n):.4g}") for n in expr.atoms(sympy.Float)}
    shown = {n: r if r.is_integer else sympy.Float(float(r)) for n, r in short.items()}
    return sympy.sstr(expr.xreplace(shown), full_prec=False)


def formula_bits(expr: sympy.Expr) -> float:
    """Bits of a formula whose measured numbers are as free as a polynomial's coefficients."""
    template, start = _template(expr)
    return complexity(template) + TERM_BITS * len(start)
