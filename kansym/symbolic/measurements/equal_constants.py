"""Constants of a formula that agree within their errors, as one constant."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
import sympy

from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.measurements.formula_fit import FormulaFit

__all__ = ["with_equal_constants"]

_SURE = 3.0
"""Bits by which agreement must be likelier than chance."""
_UNRELATED = np.log(100.0)
"""Range of the logarithm of unrelated constants: two decades."""
_WAYS = (1, -1)
"""Powers of the other constant that one may be: itself and its reciprocal, with either sign."""


def with_equal_constants(fit: FormulaFit) -> Iterator[Formula]:
    """The formula with one constant in place of two that agree, for each such two, surest first.

    Constants are a and b, equal, opposite or reciprocals of one another, if log|a| and log|b| (or
    its negative) are likelier as near as they are, errors and correlation counted, than those of
    unrelated constants, which are anywhere within two decades. Exponents are compared with
    exponents alone; the factor of a term with the factor 1 of a term beside it, and that of a whole
    formula, unless it is a product of powers, with 1: an angle, a share, a decay from 1.

    Examples
    --------
    >>> import kansym
    >>> g = np.array([12.0, 14, 16, 18, 20, 25, 30, 40])
    >>> b = np.array([60.3, 34.9, 26.8, 22.4, 20.05, 16.6, 15.1, 13.3])
    >>> fit = kansym.fit_formula("f*g/(g - h)", {"g": g}, b, sigma=0.01 * b)
    >>> print(next(with_equal_constants(fit)).template)
    f*g/(-f + g)
    """
    values = np.array([fit.values[name] for name in fit.free])
    if not values.size or not values.all() or not np.isfinite(fit.covariance).all():
        return
    template = fit.formula.template
    symbols = [sympy.Symbol(name) for name in fit.free]
    powers = {power.exp for power in template.atoms(sympy.Pow)}
    relative = fit.covariance / np.outer(values, values)
    logs, signs = np.log(np.abs(values)), np.sign(values).astype(int)
    whole = np.eye(len(values))
    # What becomes what, and the combination of logarithms that is 0 then.
    ties = [
        (symbols[j], signs[i] * signs[j] * symbols[i] ** way, whole[j] - way * whole[i])
        for i, j in combinations(range(len(values)), 2)
        for way in _WAYS
        if (symbols[i] in powers) == (symbols[j] in powers)
    ]
    beside_one = _beside_one(template, symbols)
    ties += [(symbols[i], sympy.Integer(signs[i]), whole[i]) for i in beside_one]
    found: list[tuple[float, Formula]] = []
    for symbol, other, along in ties:
        spread = float(np.sqrt(max(along @ relative @ along, 1e-30)))
        away = float(along @ logs) / spread
        odds = np.log2(_UNRELATED / (np.sqrt(2 * np.pi) * spread)) - away**2 / (2 * np.log(2))
        if odds - np.log2(len(ties)) > _SURE:
            found.append((-odds, _with(fit.formula, symbol, other)))
    yield from (formula for _, formula in sorted(found, key=lambda each: each[0]))


def _beside_one(template: sympy.Expr, symbols: list[sympy.Symbol]) -> list[int]:
    """Constants that are factors of a term beside one without, or of a whole formula."""
    found = set[sympy.Basic]()
    parts = sympy.Mul.make_args(template)
    bases = [part.base if part.is_Pow else part for part in parts]
    if any(base.is_Function or base.is_Add for base in bases):
        found |= {*parts} & {*symbols}
    for total in template.atoms(sympy.Add):
        terms = [set(sympy.Mul.make_args(term)) for term in total.args]
        factors = [term & set(symbols) for term in terms if len(term) > 1]
        if any(not (term & set(symbols)) and not term <= {sympy.S.One} for term in terms):
            found |= set().union(*factors)
    return [i for i, symbol in enumerate(symbols) if symbol in found]


def _with(formula: Formula, symbol: sympy.Symbol, other: sympy.Expr) -> Formula:
    """A formula with a number, or a function of another constant, in place of a constant."""
    template = sympy.factor_terms(formula.template.xreplace({symbol: other}))
    constants = tuple(c for c in formula.constants if c.name != symbol.name)
    return replace(formula, template=template, constants=constants, covariance=None)
