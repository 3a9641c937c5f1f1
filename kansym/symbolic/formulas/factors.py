"""Rewrites of products and sums: signs, and common factors drawn in and out of sums and roots."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import sympy

__all__ = [
    "content_drawn_out",
    "factors_drawn_in",
    "one_number",
    "partly_factored",
    "powers_together",
    "signs_drawn",
]

_MOST = 8
"""Terms of a sum, and factors of a product, that are looked at one by one."""


def signs_drawn(e: sympy.Expr) -> sympy.Expr | None:
    """-a/(v - u) = a/(u - v): sums with few minus signs, and none before the product."""
    if not e.is_Mul:
        return None
    sign, factors, even = 1, [], None
    for factor in e.args:
        base, exponent = factor.as_base_exp()
        if factor.is_Number and factor.is_negative:
            sign, factor = -sign, -factor
        elif base.is_Add and exponent.is_Integer and exponent % 2:
            balance = sum(-1 if t.could_extract_minus_sign() else 1 for t in base.args)
            if balance < 0:
                sign, factor = -sign, _negated(base) ** exponent
            elif balance == 0:
                even = len(factors) if even is None else even
        factors.append(factor)
    if sign < 0 and even is not None:
        base, exponent = factors[even].as_base_exp()
        sign, factors[even] = 1, _negated(base) ** exponent
    return sign * sympy.Mul(*factors)


def _negated(total: sympy.Expr) -> sympy.Expr:
    return sympy.Add(*(-term for term in total.args))


def content_drawn_out(e: sympy.Expr) -> sympy.Expr | None:
    """a*u/c + a*v/d = a*(d*u + c*v)/(c*d), in every sum that is a factor or stands under a root."""
    found, factors = False, []
    for factor in sympy.Mul.make_args(e):
        base, exponent = factor.as_base_exp()
        if base.is_Add and exponent.is_Rational and len(base.args) <= 2 * _MOST:
            number, powers, rest = _content(base)
            if powers or number != 1:
                found = True
                factors += [b ** (n * exponent) for b, n in powers.items()]
                factors += [number**exponent, rest**exponent]
                continue
        factors.append(factor)
    return sympy.Mul(*factors) if found else None


def _content(
    total: sympy.Expr,
) -> tuple[sympy.Expr, dict[sympy.Expr, sympy.Expr], sympy.Expr]:
    """A rational number, the lowest power of every base, and what is left of the sum."""
    number, total = total.primitive()
    terms = [_powers(term) for term in sympy.Add.make_args(total)]
    bases = dict.fromkeys(base for term in terms for base in term)
    least = {base: min(term.get(base, sympy.S.Zero) for term in terms) for base in bases}
    least = {base: power for base, power in least.items() if power != 0}
    inverse = sympy.Mul(*(base**-power for base, power in least.items()))
    rest = sympy.Add(*(term * inverse for term in sympy.Add.make_args(total)))
    return number, least, rest


def _powers(term: sympy.Expr) -> dict[sympy.Expr, sympy.Expr]:
    """Bases with their rational exponents; other powers count as bases of their own."""
    powers: dict[sympy.Expr, sympy.Expr] = {}
    for factor in sympy.Mul.make_args(term):
        base, exponent = factor.as_base_exp()
        if factor.is_number:
            continue
        if isinstance(factor, sympy.exp) or not exponent.is_Rational:
            base, exponent = factor, sympy.S.One
        powers[base] = powers.get(base, sympy.S.Zero) + exponent
    return powers


def factors_drawn_in(e: sympy.Expr) -> Sequence[sympy.Expr]:
    """a*c/(a - b) = c/(1 - b/a), a*sqrt(1 + b/a**2) = sqrt(a**2 + b), a*b/(a + b) = 1/(1/a + 1/b).

    Only where a term becomes a number, a fraction within the sum goes, or a numerator becomes 1.
    """
    if not e.is_Mul or len(e.args) > _MOST:
        return ()
    found = []
    for total in e.args:
        base, power = total.as_base_exp()
        if not (base.is_Add and power.is_Rational and len(base.args) <= _MOST):
            continue
        others = [factor for factor in e.args if factor != total]
        for factors in [[factor] for factor in others] + _numerator(others, base, power):
            divisors = [_root(factor, power) for factor in factors]
            if None in divisors:
                continue
            inner = sympy.Add(*(sympy.Mul(term, *divisors) for term in base.args))
            if len(factors) > 1 or _plain(base, inner, factors[0]):
                kept = [f for f in others if f not in factors]
                found.append(sympy.Mul(*kept, inner**power))
    return found


def _numerator(
    factors: list[sympy.Expr], total: sympy.Expr, power: sympy.Expr
) -> list[list[sympy.Expr]]:
    """All names above a sum, if there are several."""
    names = [f for f in factors if f.is_Symbol or (f.is_Pow and f.exp.is_Integer and f.exp > 0)]
    usual = power == -1 and len(names) > 1 and not any(term.is_number for term in total.args)
    return [names] if usual else []


def _root(factor: sympy.Expr, power: sympy.Expr) -> sympy.Expr | None:
    """factor**(1/power), where that is a whole power."""
    if factor.is_number or factor.is_Add:
        return None
    if isinstance(factor, sympy.exp):
        return sympy.exp(factor.args[0] / power)
    base, exponent = factor.as_base_exp()
    whole = (exponent / power).is_Integer or abs(power) == 1
    return base ** (exponent / power) if whole and not base.is_Add else None


def _plain(total: sympy.Expr, inner: sympy.Expr, factor: sympy.Expr) -> bool:
    """Whether a sum reads better with a factor drawn into it."""
    terms = sympy.Add.make_args(inner)
    if any(term.is_number for term in terms) and not any(term.is_number for term in total.args):
        # x/(K + x) reads better than 1/(1 + K/x).
        saturating = factor.is_Symbol and factor in total.args
        return not saturating or any(term.could_extract_minus_sign() for term in total.args)
    if isinstance(factor, sympy.exp):
        return True
    base = factor.as_base_exp()[0]
    before, after = (
        sum(bool(_powers(term).get(base, 0) < 0) for term in sympy.Add.make_args(side))
        for side in (total, inner)
    )
    return after == 0 < before


def partly_factored(e: sympy.Expr) -> Sequence[sympy.Expr]:
    """a*x + a*y + b = a*(x + y) + b, unless a stays within, as in Horner's form."""
    if not e.is_Add or not 3 <= len(e.args) <= 2 * _MOST:
        return ()
    terms = {term: _powers(term) for term in e.args}
    shared = Counter(pair for powers in terms.values() for pair in powers.items())
    found = []
    for (base, power), count in shared.most_common(_MOST):
        if not 1 < count < len(terms):
            continue
        inside = [term for term, powers in terms.items() if powers.get(base) == power]
        outside = [term for term in e.args if term not in inside]
        if any(base in terms[term] for term in outside):
            continue
        total = sympy.Add(*(term / base**power for term in inside))
        number, powers, rest = _content(total) if total.is_Add else (sympy.S.One, {}, total)
        common = sympy.Mul(base**power, *(b**n for b, n in powers.items()))
        found += [sympy.Add(*outside, common * (number * rest))]
        found += [sympy.Add(*outside, number * common * rest)]
    return found


