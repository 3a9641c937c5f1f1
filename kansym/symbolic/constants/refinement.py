"""Refine all constants of a formula together, by least squares with exact derivatives.

Constants that enter linearly are eliminated (variable projection): for every choice of the others
they follow from a linear problem, so the search has fewer dimensions and needs no start for them.

References
----------
G. H. Golub, V. Pereyra, Separable nonlinear least squares, doi:10.1088/0266-5611/19/2/201.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import sympy

from kansym.programs.program import Program
from kansym.programs.tabulated_curve import TabulatedCurve
from kansym.shared.deadline import Deadline
from kansym.shared.measured_numbers import measured_number
from kansym.symbolic.constants.least_squares import Solution, minimise
from kansym.symbolic.constants.template_fit import Fitting, Observations

__all__ = ["Refined", "as_started", "refine", "refine_near"]

_RANK = 1e-11
_MET_AGAIN = 2
_MOST_IMAGES = 12

Found = tuple[dict[str, float], Solution]


@dataclass(frozen=True)
class _Limits:
    """How far a search may go."""

    max_steps: int
    first_radius: float
    enough: float
    deadline: Deadline


@dataclass(frozen=True)
class Refined:
    """Constants found by least squares.

    Attributes
    ----------
    values : constant's name to its value.
    stderr : constant's name to its standard error; infinite for what the data do not determine.
    covariance : shape (constants, constants), in the order of ``values``.
    rss : weighted sum of squared residuals.
    rows : number of rows.
    rank : numerical rank of the Jacobian; less than the number of constants if some are redundant.
    converged : whether the search reached a minimum.
    steps : trial steps taken.
    """

    values: dict[str, float]
    stderr: dict[str, float]
    covariance: np.ndarray
    rss: float
    rows: int
    rank: int
    converged: bool
    steps: int

    @property
    def rms(self) -> float:
        """Root of the mean squared residual."""
        return float(np.sqrt(self.rss / max(1, self.rows)))

    @property
    def substitutions(self) -> dict[sympy.Symbol, float]:
        """The values by symbol, for ``template.xreplace``."""
        return {sympy.Symbol(name): value for name, value in self.values.items()}

    def __str__(self) -> str:
        lines = [f"{n} = {measured_number(v, self.stderr[n])}" for n, v in self.values.items()]
        state = "converged" if self.converged else "not converged"
        return "\n".join([*lines, f"rss = {self.rss:.6g} over {self.rows} rows, {state}"])


def refine(  # noqa: PLR0913 - a template, data, and limits
    template: sympy.Expr | Program,
    inputs: Sequence[str],
    X: Any,
    y: Any,
    start: Mapping[Any, float],
    *,
    weights: Any = None,
    curves: Mapping[str, TabulatedCurve] | None = None,
    max_steps: int = 200,
    restarts: int = 0,
    first_radius: float = 100.0,
    enough: float = 0.0,
    deadline: Deadline | None = None,
) -> Refined:
    """Fit the constants of a formula to data.

    Parameters
    ----------
    template : expression (or program) in the inputs and the constants.
    inputs : names of the columns of X.
    X : shape (rows, inputs).
    y : shape (rows,).
    start : constant (symbol or name) to its first value.
    weights : shape (rows,); one over the variance of each row, up to a factor.
    curves : tabulated curves that the template calls, by name.
    max_steps : trial steps from each start.
    restarts : how many further starts, each constant scaled by a power of ten, may be tried; fewer
        once the best minimum has been met three times.
    first_radius : how far the first step may go, relative to the start; small near a solution.
    enough : relative decrease of the sum of squares that is no longer worth a step.
    deadline : when to stop with the best so far.

    Returns
    -------
    Refined
        Never worse than the start, if the formula is defined there.

    Raises
    ------
    InputError
        If shapes do not fit or a constant has no start.

    Examples
    --------
    >>> a, b, x = sympy.symbols("a b x")
    >>> X = np.linspace(0, 1, 20)[:, None]
    >>> refined = refine(a * sympy.exp(b * x), ["x"], X, 2 * np.exp(-3 * X[:, 0]), {a: 1, b: -1})
    >>> round(refined.values["a"], 9), round(refined.values["b"], 9)
    (2.0, -3.0)
    """
    names = [getattr(key, "name", str(key)) for key in start]
    values = dict(zip(names, map(float, start.values()), strict=True))
    fitting = Fitting(template, inputs, X, y, names, weights, curves)
    limits = _Limits(max_steps, first_radius, enough, deadline or Deadline.never())
    with np.errstate(all="ignore"):
        found, solution = _best(fitting, values, restarts, limits)
        found = as_started(fitting, found, values)
        return summarise(fitting, found, solution)


def refine_near(
    template: sympy.Expr,
    data: Observations,
    start: Mapping[Any, float],
    *,
    steps: int,
    enough: float,
    deadline: Deadline | None,
) -> Refined:
    """Refine constants that are near to a solution: no step is longer than the start."""
    return refine(
        template,
        data.inputs,
        data.X,
        data.y,
        start,
        weights=data.weights,
        curves=data.curves,
        max_steps=steps,
        first_radius=1.0,
        enough=enough,
        deadline=deadline,
    )


def _best(
    fitting: Fitting,
    values: dict[str, float],
    restarts: int,
    limits: _Limits,
) -> Found:
    """The best of several searches; enough when the best has been met three times."""
    best = _search(fitting, values, limits)
    met = 0
    for i in range(restarts):
        if met >= _MET_AGAIN or limits.deadline.passed:
            break
        again = _search(fitting, _elsewhere(values, i), limits)
        near = 1e-6 * best[1].cost + 10 * fitting.floor
        if abs(again[1].cost - best[1].cost) <= near:
            met += 1
        elif again[1].cost < best[1].cost or not np.isfinite(best[1].cost):
            best, met = again, 0
    return best


def as_started(
    fitting: Fitting, found: dict[str, float], start: dict[str, float]
) -> dict[str, float]:
    """Among solutions equal by symmetry, the one with the signs and the order of the start.

    A pair of constants may change sign together, or two like terms may have changed places.
    """
    names = list(found)
    turned = [n for n in names if found[n] * start[n] < 0]
    swapped = [
        (a, b)
        for a, b in combinations(names, 2)
        if (found[a] - found[b]) * (start[a] - start[b]) < 0
    ]
    if len(turned) > _MOST_IMAGES or len(swapped) > _MOST_IMAGES:
        return found
    predicted = fitting.predicted(found)
    scale = float(np.abs(predicted).max())
    for image in _images(found, turned, swapped):
        if np.abs(fitting.predicted(image) - predicted).max() <= 1e-12 * scale:
            return image
    return found


def _images(
    found: dict[str, float], turned: list[str], swapped: list[tuple[str, str]]
) -> Iterator[dict[str, float]]:
    for names in (*combinations(turned, 1), *combinations(turned, 2)):
        yield found | {name: -found[name] for name in names}
    for pairs in (*combinations(swapped, 1), *combinations(swapped, 2)):
        yield found | {a: found[b] for pair in pairs for a, b in (pair, pair[::-1])}


def _search(fitting: Fitting, values: dict[str, float], limits: _Limits) -> Found:
    """Search over the constants that enter nonlinearly; the others follow."""
    known: dict[bytes, tuple[dict[str, float], np.ndarray] | None] = {}
    undefined = np.full(len(fitting.y), np.inf)

    def projected(bent: np.ndarray) -> tuple[dict[str, float], np.ndarray] | None:
        key = bent.tobytes()
        if key not in known:
            if len(known) > 4:
                known.pop(next(iter(known)))
            known[key] = fitting.project(bent)
        return known[key]

    def residuals(bent: np.ndarray) -> np.ndarray:
        found = projected(bent)
        return undefined if found is None else fitting.residuals(found[0])

    def jacobian(bent: np.ndarray) -> np.ndarray:
        found = projected(bent)
        if found is None:
            return np.full((len(fitting.y), len(bent)), np.inf)
        j = fitting.slopes(found[0], fitting.bent)
        return j - found[1] @ (found[1].T @ j)

    first = np.array([values[name] for name in fitting.bent], dtype=float)
    solution = minimise(
        residuals,
        jacobian,
        first,
        max_steps=limits.max_steps,
        floor=fitting.floor,
        deadline=limits.deadline,
        first_radius=limits.first_radius,
        enough=limits.enough,
    )
    found = projected(solution.x)
    return (values if found is None else found[0]), solution


def _elsewhere(values: dict[str, float], i: int) -> dict[str, float]:
    rng = np.random.default_rng(i)
    reach = 1.0 + i / 4
    return {n: v * 10 ** rng.uniform(-reach, reach) for n, v in values.items()}


def summarise(fitting: Fitting, values: dict[str, float], solution: Solution) -> Refined:
    """Standard errors and covariance at the given values."""
    values = {name: values[name] for name in fitting.constants}
    r = fitting.residuals(values)
    rss = float(np.dot(r, r)) if np.isfinite(r).all() else np.inf
    count = len(values)
    covariance, rank = np.full((count, count), np.inf), 0
    j = fitting.slopes(values, fitting.constants)
    if np.isfinite(rss) and np.isfinite(j).all():
        # A residual of exactly zero keeps the shape of the covariance.
        covariance, rank = _covariance(j, max(rss, 1e-300) / max(1, len(r) - count))
    stderr = dict(zip(values, np.sqrt(np.diag(covariance)).tolist(), strict=True))
    return Refined(
        values, stderr, covariance, rss, len(r), rank, solution.converged, solution.steps
    )


def _covariance(j: np.ndarray, variance: float) -> tuple[np.ndarray, int]:
    if j.shape[1] == 0:
        return np.zeros((0, 0)), 0
    norms = np.linalg.norm(j, axis=0)
    norms = np.where(norms > 0, norms, 1.0)
    scaled = np.linalg.qr(j / norms, mode="r") if len(j) > j.shape[1] else j / norms
    _, s, vt = np.linalg.svd(scaled, full_matrices=True)
    s = np.concatenate([s, np.zeros(j.shape[1] - len(s))])
    alive = s > _RANK * s[0] if s[0] > 0 else np.zeros(len(s), dtype=bool)
    parts = vt[alive].T / s[alive]
    covariance = variance * (parts @ parts.T) / np.outer(norms, norms)
    lost = np.linalg.norm(vt[~alive], axis=0) > 1e-4
    covariance[lost, lost] = np.inf
    return covariance, int(alive.sum())
