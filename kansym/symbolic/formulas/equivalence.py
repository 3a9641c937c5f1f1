"""Whether two formulas are the same, by algebra and by numbers.

By algebra: the rule of the SRBench benchmark. Constants are rounded to three decimals; the formula
counts as found if its difference from the truth simplifies to a constant, or its ratio to a
constant other than zero. By numbers: both are computed with fifty digits at random points.

References
----------
W. La Cava et al., Contemporary symbolic regression methods and their relative performance,
https://arxiv.org/abs/2107.14351.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import sympy

from kansym.programs.operation import Operation
from kansym.programs.operations import OPERATIONS
from kansym.programs.program import Program, evaluate
from kansym.shared.bounded_time import within
from kansym.shared.errors import InputError
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.formulas.parsing import parse
from kansym.symbolic.formulas.simplification import simplified_by_sympy, simplify
from kansym.symbolic.formulas.sympy_programs import from_sympy

__all__ = ["Equivalence", "equivalent", "mpmath_functions"]

_DIGITS = 50
_DECIMALS = 3  # to which SRBench rounds constants
_SUSPECT = 1e-4
_DEFAULT_RANGE = (0.5, 2.0)
_SHARE_DEFINED = 0.5
_NO_TIME = -1


@dataclass(frozen=True)
class Equivalence:
    """The two verdicts on whether formulas agree.

    Attributes
    ----------
    symbolic : SRBench's rule: True or False, None if algebra came to no end in its time.
    numerical : whether the largest difference is within the tolerance.
    difference : largest difference at the points, relative to the spread of the truth.
    tolerance : the difference that fitted constants may make.
    points : points at which both formulas are defined.
    """

    symbolic: bool | None
    numerical: bool
    difference: float
    tolerance: float
    points: int

    @property
    def recovered(self) -> bool:
        """Whether either check says that the formula is found."""
        return self.symbolic is True or self.numerical

    def __bool__(self) -> bool:
        return self.recovered

    def __str__(self) -> str:
        algebra = {True: "equal by algebra", False: "not equal by algebra", None: "undecided"}
        return (
            f"{algebra[self.symbolic]}; largest relative difference {self.difference:.2g} "
            f"at {self.points} points ({'within' if self.numerical else 'beyond'} "
            f"{self.tolerance:g})"
        )


def equivalent(
    f: Formula | sympy.Expr | str,
    g: Formula | sympy.Expr | str,
    *,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    tolerance: float = 1e-6,
    points: int = 100,
    seconds: float = 10.0,
) -> Equivalence:
    """Compare a found formula with the truth.

    Parameters
    ----------
    f, g : the formula found and the true one.
    ranges : for each variable, the interval in which the two are compared; identities that hold
        only there, such as sqrt(x**2) = x for positive x, count. (0.5, 2) unless given.
    tolerance : largest difference, relative to the spread of g, that counts as numerically equal.
    points : random points for the numerical check.
    seconds : time it may take.

    Raises
    ------
    InputError
        If a formula cannot be read, or both are defined almost nowhere in the ranges.

    Examples
    --------
    >>> verdict = equivalent("exp(log(x) + 2*log(y))", "x*y**2")
    >>> verdict.symbolic, verdict.numerical
    (True, True)
    >>> equivalent("sin(x)", "x").recovered
    False
    """
    deadline = time.monotonic() + seconds
    left, right = _expression(f), _expression(g)
    names = sorted({s.name for s in left.free_symbols | right.free_symbols})
    given = dict(ranges or {})
    sample = _sample(names, given, points)
    # Algebra may end late; the numbers come first and take at most half of the time.
    difference, count = within(
        max(seconds / 2, 0.01), lambda: _difference(left, right, sample), (np.inf, _NO_TIME)
    )
    if 0 <= count < _SHARE_DEFINED * (points if names else 1):
        raise InputError(
            f"The true formula is defined at {count} of {points} points: give ranges in which "
            "it is defined."
        )
    count = max(count, 0)
    symbolic = _symbolic(left, right, sample, deadline)
    return Equivalence(symbolic, bool(difference <= tolerance), difference, tolerance, count)


def _expression(formula: Formula | sympy.Expr | str) -> sympy.Expr:
    if isinstance(formula, Formula):
        return formula.expr
    if isinstance(formula, str):
        return parse(formula)
    if isinstance(formula, sympy.Basic):
        plain = {s: sympy.Symbol(s.name) for s in formula.free_symbols}
        return formula.xreplace(plain)  # pyright: ignore[reportReturnType]
    raise InputError(
        f"A formula is a Formula, a sympy expression or text; {type(formula).__name__} was given."
    )


def _sample(
    names: list[str], ranges: Mapping[str, tuple[float, float]], points: int
) -> dict[str, np.ndarray]:
    for name, pair in ranges.items():
        numbers = np.asarray(pair) if isinstance(pair, Sequence | np.ndarray) else np.array(())
        usable = numbers.shape == (2,) and numbers.dtype.kind in "iuf"
        if not usable or not -np.inf < numbers[0] < numbers[1] < np.inf:
            raise InputError(
                f"The range of {name!r} is {pair!r}: give a pair (low, high), low < high."
            )
    rng = np.random.default_rng(20240601)
    return {name: rng.uniform(*ranges.get(name, _DEFAULT_RANGE), points) for name in names}


def _difference(
    left: sympy.Expr, right: sympy.Expr, sample: Mapping[str, np.ndarray]
) -> tuple[float, int]:
    """Largest difference over the spread of the truth, with fifty digits."""
    context, table = mpmath_functions(_DIGITS)
    programs = [from_sympy(e, exact=True) for e in (left, right)]
    rows = len(next(iter(sample.values()))) if sample else 1
    pairs = []
    for i in range(rows):
        point = {name: context.mpf(float(column[i])) for name, column in sample.items()}
        pair = [_real(program, point, table, context) for program in programs]
        if pair[1] is not None:
            pairs.append(pair)
    if not pairs:
        return float("inf"), 0
    if any(pair[0] is None for pair in pairs):
        return float("inf"), len(pairs)
    truth = [pair[1] for pair in pairs]
    spread = max(truth) - min(truth)
    scale = spread if spread > 1e-30 * max(abs(v) for v in truth) else max(abs(v) for v in truth)
    largest = max(abs(a - b) for a, b in pairs)
    return float(largest / scale) if scale else float(largest), len(pairs)


def mpmath_functions(digits: int) -> tuple[Any, Mapping[str, Callable[..., Any]]]:
    """A context of its own with so many digits, and what the operations of programs mean in it.

    Examples
    --------
    >>> context, functions = mpmath_functions(30)
    >>> print(functions["sqrt"](context.mpf(2)))
    1.41421356237309504880168872421
    """
    m = mpmath.mp.clone()
    m.dps = digits
    table: dict[str, Callable[..., Any]] = {
        "add": lambda *terms: m.fsum(terms),
        "mul": lambda *factors: m.fprod(factors),
        "pow": lambda a, b: m.power(a, b),
        "neg": lambda u: -u,
        "div": lambda a, b: a / m.mpf(b) if isinstance(b, float) else a / b,
        "pi": lambda: +m.pi,
        "e": lambda: +m.e,
        "min": lambda *terms: min(terms),
        "max": lambda *terms: max(terms),
    }
    for name, operation in OPERATIONS.items():
        if name not in table:
            table[name] = _precise(operation, m, table)
    return m, table


def _precise(
    operation: Operation, m: Any, table: Mapping[str, Callable[..., Any]]
) -> Callable[[Any], Any]:
    """Mpmath's own function, or the definition with digits enough for its cancellation near 0."""
    call = operation.mpmath or (operation.name if operation.definition is None else None)
    if isinstance(call, tuple):
        return lambda u: getattr(m, call[0])(*(u if part == "x" else part for part in call[1:]))
    if call is not None:
        return getattr(m, call)

    def defined(u: Any) -> Any:
        if u == 0 and operation.series:
            return m.mpf(operation.series[0])
        lost = 4 * max(0, -m.mag(u)) if operation.series else 0
        with m.extraprec(lost):
            value = evaluate(operation.definition, {"x": u}, table)
        return +value

    return defined


