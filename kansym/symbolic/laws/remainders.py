"""What is left of y when a short expression is taken off it and functions around it are undone.

g2(g1(y) - e), g2(g1(y) e) and g2(g1(y)/e) for functions g1, g2 and thousands of expressions e, as
rows of a matrix: one product with a basis tells which of them lie in a linear space.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sympy
from jaxtyping import Float, Int

from kansym.symbolic.laws.expressions import Expressions
from kansym.symbolic.laws.targets import TARGETS, Target, small_steps

__all__ = ["OF_PRODUCTS", "OF_SUMS", "Remainder", "Remainders", "remainders", "undone"]

Array = np.ndarray

_UNEVEN = 1e-6
"""Median size over the largest below which all but a few rows are nothing."""


@dataclass(frozen=True)
class _Operation:
    """How an expression e is taken off z, and how z comes back.

    Attributes
    ----------
    of : from z and e to what is left.
    back : from expressions for what is left and for e to one for z.
    """

    name: str
    of: Callable[[Array, Array], Array]
    back: Callable[[sympy.Expr, sympy.Expr], sympy.Expr]


TIMES = _Operation("times", lambda z, e: z * e, lambda w, e: w / e)
OVER = _Operation("over", lambda z, e: z / e, lambda w, e: w * e)
LESS = _Operation("less", lambda z, e: z - e, lambda w, e: w + e)
PLUS = _Operation("plus", lambda z, e: z + e, lambda w, e: w - e)


@dataclass(frozen=True)
class Remainder:
    """One of them.

    Attributes
    ----------
    outer, inner : g1 and g2.
    operation, taken : how which expression was taken off, if any.
    """

    outer: Target
    inner: Target
    operation: _Operation | None
    taken: sympy.Expr
    values: Float[np.ndarray, " rows"]

    def restore(self, expr: sympy.Expr) -> sympy.Expr:
        """From an expression for what is left to one for y."""
        expr = self.inner.inverse(expr)
        if self.operation is not None:
            expr = self.operation.back(expr, self.taken)
        return self.outer.inverse(expr)

    def of(self, y: Array, taken: Array) -> Array:
        """Its values for others of y, with those of the expression."""
        z = self.outer.forward(y)
        return self.inner.forward(z if self.operation is None else self.operation.of(z, taken))

    @property
    def words(self) -> str:
        """What was done."""
        steps = [self.outer.name]
        if self.operation is not None:
            steps.append(f"{self.operation.name} {self.taken}")
        if self.inner.name != "y":
            steps.append(self.inner.name.replace("y", "of that"))
        return " ".join(steps)


@dataclass(frozen=True, eq=False)
class Remainders:
    """Many that differ in the expression.

    Attributes
    ----------
    values : shape (n, rows).
    numbers : of the expressions (n,); none where none was taken off.
    """

    outer: Target
    inner: Target
    operation: _Operation | None
    values: Float[np.ndarray, "n rows"]
    numbers: Int[np.ndarray, " n"]

    def one(self, place: int, expressions: Expressions) -> Remainder:
        """One of them."""
        taken = sympy.S.Zero
        if self.operation is not None:
            taken = expressions.expr(int(self.numbers[place]))
        return Remainder(self.outer, self.inner, self.operation, taken, self.values[place])

    def slopes(self, y: Float[Array, " rows"], expressions: Expressions) -> Float[Array, "n rows"]:
        """Sizes of the derivatives by y, by differences; nan beyond domains and at their ends."""
        e, g = expressions.values[self.numbers] if self.operation else y, self.inner
        step = small_steps(y)

        def left(y: Array) -> Array:
            z = self.outer.forward(y)
            return np.atleast_2d(z if self.operation is None else self.operation.of(z, e))

        with np.errstate(all="ignore"):
            low, middle, high = (left(y + move) for move in (-step, 0.0, step))
            change = np.abs(g.forward(high) - g.forward(low)) / (2 * step)
        return np.where((middle >= g.low) & (middle <= g.high), change, np.nan)


OF_PRODUCTS = ("y", "log y", "log -y")
_OF_PRODUCTS_OF_Y = (*OF_PRODUCTS, "asin y", "acos y", "exp y")
OF_SUMS = (
    "log y", "log -y", "y^2", "-y^2", "1/y", "sqrt y", "exp y", "cbrt y", "asin y", "acos y",
)  # fmt: skip


def remainders(
    y: Float[np.ndarray, " rows"],
    outer: Target,
    expressions: Expressions,
    of_products: Sequence[str] = OF_PRODUCTS,
    of_sums: Sequence[str] = OF_SUMS,
    beyond: float = 0.0,
) -> Iterator[Remainders]:
    """Those of one function of y, the plain before the strange.

    Names are those of the functions g2 of products and quotients, and of sums and differences. Of
    noisy rows this share may lie beyond the domain of g2; values are a median there.
    """
    z = outer.forward(y)
    yield Remainders(outer, TARGETS["y"], None, z[None], np.zeros(0, dtype=int))
    if of_products is OF_PRODUCTS and outer.name == "y":
        of_products = _OF_PRODUCTS_OF_Y
    for operations, names in (((OVER, TIMES), of_products), ((LESS, PLUS), of_sums)):
        for operation in operations:
            with np.errstate(all="ignore"):
                left = operation.of(z, expressions.values)
            for name in names:
                if not (name.startswith("log") and outer.name.startswith("log")):
                    found = undone(left, TARGETS[name], beyond)
                    if found is not None:
                        yield Remainders(outer, TARGETS[name], operation, *found)


def undone(
    left: Float[np.ndarray, "n rows"], function: Target, beyond: float
) -> tuple[Float[np.ndarray, "some rows"], Int[np.ndarray, " some"]] | None:
    """A function of those rows of a matrix on which it is defined, and their numbers.

    The share of values that may lie beyond its domain is as of `remainders`.
    """
    inside = (left >= function.low) & (left <= function.high)
    numbers = np.flatnonzero(inside.mean(axis=1) >= 1 - beyond)
    inside = inside[numbers]
    with np.errstate(all="ignore"):
        values = function.forward(left[numbers])
        if not inside.all():
            known = np.where(inside, values, np.nan)
            values = np.where(inside, values, np.nanmedian(known, axis=1, keepdims=True))
        size = np.abs(values)
        largest = size.max(axis=1, initial=0.0)
        good = np.isfinite(largest) & (np.median(size, axis=1) > _UNEVEN * largest)
        good &= np.std(values, axis=1) > _UNEVEN * largest
    return (values[good], numbers[good]) if good.any() else None
