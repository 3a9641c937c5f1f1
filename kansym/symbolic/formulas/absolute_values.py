"""Rewrites of roots of squares, absolute values, minima and maxima."""

from collections.abc import Sequence
from itertools import combinations

import sympy

__all__ = ["completed_square", "even_of_negative", "extreme_of_two", "root_of_square"]

_ROUNDING = 1e-12
"""Relative error of computed coefficients."""


def root_of_square(e: sympy.Expr) -> Sequence[sympy.Expr]:
    """sqrt(u**2*v) = u*sqrt(v), -u*sqrt(v) or |u|*sqrt(v), whichever holds."""
    if not (e.is_Pow and e.exp.is_Rational and not e.exp.is_Integer):
        return ()
    squares, rest = [], []
    for factor in sympy.Mul.make_args(e.base):
        base, exponent = factor.as_base_exp()
        even = exponent.is_Integer and exponent % 2 == 0 and not base.is_number
        (squares if even else rest).append((base, exponent * e.exp) if even else factor)
    if not squares:
        return ()
    outside = [sympy.Mul(*(base**n for base, n in squares)), sympy.Mul(*rest) ** e.exp]
    negative = [_flipped(base) ** n if base.is_Add else base**n for base, n in squares]
    sizes = [sympy.Abs(base) ** n for base, n in squares]
    return (
        sympy.Mul(*outside),
        sympy.Mul(*negative, outside[1]),
        -sympy.Mul(*outside),
        sympy.Mul(*sizes, outside[1]),
    )


def _flipped(total: sympy.Expr) -> sympy.Expr:
    return sympy.Add(*(-term for term in total.args))


def even_of_negative(e: sympy.Expr) -> sympy.Expr | None:
    """(v - u)**2 and |v - u| with the sign that reads better."""
    even = isinstance(e, sympy.Abs | sympy.cos | sympy.cosh)
    if even and e.args[0].is_Add:
        return e.func(_flipped(e.args[0]))
    if e.is_Pow and e.base.is_Add and e.exp.is_Integer and e.exp % 2 == 0:
        return _flipped(e.base) ** e.exp
    return None


def extreme_of_two(e: sympy.Expr) -> Sequence[sympy.Expr]:
    """Twice the larger of two is their sum and |a - b|, a + b + |a - b| = 2*max(a, b)."""
    factor, total = _number_times_sum(e)
    if not total.is_Add:
        extremes = [f for f in e.args if isinstance(f, sympy.Max | sympy.Min)] if e.is_Mul else []
        return _scaled(e, extremes[0]) if len(extremes) == 1 else ()
    for term in total.args:
        size = next((f for f in sympy.Mul.make_args(term) if isinstance(f, sympy.Abs)), None)
        if size is None or total.atoms(sympy.Abs) != {size}:
            continue
        part = term / size * size.args[0]
        sides = [sympy.expand(factor * (total - term + sign * part)) for sign in (1, -1)]
        return sympy.Max(*sides), sympy.Min(*sides)
    return ()


def _number_times_sum(e: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """A number and the sum that it multiplies, if that is all there is."""
    if e.is_Mul and len(e.args) == 2 and e.args[0].is_Number and e.args[1].is_Add:
        return e.args[0], e.args[1]
    return sympy.S.One, e


def _scaled(product: sympy.Expr, extreme: sympy.Expr) -> Sequence[sympy.Expr]:
    """c*max(a, b) = max(c*a, c*b), or min where c is negative."""
    sides = [sympy.expand_mul(product / extreme * side) for side in extreme.args]
    return sympy.Max(*sides), sympy.Min(*sides)


def completed_square(e: sympy.Expr) -> sympy.Expr | None:
    """p*a**2 + q*a*b + r*b**2 = p*(a + q/(2*p)*b)**2 where q**2 = 4*p*r; b may be 1."""
    if not e.is_Add or not 3 <= len(e.args) <= 16:
        return None
    terms = list(e.args)
    squares: list[tuple[sympy.Expr, sympy.Expr, sympy.Expr]] = []
    for term in terms:
        factor, rest = _numeric_factor(term)
        powers = [f.as_base_exp() for f in sympy.Mul.make_args(rest)]
        if all(n.is_Integer and n % 2 == 0 for _, n in powers) or rest == 1:
            squares.append((term, factor, sympy.Mul(*(u ** (n / 2) for u, n in powers))))
    squares.sort(key=lambda square: square[2] == 1)  # the number is b
    for (s, p, a), (t, r, b) in combinations(squares, 2):
        for cross in terms:
            q, rest = _numeric_factor(cross)
            if cross not in (s, t) and rest == a * b and _equal(q**2, 4 * p * r):
                return sympy.Add(
                    *(u for u in terms if u not in (s, t, cross)), p * (a + q / (2 * p) * b) ** 2
                )
    return None


def _numeric_factor(term: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    if term.is_number:
        return term, sympy.S.One
    return term.as_independent(*term.free_symbols, as_Add=False)


def _equal(left: sympy.Expr, right: sympy.Expr) -> bool:
    if left.has(sympy.Float) or right.has(sympy.Float):
        return bool(abs(left - right) <= _ROUNDING * abs(right))
    return sympy.expand(left - right) == 0
