"""Identities that formulas read from networks need, each a small function.

A rewrite takes an expression and gives one of the same value, or None where it has nothing to
say. They may assume that arguments of logarithms and of fractional powers are positive: whoever
applies them checks the value on sample points.
"""

from collections.abc import Callable, Mapping
from itertools import combinations

import sympy
from sympy.simplify.fu import TR10i

__all__ = ["FOLLOWERS", "REWRITES", "Rewrite"]

Rewrite = Callable[[sympy.Expr], sympy.Expr | None]

_MANY = 60
_FEW = 24


def logarithms_in_exponent(e: sympy.Expr) -> sympy.Expr | None:
    """exp(a*log(u) + v) = u**a * exp(v)."""
    if not isinstance(e, sympy.exp):
        return None
    outside, inside = [], []
    for term in sympy.Add.make_args(sympy.expand_mul(e.args[0])):
        logs = [f for f in sympy.Mul.make_args(term) if isinstance(f, sympy.log)]
        if len(logs) == 1 and not (term / logs[0]).has(sympy.log):
            outside.append(logs[0].args[0] ** (term / logs[0]))
        else:
            inside.append(term)
    return sympy.Mul(*outside) * sympy.exp(sympy.Add(*inside)) if outside else None


def exponential_in_logarithm(e: sympy.Expr) -> sympy.Expr | None:
    """log(exp(u)*v**a) = u + a*log(v)."""
    if not isinstance(e, sympy.log):
        return None
    if isinstance(e.args[0], sympy.exp):
        return e.args[0].args[0]
    return sympy.expand_log(e, force=True)


def sum_of_logarithms(e: sympy.Expr) -> sympy.Expr | None:
    """a*log(u) + b*log(v) as one logarithm."""
    if e.is_Add and sum(term.has(sympy.log) for term in e.args) > 1:
        return sympy.logcombine(e, force=True)
    return None


def sum_of_artanh(e: sympy.Expr) -> sympy.Expr | None:
    """tanh(m*artanh(u) + n*artanh(v) + w): the addition theorem, as for velocities."""
    return _addition(e, sympy.tanh, sympy.atanh, hyperbolic=True)


def sum_of_arctan(e: sympy.Expr) -> sympy.Expr | None:
    """tan(m*arctan(u) + n*arctan(v) + w): the addition theorem."""
    return _addition(e, sympy.tan, sympy.atan, hyperbolic=False)


def _addition(
    e: sympy.Expr,
    outer: type[sympy.Function],
    inner: type[sympy.Function],
    *,
    hyperbolic: bool,
) -> sympy.Expr | None:
    if not (isinstance(e, outer) and e.has(inner)):
        return None
    total, rest = None, []
    for term in sympy.Add.make_args(sympy.expand_mul(e.args[0])):
        factor, function = term.as_coeff_Mul()
        if isinstance(function, inner) and factor.is_Integer and abs(factor) <= 4:
            sign = 1 if factor > 0 else -1
            for _ in range(abs(int(factor))):
                total = _added(total, sign * function.args[0], hyperbolic)
        else:
            rest.append(term)
    if total is None:
        return None
    if rest:
        total = _added(total, outer(sympy.Add(*rest)), hyperbolic)
    return sympy.cancel(sympy.together(total))


def _added(u: sympy.Expr | None, v: sympy.Expr, hyperbolic: bool) -> sympy.Expr:
    if u is None:
        return v
    return (u + v) / (1 + u * v) if hyperbolic else (u + v) / (1 - u * v)


def quotient_as_tanh(e: sympy.Expr) -> sympy.Expr | None:
    """sinh(u)/cosh(u) = tanh(u), cosh(u)**2 - sinh(u)**2 = 1."""
    if not (e.is_Add or e.is_Mul) or e.count_ops() > _FEW:
        return None
    angles = [{f.args[0] for f in e.atoms(kind)} for kind in (sympy.sinh, sympy.cosh, sympy.tanh)]
    shared = angles[0] & angles[1] or angles[0] & angles[2] or angles[1] & angles[2]
    return sympy.trigsimp(e) if shared else None


