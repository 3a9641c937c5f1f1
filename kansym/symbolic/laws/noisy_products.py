"""Laws that are products of powers and exponentials: sums for log y, with noise.

log y is a sum of logarithms of inputs and of short expressions, whose coefficients are powers, and
of short expressions themselves: y = c x1^p1 x2^p2 ... f^b exp(a g).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy
from jaxtyping import Float

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import fitted, fresh_constants, length
from kansym.symbolic.laws.columns import Quantities, as_rational, monomial
from kansym.symbolic.laws.expression_pairs import best_sums
from kansym.symbolic.laws.expressions import short_expressions
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.monomial_pairs import plain_exponents
from kansym.symbolic.laws.monomials import snapped
from kansym.symbolic.laws.noisy_pairings import BITS, STEPS

__all__ = ["NoisyProducts"]

Array = np.ndarray

_MANY, _MONOMIALS = 800, 600
"""Expressions; each stands in an exponent, and as a factor with a power. And monomials of three or
more inputs, in exponents alone."""
_ROWS = 400
_TRIED, _ALONE, _HANDED_ON = 6, 16, 3
"""Pairs of expressions and single ones that are fitted, and laws that are handed on."""
_NOTHING = 1e-6
"""Least part of an expression's norm that the logarithms of inputs leave."""
_TERM = 30.0
"""Twice the bits of a factor, with its power."""
_MOST_INPUTS = 6
_SMALL, _MOST_SMALL = 0.1, 0.2
"""Rows below this part of the median are left out, and the most that may be."""


class NoisyProducts:
    """Products of powers of short expressions, inputs first, and of exponentials of others."""

    name = "product of powers and exponentials"

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """The shortest descriptions of the rows."""
        sign = 1.0 if np.median(rows.y) > 0 else -1.0
        good = np.flatnonzero(sign * rows.y > _SMALL * np.abs(np.median(rows.y)))
        few = len(good) < (1 - _MOST_SMALL) * len(rows.y)
        if few or not 1 <= len(rows.names) <= _MOST_INPUTS or np.ptp(rows.y) == 0:
            return
        kept = np.random.default_rng(0).permutation(good)[:_ROWS]
        logarithm = _Logarithm.of(Quantities.inputs(rows.X[kept], rows.names), rows.y[kept], sign)
        found: dict[sympy.Expr, Law] = {}
        for chosen in logarithm.choices():
            if until.passed:
                break
            expr, start = logarithm.product(chosen, rows.names)
            if expr not in found:
                law = fitted(expr, start, self.name, rows, until, STEPS)
                if law is not None:
                    found[expr] = law
        yield from sorted(found.values(), key=lambda law: length(law, rows))[:_HANDED_ON]


