"""Laws that are one monomial: y = c x1^p1 x2^p2 ..., with any real powers, from noisy rows too."""

from collections.abc import Iterator

import numpy as np
import sympy
from jaxtyping import Float

from kansym.shared.deadline import Deadline
from kansym.symbolic.constants.plain_exponents import plain_exponent
from kansym.symbolic.laws.checking import checked, fresh_constants
from kansym.symbolic.laws.columns import monomial
from kansym.symbolic.laws.law import Law, Rows

__all__ = ["Monomials", "powers_of"]

_STEPS = 12
"""Gauss-Newton steps for powers: they start near, from logarithms."""


class Monomials:
    """One monomial of the inputs of one sign."""

    name = "monomial"

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """The monomial with its powers as fractions where they may be; then as measured."""
        steady = [k for k in range(len(rows.names)) if _of_one_sign(rows.X[:, k])]
        if not steady or until.passed or np.ptp(rows.y) == 0:
            return
        logs = np.log(np.abs(rows.X[:, steady]))
        found = powers_of(logs, rows.y)
        if found is None:
            return
        powers, errors = found
        plain = [plain_exponent(p, e) for p, e in zip(powers, errors, strict=True)]
        rounded = np.array([np.nan if power is None else float(power) for power in plain])
        constant = fresh_constants(rows.names, len(steady) + 1)
        names = [sympy.Symbol(rows.names[k]) for k in steady]
        signs = [1 if rows.X[0, k] > 0 else -1 for k in steady]
        base = [sign * name for sign, name in zip(signs, names, strict=True)]
        if np.isfinite(rounded).all():
            scale = _scale(logs @ rounded, rows.y)
            law = checked(
                constant[0] * monomial(base, rounded), {constant[0]: scale}, self.name, rows
            )
            if law is not None:
                yield law
                return
        free = np.isnan(rounded)
        fixed = np.where(free, 0.0, rounded)
        start = {symbol: float(p) for symbol, p in zip(constant[1:], powers, strict=True)}
        expr = monomial(base, fixed)
        for k in np.flatnonzero(free):
            expr *= base[k] ** constant[k + 1]
        whole = np.where(free, powers, fixed)
        start[constant[0]] = _scale(logs @ whole, rows.y)
        law = checked(constant[0] * expr, start, f"{self.name} of real powers", rows)
        if law is not None:
            yield law


def _of_one_sign(values: np.ndarray) -> bool:
    return bool(values.min() > 0 or values.max() < 0)


def powers_of(
    logs: Float[np.ndarray, "rows inputs"], y: Float[np.ndarray, " rows"]
) -> tuple[np.ndarray, np.ndarray] | None:
    """Powers by least squares in y itself, and their standard errors; None if they diverge.

    Logarithms of noisy y give the start: they are biased, and not defined where noise turns the
    sign.
    """
    sign = 1.0 if np.median(y) > 0 else -1.0
    good = sign * y > 0.1 * np.abs(np.median(y))
    columns = np.column_stack([logs, np.ones(len(y))])
    if good.sum() < 2 * columns.shape[1]:
        return None
    start = np.linalg.lstsq(columns[good], np.log(sign * y[good]), rcond=None)
    found = start[0]
    over_decades = np.ptp(np.log(np.abs(y[good]))) > _DECADES
    if not over_decades:
        found = _gauss_newton(columns, sign * y, found)
    if found is None:
        return None
    if over_decades:
        residual, jacobian = np.log(sign * y[good]) - columns[good] @ found, columns[good]
    else:
        model = np.exp(columns @ found)
        residual, jacobian = sign * y - model, model[:, None] * columns
    free = max(len(residual) - len(found), 1)
    gram = np.linalg.pinv(jacobian.T @ jacobian)
    errors = np.sqrt(np.maximum(np.diag(gram), 0) * float(residual @ residual) / free)
    return found[:-1], errors[:-1]


_DECADES = 9.0
"""Spread of log |y| beyond which relative errors are compared."""


def _gauss_newton(columns: np.ndarray, y: np.ndarray, start: np.ndarray) -> np.ndarray | None:
    found, best = start, np.inf
    for _ in range(_STEPS):
        with np.errstate(all="ignore"):
            model = np.exp(columns @ found)
        if not np.isfinite(model).all():
            return None
        size = float(np.sum((y - model) ** 2))
        if size > best * 1.5:
            return None
        best = min(best, size)
        step = np.linalg.lstsq(model[:, None] * columns, y - model, rcond=None)[0]
        found = found + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-12:
            break
    return found


def _scale(log_monomial: np.ndarray, y: np.ndarray) -> float:
    """The factor of least squared relative error for exact rows over decades, else of error."""
    values = np.exp(log_monomial)
    if np.ptp(log_monomial) > _DECADES:
        return float(np.median(y / values))
    return float(values @ y / (values @ values))