def angle_sum(e: sympy.Expr) -> sympy.Expr | None:
    """sin(a)*cos(b) + cos(a)*sin(b) = sin(a + b), and its kin."""
    products = [t for t in e.args if len(t.atoms(sympy.sin, sympy.cos)) > 1] if e.is_Add else []
    if len(products) < 2 or e.count_ops() > _MANY:
        return None
    return TR10i(e)


def squares_of_sine(e: sympy.Expr) -> sympy.Expr | None:
    """sin(u)**2 + cos(u)**2 = 1, double angles."""
    if not (e.is_Add or e.is_Mul) or e.count_ops() > _FEW:
        return None
    angles = [{f.args[0] for f in e.atoms(kind)} for kind in (sympy.sin, sympy.cos, sympy.tan)]
    shared = angles[0] & angles[1] or angles[0] & angles[2] or angles[1] & angles[2]
    squared = any(p.exp == 2 and isinstance(p.base, sympy.sin) for p in e.atoms(sympy.Pow))
    return sympy.trigsimp(e) if shared or (squared and e.is_Add) else None


def completed_square(e: sympy.Expr) -> sympy.Expr | None:
    """p*a**2 + q*a*b + r*b**2 = p*(a + q/(2*p)*b)**2 where q**2 = 4*p*r."""
    if not e.is_Add or not 3 <= len(e.args) <= 16:
        return None
    terms = list(e.args)
    squares: list[tuple[sympy.Expr, sympy.Expr, sympy.Expr]] = []
    for term in terms:
        factor, rest = _numeric_factor(term)
        powers = [f.as_base_exp() for f in sympy.Mul.make_args(rest)]
        if rest != 1 and all(n.is_Integer and n % 2 == 0 for _, n in powers):
            squares.append((term, factor, sympy.Mul(*(u ** (n / 2) for u, n in powers))))
    for (s, p, a), (t, r, b) in combinations(squares, 2):
        for cross in terms:
            q, rest = _numeric_factor(cross)
            if cross not in (s, t) and rest == a * b and sympy.expand(q**2 - 4 * p * r) == 0:
                return sympy.Add(
                    *(u for u in terms if u not in (s, t, cross)), p * (a + q / (2 * p) * b) ** 2
                )
    return None


