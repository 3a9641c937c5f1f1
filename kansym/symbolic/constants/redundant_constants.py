"""Bring a formula with free constants to a form in which no two of them do the same work.

A composed network formula such as c1*exp(c2*(c3*x + c4) + c5) + c6 has more constants than
degrees of freedom. Here factors are pulled out of sums, shifts out of exponentials, logarithms
turned into powers, phases and signs reduced, always keeping the value on the data.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import final

import numpy as np
import sympy

from kansym.programs.program import NUMPY, evaluate
from kansym.programs.tabulated_curve import TabulatedCurve
from kansym.shared.errors import InputError
from kansym.symbolic.formulas.sympy_programs import from_sympy

__all__ = ["ConstantReducer"]

_ODD = (sympy.sin, sympy.tan, sympy.asin, sympy.atan, sympy.sinh, sympy.tanh, sympy.asinh)
_ODD = (*_ODD, sympy.atanh, sympy.erf)
_EVEN = (sympy.cos, sympy.cosh, sympy.Abs)
_NEGLIGIBLE = 1e-8
_TERMS_OF_SQUARE = 3
"""Of A u^2 + B u + C."""


@final
class ConstantReducer:
    """Rewrites an expression whose constants are symbols with values.

    Parameters
    ----------
    values : constant symbol to value.
    columns : input name to its data, which decide what is positive and what is small.
    curves : tabulated curves that the expression calls, by name.
    fitted : whether the values are those of a fit, so that relations between them are no chance.

    Attributes
    ----------
    values : grows by the new constants that stand for combinations of old ones.

    Examples
    --------
    >>> a, b, c, x = sympy.symbols("a b c x")
    >>> reducer = ConstantReducer({a: 2.0, b: 3.0, c: 0.5}, {"x": np.linspace(1, 2, 5)})
    >>> reducer(a * sympy.exp(b * sympy.log(x) + c))
    k2*x**b
    """

    def __init__(
        self,
        values: Mapping[sympy.Symbol, float],
        columns: Mapping[str, np.ndarray],
        curves: Mapping[str, TabulatedCurve] | None = None,
        *,
        fitted: bool = False,
    ) -> None:
        self.fitted = fitted
        self.functions = {**NUMPY, **(curves or {})}
        self.values = dict(values)
        self.columns = dict(columns)
        self._taken = set(columns) | {s.name for s in values}
        self._made = 0
        self._sampled: dict[sympy.Expr, np.ndarray] = {}

    def __call__(self, expression: sympy.Expr) -> sympy.Expr:
        """The expression with its constants merged."""
        shared = self._shared(expression)
        if shared is None:
            return self._visit(expression)
        # What stands in two places, as u in u*sin(u), must stay the same in both.
        inner = self(shared)
        stand_in = sympy.Symbol(self._unused("u"))
        self.columns[stand_in.name] = np.broadcast_to(self.sample(shared), self._rows)
        outer = self(expression.xreplace({shared: stand_in}))
        return outer.xreplace({stand_in: inner})

    @property
    def _rows(self) -> tuple[int, ...]:
        return np.broadcast_shapes(*(np.shape(column) for column in self.columns.values()))

    def _shared(self, expression: sympy.Expr) -> sympy.Expr | None:
        """The largest part with constants and inputs that occurs twice."""
        counts = Counter(
            part
            for part in sympy.preorder_traversal(expression)
            if part.args and not part.is_number
        )
        twice = [p for p, n in counts.items() if n > 1 and self._mixed(p)]
        return max(twice, key=lambda p: (int(p.count_ops()), str(p)), default=None)

    def _mixed(self, part: sympy.Expr) -> bool:
        return any(s in self.values for s in part.free_symbols) and not self.is_constant(part)

    # Constants ---------------------------------------------------------------------------------

    def is_constant(self, expression: sympy.Expr) -> bool:
        """Whether the expression has no input in it."""
        return all(s in self.values for s in expression.free_symbols)

    def is_free(self, expression: sympy.Expr) -> bool:
        """Whether it is constant and has a free constant in it."""
        return bool(expression.free_symbols) and self.is_constant(expression)

    def fresh(self, expression: sympy.Expr) -> sympy.Expr:
        """One constant in place of a combination of constants."""
        if not expression.free_symbols or expression.is_Symbol:
            return expression
        return self.new(self.value(expression))

    def new(self, value: float) -> sympy.Symbol:
        """A new free constant."""
        symbol = sympy.Symbol(self._unused("k"))
        self.values[symbol] = value
        return symbol

    def _unused(self, stem: str) -> str:
        self._made += 1
        while f"{stem}{self._made}" in self._taken:
            self._made += 1
        self._taken.add(f"{stem}{self._made}")
        return f"{stem}{self._made}"

    def value(self, expression: sympy.Expr) -> float:
        """The present value of a constant expression."""
        return float(self.sample(expression).flat[0])

    def sample(self, expression: sympy.Expr) -> np.ndarray:
        """Values on the data."""
        if expression not in self._sampled:
            given = {s.name: v for s, v in self.values.items()} | self.columns
            found = np.asarray(evaluate(from_sympy(expression), given, self.functions), dtype=float)
            self._sampled[expression] = found
        return self._sampled[expression]

    def positive(self, expression: sympy.Expr) -> bool:
        """Whether it is positive on all rows."""
        try:
            return bool(np.all(self.sample(expression) > 0))
        except InputError:
            return False

    def _size(self, expression: sympy.Expr) -> float:
        values = self.sample(expression)
        return float(np.sqrt(np.mean(values**2))) if np.isfinite(values).all() else 0.0

    # Rewriting ---------------------------------------------------------------------------------

    def _visit(self, e: sympy.Expr) -> sympy.Expr:
        if e.is_Atom:
            return e
        if self.is_constant(e):
            return self.fresh(e)
        return self._outer(e.func(*(self._visit(part) for part in e.args)))

    def _outer(self, e: sympy.Expr) -> sympy.Expr:
        """Rewrite the outermost operation; the parts are done."""
        if e.is_Atom or self.is_constant(e):
            return self.fresh(e)
        if e.is_Add:
            return self._sum(e)
        if e.is_Mul:
            return self._product(e)
        if isinstance(e, sympy.exp):
            return self._exponential(e.args[0])
        if e.is_Pow:
            return self._power(e.base, e.exp)
        if isinstance(e, sympy.log):
            return self._logarithm(e.args[0])
        if len(e.args) == 1 and isinstance(e, (*_ODD, *_EVEN)):
            return self._symmetric(e.func, e.args[0])
        return e

    def split(self, e: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
        """Constant factor and the rest."""
        constant, rest = sympy.Integer(1), []
        for factor in sympy.Mul.make_args(e):
            if self.is_constant(factor):
                constant = constant * factor
            else:
                rest.append(factor)
        return constant, sympy.Mul(*rest)

    def _sum(self, e: sympy.Expr) -> sympy.Expr:
        coefficients: dict[sympy.Expr, sympy.Expr] = {}
        for term in sympy.Add.make_args(e):
            for constant, rest in self._terms(term):
                coefficients[rest] = coefficients.get(rest, sympy.Integer(0)) + constant
        terms = [self._times(self.fresh(c), rest) for rest, c in coefficients.items()]
        total = sympy.Add(*terms)
        return self._fewer_monomials(total) or self._square(total) or total

    def _square(self, e: sympy.Expr) -> sympy.Expr | None:
        """A u^2 + B u + C as A (u + D)^2, where its values are those of a square."""
        parts = {rest: constant for constant, rest in map(self.split, sympy.Add.make_args(e))}
        u = next((rest for rest in parts if rest**2 in parts and rest != 1), None)
        if u is None or len(parts) != _TERMS_OF_SQUARE or 1 not in parts or not self.fitted:
            return None
        a, b, c = parts[u**2], parts[u], parts[sympy.S.One]
        if not (self.is_free(b) and self.is_free(c)):
            return None
        square, middle = 4 * self.value(a) * self.value(c), self.value(b) ** 2
        if not middle > 0 or abs(square - middle) > _NEGLIGIBLE * middle:
            return None
        return self._times(a, (u + self.new(self.value(b) / (2 * self.value(a)))) ** 2)

    def _fewer_monomials(self, e: sympy.Expr) -> sympy.Expr | None:
        """A sum of squares of sums may have more constants than the polynomial that it is."""
        generators = [s for s in e.free_symbols if s not in self.values]
        constants = [s for s in e.free_symbols if s in self.values]
        nested = any(p.base.is_Add for p in e.atoms(sympy.Pow) if p.exp.is_Integer)
        if not nested or not e.is_polynomial(*generators) or len(generators) > 4:
            return None
        polynomial = sympy.Poly(e, *sorted(generators, key=lambda s: s.name))
        if polynomial.total_degree() > 4 or len(polynomial.terms()) >= len(constants):
            return None
        return sympy.Add(
            *(
                self.fresh(coefficient)
                * sympy.Mul(*(g**n for g, n in zip(polynomial.gens, powers, strict=True)))
                for powers, coefficient in polynomial.terms()
            )
        )

    def _terms(self, term: sympy.Expr) -> list[tuple[sympy.Expr, sympy.Expr]]:
        constant, rest = self.split(term)
        if not rest.is_Add:
            return [(constant, rest)]
        inner = [self.split(part) for part in rest.args]
        tied = sum(not self.is_free(c) for c, _ in inner)
        if self.is_free(constant) and tied > 1:
            return [(constant, rest)]
        return [(constant * c, r) for c, r in inner]

    @staticmethod
    def _times(constant: sympy.Expr, rest: sympy.Expr) -> sympy.Expr:
        if rest.is_Add and constant.is_Number:
            return sympy.Mul(constant, rest, evaluate=False) if constant != 1 else rest
        return constant * rest

    def _product(self, e: sympy.Expr) -> sympy.Expr:
        constant, rest = self.split(e)
        factors = []
        sums = sum(f.as_base_exp()[0].is_Add for f in sympy.Mul.make_args(rest))
        for factor in sympy.Mul.make_args(rest):
            base, exponent = factor.as_base_exp()
            worthwhile = self.is_free(constant) or sums > 1
            if base.is_Add and worthwhile and not isinstance(factor, sympy.exp):
                pulled, base = self._pull(base, whole=bool(exponent.is_Integer))
                constant = constant * pulled**exponent
                factors.append(base**exponent)
            else:
                factors.append(factor)
        return self._times(self.fresh(constant), sympy.Mul(*factors))

    def _pull(self, e: sympy.Expr, *, whole: bool) -> tuple[sympy.Expr, sympy.Expr]:
        """Take a free coefficient out of a sum; its size only, unless ``whole``."""
        parts = [self.split(term) for term in e.args]
        if all(self.is_constant(c) and not c.free_symbols for c, _ in parts):
            return sympy.Integer(1), e
        if sum(not self.is_free(c) for c, r in parts if r != 1) > 0 and len(parts) > 1:
            # A term without a free coefficient holds the scale already.
            return sympy.Integer(1), e
        free = [(c, r) for c, r in parts if self.is_free(c) and r != 1]
        if not free:
            return sympy.Integer(1), e
        pivot = max(free, key=lambda part: self._size(part[0] * part[1]))[0]
        value = self.value(pivot)
        if value == 0 or not np.isfinite(value):
            return sympy.Integer(1), e
        sign = 1 if whole or value > 0 else -1
        scale = pivot * sign
        terms = [
            (sign * r) if c == pivot else self._times(self.fresh(c / scale), r) for c, r in parts
        ]
        return scale, sympy.Add(*terms)

    def _exponential(self, argument: sympy.Expr) -> sympy.Expr:
        outside, inside = [], []
        for term in sympy.Add.make_args(self._sum(argument)):
            constant, rest = self.split(term)
            if rest == 1:
                outside.append(sympy.exp(constant))
            elif isinstance(rest, sympy.log) and self.positive(rest.args[0]):
                outside.append(self._power(rest.args[0], self.fresh(constant)))
            else:
                inside.append(term)
        whole = sympy.Mul(*outside) * sympy.exp(sympy.Add(*inside))
        return self._product(whole) if outside else whole

    def _power(self, base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
        if not self.is_constant(exponent):
            return base**exponent
        exponent = self.fresh(exponent)
        if isinstance(base, sympy.exp):
            return self._exponential(self._product(base.args[0] * exponent))
        if base.is_Pow and self.positive(base.base):
            return self._power(base.base, self.fresh(base.exp * exponent))
        integer = bool(exponent.is_Integer)
        if base.is_Add:
            pulled, base = self._pull(base, whole=integer)
            if pulled != 1:
                return self.fresh(pulled**exponent) * base**exponent
        if base.is_Mul:
            return self._power_of_product(base, exponent, integer)
        return base**exponent

    def _power_of_product(
        self, base: sympy.Expr, exponent: sympy.Expr, integer: bool
    ) -> sympy.Expr:
        factors = list(base.args)
        # Names alone stay under one root, sqrt(a/b); what holds constants may join others.
        fixed = [f for f in factors if not any(s in self.values for s in f.free_symbols)]
        apart = [f for f in factors if integer or (f not in fixed and self.positive(f))]
        together = [f for f in factors if f not in apart]
        negative = [f for f in together if self.is_constant(f) and self.value(f) < 0]
        for factor in negative:
            together[together.index(factor)] = sympy.Integer(-1)
            apart.append(-factor)
        powers = [
            self._power(f, exponent) if not self.is_constant(f) else f**exponent for f in apart
        ]
        rest = sympy.Mul(*together)
        return self._product(sympy.Mul(*powers) * (rest**exponent if rest != 1 else 1))

    def _logarithm(self, argument: sympy.Expr) -> sympy.Expr:
        if isinstance(argument, sympy.exp):
            return argument.args[0]
        if argument.is_Pow and self.positive(argument.base):
            return self._outer(argument.exp * self._logarithm(argument.base))
        if argument.is_Add:
            pulled, rest = self._pull(argument, whole=False)
            if pulled != 1:
                return self._sum(sympy.log(pulled) + sympy.log(rest))
        if argument.is_Mul:
            constant, rest = self.split(argument)
            positive = [f for f in sympy.Mul.make_args(rest) if self.positive(f)]
            others = sympy.Mul(*(f for f in sympy.Mul.make_args(rest) if f not in positive))
            sign = -1 if self.value(constant) < 0 else 1
            if others == 1 and sign == -1:
                # Negative on the data, so undefined there: nothing to gain.
                return sympy.log(argument)
            terms = [self._logarithm(f) for f in positive]
            if others * sign != 1:
                terms.append(sympy.log(others * sign))
            if constant * sign != 1:
                terms.append(self.fresh(sympy.log(constant * sign)))
            return self._sum(sympy.Add(*terms))
        return sympy.log(argument)

    def _symmetric(self, function: type[sympy.Function], argument: sympy.Expr) -> sympy.Expr:
        sign = sympy.Integer(1)
        if self._leads_negative(argument):
            argument = self._negated(argument)
            sign = sympy.Integer(-1 if function in _ODD else 1)
        if function in (sympy.sin, sympy.cos, sympy.tan):
            turned, argument = self._phase(function, argument)
            sign = sign * turned
        if function is sympy.Abs and argument.is_Mul:
            constant, rest = self.split(argument)
            if self.is_free(constant):
                return self.fresh(sympy.Abs(constant)) * sympy.Abs(rest)
        return sign * function(argument)

    def _leads_negative(self, argument: sympy.Expr) -> bool:
        """Whether the first coefficient is negative, in an order that signs do not change."""
        parts = [self.split(term) for term in sympy.Add.make_args(argument)]
        moving = [part for part in parts if part[1] != 1] or parts
        constant, _ = min(moving, key=lambda part: sympy.default_sort_key(part[1]))
        return self.value(constant) < 0

    def _negated(self, argument: sympy.Expr) -> sympy.Expr:
        parts = [self.split(term) for term in sympy.Add.make_args(argument)]
        return sympy.Add(*(self._times(self.fresh(-c), r) for c, r in parts))

    def _phase(
        self, function: type[sympy.Function], argument: sympy.Expr
    ) -> tuple[sympy.Expr, sympy.Expr]:
        """Bring a phase to (-pi/2, pi/2], turning the sign where it takes half a turn."""
        parts = [self.split(term) for term in sympy.Add.make_args(argument)]
        phase = sympy.Add(*(c for c, r in parts if r == 1))
        if not self.is_free(phase):
            return sympy.Integer(1), argument
        halves = -np.floor(0.5 - self.value(phase) / np.pi)
        if abs(self.value(phase)) <= np.pi / 2 * (1 + _NEGLIGIBLE):
            return sympy.Integer(1), argument
        reduced = self.new(float(self.value(phase) - np.pi * halves))
        odd = halves % 2 == 1 and function is not sympy.tan
        moving = [self._times(c, r) for c, r in parts if r != 1]
        return sympy.Integer(-1 if odd else 1), sympy.Add(*moving, reduced)


def free_constants(expression: sympy.Expr, inputs: Iterable[str]) -> list[sympy.Symbol]:
    """Symbols that are no inputs, in a fixed order."""
    names = set(inputs)
    return sorted((s for s in expression.free_symbols if s.name not in names), key=lambda s: s.name)
