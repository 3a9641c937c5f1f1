"""Description length: what a formula leaves over, its constants and its form, in bits."""

from functools import lru_cache

import numpy as np
import sympy

from kansym.shared.row_errors import RowErrors
from kansym.symbolic.formulas.complexity import complexity_of_form
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.measurements.formula_fit import FormulaFit
from kansym.symbolic.measurements.printed_digits import rounding_steps

__all__ = ["constants_bits", "description_length", "form_bits"]

_SHARE = 0.3
"""What a bit of the form counts beside one of the data."""
_CURVE_CONSTANTS = 12
"""Constants that a tabulated curve stands for."""
_EXPONENT_BITS, _LARGEST_EXPONENT, _LARGEST_DENOMINATOR = 5.0, 8, 4
"""What a measured exponent costs beside another constant: those of laws are plain fractions, of
this size and of such denominators at most; others count as measured, however exact they look."""
_NONLINEAR_BITS = 1.5
"""What a constant costs more that the formula is not straight in: such forms are less usual."""
_FLOOR, _COMPUTED = 1e-11, 1e-3
"""Residual over the spread of y below which rows say nothing more, and over the rounding of the
printed values below which these are exact ones."""


def description_length(fit: FormulaFit, y: np.ndarray, errors: RowErrors | None = None) -> float:
    """Bits of the residual, of the constants and of the form.

    n/2 log2(chi2/n), or chi2/(2 ln 2) if the errors of the rows are known, chi2 at least what the
    rounding of the printed values leaves; half a logarithm of the number of rows for each constant
    (Schwarz, Rissanen), or what Akaike's criterion corrected for few rows asks if that is more; and
    a share of the bits of the form. A formula with as many constants as rows describes nothing.
    """
    n, k = fit.rows, len(fit.free) + _CURVE_CONSTANTS * len(fit.formula.curves)
    k += _odd_powers(fit.formula)
    if k >= n and n > 1:
        return float("inf")
    if fit.absolute:
        data = fit.chi2 / (2 * np.log(2))
    else:
        weight = np.ones(n) if errors is None else errors.inverse**2
        spread = float(np.sum(weight * (y - weight @ y / weight.sum()) ** 2)) or 1.0
        left = float(np.sum(weight * fit.residuals**2)) / spread
        rounding = float(np.sum(weight * rounding_steps(y) ** 2)) / 12 / spread * (1 - k / n)
        # What lies far below the last digit was computed, and its digits are all there.
        least = rounding if left > _COMPUTED**2 * rounding else _FLOOR**2
        data = n / 2 * np.log2(max(left, least))
    # A variance that is not known is one more number that the rows determine.
    return float(data + constants_bits(k + (not fit.absolute), n) + form_bits(fit))


def form_bits(fit: FormulaFit) -> float:
    """What the form of a law counts beside its constants and what it leaves over."""
    formula = fit.formula
    form = complexity_of_form(formula.template, formula.inputs)
    symbols = sum(power.exp.is_Symbol for power in formula.template.atoms(sympy.Pow))
    bits = _SHARE * max(form, 0.0) + _EXPONENT_BITS * (symbols + _odd_powers(formula))
    return bits + _NONLINEAR_BITS * sum(_is_nonlinear(formula.template, name) for name in fit.free)


def _odd_powers(formula: Formula) -> int:
    """How many exponents count as measured, however exact they look."""
    powers = [power.exp for power in formula.template.atoms(sympy.Pow)]
    return sum(power.is_Rational and not _is_plain(power) for power in powers)


def _is_plain(exponent: sympy.Rational) -> bool:
    return abs(exponent) <= _LARGEST_EXPONENT and exponent.q <= _LARGEST_DENOMINATOR


@lru_cache(maxsize=4096)
def _is_nonlinear(template: sympy.Expr, name: str) -> bool:
    """Whether a formula is not straight in a constant."""
    return _degree(template, sympy.Symbol(name)) > 1


def _degree(part: sympy.Expr, symbol: sympy.Symbol) -> int:
    """The degree of a formula in a constant as it is written; within a function it is no line."""
    if part == symbol:
        return 1
    if not part.has(symbol):
        return 0
    degrees = [_degree(each, symbol) for each in part.args]
    return max(degrees) if part.is_Add else sum(degrees) if part.is_Mul else 2


def constants_bits(constants: int, rows: int) -> float:
    """Bits of constants that rows determine: Schwarz' for many rows, Akaike's corrected for few."""
    few = constants * rows / max(rows - constants - 1, 0.5) / np.log(2)
    return float(max(constants / 2 * np.log2(rows), few))