@dataclass(frozen=True, eq=False)
class _Logarithm:
    """log y and what it may be a sum of, every row weighted as its error asks.

    Attributes
    ----------
    target : log y (rows,).
    columns : one, the logarithms of inputs, expressions and logarithms of these (columns, rows).
    burden : of the expressions and their logarithms.
    factors : of y by each column, to a power or in an exponential.
    is_power : which of the two.
    always : how many come first, without expressions.
    sign : of y.
    """

    target: Float[Array, " rows"]
    columns: Float[Array, "columns rows"]
    burden: Float[Array, " expressions"]
    factors: tuple[sympy.Expr, ...]
    is_power: tuple[bool, ...]
    always: int
    sign: float

    @classmethod
    def of(cls, inputs: Quantities, y: Array, sign: float) -> "_Logarithm":
        """The logarithm of rows of one sign."""
        X = inputs.values
        steady = [k for k in range(len(inputs)) if X[:, k].min() > 0 or X[:, k].max() < 0]
        some = short_expressions(inputs, _MANY)
        positive = np.flatnonzero(some.values.min(axis=1) > 0)
        powers = plain_exponents(len(inputs))
        powers = powers[(powers != 0).sum(axis=1) > 2][:_MONOMIALS]
        products = inputs.columns(powers).T
        sound = np.isfinite(products).all(axis=1)
        powers, products = powers[sound], products[sound]
        exprs = [some.expr(k) for k in range(len(some))]
        exprs += [monomial(inputs.exprs, row) for row in powers]
        logs = np.log(some.values[positive])
        known = [np.ones(len(y)), np.log(np.abs(X.T[steady]))]
        values = np.vstack([*known, some.values, products, logs])
        weight = np.abs(y) / np.median(np.abs(y))  # errors of y are alike, so those of y d log y
        every = np.concatenate([some.costs, np.abs(powers).sum(axis=1) - 1.0])
        costs = np.concatenate([every, some.costs[positive]])
        bases = [inputs.exprs[k] if X[0, k] > 0 else -inputs.exprs[k] for k in steady]
        always = 1 + len(bases)
        return cls(
            np.log(sign * y) * weight,
            values * weight,
            2.0 ** (2 * BITS * costs / len(y)),
            (sympy.S.One, *bases, *exprs, *(exprs[k] for k in positive)),
            tuple(k < always or k >= always + len(exprs) for k in range(len(values))),
            always,
            sign,
        )

    def choices(self) -> Iterator[list[int]]:
        """Columns of laws: inputs with one expression or two, as many as shorten them."""
        known, more = self.columns[: self.always], self.columns[self.always :]
        found = best_sums(more, self.target, known.T, _TRIED, self.burden)
        pairs = [(pair.first, pair.second) for pair in found]
        for chosen in [*((k,) for k in self._singles()), *pairs]:
            yield self._pruned([*range(self.always), *(self.always + k for k in chosen)])

    def _singles(self) -> list[int]:
        """Expressions that explain most beside the logarithms of inputs."""
        basis = np.linalg.qr(self.columns[: self.always].T)[0]
        more = self.columns[self.always :]
        rest, left = more - (more @ basis) @ basis.T, self.target - basis @ (basis.T @ self.target)
        size = np.linalg.norm(rest, axis=1)
        size[size < _NOTHING * np.linalg.norm(more, axis=1)] = np.inf
        share = (rest @ left / size) ** 2 / max(float(left @ left), 1e-300)
        return np.argsort((1 - share) * self.burden)[:_ALONE].tolist()

    def _pruned(self, chosen: list[int]) -> list[int]:
        """Without columns, never the first, that do not shorten the description."""

        def size(some: list[int]) -> float:
            columns = self.columns[some].T
            columns = columns / np.linalg.norm(columns, axis=0)  # else the small ones count as 0
            rest = self.target - columns @ np.linalg.lstsq(columns, self.target, rcond=None)[0]
            return len(rest) * float(np.log2(max(float(rest @ rest), 1e-300))) + len(some) * _TERM

        while len(chosen) > 1:
            without = min(([k for k in chosen if k != out] for out in chosen[1:]), key=size)
            if size(without) >= size(chosen):
                break
            chosen = without
        return chosen

    def product(
        self, chosen: list[int], names: tuple[str, ...]
    ) -> tuple[sympy.Expr, dict[sympy.Symbol, float]]:
        """The law with these columns: powers are fractions where they may be."""
        matrix = self.columns[chosen].T
        units = np.linalg.norm(matrix, axis=0)
        matrix = matrix / units
        weights = np.linalg.lstsq(matrix, self.target, rcond=None)[0]
        left = self.target - matrix @ weights
        free = max(len(left) - len(weights), 1)
        variance = np.diag(np.linalg.pinv(matrix.T @ matrix)) * float(left @ left) / free
        errors = np.sqrt(np.maximum(variance, 0)) / units
        weights = weights / units
        constants = fresh_constants(names, len(weights))
        expr, start = constants[0], {constants[0]: self.sign * float(np.exp(weights[0]))}
        for symbol, k, value, error in zip(
            constants[1:], chosen[1:], weights[1:], errors[1:], strict=True
        ):
            near = snapped(float(value), float(error)) if self.is_power[k] else np.nan
            exponent: sympy.Expr = symbol
            if np.isfinite(near):
                exponent = as_rational(near)
            else:
                start[symbol] = float(value)
            base = self.factors[k]
            expr *= base**exponent if self.is_power[k] else sympy.exp(exponent * base)
        return expr, start
