"""Rewrites of trigonometric and hyperbolic functions: sums and multiples of angles, squares."""

from collections import defaultdict
from collections.abc import Sequence

import sympy
from sympy.simplify.fu import TR8, TR10i

__all__ = [
    "angle_sum",
    "hyperbolic_sum",
    "multiple_angle",
    "quotient_as_tanh",
    "sigmoid_as_tanh",
    "squares_swapped",
    "tangent_identities",
    "tanh_of_exponentials",
]

_MANY = 60
_FEW = 24
_ONE_OF_SQUARES = (
    (sympy.sin, sympy.cos, 1, -1),
    (sympy.cos, sympy.sin, 1, -1),
    (sympy.sinh, sympy.cosh, -1, 1),
    (sympy.cosh, sympy.sinh, 1, 1),
)
"""f(u)**2 = a + b*g(u)**2."""


def angle_sum(e: sympy.Expr) -> sympy.Expr | None:
    """sin(a)*cos(b) + cos(a)*sin(b) = sin(a + b), and its kin."""
    products = [t for t in e.args if len(t.atoms(sympy.sin, sympy.cos)) > 1] if e.is_Add else []
    if len(products) < 2 or e.count_ops() > _MANY:
        return None
    return TR10i(e)


def multiple_angle(e: sympy.Expr) -> sympy.Expr | None:
    """3*sin(u) - 4*sin(u)**3 = sin(3*u), 2*sin(u)*cos(u) = sin(2*u)."""
    if not (e.is_Add or e.is_Mul) or e.count_ops() > _MANY:
        return None
    angles: dict[sympy.Expr, set[sympy.Expr]] = defaultdict(set)
    for function in e.atoms(sympy.sin, sympy.cos):
        angles[function.args[0]].add(function)
    powers = e.is_Add and any(
        isinstance(p.base, sympy.sin | sympy.cos) and p.exp.is_Integer and 1 < p.exp <= 6
        for p in e.atoms(sympy.Pow)
    )
    if not powers and not any(len(functions) > 1 for functions in angles.values()):
        return None
    return TR8(sympy.expand(e))


def squares_swapped(e: sympy.Expr) -> Sequence[sympy.Expr]:
    """sin(u)**2 = 1 - cos(u)**2 and its kin, within a sum."""
    if not e.is_Add or e.count_ops() > _MANY:
        return ()
    squares = [p for p in e.atoms(sympy.Pow) if p.exp == 2]
    found = []
    for function, other, a, b in _ONE_OF_SQUARES:
        swapped = {
            p: a + b * other(p.base.args[0]) ** 2 for p in squares if isinstance(p.base, function)
        }
        if swapped:
            found.append(sympy.expand_mul(e.xreplace(swapped)))
    return found


def tangent_identities(e: sympy.Expr) -> sympy.Expr | None:
    """sin(u)/cos(u) = tan(u), and sums with tangents."""
    if not (e.is_Add or e.is_Mul) or e.count_ops() > _FEW:
        return None
    angles = [{f.args[0] for f in e.atoms(kind)} for kind in (sympy.sin, sympy.cos, sympy.tan)]
    inverse = any(p.exp.is_negative for p in e.atoms(sympy.Pow))
    shared = angles[0] & angles[2] or angles[1] & angles[2] or (inverse and angles[0] & angles[1])
    return sympy.trigsimp(e) if shared else None


def quotient_as_tanh(e: sympy.Expr) -> sympy.Expr | None:
    """sinh(u)/cosh(u) = tanh(u)."""
    if not (e.is_Add or e.is_Mul) or e.count_ops() > _FEW:
        return None
    angles = [{f.args[0] for f in e.atoms(kind)} for kind in (sympy.sinh, sympy.cosh, sympy.tanh)]
    shared = angles[0] & angles[1] or angles[0] & angles[2] or angles[1] & angles[2]
    return sympy.trigsimp(e) if shared else None


def hyperbolic_sum(e: sympy.Expr) -> sympy.Expr | None:
    """a*exp(u) + a*exp(-u) = 2*a*cosh(u), and with a minus sign sinh."""
    if not e.is_Add:
        return None
    factors: dict[sympy.Expr, sympy.Expr] = {}
    for term in e.args:
        function = next((f for f in sympy.Mul.make_args(term) if isinstance(f, sympy.exp)), None)
        if function is None:
            continue
        u, factor = function.args[0], term / function
        for sign, kind in ((1, sympy.cosh), (-1, sympy.sinh)):
            if factors.get(-u) == sign * factor:
                rest = e - term - sign * factor * sympy.exp(-u)
                return rest + 2 * factor * kind(u)
        factors[u] = factor
    return None


def tanh_of_exponentials(e: sympy.Expr) -> sympy.Expr | None:
    """(exp(u) - 1)/(exp(u) + 1) = tanh(u/2)."""
    sums = [f.as_base_exp() for f in e.args] if e.is_Mul else []
    above = [base for base, power in sums if power == 1 and base.is_Add]
    below = [base for base, power in sums if power == -1 and base.is_Add]
    for top in above:
        for bottom in below:
            half = (top + bottom) / 2  # exp(u) or 1, up to a sign
            other = (bottom - top) / 2
            if isinstance(half, sympy.exp) and other == 1:
                return e / top * bottom * sympy.tanh(half.args[0] / 2)
            if isinstance(other, sympy.exp) and half == 1:
                return -e / top * bottom * sympy.tanh(other.args[0] / 2)
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
