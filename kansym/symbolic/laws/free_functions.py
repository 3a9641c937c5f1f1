"""Sums of unknown smooth functions: each is a clean curve of one quantity that is named by itself.

Terms m f(u) with a known factor m, a known quantity u and an unknown function f are linear in the
coefficients of Chebyshev polynomials for f, so that rows tell at once whether such a sum is exact.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice, product

import numpy as np
import sympy
from jaxtyping import Float
from numpy.polynomial import chebyshev
from scipy.linalg import lstsq

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import fitted, fresh_constants, sum_of_laws, values_of
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.univariate import Stage, univariate_laws

__all__ = ["FreeSum", "FreeTerm", "chebyshev_columns"]

Array = np.ndarray

_HELD_OUT = 5
"""One row of so many tells whether a sum is right."""
_ROWS_PER_COLUMN = 2.0
_DEGREES = (28, 20, 14, 10, 8)
_PROMISING, _EXACT = 1e-6, 1e-8
"""Error over the spread of a sum that is pruned, and of one that is believed."""
_NO_WORSE, _ROUNDING, _RANK = 4.0, 1e-12, 1e-13
_FORMS, _COMBINATIONS = 2, 6
"""Laws of every curve that are combined with those of the others."""
_IDLE = 30.0
"""Size of a curve over its error below which it is none."""
_NAMED, _ABOVE, _MOST_CONSTANTS = 1e-8, 10.0, 6
"""Error over the spread of the law of a curve, also over the known error, and its constants."""
_ROWS_NAMED = 400
_MOST_SECONDS, _REFINING = 4.0, 2.0
"""For the law of one curve, and for the constants of all."""


@dataclass(frozen=True, eq=False)
class FreeTerm:
    """A factor times an unknown function of a quantity, or times an unknown constant.

    Attributes
    ----------
    factor, size : its expression and values (rows,).
    quantity, at : those of the function's argument; None for a constant.
    constant : whether the function has a constant of its own; not where another term has it.
    fine : its degree over that of other functions; more where it turns often.
    """

    factor: sympy.Expr
    size: Float[np.ndarray, " rows"]
    quantity: sympy.Expr | None = None
    at: Float[np.ndarray, " rows"] | None = None
    constant: bool = True
    fine: int = 1

    @property
    def shares_constants(self) -> bool:
        """Whether a constant of the function times the factor may be part of other terms."""
        return self.at is not None and self.factor != 1

    def columns(self, degree: int) -> Float[np.ndarray, "rows columns"]:
        """The factor times Chebyshev polynomials up to a degree."""
        if self.at is None:
            return self.size[:, None]
        found = chebyshev_columns(self.at, self.fine * degree)
        return self.size[:, None] * (found if self.constant else found[:, 1:])


def chebyshev_columns(
    x: Float[np.ndarray, " rows"], degree: int
) -> Float[np.ndarray, "rows columns"]:
    """Chebyshev polynomials up to a degree on the range of x."""
    low, high = float(x.min()), float(x.max())
    unit = (2 * x - low - high) / ((high - low) or 1.0)
    return chebyshev.chebvander(unit, degree)


@dataclass(frozen=True, eq=False)
class FreeSum:
    """The terms of a target, fitted.

    Attributes
    ----------
    z : the target (rows,).
    terms : those that do something.
    curves : values of f of each (rows,), up to a constant where the factor is 1.
    sizes : spread of each term.
    blur : error of a curve.
    error : on rows that were held out, over the spread of the target.
    """

    z: Float[np.ndarray, " rows"]
    terms: tuple[FreeTerm, ...]
    curves: tuple[Array, ...]
    sizes: tuple[float, ...]
    blur: float
    error: float

    @classmethod
    def of(cls, terms: Sequence[FreeTerm], z: Array) -> "FreeSum | None":
        """The sum of the fewest terms that is as good; None if it is not exact."""
        found = cls._fitted(terms, z)
        if found is None or found.error > _PROMISING:
            return None
        part = len(found.terms) // 2
        while part and len(found.terms) > 1:
            fewer = found._without_some(part)
            if fewer is None:
                part //= 2
            else:
                found, part = fewer, max(1, min(part, len(fewer.terms) // 2))
        return found if found.error < _EXACT else None

    def _without_some(self, part: int) -> "FreeSum | None":
        """The sum without so many of its terms, the small ones first, if it is as good."""
        order = np.argsort(self.sizes)
        for place in range(0, len(order), part):
            left = np.delete(order, slice(place, place + part))
            fewer = self._fitted([self.terms[k] for k in left], self.z)
            if fewer is not None and fewer.error <= max(_NO_WORSE * self.error, _ROUNDING):
                return fewer
        return None

    @classmethod
    def _fitted(cls, terms: Sequence[FreeTerm], z: Array) -> "FreeSum | None":
        """The fit of the highest degree that the rows allow, without terms that do nothing."""
        if not terms:
            return None
        free = sum(term.fine for term in terms if term.at is not None)
        test = np.zeros(len(z), dtype=bool)
        test[::_HELD_OUT] = True
        for degree in _DEGREES:
            count = 1 + len(terms) + free * degree
            if _ROWS_PER_COLUMN * count <= (~test).sum():
                break
        else:
            return None
        parts = [term.columns(degree) for term in terms]
        matrix = np.column_stack([np.ones_like(z), *parts])
        norms = np.linalg.norm(matrix, axis=0)
        if not (np.isfinite(norms).all() and norms.all()):
            return None
        scaled = matrix[~test] / norms
        weights = lstsq(scaled, z[~test], cond=_RANK, lapack_driver="gelsy")[0] / norms
        spread = float(np.std(z)) or 1.0
        error = float(np.sqrt(np.mean((matrix[test] @ weights - z[test]) ** 2)))
        own = np.split(weights[1:], np.cumsum([part.shape[1] for part in parts])[:-1])
        values = [part @ w for part, w in zip(parts, own, strict=True)]
        sizes = [float(np.std(value)) for value in values]
        kept = [k for k, size in enumerate(sizes) if size > _IDLE * error]
        return cls(
            z,
            tuple(terms[k] for k in kept),
            tuple(values[k] / terms[k].size for k in kept),
            tuple(sizes[k] for k in kept),
            error,
            error / spread,
        )

    def laws(
        self,
        restore: Callable[[sympy.Expr], sympy.Expr],
        source: str,
        rows: Rows,
        until: Deadline,
        stages: tuple[Stage, ...] | None = None,
        start: Mapping[sympy.Symbol, float] | None = None,
    ) -> Iterator[Law]:
        """Laws for y: the curves named one by one, all constants then refined together.

        For the stages see `univariate_laws`; constants that come in by restoring y have their
        values in ``start``.
        """
        if any(term.shares_constants for term in self.terms):
            yield from self._in_turn(restore, source, rows, until, stages, start or {})
        choices: list[list[Law]] = []
        for number, (term, curve) in enumerate(zip(self.terms, self.curves, strict=True)):
            left = until.share(1 / (1 + len(self.terms) - number)).within(_MOST_SECONDS)
            named = _named(term, curve, self.blur, rows.names, left, stages)
            if not named:
                return
            choices.append(named)
        for chosen in list(product(*choices))[:_COMBINATIONS]:
            law = self._together(chosen, restore, source, rows, until, start or {})
            if law is not None:
                yield law
            if until.passed:
                return

    def _in_turn(
        self,
        restore: Callable[[sympy.Expr], sympy.Expr],
        source: str,
        rows: Rows,
        until: Deadline,
        stages: tuple[Stage, ...] | None,
        more: Mapping[sympy.Symbol, float],
    ) -> Iterator[Law]:
        """The curves with factors first, without constants: others then hold no part of them."""
        total, start, left = sympy.S.Zero, dict(more), self.z
        others: list[FreeTerm] = []
        for term, curve in zip(self.terms, self.curves, strict=True):
            if not term.shares_constants:
                others.append(term)
                continue
            limit = until.within(_MOST_SECONDS)
            law = next(iter(_named(term, curve, self.blur, rows.names, limit, stages)), None)
            if law is None:
                return
            parts = sympy.Add.make_args(law.expr)
            shape = sympy.Add(*(part for part in parts if part not in law.start))
            count = len(start) + len(law.start)
            fresh = fresh_constants(rows.names, count, "q")[len(start) :]
            renamed = dict(zip(law.start, fresh, strict=True))
            total += term.factor * shape.xreplace(renamed)
            start |= {renamed[s]: float(v) for s, v in law.start.items() if shape.has(s)}
            left = left - term.size * values_of(shape, law.start, rows)
            others.append(FreeTerm(term.factor, term.size))
        rest = FreeSum.of(others, left)
        if rest is not None:
            back = partial(_restored, restore, total)
            yield from rest.laws(back, source, rows, until, stages, start)

    def _together(
        self,
        chosen: Sequence[Law],
        restore: Callable[[sympy.Expr], sympy.Expr],
        source: str,
        rows: Rows,
        until: Deadline,
        more: Mapping[sympy.Symbol, float],
    ) -> Law | None:
        """The sum of named curves, restored to y, its constants refined on all rows."""
        total, start = sum_of_laws(chosen, [term.factor for term in self.terms], self.z, rows)
        return fitted(restore(total), start | dict(more), source, rows, until.within(_REFINING))


def _restored(
    restore: Callable[[sympy.Expr], sympy.Expr], known: sympy.Expr, expr: sympy.Expr
) -> sympy.Expr:
    """From what stands beside a known part to y."""
    return restore(known + expr)


def _named(
    term: FreeTerm,
    curve: Array,
    blur: float,
    names: tuple[str, ...],
    until: Deadline,
    stages: tuple[Stage, ...] | None,
) -> list[Law]:
    """The laws of one curve, in the inputs."""
    if term.quantity is None or term.at is None:
        (symbol,) = fresh_constants(names, 1, "q")
        return [Law(symbol, {symbol: float(np.median(curve))}, "factor", 0.0)]
    name = "u"
    while name in names:
        name += "_"
    noise = blur / (float(np.std(term.size * curve)) or 1.0)
    few = slice(None, _ROWS_NAMED)
    laws = univariate_laws(term.at[few], curve[few], name, noise, until, stages=stages)
    found = islice(laws, _FORMS)
    place, limit = {sympy.Symbol(name): term.quantity}, max(_NAMED, _ABOVE * noise)
    return [
        Law(law.expr.xreplace(place), law.start, law.source, law.error)
        for law in found
        if law.error < limit and len(law.start) <= _MOST_CONSTANTS
    ]
