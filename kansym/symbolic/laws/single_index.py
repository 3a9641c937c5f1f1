r"""Laws of noisy rows in one linear combination of the inputs, or one product of real powers.

:math:`y = h(w_1 x_1 + w_2 x_2 + \dots)`: for a polynomial h its coefficients follow from the
weights by linear least squares, so that steps are those for the weights alone. Where such a
function leaves no more than the noise, h is a curve of one quantity, whose law is sought by itself;
weights and constants are then refined together. In logarithms of inputs the combination is a
product of powers.

References
----------
W. Härdle, P. Hall, H. Ichimura, Optimal smoothing in single-index models, Ann. Statist. 21 (1993)
157, doi:10.1214/aos/1176349020. G. H. Golub, V. Pereyra, Separable nonlinear least squares,
doi:10.1088/0266-5611/19/2/201.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy
from jaxtyping import Float
from numpy.polynomial import chebyshev

from kansym.shared.deadline import Deadline
from kansym.symbolic.constants.least_squares import minimise
from kansym.symbolic.constants.plain_exponents import plain_exponent
from kansym.symbolic.laws.checking import apart, fitted, length
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.univariate import AT_ONCE, USUAL, univariate_laws

__all__ = ["SingleIndex"]

Array = np.ndarray

_FEWEST_ROWS, _MOST_ROWS, _MOST_INPUTS = 12, 1000, 8
_DEGREES, _PER_ROW, _FIRST = (1, 2, 3, 4, 5, 7, 9, 12, 16, 21), 6, 5
"""Degrees of h, rows for each of its coefficients, and the degree that starts are tried with."""
_STARTS, _FOLLOWED, _STEPS, _SMALL_STEP = 12, 3, 25, 1e-4
"""Random weights to start from, starts that are followed, steps, and the least gain of one."""
_WITHIN = 1.15
"""Error over the noise up to which nothing but noise is left."""
_MATTERS = 4.0
"""Standard errors of a weight from which on an input matters."""
_FORMS, _SECONDS, _REFINING, _LEAVES = 3, 4.0, 2.0, 1.05
"""Laws of the curve that are followed, seconds for these and for the constants of all, and error
over the noise of a plain law beside which no other is sought."""


class SingleIndex:
    """The source of laws of noisy rows in one combination of inputs."""

    name = "function of a linear combination"

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """Laws of the combination of inputs or of their logarithms, the better first."""
        own = rows.with_varying()
        if not (rows.noise and len(rows.y) >= _FEWEST_ROWS and 2 <= len(own.names) <= _MOST_INPUTS):
            return
        few = own.take(np.arange(min(len(own.y), _MOST_ROWS)))
        found = [_Index.of(few, logarithmic) for logarithmic in (False, True)]
        indices = [index for index in found if index and index.error <= _WITHIN * rows.noise]
        for index in sorted(indices, key=lambda index: index.error):
            for expr, start in index.forms(few, until.within(_SECONDS)):
                if until.passed:
                    return
                words = f"{self.name}{' of logarithms' if index.logarithmic else ''}"
                law = fitted(expr, start, words, rows, until.within(_REFINING))
                if law is not None:
                    yield law


@dataclass(frozen=True, eq=False)
class _Index:
    """Weights of a combination, and what a polynomial in it leaves.

    Attributes
    ----------
    logarithmic : whether of the logarithms of the inputs.
    weights, errors : of the inputs (inputs,), and their standard errors; 0 for one that does
        nothing.
    error : over the spread of y, degrees of freedom counted.
    """

    logarithmic: bool
    weights: Float[Array, " inputs"]
    errors: Float[Array, " inputs"]
    error: float

    @classmethod
    def of(cls, rows: Rows, logarithmic: bool) -> "_Index | None":
        """The best one; None for inputs without logarithms, or too few rows."""
        if logarithmic and rows.X.min() <= 0:
            return None
        u = np.log(rows.X) if logarithmic else rows.X
        scale = u.std(axis=0)
        z, y = (u - u.mean(axis=0)) / scale, rows.y * rows.root / rows.spread
        highest = min(max(_DEGREES), len(y) // _PER_ROW - z.shape[1])
        if highest < 2:
            return None
        kept = np.arange(z.shape[1])
        while True:
            fit = _Fit(z[:, kept], y, rows.root)
            w, degree = fit.best(highest)
            loss, error = fit.loss(w, degree), fit.errors(w, degree)
            matters = np.abs(w) > _MATTERS * error
            if matters.all() or matters.sum() < 2:
                break
            kept = kept[matters]
        free = len(y) - degree - len(kept)
        weights, errors = np.zeros(z.shape[1]), np.zeros(z.shape[1])
        weights[kept], errors[kept] = w / scale[kept], error / scale[kept]
        return cls(logarithmic, weights, errors, float(np.sqrt(loss / free)))

    def forms(
        self, rows: Rows, until: Deadline
    ) -> Iterator[tuple[sympy.Expr, dict[sympy.Symbol, float]]]:
        """Expressions in the inputs, and where their constants start."""
        spread = self.weights * rows.X.std(axis=0)
        lead = int(np.argmax(np.abs(spread if not self.logarithmic else self.weights)))
        ratios = self.weights / self.weights[lead]
        errors = np.hypot(self.errors, ratios * self.errors[lead]) / abs(self.weights[lead])
        t = np.log(rows.X) @ ratios if self.logarithmic else rows.X @ ratios
        s, mark = np.exp(t) if self.logarithmic else t, sympy.Dummy("s")
        given = s, rows.y, "s", rows.noise, until, rows.weights, rows.independent
        laws = list(univariate_laws(*given, AT_ONCE))
        for stages in (USUAL, None):
            if not any(law.error <= _LEAVES * rows.noise for law in laws):
                laws += univariate_laws(*given, stages)
        own = Rows(s[:, None], rows.y, ("s",), rows.noise, rows.independent, rows.weights)
        plain = [
            plain_exponent(ratio, error) if ratio and k != lead else None
            for k, (ratio, error) in enumerate(zip(ratios.tolist(), errors.tolist(), strict=True))
        ]
        for law in sorted(laws, key=lambda law: length(law, own))[:_FORMS]:
            (expr,), start, symbols = apart([law], rows, len(ratios))
            expr = expr.xreplace({sympy.Symbol("s"): mark})
            for free in (False, True) if any(p is not None for p in plain) else (True,):
                index, more = sympy.S.One if self.logarithmic else sympy.S.Zero, dict(start)
                for k in np.flatnonzero(ratios).tolist():
                    x, weight = sympy.Symbol(rows.names[k]), sympy.S.One
                    if k != lead and (free or plain[k] is None):
                        weight, more[symbols[k]] = symbols[k], float(ratios[k])
                    elif k != lead:
                        weight = plain[k]
                    index = index * x**weight if self.logarithmic else index + weight * x
                yield expr.xreplace({mark: index}), more


class _Fit:
    """Polynomials in a combination of standard inputs z; y counts by the roots of weights."""

    def __init__(
        self, z: Float[Array, "rows inputs"], y: Float[Array, " rows"], root: Float[Array, " rows"]
    ) -> None:
        self.z, self.y, self.root = z, y, root

    def best(self, highest: int) -> tuple[Array, int]:
        """Weights, and the degree of shortest description with them."""
        first = min(_FIRST, highest)
        starts = [self.refined(w, first) for w in self.starts()]
        starts.sort(key=lambda w: self.loss(w, first))
        found, ends, n = list[tuple[float, int, int]](), list[Array](), len(self.y)
        for w in starts[:_FOLLOWED]:
            for degree in (d for d in _DEGREES if d <= highest):
                ends.append(self.refined(w, degree))
                criterion = n * np.log(self.loss(ends[-1], degree)) + degree * np.log(n)
                found.append((float(criterion), degree, len(ends) - 1))
        _, degree, place = min(found)
        return ends[place], degree

    def starts(self) -> list[Array]:
        """Those of a line, of the slopes of a parabola, and random ones."""
        one, (n, k) = np.ones((len(self.z), 1)), self.z.shape
        pairs = [(i, j) for i in range(k) for j in range(i, k)]
        columns = np.hstack([one, self.z, *(self.z[:, [i]] * self.z[:, [j]] for i, j in pairs)])
        heavy = self.root[:, None]
        line = np.linalg.lstsq(columns[:, : k + 1] * heavy, self.y, rcond=None)[0][1:]
        bent = np.linalg.lstsq(columns * heavy, self.y, rcond=1e-9)[0]
        slopes = np.tile(bent[1 : k + 1], (n, 1))
        for weight, (i, j) in zip(bent[k + 1 :], pairs, strict=True):
            slopes[:, i] += weight * self.z[:, j]
            slopes[:, j] += weight * self.z[:, i]
        main = np.linalg.eigh(slopes.T @ slopes)[1][:, -1]
        drawn = np.random.default_rng(0).normal(size=(_STARTS, k))
        return [w / (np.linalg.norm(w) or 1.0) for w in (line, main, *drawn)]

    def refined(self, w: Array, degree: int) -> Array:
        """Weights of least squares near others; their norm does nothing."""
        slopes = self.z  # of the place that residuals were asked for last

        def residuals(w: Array) -> Array:
            nonlocal slopes
            rest, slopes = self._linear(w, degree)
            return -rest

        given = residuals, lambda _: slopes, w
        found = minimise(*given, max_steps=_STEPS, enough=_SMALL_STEP).x
        return found / (np.linalg.norm(found) or 1.0)

    def loss(self, w: Array, degree: int) -> float:
        """What a polynomial leaves of the squares of y."""
        return max(float(np.sum(self._linear(w, degree)[0] ** 2)), 1e-300)

    def errors(self, w: Array, degree: int) -> Array:
        """Standard errors of weights of norm 1."""
        rest, slopes = self._linear(w, degree)
        variance = float(rest @ rest) / max(len(rest) - degree - len(w), 1)
        return np.sqrt(np.diag(np.linalg.pinv(slopes.T @ slopes, rcond=1e-9)) * variance)

    def _linear(self, w: Array, degree: int) -> tuple[Array, Array]:
        """What is left of y, and what more of the weights takes of it: polynomials follow these."""
        t = self.z @ w
        low, high = t.min(), t.max()
        half = (high - low) / 2 or 1.0
        unit = (t - (low + high) / 2) / half
        basis, triangle = np.linalg.qr(chebyshev.chebvander(unit, degree) * self.root[:, None])
        along = basis.T @ self.y
        coefficients = np.linalg.lstsq(triangle, along, rcond=1e-12)[0]
        slope = chebyshev.chebval(unit, chebyshev.chebder(coefficients)) / half
        columns = self.z * (slope * self.root)[:, None]
        return self.y - basis @ along, columns - basis @ (basis.T @ columns)
