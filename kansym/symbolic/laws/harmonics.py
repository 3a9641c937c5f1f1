r"""Trigonometric polynomials: sums of cosines and sines of whole multiples of the inputs.

Products and powers of sines and cosines of inputs, of their sums and differences are such sums,
however they are written: :math:`y = \sum_k (a_k \cos k x + b_k \sin k x)` over vectors k of
whole numbers, whose coefficients may be linear in the other inputs.
"""

from collections.abc import Iterator
from itertools import combinations, product

import numpy as np
import sympy
from jaxtyping import Float, Int

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import checked, fresh_constants, is_exact
from kansym.symbolic.laws.coefficients import as_weights
from kansym.symbolic.laws.columns import Quantities
from kansym.symbolic.laws.expression_pairs import exact_weights
from kansym.symbolic.laws.law import Law, Rows

__all__ = ["Harmonics"]

_FEWEST_ROWS, _MOST_ROWS = 40, 600
_MOST_ANGLES, _MOST_INPUTS = 3, 4
_HIGHEST = ((2, 4, 6, 9, 12), (2, 3, 4, 5), (1, 2, 3))
"""Multiples of one angle, of each of two, of each of three: over part of a turn high ones are
hardly told apart."""
_SHARE = 0.6
"""Most columns over the rows."""
_TURN = 1.0
"""Least range of an angle in radians: over less its harmonics are alike."""
_MOST_TERMS = 12


class Harmonics:
    """The source of trigonometric polynomials of some inputs, linear in the others."""

    name = "trigonometric polynomial"

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """The first that is exact, in as few angles as may be; nothing for rows with noise."""
        inputs = rows.varying
        if not rows.may_be_exact(_FEWEST_ROWS) or not 1 <= len(inputs) <= _MOST_INPUTS:
            return
        turning = [k for k in inputs if np.ptp(rows.X[:, k]) > _TURN]
        for count in range(1, min(_MOST_ANGLES, len(turning)) + 1):
            for angles in combinations(turning, count):
                if until.passed:
                    return
                for highest in _HIGHEST[count - 1]:
                    law = _law(rows, angles, [k for k in inputs if k not in angles], highest)
                    if law is not None:
                        yield law
                        return


def _law(rows: Rows, angles: tuple[int, ...], others: list[int], highest: int) -> Law | None:
    """The sum of multiples of these angles, if it is exact."""
    few = rows if len(rows.y) <= _MOST_ROWS else rows.take(np.arange(_MOST_ROWS))
    if (2 * highest + 1) ** len(angles) * (1 + len(others)) > _SHARE * len(few.y):
        return None
    multiples = _multiples(highest, len(angles))
    waves = _waves(few.X[:, angles], multiples)
    beside = np.column_stack([np.ones(len(few.y)), few.X[:, others]])
    columns = (beside[:, :, None] * waves[:, None, :]).reshape(len(waves), -1)
    weights = exact_weights(columns, few.y)
    if weights is None or np.count_nonzero(weights) > _MOST_TERMS:
        return None
    used = np.flatnonzero(weights)
    numbers, start = as_weights(weights[used].tolist(), fresh_constants(rows.names, len(used)))
    inputs = Quantities.inputs(rows.X, rows.names)
    factors = [sympy.S.One, *(inputs.exprs[k] for k in others)]
    exprs = _expressions([inputs.exprs[k] for k in angles], multiples)
    terms = [
        number * factors[place // len(exprs)] * exprs[place % len(exprs)]
        for number, place in zip(numbers, used, strict=True)
    ]
    law = checked(sympy.Add(*terms), start, Harmonics.name, rows)
    return law if law is not None and is_exact(law) else None


def _multiples(highest: int, angles: int) -> Int[np.ndarray, "waves angles"]:
    """Vectors of whole numbers without their negatives, that of zeros first."""
    every = product(range(-highest, highest + 1), repeat=angles)
    kept = sorted((k for k in every if k >= (0,) * angles), key=lambda k: sum(map(abs, k)))
    return np.array(kept, dtype=int)


def _waves(
    x: Float[np.ndarray, "rows angles"], multiples: Int[np.ndarray, "waves angles"]
) -> Float[np.ndarray, "rows columns"]:
    """The cosine of each multiple, then the sines of all but the first, which is 0."""
    phase = x @ multiples.T
    return np.hstack([np.cos(phase), np.sin(phase[:, 1:])])


def _expressions(
    angles: list[sympy.Expr], multiples: Int[np.ndarray, "waves angles"]
) -> list[sympy.Expr]:
    """The same as expressions."""
    phases = [
        sympy.Add(*(int(n) * angle for n, angle in zip(row, angles, strict=True)))
        for row in multiples
    ]
    return [*map(sympy.cos, phases), *map(sympy.sin, phases[1:])]
