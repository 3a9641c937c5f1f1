"""Dictionaries of plain terms that sums are made of."""

from dataclasses import dataclass, replace

import numpy as np
import sympy
from jaxtyping import Float

from kansym.symbolic.laws.columns import Quantities, exponents_up_to, monomial
from kansym.symbolic.laws.function_columns import functions_of_one

__all__ = ["Terms", "plain_terms", "terms_of_real_powers"]

_SHORTEST = 2.0
"""Bits of the plainest term; a longer term must explain as much more."""
_POWER, _NEGATIVE, _FUNCTION = 3.0, 2.0, 7.0
"""Bits of a power, of one below the line, and of a function."""
_FRACTION, _SUM = 3.0, 5.0
"""Bits of a power that is a fraction, and of a sum or difference of two inputs."""
_BESIDE, _ALONE = 2, 5
"""Largest total power of terms of two quantities, and of one."""


@dataclass(frozen=True, eq=False)
class Terms:
    """Columns that a sum may be made of, and how long each is to write down.

    Attributes
    ----------
    values : shape (rows, terms), each in its unit.
    bits : shape (terms,).
    units : what the values were divided by, shape (terms,).
    factors, exponents : what each column is the product of.
    """

    values: Float[np.ndarray, "rows terms"]
    bits: Float[np.ndarray, " terms"]
    units: Float[np.ndarray, " terms"]
    factors: tuple[sympy.Expr, ...]
    exponents: np.ndarray

    def expr(self, term: int) -> sympy.Expr:
        """One of them as an expression."""
        return monomial(self.factors, self.exponents[term])

    def weighted(self, weight: Float[np.ndarray, " rows"]) -> "Terms":
        """Each row times a weight."""
        return replace(self, values=self.values * weight[:, None])


def plain_terms(inputs: Quantities, degree: int, lowest: int, functions: bool) -> Terms:
    """Monomials of exponents from lowest to degree, and products of short ones with a function."""
    n = len(inputs)
    base = exponents_up_to(n, degree)
    signs = [np.array(s) for s in np.ndindex(*([2] * n))] if lowest < 0 else [np.zeros(n, int)]
    powers = np.unique(np.vstack([np.where(s, -base, base) for s in signs]), axis=0)
    powers = powers[powers.min(axis=1, initial=0) >= lowest]
    whole, exponents = inputs, powers
    if functions:
        for group in functions_of_one(inputs):
            for k, _ in enumerate(group.quantities.exprs):
                one = group.quantities.take([k])
                whole = whole.with_more(one)
                exponents = np.pad(exponents, ((0, 0), (0, 1)))
                short = powers[np.abs(powers).sum(axis=1) <= min(2, degree)]
                new = np.pad(short, ((0, 0), (0, exponents.shape[1] - short.shape[1])))
                new[:, -1] = 1
                exponents = np.vstack([exponents, new])
    sizes = whole.sizes()
    values = Quantities(whole.values / sizes, whole.exprs).columns(exponents)
    kept = np.isfinite(values).all(axis=0) & (np.ptp(values, axis=0) > 0)
    kept |= (exponents == 0).all(axis=1)
    bits = _SHORTEST + _POWER * np.abs(exponents[:, :n]).sum(axis=1)
    bits += _NEGATIVE * (exponents[:, :n] < 0).sum(axis=1)
    bits += _FUNCTION * (exponents[:, n:] != 0).sum(axis=1)
    units = np.prod(sizes**exponents, axis=1)
    return Terms(
        values[:, kept], bits[kept].astype(float), units[kept], whole.exprs, exponents[kept]
    )


def terms_of_real_powers(inputs: Quantities) -> list[Terms]:
    """Halves and thirds as powers: of one input, or of one of two and of their sum beside others.

    Each dictionary has the powers of one base, times whole powers of the other input; beside a sum
    of both inputs stand one of them and their difference.
    """
    values, exprs = inputs.values, inputs.exprs
    if len(inputs) > 2 or values.min() <= 0:
        return []
    bases = [(inputs, 0.0)]
    if len(inputs) == 2:
        total = Quantities(values.sum(axis=1)[:, None], (exprs[0] + exprs[1],))
        apart = Quantities((values[:, 0] - values[:, 1])[:, None], (exprs[0] - exprs[1],))
        whole = total.with_more(inputs.take([0])).with_more(apart)
        bases += [(inputs.take([1, 0]), 0.0), (whole, _SUM)]
    return [_of_real_powers(*base, parts) for base in bases for parts in (2, 3)]


def _of_real_powers(quantities: Quantities, burden: float, parts: int) -> Terms:
    """Powers of the first quantity in steps of a part of one, times whole powers of the others."""
    beside = len(quantities) - 1
    highest = _BESIDE if beside else _ALONE
    real = np.arange(-_BESIDE * parts, highest * parts + 1) / parts
    others = exponents_up_to(beside, _BESIDE)
    exponents = np.column_stack([np.tile(real, len(others)), np.repeat(others, len(real), axis=0)])
    exponents = exponents[np.abs(exponents.sum(axis=1)) <= highest]
    sizes = quantities.sizes()
    values = Quantities(quantities.values / sizes, quantities.exprs).columns(exponents)
    kept = np.isfinite(values).all(axis=0) & (np.ptp(values, axis=0) > 0)
    kept |= (exponents == 0).all(axis=1)
    bits = _SHORTEST + _POWER * np.abs(exponents).sum(axis=1)
    bits += _FRACTION * (exponents[:, 0] % 1 != 0) + _NEGATIVE * (exponents[:, 0] < 0)
    bits += burden * ((exponents[:, 0] != 0) + (exponents[:, 2:] != 0).any(axis=1))
    units = np.prod(sizes**exponents, axis=1)
    return Terms(values[:, kept], bits[kept], units[kept], quantities.exprs, exponents[kept])
