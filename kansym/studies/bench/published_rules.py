"""Rules by which others count a formula as found, each as published; nothing is refitted."""

import ast
import math
from collections.abc import Callable

import numpy as np
import sympy

from kansym.shared.errors import InputError
from kansym.studies.bench.rows import DrawnRows
from kansym.symbolic.formulas.equivalence import equivalent
from kansym.symbolic.formulas.simplification import simplify

__all__ = ["strictly_found"]

_SECONDS = 4.0
_LEAST_R2 = 0.5  # below it SRBench does not look at a model
_LARGEST_ERROR = 1e-8  # relative, on every test row of FastSRB
_LONGER = 1.2  # than the reference, over which FastSRB accepts no spelling


def strictly_found(
    rule: str,
    formula: sympy.Expr,
    truth: sympy.Expr,
    rows: DrawnRows,
    predicted: np.ndarray,
    r2: float | None,
) -> bool:
    """The verdict of a published rule; what algebra cannot decide does not count.

    Parameters
    ----------
    rule : ``srbench`` or ``srsd``: difference or ratio is constant after rounding; ``fastsrb``:
        the same value on every row, from about as many operations.
    predicted, r2 : the formula on unused rows, and how good it is there.
    """
    if rule == "fastsrb":
        error = np.abs(predicted - rows.y_unused)
        if not (error <= _LARGEST_ERROR * np.abs(rows.y_unused)).all():
            return False
        reference = simplify(truth, ranges=rows.ranges, seconds=_SECONDS)
        return _size(formula) <= _LONGER * max(_size(truth), _size(reference))
    if rule == "srbench" and not (r2 is not None and r2 > _LEAST_R2):
        return False
    left, right = (_rounded(each, _ROUNDING[rule]) for each in (formula, truth))
    used = {symbol.name for symbol in left.free_symbols | right.free_symbols}  # pyright: ignore
    ranges = {name: ends for name, ends in rows.ranges.items() if name in used}
    try:
        return equivalent(left, right, ranges=ranges, seconds=_SECONDS).symbolic is True
    except InputError:
        return False


def _three_digits(value: float) -> float:
    return float(f"{value:.3g}")


_ROUNDING: dict[str, Callable[[float], float]] = {
    "srbench": lambda value: 0.0 if abs(value) < 1e-4 else _three_digits(round(value, 3)),
    "srsd": _three_digits,
}


def _rounded(expression: sympy.Expr, rounding: Callable[[float], float]) -> sympy.Expr:
    """With all numbers computed, then rounded."""
    numeric = expression.evalf()
    floats = (number for number in numeric.atoms(sympy.Float) if math.isfinite(number))  # pyright: ignore
    return numeric.xreplace({n: sympy.Rational(repr(rounding(float(n)))) for n in floats})  # pyright: ignore


def _size(expression: sympy.Expr) -> int:
    """Operations and operands, as one writes them; a constant counts one."""
    tree = ast.parse(sympy.sstr(expression.evalf(5)), mode="eval")
    counted = (ast.BinOp, ast.Name, ast.Constant)
    return sum(isinstance(node, counted) for node in ast.walk(tree))
