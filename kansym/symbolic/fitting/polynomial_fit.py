"""Polynomials with few terms, for edges that no single library function explains."""

from collections.abc import Iterator

import numpy as np
import sympy
from jaxtyping import Float

from kansym.symbolic.fitting.edge_fit import EdgeFit
from kansym.symbolic.library.candidate import Candidate

__all__ = ["polynomial_fit"]

LARGEST_DEGREE = 7
TERM_BITS = 10.0
"""Bits of a coefficient."""
GROWTH = 1.5
"""By which factor the error may grow when a term is left out."""


def polynomial_fit(
    x: Float[np.ndarray, " points"],
    y: Float[np.ndarray, " points"],
    density: Float[np.ndarray, " points"],
    *,
    enough: float,
) -> EdgeFit | None:
    """The polynomial of lowest degree and fewest terms that fits a curve.

    Parameters
    ----------
    x, y, density : the curve at some points, with weights.
    enough : relative error that must be reached.

    Returns
    -------
    The polynomial as a fit y = f(x) + d, its coefficients inside f; None if degree 7 is not
    enough, or one term is, which is a library function's business.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 60)
    >>> fit = polynomial_fit(x, x**3 + 2 * x + 1, np.full(60, 1 / 60), enough=1e-6)
    >>> [round(float(c), 6) for c in sympy.Poly(fit.candidate.expr).all_coeffs()], round(fit.d, 6)
    ([1.0, 0.0, 2.0, 0.0], 1.0)
    """
    weight = np.sqrt(density / density.sum())
    mean = float(weight**2 @ y)
    spread = float(np.sqrt(weight**2 @ (y - mean) ** 2))
    largest = float(np.abs(x).max())
    if spread == 0 or largest == 0 or len(x) <= LARGEST_DEGREE + 2:
        return None
    columns = (x[:, None] / largest) ** np.arange(LARGEST_DEGREE + 1)

    def solved(powers: list[int]) -> tuple[np.ndarray, float]:
        left = columns[:, powers] * weight[:, None]
        solution = np.linalg.lstsq(left, weight * y, rcond=None)[0]
        return solution, float(np.linalg.norm(left @ solution - weight * y)) / spread

    degrees = list(_full(LARGEST_DEGREE))
    if solved(degrees[-1])[1] > enough:
        return None
    powers = next(each for each in degrees if solved(each)[1] <= enough)
    limit = max(GROWTH * solved(powers)[1], 1e-10)
    for power in sorted(powers[1:], reverse=True):
        fewer = [kept for kept in powers if kept != power]
        if solved(fewer)[1] <= limit:
            powers = fewer
    if len(powers) < 3:
        return None
    coefficients, error = solved(powers)
    scaled = coefficients / largest ** np.array(powers, float)
    symbol = sympy.Symbol("x")
    pairs = list(zip(powers, scaled.tolist(), strict=True))
    terms = [sympy.Float(value) * symbol**power for power, value in pairs if power > 0]
    bits = sum(TERM_BITS + 2 * power for power in powers)
    candidate = Candidate("polynomial", sympy.Add(*terms), domain="(-oo, oo)", complexity=bits)
    return EdgeFit(candidate, d=float(scaled[0]), error=error, complexity=bits)


def _full(largest: int) -> Iterator[list[int]]:
    """All powers up to 2, 3, ..."""
    for degree in range(2, largest + 1):
        yield list(range(degree + 1))
