"""Exact numbers that a measured constant may stand for.

Integers, halves and small rationals, decimals of few digits, rational multiples of pi, square
roots of small integers and e, each with the bits that it takes to name. There are so many of
these that every wide window holds some: a number that is no fraction and no decimal is recognised
only where chance would seldom put one that is as cheap.
"""

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import sympy

__all__ = ["nearest_exact", "recognised_numbers"]

Entry = tuple[float, float, sympy.Expr]

_LARGEST_INTEGER = 1000
_AT_THE_EDGE = 4.5 / math.log(2)
# Numbers as cheap as the one that is named, expected in the window by chance.
_BY_CHANCE = 0.05
# Of a number that was computed in a few steps, relative to it: no name of the table is that near
# another number by chance.
_ROUNDING = 1e-13
_ANY_NAME = 40.0  # bits
_DOUBLE = 53
_DENOMINATORS = (2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 25)
_EXTRAS: tuple[tuple[sympy.Expr, float], ...] = (
    (sympy.E, 4.0),
    (1 / sympy.E, 6.0),
    (sympy.sqrt(sympy.pi), 5.0),
    (sympy.sqrt(2 * sympy.pi), 6.0),
    (1 / sympy.sqrt(sympy.pi), 6.0),
    (2 / sympy.sqrt(sympy.pi), 7.0),
    (1 / sympy.sqrt(2 * sympy.pi), 7.0),
    (sympy.log(2), 5.0),
)


def _bits(p: int, q: int = 1) -> float:
    return 1.5 * math.log2(1 + p) + (1.5 * math.log2(1 + q) if q > 1 else 0.0)


def _rationals() -> list[tuple[int, int]]:
    whole = [(p, 1) for p in range(1, _LARGEST_INTEGER + 1)]
    parts = [(p, q) for q in _DENOMINATORS for p in range(1, 8 * q) if math.gcd(p, q) == 1]
    return whole + parts


def _decimals() -> list[tuple[float, int]]:
    """Decimals of up to three digits and their number of digits."""
    return [
        (digits, exponent) for exponent in range(-4, 1) for digits in range(1, 1000) if digits % 10
    ]


@cache
def _table() -> tuple[np.ndarray, np.ndarray, tuple[sympy.Expr | tuple[str, int, int], ...]]:
    """Values in increasing order, bits, and how to make each exactly."""
    entries: list[tuple[float, float, Any]] = []
    for p, q in _rationals():
        entries.append((p / q, _bits(p, q), ("rational", p, q)))
        if p <= 12 and q <= 12:
            entries.append((math.pi * p / q, 2 + _bits(p, q), ("pi", p, q)))
            entries.append((p / (q * math.pi), 4.5 + _bits(p, q), ("1/pi", p, q)))
            entries.append((math.pi**2 * p / q, 5 + _bits(p, q), ("pi**2", p, q)))
            entries.append((p / (q * math.pi**2), 7.5 + _bits(p, q), ("1/pi**2", p, q)))
    for digits, exponent in _decimals():
        bits = 3.5 + 3.32 * len(str(digits)) + abs(exponent) / 2
        entries.append((digits * 10.0**exponent, bits, ("decimal", int(digits), exponent)))
    for n in range(2, 31):
        if math.isqrt(n) ** 2 != n and all(n % (k * k) for k in (2, 3, 5)):
            for p, q in ((1, 1), (2, 1), (3, 1), (1, 2), (1, 3), (1, n), (2, n), (1, 2 * n)):
                bits = 3 + _bits(n) + (_bits(p, q) if (p, q) != (1, 1) else 0)
                entries.append((math.sqrt(n) * p / q, bits, ("sqrt", n, (p, q))))
    for number, bits in _EXTRAS:
        entries.append((float(number), bits, number))
    entries.sort(key=lambda entry: entry[0])
    values, bits, makers = zip(*entries, strict=True)
    return np.array(values), np.array(bits), tuple(makers)


def _made(maker: Any) -> sympy.Expr:
    if isinstance(maker, sympy.Expr):
        return maker
    kind, p, q = maker
    match kind:
        case "rational":
            return sympy.Rational(p, q)
        case "pi":
            return sympy.Rational(p, q) * sympy.pi
        case "1/pi":
            return sympy.Rational(p, q) / sympy.pi
        case "pi**2":
            return sympy.Rational(p, q) * sympy.pi**2
        case "1/pi**2":
            return sympy.Rational(p, q) / sympy.pi**2
        case "decimal":
            return sympy.Float(f"{p}e{q}", 15)
        case _:
            return sympy.Rational(*q) * sympy.sqrt(p)


