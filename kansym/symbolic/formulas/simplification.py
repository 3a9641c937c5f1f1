"""Simplify formulas in bounded time, never changing their value, never making them longer."""

import math
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import final

import numpy as np
import sympy

from kansym.programs.program import NUMPY, evaluate
from kansym.programs.tabulated_curve import TabulatedCurve
from kansym.shared.errors import InputError
from kansym.symbolic.formulas.bounded_time import within
from kansym.symbolic.formulas.complexity import complexity
from kansym.symbolic.formulas.identities import FOLLOWERS, REWRITES, Rewrite
from kansym.symbolic.formulas.sympy_programs import from_sympy

__all__ = ["complexity", "simplified_by_sympy", "simplify"]

_POINTS = 48  # at which the value must stay
_TOLERANCE = 1e-9  # of the value, and of a thousandth of the largest one
_ROUNDS = 12
_LARGE = 10_000  # degrees with which sympy's greatest common divisors still end


def simplify(
    expression: sympy.Expr,
    *,
    inputs: Iterable[str] | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    values: Mapping[str, np.ndarray] | None = None,
    curves: Mapping[str, TabulatedCurve] | None = None,
    thorough: bool = False,
    seconds: float = 2.0,
) -> sympy.Expr:
    """A shorter expression of equal value.

    Rewrites are tried from the inside out; one stays if it makes the whole shorter in bits and
    leaves its value unchanged at sample points within the ranges.

    Parameters
    ----------
    expression : the formula.
    inputs : names of the variables; other symbols count as free constants. All by default.
    ranges : for a symbol, the interval where the formula must keep its value; identities such as
        sqrt(x**2) = x are used where they hold there. (0.5, 2) for symbols that are not named.
    values : sample points instead of ranges, one array (or number) for each symbol.
    curves : tabulated curves that the expression calls, by name.
    thorough : end with ``sympy.simplify`` in the time that is left.
    seconds : time it may take; the best so far is given back when it is up.

    Examples
    --------
    >>> x, y = sympy.symbols("x y")
    >>> simplify(sympy.tanh(sympy.atanh(x) + sympy.atanh(y)), ranges={"x": (-0.5, 0.5)})
    (x + y)/(x*y + 1)
    >>> simplify(sympy.exp(sympy.log(x) + 2 * sympy.log(y)))
    x*y**2
    """
    names = None if inputs is None else tuple(inputs)
    sample = _sample(expression, ranges or {}, values or {})
    search = _Simplification(expression, names, sample, curves or {}, time.monotonic() + seconds)
    within(seconds, search, None)
    if thorough and (left := search.deadline - time.monotonic()) > 0:
        search.offer(simplified_by_sympy(search.best, left))
    return search.best


def simplified_by_sympy(expression: sympy.Expr, seconds: float) -> sympy.Expr:
    """``sympy.simplify`` in bounded time; the expression itself where it is too large for that.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> simplified_by_sympy(sympy.sin(x) ** 2 + sympy.cos(x) ** 2, 5.0)
    1
    """
    if _polynomial_size(expression) > _LARGE:
        return expression
    return within(seconds, lambda: sympy.simplify(expression), expression)


def _polynomial_size(expression: sympy.Expr) -> float:
    """Product of the degrees that the expression has as a polynomial in its roots and powers.

    sympy's greatest common divisors compute with integers of so many digits, in steps that no
    signal interrupts: x**0.137 and x**2.5 are powers 137 and 2500 of x**(1/1000).
    """
    exponents: dict[tuple[sympy.Basic, sympy.Basic], list[sympy.Rational]] = defaultdict(list)
    for part in sympy.preorder_traversal(expression):
        if isinstance(part, sympy.Pow | sympy.exp):
            base, exponent = part.as_base_exp()
            factor, rest = sympy.nsimplify(exponent, rational=True).as_coeff_Mul()
            if base.free_symbols or rest.free_symbols:
                exponents[base, rest].append(sympy.Rational(factor))
    size = 1.0
    # Logarithms are combined: 67500*log(c) becomes c**67500 in exact numbers.
    for product in expression.atoms(sympy.Mul):
        if product.has(sympy.log):
            size *= max(1.0, min(abs(float(product.as_coeff_Mul()[0])), _LARGE + 1.0))
    for powers in exponents.values():
        common = math.lcm(*(int(power.q) for power in powers))
        size *= max(1.0, *(float(abs(power) * common) for power in powers))
    return size


