"""A smaller problem: some quantities of the inputs, and what is left of the target."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
import sympy
from jaxtyping import Float

from kansym.symbolic.laws.checking import checked, fresh_constants
from kansym.symbolic.laws.columns import Quantities
from kansym.symbolic.laws.law import NEARLY_EXACT, Law, Rows
from kansym.symbolic.laws.targets import Target

__all__ = ["Reduced"]

_DENOMINATOR = 4
_NEAR = 5e-3
"""Relative distance of a coefficient from the fraction that it is taken for."""


def _same(expr: sympy.Expr) -> sympy.Expr:
    return expr


@dataclass(frozen=True, eq=False)
class Reduced:
    """Find z(quantities) = target up to multiples of the carried terms; restore gives y.

    Attributes
    ----------
    quantities : what the rest depends on.
    target : z (rows,).
    restore : from an expression for z in the inputs to one for y.
    carried : terms of z whose coefficients are unknown: z = sum_k c_k carried_k + rest.
    scale : dy/dz over the spread of y (rows,): errors of y are those of z times it.
    steps : what was done, in words.
    guess : approximate coefficients of the carried terms.
    """

    quantities: Quantities
    target: Float[np.ndarray, " rows"]
    scale: Float[np.ndarray, " rows"]
    restore: Callable[[sympy.Expr], sympy.Expr] = _same
    carried: Quantities | None = None
    guess: tuple[float, ...] = ()
    steps: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, rows: Rows) -> "Reduced":
        """The whole problem."""
        scale = np.full(len(rows.y), 1 / (float(np.std(rows.y)) or 1.0))
        return cls(Quantities.inputs(rows.X, rows.names), rows.y, scale)

    @property
    def rest(self) -> Float[np.ndarray, " rows"]:
        """The target without the carried terms, as far as they are known."""
        if self.carried is None:
            return self.target
        return self.target - self.carried.values @ np.array(self.guess)

    def under(self, target: Target) -> "Reduced":
        """The same problem for a function of the target."""
        restore = self.restore
        with np.errstate(all="ignore"):
            scale = self.scale / target.slope(self.target)
        return replace(
            self,
            target=target.forward(self.target),
            scale=scale,
            restore=lambda expr: restore(target.inverse(expr)),
            steps=(*self.steps, target.name),
        )

    def divided(
        self, values: Float[np.ndarray, " rows"], factor: sympy.Expr, kept: list[int]
    ) -> "Reduced":
        """What is left of the target over a factor, in some of the quantities."""
        restore, carried = self.restore, self.carried
        if carried is not None:
            exprs = tuple(expr / factor for expr in carried.exprs)
            carried = Quantities(carried.values / values[:, None], exprs)
        return replace(
            self,
            quantities=self.quantities.take(kept),
            target=self.target / values,
            scale=self.scale * values,
            restore=lambda expr: restore(factor * expr),
            carried=carried,
            steps=(*self.steps, f"over {factor}"),
        )

    def less(self, terms: Quantities, guess: tuple[float, ...], kept: list[int]) -> "Reduced":
        """Without terms of unknown coefficients, in some of the quantities."""
        carried = terms if self.carried is None else self.carried.with_more(terms)
        named = " and ".join(str(expr) for expr in terms.exprs)
        return replace(
            self,
            quantities=self.quantities.take(kept),
            carried=carried,
            guess=(*self.guess, *guess),
            steps=(*self.steps, f"less {named}"),
        )

    def settled(self) -> "Reduced | None":
        """With the carried terms taken off, if their coefficients are about small fractions."""
        if self.carried is None or not np.isfinite(self.guess).all():
            return None
        weights = [Fraction(c).limit_denominator(_DENOMINATOR) for c in self.guess]
        if any(abs(w - c) > _NEAR * abs(c) for w, c in zip(weights, self.guess, strict=True)):
            return None
        terms = [
            sympy.Rational(w.numerator, w.denominator) * expr
            for w, expr in zip(weights, self.carried.exprs, strict=True)
        ]
        taken, restore = sympy.Add(*terms), self.restore
        return replace(
            self,
            target=self.target - self.carried.values @ np.array([float(w) for w in weights]),
            restore=lambda expr: restore(expr + taken),
            carried=None,
            guess=(),
        )

    def as_rows(self, rows: Rows) -> Rows:
        """The problem as rows for any source of laws; its quantities have names of their own."""
        names = tuple(map(str, self._marks))
        inner = replace(rows, X=self.quantities.values, y=self.target, names=names)
        if not rows.noise:
            return inner
        weights = self.scale**2 * (1.0 if rows.weights is None else rows.weights)
        if not (np.isfinite(weights).all() and (weights > 0).any()):
            return inner
        inner = replace(inner, weights=weights)
        size = inner.spread * float(np.sqrt(np.mean(self.scale**2)))
        return replace(inner, noise=rows.noise / size) if size > 0 else inner

    def restored(self, law: Law, rows: Rows) -> tuple[sympy.Expr, dict[sympy.Symbol, float], str]:
        """A law of these rows as one for y, where its constants start, and how it was come by.

        The constants get names that no input has: the quantities had names of their own.
        """
        fresh = dict(zip(law.start, fresh_constants(rows.names, len(law.start)), strict=True))
        places = fresh | dict(zip(self._marks, self.quantities.exprs, strict=True))
        start = {fresh[constant]: value for constant, value in law.start.items()}
        return self.restore(law.expr.xreplace(places)), start, ", ".join([law.source, *self.steps])

    def restored_exactly(self, law: Law, rows: Rows) -> Law | None:
        """A law of these rows as one for y, if it is exact."""
        found = checked(*self.restored(law, rows), rows)
        return found if found is not None and found.error < NEARLY_EXACT else None

    @property
    def _marks(self) -> list[sympy.Symbol]:
        return [sympy.Symbol(f"u{k}_") for k in range(len(self.quantities))]

    def in_terms_of(self, quantities: Quantities, step: str) -> "Reduced":
        """In other quantities."""
        return replace(self, quantities=quantities, steps=(*self.steps, step))
