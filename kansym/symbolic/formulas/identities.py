"""Identities that formulas read from networks need, each a small function.

A rewrite takes an expression and gives one of the same value, several of which one may have it,
or None where it has nothing to say. They may assume that arguments of logarithms and of fractional
powers are positive: whoever applies them checks the value on sample points.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import sympy

from kansym.symbolic.formulas.absolute_values import (
    completed_square,
    even_of_negative,
    extreme_of_two,
    root_of_square,
)
from kansym.symbolic.formulas.angles import (
    angle_sum,
    hyperbolic_sum,
    multiple_angle,
    quotient_as_tanh,
    sigmoid_as_tanh,
    squares_swapped,
    tangent_identities,
    tanh_of_exponentials,
)
from kansym.symbolic.formulas.factors import (
    content_drawn_out,
    factors_drawn_in,
    one_number,
    partly_factored,
    powers_together,
    signs_drawn,
)

__all__ = ["ALGEBRA", "FOLLOWERS", "OPENING", "REWRITES", "Rewrite"]

Rewrite = Callable[[sympy.Expr], sympy.Expr | Sequence[sympy.Expr] | None]

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
    """a*log(u) + 2*a*log(v) = a*log(u*v**2)."""
    groups: dict[sympy.Expr, list[sympy.Expr]] = defaultdict(list)
    rest = []
    for term in e.args if e.is_Add else ():
        logs = [f for f in sympy.Mul.make_args(term) if isinstance(f, sympy.log)]
        if len(logs) == 1:
            number, factor = (term / logs[0]).as_coeff_Mul(rational=True)
            groups[factor].append(logs[0].args[0] ** number)
        else:
            rest.append(term)
    if not any(len(group) > 1 for group in groups.values()):
        return None
    return sympy.Add(*rest, *(a * sympy.log(sympy.Mul(*us)) for a, us in groups.items()))


def power_in_logarithm(e: sympy.Expr) -> sympy.Expr | None:
    """log(u**a) = a*log(u)."""
    if isinstance(e, sympy.log) and e.args[0].is_Pow:
        return e.args[0].exp * sympy.log(e.args[0].base)
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


def common_factor(e: sympy.Expr) -> sympy.Expr | None:
    """a*u + a*v = a*(u + v)."""
    return sympy.factor_terms(e) if e.is_Add else None


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


def powers_apart(e: sympy.Expr) -> sympy.Expr | None:
    """(u*v)**a = u**a * v**a, (u**a)**b = u**(a*b)."""
    if not e.is_Pow:
        return None
    if isinstance(e.base, sympy.exp):
        return sympy.exp(e.base.args[0] * e.exp)
    if not (e.base.is_Mul or e.base.is_Pow):
        return None
    factors, inside = [], []
    for factor in sympy.Mul.make_args(e.base):
        base, exponent = factor.as_base_exp()
        if factor.is_negative:
            inside.append(factor)
        else:
            factors.append(base ** (exponent * e.exp))
    return sympy.Mul(*factors, sympy.Mul(*inside) ** e.exp)


REWRITES: tuple[Rewrite, ...] = (
    logarithms_in_exponent,
    exponential_in_logarithm,
    power_in_logarithm,
    sum_of_artanh,
    sum_of_arctan,
    one_number,
    powers_together,
    powers_apart,
    root_of_square,
    signs_drawn,
    even_of_negative,
    extreme_of_two,
    common_factor,
    partly_factored,
    content_drawn_out,
    factors_drawn_in,
    completed_square,
    sum_of_logarithms,
    angle_sum,
    multiple_angle,
    squares_swapped,
    hyperbolic_sum,
    tanh_of_exponentials,
    sigmoid_as_tanh,
)
"""The quick rewrites."""

ALGEBRA: tuple[Rewrite, ...] = (
    expanded,
    factored,
    one_fraction,
    expanded_numerator,
    tangent_identities,
    quotient_as_tanh,
)
"""Those that take much longer."""

OPENING: tuple[Rewrite, ...] = (logarithms_in_exponent,)
"""Rewrites that see more before their arguments have been rewritten."""

FOLLOWERS: Mapping[Rewrite, tuple[Rewrite, ...]] = {
    expanded: (common_factor, completed_square, powers_together, partly_factored),
    exponential_in_logarithm: (common_factor,),
    powers_apart: (powers_together,),
    one_fraction: (expanded_numerator,),
    logarithms_in_exponent: (powers_apart, powers_together),
    squares_swapped: (common_factor,),
    multiple_angle: (common_factor,),
}
"""Second rewrites, for the pairs that pay only together."""