def _numeric_factor(term: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    return term.as_independent(*term.free_symbols, as_Add=False)


def common_factor(e: sympy.Expr) -> sympy.Expr | None:
    """a*u + a*v = a*(u + v)."""
    return sympy.factor_terms(e) if e.is_Add or e.is_Mul else None


def factored(e: sympy.Expr) -> sympy.Expr | None:
    """A polynomial or a quotient of polynomials in factors."""
    small = (e.is_Add or e.is_Mul) and e.count_ops() <= _FEW
    return sympy.factor(e) if small and _few_generators(e) else None


def _few_generators(e: sympy.Expr) -> bool:
    """Whether factoring is quick: rational, in few symbols, with exact coefficients."""
    symbols = e.free_symbols
    return len(symbols) <= 4 and not e.has(sympy.Float) and bool(e.is_rational_function(*symbols))


def expanded(e: sympy.Expr) -> sympy.Expr | None:
    """Products and powers of sums multiplied out, where few terms come of it."""
    if not (e.is_Add or e.is_Mul or e.is_Pow) or e.count_ops() > _MANY or _terms(e) > 40:
        return None
    return sympy.expand(e, power_base=False, power_exp=False, log=False, trig=False)


def _terms(e: sympy.Expr) -> int:
    """How many terms expanding would make, at most."""
    if e.is_Add:
        return sum(_terms(part) for part in e.args)
    if e.is_Mul:
        product = 1
        for part in e.args:
            product *= _terms(part)
        return product
    if e.is_Pow and e.exp.is_Integer and e.base.is_Add:
        size = abs(int(e.exp))
        return len(e.base.args) ** size if size <= 6 else 1_000_000
    return 1


def expanded_numerator(e: sympy.Expr) -> sympy.Expr | None:
    """A quotient with numerator and denominator multiplied out, brought to lowest terms."""
    if not (e.is_Add or e.is_Mul) or e.count_ops() > _MANY or e.has(sympy.Float):
        return None
    if e.count_ops() > _FEW / 2 and not _few_generators(e):
        return None
    top, bottom = sympy.together(e).as_numer_denom()
    if bottom == 1 or _terms(top) > 40 or _terms(bottom) > 40:
        return None
    return sympy.cancel(top / bottom)


def one_fraction(e: sympy.Expr) -> sympy.Expr | None:
    """A sum of fractions over one denominator."""
    return sympy.together(e) if e.is_Add and e.count_ops() <= _MANY else None


def powers_together(e: sympy.Expr) -> sympy.Expr | None:
    """exp(u)*exp(v) = exp(u + v), sqrt(u)*sqrt(v) = sqrt(u*v)."""
    return sympy.powsimp(e, force=True) if e.is_Mul or e.is_Pow else None


def powers_apart(e: sympy.Expr) -> sympy.Expr | None:
    """(u*v)**a = u**a * v**a, (u**a)**b = u**(a*b)."""
    if not e.is_Pow:
        return None
    return sympy.powdenest(sympy.expand_power_base(e, force=True), force=True)


def root_of_square(e: sympy.Expr) -> sympy.Expr | None:
    """Products under a root taken apart, perfect squares drawn out."""
    fractional = e.is_Pow and e.exp.is_Rational and not e.exp.is_Integer
    if fractional and e.base.count_ops() <= _FEW and _few_generators(e.base):
        return sympy.powdenest(sympy.factor(e.base) ** e.exp, force=True)
    return None


def sigmoid_as_tanh(e: sympy.Expr) -> sympy.Expr | None:
    """a*tanh(u) + a = 2*a/(1 + exp(-2*u)), which names fewer things."""
    if not e.is_Add or len(e.args) != 2:
        return None
    for one, other in (e.args, e.args[::-1]):
        factor, function = other.as_coeff_Mul()
        if isinstance(function, sympy.tanh) and (factor == one or factor == -one):
            sign = 1 if factor == one else -1
            return 2 * one / (1 + sympy.exp(-2 * sign * function.args[0]))
    return None


def negated_difference(e: sympy.Expr) -> sympy.Expr | None:
    """-(u - v) = v - u."""
    if e.is_Mul and e.args[0].is_Number and len(e.args) == 2 and e.args[1].is_Add:
        return sympy.Add(*(e.args[0] * term for term in e.args[1].args))
    return None


def even_of_negative(e: sympy.Expr) -> sympy.Expr | None:
    """(v - u)**2 and |v - u| with the sign that reads better."""
    even = isinstance(e, sympy.Abs | sympy.cos | sympy.cosh)
    if even and e.args[0].is_Add:
        return e.func(sympy.Add(*(-t for t in e.args[0].args)))
    if e.is_Pow and e.base.is_Add and e.exp.is_Integer and e.exp % 2 == 0:
        return sympy.Add(*(-t for t in e.base.args)) ** e.exp
    return None


def sign_into_sum(e: sympy.Expr) -> sympy.Expr | None:
    """-w*(u - v) = w*(v - u)."""
    if not (e.is_Mul and e.args[0].is_Number and e.args[0].is_negative):
        return None
    for factor in e.args:
        if factor.is_Add and str(factor).startswith("-"):
            rest = [f for f in e.args[1:] if f != factor]
            return sympy.Mul(-e.args[0], *rest, sympy.Add(*(-t for t in factor.args)))
    return None


REWRITES: tuple[Rewrite, ...] = (
    logarithms_in_exponent,
    exponential_in_logarithm,
    sum_of_artanh,
    sum_of_arctan,
    powers_together,
    powers_apart,
    root_of_square,
    negated_difference,
    sign_into_sum,
    even_of_negative,
    common_factor,
    completed_square,
    expanded,
    factored,
    one_fraction,
    expanded_numerator,
    sum_of_logarithms,
    angle_sum,
    squares_of_sine,
    quotient_as_tanh,
    sigmoid_as_tanh,
)
"""The rewrites, the cheap and telling ones first."""

FOLLOWERS: Mapping[Rewrite, tuple[Rewrite, ...]] = {
    expanded: (common_factor, completed_square, powers_together),
    exponential_in_logarithm: (common_factor,),
    powers_apart: (powers_together,),
    one_fraction: (expanded_numerator,),
    logarithms_in_exponent: (powers_apart, powers_together),
}
"""Second rewrites, for the pairs that pay only together."""