def _real(program: Program, point: Mapping[str, Any], table: Any, context: Any) -> Any:
    """The value, None where it is undefined or not real."""
    try:
        value = evaluate(program, point, table)
    except (ZeroDivisionError, ValueError, OverflowError, TypeError):
        return None
    value = context.mpmathify(value)
    if isinstance(value, context.mpc):
        if abs(value.imag) > 1e-30 * (1 + abs(value.real)):
            return None
        value = value.real
    return value if context.isfinite(value) else None


def _symbolic(
    left: sympy.Expr, right: sympy.Expr, sample: Mapping[str, np.ndarray], deadline: float
) -> bool | None:
    """SRBench's rule, for the formula as it is and with rounded constants."""
    combined = [
        pair
        for formula in dict.fromkeys((left, _rounded(left)))
        for truth in dict.fromkeys((right, _rounded(right)))
        for pair in ((formula - truth, False), (formula / truth, True))
    ]
    # What is plainly constant spares the algebra on the others.
    if any(not e.free_symbols and (not is_ratio or e != 0) for e, is_ratio in combined):
        return True
    verdicts: list[bool | None] = []
    for expression, is_ratio in combined:
        verdict = _constant(expression, is_ratio, sample, deadline)
        if verdict:
            return True
        verdicts.append(verdict)
    return None if None in verdicts else False


