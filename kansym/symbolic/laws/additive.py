r"""Sums and products of functions of single inputs: each function is seen alone, then named.

With a transform g of the target, :math:`g(y) = \sum_i f_i(x_i)` is linear in the coefficients of
splines for the :math:`f_i`. Where splines explain unused rows, every :math:`f_i` is a clean curve
of one input, whose law is sought by itself; all constants are then refined together.

References
----------
T. Hastie, R. Tibshirani, Generalized additive models, Statistical Science 1 (1986) 297,
doi:10.1214/ss/1177013604.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product

import numpy as np
import sympy
from jaxtyping import Bool, Float
from scipy.interpolate import BSpline

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import fitted, fresh_constants, length, sum_of_laws
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.named_functions import PLAIN_TERMS, NamedFunction
from kansym.symbolic.laws.targets import Target, targets_of
from kansym.symbolic.laws.univariate import univariate_laws

__all__ = ["Additive", "held_out", "spline_basis"]

Array = np.ndarray
INTERVALS = (24, 12, 6)
"""Of the splines of every input; as many as the rows allow."""
ROWS_PER_COEFFICIENT = 3
DEGREE = 5
HELD_OUT = 0.2
ADDITIVE = 1e-2
"""Relative error on unused rows below which a sum of functions is believed."""
MOST_INPUTS = 12
FORMS = 2
"""Laws of every curve that are combined with those of the others."""
COMBINATIONS = 8
MANY, EXACT, SECONDS, MOST_SECONDS = 200, 1e-4, 1.5, 4.0
"""Rows from which on noise would have been seen, the error from which on a sum of exact rows is
hardly exact, the time for its laws then, and for those of one that is: others may be quicker."""
SHARE = 0.5
"""Of the time, for the laws of the curves."""


_TARGETS = ("y", "log y", "1/y", "y^2", "exp y", "1/y^2")
"""Functions of y, or of -y where all of it is negative, that may be sums."""


@dataclass(frozen=True, eq=False)
class _Curves:
    """A target as a sum of curves, one per input.

    Attributes
    ----------
    error : of the sum on unused rows, over the spread of the target.
    blur : error of one curve, in units of the target: noise of the rows averages out in splines.
    plain : functions that took the place of splines, by input.
    """

    target: Target
    values: Float[Array, "rows inputs"]
    error: float
    blur: float
    plain: Mapping[int, NamedFunction]


class Additive:
    """The source of laws that are sums or products of functions of single inputs."""

    name = "sum of functions of single inputs"

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """Laws for the targets that are sums, the one of least error first."""
        inputs = rows.varying
        if not 2 <= len(inputs) <= MOST_INPUTS:
            return
        size = _sign(rows) * rows.y
        targets = targets_of(size, _TARGETS)
        found = [one for t in targets if (one := _curves(rows, inputs, t)) is not None]
        limit = max(ADDITIVE, 2 * rows.noise)
        if rows.may_be_exact(MANY):
            hardly = all(one.error > EXACT for one in found)
            until = until.within(SECONDS if hardly else MOST_SECONDS)
        for curves in sorted(found, key=lambda one: one.error)[:2]:
            if curves.error < limit and not until.passed:
                yield from _laws(rows, inputs, _plainer(rows, inputs, curves), until)


def _sign(rows: Rows) -> int:
    """-1 where all of y is negative."""
    return -1 if rows.y.max() < 0 else 1


def _curves(rows: Rows, inputs: list[int], function: Target) -> _Curves | None:
    """The least-squares splines of a function of the target."""
    target = function.forward(_sign(rows) * rows.y)
    if np.ptp(target) == 0:
        return None
    return _fitted(rows, inputs, function, target, {})


def _fitted(
    rows: Rows,
    inputs: list[int],
    function: Target,
    target: Array,
    plain: Mapping[int, NamedFunction],
) -> _Curves | None:
    """The sum of multiples of plain functions of some inputs and of splines of the others."""
    test = held_out(len(target))
    fitting, free = int((~test).sum()), len(inputs) - len(plain)
    for intervals in INTERVALS:
        if ROWS_PER_COEFFICIENT * (free * (intervals + DEGREE) + len(plain)) <= fitting:
            break
    else:
        return None
    bases = [
        plain[i].value(rows.X[:, i])[:, None]
        if i in plain
        else spline_basis(rows.X[:, i], intervals)
        for i in inputs
    ]
    matrix = np.column_stack([np.ones(len(target)), *bases])
    if not np.isfinite(matrix).all():
        return None
    solution, *_ = np.linalg.lstsq(matrix[~test], target[~test], rcond=1e-11)
    missed = float(np.std(target[test] - matrix[test] @ solution))
    # One large row among those that are fitted would make any error of the others small.
    error = missed / (float(np.std(target[test])) or 1.0)
    parts = np.split(solution[1:], np.cumsum([basis.shape[1] for basis in bases])[:-1])
    values = np.column_stack([b @ part for b, part in zip(bases, parts, strict=True)])
    blur = missed * np.sqrt(max(basis.shape[1] for basis in bases) / fitting)
    return _Curves(function, values, error, float(blur), plain)


def _plainer(rows: Rows, inputs: list[int], curves: _Curves) -> _Curves:
    """With plain functions in the place of splines, as long as that is no worse.

    A spline has an error that is smooth, and is not known by its shape alone; rows that it does
    not take are there for the others.
    """
    target = curves.target.forward(_sign(rows) * rows.y)
    for i in inputs:
        with np.errstate(all="ignore"):
            trials = [
                _fitted(rows, inputs, curves.target, target, {**curves.plain, i: each})
                for each in PLAIN_TERMS
            ]
        best = min((t for t in trials if t is not None), key=lambda t: t.error, default=curves)
        if best.error <= curves.error:
            curves = best
    return curves


def held_out(rows: int) -> Bool[np.ndarray, " rows"]:
    """Rows that splines are not fitted to."""
    test = np.zeros(rows, dtype=bool)
    test[:: round(1 / HELD_OUT)] = True
    return test


def spline_basis(
    x: Float[np.ndarray, " rows"], intervals: int
) -> Float[np.ndarray, "rows coefficients"]:
    """B-splines on quantiles of an input, without the first: the constant has its own column."""
    inner = np.unique(np.quantile(x, np.linspace(0, 1, intervals + 1)))
    knots = np.concatenate([[inner[0]] * DEGREE, inner, [inner[-1]] * DEGREE])
    return BSpline.design_matrix(x, knots, DEGREE).toarray()[:, 1:]


def _laws(rows: Rows, inputs: list[int], curves: _Curves, until: Deadline) -> Iterator[Law]:
    """The curves named one by one, then together."""
    spread = curves.values.std(axis=0)
    used = [k for k, size in enumerate(spread) if size > 3 * curves.blur]
    choices: list[list[Law]] = []
    for position, k in enumerate(used):
        name, noise = rows.names[inputs[k]], curves.blur / spread[k]
        if inputs[k] in curves.plain:
            choices.append([_multiple(curves, rows, inputs[k], k)])
            continue
        limit = until.share(SHARE / (len(used) - position))
        x, y, few = rows.X[:, inputs[k]], curves.values[:, k], rows.independent
        every = univariate_laws(x, y, name, noise, limit, independent=few)
        laws = list(islice(every, FORMS))
        if not laws:
            return
        choices.append(laws)
    best: Law | None = None
    for combination in list(product(*choices))[:COMBINATIONS]:
        law = _together(rows, combination, curves.target, until)
        if law is not None and (best is None or length(law, rows) < length(best, rows)):
            best = law
            yield law
        if until.passed:
            return


def _multiple(curves: _Curves, rows: Rows, place: int, column: int) -> Law:
    """A plain function of an input with its factor."""
    (factor,), function = fresh_constants(rows.names, 1), curves.plain[place]
    values, curve = function.value(rows.X[:, place]), curves.values[:, column]
    weight = float(values @ curve / (values @ values))
    expr = factor * function.of(sympy.Symbol(rows.names[place]))
    return Law(expr, {factor: weight}, function.text, 0.0)


def _together(rows: Rows, laws: tuple[Law, ...], function: Target, until: Deadline) -> Law | None:
    """The sum of laws, transformed back, its constants refined on all rows."""
    target = function.forward(_sign(rows) * rows.y)
    total, start = sum_of_laws(laws, [sympy.S.One] * len(laws), target, rows)
    if not np.isfinite(list(start.values())).all():
        return None
    expr = _sign(rows) * function.inverse(total)
    words = f"sum of functions of single inputs, {function.name}"
    return fitted(expr, start, words, rows, until.within(2.0))
