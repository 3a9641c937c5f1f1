"""How well a law reproduces rows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import sympy
from jaxtyping import Float

from kansym.programs.program import evaluate
from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError
from kansym.symbolic.constants.refinement import refine
from kansym.symbolic.formulas.complexity import CONSTANT_BITS, complexity
from kansym.symbolic.formulas.sympy_programs import from_sympy
from kansym.symbolic.laws.law import Law, Rows

__all__ = [
    "EXACT",
    "apart",
    "checked",
    "fitted",
    "fresh_constants",
    "is_exact",
    "length",
    "product_of_laws",
    "sum_of_laws",
    "values_of",
    "without_offset",
    "without_scale",
]

EXACT = 1e-11
"""Error over the spread below which a law leaves nothing to explain in exact data: rounding."""
_RELATIVE = 1e-7
"""Median error of a row over its own value: rows over many decades are all explained."""


def values_of(
    expr: sympy.Expr, constants: Mapping[sympy.Symbol, float], rows: Rows
) -> Float[np.ndarray, " rows"]:
    """An expression on rows; nan where it cannot be computed.

    Constants are told apart by what they are: names may be those of inputs, or of one another.
    """
    known = dict(zip(rows.names, rows.X.T, strict=True))
    if len(known | {symbol.name: symbol for symbol in constants}) < len(known) + len(constants):
        own = dict(zip(constants, fresh_constants(rows.names, len(constants)), strict=True))
        expr = expr.xreplace(own)
        constants = {own[symbol]: value for symbol, value in constants.items()}
    known |= {symbol.name: np.float64(value) for symbol, value in constants.items()}
    try:
        found = evaluate(from_sympy(expr), known)
    except (InputError, OverflowError):
        return np.full(len(rows.y), np.nan)
    return np.broadcast_to(np.asarray(found, dtype=float), rows.y.shape)


def checked(
    expr: sympy.Expr, start: Mapping[sympy.Symbol, float], source: str, rows: Rows
) -> Law | None:
    """The law with its error on the rows; None where it is undefined on some of them."""
    residual = values_of(expr, start, rows) - rows.y
    with np.errstate(all="ignore"):
        error = float(np.sqrt(np.mean((rows.root * residual / rows.spread) ** 2)))
        relative = float(np.median(np.abs(residual) / np.maximum(np.abs(rows.y), 1e-300)))
    if not np.isfinite(error):
        return None
    kept = {s: float(v) for s, v in start.items() if s in expr.free_symbols}
    if error < EXACT and relative > _RELATIVE:
        error = min(relative, 1.0)  # the small rows are not explained
    return Law(expr, kept, source, error)


def fitted(
    expr: sympy.Expr,
    start: Mapping[sympy.Symbol, float],
    source: str,
    rows: Rows,
    until: Deadline,
    most_steps: int = 200,
) -> Law | None:
    """The law with the constants of least squares on the rows; None where there are none."""
    try:
        found = refine(
            expr, rows.names, rows.X, rows.y, start, weights=rows.weights, max_steps=most_steps,
            deadline=until,
        )  # fmt: skip
    except (ArithmeticError, ValueError):
        return None
    return checked(expr, found.substitutions, source, rows)


FEW, ROUNDING = 3, 1e-13
"""Constants of a usual law, and the relative error that rounding alone leaves in a long one."""


def is_exact(law: Law) -> bool:
    """Whether a law leaves nothing to explain in exact data, and no approximation could do so.

    Every constant beyond a few buys an approximation about a digit: only rounding may be left then.
    """
    more = max(0, len(law.start) - FEW)
    return law.error < max(EXACT / 10.0**more, ROUNDING)


def length(law: Law, rows: Rows) -> float:
    """Description length in bits: of the residuals, those of exact data apart, and of the law.

    A constant is written to as many digits as the rows determine, half a logarithm of their number
    beyond those of the residual.
    """
    count = min(len(rows.y), _ROWS_COUNTED, rows.independent)
    left = max(law.error, EXACT)
    digits = float(np.clip(np.log2(np.sqrt(count) / left), _LEAST_DIGITS, CONSTANT_BITS))
    bits = complexity(law.expr, rows.names) - (CONSTANT_BITS - digits) * len(law.start)
    return count * float(np.log2(left)) + bits


_ROWS_COUNTED, _LEAST_DIGITS = 2000, 2.0


def fresh_constants(names: tuple[str, ...], count: int, prefix: str = "k") -> list[sympy.Symbol]:
    """Symbols for constants that are no names of inputs."""
    while any(name.startswith(prefix) for name in names):
        prefix += "_"
    return [sympy.Symbol(f"{prefix}{i}") for i in range(1, count + 1)]


def sum_of_laws(
    laws: Sequence[Law], factors: Sequence[sympy.Expr], z: Float[np.ndarray, " rows"], rows: Rows
) -> tuple[sympy.Expr, dict[sympy.Symbol, float]]:
    """Laws times factors and a constant, for a target z, and where all constants start.

    Each law has constants of its own; one that would only be added to the sum is left out.
    """
    exprs, start, (offset,) = apart(laws, rows)
    total = sympy.S.Zero
    for expr, factor in zip(exprs, factors, strict=True):
        parts = sympy.Add.make_args(expr)
        total += factor * sympy.Add(*(part for part in parts if factor != 1 or part not in start))
    start[offset] = float(np.mean(z - values_of(total, start, rows)))
    return total + offset, start


def product_of_laws(
    laws: Sequence[Law], z: Float[np.ndarray, " rows"], rows: Rows
) -> tuple[sympy.Expr, dict[sympy.Symbol, float]]:
    """Laws times one another and a constant, for a target z, and where all constants start.

    Each law has constants of its own; one that would only be a factor of the product is left out.
    """
    exprs, start, (factor,) = apart(laws, rows)
    inputs = [sympy.Symbol(name) for name in rows.names]
    total = sympy.Mul(*(expr.as_independent(*inputs, as_Add=False)[1] for expr in exprs))
    start = {symbol: value for symbol, value in start.items() if total.has(symbol)}
    values = values_of(total, start, rows)
    with np.errstate(all="ignore"):
        start[factor] = float(np.median(z / values))
    return factor * total, start


def without_offset(law: Law, names: tuple[str, ...]) -> Law:
    """A law less what is only added to it."""
    bare = law.expr.as_independent(*map(sympy.Symbol, names), as_Add=True)[1]
    return replace(law, expr=bare, start=_held(law.start, bare))


def without_scale(law: Law, names: tuple[str, ...], *, offset: bool = False) -> Law:
    """The shape of a law, for a function that is known up to a factor and a constant.

    With an ``offset`` of its own it is known up to a factor alone.

    Examples
    --------
    >>> a, b, k, l, m = sympy.symbols("a b k l m")
    >>> law = Law(k + l * sympy.log(a) + m * b, {k: 3.0, l: 2.0, m: -2.0}, "sum", 0.0)
    >>> print(without_scale(law, ("a", "b")).expr)
    b + l*log(a)
    """
    inputs = [sympy.Symbol(name) for name in names]
    bare = law if offset else without_offset(law, names)
    shape, start, unit = sympy.S.Zero, dict(law.start), None
    for term in sorted(sympy.Add.make_args(bare.expr), key=sympy.default_sort_key):
        factor, form = term.as_independent(*inputs, as_Add=False)
        value = float(factor.xreplace(start))
        own = [symbol for symbol in factor.free_symbols if not (bare.expr - term).has(symbol)]
        if not own or not np.isfinite(value) or value == 0 or (unit and form.has(*own)):
            return bare
        if unit is None:
            unit, shape = value, form
        else:
            start[own[0]] = value / unit
            shape += own[0] * form
    return replace(law, expr=shape, start=_held(start, shape))


def _held(start: Mapping[sympy.Symbol, float], expr: sympy.Expr) -> dict[sympy.Symbol, float]:
    """The constants that an expression has."""
    return {symbol: value for symbol, value in start.items() if expr.has(symbol)}


def apart(
    laws: Sequence[Law], rows: Rows, more: int = 1, prefix: str = "k"
) -> tuple[list[sympy.Expr], dict[sympy.Symbol, float], list[sympy.Symbol]]:
    """Laws that share no constants, where these start, and so many symbols more."""
    count = sum(len(law.start) for law in laws)
    symbols = fresh_constants(rows.names, count + more, prefix)
    fresh, exprs, start = iter(symbols[more:]), list[sympy.Expr](), dict[sympy.Symbol, float]()
    for law in laws:
        own = {symbol: next(fresh) for symbol in law.start}
        exprs.append(law.expr.xreplace(own))
        start |= {own[symbol]: value for symbol, value in law.start.items()}
    return exprs, start, symbols[:more]