def _rounded(expression: sympy.Expr) -> sympy.Expr:
    numbers = expression.atoms(sympy.Float, sympy.NumberSymbol)
    return expression.xreplace(
        {number: _nearest(number) for number in numbers if number != sympy.E}
    )


def _nearest(number: sympy.Expr) -> sympy.Expr:
    # Decimal text, not the binary value: 0.1 becomes 1/10.
    if not math.isfinite(float(number)):  # beyond double precision; there is nothing to round
        return number
    return sympy.Rational(f"{float(number):.{_DECIMALS}f}")


def _constant(
    expression: sympy.Expr, is_ratio: bool, sample: Mapping[str, np.ndarray], deadline: float
) -> bool | None:
    if not expression.free_symbols:
        return not is_ratio or expression != 0
    try:
        values = np.asarray(evaluate(from_sympy(expression), sample), dtype=float)
    except InputError:
        return False
    finite = values[np.isfinite(values)]
    if len(finite) == 0:
        return None
    # What clearly varies is no constant, and needs no algebra.
    if np.ptp(finite) > _SUSPECT * (np.abs(finite).max() + (0 if is_ratio else 1)):
        return False
    if is_ratio and np.abs(finite).max() < 1e-12:
        return False
    seconds = deadline - time.monotonic()
    ranges = {name: (float(c.min()), float(c.max())) for name, c in sample.items()}
    found = simplify(expression, ranges=ranges, seconds=seconds / 3)
    if found.free_symbols:
        found = _simplified_by_sympy(found, sample, seconds / 3)
    if not found.free_symbols:
        return not is_ratio or found != 0
    exact_enough = np.ptp(finite) <= 1e-9 * (np.abs(finite).max() + (0 if is_ratio else 1))
    return None if exact_enough else False


def _simplified_by_sympy(
    expression: sympy.Expr, sample: Mapping[str, np.ndarray], seconds: float
) -> sympy.Expr:
    """With the signs that the ranges give the variables."""
    assumed = {
        sympy.Symbol(name): sympy.Symbol(name, positive=True)
        if column.min() > 0
        else sympy.Symbol(name, real=True)
        for name, column in sample.items()
    }
    return simplified_by_sympy(expression.xreplace(assumed), seconds)
