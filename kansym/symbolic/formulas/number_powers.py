"""Numbers under roots, as they are written on paper.

Sympy keeps 1/sqrt(2*pi) as sqrt(2)/(2*sqrt(pi)) and (3/(2*x))**2.7 as
9*2**(3/10)*3**(7/10)/(8*x**(27/10)), and undoes every other form. What is shown and what is
measured for length is the form on paper.
"""

from collections.abc import Iterator

import sympy

__all__ = ["on_paper"]

_LARGEST = 10**9
"""Integers that are quick to factorise."""
_Exponents = dict[sympy.Expr, sympy.Rational]


def on_paper(product: sympy.Mul) -> Iterator[tuple[sympy.Expr, ...]]:
    """Factors, some of them powers that are not evaluated, whose product is the given one.

    Examples
    --------
    >>> for factors in on_paper(sympy.sqrt(2) * sympy.Symbol("x") / 2):
    ...     print(factors)
    (x, sqrt(1/2))
    (1/2, x, sqrt(2))
    (x, 1/sqrt(2))
    (x, 1/sqrt(2))
    """
    numbers = [factor for factor in product.args if factor.is_number]
    if not any(_fractional(factor) for factor in numbers):
        return
    primes = _prime_exponents(numbers)
    if primes is None:
        return
    rest = [factor for factor in product.args if not factor.is_number]
    fractional = dict.fromkeys(f.as_base_exp()[1] for f in numbers if _fractional(f))
    for power in fractional:
        yield from _gathered(primes, power, rest)
        yield from _gathered(primes, -power, rest)
    for factor in filter(_fractional, rest):
        base, power = factor.as_base_exp()
        if base.is_Pow:
            continue  # |x|/sqrt(2) is plainer than sqrt(x**2/2)
        others = [f for f in rest if f != factor]
        yield from _gathered(primes, power, others, base)


def _fractional(factor: sympy.Expr) -> bool:
    exponent = factor.as_base_exp()[1]
    return factor.is_Pow and exponent.is_Rational and not exponent.is_Integer


def _prime_exponents(numbers: list[sympy.Expr]) -> _Exponents | None:
    """A product of powers of rationals and pi by its primes; None if it has other numbers."""
    primes: _Exponents = {}
    for number in numbers:
        base, exponent = number.as_base_exp()
        if base is sympy.pi and exponent.is_Rational:
            parts = {sympy.pi: 1}
        elif base.is_Rational and exponent.is_Rational and base > 0 and _quick(base):
            parts = {sympy.Integer(p): n for p, n in sympy.factorrat(base).items()}
        else:
            return None
        for prime, times in parts.items():
            primes[prime] = primes.get(prime, sympy.S.Zero) + times * exponent
    return primes


def _quick(number: sympy.Rational) -> bool:
    return max(number.p, number.q) <= _LARGEST


def _gathered(
    primes: _Exponents,
    power: sympy.Rational,
    rest: list[sympy.Expr],
    base: sympy.Expr = sympy.S.One,
) -> Iterator[tuple[sympy.Expr, ...]]:
    """A rational number times (number*base)**power: with all of it inside, or with the least."""
    whole = {p: n / power for p, n in primes.items()}
    least = {p: _residue(n, power) for p, n in primes.items()}
    for inside in (whole, least):
        values = [n for n in inside.values() if n is not None and n.is_Integer]
        if len(values) < len(inside):
            continue
        if power.q == 2 and any(abs(n) > 1 for n in values):
            continue  # 2*sqrt(2) is plainer than sqrt(8)
        outside = sympy.Mul(*(p ** (n - inside[p] * power) for p, n in primes.items()))
        inner = sympy.Mul(base, *(p**n for p, n in inside.items()))
        if inner == base or (not inner.is_Mul and base is not sympy.S.One):
            continue
        factors = () if outside == 1 else (outside,)
        yield (*factors, *rest, sympy.Pow(inner, power, evaluate=False))


def _residue(exponent: sympy.Rational, power: sympy.Rational) -> sympy.Integer | None:
    """The least k >= 0 for which exponent - k*power is whole."""
    if power.q % exponent.q:
        return None
    return sympy.Integer(
        int(exponent * power.q) * pow(int(power.p), -1, int(power.q)) % int(power.q)
    )