def nearest_exact(
    value: float,
    window: float,
    bits: float,
    extra: Mapping[str, float] | None = None,
    *,
    rational: bool = False,
) -> tuple[sympy.Expr, float] | None:
    """The exact number that is cheapest to name, within a window around a value.

    Parameters
    ----------
    value : the measured constant.
    window : largest distance from it, taken as three standard errors.
    bits : most bits that the name may take, together with those of the distance: 6.5 at the
        edge of the window, as in a normal distribution. Multiples of pi, roots and the like
        must also be rare: by chance, fewer than 0.05 numbers of no more bits lie in the window.
    extra : further named numbers, tried first.
    rational : integers and fractions only, as for exponents.

    Returns
    -------
    The number and its bits, or None.

    Examples
    --------
    >>> nearest_exact(-1.5707963, 1e-6, 12.0)
    (-pi/2, 5.877443751081734)
    >>> nearest_exact(0.7361, 1e-4, 10.0) is None
    True
    >>> nearest_exact(2.506, 0.02, 12.0)[0], nearest_exact(2.50663, 1e-4, 12.0)[0]
    (5/2, sqrt(2)*sqrt(pi))
    """
    for name, number in ({} if rational else extra or {}).items():
        if abs(abs(value) - abs(number)) <= window:
            sign = 1 if value * number > 0 else -1
            return sign * sympy.Symbol(name), 8.0
    values, costs, makers = _table()
    low, high = np.searchsorted(values, [abs(value) - window, abs(value) + window])
    if low == high:
        return None
    distance = np.abs(values[low:high] - abs(value)) / max(window, 1e-300)
    total = costs[low:high] + _AT_THE_EDGE * distance**2
    if rational:
        fractions = [isinstance(m, tuple) and m[0] == "rational" for m in makers[low:high]]
        total = np.where(fractions, total, np.inf)
    chance = _expected_by_chance(abs(value), window, costs[low:high])
    total = np.where(_exotic()[low:high] & (chance >= _BY_CHANCE), np.inf, total)
    best = low + int(np.argmin(total))
    if total[best - low] > bits:
        return None
    return (1 if value >= 0 else -1) * _made(makers[best]), float(costs[best])


def recognised_numbers(expression: sympy.Expr) -> sympy.Expr:
    """The floating-point numbers that are exact ones up to rounding, as those.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> recognised_numbers(6.283185307179586 * x**0.5 + 0.1234567)
    2*pi*sqrt(x) + 0.1234567
    """
    exponents = {p.exp for p in expression.atoms(sympy.Pow) if p.exp.is_Float}
    known = {
        number: found[0]
        for number in expression.atoms(sympy.Float)
        if (found := _same_number(number, number in exponents)) is not None
    }
    return expression.xreplace(known) if known else expression


def _same_number(number: sympy.Float, rational: bool) -> tuple[sympy.Expr, float] | None:
    value = float(number)
    if not math.isfinite(value) or number._prec < _DOUBLE:
        return None
    window = _ROUNDING * abs(value)
    if abs(value) <= _LARGEST_INTEGER and abs(value - round(value)) <= window:
        return sympy.Integer(round(value)), 0.0
    return nearest_exact(value, window, _ANY_NAME, rational=rational)


@cache
def _exotic() -> np.ndarray:
    """Which numbers of the table are neither fractions nor decimals."""
    return np.array(
        [isinstance(m, sympy.Expr) or m[0] not in ("rational", "decimal") for m in _table()[2]]
    )


def _expected_by_chance(value: float, window: float, costs: np.ndarray) -> np.ndarray:
    """How many numbers of at most some costs a window holds, at their density around a value."""
    values, every, _ = _table()
    value = max(value, 1e-300)
    low, high = np.searchsorted(values, [value / 2, value * 2])
    # A number and its other name count once: the cheaper one.
    _, first = np.unique(np.round(values[low:high] / value, 9), return_inverse=True)
    cheapest = np.full(int(first.max(initial=-1)) + 1, np.inf)
    np.minimum.at(cheapest, first, every[low:high])
    count = np.searchsorted(np.sort(cheapest), costs, side="right")
    return np.maximum(count, 1) * 2 * window / (1.5 * value)