def _sample(
    expression: sympy.Expr,
    ranges: Mapping[str, tuple[float, float]],
    values: Mapping[str, np.ndarray],
) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(20240229)
    sample: dict[str, np.ndarray] = {}
    for symbol in sorted(expression.free_symbols, key=lambda s: s.name):
        if symbol.name in values:
            given = np.asarray(values[symbol.name], dtype=float)
            sample[symbol.name] = given[:: max(1, len(given) // _POINTS)] if given.ndim else given
        else:
            low, high = ranges.get(symbol.name, (0.5, 2.0))
            sample[symbol.name] = rng.uniform(low, high, _POINTS)
    return sample


@final
class _Simplification:
    """Downhill search in complexity; ``best`` is valid whenever it is interrupted."""

    def __init__(
        self,
        expression: sympy.Expr,
        inputs: tuple[str, ...] | None,
        sample: dict[str, np.ndarray],
        curves: Mapping[str, TabulatedCurve],
        deadline: float,
    ) -> None:
        self.functions = {**NUMPY, **curves}
        self.inputs, self.deadline, self.sample = inputs, deadline, sample
        self.best = expression
        self.bits = complexity(expression, inputs)
        self.known: dict[sympy.Expr, sympy.Expr] = {}
        self.tried: dict[tuple[Rewrite, sympy.Expr], sympy.Expr | None] = {}
        self.target = self._value(expression)

    def __call__(self) -> None:
        for _ in range(_ROUNDS):
            before = self.best
            self.known.clear()
            self.offer(self._visit(self.best))
            if self.best == before:
                return

    def offer(self, expression: sympy.Expr) -> bool:
        """Take an expression over if it is shorter and has the same value."""
        if expression == self.best or expression.has(sympy.zoo, sympy.nan, sympy.oo, sympy.I):
            return False
        bits = complexity(expression, self.inputs)
        shorter = bits < self.bits - 1e-9 or (
            abs(bits - self.bits) <= 1e-9 and _order(expression) < _order(self.best)
        )
        if shorter and self._same(self.target, self._value(expression)):
            self.best, self.bits = expression, bits
            return True
        return False

    def _visit(self, e: sympy.Expr) -> sympy.Expr:
        if e.is_Atom:
            return e
        if e in self.known:
            return self.known[e]
        parts = [self._visit(part) for part in e.args]
        e_new = e if tuple(parts) == e.args else e.func(*parts)
        best = self._improved(e_new)
        self.known[e] = best
        return best

    def _improved(self, e: sympy.Expr) -> sympy.Expr:
        """The shortest form that single rewrites of this part reach."""
        for _ in range(4):
            bits, found = complexity(e, self.inputs), e
            for candidate in self._candidates(e):
                new = complexity(candidate, self.inputs)
                better = new < bits - 1e-9 or (
                    abs(new - bits) <= 1e-9 and _order(candidate) < _order(found)
                )
                if better and self._equal(e, candidate):
                    bits, found = new, candidate
            if found == e:
                break
            e = found
        return e

    def _candidates(self, e: sympy.Expr) -> Iterable[sympy.Expr]:
        if e.is_Atom:
            return
        for rewrite in REWRITES:
            found = self._tried(rewrite, e)
            if found is None or found == e:
                continue
            yield found
            # One more step: some identities pay only together.
            for second in FOLLOWERS.get(rewrite, ()):
                again = self._tried(second, found) if not found.is_Atom else None
                if again is not None and again not in (e, found):
                    yield again

    def _tried(self, rewrite: Rewrite, e: sympy.Expr) -> sympy.Expr | None:
        key = (rewrite, e)
        if key not in self.tried:
            self.tried[key] = _applied(rewrite, e)
        return self.tried[key]

    def _equal(self, left: sympy.Expr, right: sympy.Expr) -> bool:
        if right.has(sympy.zoo, sympy.nan, sympy.oo, sympy.I):
            return False
        return self._same(self._value(left), self._value(right))

    def _value(self, expression: sympy.Expr) -> np.ndarray | None:
        try:
            found = evaluate(from_sympy(expression), self.sample, self.functions)
        except InputError:
            return None
        return np.asarray(found, dtype=float)

    @staticmethod
    def _same(left: np.ndarray | None, right: np.ndarray | None) -> bool:
        if left is None or right is None:
            return False
        left, right = np.broadcast_arrays(left, right)
        defined = np.isfinite(left)
        if not defined.any() or not np.isfinite(right[defined]).all():
            return False
        scale = np.abs(left[defined]) + 1e-3 * np.abs(left[defined]).max()
        return bool(np.all(np.abs(left - right)[defined] <= _TOLERANCE * scale))


def _order(expression: sympy.Expr) -> tuple[int, int, str]:
    """Ties in bits: fewer operations, then fewer signs, then the alphabet."""
    text = str(expression)
    return int(expression.count_ops()), text.count("-") + 2 * text.count("(-"), text


def _applied(rewrite: Rewrite, e: sympy.Expr) -> sympy.Expr | None:
    """A rewrite's result; algebra that cannot handle the expression has nothing to say."""
    try:
        return rewrite(e)
    except (
        ArithmeticError,
        AttributeError,
        NotImplementedError,
        RecursionError,
        TypeError,
        ValueError,
        sympy.PolynomialError,
    ):
        return None