def powers_together(e: sympy.Expr) -> sympy.Expr | None:
    """exp(u)*exp(v) = exp(u + v), sqrt(a)/sqrt(b) = sqrt(a/b), x**n*y**n = (x*y)**n."""
    if not e.is_Mul:
        return None
    groups: dict[sympy.Expr, list[sympy.Expr]] = defaultdict(list)
    arguments, rest = [], []
    for factor in e.args:
        base, exponent = factor.as_base_exp()
        if isinstance(factor, sympy.exp):
            arguments.append(factor.args[0])
        elif exponent.is_Integer or factor.is_number:
            rest.append(factor)
        elif exponent.could_extract_minus_sign():
            groups[-exponent].append(1 / base)
        else:
            groups[exponent].append(base)
    if len(arguments) < 2 and not any(len(bases) > 1 for bases in groups.values()):
        return None
    powers = (sympy.Mul(*bases) ** exponent for exponent, bases in groups.items())
    return sympy.Mul(*rest, sympy.exp(sympy.Add(*arguments)), *powers)


def one_number(e: sympy.Expr) -> sympy.Expr | None:
    """14.4*sqrt(14)/14 as one number: what is known to some digits only swallows the exact."""
    numbers = [factor for factor in e.args if factor.is_number] if e.is_Mul else []
    if len(numbers) < 2 or not any(number.is_Float for number in numbers):
        return None
    others = [factor for factor in e.args if not factor.is_number]
    return sympy.Mul(sympy.Float(sympy.Mul(*numbers).evalf(15), 15), *others)
